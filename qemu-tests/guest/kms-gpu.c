/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intel's GPU by raw commands: the blitter draws a picture, and a batch that never ends makes the
 * driver reset it.
 * Source: Broadwell PRM vol. 2a (XY_COLOR_BLT, XY_SRC_COPY_BLT, MI_BATCH_BUFFER_START), vol. 10;
 * drm/i915_drm.h
 */
#include "kms.h"

#include <errno.h>
#include <i915_drm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_PX = 64, /* copied at once */
	RUN_PX = 4, /* filled at once */
	FILL_WORDS = 7,
	COPY_WORDS = 10,
	END_WORDS = 8,
	PAGE_LEN = 4096,

	/* command words */
	XY_COLOR_BLT = 2u << 29 | 0x50 << 22 | (FILL_WORDS - 2),
	XY_SRC_COPY_BLT = 2u << 29 | 0x53 << 22 | (COPY_WORDS - 2),
	XY_32_BIT = 3 << 20, /* all four bytes are written */
	XY_TARGET_TILED = 1 << 11,
	ROP_PATTERN = 0xf0 << 16,
	ROP_SOURCE = 0xcc << 16,
	MI_BATCH_BUFFER_START = 0x31 << 23 | 1 << 8 | (3 - 2),
	MI_BATCH_BUFFER_END = 0x0a << 23,

	/* where things are in the batch's own address space */
	TARGET_ADDRESS = 0x10000000,
	SOURCE_ADDRESS = 0x20000000,
	BATCH_ADDRESS = 0x30000000,
};

#define BLIT_WAIT_NS 20000000000ll
/* Heartbeats at 2.5 s, of which some must be missed. Source: i915 Kconfig.profile */
#define HANG_WAIT_NS 55000000000ll

/* Commands being written. */
struct batch {
	uint32_t *words;
	size_t len, words_max;
	unsigned int fills, copies;
};

/* One rectangle of a copy between framebuffers of the same format. */
struct cell {
	uint32_t x_px, y_px, width_px, height_px;
};

static void emit(struct batch *batch, uint32_t word)
{
	if (batch->len < batch->words_max)
		batch->words[batch->len] = word;
	batch->len++;
}

/* Depth, raster operation and pitch. A tiled surface's pitch counts words. */
static uint32_t depth_and_pitch(const struct guest_surface *surface, uint32_t rop)
{
	static const uint32_t depths[] = { [1] = 0, [2] = 1 << 24, [4] = 3 << 24 };
	bool tiled = surface->tiling->modifier != 0;

	return depths[surface->format->pixel_bytes] | rop |
	       (tiled ? surface->stride_bytes / 4 : surface->stride_bytes);
}

static uint32_t corner(uint32_t x_px, uint32_t y_px)
{
	return y_px << 16 | x_px;
}

static void emit_target(struct batch *batch, uint32_t command, uint32_t rop,
			const struct guest_surface *target, const struct cell *cell)
{
	emit(batch, command | (target->format->pixel_bytes == 4 ? XY_32_BIT : 0) |
			    (target->tiling->modifier ? XY_TARGET_TILED : 0));
	emit(batch, depth_and_pitch(target, rop));
	emit(batch, corner(cell->x_px, cell->y_px));
	emit(batch, corner(cell->x_px + cell->width_px, cell->y_px + cell->height_px));
	emit(batch, TARGET_ADDRESS);
	emit(batch, 0);
}

static uint8_t *pixel_at(const struct guest_surface *surface, uint32_t x_px, uint32_t y_px)
{
	return surface->memory + (size_t)y_px * surface->stride_bytes +
	       (size_t)x_px * surface->format->pixel_bytes;
}

/* The first place in line @y_px where some pixels have one colour. */
static bool find_run(const struct guest_picture *picture, uint32_t y_px, struct cell *out)
{
	const uint32_t *line = picture->xrgb + (size_t)y_px * picture->width_px;
	uint32_t begin = 0;

	for (uint32_t x = 1; x < picture->width_px; x++) {
		if (line[x] != line[begin])
			begin = x;
		if (x - begin + 1 == RUN_PX) {
			*out = (struct cell){ begin, y_px, RUN_PX, 1 };
			return true;
		}
	}
	return false;
}

static void emit_copy(struct batch *batch, const struct guest_surface *source,
		      const struct guest_surface *target, const struct cell *cell)
{
	emit_target(batch, XY_SRC_COPY_BLT, ROP_SOURCE, target, cell);
	emit(batch, corner(cell->x_px, cell->y_px));
	emit(batch, source->stride_bytes);
	emit(batch, SOURCE_ADDRESS);
	emit(batch, 0);
	batch->copies++;
}

/* Fills a run, and spoils it in the source: what was copied before must not be right. */
static void emit_fill(struct batch *batch, const struct guest_surface *source,
		      const struct guest_surface *target, const struct cell *run)
{
	uint8_t *pixels = pixel_at(source, run->x_px, run->y_px);
	uint32_t colour = 0;

	memcpy(&colour, pixels, source->format->pixel_bytes);
	emit_target(batch, XY_COLOR_BLT, ROP_PATTERN, target, run);
	emit(batch, colour);
	for (size_t i = 0; i < (size_t)run->width_px * source->format->pixel_bytes; i++)
		pixels[i] ^= 0xff;
	batch->fills++;
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

/* Makes a buffer object of the commands. 0 or a negative errno. */
static int upload(const struct kms *kms, const struct batch *batch, uint32_t *handle)
{
	size_t len = batch->len * sizeof(*batch->words);
	struct drm_i915_gem_create create = { .size = (len + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN };
	struct drm_i915_gem_pwrite write = { .size = len, .data_ptr = (uintptr_t)batch->words };
	int rc = kms_ioctl(kms, DRM_IOCTL_I915_GEM_CREATE, &create);

	if (rc < 0)
		return rc;
	*handle = write.handle = create.handle;
	return kms_ioctl(kms, DRM_IOCTL_I915_GEM_PWRITE, &write);
}

static void forget(const struct kms *kms, uint32_t handle)
{
	struct drm_gem_close gem_close = { .handle = handle };

	if (handle)
		(void)kms_ioctl(kms, DRM_IOCTL_GEM_CLOSE, &gem_close);
}

/* Runs the batch, the last of the objects, and waits for its end. */
static int execute(const struct kms *kms, struct drm_i915_gem_exec_object2 *objects,
		   uint32_t objects_len, uint64_t engine, int64_t wait_ns)
{
	struct drm_i915_gem_execbuffer2 execbuffer = {
		.buffers_ptr = (uintptr_t)objects,
		.buffer_count = objects_len,
		.flags = engine,
	};
	struct drm_i915_gem_wait wait = { .bo_handle = objects[objects_len - 1].handle,
					  .timeout_ns = wait_ns };
	int rc;

	for (uint32_t i = 0; i < objects_len; i++)
		objects[i].flags |= EXEC_OBJECT_PINNED | EXEC_OBJECT_SUPPORTS_48B_ADDRESS;
	rc = kms_ioctl(kms, DRM_IOCTL_I915_GEM_EXECBUFFER2, &execbuffer);
	return rc < 0 ? rc : kms_ioctl(kms, DRM_IOCTL_I915_GEM_WAIT, &wait);
}

static int write_batch(const struct guest_picture *picture, const struct guest_surface *source,
		       const struct guest_surface *target, struct batch *batch)
{
	size_t cells = (size_t)(source->width_px / CELL_PX + 1) * (source->height_px / CELL_PX + 1);
	struct cell run;

	batch->words_max = cells * COPY_WORDS + source->height_px * FILL_WORDS + END_WORDS;
	batch->words = malloc(batch->words_max * sizeof(*batch->words));
	if (!batch->words)
		return -ENOMEM;
	for (uint32_t y = 0; y < source->height_px; y += CELL_PX)
		for (uint32_t x = 0; x < source->width_px; x += CELL_PX)
			emit_copy(batch, source, target,
				  &(struct cell){ x, y, at_most(source->width_px - x, CELL_PX),
						  at_most(source->height_px - y, CELL_PX) });
	for (uint32_t y = 0; y < source->height_px; y++)
		if (find_run(picture, y, &run))
			emit_fill(batch, source, target, &run);
	emit(batch, MI_BATCH_BUFFER_END);
	emit(batch, 0); /* batches are whole pairs of words */
	return batch->len <= batch->words_max ? 0 : -E2BIG;
}

static int blit(const struct kms *kms, const struct guest_picture *picture,
		const struct kms_buffer *source, const struct kms_buffer *target,
		struct guest_reply *reply)
{
	struct batch batch = { 0 };
	struct drm_i915_gem_exec_object2 objects[] = {
		{ .handle = target->handle, .offset = TARGET_ADDRESS, .flags = EXEC_OBJECT_WRITE },
		{ .handle = source->handle, .offset = SOURCE_ADDRESS },
		{ .offset = BATCH_ADDRESS },
	};
	int rc = write_batch(picture, &source->surface, &target->surface, &batch);

	batch.len &= ~(size_t)1;
	if (rc == 0)
		rc = upload(kms, &batch, &objects[2].handle);
	if (rc == 0)
		rc = execute(kms, objects, 3, I915_EXEC_BLT, BLIT_WAIT_NS);
	forget(kms, objects[2].handle);
	free(batch.words);
	guest_reply_add(reply, "fills=%u copies=%u", batch.fills, batch.copies);
	return rc;
}

int kms_gpu_draw(const struct kms *kms, const struct guest_picture *picture,
		 const struct kms_buffer *target, struct guest_reply *reply)
{
	struct kms_buffer source;
	int rc;

	/* the blitter takes Y tiles only after a privileged register is told so */
	if (strcmp(kms->driver, "i915") != 0 || strcmp(picture->tiling->name, "y") == 0)
		return -EOPNOTSUPP;
	rc = kms_buffer_create(kms, picture->width_px, picture->height_px, picture->format,
			       qt_tiling_find("linear"), &source);
	if (rc < 0)
		return rc;
	guest_surface_write(&source.surface, picture);
	rc = blit(kms, picture, &source, target, reply);
	kms_buffer_destroy(kms, &source);
	return rc;
}

int kms_gpu_hang(const struct kms *kms, struct guest_reply *reply)
{
	/* jumps to its own beginning, for ever */
	uint32_t words[] = { MI_BATCH_BUFFER_START, BATCH_ADDRESS, 0, MI_BATCH_BUFFER_END };
	struct batch batch = { .words = words, .len = sizeof(words) / sizeof(words[0]) };
	struct drm_i915_gem_exec_object2 object = { .offset = BATCH_ADDRESS };
	struct drm_i915_reset_stats stats = { 0 };
	int rc;

	if (strcmp(kms->driver, "i915") != 0)
		return -EOPNOTSUPP;
	rc = upload(kms, &batch, &object.handle);
	if (rc == 0)
		rc = execute(kms, &object, 1, I915_EXEC_RENDER, HANG_WAIT_NS);
	if (rc == 0)
		rc = kms_ioctl(kms, DRM_IOCTL_I915_GET_RESET_STATS, &stats);
	forget(kms, object.handle);
	guest_reply_add(reply, "resets=%u guilty=%u", stats.reset_count, stats.batch_active);
	return rc;
}
