/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-image.h"

#include "capture.h"
#include "clock.h"
#include "image.h"
#include "launch.h"
#include "paths.h"
#include "process-waits.h"
#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#define PICTURE "guest.png"

enum {
	LOOK_EVERY_MS = 500,
	LOOK_MS = 20000,
	REST_MS = 6000, /* so long nothing but a cursor or a clock may change */
	BUSY_PART = 6, /* of a machine that others use, too, a busy processor may get so little */
	BUSY_FACTOR = 5, /* that long a busy guest must not change */
	/* the part of a picture that those may be: one in so many pixels. A line of text is more. */
	RESTLESS_SHARE = 2000,
	STAGE_MS = 1500, /* what stood so long before something else came is kept */
	STAGES_MAX = 9,
	AGREE_TRIES = 5, /* two captures of a picture that lives may be of two moments */
	ANSWER_MS = 5000,
};

static size_t pixels(const struct qt_image *image)
{
	return image->xrgb ? (size_t)image->width_px * image->height_px : 0;
}

/* How many pixels differ; all of them if the size does. */
static size_t difference(const struct qt_image *a, const struct qt_image *b)
{
	size_t n = 0;

	if (a->width_px != b->width_px || a->height_px != b->height_px)
		return pixels(a) > pixels(b) ? pixels(a) : pixels(b);
	for (size_t i = 0; i < pixels(a); i++)
		n += a->xrgb[i] != b->xrgb[i];
	return n;
}

static void replace(struct qt_image *image, struct qt_image *by)
{
	qt_image_finish(image);
	*image = *by;
	*by = (struct qt_image){ 0 };
}

/* The first capture of the path that gives a picture. */
static int look(struct qt_vm *vm, const struct qt_path *path, size_t capture, struct qt_image *out,
		struct vgpu_error *err)
{
	const struct qt_capture *row = qt_capture_find(path->captures[capture]);

	return row->grab(vm, qt_deadline_ms(LOOK_MS), out, err);
}

/* Firmware's logo, a boot menu, a line that the kernel was long at: gone by the time it rests. */
static int keep_stage(struct qt_vm *vm, const struct qt_image *picture,
		      struct qt_boot_display *display, struct vgpu_error *err)
{
	char name[sizeof(display->picture)];

	if (!picture->xrgb || !qt_boot_display_says_something(picture) ||
	    display->stood_ms < STAGE_MS || display->stages == STAGES_MAX)
		return 0;
	snprintf(name, sizeof(name), QT_STAGE_FORMAT, ++display->stages);
	return qt_image_write_png(picture, qt_vm_dir(vm), name, err);
}

/* How long the guest's processors have run. Source: QEMU qapi/machine.json, query-cpus-fast */
static int64_t ran_ms(struct qt_vm *vm)
{
	json_object *cpus = NULL, *thread;
	int64_t sum_ms = 0;

	if (qt_qmp_command(qt_vm_qmp(vm), "query-cpus-fast", NULL, qt_deadline_ms(LOOK_MS), &cpus,
			   NULL))
		return 0;
	for (size_t i = 0; i < json_object_array_length(cpus); i++)
		if (json_object_object_get_ex(json_object_array_get_idx(cpus, i), "thread-id",
					      &thread))
			sum_ms += qt_thread_ran_ms(json_object_get_int(thread));
	json_object_put(cpus);
	return sum_ms;
}

/* A kernel that starts may show the boot loader's last words for long. */
static bool has_stood(struct qt_vm *vm, int64_t stood_ms, int64_t ran_before_ms)
{
	int64_t rest_ms = qt_deadline_ms(REST_MS) - qt_now_ms();

	if (stood_ms < rest_ms)
		return false;
	return stood_ms >= rest_ms * BUSY_FACTOR ||
	       ran_ms(vm) - ran_before_ms < stood_ms / BUSY_PART;
}

/* *@restless_px is how much of the picture changes while it rests. */
static int wait_rest(struct qt_vm *vm, const struct qt_path *path, int64_t deadline_ms,
		     struct qt_image_guest *out, struct qt_image *rest, size_t *restless_px,
		     struct vgpu_error *err)
{
	int64_t start_ms = qt_now_ms(), since_ms = start_ms, ran_before_ms = 0;

	while (qt_left_ms(deadline_ms)) {
		_image_ struct qt_image now = { 0 };
		int r = look(vm, path, 0, &now, err);
		size_t differ;

		if (r)
			return r;
		out->display.looks++;
		differ = difference(&now, rest);
		*restless_px = differ > *restless_px ? differ : *restless_px;
		if (differ > pixels(&now) / RESTLESS_SHARE) {
			r = keep_stage(vm, rest, &out->display, err);
			if (r)
				return r;
			since_ms = qt_now_ms();
			ran_before_ms = ran_ms(vm);
			*restless_px = 0;
			out->display.pictures += qt_boot_display_says_something(&now);
			replace(rest, &now);
		}
		out->display.stood_ms = (unsigned int)(qt_now_ms() - since_ms);
		if (out->display.pictures && qt_boot_display_says_something(rest) &&
		    has_stood(vm, qt_now_ms() - since_ms, ran_before_ms)) {
			out->rest_ms = (unsigned int)(since_ms - start_ms);
			return 0;
		}
		poll(NULL, 0, LOOK_EVERY_MS);
	}
	if (!out->display.pictures)
		return vgpu_error_set(
			err, VGPU_ERROR_FAILED, ENODATA,
			"the guest's display was blank all the time (looked %u times)",
			out->display.looks);
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
			      "the guest's display did not come to rest (%u pictures in %u looks)",
			      out->display.pictures, out->display.looks);
}

/* All captures, until they are of one moment. */
static int agree(struct qt_vm *vm, const struct qt_path *path, struct vgpu_error *err)
{
	for (size_t i = 1; i < QT_PATH_CAPTURES_MAX && path->captures[i]; i++) {
		size_t differ = 1;

		if (!qt_capture_find(path->captures[i])->grab)
			continue;
		for (int tries = 0; tries < AGREE_TRIES && differ; tries++) {
			_image_ struct qt_image a = { 0 }, b = { 0 };
			int r = look(vm, path, 0, &a, err);

			if (!r)
				r = look(vm, path, i, &b, err);
			if (r)
				return r;
			differ = difference(&a, &b);
		}
		if (differ)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, EPROTO,
					      "%s and %s show different pictures: %zu px",
					      path->captures[0], path->captures[i], differ);
	}
	return 0;
}

/* Source: QEMU qapi/ui.json, send-key */
static int press(struct qt_vm *vm, const char *name, struct vgpu_error *err)
{
	json_object *arguments = json_object_new_object(), *keys = json_object_new_array();
	json_object *key = json_object_new_object();

	json_object_object_add(key, "type", json_object_new_string("qcode"));
	json_object_object_add(key, "data", json_object_new_string(name));
	json_object_array_add(keys, key);
	json_object_object_add(arguments, "keys", keys);
	return qt_qmp_command(qt_vm_qmp(vm), "send-key", arguments, qt_deadline_ms(LOOK_MS), NULL,
			      err);
}

/* An answer is more than what changes by itself. */
static int ask_for_life(struct qt_vm *vm, const struct qt_path *path, const struct qt_image *rest,
			size_t restless_px, bool *answers, struct vgpu_error *err)
{
	int64_t deadline_ms = qt_deadline_ms(ANSWER_MS);
	int r = press(vm, "e", err);

	while (!r && !*answers && qt_left_ms(deadline_ms)) {
		_image_ struct qt_image now = { 0 };

		poll(NULL, 0, LOOK_EVERY_MS / 2);
		r = look(vm, path, 0, &now, err);
		if (!r)
			*answers = difference(&now, rest) > restless_px;
	}
	return r;
}

int qt_image_guest_watch(struct qt_vm *vm, const struct qt_path *path, unsigned int limit_ms,
			 struct qt_image_guest *out, struct vgpu_error *err)
{
	_image_ struct qt_image rest = { 0 };
	size_t restless_px = 0;
	int r;

	*out = (struct qt_image_guest){ 0 };
	r = wait_rest(vm, path, qt_deadline_ms(limit_ms), out, &rest, &restless_px, err);
	if (rest.xrgb) {
		out->display.width_px = rest.width_px;
		out->display.height_px = rest.height_px;
		snprintf(out->display.picture, sizeof(out->display.picture), "%s", PICTURE);
		if (qt_image_write_png(&rest, qt_vm_dir(vm), PICTURE, r ? NULL : err) && !r)
			return -EIO;
	}
	if (!r)
		r = agree(vm, path, err);
	if (!r)
		r = ask_for_life(vm, path, &rest, restless_px, &out->answers, err);
	return r;
}
