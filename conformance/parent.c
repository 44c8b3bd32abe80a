/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parent under test: what it is, and what scripts call its parts.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

static const struct suite_kind kinds[] = {
	{ CONFORMANCE_GVTG,
	  "i915",
	  "intel_vgpu_mdev",
	  { "_8", "_4" },
	  "intel_vgpu",
	  "ENOSPC",
	  "kvmgt" },
	{ CONFORMANCE_MTTY, "mtty", "mtty", { "-1", "-2" }, "vendor", "ENOSPC", "mtty" },
	{ CONFORMANCE_MDPY, "mdpy", "mdpy", { "-vga", "-xga" }, "vendor", "EUSERS", "mdpy" },
	{ CONFORMANCE_MBOCHS,
	  "mbochs",
	  "mbochs",
	  { "-small", "-medium" },
	  "vendor",
	  "ENOSPC",
	  "mbochs" },
};

static const char uuid_u[] = "a297db4a-f4c2-11e6-90f6-d3b88d6c9525";
static const char uuid_v[] = "b297db4a-f4c2-11e6-90f6-d3b88d6c9525";
static const char uuid_w[] = "c297db4a-f4c2-11e6-90f6-d3b88d6c9525";
static const char uuid_upper[] = "A297DB4A-F4C2-11E6-90F6-D3B88D6C9525";

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/* The kind whose type names these are, and the two types. */
static void find_types(struct suite_parent *parent)
{
	char path[2 * PATH_LEN];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/mdev_supported_types", parent->dir);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
			size_t len = strlen(kinds[i].driver);

			if (strncmp(entry->d_name, kinds[i].driver, len) ||
			    entry->d_name[len] != '-')
				continue;
			parent->kind = &kinds[i];
			for (size_t t = 0; t < 2; t++)
				if (ends_with(entry->d_name, kinds[i].types[t]))
					snprintf(parent->types[t], sizeof(parent->types[t]),
						 "%.127s", entry->d_name);
		}
	if (dir)
		closedir(dir);
}

static void read_available(struct suite_parent *parent)
{
	char path[2 * PATH_LEN], text[16];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/mdev_supported_types/%s/available_instances",
			 parent->dir, parent->types[i]);
		if (suite_get(path, text, sizeof(text)) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		snprintf(parent->available[i], sizeof(parent->available[i]), "%s", text);
	}
}

/* BAR 2's line in `resource`. Source: Documentation/PCI/sysfs-pci.rst */
static unsigned int read_aperture(const struct suite_parent *parent)
{
	char path[2 * PATH_LEN], text[TEXT_MAX];
	unsigned long long start, end;
	const char *line = text;

	snprintf(path, sizeof(path), "%s/resource", parent->dir);
	if (suite_get(path, text, sizeof(text)) < 0)
		return 0;
	for (int i = 0; i < 2 && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line || sscanf(line, "%llx %llx", &start, &end) != 2)
		return 0;
	return (unsigned int)((end - start + 1) >> 20);
}

static bool has_users(void)
{
	unsigned long inside, outside, count, users = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");

	while (map && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3)
		users += inside <= 65534 && 65534 < inside + count;
	if (map)
		fclose(map);
	return users && !geteuid();
}

static bool is_first_namespace(void)
{
	unsigned long inside = 1, outside = 1, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");
	int got = map ? fscanf(map, "%lu %lu %lu", &inside, &outside, &count) : 0;

	if (map)
		fclose(map);
	return got == 3 && !inside && !outside && count == UINT_MAX && !geteuid();
}

static void find_needs(struct suite_parent *parent)
{
	const struct conformance_options *options = parent->options;
	char path[PATH_LEN];

	if (has_users())
		parent->needs |= CONFORMANCE_USERS;
	if (is_first_namespace())
		parent->needs |= CONFORMANCE_ROOT;
	if (options->uevents)
		parent->needs |= CONFORMANCE_UEVENTS;
	if (parent->other_create[0])
		parent->needs |= CONFORMANCE_OTHER_PARENT;
	if (!options->vfio)
		return;
	snprintf(path, sizeof(path), "%s/vfio", options->vfio);
	/* GVT-g on a real kernel opens for a KVM guest alone */
	if (!access(path, R_OK | W_OK) && (options->fake || parent->kind->kind != CONFORMANCE_GVTG))
		parent->needs |= CONFORMANCE_VFIO;
}

/* Another parent, with its first type's create. */
static void find_other(struct suite_parent *parent)
{
	char path[2 * PATH_LEN], found[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/class/mdev_bus", parent->options->sysfs);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct dirent *type;
		DIR *types;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, parent->name))
			continue;
		snprintf(path, sizeof(path), "%s/class/mdev_bus/%s/mdev_supported_types",
			 parent->options->sysfs, entry->d_name);
		types = realpath(path, found) ? opendir(found) : NULL;
		while (types && (type = readdir(types)))
			if (type->d_name[0] != '.')
				snprintf(parent->other_create, sizeof(parent->other_create),
					 "%.200s/%.100s/create", found, type->d_name);
		if (types)
			closedir(types);
	}
	if (dir)
		closedir(dir);
}

/* The name of the parent that was asked for, or of the first. */
static int find_name(struct suite_parent *parent)
{
	char path[2 * PATH_LEN];
	struct dirent *entry;
	DIR *dir;

	if (parent->options->parent) {
		snprintf(parent->name, sizeof(parent->name), "%s", parent->options->parent);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/class/mdev_bus", parent->options->sysfs);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    (!parent->name[0] || strcmp(entry->d_name, parent->name) < 0))
			snprintf(parent->name, sizeof(parent->name), "%.63s", entry->d_name);
	if (dir)
		closedir(dir);
	return parent->name[0] ? 0 : -ENODEV;
}

static int find_parent(const struct conformance_options *options, struct suite_parent *parent,
		       char *why, size_t size)
{
	char path[2 * PATH_LEN], found[PATH_MAX];

	*parent = (struct suite_parent){ .options = options };
	if (find_name(parent)) {
		snprintf(why, size, "%s/class/mdev_bus has no parent", options->sysfs);
		return -ENODEV;
	}
	snprintf(path, sizeof(path), "%s/class/mdev_bus/%s", options->sysfs, parent->name);
	if (!realpath(path, found)) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return -ENODEV;
	}
	snprintf(parent->dir, sizeof(parent->dir), "%.500s", found);
	find_types(parent);
	if (!parent->kind || !parent->types[0][0] || !parent->types[1][0]) {
		snprintf(why, size, "%.200s has not the two types that the cases use", parent->dir);
		return -ENODEV;
	}
	if (parent->kind->kind == CONFORMANCE_GVTG)
		parent->aperture_mib = read_aperture(parent);
	return 0;
}

/* $G: the group of the vGPU $U, as its link tells. */
static void group_of(const struct suite_parent *parent, char *out, size_t size)
{
	char path[2 * PATH_LEN], target[PATH_LEN];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s/iommu_group", parent->dir, uuid_u);
	len = readlink(path, target, sizeof(target) - 1);
	target[len > 0 ? len : 0] = '\0';
	snprintf(out, size, "%s", strrchr(target, '/') ? strrchr(target, '/') + 1 : "none");
}

bool suite_variable(const struct suite_parent *p, const char *name, size_t len, char *out,
		    size_t size)
{
	char group[32], up[64] = "", prefix[128];
	const char *root = p->options->sysfs, *local = p->dir + strlen(root);
	const struct {
		const char *name, *parts[5];
	} variables[] = {
		{ "S", { root } },
		{ "P", { p->dir } },
		{ "PN", { p->name } },
		{ "PL", { local } }, /* /devices/... */
		{ "UP", { up } }, /* from the parent to the root: ../../.. */
		{ "MT", { p->dir, "/mdev_supported_types" } },
		{ "T", { p->dir, "/mdev_supported_types/", p->types[0] } },
		{ "TN", { p->types[0] } },
		{ "PRE", { prefix } }, /* of the types: "i915-GVTg_V5_" */
		{ "T2", { p->dir, "/mdev_supported_types/", p->types[1] } },
		{ "C", { p->dir, "/mdev_supported_types/", p->types[0], "/create" } },
		{ "C2", { p->dir, "/mdev_supported_types/", p->types[1], "/create" } },
		{ "A", { p->dir, "/mdev_supported_types/", p->types[0], "/available_instances" } },
		{ "A2", { p->dir, "/mdev_supported_types/", p->types[1], "/available_instances" } },
		{ "N", { p->available[0] } },
		{ "N2", { p->available[1] } },
		{ "OC", { p->other_create } },
		{ "U", { uuid_u } },
		{ "V", { uuid_v } },
		{ "W", { uuid_w } },
		{ "UU", { uuid_upper } },
		{ "D", { p->dir, "/", uuid_u } },
		{ "E", { p->dir, "/", uuid_v } },
		{ "F", { p->dir, "/", uuid_w } },
		{ "R", { p->dir, "/", uuid_u, "/remove" } },
		{ "BUS", { root, "/bus/mdev" } },
		{ "DN", { p->kind->mdev_driver } },
		{ "DRV", { root, "/bus/mdev/drivers/", p->kind->mdev_driver } },
		{ "MOD", { p->kind->module } },
		{ "GRP", { p->kind->group } },
		{ "FULL", { p->kind->full } },
		{ "G", { group } },
		{ "VFIO", { p->options->vfio ? p->options->vfio : "/dev/vfio" } },
	};

	snprintf(prefix, sizeof(prefix), "%.*s", (int)strlen(p->types[0]) - 1, p->types[0]);
	for (const char *at = local; (at = strchr(at, '/')); at++)
		strcat(up, up[0] ? "/.." : "..");
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (strlen(variables[i].name) != len || memcmp(variables[i].name, name, len))
			continue;
		group_of(p, group, sizeof(group));
		out[0] = '\0';
		for (size_t j = 0; j < 5 && variables[i].parts[j]; j++)
			strncat(out, variables[i].parts[j], size - strlen(out) - 1);
		return true;
	}
	return false;
}

static bool is_device(const struct dirent *entry)
{
	return strlen(entry->d_name) == 36 && entry->d_name[8] == '-';
}

static bool has_devices(const struct suite_parent *parent)
{
	DIR *dir = opendir(parent->dir);
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found |= is_device(entry);
	if (dir)
		closedir(dir);
	return found;
}

int suite_parent_find(const struct conformance_options *options, struct suite_parent *parent,
		      char *why, size_t size)
{
	int ret = find_parent(options, parent, why, size);

	if (ret)
		return ret;
	/* they are somebody's */
	if (has_devices(parent)) {
		snprintf(why, size, "%.200s has vGPUs: remove them first", parent->dir);
		return -EBUSY;
	}
	read_available(parent);
	find_other(parent);
	find_needs(parent);
	return 0;
}

bool suite_clean(const struct suite_parent *parent)
{
	char path[2 * PATH_LEN];
	struct dirent *entry;
	bool left = false;
	DIR *dir = opendir(parent->dir);

	while (dir && (entry = readdir(dir))) {
		if (!is_device(entry))
			continue;
		snprintf(path, sizeof(path), "%s/%s/remove", parent->dir, entry->d_name);
		left |= suite_put(path, "1", 1) != 1 && errno != ENOENT && errno != ENODEV;
	}
	if (dir)
		closedir(dir);
	return !left;
}
