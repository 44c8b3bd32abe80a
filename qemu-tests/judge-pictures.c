/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other people's programs show, and how it may be wrong. */
#include "judges.h"

#include "compare.h"
#include "guest-drivers.h"
#include "image.h"

#include <stdlib.h>
#include <vgpulab/cleanup.h>

#define PANEL_HEIGHT_PX 32

/* Source: libdrm, tests/util/pattern.c, colours of fill_smpte_rgb32() */
bool qt_judge_sees_bars(const struct qt_image *image)
{
	static const uint32_t bars[] = { 0xc0c0c0, 0xc0c000, 0x00c0c0, 0x00c000,
					 0xc000c0, 0xc00000, 0x0000c0 };

	for (uint32_t y = 0; y < image->height_px / 2; y++) {
		for (uint32_t x = 0; x < image->width_px; x++) {
			uint32_t pixel = image->xrgb[(size_t)y * image->width_px + x] & 0xffffff;

			if (pixel != bars[x * VGPU_ARRAY_LEN(bars) / image->width_px])
				return false;
		}
	}
	return true;
}

static uint32_t colour(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 16) & 0xffffff;
}

/*
 * Without clock and pointer: launchers at the panel's left end, and else two colours.
 * Source: Weston, clients/desktop-shell.c, panel_configure(): 32 pixels high
 */
bool qt_judge_sees_desktop(const struct qt_image *image)
{
	uint32_t background = colour(QT_DESKTOP_BACKGROUND), panel = colour(QT_DESKTOP_PANEL);

	for (uint32_t y = 0; y < image->height_px; y++) {
		uint32_t from = y < PANEL_HEIGHT_PX ? image->width_px / 2 : 0;

		for (uint32_t x = from; x < image->width_px; x++) {
			uint32_t pixel = image->xrgb[(size_t)y * image->width_px + x] & 0xffffff;

			if (pixel != (y < PANEL_HEIGHT_PX ? panel : background))
				return false;
		}
	}
	return true;
}

/*
 * Launchers are less than what an explanation may leave unexplained. But then, so is a panel that
 * is moved a little: what two plain colours do not tell apart is not named.
 */
enum qt_fault qt_judge_desktop_fault(const struct qt_image *image, uint32_t width_px,
				     uint32_t height_px)
{
	_image_ struct qt_image picture = { 0 };
	const struct qt_expectation expectation = {
		.shown = { .card = { width_px, height_px, .cursor_x_px = -1, .cursor_y_px = -1 } },
		.picture = &picture,
	};
	struct qt_judgement judgement;

	if (qt_image_init(&picture, width_px, height_px))
		return QT_FAULT_PIXELS;
	for (size_t i = 0; i < (size_t)width_px * height_px; i++)
		picture.xrgb[i] =
			colour(i < (size_t)width_px * PANEL_HEIGHT_PX ? QT_DESKTOP_PANEL
								      : QT_DESKTOP_BACKGROUND);
	qt_compare(&expectation, image, &judgement);
	switch (judgement.fault) {
	case QT_FAULT_BLANK:
	case QT_FAULT_RB_SWAP:
	case QT_FAULT_CHANNELS:
	case QT_FAULT_VERTICAL_FLIP:
	case QT_FAULT_LIMITED_RANGE:
	case QT_FAULT_DEPTH:
	case QT_FAULT_CROPPED:
		return judgement.fault;
	default:
		return QT_FAULT_PIXELS;
	}
}
