/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI around the GPUs: root buses, the driver, and plugging devices in again.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

static const char *object_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return fake_container(object, struct fake_named_object, base)->name;
}

static uint64_t the_module(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_container(object, struct fake_named_object, base)->module, MODULE_DIR);
}

/* Finds the GPU that is named, in a driver's text. The caller holds the lock. */
static struct fake_gpu_object *find_gpu(struct fake_tree *tree, const char *text)
{
	for (size_t i = 0; i < tree->gpus_len; i++)
		if (fake_text_equal(text, tree->gpus[i]->address))
			return tree->gpus[i];
	return NULL;
}

/* Does the text name a GPU of this driver that is in @state? Its index, or -ENODEV. */
static int find_for_driver(const struct fake_access *access, const char *text, unsigned int state)
{
	struct fake_gpu_object *gpu;
	int ret = -ENODEV;

	pthread_rwlock_rdlock(&access->tree->lock);
	gpu = find_gpu(access->tree, text);
	if (gpu && gpu->pci_driver == access->object->id && gpu->base.state == state)
		ret = (int)gpu->gpu;
	pthread_rwlock_unlock(&access->tree->lock);
	return ret;
}

static ssize_t write_unbind(const struct fake_access *access, const char *text, size_t len)
{
	int gpu = find_for_driver(access, text, GPU_BOUND), ret;

	if (gpu < 0)
		return gpu;
	ret = fake_host_unregister_gpu(access->tree->host, (size_t)gpu, access->cancelled,
				       access->cancelled_data);
	return ret ? ret : (ssize_t)len;
}

static ssize_t write_bind(const struct fake_access *access, const char *text, size_t len)
{
	int gpu = find_for_driver(access, text, GPU_UNBOUND), ret;

	if (gpu < 0)
		return gpu;
	ret = fake_host_register_gpu(access->tree->host, (size_t)gpu);
	return ret ? ret : (ssize_t)len;
}

/* A device id for the driver to look for; no other device is there to be found by it. */
static ssize_t write_id(const struct fake_access *access, const char *text, size_t len)
{
	unsigned int vendor, device;

	(void)access;
	return sscanf(text, "%x %x", &vendor, &device) == 2 ? (ssize_t)len : -EINVAL;
}

/* Unplugged GPUs come back, and their driver with them. */
ssize_t fake_write_pci_rescan(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_tree *tree = access->tree;
	struct fake_gpu_object *gpu;
	unsigned long value;
	bool found;

	if (fake_text_number(text, &value))
		return -EINVAL;
	for (size_t i = 0; value; i++) {
		pthread_rwlock_wrlock(&tree->lock);
		if (i >= tree->gpus_len) {
			fake_tree_unlock(tree);
			break;
		}
		gpu = tree->gpus[i];
		found = gpu->base.state == GPU_UNPLUGGED;
		if (found)
			fake_object_set_state(tree, &gpu->base, GPU_UNBOUND);
		fake_tree_unlock(tree);
		if (found) {
			fake_tree_tell_device(tree, &gpu->base, GPU_DIR, "add");
			fake_host_register_gpu(tree->host, i);
		}
	}
	return (ssize_t)len;
}

/*
 * A driver of the PCI bus.
 */

enum { BIND = DRIVER_DIR + 1, UNBIND, MODULE, NEW_ID, REMOVE_ID, DRIVER_UEVENT, DRIVER_ROWS };

static const struct fake_row driver_rows[DRIVER_ROWS] = {
	[DRIVER_DIR] = { FAKE_DIR(0, NULL), .make_name = object_name,
			 .anchor_row = ROOT_PCI_DRIVERS },
	[BIND] = { FAKE_ATTR(DRIVER_DIR, "bind", 0200), .write = write_bind },
	[UNBIND] = { FAKE_ATTR(DRIVER_DIR, "unbind", 0200), .write = write_unbind },
	[MODULE] = { FAKE_LINK(DRIVER_DIR, "module"), .target = the_module },
	[NEW_ID] = { FAKE_ATTR(DRIVER_DIR, "new_id", 0200), .write = write_id },
	[REMOVE_ID] = { FAKE_ATTR(DRIVER_DIR, "remove_id", 0200), .write = write_id },
	[DRIVER_UEVENT] = { FAKE_ATTR(DRIVER_DIR, "uevent", 0200), .write = fake_write_uevent },
};

const struct fake_kind fake_kind_pci_driver = {
	.name = "pci-driver",
	.rows = driver_rows,
	.rows_len = DRIVER_ROWS,
};

/*
 * A root bus: devices/pci0000:00.
 */

enum { ROOT_UEVENT = PCI_ROOT_DIR + 1, ROOT_POWER, ROOT_ROWS = ROOT_POWER + FAKE_POWER_ROWS };

static const struct fake_row root_rows[ROOT_ROWS] = {
	[PCI_ROOT_DIR] = { FAKE_DIR(0, NULL), .make_name = object_name,
			   .anchor_row = ROOT_DEVICES },
	[ROOT_UEVENT] = { FAKE_ATTR(PCI_ROOT_DIR, "uevent", 0644), .read = fake_read_empty,
			  .write = fake_write_uevent },
	FAKE_POWER(ROOT_POWER, PCI_ROOT_DIR, 0, 0, 0, 0, 0),
};

const struct fake_kind fake_kind_pci_root = {
	.name = "pci-root",
	.rows = root_rows,
	.rows_len = ROOT_ROWS,
};
