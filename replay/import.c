/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a tree that was recorded to parents of a fake host.
 */

#include "import.h"

#include <errno.h>
#include <fakesysfs/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first byte of its device ids: GVT-g's types are V4 there, V5 on all later ones. */
enum { BROADWELL = 0x16 };

enum { NAMES_ROOM = 16 };

int import_fail(struct import *import, const char *path, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return vgpu_error_set(import->err, VGPU_ERROR_USAGE, EINVAL, "%s: %s: %s", import->file,
			      path, text);
}

/*
 * Reading. What cannot be read is not there.
 */

#define FORMAT_PATH(path)                                              \
	do {                                                           \
		va_list args;                                          \
		int written;                                           \
                                                                       \
		va_start(args, format);                                \
		written = vsnprintf(path, sizeof(path), format, args); \
		va_end(args);                                          \
		if (written < 0 || (size_t)written >= sizeof(path))    \
			path[0] = '\0';                                \
	} while (0)

ssize_t import_bytes(struct import *import, char bytes[TEXT_SIZE], const char *format, ...)
{
	char path[PATH_SIZE];

	FORMAT_PATH(path);
	return import->sysfs->impl->read(import->sysfs, path, bytes, TEXT_SIZE);
}

const char *import_text(struct import *import, const char *format, ...)
{
	char path[PATH_SIZE], bytes[TEXT_SIZE];
	ssize_t len;

	FORMAT_PATH(path);
	len = import->sysfs->impl->read(import->sysfs, path, bytes, sizeof(bytes));
	if (len < 0 || len >= 4096 || memchr(bytes, '\0', (size_t)len))
		return NULL;
	return replay_arena_copy(&import->recording->arena, bytes, (size_t)len);
}

const char *import_link_name(struct import *import, const char *format, ...)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *name;
	ssize_t len;

	FORMAT_PATH(path);
	len = import->sysfs->impl->readlink(import->sysfs, path, target, sizeof(target));
	if (len < 0)
		return NULL;
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	/* a name of the fake's has at most this */
	if (!*name || strlen(name) >= FAKE_PARENT_NAME_SIZE)
		return NULL;
	return replay_arena_copy(&import->recording->arena, name, strlen(name));
}

bool import_exists(struct import *import, const char *format, ...)
{
	char path[PATH_SIZE];

	FORMAT_PATH(path);
	return !import->sysfs->impl->exists(import->sysfs, path);
}

struct collecting {
	struct import *import;
	struct import_names *names;
	size_t max, room;
};

static int collect(void *data, const char *name)
{
	struct collecting *collecting = data;
	struct import_names *names = collecting->names;
	struct replay_arena *arena = &collecting->import->recording->arena;
	char *copy;

	if (names->len == collecting->max)
		return -E2BIG;
	if (names->len == collecting->room) {
		size_t size = names->len * sizeof(*names->names);

		names->names = replay_arena_grow(arena, names->names, size, 2 * size);
		collecting->room *= 2;
	}
	copy = replay_arena_copy(arena, name, strlen(name));
	if (!copy || !names->names)
		return -ENOMEM;
	names->names[names->len++] = copy;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int import_list(struct import *import, const char *path, size_t max, struct import_names *out)
{
	struct collecting collecting = { import, out, max, NAMES_ROOM };
	int ret;

	*out = (struct import_names){
		replay_arena_alloc(&import->recording->arena, NAMES_ROOM * sizeof(const char *)), 0
	};
	if (!out->names)
		return -ENOMEM;
	ret = import->sysfs->impl->list(import->sysfs, path, collect, &collecting);
	if (ret == -E2BIG) {
		import_fail(import, path, "more than %zu names", max);
		return ret;
	}
	qsort(out->names, out->len, sizeof(const char *), compare_names);
	return ret;
}

/*
 * A parent.
 */

/* Follows the class's link: "devices/pci0000:00/0000:00:02.0". */
static int find_device(struct import *import, const char *link, char device[PATH_SIZE])
{
	char target[PATH_SIZE];
	const char *rest = target;
	ssize_t len = import->sysfs->impl->readlink(import->sysfs, link, target, sizeof(target));

	if (len < 0)
		return import_fail(import, link, "it is no link to a device");
	while (!strncmp(rest, "../", 3))
		rest += 3;
	if (rest == target || strncmp(rest, "devices/", 8) || strstr(rest, ".."))
		return import_fail(import, link, "'%s' leads to no device", target);
	snprintf(device, PATH_SIZE, "%s", rest);
	return 0;
}

static int find_kind(struct import *import, const char *device, enum fake_parent_kind *out)
{
	static const struct {
		const char *prefix;
		enum fake_parent_kind kind;
	} kinds[] = {
		{ "devices/pci", FAKE_PARENT_PCI },
		{ "devices/virtual/", FAKE_PARENT_VIRTUAL },
		{ "devices/css0/", FAKE_PARENT_CSS },
		{ "devices/vfio_ap/", FAKE_PARENT_AP },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(kinds); i++) {
		if (strncmp(device, kinds[i].prefix, strlen(kinds[i].prefix)))
			continue;
		*out = kinds[i].kind;
		return 0;
	}
	return import_fail(import, device, "parents there are not played");
}

/* The profile that is most like it: of the same driver, and the same device if there is one. */
static const struct fake_gpu_profile *find_base(struct import *import, const char *device,
						const char *driver)
{
	const struct fake_gpu_profile *base = NULL;
	const char *id = import_text(import, "%s/device", device);
	unsigned long number = id ? strtoul(id, NULL, 16) : 0;
	bool v4 = number >> 8 == BROADWELL;

	for (size_t i = 0; i < fake_gpu_profiles_len; i++) {
		const struct fake_gpu_profile *profile = &fake_gpu_profiles[i];

		if (strcmp(profile->driver, driver))
			continue;
		if (profile->device_id && profile->device_id == number)
			return profile;
		if (!base || v4 == (profile->graphics_version == 8))
			base = profile;
	}
	return base;
}

/* A kernel's one driver for all, vfio_mdev, says nothing of the module. */
static void find_mdev_driver(struct import *import, const char *device,
			     struct fake_gpu_profile *profile)
{
	struct import_names names;
	const char *found = NULL;

	if (!import_list(import, device, VGPUS_MAX, &names))
		for (size_t i = 0; i < names.len && !found; i++)
			if (import_exists(import, "%s/%s/mdev_type", device, names.names[i]))
				found = import_link_name(import, "%s/%s/driver", device,
							 names.names[i]);
	if (!found || !strcmp(found, "vfio_mdev"))
		return;
	profile->mdev_driver = found;
	found = import_link_name(import, "bus/mdev/drivers/%s/module", found);
	if (found)
		profile->mdev_module = found;
}

static void begin_profile(struct import *import, const struct fake_gpu_profile *base,
			  const char *name, const char *driver, struct fake_gpu_profile *profile)
{
	if (base)
		*profile = *base;
	else
		*profile = (struct fake_gpu_profile){ .model = "none",
						      .mdev_driver = driver,
						      .mdev_module = driver };
	profile->name = name;
	profile->summary = "recorded";
	profile->driver = driver;
	profile->first_kernel = 0;
	profile->modules = import->modules;
	profile->modules_len = import->modules_len;
}

/* @gvt: what there is of GVT-g, if it is no parent. */
static int import_device(struct import *import, const char *name, const char *device,
			 enum fake_gvt gvt)
{
	struct replay_recording *recording = import->recording;
	struct fake_gpu_config config = { .gvt = gvt, .address_given = 1 };
	struct fake_gpu_profile *profile = replay_arena_alloc(&recording->arena, sizeof(*profile));
	const struct fake_gpu_profile *base;
	enum fake_parent_kind kind = FAKE_PARENT_PCI;
	const char *driver;
	int ret;

	if (!profile)
		return -ENOMEM;
	if (recording->len == PARENTS_MAX)
		return import_fail(import, device, "more than %d parents", PARENTS_MAX);
	if (strlen(name) >= sizeof(config.name))
		return import_fail(import, device, "its name is too long");
	ret = find_kind(import, device, &kind);
	if (ret)
		return ret;
	driver = import_link_name(import, "%s/driver", device);
	if (!driver)
		driver = import_link_name(import, "%s/subsystem", device);
	if (!driver)
		return import_fail(import, device, "it has neither driver nor subsystem");
	base = find_base(import, device, driver);
	if (base && base->kind != kind)
		return import_fail(import, device, "driver %s has no parents there", driver);
	begin_profile(import, base, name, driver, profile);
	profile->kind = kind;
	config.profile = profile;
	snprintf(config.name, sizeof(config.name), "%s", name);
	ret = kind == FAKE_PARENT_PCI ? import_pci(import, device, profile, &config) : 0;
	if (!ret && gvt == FAKE_GVT_ON)
		find_mdev_driver(import, device, profile);
	if (!ret && gvt == FAKE_GVT_ON)
		ret = import_types(import, device, base, profile, &config);
	if (!ret)
		recording->gpus[recording->len++] = config;
	return ret;
}

/* Why has a GPU with i915 no types? As the modules' parameters tell. */
static enum fake_gvt why_no_types(struct import *import)
{
	const char *gvt = import_text(import, "module/i915/parameters/enable_gvt");
	const char *guc = import_text(import, "module/i915/parameters/enable_guc");

	if (gvt && gvt[0] == 'N')
		return FAKE_GVT_OFF;
	if (guc && strtol(guc, NULL, 10) > 0 && strtol(guc, NULL, 10) & 1)
		return FAKE_GVT_GUC;
	return import_exists(import, "module/kvmgt") ? FAKE_GVT_UNSUPPORTED : FAKE_GVT_NO_MODULE;
}

/* Intel's GPUs that could have been parents: what a manager wants to know the reason of. */
static int import_others(struct import *import)
{
	struct import_names names;
	char link[PATH_SIZE], device[PATH_SIZE];
	int ret = import_list(import, "bus/pci/devices", VGPUS_MAX, &names);

	for (size_t i = 0; !ret && i < names.len; i++) {
		const char *driver;

		if (import_exists(import, "class/mdev_bus/%s", names.names[i]))
			continue;
		driver = import_link_name(import, "bus/pci/devices/%s/driver", names.names[i]);
		if (!driver || strcmp(driver, "i915"))
			continue;
		snprintf(link, sizeof(link), "bus/pci/devices/%.200s", names.names[i]);
		ret = find_device(import, link, device);
		if (!ret)
			ret = import_device(import, names.names[i], device, why_no_types(import));
	}
	return ret == -ENOENT ? 0 : ret;
}

static int import_parents(struct import *import)
{
	struct import_names names;
	char link[PATH_SIZE], device[PATH_SIZE];
	int ret = import_list(import, "class/mdev_bus", PARENTS_MAX, &names);

	for (size_t i = 0; !ret && i < names.len; i++) {
		snprintf(link, sizeof(link), "class/mdev_bus/%.200s", names.names[i]);
		ret = find_device(import, link, device);
		if (!ret)
			ret = import_device(import, names.names[i], device, FAKE_GVT_ON);
	}
	return ret == -ENOENT ? 0 : ret;
}

/* The newest kernel that is played and not newer; the oldest if all are. */
static unsigned int nearest_kernel(const char *release)
{
	unsigned int major, minor, found = fake_kernels[0].version;

	if (!release || sscanf(release, "%3u.%3u", &major, &minor) != 2)
		return 0;
	for (size_t i = 0; i < fake_kernels_len; i++)
		if (fake_kernels[i].version <= FAKE_KERNEL(major, minor))
			found = fake_kernels[i].version;
	return found;
}

int import_tree(struct vgpu_backend *sysfs, const char *file, const char *release,
		struct replay_recording **out, struct vgpu_error *err)
{
	_destroy_(replay_recording) struct replay_recording *recording =
		calloc(1, sizeof(*recording));
	struct import import = { .sysfs = sysfs, .recording = recording, .file = file, .err = err };
	int ret;

	if (!recording)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	recording->kernel = nearest_kernel(release);
	ret = import_modules(&import);
	if (!ret)
		ret = import_parents(&import);
	if (!ret)
		ret = import_others(&import);
	if (!ret && recording->arena.full)
		ret = -ENOMEM;
	if (!ret && !recording->len)
		ret = import_fail(&import, "class/mdev_bus", "no parent of mediated devices");
	if (ret == -ENOMEM)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	if (ret) {
		if (err && !err->kind)
			vgpu_error_set(err, VGPU_ERROR_USAGE, -ret, "%s: %s", file, strerror(-ret));
		return ret;
	}
	*out = steal(recording);
	return 0;
}

const struct fake_gpu_config *replay_recording_gpus(const struct replay_recording *recording,
						    size_t *len)
{
	*len = recording->len;
	return recording->gpus;
}

unsigned int replay_recording_kernel(const struct replay_recording *recording)
{
	return recording->kernel;
}

const char *replay_recording_command_line(const struct replay_recording *recording)
{
	return recording->command_line;
}

const char *replay_recording_kernel_log(const struct replay_recording *recording)
{
	return recording->kernel_log;
}

void replay_recording_destroy(struct replay_recording *recording)
{
	if (!recording)
		return;
	replay_arena_finish(&recording->arena);
	free(recording->command_line);
	free(recording->kernel_log);
	free(recording);
}
