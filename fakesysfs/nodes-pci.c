/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI around the GPUs: root buses, the driver, and plugging devices in again.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parents.h"
#include "tree-impl.h"

/* Finds the GPU that is named, in a driver's text. The caller holds the lock. */
static struct fake_gpu_object *find_gpu(struct fake_tree *tree, const char *text)
{
	for (size_t i = 0; i < tree->gpus_len; i++)
		if (fake_text_equal(text, tree->gpus[i]->config->name))
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
	if (gpu && gpu->driver == access->object->id && gpu->base.state == state)
		ret = (int)gpu->gpu;
	pthread_rwlock_unlock(&access->tree->lock);
	return ret;
}

ssize_t fake_write_parent_unbind(const struct fake_access *access, const char *text, size_t len)
{
	int gpu = find_for_driver(access, text, GPU_BOUND), ret;

	if (gpu < 0)
		return gpu;
	ret = fake_host_unregister_gpu(access->tree->host, (size_t)gpu, access->cancelled,
				       access->cancelled_data);
	return ret ? ret : (ssize_t)len;
}

ssize_t fake_write_parent_bind(const struct fake_access *access, const char *text, size_t len)
{
	int gpu = find_for_driver(access, text, GPU_UNBOUND), ret;

	if (gpu < 0)
		return gpu;
	ret = fake_host_register_gpu(access->tree->host, (size_t)gpu, access->cancelled,
				     access->cancelled_data);
	return ret ? ret : (ssize_t)len;
}

/* A device id for the driver to look for; no other device is there to be found by it. */
static ssize_t write_id(const struct fake_access *access, const char *text, size_t len)
{
	unsigned int vendor, device;

	(void)access;
	return sscanf(text, "%x %x", &vendor, &device) == 2 ? (ssize_t)len : -EINVAL;
}

int fake_gpu_unplug(const struct fake_access *access, struct fake_gpu_object *gpu)
{
	struct fake_tree *tree = access->tree;
	int ret = fake_host_unregister_gpu(tree->host, gpu->gpu, access->cancelled,
					   access->cancelled_data);

	if (ret == -EINTR)
		return ret;
	ret = fake_host_unplug_gpu(tree->host, gpu->gpu, access->cancelled, access->cancelled_data);
	if (!ret && fake_parent_has_driver(gpu->config))
		fake_tree_tell_device(tree, &gpu->base, GPU_DIR, "remove");
	return ret;
}

/* A GPU that is not in its slot comes back, and its driver binds to it. 0, -ENODEV, or -EINTR. */
static int plug(const struct fake_access *access, struct fake_gpu_object *gpu)
{
	struct fake_tree *tree = access->tree;
	int ret =
		fake_host_plug_gpu(tree->host, gpu->gpu, access->cancelled, access->cancelled_data);

	if (ret)
		return ret;
	if (fake_parent_has_driver(gpu->config))
		fake_tree_tell_device(tree, &gpu->base, GPU_DIR, "add");
	ret = fake_host_register_gpu(tree->host, gpu->gpu, access->cancelled,
				     access->cancelled_data);
	return ret == -EINTR ? ret : 0;
}

/* The GPU of that index; NULL beyond the last. They never go: only what shows of them does. */
static struct fake_gpu_object *nth_gpu(struct fake_tree *tree, size_t i)
{
	struct fake_gpu_object *gpu;

	pthread_rwlock_rdlock(&tree->lock);
	gpu = i < tree->gpus_len ? tree->gpus[i] : NULL;
	pthread_rwlock_unlock(&tree->lock);
	return gpu;
}

ssize_t fake_write_pci_rescan(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_gpu_object *gpu;
	unsigned long value;

	if (fake_text_number(text, &value))
		return -EINVAL;
	for (size_t i = 0; value && (gpu = nth_gpu(access->tree, i)); i++)
		if (gpu->base.kind == &fake_kind_gpu && plug(access, gpu) == -EINTR)
			return -EINTR;
	return (ssize_t)len;
}

/*
 * "unplug ADDRESS" or "plug ADDRESS": what a hand at the slot does. A parent that its module makes
 * comes and goes as when that is loaded and unloaded; the host tells of it.
 */
ssize_t fake_write_hotplug(const struct fake_access *access, const char *text, size_t len)
{
	const char *address = strchr(text, ' ');
	struct fake_gpu_object *gpu = NULL;
	size_t verb_len = address ? (size_t)(address - text) : 0;
	int ret = -EINVAL;

	if (address) {
		pthread_rwlock_rdlock(&access->tree->lock);
		gpu = find_gpu(access->tree, address + 1);
		pthread_rwlock_unlock(&access->tree->lock);
		ret = gpu ? -EINVAL : -ENODEV;
	}
	if (gpu && verb_len == strlen("unplug") && !strncmp(text, "unplug", verb_len))
		ret = fake_gpu_unplug(access, gpu);
	else if (gpu && verb_len == strlen("plug") && !strncmp(text, "plug", verb_len))
		ret = plug(access, gpu);
	return ret ? ret : (ssize_t)len;
}

/*
 * A driver of the PCI bus.
 */

enum { BIND = DRIVER_DIR + 1, UNBIND, MODULE, NEW_ID, REMOVE_ID, DRIVER_UEVENT, DRIVER_ROWS };

static const struct fake_row driver_rows[DRIVER_ROWS] = {
	[DRIVER_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_object_name,
			 .anchor_row = ROOT_PCI_DRIVERS },
	[BIND] = { FAKE_ATTR(DRIVER_DIR, "bind", 0200), .write = fake_write_parent_bind,
		   .ends = FAKE_ENDS(GPU_REGISTERED) },
	[UNBIND] = { FAKE_ATTR(DRIVER_DIR, "unbind", 0200), .write = fake_write_parent_unbind,
		     .ends = FAKE_ENDS(GPU_UNREGISTERED) },
	[MODULE] = { FAKE_LINK(DRIVER_DIR, "module"), .target = fake_object_module },
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
	[PCI_ROOT_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_object_name,
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
