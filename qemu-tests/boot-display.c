/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-display.h"

#include "capture.h"
#include "clock.h"
#include "guest-console.h"
#include "image.h"
#include "launch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

enum { LOOK_EVERY_MS = 200, LOOK_MS = 10000 };
#define PICTURE "boot-display.png"

/* QEMU's own remark on an empty console: 640x480. Source: QEMU ui/console.c, qemu_create_placeholder_surface() */
enum { PLACEHOLDER_WIDTH_PX = 640, PLACEHOLDER_HEIGHT_PX = 480 };

/* One colour is blank; two in the placeholder's size are the placeholder. */
bool qt_boot_display_says_something(const struct qt_image *image)
{
	uint32_t first = image->xrgb[0], second = first;

	for (size_t i = 1; i < (size_t)image->width_px * image->height_px; i++) {
		uint32_t pixel = image->xrgb[i];

		if (pixel == first || pixel == second)
			continue;
		if (second != first)
			return true;
		second = pixel;
	}
	return second != first && (image->width_px != PLACEHOLDER_WIDTH_PX ||
				   image->height_px != PLACEHOLDER_HEIGHT_PX);
}

static bool same(const struct qt_image *a, const struct qt_image *b)
{
	return a->xrgb && b->xrgb && a->width_px == b->width_px && a->height_px == b->height_px &&
	       !memcmp(a->xrgb, b->xrgb, (size_t)a->width_px * a->height_px * sizeof(*a->xrgb));
}

/* A picture that says something, and since when it stands. */
struct standing {
	struct qt_image picture;
	int64_t since_ms;
	bool kept; /* as the one that stood longest */
};

static int look(struct qt_vm *vm, struct standing *standing, struct qt_boot_display *out,
		struct vgpu_error *err)
{
	_image_ struct qt_image now = { 0 };
	int64_t now_ms = qt_now_ms();
	int r = qt_capture_qmp(vm, qt_deadline_ms(LOOK_MS), &now, err);

	if (r)
		return r;
	out->looks++;
	if (same(&now, &standing->picture)) {
		unsigned int stood_ms = (unsigned int)(now_ms - standing->since_ms);

		if (stood_ms <= out->stood_ms)
			return 0;
		out->stood_ms = stood_ms;
		out->width_px = now.width_px;
		out->height_px = now.height_px;
		if (standing->kept)
			return 0;
		standing->kept = true;
		snprintf(out->picture, sizeof(out->picture), "%s", PICTURE);
		return qt_image_write_png(&now, qt_vm_dir(vm), PICTURE, err);
	}
	qt_image_finish(&standing->picture);
	if (!qt_boot_display_says_something(&now))
		return 0;
	out->pictures++;
	standing->picture = now;
	standing->since_ms = now_ms;
	standing->kept = false;
	now = (struct qt_image){ 0 };
	return 0;
}

int qt_boot_display_watch(struct qt_vm *vm, int64_t deadline_ms, char *line,
			  struct qt_boot_display *out, struct vgpu_error *err)
{
	struct standing standing = { 0 };
	int r;

	*out = (struct qt_boot_display){ 0 };
	do {
		int64_t next_ms = qt_now_ms() + LOOK_EVERY_MS;
		struct vgpu_error trouble = { 0 };

		r = look(vm, &standing, out, err);
		if (r)
			break;
		r = qt_console_wait_ready(qt_vm_console(vm),
					  next_ms < deadline_ms ? next_ms : deadline_ms, line,
					  &trouble);
		if (r && err)
			*err = trouble;
	} while (r == -ETIMEDOUT && qt_left_ms(deadline_ms));
	qt_image_finish(&standing.picture);
	return r;
}

int qt_boot_display_judge(const struct qt_boot_display *display, struct vgpu_error *err)
{
	if (!display->pictures)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
				      "the boot display was blank all the time (looked %u times)",
				      display->looks);
	if (!display->stood_ms)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
				      "the boot display never stood still (%u pictures, looked %u "
				      "times)",
				      display->pictures, display->looks);
	return 0;
}
