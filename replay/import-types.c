/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types that were recorded, by what rule they share their parent, and the vGPUs that there were.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* A type, and what was left of it. */
struct found {
	struct fake_type_profile type;
	unsigned long available, instances;
	size_t order; /* in the profile that it is like */
};

/* Without its last newline. */
static const char *read_line(struct import *import, const char *path, const char *name)
{
	const char *text = import_text(import, "%s/%s", path, name);
	size_t len = text ? strlen(text) : 0;

	if (len && text[len - 1] == '\n')
		text = replay_arena_copy(&import->recording->arena, text, len - 1);
	return text;
}

/* The numbers that GVT-g's description gives. Source: gvt/kvmgt.c, intel_vgpu_show_description() */
static bool parse_gvtg(const char *text, struct fake_type_profile *type)
{
	uint32_t low, high, fences, x, y, weight;

	if (sscanf(text,
		   "low_gm_size: %6uMB\nhigh_gm_size: %6uMB\nfence: %3u\n"
		   "resolution: %5ux%5u\nweight: %3u",
		   &low, &high, &fences, &x, &y, &weight) != 6 ||
	    !low || !high || !x || !y)
		return false;
	type->low_gm_mib = low;
	type->high_gm_mib = high;
	type->fences = fences;
	type->xres_px = x;
	type->yres_px = y;
	type->weight = weight;
	return true;
}

/* NVIDIA's: "..., framebuffer=1024M, ..., max_instance=24". Zero if it is none. */
static uint32_t number_after(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	return at ? (uint32_t)(strtoul(at + strlen(key), NULL, 10) & 0xffffff) : 0;
}

static int read_type(struct import *import, const char *path, const char *id,
		     const struct fake_gpu_profile *base, const struct fake_gpu_profile *profile,
		     struct found *found)
{
	size_t prefix = strlen(profile->driver);
	struct fake_type_profile *type = &found->type;
	const char *text;

	if (strncmp(id, profile->driver, prefix) || id[prefix] != '-' || !id[prefix + 1])
		return import_fail(import, path, "its name does not begin with '%s-'",
				   profile->driver);
	if (strlen(id) >= 64)
		return import_fail(import, path, "its name is too long");
	found->order = SIZE_MAX;
	for (size_t i = 0; base && i < base->types_len; i++) {
		if (strcmp(base->types[i].name, id + prefix + 1))
			continue;
		*type = base->types[i];
		found->order = i;
	}
	type->name = id + prefix + 1;
	type->description = read_line(import, path, "description");
	text = read_line(import, path, "name");
	if (text)
		type->pretty_name = text;
	text = read_line(import, path, "available_instances");
	if (!text)
		return import_fail(import, path, "no attribute 'available_instances'");
	found->available = strtoul(text, NULL, 10);
	if (!*text || strspn(text, "0123456789") != strlen(text) || found->available > 1000000)
		return import_fail(import, path, "available_instances: '%.40s' is no count", text);
	if (!(type->description && parse_gvtg(type->description, type)) && base &&
	    profile->capacity == FAKE_CAPACITY_GVTG && !type->low_gm_mib)
		return import_fail(import, path, "its description is not GVT-g's");
	return 0;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->type.name, y->type.name);
}

/*
 * The vGPUs.
 */

/* @group: its number, or NULL. */
static int add_vgpu(struct import *import, struct fake_gpu_config *config,
		    const struct vgpu_uuid *uuid, size_t type, const char *group)
{
	size_t len = config->vgpus_len;
	struct fake_recorded_vgpu *vgpus = (struct fake_recorded_vgpu *)config->vgpus;

	/* room for a power of two of them */
	if (!(len & (len - 1))) {
		vgpus = replay_arena_grow(&import->recording->arena, vgpus, len * sizeof(*vgpus),
					  (len ? 2 * len : 1) * sizeof(*vgpus));
		if (!vgpus)
			return -ENOMEM;
	}
	vgpus[len] = (struct fake_recorded_vgpu){
		.uuid = *uuid,
		.type = type,
		.group = group ? (unsigned int)strtoul(group, NULL, 10) : UINT_MAX,
	};
	config->vgpus = vgpus;
	config->vgpus_len++;
	return 0;
}

static int read_vgpus(struct import *import, const char *path, size_t type,
		      struct fake_gpu_config *config)
{
	char devices[PATH_SIZE];
	struct import_names names;
	int ret;

	snprintf(devices, sizeof(devices), "%.400s/devices", path);
	ret = import_list(import, devices, VGPUS_MAX, &names);
	if (ret)
		return ret == -ENOENT || ret == -EISDIR || ret == -ENOTDIR ? 0 : ret;
	for (size_t i = 0; i < names.len; i++) {
		struct vgpu_uuid uuid;

		if (config->vgpus_len == VGPUS_MAX)
			return import_fail(import, devices, "more than %d vGPUs", VGPUS_MAX);
		if (vgpu_uuid_parse(names.names[i], &uuid))
			return import_fail(import, devices, "'%.60s' is no UUID", names.names[i]);
		ret = add_vgpu(import, config, &uuid, type,
			       import_link_name(import, "bus/mdev/devices/%s/iommu_group",
						names.names[i]));
		if (ret)
			return ret;
	}
	return 0;
}

/* Without types: the vGPUs by the links that say their types. */
static int read_linked_vgpus(struct import *import, const char *path,
			     const struct fake_gpu_profile *profile, struct fake_gpu_config *config)
{
	size_t prefix = strlen(profile->driver) + 1;
	struct import_names names;
	int ret = import_list(import, path, VGPUS_MAX, &names);

	for (size_t i = 0; !ret && i < names.len; i++) {
		const char *type =
			import_link_name(import, "%s/%s/mdev_type", path, names.names[i]);
		struct vgpu_uuid uuid;
		size_t t = 0;

		if (!type || strlen(type) <= prefix || vgpu_uuid_parse(names.names[i], &uuid))
			continue;
		while (t < profile->types_len && strcmp(profile->types[t].name, type + prefix) != 0)
			t++;
		if (t < profile->types_len)
			ret = add_vgpu(import, config, &uuid, t,
				       import_link_name(import, "%s/%s/iommu_group", path,
							names.names[i]));
	}
	return ret;
}

/*
 * How they share their parent.
 */

static void share_alike(const struct found *found, size_t len, struct fake_type_profile *types,
			struct fake_gpu_config *config)
{
	(void)found;
	for (size_t i = 0; i < len; i++) {
		uint32_t instances = number_after(types[i].description, "max_instance=");

		types[i].units = number_after(types[i].description, "framebuffer=");
		if (types[i].units * instances > config->units)
			config->units = types[i].units * instances;
	}
}

static uint64_t common_multiple(uint64_t a, uint64_t b)
{
	uint64_t x = a, y = b;

	while (y) {
		uint64_t rest = x % y;

		x = y;
		y = rest;
	}
	return a / x * b;
}

/* One pool, in which each type's instance takes the same part of its total. */
static void share_pool(const struct found *found, size_t len, struct fake_type_profile *types,
		       struct fake_gpu_config *config)
{
	uint64_t units = 1;

	for (size_t i = 0; i < len; i++) {
		uint64_t total = found[i].available + found[i].instances;

		if (total && common_multiple(units, total) < 1 << 30)
			units = common_multiple(units, total);
	}
	config->units = (uint32_t)units;
	for (size_t i = 0; i < len; i++) {
		uint64_t total = found[i].available + found[i].instances;

		types[i].units = (uint32_t)(total ? units / total : units + 1);
	}
}

/* The kernel's parameter says how much there is. */
static void share_counted(struct import *import, const struct fake_gpu_profile *profile,
			  struct fake_gpu_config *config)
{
	const char *text = import_text(import, "module/%s/parameters/%s", profile->mdev_module,
				       profile->units_parameter);
	unsigned long units = text ? strtoul(text, NULL, 10) : 0;

	config->units = units && units <= 1 << 20 ? (uint32_t)units : profile->units;
}

static void share(struct import *import, const struct found *found, size_t len,
		  struct fake_gpu_profile *profile, struct fake_type_profile *types,
		  struct fake_gpu_config *config, bool known)
{
	config->units = profile->units;
	if (profile->capacity == FAKE_CAPACITY_ALIKE && known)
		share_alike(found, len, types, config);
	else if (known && profile->units_parameter)
		share_counted(import, profile, config);
	if (known)
		return;
	profile->capacity = FAKE_CAPACITY_UNITS;
	share_pool(found, len, types, config);
}

/* Of one type, all in use: it cannot be taken by a unit more than there are. */
static int keep_types(struct import *import, const struct found *found, size_t len,
		      struct fake_gpu_profile *profile, struct fake_gpu_config *config, bool known)
{
	struct fake_type_profile *types =
		replay_arena_alloc(&import->recording->arena, len * sizeof(*types));

	if (!types)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		types[i] = found[i].type;
	share(import, found, len, profile, types, config, known);
	profile->types = types;
	profile->types_len = len;
	return 0;
}

/* Has any of the types one? umockdev-record knows of no such thing. */
static bool has_attributes(struct import *import, const char *dir, const struct import_names *names)
{
	for (size_t i = 0; i < names->len; i++)
		if (import_exists(import, "%s/%s/available_instances", dir, names->names[i]))
			return true;
	return false;
}

int import_types(struct import *import, const char *path, const struct fake_gpu_profile *base,
		 struct fake_gpu_profile *profile, struct fake_gpu_config *config)
{
	struct found *found;
	char dir[PATH_SIZE], type[PATH_SIZE];
	struct import_names names;
	const char *api;
	int ret;

	snprintf(dir, sizeof(dir), "%.300s/mdev_supported_types", path);
	ret = import_list(import, dir, TYPES_MAX, &names);
	if (base && (ret == -ENOENT || !has_attributes(import, dir, &names))) {
		config->units = profile->units;
		return read_linked_vgpus(import, path, profile, config);
	}
	if (ret)
		return ret == -ENOENT ? import_fail(import, dir, "there is none") : ret;
	found = replay_arena_alloc(&import->recording->arena, names.len * sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < names.len && !ret; i++) {
		snprintf(type, sizeof(type), "%.400s/%.100s", dir, names.names[i]);
		ret = read_type(import, type, names.names[i], base, profile, &found[i]);
	}
	qsort(found, ret ? 0 : names.len, sizeof(*found), compare_found);
	for (size_t i = 0; i < names.len && !ret; i++) {
		size_t before = config->vgpus_len;

		snprintf(type, sizeof(type), "%.400s/%s-%s", dir, profile->driver,
			 found[i].type.name);
		ret = read_vgpus(import, type, i, config);
		found[i].instances = config->vgpus_len - before;
		api = read_line(import, type, "device_api");
		if (api)
			profile->device_api = api;
	}
	if (ret)
		return ret;
	if (!profile->device_api)
		profile->device_api = "vfio-pci";
	return keep_types(import, found, names.len, profile, config, base != NULL);
}
