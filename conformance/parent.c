/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parent under test: what it is, and what scripts call its parts.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static const struct suite_kind kinds[] = {
	{
		.kind = CONFORMANCE_GVTG,
		.driver = "i915",
		.mdev_driver = "intel_vgpu_mdev",
		.module = "kvmgt",
		.types = { "_8", "_4" },
		.api = "vfio-pci",
		.group = "intel_vgpu",
		.full = "ENOSPC",
		.fake_opens = true,
	},
	{
		.kind = CONFORMANCE_MTTY,
		.driver = "mtty",
		.mdev_driver = "mtty",
		.module = "mtty",
		.types = { "-1", "-2" },
		.api = "vfio-pci",
		.group = "vendor",
		.full = "ENOSPC",
		.fake_opens = true,
	},
	{
		.kind = CONFORMANCE_MDPY,
		.driver = "mdpy",
		.mdev_driver = "mdpy",
		.module = "mdpy",
		.types = { "-vga", "-xga" },
		.api = "vfio-pci",
		.group = "vendor",
		.full = "EUSERS",
		.fake_opens = true,
	},
	{
		.kind = CONFORMANCE_MBOCHS,
		.driver = "mbochs",
		.mdev_driver = "mbochs",
		.module = "mbochs",
		.types = { "-small", "-medium" },
		.api = "vfio-pci",
		.group = "vendor",
		.full = "ENOSPC",
		.fake_opens = true,
	},
	{
		.kind = CONFORMANCE_NVIDIA,
		.driver = "nvidia",
		.mdev_driver = "nvidia-vgpu-vfio",
		.module = "nvidia_vgpu_vfio",
		.types = { "-63", "-64" },
		.api = "vfio-pci",
		.group = "nvidia",
		.full = "ENOSPC",
	},
	{
		.kind = CONFORMANCE_CCW,
		.driver = "vfio_ccw",
		.mdev_driver = "vfio_ccw_mdev",
		.module = "vfio_ccw",
		.types = { "-io" },
		.api = "vfio-ccw",
		.full = "EUSERS",
	},
	{
		.kind = CONFORMANCE_AP,
		.driver = "vfio_ap",
		.mdev_driver = "vfio_ap_mdev",
		.module = "vfio_ap",
		.types = { "-passthrough" },
		.api = "vfio-ap",
		.full = "EUSERS",
	},
};

enum { DEVICES_MAX = 128, FILL_MAX = 1000 };

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
static void add_type(void *to, const char *name)
{
	struct suite_parent *parent = to;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t len = strlen(kinds[i].driver);

		if (strncmp(name, kinds[i].driver, len) || name[len] != '-')
			continue;
		parent->kind = &kinds[i];
		for (size_t t = 0; t < 2; t++)
			if (kinds[i].types[t] && ends_with(name, kinds[i].types[t]))
				snprintf(parent->types[t], sizeof(parent->types[t]), "%.127s",
					 name);
	}
}

static void find_types(struct suite_parent *parent)
{
	char path[2 * PATH_LEN];

	snprintf(path, sizeof(path), "%s/mdev_supported_types", parent->dir);
	suite_each(parent, path, add_type, parent);
}

static void read_available(struct suite_parent *parent)
{
	char path[2 * PATH_LEN], text[16];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/mdev_supported_types/%s/available_instances",
			 parent->dir, parent->types[i]);
		if (suite_get(parent, path, text, sizeof(text)) < 0)
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
	if (suite_get(parent, path, text, sizeof(text)) < 0)
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

	if (parent->other_create[0])
		parent->needs |= CONFORMANCE_OTHER_PARENT;
	if (parent->types[1][0])
		parent->needs |= CONFORMANCE_TWO_TYPES;
	if (atoi(parent->available[0]) > 1)
		parent->needs |= CONFORMANCE_SEVERAL;
	if (atoi(parent->available[0]) <= FILL_MAX)
		parent->needs |= CONFORMANCE_FILL;
	if (!parent->tree->file_system)
		return;
	parent->needs |= CONFORMANCE_FILE_SYSTEM;
	if (has_users())
		parent->needs |= CONFORMANCE_USERS;
	if (is_first_namespace())
		parent->needs |= CONFORMANCE_ROOT;
	if (options->uevents)
		parent->needs |= CONFORMANCE_UEVENTS;
	if (!options->vfio)
		return;
	snprintf(path, sizeof(path), "%s/vfio", options->vfio);
	/* GVT-g on a real kernel opens for a KVM guest alone */
	if (!access(path, R_OK | W_OK) &&
	    (options->fake ? parent->kind->fake_opens : parent->kind->kind != CONFORMANCE_GVTG))
		parent->needs |= CONFORMANCE_VFIO;
}

/* Where the class's link to a parent leads: up from its directory, then down. */
static ssize_t find_dir(const struct suite_parent *parent, const char *name, char *out, size_t size)
{
	char text[PATH_LEN], path[2 * PATH_LEN], *slash;
	const char *at = text;
	ssize_t ret;

	snprintf(path, sizeof(path), "%s/class/mdev_bus/%s", parent->options->sysfs, name);
	ret = suite_link(parent, path, text, sizeof(text));
	if (ret < 0)
		return ret;
	*strrchr(path, '/') = '\0';
	for (; !strncmp(at, "../", 3) && (slash = strrchr(path, '/')); at += 3)
		*slash = '\0';
	snprintf(out, size, "%.250s/%.250s", path, at);
	return 0;
}

/* Another parent, with its first type's create. */
struct other {
	struct suite_parent *parent;
	char types[PATH_LEN + 64];
};

static void add_other_type(void *to, const char *name)
{
	struct other *other = to;

	snprintf(other->parent->other_create, sizeof(other->parent->other_create),
		 "%.300s/%.100s/create", other->types, name);
}

static void add_other(void *to, const char *name)
{
	struct suite_parent *parent = to;
	struct other other = { .parent = parent };

	if (!strcmp(name, parent->name) || find_dir(parent, name, other.types, PATH_LEN) < 0)
		return;
	strcat(other.types, "/mdev_supported_types");
	suite_each(parent, other.types, add_other_type, &other);
}

static void add_name(void *to, const char *name)
{
	struct suite_parent *parent = to;

	if (!parent->name[0] || strcmp(name, parent->name) < 0)
		snprintf(parent->name, sizeof(parent->name), "%.63s", name);
}

static int find_parent(const struct conformance_options *options, struct suite_parent *parent,
		       char *why, size_t size)
{
	char class[PATH_LEN];
	ssize_t ret;

	*parent = (struct suite_parent){
		.options = options,
		.tree = options->tree ? options->tree : &conformance_kernel_tree,
	};
	snprintf(class, sizeof(class), "%s/class/mdev_bus", options->sysfs);
	if (options->parent)
		add_name(parent, options->parent);
	else
		suite_each(parent, class, add_name, parent);
	if (!parent->name[0]) {
		snprintf(why, size, "%s has no parent", class);
		return -ENODEV;
	}
	ret = find_dir(parent, parent->name, parent->dir, sizeof(parent->dir));
	if (ret < 0) {
		snprintf(why, size, "%s/%s: %s", class, parent->name, strerror((int)-ret));
		return -ENODEV;
	}
	find_types(parent);
	if (!parent->kind || !parent->types[0][0]) {
		snprintf(why, size, "%.200s has not the types that the cases use", parent->dir);
		return -ENODEV;
	}
	if (parent->kind->kind == CONFORMANCE_GVTG)
		parent->aperture_mib = read_aperture(parent);
	suite_each(parent, class, add_other, parent);
	return 0;
}

/* $G: the group of the vGPU $U, as its link tells. */
static void group_of(const struct suite_parent *parent, char *out, size_t size)
{
	char path[2 * PATH_LEN], target[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s/iommu_group", parent->dir, uuid_u);
	suite_link(parent, path, target, sizeof(target));
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
		{ "API", { p->kind->api } },
		{ "GRP", { p->kind->group ? p->kind->group : "none" } },
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

/* The vGPUs of the parent, which must not change while they are listed. */
struct devices {
	char uuids[DEVICES_MAX][40];
	size_t len;
};

static void add_device(void *to, const char *name)
{
	struct devices *devices = to;

	if (strlen(name) == 36 && name[8] == '-' && devices->len < DEVICES_MAX)
		strcpy(devices->uuids[devices->len++], name);
}

/* A UUID of the cases: a vGPU of any other is somebody's, made since the suite began. */
static void add_own_device(void *to, const char *name)
{
	static const char *const ends[] = { "-d3b88d6c9525", "-0000-4000-8000-000000000000",
					    "00000000-0000-0000-0000-000000000000",
					    "ffffffff-ffff-ffff-ffff-ffffffffffff" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends_with(name, ends[i])) {
			add_device(to, name);
			return;
		}
}

int suite_parent_find(const struct conformance_options *options, struct suite_parent *parent,
		      char *why, size_t size)
{
	struct devices devices = { .len = 0 };
	int ret = find_parent(options, parent, why, size);

	if (ret)
		return ret;
	/* they are somebody's */
	suite_each(parent, parent->dir, add_device, &devices);
	if (devices.len) {
		snprintf(why, size, "%.200s has vGPUs: remove them first", parent->dir);
		return -EBUSY;
	}
	read_available(parent);
	find_needs(parent);
	return 0;
}

bool suite_clean(const struct suite_parent *parent)
{
	struct devices devices;
	char path[2 * PATH_LEN];
	bool left = false;

	do {
		devices.len = 0;
		suite_each(parent, parent->dir, add_own_device, &devices);
		for (size_t i = 0; i < devices.len; i++) {
			ssize_t ret;

			snprintf(path, sizeof(path), "%s/%s/remove", parent->dir, devices.uuids[i]);
			ret = suite_put(parent, path, "1", 1);
			left |= ret != 1 && ret != -ENOENT && ret != -ENODEV;
		}
	} while (devices.len == DEVICES_MAX && !left);
	return !left;
}
