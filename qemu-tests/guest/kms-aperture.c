/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drawing through the GPU's aperture: the CPU writes a linear picture, and a fence makes it a tiled
 * one on its way.
 * Source: drm/i915_drm.h, DRM_IOCTL_I915_GEM_SET_TILING, DRM_IOCTL_I915_GEM_MMAP_GTT
 */
#include "kms.h"

#include <errno.h>
#include <i915_drm.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

/* A framebuffer's tiling is fixed: it is made again around the change. */
static int set_tiling(const struct kms *kms, struct kms_buffer *buffer)
{
	static const uint32_t modes[] = {
		[QT_TILING_LINEAR] = I915_TILING_NONE,
		[QT_TILING_X] = I915_TILING_X,
		[QT_TILING_Y] = I915_TILING_Y,
	};
	enum qt_tiling_kind kind = buffer->surface.tiling->kind;
	struct drm_i915_gem_set_tiling tiling = {
		.handle = buffer->handle,
		.tiling_mode = kind <= QT_TILING_Y ? modes[kind] : I915_TILING_LAST,
		.stride = kind == QT_TILING_LINEAR ? 0 : buffer->surface.stride_bytes,
	};
	int rc = kms_buffer_remove_framebuffer(kms, buffer);

	if (rc == 0)
		rc = kms_ioctl(kms, DRM_IOCTL_I915_GEM_SET_TILING, &tiling);
	return rc < 0 ? rc : kms_buffer_add_framebuffer(kms, buffer);
}

int kms_aperture_draw(const struct kms *kms, const struct guest_picture *picture,
		      struct kms_buffer *buffer, struct guest_reply *reply)
{
	struct drm_i915_gem_mmap_gtt map = { .handle = buffer->handle };
	struct guest_surface linear = buffer->surface;
	int rc;

	if (strcmp(kms->driver, "i915") != 0)
		return -EOPNOTSUPP;
	rc = set_tiling(kms, buffer);
	if (rc == 0)
		rc = kms_ioctl(kms, DRM_IOCTL_I915_GEM_MMAP_GTT, &map);
	if (rc < 0)
		return rc;
	linear.tiling = qt_tiling_find("linear");
	linear.memory = mmap(NULL, linear.len, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd,
			     (off_t)map.offset);
	if (linear.memory == MAP_FAILED)
		return -errno;
	guest_surface_write(&linear, picture);
	munmap(linear.memory, linear.len);
	guest_reply_add(reply, "aperture=%zu", linear.len);
	return 0;
}
