/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fakesysfs/profile.h>
#include <string.h>
#include <vgpulab/cleanup.h>

static const char *const names[] = {
	[FAKE_SCANOUT_RIGHT] = "none",
	[FAKE_SCANOUT_BLANK] = "blank",
	[FAKE_SCANOUT_STALE] = "stale",
	[FAKE_SCANOUT_TORN] = "torn",
	[FAKE_SCANOUT_CURSOR_MISSING] = "cursor-missing",
	[FAKE_SCANOUT_CURSOR_OFFSET] = "cursor-offset",
	[FAKE_SCANOUT_RB_SWAP] = "rb-swap",
	[FAKE_SCANOUT_CHANNELS] = "channels",
	[FAKE_SCANOUT_VERTICAL_FLIP] = "vertical-flip",
	[FAKE_SCANOUT_HORIZONTAL_FLIP] = "horizontal-flip",
	[FAKE_SCANOUT_ROTATED] = "rotated",
	[FAKE_SCANOUT_LIMITED_RANGE] = "limited-range",
	[FAKE_SCANOUT_DEPTH] = "depth",
	[FAKE_SCANOUT_STRIDE] = "stride",
	[FAKE_SCANOUT_TILING] = "tiling",
	[FAKE_SCANOUT_SHIFT] = "shift",
	[FAKE_SCANOUT_CROPPED] = "cropped",
	[FAKE_SCANOUT_SCALED] = "scaled",
	[FAKE_SCANOUT_OFF] = "off",
};

const char *fake_scanout_fault_name(enum fake_scanout_fault fault)
{
	return names[fault];
}

int fake_scanout_fault_parse(const char *name, enum fake_scanout_fault *out)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++) {
		if (strcmp(names[i], name))
			continue;
		*out = (enum fake_scanout_fault)i;
		return 0;
	}
	return -EINVAL;
}
