/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/mdev-type.h>

/* Decimal digits only. Returns the text behind them, or NULL if there are none or too many. */
static const char *take_number(const char *text, uint32_t *value)
{
	uint64_t sum = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		sum = sum * 10 + (uint64_t)(*at - '0');
		if (sum > UINT32_MAX)
			return NULL;
	}
	*value = (uint32_t)sum;
	return at > text ? at : NULL;
}

static bool at_line_end(const char *text)
{
	return text && (*text == '\n' || !*text);
}

static void parse_mib(const char *text, uint32_t *mib)
{
	uint32_t value;
	const char *at = take_number(text, &value);

	if (at && !strncmp(at, "MB", 2) && at_line_end(at + 2))
		*mib = value;
}

static void parse_low(const char *text, struct vgpu_mdev_type *type)
{
	parse_mib(text, &type->low_gm_mib);
}

static void parse_high(const char *text, struct vgpu_mdev_type *type)
{
	parse_mib(text, &type->high_gm_mib);
}

static void parse_fences(const char *text, struct vgpu_mdev_type *type)
{
	uint32_t value;

	if (at_line_end(take_number(text, &value)))
		type->fences = value;
}

static void parse_weight(const char *text, struct vgpu_mdev_type *type)
{
	uint32_t value;

	if (at_line_end(take_number(text, &value)))
		type->weight = value;
}

static void parse_resolution(const char *text, struct vgpu_mdev_type *type)
{
	uint32_t xres, yres;
	const char *at = take_number(text, &xres);

	if (at && *at == 'x' && at_line_end(take_number(at + 1, &yres))) {
		type->xres_px = xres;
		type->yres_px = yres;
	}
}

static const struct {
	const char *key;
	void (*parse)(const char *text, struct vgpu_mdev_type *type);
} lines[] = {
	{ "low_gm_size: ", parse_low }, { "high_gm_size: ", parse_high },
	{ "fence: ", parse_fences },	{ "resolution: ", parse_resolution },
	{ "weight: ", parse_weight },
};

void vgpu_mdev_type_parse_description(struct vgpu_mdev_type *type)
{
	const char *line = type->description;

	while (line) {
		for (size_t i = 0; i < VGPU_ARRAY_LEN(lines); i++) {
			size_t len = strlen(lines[i].key);

			if (!strncmp(line, lines[i].key, len))
				lines[i].parse(line + len, type);
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

bool vgpu_mdev_type_id_is(const char *id, const char *wanted)
{
	const char *dash = strchr(id, '-');

	return !strcmp(id, wanted) || (dash && !strcmp(dash + 1, wanted));
}

bool vgpu_mdev_type_is(const struct vgpu_mdev_type *type, const char *wanted)
{
	return vgpu_mdev_type_id_is(type->id, wanted);
}
