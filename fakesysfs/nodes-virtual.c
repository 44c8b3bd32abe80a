/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A parent that is no hardware: a module makes it, in a class of its own, as the kernel's samples
 * do. And what it shares with parents of other kinds.
 */

#include <stdlib.h>

#include "parents.h"
#include "tree-impl.h"

#define BOUND FAKE_STATE(GPU_BOUND)

const char *fake_parent_object_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return fake_gpu_of(object)->config->name;
}

uint64_t fake_parent_home(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_gpu_of(object)->home;
}

uint64_t fake_parent_object(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, GPU_DIR);
}

uint64_t fake_parent_bus(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_gpu_of(object)->subsystem;
}

uint64_t fake_parent_driver(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_gpu_of(object)->driver, DRIVER_DIR);
}

ssize_t fake_read_parent_uevent(const struct fake_access *access, char *page)
{
	return fake_parent_keys(fake_gpu_of(access->object)->config,
				access->object->state == GPU_BOUND ||
					access->object->state == GPU_LEAVING,
				page, FAKE_PAGE);
}

static bool is_mtty(const struct fake_object *object)
{
	return fake_gpu_of(object)->config->profile->attributes == FAKE_VGPU_MTTY;
}

enum {
	SUBSYSTEM = GPU_TYPES_DIR + 1,
	CLASS_LINK,
	MDEV_CLASS_LINK,
	UEVENT,
	POWER,
	MTTY_DEV = POWER + FAKE_POWER_ROWS,
	SAMPLE_MTTY_DEV,
	ROWS,
};

/* Source: samples/vfio-mdev/mtty.c of Linux 5.10, sample_mtty_dev_show() */
static const struct fake_row rows[ROWS] = {
	[GPU_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_parent_object_name,
		      .anchor = fake_parent_home, .states = BOUND },
	[GPU_TYPES_DIR] = { FAKE_DIR(GPU_DIR, "mdev_supported_types") },
	[SUBSYSTEM] = { FAKE_LINK(GPU_DIR, "subsystem"), .target = fake_parent_bus },
	[CLASS_LINK] = { FAKE_LINK(0, NULL), .make_name = fake_parent_object_name,
			 .anchor = fake_parent_bus, .target = fake_parent_object, .states = BOUND },
	[MDEV_CLASS_LINK] = { FAKE_LINK(0, NULL), .make_name = fake_parent_object_name,
			      .anchor_row = ROOT_CLASS_MDEV_BUS, .target = fake_parent_object,
			      .states = BOUND },
	[UEVENT] = { FAKE_ATTR(GPU_DIR, "uevent", 0644), .read = fake_read_parent_uevent,
		     .write = fake_write_uevent },
	FAKE_POWER(POWER, GPU_DIR, 0, 0, 0, 0, 0),
	[MTTY_DEV] = { FAKE_DIR(GPU_DIR, "mtty_dev"), .feature = FAKE_FEATURE_PARENT_GROUPS,
		       .present = is_mtty },
	[SAMPLE_MTTY_DEV] = { FAKE_TEXT(MTTY_DEV, "sample_mtty_dev", "This is phy device\n") },
};

static void finish(struct fake_object *object)
{
	free(fake_gpu_of(object)->types);
}

const struct fake_kind fake_kind_virtual = {
	.name = "virtual",
	.rows = rows,
	.rows_len = ROWS,
	.finish = finish,
};
