/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A tree of a host with two GPUs, made and unmade for each test, and short ways to ask it.
 */

#include <errno.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UUID  "a297db4a-f4c2-11e6-90f6-d3b88d6c9525"
#define OTHER "b297db4a-f4c2-11e6-90f6-d3b88d6c9525"
#define P     "sys/devices/pci0000:00/0000:00:02.0"
#define TYPES P "/mdev_supported_types"
#define V8    TYPES "/i915-GVTg_V5_8"
#define V4    TYPES "/i915-GVTg_V5_4"
#define BUS   "sys/bus/mdev"
#define DRV   BUS "/drivers/intel_vgpu_mdev"

static struct fake_host *host;
static struct fake_tree *tree;

static inline int make(void **state)
{
	struct fake_gpu_config config;

	(void)state;
	host = fake_host_create();
	assert_int_equal(fake_gpu_config_parse("kaby-lake,aperture=256M", &config, NULL), 0);
	assert_int_equal(fake_host_add_gpu(host, &config, NULL), 0);
	assert_int_equal(fake_gpu_config_parse("broadwell,aperture=1G", &config, NULL), 0);
	assert_int_equal(fake_host_add_gpu(host, &config, NULL), 1);
	tree = fake_tree_create(host);
	assert_non_null(tree);
	return 0;
}

static inline int unmake(void **state)
{
	(void)state;
	fake_tree_destroy(tree);
	fake_host_destroy(host);
	return 0;
}

static inline uint64_t ino_of(const char *path)
{
	struct fake_node node;

	if (fake_tree_walk(tree, path, &node))
		fail_msg("no %s", path);
	return node.ino;
}

static inline bool exists(const char *path)
{
	struct fake_node node;

	return !fake_tree_walk(tree, path, &node);
}

static inline ssize_t write_len(const char *path, const char *text, size_t len)
{
	return fake_tree_write(tree, ino_of(path), text, len, NULL, NULL);
}

static inline ssize_t write_text(const char *path, const char *text)
{
	return write_len(path, text, strlen(text));
}

static inline void assert_reads(const char *path, const char *expected)
{
	char text[4097];
	ssize_t len = fake_tree_read(tree, ino_of(path), text, sizeof(text) - 1);

	assert_true(len >= 0);
	text[len] = '\0';
	assert_string_equal(text, expected);
}

static inline ssize_t read_error(const char *path)
{
	char text[4096];

	return fake_tree_read(tree, ino_of(path), text, sizeof(text));
}

static inline void assert_link(const char *path, const char *expected)
{
	char text[4096];

	assert_int_equal(fake_tree_readlink(tree, ino_of(path), text, sizeof(text)),
			 strlen(expected));
	assert_string_equal(text, expected);
}

static inline void create(const char *uuid)
{
	assert_int_equal(write_text(V8 "/create", uuid), strlen(uuid));
}

static inline int append(void *data, const char *name, const struct fake_node *node)
{
	char *text = data;

	(void)node;
	sprintf(text + strlen(text), "%s ", name);
	return 0;
}

static inline void assert_lists(const char *path, const char *expected)
{
	char text[4096] = "";

	assert_int_equal(fake_tree_list(tree, ino_of(path), append, text), 0);
	assert_string_equal(text, expected);
}
