/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frame.h"

#include "capture.h"
#include "checks.h"
#include "clock.h"
#include "guest-console.h"
#include "launch.h"
#include "paths.h"
#include "text-screen.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

/* Drawing a large card under TCG takes about a second; a loaded machine is many times slower. */
#define SHOW_MS	   60000
#define CAPTURE_MS 20000

static int show(const struct qt_frame_request *request, const struct qt_frame *frame,
		struct vgpu_error *err)
{
	const struct qt_card *card = &frame->shown.card;
	char command[QT_CONSOLE_LINE_LEN], answer[QT_CONSOLE_LINE_LEN], cursor[32] = "";
	char rotation[24] = "";
	int r;

	if (card->cursor_x_px != -1 || card->cursor_y_px != -1)
		snprintf(cursor, sizeof(cursor), " cursor=%d,%d", card->cursor_x_px,
			 card->cursor_y_px);
	if (request->rotation)
		snprintf(rotation, sizeof(rotation), " rotate=%u", request->rotation);
	snprintf(command, sizeof(command),
		 "show nonce=%016llx frame=%u mode=%ux%u format=%s tiling=%s%s%s%s%s%s%s",
		 (unsigned long long)card->nonce, card->frame, card->width_px, card->height_px,
		 frame->shown.format, frame->tiling, cursor, rotation,
		 request->sprite ? " plane=sprite" : "",
		 request->blitter    ? " by=blitter"
		 : request->aperture ? " by=aperture"
				     : "",
		 request->tamper ? " tamper=" : "", request->tamper ? request->tamper : "");
	r = qt_console_command(qt_vm_console(request->vm), command, qt_deadline_ms(SHOW_MS), answer,
			       err);
	/* a card of which nothing was filled, or nothing copied, is no proof of both */
	if (!r && request->blitter &&
	    (!strstr(answer, "fills=") || strstr(answer, "fills=0 ") ||
	     strstr(answer, "copies=0 ")))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "the blitter drew nothing: %s",
				   answer);
	return r;
}

/* The text is new with each nonce, and what it must look like comes from the kernel's own font. */
static int show_text(const struct qt_frame_request *request, struct qt_frame *frame,
		     struct qt_image *expected, struct vgpu_error *err)
{
	struct qt_console *console = qt_vm_console(request->vm);
	char command[QT_CONSOLE_LINE_LEN], answer[QT_CONSOLE_LINE_LEN];
	struct qt_text_screen screen = { .columns = 0 };
	int r;

	snprintf(screen.text, sizeof(screen.text), "vgpulab:%016llx:%u",
		 (unsigned long long)frame->shown.card.nonce, frame->shown.card.frame);
	snprintf(command, sizeof(command), "text text=%s", screen.text);
	qt_console_listen(console, qt_text_screen_take, &screen);
	r = qt_console_command(console, command, qt_deadline_ms(SHOW_MS), answer, err);
	qt_console_listen(console, NULL, NULL);
	if (r)
		return r;
	if (qt_text_screen_measure(&screen, answer))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EPROTO,
				      "the guest's console has no sense: %s", answer);
	if (qt_text_screen_draw(&screen, expected))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "drawing the console");
	return 0;
}

/* Makes the guest show the frame, and draws what it must look like. */
static int show_and_draw(const struct qt_frame_request *request, struct qt_frame *frame,
			 struct qt_image *expected, struct vgpu_error *err)
{
	int r;

	if (request->console)
		return show_text(request, frame, expected, err);
	r = request->keep ? 0 : show(request, frame, err);
	if (!r && qt_shown_draw(&frame->shown, expected))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "drawing the card");
	return r;
}

/*
 * The CRC of what the guest reads back from its framebuffer, without its cursor plane, against that
 * of the card. An output that cannot be read back leaves the question open.
 */
static enum qt_guest_copy ask_guest(const struct qt_frame_request *request,
				    const struct qt_shown *shown)
{
	char answer[QT_CONSOLE_LINE_LEN];
	struct qt_shown bare = *shown;
	_image_ struct qt_image card = { 0 };
	unsigned int crc;
	const char *at;

	bare.card.cursor_x_px = bare.card.cursor_y_px = -1;
	if (qt_console_command(qt_vm_console(request->vm), "read", qt_deadline_ms(SHOW_MS), answer,
			       NULL))
		return QT_GUEST_COPY_UNKNOWN;
	at = strstr(answer, "crc32=");
	if (!at || sscanf(at, "crc32=%x", &crc) != 1 || qt_shown_draw(&bare, &card))
		return QT_GUEST_COPY_UNKNOWN;
	return crc == crc32_z(0, (const uint8_t *)card.xrgb,
			      (size_t)card.width_px * card.height_px * sizeof(*card.xrgb))
		       ? QT_GUEST_COPY_RIGHT
		       : QT_GUEST_COPY_WRONG;
}

/* There is no picture but the guest's own. */
static void attest(const struct qt_frame_request *request, struct qt_frame *frame,
		   struct qt_shot *shot)
{
	frame->guest_copy = ask_guest(request, &frame->shown);
	shot->by_checksum = frame->guest_copy != QT_GUEST_COPY_UNKNOWN;
	if (frame->guest_copy == QT_GUEST_COPY_RIGHT)
		return;
	shot->judgement.fault = shot->by_checksum ? QT_FAULT_PIXELS : QT_FAULT_NO_PICTURE;
	snprintf(shot->judgement.detail, sizeof(shot->judgement.detail), "%s",
		 shot->by_checksum ? "the checksum is not the card's"
				   : "the guest cannot read its framebuffer back");
}

/* Takes the frame with every capture of the path. One that fails is a finding, if QEMU answers. */
static int take_shots(const struct qt_frame_request *request, struct qt_frame *frame,
		      struct qt_image *images, struct vgpu_error *err)
{
	for (size_t i = 0; i < QT_PATH_CAPTURES_MAX && request->path->captures[i]; i++) {
		const struct qt_capture *capture = qt_capture_find(request->path->captures[i]);
		struct qt_shot *shot = &frame->shots[frame->shots_len];
		struct vgpu_error trouble = { 0 };
		int64_t start_ms = qt_now_ms();
		int r = 0;

		if (capture->grab)
			r = capture->grab(request->vm, qt_deadline_ms(CAPTURE_MS),
					  &images[frame->shots_len], &trouble);
		else
			attest(request, frame, shot);

		shot->capture = capture->name;
		shot->duration_ms = (unsigned int)(qt_now_ms() - start_ms);
		if (r) {
			shot->judgement.fault = QT_FAULT_NO_PICTURE;
			snprintf(shot->judgement.detail, sizeof(shot->judgement.detail), "%.190s",
				 trouble.message);
		}
		frame->shots_len++;
		if ((r == -ETIMEDOUT || r == -EPIPE) && qt_vm_is_wedged(request->vm, NULL)) {
			*err = trouble;
			return r;
		}
	}
	return 0;
}

/* The pictures of a good frame are all the same: one is kept. Of a bad one, all are. */
static int keep_pictures(const struct qt_frame_request *request, struct qt_frame *frame,
			 const struct qt_image *expected, const struct qt_image *images,
			 struct vgpu_error *err)
{
	int r;

	snprintf(frame->expected, sizeof(frame->expected), "frame-%02u-expected.png",
		 request->number);
	r = qt_image_write_png(expected, request->dir_fd, frame->expected, err);
	for (size_t i = 0; i < frame->shots_len && !r; i++) {
		struct qt_shot *shot = &frame->shots[i];
		_image_ struct qt_image diff = { 0 };

		if (!images[i].xrgb || !shot->judgement.fault)
			continue;
		snprintf(shot->picture, sizeof(shot->picture), "frame-%02u-%s.png", request->number,
			 shot->capture);
		snprintf(shot->diff, sizeof(shot->diff), "frame-%02u-%s-diff.png", request->number,
			 shot->capture);
		r = qt_image_write_png(&images[i], request->dir_fd, shot->picture, err);
		if (!r && !qt_image_diff(expected, &images[i], &diff))
			r = qt_image_write_png(&diff, request->dir_fd, shot->diff, err);
	}
	return r;
}

int qt_frame_run(const struct qt_frame_request *request, struct qt_frame *frame,
		 struct vgpu_error *err)
{
	_image_ struct qt_image expected = { 0 };
	struct qt_image images[QT_SHOTS_MAX] = { 0 };
	struct qt_expectation expectation = {
		.shown = frame->shown,
		.picture = &expected,
		.earlier = request->earlier,
		.earlier_len = request->earlier_len,
		.gl_cursor = request->path->display && !strcmp(request->path->display, "dmabuf"),
	};
	int64_t start_ms = qt_now_ms();
	int r = show_and_draw(request, frame, &expected, err);

	if (r)
		return r;
	frame->show_ms = (unsigned int)(qt_now_ms() - start_ms);
	r = take_shots(request, frame, images, err);
	for (size_t i = 0; i < frame->shots_len && !r; i++)
		if (images[i].xrgb)
			qt_compare(&expectation, &images[i], &frame->shots[i].judgement);
	if (!r)
		qt_frame_check(frame, images);
	/* the framebuffer says nothing of the cursor, which is a plane of its own */
	if (!r && !frame->passed && !frame->guest_copy && frame->fault != QT_FAULT_CURSOR_MISSING &&
	    frame->fault != QT_FAULT_CURSOR_OFFSET)
		frame->guest_copy = ask_guest(request, &frame->shown);
	if (!r)
		r = keep_pictures(request, frame, &expected, images, err);
	for (size_t i = 0; i < frame->shots_len; i++)
		qt_image_finish(&images[i]);
	return r;
}
