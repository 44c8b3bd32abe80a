/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The profiles there are, and --gpu. A new GPU is a row here and nothing else.
 */

#include <errno.h>
#include <fakesysfs/kernel.h>
#include <fakesysfs/profile.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/nearest.h>

/*
 * GVT-g's types, in the order in which it registers them. V4 and V5 differ in name alone: 4 is
 * Broadwell's, 5 is that of everything later.
 * Source: drivers/gpu/drm/i915/gvt/vgpu.c, vgpu_types[]
 */
#define GVTG_TYPES(v)                                                     \
	{                                                                 \
		{ "GVTg_" v "_8", 64, 384, 4, 2, 1024, 768 },             \
			{ "GVTg_" v "_4", 128, 512, 4, 4, 1920, 1200 },   \
			{ "GVTg_" v "_2", 256, 1024, 4, 8, 1920, 1200 },  \
			{ "GVTg_" v "_1", 512, 2048, 4, 16, 1920, 1200 }, \
	}

static const struct fake_type_profile gvtg_v4[] = GVTG_TYPES("V4");
static const struct fake_type_profile gvtg_v5[] = GVTG_TYPES("V5");

/*
 * What all of GVT-g's parents share. The aperture is the smallest that holds two vGPUs of
 * different types; most firmware sets 256 MiB until told otherwise.
 */
#define GVTG_PARENT                                                                               \
	.model = "i915", .driver = "i915", .mdev_driver = "intel_vgpu_mdev",                      \
	.mdev_module = "kvmgt", .vendor_id = 0x8086, .class_code = 0x030000, .aperture_mib = 512, \
	.ggtt_mib = 4096

const struct fake_gpu_profile fake_gpu_profiles[] = {
	{
		GVTG_PARENT,
		.name = "broadwell",
		.first_kernel = FAKE_KERNEL(4, 10),
		.summary = "Intel HD Graphics 5500 (Broadwell), GVTg_V4",
		.device_id = 0x1616,
		.subsystem_vendor_id = 0x17aa,
		.subsystem_device_id = 0x5034,
		.revision = 0x09,
		.graphics_version = 8,
		.types = gvtg_v4,
		.types_len = VGPU_ARRAY_LEN(gvtg_v4),
	},
	{
		GVTG_PARENT,
		.name = "skylake",
		.first_kernel = FAKE_KERNEL(4, 10),
		.summary = "Intel HD Graphics 530 (Skylake), GVTg_V5",
		.device_id = 0x1912,
		.subsystem_vendor_id = 0x1028,
		.subsystem_device_id = 0x06b9,
		.revision = 0x06,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "kaby-lake",
		.first_kernel = FAKE_KERNEL(4, 13),
		.summary = "Intel HD Graphics 630 (Kaby Lake), GVTg_V5",
		.device_id = 0x5912,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x5912,
		.revision = 0x04,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "coffee-lake",
		.first_kernel = FAKE_KERNEL(5, 1),
		.summary = "Intel UHD Graphics 630 (Coffee Lake), GVTg_V5",
		.device_id = 0x3e92,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x3e92,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "comet-lake",
		.first_kernel = FAKE_KERNEL(5, 1),
		.summary = "Intel UHD Graphics 630 (Comet Lake), GVTg_V5",
		.device_id = 0x9bc5,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x9bc5,
		.revision = 0x05,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
};
const size_t fake_gpu_profiles_len = VGPU_ARRAY_LEN(fake_gpu_profiles);

const struct fake_gpu_profile *fake_gpu_profile_find(const char *name)
{
	for (size_t i = 0; i < fake_gpu_profiles_len; i++)
		if (!strcmp(fake_gpu_profiles[i].name, name))
			return &fake_gpu_profiles[i];
	return NULL;
}

/* Parses "512M", "1G", "512" or "1024MiB". Returns MiB; 0 if it is no size of that kind. */
static uint32_t parse_mib(const char *text)
{
	static const struct {
		const char *suffix;
		unsigned long mib;
	} units[] = { { "", 1 },     { "M", 1 },     { "MB", 1 },    { "MiB", 1 },
		      { "G", 1024 }, { "GB", 1024 }, { "GiB", 1024 } };
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || number > 1 << 20)
		return 0;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(units); i++)
		if (!strcasecmp(end, units[i].suffix))
			return (uint32_t)(number * units[i].mib);
	return 0;
}

static int parse_size(const char *name, const char *value, uint32_t min, uint32_t *out,
		      struct vgpu_error *err)
{
	uint32_t mib = parse_mib(value);

	if (mib < min || mib > 4096 || (mib & (mib - 1))) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
			       "--gpu: %s=%s is not a size that this hardware can have", name,
			       value);
		vgpu_error_hint(err, "%s is a power of two from %uM to 4096M", name, min);
		return -EINVAL;
	}
	*out = mib;
	return 0;
}

static int parse_aperture(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	return parse_size("aperture", value, 128, &config->aperture_mib, err);
}

static int parse_ggtt(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	return parse_size("ggtt", value, 1024, &config->ggtt_mib, err);
}

static int parse_address(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	if (vgpu_pci_address_parse(value, &config->address)) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: '%s' is not a PCI address",
			       value);
		vgpu_error_hint(err, "an address looks like 0000:00:02.0");
		return -EINVAL;
	}
	config->address_given = 1;
	return 0;
}

static int parse_gvt(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	static const char *const names[] = {
		[FAKE_GVT_ON] = "on",
		[FAKE_GVT_OFF] = "off",
		[FAKE_GVT_UNSUPPORTED] = "unsupported",
		[FAKE_GVT_GUC] = "guc",
		[FAKE_GVT_NO_MODULE] = "no-module",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++) {
		if (strcmp(names[i], value))
			continue;
		config->gvt = (enum fake_gvt)i;
		return 0;
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: gvt=%s is not known", value);
	vgpu_error_hint(err, "gvt is on, off, unsupported, guc or no-module");
	return -EINVAL;
}

static const struct {
	const char *name;
	int (*parse)(struct fake_gpu_config *config, const char *value, struct vgpu_error *err);
} properties[] = {
	{ "aperture", parse_aperture },
	{ "ggtt", parse_ggtt },
	{ "address", parse_address },
	{ "gvt", parse_gvt },
};

static int parse_property(struct fake_gpu_config *config, char *text, struct vgpu_error *err)
{
	struct vgpu_nearest nearest = { .wanted = text };
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < VGPU_ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].name, text)) {
			vgpu_nearest_offer(&nearest, properties[i].name);
			continue;
		}
		if (value && *value)
			return properties[i].parse(config, value, err);
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: %s needs a value",
				      text);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: unknown property '%s'", text);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean '%s'?", nearest.name);
	else
		vgpu_error_hint(err, "there are aperture=, ggtt=, address= and gvt=");
	return -EINVAL;
}

static const struct fake_gpu_profile *find_profile(const char *name, struct vgpu_error *err)
{
	const struct fake_gpu_profile *profile = fake_gpu_profile_find(name);
	struct vgpu_nearest nearest = { .wanted = name };

	if (profile)
		return profile;
	for (size_t i = 0; i < fake_gpu_profiles_len; i++)
		vgpu_nearest_offer(&nearest, fake_gpu_profiles[i].name);
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: no profile is called '%s'", name);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean '%s'? `vgpulab fake profiles` lists them all",
				nearest.name);
	else
		vgpu_error_hint(err, "`vgpulab fake profiles` lists them all");
	return NULL;
}

int fake_gpu_config_parse(const char *text, struct fake_gpu_config *out, struct vgpu_error *err)
{
	struct fake_gpu_config config = { 0 };
	_autofree_ char *copy = strdup(text);
	char *rest = copy, *part;

	if (!copy)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "--gpu: out of memory");
	part = strsep(&rest, ",");
	config.profile = find_profile(part, err);
	if (!config.profile)
		return -EINVAL;
	config.aperture_mib = config.profile->aperture_mib;
	config.ggtt_mib = config.profile->ggtt_mib;
	while ((part = strsep(&rest, ",")))
		if (parse_property(&config, part, err))
			return -EINVAL;
	*out = config;
	return 0;
}
