/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is there before the first GPU: buses, classes, and VFIO's own device.
 */

#include <errno.h>
#include <string.h>

#include "tree-impl.h"

enum {
	SYS_KERNEL = ROOT_PRIVATE,
	SYS_DEV,
	DEV,
	DEV_VFIO_CONTAINER,
	DEV_IOMMU,
	MDEV_AUTOPROBE,
	MDEV_PROBE,
	MDEV_UEVENT,
	PCI_AUTOPROBE,
	PCI_PROBE,
	PCI_RESCAN,
	PCI_UEVENT,
	VIRTUAL_MISC,
	MISC_VFIO_DEV,
	MISC_VFIO_SUBSYSTEM,
	MISC_VFIO_UEVENT,
	MISC_VFIO_POWER,
	MISC_IOMMU = MISC_VFIO_POWER + FAKE_POWER_ROWS,
	MISC_IOMMU_DEV,
	MISC_IOMMU_SUBSYSTEM,
	MISC_IOMMU_UEVENT,
	MISC_IOMMU_POWER,
	CLASS_MISC_VFIO = MISC_IOMMU_POWER + FAKE_POWER_ROWS,
	CLASS_MISC_IOMMU,
	CLASS_IOMMU,
	DEV_CHAR_VFIO,
	DEV_CHAR_IOMMU,
	CONTROL,
	CONTROL_FAULTS,
	CONTROL_HOTPLUG,
	CONTROL_MONITORS,
	CONTROL_GUESTS,
	ROWS,
};

static const char container_uevent[] = "MAJOR=10\nMINOR=196\nDEVNAME=vfio/vfio\nDEVMODE=0666\n";

/* Source: drivers/iommu/iommufd/main.c, iommu_misc_dev */
static const char iommu_uevent[] = "MAJOR=10\nMINOR=124\nDEVNAME=iommu\nDEVMODE=0660\n";
_Static_assert(FAKE_MISC_MAJOR == 10 && FAKE_IOMMU_MINOR == 124, "the texts name it");

/* Only a first '0' switches it off. Source: drivers/base/bus.c, drivers_autoprobe_store() */
ssize_t fake_write_autoprobe(const struct fake_access *access, const char *text, size_t len)
{
	int ret = fake_value_set(access, text[0] != '0');

	return ret ? ret : (ssize_t)len;
}

/*
 * Looks for a driver for the device that is named. An mdev finds none: only its creation binds it.
 * Source: drivers/base/bus.c, drivers_probe_store(); drivers/vfio/mdev/mdev_driver.c
 */
ssize_t fake_write_probe(const struct fake_access *access, const char *text, size_t len)
{
	uint64_t dir = fake_object_ino(access->object, (unsigned int)access->row->value);
	char name[256];
	bool found;

	if (len >= sizeof(name))
		return -ENODEV;
	memcpy(name, text, len + 1);
	name[strcspn(name, "\n")] = '\0';
	pthread_rwlock_rdlock(&access->tree->lock);
	found = fake_text_equal(text, name) && fake_entry_find(access->tree, dir, name);
	pthread_rwlock_unlock(&access->tree->lock);
	return found ? (ssize_t)len : -ENODEV;
}

static const struct fake_row rows[ROWS] = {
	[ROOT] = { FAKE_DIR(0, "") },
	[ROOT_SYS] = { FAKE_DIR(ROOT, "sys") },
	[ROOT_BUS] = { FAKE_DIR(ROOT_SYS, "bus") },
	[ROOT_CLASS] = { FAKE_DIR(ROOT_SYS, "class") },
	[SYS_KERNEL] = { FAKE_DIR(ROOT_SYS, "kernel") },
	[SYS_DEV] = { FAKE_DIR(ROOT_SYS, "dev") },
	[ROOT_DEVICES] = { FAKE_DIR(ROOT_SYS, "devices") },
	[ROOT_MODULE] = { FAKE_DIR(ROOT_SYS, "module") },

	[DEV] = { FAKE_DIR(ROOT, "dev") },
	[ROOT_DEV_VFIO] = { FAKE_DIR(DEV, "vfio") },
	[DEV_VFIO_CONTAINER] = { .parent = ROOT_DEV_VFIO,
				 .kind = FAKE_NODE_VFIO_CONTAINER,
				 .mode = 0666,
				 .name = "vfio" },
	/* made with a device's node, gone with the last. Source: drivers/base/devtmpfs.c */
	[ROOT_DEV_VFIO_DEVICES] = { FAKE_DIR(ROOT_DEV_VFIO, "devices"), .glue = true,
				    .feature = FAKE_FEATURE_VFIO_CDEV },
	[DEV_IOMMU] = { .parent = DEV,
			.kind = FAKE_NODE_IOMMUFD,
			.mode = 0660,
			.name = "iommu",
			.feature = FAKE_FEATURE_VFIO_CDEV },

	[ROOT_BUS_MDEV] = { FAKE_DIR(ROOT_BUS, "mdev") },
	[ROOT_MDEV_DEVICES] = { FAKE_DIR(ROOT_BUS_MDEV, "devices") },
	[ROOT_MDEV_DRIVERS] = { FAKE_DIR(ROOT_BUS_MDEV, "drivers") },
	[MDEV_AUTOPROBE] = { FAKE_ATTR(ROOT_BUS_MDEV, "drivers_autoprobe", 0644), .value = 1,
			     .read = fake_read_value, .write = fake_write_autoprobe },
	[MDEV_PROBE] = { FAKE_ATTR(ROOT_BUS_MDEV, "drivers_probe", 0200),
			 .value = ROOT_MDEV_DEVICES, .write = fake_write_probe },
	[MDEV_UEVENT] = { FAKE_ATTR(ROOT_BUS_MDEV, "uevent", 0200), .write = fake_write_uevent },

	[ROOT_BUS_PCI] = { FAKE_DIR(ROOT_BUS, "pci") },
	[ROOT_PCI_DEVICES] = { FAKE_DIR(ROOT_BUS_PCI, "devices") },
	[ROOT_PCI_DRIVERS] = { FAKE_DIR(ROOT_BUS_PCI, "drivers") },
	[PCI_AUTOPROBE] = { FAKE_ATTR(ROOT_BUS_PCI, "drivers_autoprobe", 0644), .value = 1,
			    .read = fake_read_value, .write = fake_write_autoprobe },
	[PCI_PROBE] = { FAKE_ATTR(ROOT_BUS_PCI, "drivers_probe", 0200), .value = ROOT_PCI_DEVICES,
			.write = fake_write_probe },
	[PCI_RESCAN] = { FAKE_ATTR(ROOT_BUS_PCI, "rescan", 0200), .write = fake_write_pci_rescan,
			 .ends = FAKE_ENDS(GPU_PLUGGED) },
	[PCI_UEVENT] = { FAKE_ATTR(ROOT_BUS_PCI, "uevent", 0200), .write = fake_write_uevent },

	[ROOT_CLASS_MDEV_BUS] = { FAKE_DIR(ROOT_CLASS, "mdev_bus") },
	[ROOT_CLASS_VFIO] = { FAKE_DIR(ROOT_CLASS, "vfio") },
	[ROOT_CLASS_VFIO_DEV] = { FAKE_DIR(ROOT_CLASS, "vfio-dev"),
				  .feature = FAKE_FEATURE_VFIO_DEV },
	[ROOT_CLASS_DRM] = { FAKE_DIR(ROOT_CLASS, "drm") },
	[ROOT_CLASS_MISC] = { FAKE_DIR(ROOT_CLASS, "misc") },
	[CLASS_IOMMU] = { FAKE_DIR(ROOT_CLASS, "iommu") },
	[CLASS_MISC_VFIO] = { FAKE_LINK(ROOT_CLASS_MISC, "vfio"), .target_row = ROOT_MISC_VFIO },
	[CLASS_MISC_IOMMU] = { FAKE_LINK(ROOT_CLASS_MISC, "iommu"), .target_row = MISC_IOMMU,
			       .feature = FAKE_FEATURE_VFIO_CDEV },

	[ROOT_DEV_CHAR] = { FAKE_DIR(SYS_DEV, "char") },
	[DEV_CHAR_VFIO] = { FAKE_LINK(ROOT_DEV_CHAR, "10:196"), .target_row = ROOT_MISC_VFIO },
	[DEV_CHAR_IOMMU] = { FAKE_LINK(ROOT_DEV_CHAR, "10:124"), .target_row = MISC_IOMMU,
			     .feature = FAKE_FEATURE_VFIO_CDEV },

	[ROOT_VIRTUAL] = { FAKE_DIR(ROOT_DEVICES, "virtual") },
	[ROOT_VIRTUAL_VFIO] = { FAKE_DIR(ROOT_VIRTUAL, "vfio"), .glue = true },
	[VIRTUAL_MISC] = { FAKE_DIR(ROOT_VIRTUAL, "misc") },
	[ROOT_MISC_VFIO] = { FAKE_DIR(VIRTUAL_MISC, "vfio") },
	[MISC_VFIO_DEV] = { FAKE_TEXT(ROOT_MISC_VFIO, "dev", "10:196\n") },
	[MISC_VFIO_SUBSYSTEM] = { FAKE_LINK(ROOT_MISC_VFIO, "subsystem"),
				  .target_row = ROOT_CLASS_MISC },
	[MISC_VFIO_UEVENT] = { FAKE_ATTR(ROOT_MISC_VFIO, "uevent", 0644), .text = container_uevent,
			       .write = fake_write_uevent },
	FAKE_POWER(MISC_VFIO_POWER, ROOT_MISC_VFIO, 0, 0, 0, 0, 0),
	[MISC_IOMMU] = { FAKE_DIR(VIRTUAL_MISC, "iommu"), .feature = FAKE_FEATURE_VFIO_CDEV },
	[MISC_IOMMU_DEV] = { FAKE_TEXT(MISC_IOMMU, "dev", "10:124\n") },
	[MISC_IOMMU_SUBSYSTEM] = { FAKE_LINK(MISC_IOMMU, "subsystem"),
				   .target_row = ROOT_CLASS_MISC },
	[MISC_IOMMU_UEVENT] = { FAKE_ATTR(MISC_IOMMU, "uevent", 0644), .text = iommu_uevent,
				.write = fake_write_uevent },
	FAKE_POWER(MISC_IOMMU_POWER, MISC_IOMMU, 0, 0, 0, 0, 0),

	[ROOT_IOMMU_GROUPS] = { FAKE_DIR(SYS_KERNEL, "iommu_groups") },

	[CONTROL] = { FAKE_DIR(ROOT, "control") },
	[CONTROL_FAULTS] = { FAKE_ATTR(CONTROL, "faults", 0600), .read = fake_read_faults,
			     .write = fake_write_faults },
	[CONTROL_HOTPLUG] = { FAKE_ATTR(CONTROL, "hotplug", 0200), .write = fake_write_hotplug,
			      .ends = FAKE_ENDS(GPU_UNPLUGGED) | FAKE_ENDS(GPU_PLUGGED) },
	[CONTROL_MONITORS] = { FAKE_ATTR(CONTROL, "monitors", 0600), .read = fake_read_monitors,
			       .write = fake_write_monitors },
	[CONTROL_GUESTS] = { FAKE_ATTR(CONTROL, "guests", 0400), .read = fake_read_guests },
};

const struct fake_kind fake_kind_root = { .name = "root", .rows = rows, .rows_len = ROWS };
