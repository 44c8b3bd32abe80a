/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Words of the tables of cases.
 */

#include "suite.h"

#define KERNFS	    "fs/kernfs/inode.c"
#define KERNFS_FILE "fs/kernfs/file.c"
#define KERNFS_HASH "fs/kernfs/dir.c: kernfs_name_hash()"
#define SYSFS	    "oracle 1"
#define BUS_C	    "drivers/base/bus.c"
#define MDEV_SYSFS  "drivers/vfio/mdev/mdev_sysfs.c"
#define MDEV_CORE   "drivers/vfio/mdev/mdev_core.c"

#define SAMPLES	  (CONFORMANCE_MTTY | CONFORMANCE_MDPY | CONFORMANCE_MBOCHS)
#define S390	  (CONFORMANCE_CCW | CONFORMANCE_AP)
#define DESCRIBED (CONFORMANCE_GVTG | CONFORMANCE_MDPY | CONFORMANCE_MBOCHS | CONFORMANCE_NVIDIA)
#define GROUPED	  (CONFORMANCE_GVTG | SAMPLES | CONFORMANCE_NVIDIA)
#define VFIO_PCI  GROUPED

#define CONFORMANCE_TABLE(name, heading, rows)  \
	const struct conformance_table name = { \
		.title = heading,               \
		.cases = rows,                  \
		.cases_len = ARRAY_LEN(rows),   \
	}

extern const struct conformance_table conformance_tree, conformance_create, conformance_remove,
	conformance_files, conformance_metadata, conformance_races, conformance_devices,
	conformance_gvtg;
