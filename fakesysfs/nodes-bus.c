/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Buses that not every host has, and their drivers: s390's css and matrix.
 */

#include "tree-impl.h"

const char *fake_object_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return fake_named_of(object)->name;
}

uint64_t fake_object_module(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_named_of(object)->module, MODULE_DIR);
}

enum { AUTOPROBE = BUS_DRIVERS + 1, PROBE, BUS_UEVENT, BUS_ROWS };

static const struct fake_row bus_rows[BUS_ROWS] = {
	[BUS_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_object_name, .anchor_row = ROOT_BUS },
	[BUS_DEVICES] = { FAKE_DIR(BUS_DIR, "devices") },
	[BUS_DRIVERS] = { FAKE_DIR(BUS_DIR, "drivers") },
	[AUTOPROBE] = { FAKE_ATTR(BUS_DIR, "drivers_autoprobe", 0644), .value = 1,
			.read = fake_read_value, .write = fake_write_autoprobe },
	[PROBE] = { FAKE_ATTR(BUS_DIR, "drivers_probe", 0200), .value = BUS_DEVICES,
		    .write = fake_write_probe },
	[BUS_UEVENT] = { FAKE_ATTR(BUS_DIR, "uevent", 0200), .write = fake_write_uevent },
};

const struct fake_kind fake_kind_bus = { .name = "bus", .rows = bus_rows, .rows_len = BUS_ROWS };

static uint64_t in_bus(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_named_of(object)->bus, BUS_DRIVERS);
}

enum { BIND = DRIVER_DIR + 1, UNBIND, MODULE, DRIVER_UEVENT, DRIVER_ROWS };

static const struct fake_row driver_rows[DRIVER_ROWS] = {
	[DRIVER_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_object_name, .anchor = in_bus },
	[BIND] = { FAKE_ATTR(DRIVER_DIR, "bind", 0200), .write = fake_write_parent_bind,
		   .ends = FAKE_ENDS(GPU_REGISTERED) },
	[UNBIND] = { FAKE_ATTR(DRIVER_DIR, "unbind", 0200), .write = fake_write_parent_unbind,
		     .ends = FAKE_ENDS(GPU_UNREGISTERED) },
	[MODULE] = { FAKE_LINK(DRIVER_DIR, "module"), .target = fake_object_module },
	[DRIVER_UEVENT] = { FAKE_ATTR(DRIVER_DIR, "uevent", 0200), .write = fake_write_uevent },
};

const struct fake_kind fake_kind_bus_driver = {
	.name = "bus-driver",
	.rows = driver_rows,
	.rows_len = DRIVER_ROWS,
};
