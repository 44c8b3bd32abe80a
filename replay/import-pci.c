/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PCI function that was recorded, and the modules around it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

enum { ATTRIBUTES_MAX = 128, PARAMETERS_MAX = 256, MODULES_MAX = 64, GGC = 0x50 };

/* "0x8086\n" into *@out, which stays as it is if there is no such file. 0, or -EINVAL. */
static int read_number(struct import *import, const char *device, const char *name,
		       unsigned long max, unsigned long *out)
{
	const char *text = import_text(import, "%s/%s", device, name);
	char path[PATH_SIZE], *end;
	unsigned long number;

	if (!text)
		return 0;
	snprintf(path, sizeof(path), "%.300s/%s", device, name);
	errno = 0;
	number = strtoul(text, &end, 16);
	if (errno || end == text || *text == '-' || strcspn(end, "\n") || number > max)
		return import_fail(
			import, path, "'%.40s' is no number up to 0x%lx",
			replay_arena_copy(&import->recording->arena, text, strcspn(text, "\n")),
			max);
	*out = number;
	return 0;
}

static int read_identity(struct import *import, const char *device,
			 struct fake_gpu_profile *profile)
{
	unsigned long vendor = 0, id = 0, class = 0, sub_vendor = 0, sub_device = 0, revision = 0;
	const struct {
		const char *name;
		unsigned long max, *out;
		bool needed;
	} numbers[] = {
		{ "vendor", 0xffff, &vendor, true },
		{ "device", 0xffff, &id, true },
		{ "class", 0xffffff, &class, true },
		{ "subsystem_vendor", 0xffff, &sub_vendor, false },
		{ "subsystem_device", 0xffff, &sub_device, false },
		{ "revision", 0xff, &revision, false },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(numbers); i++) {
		int ret = read_number(import, device, numbers[i].name, numbers[i].max,
				      numbers[i].out);

		if (ret)
			return ret;
		if (numbers[i].needed && !*numbers[i].out)
			return import_fail(import, device, "no attribute '%s'", numbers[i].name);
	}
	profile->vendor_id = (uint16_t)vendor;
	profile->device_id = (uint16_t)id;
	profile->class_code = (uint32_t) class;
	profile->subsystem_vendor_id = (uint16_t)sub_vendor;
	profile->subsystem_device_id = (uint16_t)sub_device;
	profile->revision = (uint8_t)revision;
	return 0;
}

/* "START END FLAGS" a line, the first seven. Source: Documentation/PCI/sysfs-pci.rst */
static int read_resources(struct import *import, const char *device,
			  struct fake_pci_recorded *recorded)
{
	const char *text = import_text(import, "%s/resource", device);
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%.300s/resource", device);
	for (size_t i = 0; text && *text && i < FAKE_PCI_RESOURCES; i++) {
		unsigned long long start, end, flags;

		if (sscanf(text, "0x%16llx 0x%16llx 0x%16llx", &start, &end, &flags) != 3 ||
		    end < start || end - start >= UINT64_C(1) << 40)
			return import_fail(import, path, "line %zu is not START END FLAGS", i + 1);
		recorded->resources[i] = (struct fake_pci_resource){
			.start = start,
			.len = flags ? end - start + 1 : 0,
			.flags = flags,
		};
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

/* A user sees the first 64 bytes; the rest is then zero. */
static int read_config(struct import *import, const char *device,
		       struct fake_pci_recorded *recorded)
{
	char bytes[TEXT_SIZE], path[PATH_SIZE];
	ssize_t len = import_bytes(import, bytes, "%s/config", device);
	uint8_t *config;

	snprintf(path, sizeof(path), "%.300s/config", device);
	if (len < 0)
		return 0;
	if (len != 64 && len != 256 && len != 4096)
		return import_fail(import, path, "%zd bytes: it has 64, 256 or 4096", len);
	recorded->config_len = len < 256 ? 256 : (size_t)len;
	config = replay_arena_alloc(&import->recording->arena, recorded->config_len);
	if (!config)
		return -ENOMEM;
	memcpy(config, bytes, (size_t)len);
	recorded->config = config;
	return 0;
}

/* All files that are short texts. */
static int read_attributes(struct import *import, const char *path, size_t max,
			   const struct fake_attribute_text **out, size_t *out_len)
{
	struct import_names names;
	struct fake_attribute_text *texts;
	size_t len = 0;
	int ret = import_list(import, path, max, &names);

	if (ret)
		return ret == -ENOENT || ret == -ENOTDIR ? 0 : ret;
	texts = replay_arena_alloc(&import->recording->arena, names.len * sizeof(*texts));
	for (size_t i = 0; texts && i < names.len; i++) {
		const char *text = import_text(import, "%s/%s", path, names.names[i]);

		if (text)
			texts[len++] = (struct fake_attribute_text){ (char *)names.names[i],
								     (char *)text };
	}
	*out = texts;
	*out_len = len;
	return texts ? 0 : -ENOMEM;
}

int import_pci(struct import *import, const char *path, struct fake_gpu_profile *profile,
	       struct fake_gpu_config *config)
{
	struct fake_pci_recorded *recorded =
		replay_arena_alloc(&import->recording->arena, sizeof(*recorded));
	int ret;

	if (!recorded)
		return -ENOMEM;
	if (vgpu_pci_address_parse(config->name, &config->address))
		return import_fail(import, path, "'%s' is no PCI address", config->name);
	ret = read_identity(import, path, profile);
	if (!ret)
		ret = read_resources(import, path, recorded);
	if (!ret)
		ret = read_config(import, path, recorded);
	if (!ret)
		ret = read_attributes(import, path, ATTRIBUTES_MAX + VGPUS_MAX,
				      &recorded->attributes, &recorded->attributes_len);
	if (ret)
		return ret;
	profile->drm = import_exists(import, "%s/drm", path);
	/* without these it is like its kind */
	if (recorded->config)
		profile->recorded = recorded;
	config->aperture_mib = recorded->resources[2].len
				       ? (uint32_t)(recorded->resources[2].len >> 20)
				       : profile->aperture_mib;
	config->ggtt_mib = profile->ggtt_mib;
	if (recorded->config && recorded->config_len > GGC && recorded->config[GGC] >> 6)
		config->ggtt_mib = 512U << (recorded->config[GGC] >> 6);
	return 0;
}

static int import_module(struct import *import, const char *name,
			 struct fake_recorded_module *module)
{
	char path[PATH_SIZE];

	*module = (struct fake_recorded_module){
		.name = name,
		.coresize = import_text(import, "module/%s/coresize", name),
		.version = import_text(import, "module/%s/version", name),
		.srcversion = import_text(import, "module/%s/srcversion", name),
		.taint = import_text(import, "module/%s/taint", name),
	};
	if (!module->coresize)
		module->coresize = "16384\n";
	snprintf(path, sizeof(path), "module/%.200s/parameters", name);
	return read_attributes(import, path, PARAMETERS_MAX, &module->parameters,
			       &module->parameters_len);
}

int import_modules(struct import *import)
{
	struct fake_recorded_module *modules;
	struct import_names names;
	int ret = import_list(import, "module", 4096, &names);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (names.len > MODULES_MAX)
		names.len = MODULES_MAX;
	modules = replay_arena_alloc(&import->recording->arena, names.len * sizeof(*modules));
	if (!modules)
		return -ENOMEM;
	for (size_t i = 0; i < names.len && !ret; i++)
		ret = import_module(import, names.names[i], &modules[i]);
	import->modules = modules;
	import->modules_len = names.len;
	return ret;
}
