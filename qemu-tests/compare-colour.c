/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compare-trial.h"

#include <stdlib.h>

/* Is @actual what this fault makes of @expected? */
typedef bool pixel_fn(uint32_t expected, uint32_t actual);

/* Does the fault explain (nearly) all pixels, each on its own? Few samples tell most cases. */
static bool explains(const struct qt_trial *trial, pixel_fn *fits)
{
	size_t pixels = (size_t)trial->actual->width_px * trial->actual->height_px;
	size_t sampled = 0, hits = 0;

	for (size_t i = 0; i < pixels; i += 61) {
		sampled++;
		hits += fits(trial->expected->xrgb[i], trial->actual->xrgb[i]);
	}
	if ((double)hits < QT_EXPLAINED * (double)sampled)
		return false;
	hits = 0;
	for (size_t i = 0; i < pixels; i++)
		hits += fits(trial->expected->xrgb[i], trial->actual->xrgb[i]);
	return (double)hits >= QT_EXPLAINED * (double)pixels;
}

static bool fits_rb_swap(uint32_t expected, uint32_t actual)
{
	return actual == ((expected & 0xff) << 16 | (expected & 0xff00) | (expected >> 16 & 0xff));
}

bool qt_is_rb_swap(struct qt_trial *trial)
{
	return explains(trial, fits_rb_swap);
}

static bool fits_grb(uint32_t expected, uint32_t actual)
{
	return actual == ((expected & 0xff00) << 8 | (expected >> 8 & 0xff00) | (expected & 0xff));
}

static bool fits_rbg(uint32_t expected, uint32_t actual)
{
	return actual == ((expected & 0xff0000) | (expected & 0xff) << 8 | (expected >> 8 & 0xff));
}

static bool fits_gbr(uint32_t expected, uint32_t actual)
{
	return actual == ((expected << 8 & 0xffff00) | expected >> 16);
}

static bool fits_brg(uint32_t expected, uint32_t actual)
{
	return actual == ((expected & 0xff) << 16 | expected >> 8);
}

/* One byte too late or too early: the unused byte X comes in, whatever it holds. */
static bool fits_byte_left(uint32_t expected, uint32_t actual)
{
	return actual >> 8 == (expected & 0xffff);
}

static bool fits_byte_right(uint32_t expected, uint32_t actual)
{
	return (actual & 0xffff) == expected >> 8;
}

bool qt_is_channels(struct qt_trial *trial)
{
	static const struct {
		pixel_fn *fits;
		const char *what;
	} orders[] = {
		{ fits_grb, "red and green exchanged" },
		{ fits_rbg, "green and blue exchanged" },
		{ fits_gbr, "shown as GBR" },
		{ fits_brg, "shown as BRG" },
		{ fits_byte_left, "bytes read one place too low" },
		{ fits_byte_right, "bytes read one place too high" },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (explains(trial, orders[i].fits)) {
			qt_trial_say(trial, "%s", orders[i].what);
			return true;
		}
	return false;
}

static int channel(uint32_t px, int shift)
{
	return (int)(px >> shift & 0xff);
}

static bool fits_squeezed(uint32_t expected, uint32_t actual)
{
	for (int shift = 0; shift < 24; shift += 8)
		if (abs(channel(actual, shift) - (16 + channel(expected, shift) * 219 / 255)) > 1)
			return false;
	return true;
}

static bool fits_stretched(uint32_t expected, uint32_t actual)
{
	for (int shift = 0; shift < 24; shift += 8) {
		int level = (channel(expected, shift) - 16) * 255 / 219;

		level = level < 0 ? 0 : level > 255 ? 255 : level;
		if (abs(channel(actual, shift) - level) > 1)
			return false;
	}
	return true;
}

bool qt_is_limited_range(struct qt_trial *trial)
{
	if (explains(trial, fits_squeezed))
		qt_trial_say(trial, "black is 16, white is 235");
	else if (explains(trial, fits_stretched))
		qt_trial_say(trial, "levels 16..235 are stretched to 0..255");
	else
		return false;
	return true;
}

static bool fits_565(uint32_t expected, uint32_t actual)
{
	return !((expected ^ actual) & 0xf8fcf8);
}

static bool fits_444(uint32_t expected, uint32_t actual)
{
	return !((expected ^ actual) & 0xf0f0f0);
}

/*
 * Each low bit that survives must be wrong now and then all over the picture: a small patch of
 * slightly different pixels is no loss of depth.
 */
bool qt_is_depth(struct qt_trial *trial)
{
	size_t pixels = (size_t)trial->actual->width_px * trial->actual->height_px, differing = 0;

	for (size_t i = 0; i < pixels; i++)
		differing += trial->expected->xrgb[i] != trial->actual->xrgb[i];
	if (differing < pixels / 4)
		return false;
	if (explains(trial, fits_565))
		qt_trial_say(trial, "only 5, 6 and 5 bits of red, green and blue are right");
	else if (explains(trial, fits_444))
		qt_trial_say(trial, "only 4 bits a channel are right");
	else
		return false;
	return true;
}
