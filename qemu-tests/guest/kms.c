/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kms.h"

#include "../card.h"
#include "rotation.h"
#include "waits.h"

#include <drm.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLIP_WAIT_MS = 20000, LUT_MAX = 256 };

static struct kms *kms_from_output(struct guest_output *output)
{
	return (struct kms *)output;
}

static const char *connector_name(uint32_t type)
{
	static const char *const names[] = {
		[DRM_MODE_CONNECTOR_VGA] = "VGA",	  [DRM_MODE_CONNECTOR_DVII] = "DVI-I",
		[DRM_MODE_CONNECTOR_DVID] = "DVI-D",	  [DRM_MODE_CONNECTOR_DisplayPort] = "DP",
		[DRM_MODE_CONNECTOR_HDMIA] = "HDMI-A",	  [DRM_MODE_CONNECTOR_eDP] = "eDP",
		[DRM_MODE_CONNECTOR_VIRTUAL] = "Virtual",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "Unknown";
}

/* What the driver says of a GPU that it gave up; empty for drivers that say nothing. */
static void read_wedged(char *value, size_t size)
{
	FILE *in = fopen("/sys/kernel/debug/dri/0/i915_wedged", "re");

	*value = '\0';
	if (!in)
		return;
	if (fgets(value, (int)size, in))
		value[strcspn(value, "\n")] = '\0';
	fclose(in);
}

/* Whether the driver knows of a monitor: asking does not make it look. */
static void read_status(const struct kms *kms, char *value, size_t size)
{
	char path[96];
	FILE *in;

	snprintf(path, sizeof(path), "/sys/class/drm/%s-%s-%u/status", strrchr(kms->path, '/') + 1,
		 connector_name(kms->connector_type), kms->connector_index);
	in = fopen(path, "re");
	if (!in || !fgets(value, (int)size, in))
		snprintf(value, size, "unknown");
	value[strcspn(value, "\n")] = '\0';
	if (in)
		fclose(in);
}

static void kms_describe(struct guest_output *output, struct guest_reply *reply)
{
	const struct kms *kms = kms_from_output(output);
	char wedged[16], status[24];
	long waits;

	read_status(kms, status, sizeof(status));
	read_wedged(wedged, sizeof(wedged));
	guest_reply_add(reply, "card=%s driver=%s connector=%s-%u modes=%zu crtc=%u cursor=%s",
			kms->path, kms->driver, connector_name(kms->connector_type),
			kms->connector_index, kms->modes_len, kms->crtc_id,
			output->has_cursor ? "plane" : "none");
	guest_reply_add(reply, "monitor=%s", status);
	if (guest_waits_timed_out(&waits) >= 0)
		guest_reply_add(reply, "waits=%ld waits_timed_out=%ld", waits,
				guest_waits_timed_out(&waits));
	if (*wedged)
		guest_reply_add(reply, "i915_wedged=%s", wedged);
}

static bool prepare_cursor(struct kms *kms)
{
	struct drm_mode_cursor2 hide = { .flags = DRM_MODE_CURSOR_BO, .crtc_id = kms->crtc_id };

	/* a CRTC without a cursor refuses even to hide it */
	if (kms_ioctl(kms, DRM_IOCTL_MODE_CURSOR2, &hide) < 0 ||
	    kms_buffer_create(kms, QT_CARD_CURSOR_PX, QT_CARD_CURSOR_PX,
			      qt_pixel_format_find("AR24"), qt_tiling_find("linear"),
			      &kms->cursor) < 0)
		return false;
	qt_card_draw_cursor((uint32_t *)kms->cursor.surface.memory);
	return true;
}

static int kms_open(const char *device, struct guest_output **out, struct guest_reply *reply)
{
	static struct kms kms;
	int rc;

	kms = (struct kms){ .output.impl = &guest_output_kms };
	rc = kms_open_card(&kms);
	if (rc == -ENODEV)
		return guest_reply_fail(reply, ENODEV, "no DRM card");
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "no display on any DRM card: %s",
					strerror(-rc));
	kms_plane_prepare(&kms);
	kms.output.has_cursor = prepare_cursor(&kms);
	kms_describe(&kms.output, reply);
	*out = &kms.output;
	return 0;
}

static void kms_close(struct guest_output *output)
{
	struct kms *kms = kms_from_output(output);

	for (int i = 0; i < KMS_BUFFERS; i++)
		kms_buffer_destroy(kms, &kms->buffers[i]);
	kms_buffer_destroy(kms, &kms->cursor);
	kms_buffer_destroy(kms, &kms->sprite);
	close(kms->fd);
	kms->fd = -1;
}

/* The connector's mode of this size, the preferred or first of them. */
static const struct drm_mode_modeinfo *find_mode(const struct kms *kms, uint32_t width_px,
						 uint32_t height_px)
{
	const struct drm_mode_modeinfo *found = NULL;

	for (size_t i = 0; i < kms->modes_len; i++) {
		const struct drm_mode_modeinfo *mode = &kms->modes[i];

		if (mode->hdisplay != width_px || mode->vdisplay != height_px ||
		    mode->flags & DRM_MODE_FLAG_INTERLACE)
			continue;
		if (!found || (mode->type & DRM_MODE_TYPE_PREFERRED &&
			       !(found->type & DRM_MODE_TYPE_PREFERRED)))
			found = mode;
	}
	return found;
}

static int kms_modes(struct guest_output *output, struct guest_reply *reply)
{
	struct kms *kms = kms_from_output(output);
	int rc = kms_probe(kms);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "modes: %s", strerror(-rc));
	for (size_t i = 0; i < kms->modes_len; i++)
		guest_reply_add(reply, "%ux%u@%u", kms->modes[i].hdisplay, kms->modes[i].vdisplay,
				kms->modes[i].vrefresh);
	return 0;
}

/* A palette for C8, a straight line for everything else. Drivers without gamma need neither. */
static void load_gamma(const struct kms *kms, bool palette)
{
	uint16_t red[LUT_MAX], green[LUT_MAX], blue[LUT_MAX];
	struct drm_mode_crtc_lut lut = {
		.crtc_id = kms->crtc_id,
		.gamma_size = kms->gamma_size,
		.red = (uintptr_t)red,
		.green = (uintptr_t)green,
		.blue = (uintptr_t)blue,
	};

	if (kms->gamma_size != LUT_MAX)
		return;
	for (uint32_t i = 0; i < LUT_MAX; i++) {
		uint32_t colour = palette ? qt_pixel_format_palette((uint8_t)i) : i * 0x010101;

		/* drivers round to eight bits, so lower bits must not push a level up */
		red[i] = (uint16_t)((colour >> 16 & 0xff) << 8);
		green[i] = (uint16_t)((colour >> 8 & 0xff) << 8);
		blue[i] = (uint16_t)((colour & 0xff) << 8);
	}
	(void)kms_ioctl(kms, DRM_IOCTL_MODE_SETGAMMA, &lut);
}

static int set_crtc(struct kms *kms, const struct drm_mode_modeinfo *mode, uint32_t fb_id)
{
	struct drm_mode_crtc crtc = {
		.crtc_id = kms->crtc_id,
		.fb_id = fb_id,
		.set_connectors_ptr = (uintptr_t)&kms->connector_id,
		.count_connectors = mode ? 1 : 0,
		.mode_valid = mode ? 1 : 0,
	};

	if (mode)
		crtc.mode = *mode;
	return kms_ioctl(kms, DRM_IOCTL_MODE_SETCRTC, &crtc);
}

/* Flips at the next vertical blank and waits until it has happened. */
static int flip_and_wait(struct kms *kms, uint32_t fb_id, struct drm_event_vblank *event)
{
	struct drm_mode_crtc_page_flip flip = {
		.crtc_id = kms->crtc_id,
		.fb_id = fb_id,
		.flags = DRM_MODE_PAGE_FLIP_EVENT,
	};
	struct pollfd readable = { .fd = kms->fd, .events = POLLIN };
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_PAGE_FLIP, &flip);

	if (rc < 0)
		return rc;
	if (poll(&readable, 1, FLIP_WAIT_MS) != 1)
		return -ETIMEDOUT;
	return read(kms->fd, event, sizeof(*event)) == sizeof(*event) ? 0 : -EIO;
}

static void place_cursor(const struct kms *kms, const struct guest_picture *picture)
{
	struct drm_mode_cursor2 cursor = {
		.flags = DRM_MODE_CURSOR_BO | (picture->cursor ? DRM_MODE_CURSOR_MOVE : 0),
		.crtc_id = kms->crtc_id,
		.x = picture->cursor_x_px,
		.y = picture->cursor_y_px,
		.width = QT_CARD_CURSOR_PX,
		.height = QT_CARD_CURSOR_PX,
		.handle = picture->cursor ? kms->cursor.handle : 0,
	};

	if (kms->output.has_cursor)
		(void)kms_ioctl(kms, DRM_IOCTL_MODE_CURSOR2, &cursor);
}

/* Flips where the mode and format stay, sets the mode otherwise. */
static int put_on_display(struct kms *kms, const struct drm_mode_modeinfo *mode,
			  const struct kms_buffer *buffer, struct guest_reply *reply)
{
	const struct guest_surface *now = &buffer->surface;
	const struct guest_surface *before = &kms->buffers[kms->shown].surface;
	struct drm_mode_fb_dirty_cmd dirty = { .fb_id = buffer->fb_id };
	struct drm_event_vblank event;
	bool flip = kms->mode.hdisplay && memcmp(&kms->mode, mode, sizeof(*mode)) == 0 &&
		    before->format == now->format && before->stride_bytes == now->stride_bytes &&
		    before->tiling == now->tiling;
	int rc;

	/* i915 takes no C8 framebuffer before there is a palette */
	if (!flip)
		load_gamma(kms, now->format->pixel_bytes == 1);
	rc = flip ? flip_and_wait(kms, buffer->fb_id, &event) : set_crtc(kms, mode, buffer->fb_id);
	/* drivers that copy are told here; others refuse */
	if (rc == 0)
		(void)kms_ioctl(kms, DRM_IOCTL_MODE_DIRTYFB, &dirty);
	guest_reply_add(reply, "by=%s stride=%u", flip ? "flip" : "modeset", now->stride_bytes);
	return rc;
}

/*
 * The middle of the picture goes to a sprite plane, and is spoiled below it: a plane that is not shown,
 * or not where it belongs, is seen at once. @xrgb is the primary plane's picture.
 */
static int show_sprite(struct kms *kms, const struct guest_picture *picture, uint32_t *xrgb)
{
	struct guest_picture part = *picture;
	uint32_t x_px = picture->width_px / 4, y_px = picture->height_px / 4;
	uint32_t *pixels;
	int rc;

	part.width_px = picture->width_px / 2;
	part.height_px = picture->height_px / 2;
	pixels = malloc((size_t)part.width_px * part.height_px * sizeof(*pixels));
	if (!pixels)
		return -ENOMEM;
	for (uint32_t y = 0; y < part.height_px; y++) {
		uint32_t *row = xrgb + (size_t)(y_px + y) * picture->width_px + x_px;

		memcpy(pixels + (size_t)y * part.width_px, row, part.width_px * sizeof(*row));
		memset(row, 0x5a, part.width_px * sizeof(*row));
	}
	part.xrgb = pixels;
	kms_buffer_destroy(kms, &kms->sprite);
	rc = kms_buffer_create(kms, part.width_px, part.height_px, part.format,
			       qt_tiling_find("linear"), &kms->sprite);
	if (rc == 0) {
		guest_surface_write(&kms->sprite.surface, &part);
		rc = kms_plane_show_sprite(kms, &kms->sprite, x_px, y_px);
	}
	free(pixels);
	return rc;
}

/* Draws and shows what the framebuffer is to hold, which is the picture but for what planes do. */
static int show_framebuffer(struct kms *kms, const struct guest_picture *picture,
			    const struct drm_mode_modeinfo *mode, struct guest_reply *reply)
{
	struct kms_buffer *buffer = &kms->buffers[!kms->shown];
	int rc;

	kms_buffer_destroy(kms, buffer);
	rc = kms_buffer_create(kms, picture->width_px, picture->height_px, picture->format,
			       picture->tiling, buffer);
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "no framebuffer %ux%u %s, tiling %s: %s",
					picture->width_px, picture->height_px,
					picture->format->name, picture->tiling->name,
					strerror(-rc));
	if (picture->blitted)
		rc = kms_gpu_draw(kms, picture, buffer, reply);
	else if (picture->aperture)
		rc = kms_aperture_draw(kms, picture, buffer, reply);
	else
		guest_surface_write(&buffer->surface, picture);
	return rc == 0 ? put_on_display(kms, mode, buffer, reply) : rc;
}

/* A plane that is on may not take another turn with the framebuffer that it has. */
static int rotate(struct kms *kms, unsigned int degrees)
{
	int rc = 0;

	if (kms->rotated == degrees)
		return 0;
	if (kms->mode.hdisplay)
		rc = set_crtc(kms, NULL, 0);
	if (rc == 0)
		rc = kms_plane_rotate(kms, degrees);
	kms->mode.hdisplay = 0;
	kms->rotated = degrees;
	return rc;
}

/* What planes do to the picture is undone in the framebuffer. */
static int show_with_planes(struct kms *kms, const struct guest_picture *picture,
			    const struct drm_mode_modeinfo *mode, struct guest_reply *reply)
{
	struct guest_picture drawn = *picture;
	uint32_t *xrgb = guest_rotation_undo(picture->xrgb, picture->width_px, picture->height_px,
					     picture->rotation);
	int rc;

	if (!xrgb)
		return -ENOMEM;
	drawn.xrgb = xrgb;
	if (picture->rotation % 180) {
		drawn.width_px = picture->height_px;
		drawn.height_px = picture->width_px;
	}
	rc = rotate(kms, picture->rotation);
	if (rc == 0 && picture->sprite) {
		rc = show_framebuffer(kms, &drawn, mode, reply);
		if (rc == 0) {
			kms->mode = *mode;
			kms->shown = !kms->shown;
			rc = show_sprite(kms, picture, xrgb);
		}
	}
	if (rc == 0)
		rc = show_framebuffer(kms, &drawn, mode, reply);
	free(xrgb);
	return rc;
}

static int kms_show(struct guest_output *output, const struct guest_picture *picture,
		    struct guest_reply *reply)
{
	struct kms *kms = kms_from_output(output);
	const struct drm_mode_modeinfo *mode;
	bool had_sprite = kms->sprite.handle;
	int rc = 0;

	mode = find_mode(kms, picture->width_px, picture->height_px);
	if (!mode && kms_probe(kms) == 0)
		mode = find_mode(kms, picture->width_px, picture->height_px);
	if (!mode)
		return guest_reply_fail(reply, EINVAL, "the display has no mode %ux%u",
					picture->width_px, picture->height_px);
	if (had_sprite && !picture->sprite) {
		rc = kms_plane_show_sprite(kms, NULL, 0, 0);
		kms_buffer_destroy(kms, &kms->sprite);
	}
	if (rc == 0 && (picture->sprite || picture->rotation || kms->rotated))
		rc = show_with_planes(kms, picture, mode, reply);
	else if (rc == 0)
		rc = show_framebuffer(kms, picture, mode, reply);
	if (rc < 0 && reply->failed)
		return rc;
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "cannot show %ux%u %s: %s", picture->width_px,
					picture->height_px, picture->format->name, strerror(-rc));
	place_cursor(kms, picture);
	kms->mode = *mode;
	kms->shown = !kms->shown;
	return 0;
}

static int kms_off(struct guest_output *output, struct guest_reply *reply)
{
	struct kms *kms = kms_from_output(output);
	int rc = set_crtc(kms, NULL, 0);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "off: %s", strerror(-rc));
	kms->mode.hdisplay = 0;
	return 0;
}

static const struct guest_surface *kms_surface(struct guest_output *output)
{
	const struct kms *kms = kms_from_output(output);

	return kms->mode.hdisplay ? &kms->buffers[kms->shown].surface : NULL;
}

static uint64_t event_us(const struct drm_event_vblank *event)
{
	return (uint64_t)event->tv_sec * 1000000 + event->tv_usec;
}

/* Both buffers get the same picture, so that the display shows the card throughout. */
static int prepare_flips(struct kms *kms)
{
	const struct guest_surface *front = &kms->buffers[kms->shown].surface;
	struct kms_buffer *back = &kms->buffers[!kms->shown];
	int rc;

	kms_buffer_destroy(kms, back);
	rc = kms_buffer_create(kms, front->width_px, front->height_px, front->format, front->tiling,
			       back);
	if (rc == 0)
		memcpy(back->surface.memory, front->memory, front->len);
	return rc;
}

static int kms_flip(struct guest_output *output, unsigned int count, struct guest_reply *reply)
{
	struct kms *kms = kms_from_output(output);
	struct drm_event_vblank first = { 0 }, event = { 0 };
	uint64_t longest_us = 0, last_us = 0, whole_us;
	int rc;

	if (!kms->mode.hdisplay)
		return guest_reply_fail(reply, ENODATA, "flip: nothing is shown");
	rc = prepare_flips(kms);
	for (unsigned int i = 0; rc == 0 && i <= count; i++) {
		rc = flip_and_wait(kms, kms->buffers[!kms->shown].fb_id, &event);
		if (rc < 0)
			break;
		kms->shown = !kms->shown;
		if (i == 0)
			first = event;
		else if (event_us(&event) - last_us > longest_us)
			longest_us = event_us(&event) - last_us;
		last_us = event_us(&event);
	}
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "flip: %s", strerror(-rc));
	whole_us = event_us(&event) - event_us(&first);
	guest_reply_add(reply, "flips=%u frames=%u us=%llu longest_us=%llu", count,
			event.sequence - first.sequence, (unsigned long long)whole_us,
			(unsigned long long)longest_us);
	if (whole_us && event.sequence != first.sequence) /* a display without vertical blanks? */
		guest_reply_add(reply, "millihertz=%llu",
				(event.sequence - first.sequence) * 1000000000ull / whole_us);
	return 0;
}

/* A framebuffer of the mode's size, on display as long as this mode is. */
static int cycle_once(struct kms *kms, const struct drm_mode_modeinfo *mode)
{
	struct kms_buffer *buffer = &kms->buffers[!kms->shown];
	int rc;

	kms_buffer_destroy(kms, buffer);
	rc = kms_buffer_create(kms, mode->hdisplay, mode->vdisplay, qt_pixel_format_find("XR24"),
			       qt_tiling_find("linear"), buffer);
	if (rc == 0)
		rc = set_crtc(kms, mode, buffer->fb_id);
	if (rc == 0) {
		kms->mode = *mode;
		kms->shown = !kms->shown;
	}
	return rc;
}

static int kms_cycle(struct guest_output *output, unsigned int count, struct guest_reply *reply)
{
	struct kms *kms = kms_from_output(output);

	for (unsigned int i = 0; i < count; i++) {
		int rc = cycle_once(kms, &kms->modes[i % kms->modes_len]);

		if (rc < 0)
			return guest_reply_fail(reply, -rc, "cycle: modeset %u: %s", i,
						strerror(-rc));
	}
	guest_reply_add(reply, "modesets=%u", count);
	return 0;
}

static int kms_hang(struct guest_output *output, struct guest_reply *reply)
{
	int rc = kms_gpu_hang(kms_from_output(output), reply);

	return rc < 0 ? guest_reply_fail(reply, -rc, "hang: %s", strerror(-rc)) : 0;
}

const struct guest_output_impl guest_output_kms = {
	.name = "kms",
	.has_blitter = true,
	.open = kms_open,
	.close = kms_close,
	.show = kms_show,
	.off = kms_off,
	.surface = kms_surface,
	.describe = kms_describe,
	.modes = kms_modes,
	.flip = kms_flip,
	.cycle = kms_cycle,
	.hang = kms_hang,
};
