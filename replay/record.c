/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks a host through seams that keep all they are asked.
 */

#include <backends/facts.h>
#include <errno.h>
#include <replay/replay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redact.h"

enum { PATH_SIZE = 512, BYTES_MAX = 8192, NAMES_MAX = 8192, DISPLAY_CLASS = 0x03 };

/* What is recorded of a module, and modules that matter even where no driver names them. */
static const char *const module_attributes[] = { "coresize", "version",	  "srcversion",
						 "taint",    "initstate", "refcnt" };
static const char *const modules[] = { "i915",	  "kvm",  "kvm_intel",	      "kvmgt",
				       "mdev",	  "vfio", "vfio_iommu_type1", "vfio_mdev",
				       "vfio_pci" };
static const char *const type_attributes[] = { "name", "description", "device_api",
					       "available_instances" };
/* Not read: they do something, are large, slow or a serial number, or change all the time. */
static const char *const untouched[] = { "remove", "rescan", "reset",  "rom",  "vpd",
					 "uevent", "serial", "config", "bind", "unbind" };
static const enum vgpu_fact facts_kept[] = { VGPU_FACT_KERNEL_RELEASE,
					     VGPU_FACT_KERNEL_COMMAND_LINE, VGPU_FACT_KERNEL_LOG };

struct walk {
	struct vgpu_backend *sysfs; /* the one that keeps */
	size_t parents;
};

struct names {
	char *names[NAMES_MAX];
	size_t len;
};

static int collect(void *data, const char *name)
{
	struct names *names = data;

	if (names->len < NAMES_MAX && (names->names[names->len] = strdup(name)))
		names->len++;
	return 0;
}

/* The names in a directory, for names_free(). What cannot be listed has none. */
static struct names *list(struct walk *walk, const char *path)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		walk->sysfs->impl->list(walk->sysfs, path, collect, names);
	return names;
}

static void names_freep(struct names **names)
{
	for (size_t i = 0; *names && i < (*names)->len; i++)
		free((*names)->names[i]);
	free(*names);
}
#define _names_ __attribute__((cleanup(names_freep)))

static ssize_t keep(struct walk *walk, const char *dir, const char *name, char bytes[BYTES_MAX])
{
	char path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return walk->sysfs->impl->read(walk->sysfs, path, bytes, BYTES_MAX);
}

/* The last component of where a link leads; "" if it is none. */
static void keep_link(struct walk *walk, const char *dir, const char *name, char out[256])
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *slash;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    walk->sysfs->impl->readlink(walk->sysfs, path, target, sizeof(target)) < 0)
		return;
	slash = strrchr(target, '/');
	snprintf(out, 256, "%.255s", slash ? slash + 1 : target);
}

static bool is_untouched(const char *name)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(untouched); i++)
		if (!strcmp(untouched[i], name))
			return true;
	/* resource0, resource2_wc: not the text `resource` */
	return !strncmp(name, "resource", 8) && name[8];
}

/* Files and links; what is in directories is not. */
static void keep_files(struct walk *walk, const char *dir)
{
	_names_ struct names *names = list(walk, dir);
	char bytes[BYTES_MAX], path[PATH_SIZE];

	for (size_t i = 0; names && i < names->len; i++) {
		if (is_untouched(names->names[i]) || snprintf(path, sizeof(path), "%s/%s", dir,
							      names->names[i]) >= (int)sizeof(path))
			continue;
		if (walk->sysfs->impl->readlink(walk->sysfs, path, bytes, sizeof(bytes)) < 0)
			walk->sysfs->impl->read(walk->sysfs, path, bytes, sizeof(bytes));
	}
}

static void keep_module(struct walk *walk, const char *name)
{
	char dir[PATH_SIZE], parameters[PATH_SIZE], bytes[BYTES_MAX];

	snprintf(dir, sizeof(dir), "module/%.200s", name);
	if (!*name || walk->sysfs->impl->exists(walk->sysfs, dir))
		return;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(module_attributes); i++)
		keep(walk, dir, module_attributes[i], bytes);
	snprintf(parameters, sizeof(parameters), "%.400s/parameters", dir);
	keep_files(walk, parameters);
}

/* The module of a device's driver, or of an mdev driver. */
static void keep_driver(struct walk *walk, const char *dir)
{
	char path[PATH_SIZE], name[256];

	snprintf(path, sizeof(path), "%.400s/driver", dir);
	keep_link(walk, dir, "driver", name);
	keep_link(walk, path, "module", name);
	keep_module(walk, name);
}

/* A vGPU, and what its driver adds: directories with files. */
static void keep_vgpu(struct walk *walk, const char *parent, const char *uuid)
{
	static const char *const groups[] = { "intel_vgpu", "vendor", "nvidia" };
	static const char *const links[] = { "mdev_type", "iommu_group", "subsystem" };
	char dir[PATH_SIZE], path[PATH_SIZE], bus[PATH_SIZE], name[256];

	snprintf(dir, sizeof(dir), "%.400s/%.60s", parent, uuid);
	snprintf(bus, sizeof(bus), "bus/mdev/devices/%.60s", uuid);
	keep_link(walk, "bus/mdev/devices", uuid, name);
	keep_driver(walk, dir);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(links); i++)
		keep_link(walk, dir, links[i], name);
	keep_link(walk, dir, "driver", name);
	snprintf(path, sizeof(path), "bus/mdev/drivers/%.200s", name);
	keep_link(walk, path, "module", name);
	keep_files(walk, dir);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(groups); i++) {
		snprintf(path, sizeof(path), "%.450s/%s", dir, groups[i]);
		if (!walk->sysfs->impl->exists(walk->sysfs, path))
			keep_files(walk, path);
	}
}

static void keep_type(struct walk *walk, const char *parent, const char *types, const char *type)
{
	char dir[PATH_SIZE], devices[PATH_SIZE], bytes[BYTES_MAX], name[256];
	_names_ struct names *names = NULL;

	snprintf(dir, sizeof(dir), "%.400s/%.100s", types, type);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(type_attributes); i++)
		keep(walk, dir, type_attributes[i], bytes);
	snprintf(devices, sizeof(devices), "%.500s/devices", dir);
	names = list(walk, devices);
	for (size_t i = 0; names && i < names->len; i++) {
		keep_link(walk, devices, names->names[i], name);
		keep_vgpu(walk, parent, names->names[i]);
	}
}

/* @link leads to the device: "class/mdev_bus/NAME". */
static void keep_parent(struct walk *walk, const char *dir, const char *name)
{
	char link[PATH_SIZE], target[PATH_SIZE], path[PATH_SIZE], bytes[BYTES_MAX], end[256];
	_names_ struct names *types = NULL;
	const char *device = target;

	snprintf(link, sizeof(link), "%s/%.200s", dir, name);
	if (walk->sysfs->impl->readlink(walk->sysfs, link, target, sizeof(target)) < 0)
		return;
	while (!strncmp(device, "../", 3))
		device += 3;
	walk->parents++;
	keep_link(walk, device, "subsystem", end);
	keep_driver(walk, device);
	keep(walk, device, "config", bytes);
	keep_files(walk, device);
	snprintf(path, sizeof(path), "%.400s/mdev_supported_types", device);
	if (walk->sysfs->impl->exists(walk->sysfs, path))
		return;
	types = list(walk, path);
	for (size_t i = 0; types && i < types->len; i++)
		keep_type(walk, device, path, types->names[i]);
}

/* GPUs that are no parents, too: what a doctor wants to know the reason of. */
static void keep_displays(struct walk *walk)
{
	_names_ struct names *names = list(walk, "bus/pci/devices");
	char path[PATH_SIZE], bytes[BYTES_MAX];

	for (size_t i = 0; names && i < names->len; i++) {
		snprintf(path, sizeof(path), "class/mdev_bus/%.200s", names->names[i]);
		if (!walk->sysfs->impl->exists(walk->sysfs, path))
			continue;
		snprintf(path, sizeof(path), "bus/pci/devices/%.200s", names->names[i]);
		if (keep(walk, path, "class", bytes) > 0 &&
		    strtoul(bytes, NULL, 16) >> 16 == DISPLAY_CLASS)
			keep_parent(walk, "bus/pci/devices", names->names[i]);
	}
}

static void keep_all(struct walk *walk, struct vgpu_host_facts *facts)
{
	_names_ struct names *parents = list(walk, "class/mdev_bus");

	for (size_t i = 0; parents && i < parents->len; i++)
		keep_parent(walk, "class/mdev_bus", parents->names[i]);
	keep_displays(walk);
	/* that the bus is there says that its module is loaded; where vGPUs are it is known by them */
	walk->sysfs->impl->exists(walk->sysfs, "bus/mdev/devices");
	for (size_t i = 0; i < VGPU_ARRAY_LEN(modules); i++)
		keep_module(walk, modules[i]);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(facts_kept); i++) {
		_autofree_ char *text = NULL;

		if (facts->impl->text(facts, facts_kept[i], &text))
			text = NULL;
	}
}

int replay_record(struct vgpu_backend *sysfs, struct vgpu_host_facts *facts, bool redact,
		  char **out, struct vgpu_error *err)
{
	_destroy_(vgpu_recording) struct vgpu_recording *recording =
		vgpu_recording_create(facts, sysfs);
	struct walk walk = { 0 };
	const char *text;

	if (!recording)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	walk.sysfs = vgpu_recording_sysfs(recording);
	keep_all(&walk, vgpu_recording_facts(recording));
	if (!walk.parents) {
		vgpu_error_set(err, VGPU_ERROR_NO_GPU, ENODEV,
			       "%s: no parent of mediated devices, and no GPU", sysfs->root);
		vgpu_error_hint(err, "'vgpulab doctor' says what is missing");
		return -ENODEV;
	}
	text = vgpu_recording_text(recording);
	*out = !text ? NULL : redact ? replay_redact(text) : strdup(text);
	return *out ? 0 : vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
}
