/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --gpu: a profile, and what the user changes of it.
 */

#include <errno.h>
#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/nearest.h>
#include <vgpulab/number.h>

#include "parents.h"

enum { UNITS_MAX = 65535 };

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
	const char *example;

	if (!fake_parent_parse_address(config, value, &example))
		return 0;
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: '%s' is no address of %s", value,
		       config->profile->name);
	vgpu_error_hint(err, "an address looks like %s", example);
	return -EINVAL;
}

/* Which of the names, NULL behind the last, @value is; or -EINVAL, and @hint for the user. */
static int parse_name(const char *property, const char *value, const char *const *names,
		      const char *hint, struct vgpu_error *err)
{
	for (int i = 0; names[i]; i++) {
		if (!strcmp(names[i], value))
			return i;
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: %s=%s is not known", property, value);
	vgpu_error_hint(err, "%s is %s", property, hint);
	return -EINVAL;
}

static int parse_gvt(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	static const char *const names[] = {
		[FAKE_GVT_ON] = "on",
		[FAKE_GVT_OFF] = "off",
		[FAKE_GVT_UNSUPPORTED] = "unsupported",
		[FAKE_GVT_GUC] = "guc",
		[FAKE_GVT_NO_MODULE] = "no-module",
		[FAKE_GVT_NO_MODULE + 1] = NULL,
	};
	int i = parse_name("gvt", value, names, "on, off, unsupported, guc or no-module", err);

	if (i >= 0)
		config->gvt = (enum fake_gvt)i;
	return i < 0 ? i : 0;
}

static int parse_mappable(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	static const char *const names[] = { "no", "yes", NULL };
	int i = parse_name("mappable", value, names, "yes or no", err);

	if (i >= 0)
		config->mappable = i;
	return i < 0 ? i : 0;
}

static int parse_output(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	static const char *const names[] = {
		[FAKE_OUTPUT_HDMI] = "hdmi",
		[FAKE_OUTPUT_DP] = "dp",
		[FAKE_OUTPUT_DP + 1] = NULL,
	};
	int i = parse_name("output", value, names, "hdmi or dp", err);

	if (i >= 0)
		config->output = (enum fake_output)i;
	return i < 0 ? i : 0;
}

static int parse_display(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	static const char *const names[] = {
		[FAKE_DISPLAY_REGION] = "region",
		[FAKE_DISPLAY_DMABUF] = "dmabuf",
		[FAKE_DISPLAY_AUTO] = "auto",
		[FAKE_DISPLAY_AUTO + 1] = NULL,
	};
	int i = parse_name("display", value, names, "region, dmabuf or auto", err);

	if (i >= 0)
		config->display = (enum fake_display)i;
	return i < 0 ? i : 0;
}

static int parse_count(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	uint64_t count;

	if (vgpu_number_parse(value, 1, UNITS_MAX, &count)) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: count=%s is no count", value);
		vgpu_error_hint(err, "a count is a number from 1 to %d", UNITS_MAX);
		return -EINVAL;
	}
	config->units = (uint32_t)count;
	return 0;
}

static int parse_scanout(struct fake_gpu_config *config, const char *value, struct vgpu_error *err)
{
	char names[256];
	size_t len = 0;

	if (!fake_scanout_fault_parse(value, &config->scanout))
		return 0;
	for (int i = FAKE_SCANOUT_RIGHT; i <= FAKE_SCANOUT_OFF && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
					fake_scanout_fault_name((enum fake_scanout_fault)i));
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: scanout=%s is not known", value);
	vgpu_error_hint(err, "what is: %s", names);
	return -EINVAL;
}

/* Who has the property? */

static bool has_gvtg(const struct fake_gpu_profile *profile)
{
	return profile->capacity == FAKE_CAPACITY_GVTG;
}

static bool has_count(const struct fake_gpu_profile *profile)
{
	return profile->units_parameter != NULL;
}

static const struct {
	const char *name;
	int (*parse)(struct fake_gpu_config *config, const char *value, struct vgpu_error *err);
	bool (*has)(const struct fake_gpu_profile *profile);
} properties[] = {
	{ "aperture", parse_aperture, has_gvtg },
	{ "ggtt", parse_ggtt, has_gvtg },
	{ "address", parse_address, fake_parent_has_address },
	{ "gvt", parse_gvt, has_gvtg },
	{ "count", parse_count, has_count },
	{ "scanout", parse_scanout, has_gvtg },
	{ "mappable", parse_mappable, has_gvtg },
	{ "output", parse_output, has_gvtg },
	{ "display", parse_display, has_gvtg },
};

/* Names those that this profile has. */
static int refuse_property(const struct fake_gpu_profile *profile, const char *name,
			   struct vgpu_error *err)
{
	struct vgpu_nearest nearest = { .wanted = name };
	char names[96] = "";

	for (size_t i = 0; i < VGPU_ARRAY_LEN(properties); i++) {
		size_t len = strlen(names);

		if (!properties[i].has(profile))
			continue;
		vgpu_nearest_offer(&nearest, properties[i].name);
		snprintf(names + len, sizeof(names) - len, "%s%s=", len ? ", " : "",
			 properties[i].name);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: %s has no property '%s'",
		       profile->name, name);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean '%s'?", nearest.name);
	else if (names[0])
		vgpu_error_hint(err, "it has %s", names);
	else
		vgpu_error_hint(err, "it has none");
	return -EINVAL;
}

static int parse_property(struct fake_gpu_config *config, char *text, struct vgpu_error *err)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < VGPU_ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].name, text) || !properties[i].has(config->profile))
			continue;
		if (value && *value)
			return properties[i].parse(config, value, err);
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--gpu: %s needs a value",
				      text);
	}
	return refuse_property(config->profile, text, err);
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
	config.units = config.profile->units;
	while ((part = strsep(&rest, ",")))
		if (parse_property(&config, part, err))
			return -EINVAL;
	*out = config;
	return 0;
}
