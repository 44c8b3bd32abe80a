/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/** 36 characters and the final NUL. */
#define VGPU_UUID_TEXT_LEN 37

/** A UUID as text, always 8-4-4-4-12 lower-case hexadecimal digits: how the kernel names an mdev. */
struct vgpu_uuid {
	char text[VGPU_UUID_TEXT_LEN];
};

/**
 * Parses exactly 36 characters; upper case is folded. Version and variant bits are not judged,
 * as in the kernel.
 * Returns 0, or -EINVAL with @out untouched.
 * Source: lib/uuid.c, guid_parse()
 */
int vgpu_uuid_parse(const char *text, struct vgpu_uuid *out);

/** Makes a random (version 4) UUID. Source: libuuid, uuid_generate_random(3) */
void vgpu_uuid_generate(struct vgpu_uuid *out);

/**
 * Makes the UUID (version 5) that always belongs to @name: the same name gives the same vGPU on every
 * machine. The name space is vgpulab's own, itself made of the name "vgpulab" in that of DNS.
 * Source: RFC 4122, 4.3; libuuid, uuid_generate_sha1(3)
 */
void vgpu_uuid_from_name(const char *name, struct vgpu_uuid *out);

/** The same UUID? Case does not count: parsing has made it lower. */
bool vgpu_uuid_equal(const struct vgpu_uuid *a, const struct vgpu_uuid *b);
