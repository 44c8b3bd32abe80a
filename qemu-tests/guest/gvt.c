/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvt.h"

#include "../card.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PVINFO	     0x78000
#define PVINFO_MAGIC 0x4776544776544776ull /* "vGTvGTvG" */
#define FRAME_COUNT  0x70040
#define SURFACE_LIVE 0x701ac
#define GGTT_FLUSH   0x101008
#define GGTT	     (8u << 20) /* page table entries, in BAR 0 */
#define GGTT_LEN     (4ull << 30) /* what they map at most */
#define PTE_PRESENT  1

enum { INTEL = 0x8086, BASE_CLASS_DISPLAY = 0x03, MIB = 1 << 20 };

static struct gvt *gvt_from_output(struct guest_output *output)
{
	return (struct gvt *)output;
}

static bool is_intel_display(const struct guest_pci *pci)
{
	return pci->vendor_id == INTEL && pci->class_code >> 16 == BASE_CLASS_DISPLAY;
}

/* Source: drivers/gpu/drm/i915/i915_pvinfo.h, struct vgt_if */
static void read_pvinfo(const struct gvt *gvt, struct gvt_pvinfo *out)
{
	uint32_t version = gvt_read(gvt, PVINFO + 8);

	*out = (struct gvt_pvinfo){
		.magic = gvt_read(gvt, PVINFO) | (uint64_t)gvt_read(gvt, PVINFO + 4) << 32,
		.major = (uint16_t)version,
		.minor = (uint16_t)(version >> 16),
		.id = gvt_read(gvt, PVINFO + 0xc),
		.caps = gvt_read(gvt, PVINFO + 0x10),
		.low_base = gvt_read(gvt, PVINFO + 0x40),
		.low_len = gvt_read(gvt, PVINFO + 0x44),
		.high_base = gvt_read(gvt, PVINFO + 0x48),
		.high_len = gvt_read(gvt, PVINFO + 0x4c),
		.fences = gvt_read(gvt, PVINFO + 0x50),
	};
}

/* Two framebuffers and the cursor share the larger part of what the vGPU may use of the GGTT. */
static int share_ggtt(struct gvt *gvt)
{
	bool high = gvt->pvinfo.high_len >= gvt->pvinfo.low_len;
	uint64_t base = high ? gvt->pvinfo.high_base : gvt->pvinfo.low_base;
	uint64_t len = high ? gvt->pvinfo.high_len : gvt->pvinfo.low_len;

	if (len < 4 * MIB || base + len > GGTT_LEN || base % GUEST_PAGE_BYTES)
		return -ENOSPC;
	gvt->buffer_len_max = (len / MIB - 1) / GVT_BUFFERS * MIB;
	for (int i = 0; i < GVT_BUFFERS; i++)
		gvt->buffers[i].gma = base + (uint64_t)i * gvt->buffer_len_max;
	gvt->cursor.gma = base + GVT_BUFFERS * gvt->buffer_len_max;
	return 0;
}

/* Gives the buffer @len bytes and maps them in the GGTT. */
static int map_buffer(const struct gvt *gvt, struct gvt_buffer *buffer, size_t len)
{
	uint32_t entries = (uint32_t)(GGTT + buffer->gma / GUEST_PAGE_BYTES * sizeof(uint64_t));
	size_t had = buffer->memory.len;
	int rc;

	if (len > gvt->buffer_len_max)
		return -ENOSPC;
	rc = guest_memory_reserve(&buffer->memory, len);
	if (rc < 0)
		return rc;
	if (buffer->memory.len == had) /* mapped already */
		return 0;
	for (size_t i = 0; i < buffer->memory.len / GUEST_PAGE_BYTES; i++)
		gvt_write64(gvt, entries + (uint32_t)(i * sizeof(uint64_t)),
			    buffer->memory.pages[i] | PTE_PRESENT);
	gvt_write(gvt, GGTT_FLUSH, 1);
	return 0;
}

static int prepare_cursor(struct gvt *gvt)
{
	size_t len = QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX * sizeof(uint32_t);
	int rc = map_buffer(gvt, &gvt->cursor, len);

	if (rc < 0)
		return rc;
	qt_card_draw_cursor((uint32_t *)gvt->cursor.memory.bytes);
	guest_memory_flush(&gvt->cursor.memory, len);
	return 0;
}

static void gvt_describe(struct guest_output *output, struct guest_reply *reply)
{
	const struct gvt *gvt = gvt_from_output(output);
	const struct gvt_pvinfo *info = &gvt->pvinfo;

	guest_reply_add(reply, "address=%s device=%04x:%04x revision=%02x class=%06x generation=%d",
			gvt->pci.address, gvt->pci.vendor_id, gvt->pci.device_id, gvt->pci.revision,
			gvt->pci.class_code, gvt->plane->generation);
	guest_reply_add(reply, "magic=%016llx version=%u.%u id=%u caps=%x",
			(unsigned long long)info->magic, info->major, info->minor, info->id,
			info->caps);
	guest_reply_add(reply, "low_base=%x low_len=%x high_base=%x high_len=%x fences=%u",
			info->low_base, info->low_len, info->high_base, info->high_len,
			info->fences);
	guest_reply_add(reply, "frames=%u surface=%x live=%x", gvt_read(gvt, FRAME_COUNT),
			gvt->surface.width_px ? (uint32_t)gvt->buffers[gvt->shown].gma : 0,
			gvt_read(gvt, SURFACE_LIVE));
}

static int identify(struct gvt *gvt, struct guest_reply *reply)
{
	size_t len;
	int rc;

	gvt->bar0 = guest_pci_map(&gvt->pci, 0, &len);
	if (!gvt->bar0 || len < 2 * GGTT)
		return guest_reply_fail(reply, gvt->bar0 ? EINVAL : errno,
					"cannot map BAR 0 of %s: %s", gvt->pci.address,
					gvt->bar0 ? "it is too small" : strerror(errno));
	read_pvinfo(gvt, &gvt->pvinfo);
	if (gvt->pvinfo.magic != PVINFO_MAGIC)
		return guest_reply_fail(reply, ENODEV, "%s (%04x:%04x) is no vGPU: magic %016llx",
					gvt->pci.address, gvt->pci.vendor_id, gvt->pci.device_id,
					(unsigned long long)gvt->pvinfo.magic);
	gvt->plane = gvt_plane_find(gvt->pci.device_id);
	if (!gvt->plane)
		return guest_reply_fail(reply, ENODEV, "%s: generation of device %04x is unknown",
					gvt->pci.address, gvt->pci.device_id);
	rc = share_ggtt(gvt);
	if (rc == 0)
		rc = prepare_cursor(gvt);
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "%s: graphics memory [%x+%x] [%x+%x]: %s",
					gvt->pci.address, gvt->pvinfo.low_base, gvt->pvinfo.low_len,
					gvt->pvinfo.high_base, gvt->pvinfo.high_len, strerror(-rc));
	return 0;
}

static int gvt_open(const char *device, struct guest_output **out, struct guest_reply *reply)
{
	static struct gvt gvt = { .output = { &guest_output_gvt, .has_cursor = true } };
	int rc = guest_pci_open(device, is_intel_display, "Intel display device", &gvt.pci, reply);

	if (rc < 0)
		return rc;
	rc = identify(&gvt, reply);
	if (rc < 0)
		return rc;
	gvt_describe(&gvt.output, reply);
	*out = &gvt.output;
	return 0;
}

static int gvt_show(struct guest_output *output, const struct guest_picture *picture,
		    struct guest_reply *reply)
{
	struct gvt *gvt = gvt_from_output(output);
	unsigned int back = gvt->surface.width_px ? !gvt->shown : 0;
	struct gvt_buffer *buffer = &gvt->buffers[back];
	uint32_t stride_bytes =
		qt_tiling_stride(picture->tiling, picture->width_px * picture->format->pixel_bytes);
	size_t len = qt_tiling_len(picture->tiling, stride_bytes, picture->height_px);
	uint32_t control;
	int rc = gvt->plane->control(picture->format, picture->tiling, &control);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "the plane shows no %s, tiling %s",
					picture->format->name, picture->tiling->name);
	rc = map_buffer(gvt, buffer, len);
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "no graphics memory for %zu bytes: %s", len,
					strerror(-rc));
	gvt->surface = (struct guest_surface){
		.memory = buffer->memory.bytes,
		.len = buffer->memory.len,
		.stride_bytes = stride_bytes,
		.width_px = picture->width_px,
		.height_px = picture->height_px,
		.format = picture->format,
		.tiling = picture->tiling,
	};
	guest_surface_write(&gvt->surface, picture);
	guest_memory_flush(&buffer->memory, len);
	gvt_pipe_start(gvt, picture->width_px, picture->height_px);
	if (picture->format->pixel_bytes == 1)
		gvt_palette_load(gvt);
	gvt->plane->arm(gvt, &gvt->surface, control, (uint32_t)buffer->gma);
	if (picture->cursor)
		gvt_cursor_show(gvt, (uint32_t)gvt->cursor.gma, picture->cursor_x_px,
				picture->cursor_y_px);
	else
		gvt_cursor_hide(gvt);
	gvt->shown = back;
	guest_reply_add(reply, "surface=%x stride=%u control=%08x", (uint32_t)buffer->gma,
			stride_bytes, control);
	return 0;
}

static int gvt_layouts(struct guest_output *output, struct guest_reply *reply)
{
	const struct gvt *gvt = gvt_from_output(output);
	uint32_t control;

	for (size_t i = 0; i < qt_pixel_formats_len; i++) {
		char tilings[64] = "";

		for (size_t j = 0; j < qt_tilings_len; j++) {
			if (gvt->plane->control(&qt_pixel_formats[i], &qt_tilings[j], &control) < 0)
				continue;
			strcat(tilings, *tilings ? "," : "=");
			strcat(tilings, qt_tilings[j].name);
		}
		if (*tilings)
			guest_reply_add(reply, "%s%s", qt_pixel_formats[i].name, tilings);
	}
	return 0;
}

static int gvt_off(struct guest_output *output, struct guest_reply *reply)
{
	struct gvt *gvt = gvt_from_output(output);

	gvt_pipe_stop(gvt);
	gvt->surface.width_px = 0;
	return 0;
}

static const struct guest_surface *gvt_surface(struct guest_output *output)
{
	const struct gvt *gvt = gvt_from_output(output);

	return gvt->surface.width_px ? &gvt->surface : NULL;
}

/* In the buffer that is not on display: what is shown stays until the first scroll(). */
static int gvt_tall(struct guest_output *output, uint32_t rows, struct guest_surface *out)
{
	struct gvt *gvt = gvt_from_output(output);
	struct gvt_buffer *buffer = &gvt->buffers[!gvt->shown];
	int rc;

	if (!gvt->surface.width_px)
		return -ENODATA;
	rc = map_buffer(gvt, buffer, (size_t)rows * gvt->surface.stride_bytes);
	if (rc < 0)
		return rc;
	gvt->shown = !gvt->shown;
	gvt->surface.memory = buffer->memory.bytes;
	gvt->surface.len = buffer->memory.len;
	*out = gvt->surface;
	out->height_px = rows;
	return 0;
}

static void gvt_scroll(struct guest_output *output, uint32_t row)
{
	struct gvt *gvt = gvt_from_output(output);
	struct gvt_buffer *buffer = &gvt->buffers[gvt->shown];
	size_t offset = (size_t)row * gvt->surface.stride_bytes;

	gvt->surface.memory = buffer->memory.bytes + offset;
	gvt->surface.len = buffer->memory.len - offset;
	gvt_plane_flip(gvt, (uint32_t)(buffer->gma + offset));
}

const struct guest_output_impl guest_output_gvt = {
	.name = "gvt",
	.open = gvt_open,
	.show = gvt_show,
	.off = gvt_off,
	.surface = gvt_surface,
	.layouts = gvt_layouts,
	.tall = gvt_tall,
	.scroll = gvt_scroll,
	.describe = gvt_describe,
};
