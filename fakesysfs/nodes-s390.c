/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * s390's parents: an I/O subchannel that vfio_ccw drives, and the matrix of vfio_ap.
 * Source: Documentation/s390/vfio-ccw.rst, vfio-ap.rst; drivers/s390/cio/css.c, chsc.c;
 * drivers/s390/crypto/vfio_ap_drv.c
 */

#include <stdlib.h>

#include "tree-impl.h"

#define BOUND	FAKE_STATE(GPU_BOUND)
#define PLUGGED (FAKE_STATE(GPU_BOUND) | FAKE_STATE(GPU_UNBOUND))

/* In a bus that is an object, `devices` is the row behind its directory. */
static uint64_t in_bus_devices(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_gpu_of(object)->subsystem - BUS_DIR + BUS_DEVICES;
}

static void finish(struct fake_object *object)
{
	free(fake_gpu_of(object)->types);
}

/* What both have, up to row COMMON. */
enum {
	DRIVER = GPU_TYPES_DIR + 1,
	SUBSYSTEM,
	BUS_LINK,
	DRIVER_LINK,
	MDEV_CLASS_LINK,
	UEVENT,
	POWER,
	COMMON = POWER + FAKE_POWER_ROWS,
};

#define LINK_IN(anchor_, states_)                                                      \
	FAKE_LINK(0, NULL), .make_name = fake_parent_object_name, .anchor = (anchor_), \
			    .target = fake_parent_object, .states = (states_)

#define COMMON_ROWS                                                                       \
	[GPU_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_parent_object_name,            \
		      .anchor = fake_parent_home, .states = PLUGGED },                    \
	[GPU_TYPES_DIR] = { FAKE_DIR(GPU_DIR, "mdev_supported_types"), .states = BOUND }, \
	[DRIVER] = { FAKE_LINK(GPU_DIR, "driver"), .target = fake_parent_driver,          \
		     .states = BOUND },                                                   \
	[SUBSYSTEM] = { FAKE_LINK(GPU_DIR, "subsystem"), .target = fake_parent_bus },     \
	[BUS_LINK] = { LINK_IN(in_bus_devices, PLUGGED) },                                \
	[DRIVER_LINK] = { LINK_IN(fake_parent_driver, BOUND) },                           \
	[MDEV_CLASS_LINK] = { LINK_IN(NULL, BOUND), .anchor_row = ROOT_CLASS_MDEV_BUS },  \
	[UEVENT] = { FAKE_ATTR(GPU_DIR, "uevent", 0644), .read = fake_read_parent_uevent, \
		     .write = fake_write_uevent },                                        \
	FAKE_POWER(POWER, GPU_DIR, 0, 0, 0, 0, 0)

/* One channel path, of a device number that its guest will see. */
enum { CHPIDS = COMMON, DEV_BUSID, MODALIAS, PIMPAMPOM, TYPE, CSS_ROWS };

static const struct fake_row css_rows[CSS_ROWS] = {
	COMMON_ROWS,
	[CHPIDS] = { FAKE_TEXT(GPU_DIR, "chpids", "42 00 00 00 00 00 00 00 \n") },
	[DEV_BUSID] = { FAKE_TEXT(GPU_DIR, "dev_busid", "0.0.2b09\n") },
	[MODALIAS] = { FAKE_TEXT(GPU_DIR, "modalias", "css:t0\n") },
	[PIMPAMPOM] = { FAKE_TEXT(GPU_DIR, "pimpampom", "80 80 80\n") },
	[TYPE] = { FAKE_TEXT(GPU_DIR, "type", "0\n") },
};

const struct fake_kind fake_kind_css = {
	.name = "css",
	.rows = css_rows,
	.rows_len = CSS_ROWS,
	.finish = finish,
};

static const struct fake_row ap_rows[COMMON] = { COMMON_ROWS };

const struct fake_kind fake_kind_ap = {
	.name = "ap",
	.rows = ap_rows,
	.rows_len = COMMON,
	.finish = finish,
};
