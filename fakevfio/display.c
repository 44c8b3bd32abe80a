/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a display shows. Source: samples/vfio-mdev/mdpy.c, mdpy_query_gfx_plane(), and
 * drivers/gpu/drm/i915/gvt/dmabuf.c of Linux 6.1
 */

#include "machine-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

static int query(struct fv_open_device *device, uint32_t display, uint32_t type,
		 struct fv_plane *plane)
{
	int err;

	/* QEMU asks the region path for plane 0 */
	if (display == VFIO_GFX_PLANE_TYPE_REGION && !type)
		type = FV_PLANE_PRIMARY;
	fv_device_lock(device);
	err = device->dev.model->query_plane(&device->dev, display, type, plane);
	fv_device_unlock(device);
	return err;
}

/* A DMA-BUF needs an exporter, which no front end has: that path is not offered. */
static int display_offered(uint32_t display)
{
	return display == VFIO_GFX_PLANE_TYPE_REGION;
}

int64_t fv_ioctl_device_query_gfx_plane(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	struct vfio_device_gfx_plane_info info;
	struct fv_plane plane = { 0 };
	uint32_t display;
	int err;

	if (!device->dev.model->query_plane)
		return -ENOTTY;
	memset(&info, 0, sizeof(info));
	memcpy(&info, call->in.bytes, offsetof(struct vfio_device_gfx_plane_info, region_index));
	display = info.flags & ~VFIO_GFX_PLANE_TYPE_PROBE;
	if (!display_offered(display))
		return -EINVAL;
	err = query(device, display, info.drm_plane_type, &plane);
	if (err)
		return err;
	if (info.flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return 0;

	info.drm_format = plane.drm_format;
	info.drm_format_mod = plane.drm_modifier;
	info.width = plane.width_px;
	info.height = plane.height_px;
	info.stride = plane.stride_bytes;
	info.size = plane.size_bytes > UINT32_MAX ? UINT32_MAX : plane.size_bytes;
	info.x_pos = plane.x_px;
	info.y_pos = plane.y_px;
	info.x_hot = plane.x_hot_px;
	info.y_hot = plane.y_hot_px;
	info.region_index = plane.region;
	return fv_call_copy_out(call, 0, &info,
				offsetof(struct vfio_device_gfx_plane_info, region_index) +
					sizeof(info.region_index));
}

/* Models that show themselves by regions alone do not know this call; others have no such id. */
int64_t fv_ioctl_device_get_gfx_dmabuf(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	struct fv_plane plane;
	uint32_t id;

	if (!device->dev.model->query_plane ||
	    query(device, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &plane) == -EINVAL)
		return -ENOTTY;
	if (fv_call_copy_in(call, 0, &id, sizeof(id)))
		return -EFAULT;
	return -EINVAL;
}
