/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Short ways to make a host and ask it.
 */

#include <errno.h>
#include <fakesysfs/host.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Indices of types in a GVT-g profile: the kernel's order of registration. */
enum { V8, V4, V2, V1, TYPES };
#define NONE (-1) /* the type is not listed */

static inline struct vgpu_uuid uuid_of(unsigned int n)
{
	struct vgpu_uuid uuid;

	snprintf(uuid.text, sizeof(uuid.text), "%08x-0000-4000-8000-000000000000", n);
	return uuid;
}

static inline size_t add_gpu(struct fake_host *host, const char *spec)
{
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };
	int gpu;

	assert_int_equal(fake_gpu_config_parse(spec, &config, &err), 0);
	gpu = fake_host_add_gpu(host, &config, &err);
	assert_true(gpu >= 0);
	return (size_t)gpu;
}

static inline struct fake_host *host_with(const char *spec)
{
	struct fake_host *host = fake_host_create();

	assert_non_null(host);
	add_gpu(host, spec);
	return host;
}

static inline int create(struct fake_host *host, unsigned int type, unsigned int n)
{
	struct vgpu_uuid uuid = uuid_of(n);

	return fake_host_create_vgpu(host, 0, type, &uuid);
}

static inline int remove_now(struct fake_host *host, unsigned int n)
{
	struct vgpu_uuid uuid = uuid_of(n);

	return fake_host_remove_vgpu(host, &uuid, NULL, NULL);
}

static inline struct fake_vgpu_info find(struct fake_host *host, unsigned int n)
{
	struct vgpu_uuid uuid = uuid_of(n);
	struct fake_vgpu_info info;

	assert_int_equal(fake_host_find_vgpu(host, &uuid, &info), 0);
	return info;
}
