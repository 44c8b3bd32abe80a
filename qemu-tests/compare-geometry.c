/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults that move pixels. Each is a mapping: which pixel of the card stands at x, y of the picture.
 * What the card does not define (padding, memory behind it) may look like anything.
 */
#include "compare-trial.h"

#include <string.h>

/* Too little of a picture explained is no explanation. */
#define DEFINED_MIN 0.25

struct mapping;
/* The card's pixel that stands at @x, @y; false: the card does not say. */
typedef bool map_fn(const struct mapping *mapping, uint32_t x, uint32_t y, uint32_t *card_x,
		    uint32_t *card_y);

struct mapping {
	map_fn *map;
	uint32_t width, height; /* of card and picture */
	int64_t a, b; /* what the mapping makes of them */
};

/* Share of the judged pixels that agree, looking at one in @step of them; 0 if too few are. */
static double share(const struct qt_trial *trial, const struct mapping *mapping, uint32_t step)
{
	uint64_t looked = 0, defined = 0, hits = 0;
	uint32_t width = mapping->width;

	for (uint64_t i = 0, n = (uint64_t)width * mapping->height; i < n; i += step) {
		uint32_t x = (uint32_t)(i % width), y = (uint32_t)(i / width), card_x, card_y;

		looked++;
		if (!mapping->map(mapping, x, y, &card_x, &card_y))
			continue;
		defined++;
		hits += trial->actual->xrgb[i] ==
			trial->expected->xrgb[(size_t)card_y * width + card_x];
	}
	if ((double)defined < DEFINED_MIN * (double)looked)
		return 0;
	return (double)hits / (double)defined;
}

static bool explains(const struct qt_trial *trial, const struct mapping *mapping)
{
	return share(trial, mapping, 997) >= 0.9 && share(trial, mapping, 1) >= QT_EXPLAINED;
}

static struct mapping mapping_of(const struct qt_trial *trial, map_fn *map, int64_t a, int64_t b)
{
	return (struct mapping){ map, trial->expected->width_px, trial->expected->height_px, a, b };
}

/* a: mirror left to right; b: mirror top to bottom */
static bool map_mirrored(const struct mapping *mapping, uint32_t x, uint32_t y, uint32_t *card_x,
			 uint32_t *card_y)
{
	*card_x = mapping->a ? mapping->width - 1 - x : x;
	*card_y = mapping->b ? mapping->height - 1 - y : y;
	return true;
}

bool qt_is_vertical_flip(struct qt_trial *trial)
{
	struct mapping mapping = mapping_of(trial, map_mirrored, false, true);

	return explains(trial, &mapping);
}

bool qt_is_horizontal_flip(struct qt_trial *trial)
{
	struct mapping mapping = mapping_of(trial, map_mirrored, true, false);

	return explains(trial, &mapping);
}

bool qt_is_rotated(struct qt_trial *trial)
{
	struct mapping mapping = mapping_of(trial, map_mirrored, true, true);

	return explains(trial, &mapping);
}

/* a: pixels from one line to the next as drawn; b: as shown */
static bool map_stride(const struct mapping *mapping, uint32_t x, uint32_t y, uint32_t *card_x,
		       uint32_t *card_y)
{
	uint64_t at = (uint64_t)y * (uint64_t)mapping->b + x;

	*card_y = (uint32_t)(at / (uint64_t)mapping->a);
	*card_x = (uint32_t)(at % (uint64_t)mapping->a);
	return *card_x < mapping->width && *card_y < mapping->height;
}

/* Both must agree on a line or two before the whole picture is worth looking at. */
static bool stride_is_likely(const struct qt_trial *trial, const struct mapping *mapping)
{
	uint32_t width = mapping->width, defined = 0, hits = 0;

	for (uint32_t y = 1; y < mapping->height && y < 60; y += 7)
		for (uint32_t x = 3; x < width; x += 1 + width / 16) {
			uint32_t card_x, card_y;

			if (!mapping->map(mapping, x, y, &card_x, &card_y))
				continue;
			defined++;
			hits += trial->actual->xrgb[(size_t)y * width + x] ==
				trial->expected->xrgb[(size_t)card_y * width + card_x];
		}
	return defined > 16 && hits * 10 >= defined * 9;
}

bool qt_is_stride(struct qt_trial *trial)
{
	int64_t width = trial->expected->width_px;
	/* lines are padded to 64 bytes in linear memory, to whole tiles in tiled memory */
	const int64_t strides[] = { width, (width + 15) & ~15, (width + 127) & ~127 };

	for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++)
		for (int64_t off = 1; off < width; off++)
			for (int which = 0; which < 4; which++) {
				int64_t wrong = strides[i] + (which & 1 ? -off : off);
				struct mapping mapping =
					which & 2
						? mapping_of(trial, map_stride, wrong, strides[i])
						: mapping_of(trial, map_stride, strides[i], wrong);

				if (wrong < 1 || !stride_is_likely(trial, &mapping) ||
				    !explains(trial, &mapping))
					continue;
				qt_trial_say(trial,
					     "lines written %lld px apart are read %lld px apart: "
					     "off by %lld px",
					     (long long)mapping.a, (long long)mapping.b,
					     (long long)off);
				return true;
			}
	return false;
}

enum tiling { LINEAR, X_TILED, Y_TILED, TILINGS_LEN };
static const char *const tiling_names[TILINGS_LEN] = { "linear", "X-tiled", "Y-tiled" };

/* Source: Intel PRM, Memory Views: 4 KiB tiles of 512 bytes x 8 lines (X), 128 x 32 (Y) */
static uint64_t tiled_offset(enum tiling tiling, uint32_t x_bytes, uint32_t y, uint32_t stride)
{
	switch (tiling) {
	case X_TILED:
		return ((uint64_t)(y / 8) * (stride / 512) + x_bytes / 512) * 4096 + y % 8 * 512 +
		       x_bytes % 512;
	case Y_TILED:
		return ((uint64_t)(y / 32) * (stride / 128) + x_bytes / 128) * 4096 +
		       x_bytes % 128 / 16 * 512 + y % 32 * 16 + x_bytes % 16;
	default:
		return (uint64_t)y * stride + x_bytes;
	}
}

static void untiled_place(enum tiling tiling, uint64_t offset, uint32_t stride, uint32_t *x_bytes,
			  uint32_t *y)
{
	uint32_t tile = (uint32_t)(offset / 4096), in = (uint32_t)(offset % 4096);

	switch (tiling) {
	case X_TILED:
		*x_bytes = tile % (stride / 512) * 512 + in % 512;
		*y = tile / (stride / 512) * 8 + in / 512;
		break;
	case Y_TILED:
		*x_bytes = tile % (stride / 128) * 128 + in / 512 * 16 + in % 16;
		*y = tile / (stride / 128) * 32 + in % 512 / 16;
		break;
	default:
		*x_bytes = (uint32_t)(offset % stride);
		*y = (uint32_t)(offset / stride);
	}
}

/* a: tiling as drawn; b: tiling as shown */
static bool map_tiling(const struct mapping *mapping, uint32_t x, uint32_t y, uint32_t *card_x,
		       uint32_t *card_y)
{
	uint32_t stride = (mapping->width * 4 + 511) & ~511u, x_bytes;

	untiled_place((enum tiling)mapping->a,
		      tiled_offset((enum tiling)mapping->b, x * 4, y, stride), stride, &x_bytes,
		      card_y);
	*card_x = x_bytes / 4;
	return *card_x < mapping->width && *card_y < mapping->height;
}

bool qt_is_tiling(struct qt_trial *trial)
{
	for (int drawn = 0; drawn < TILINGS_LEN; drawn++)
		for (int shown = 0; shown < TILINGS_LEN; shown++) {
			struct mapping mapping = mapping_of(trial, map_tiling, drawn, shown);

			if (drawn == shown || !explains(trial, &mapping))
				continue;
			qt_trial_say(trial, "%s memory is read as if it were %s",
				     tiling_names[drawn], tiling_names[shown]);
			return true;
		}
	return false;
}

/* a: px to the right; b: px down */
static bool map_shift(const struct mapping *mapping, uint32_t x, uint32_t y, uint32_t *card_x,
		      uint32_t *card_y)
{
	int64_t from_x = x - mapping->a, from_y = y - mapping->b;

	if (from_x < 0 || from_y < 0 || from_x >= mapping->width || from_y >= mapping->height)
		return false;
	*card_x = (uint32_t)from_x;
	*card_y = (uint32_t)from_y;
	return true;
}

enum { RUN_PX = 64 };

/* Looks for a run of the picture's pixels everywhere in the card. */
static bool find_shift(struct qt_trial *trial, uint32_t x, uint32_t y)
{
	const struct qt_image *card = trial->expected;
	const uint32_t *run = trial->actual->xrgb + (size_t)y * card->width_px + x;
	unsigned int finds = 0;

	for (uint32_t from_y = 0; from_y < card->height_px; from_y++)
		for (uint32_t from_x = 0; from_x + RUN_PX <= card->width_px; from_x++) {
			const uint32_t *at = card->xrgb + (size_t)from_y * card->width_px + from_x;
			struct mapping mapping;

			if (at[0] != run[0] || memcmp(at, run, RUN_PX * sizeof(*run)))
				continue;
			mapping = mapping_of(trial, map_shift, (int64_t)x - from_x,
					     (int64_t)y - from_y);
			if ((mapping.a || mapping.b) && explains(trial, &mapping)) {
				qt_trial_say(trial, "%lld px right, %lld px down",
					     (long long)mapping.a, (long long)mapping.b);
				return true;
			}
			if (++finds == 64)
				return false;
		}
	return false;
}

bool qt_is_shift(struct qt_trial *trial)
{
	uint32_t width = trial->actual->width_px, height = trial->actual->height_px;

	if (width < 2 * RUN_PX)
		return false;
	/* the middle of the edges first: a large shift leaves little else of the card */
	for (uint32_t row = 1; row < 8; row++)
		for (uint32_t column = 0; column < 3; column++)
			if (find_shift(trial, (width - RUN_PX) * (column * 4 + 1) / 10,
				       height * row / 8))
				return true;
	return false;
}

bool qt_is_cropped(struct qt_trial *trial)
{
	const struct qt_image *expected = trial->expected, *actual = trial->actual;
	uint32_t width =
		expected->width_px < actual->width_px ? expected->width_px : actual->width_px;
	uint32_t height =
		expected->height_px < actual->height_px ? expected->height_px : actual->height_px;
	uint64_t hits = 0;

	if (trial->same_size)
		return false;
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			hits += expected->xrgb[(size_t)y * expected->width_px + x] ==
				actual->xrgb[(size_t)y * actual->width_px + x];
	if ((double)hits < QT_EXPLAINED * width * height)
		return false;
	qt_trial_say(trial, "%ux%u instead of %ux%u", actual->width_px, actual->height_px,
		     expected->width_px, expected->height_px);
	return true;
}
