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

static bool can_export(const struct fv_machine *machine)
{
	return machine->ops->can_export && machine->ops->can_export(machine->front_end);
}

/* Real drivers have one path. A model that has both offers the one that its GPU was given. */
void fv_display_init(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;
	const struct fv_model *model = device->dev.model;
	enum fake_display wish = fake_host_gpu(machine->host, device->dev.vgpu.gpu)->display;

	device->displays = VFIO_GFX_PLANE_TYPE_REGION;
	if (!model->dmabuf || (model->region_instead && wish == FAKE_DISPLAY_REGION))
		return;
	if (can_export(machine))
		device->displays = VFIO_GFX_PLANE_TYPE_DMABUF;
	else
		fv_device_log(&device->dev,
			      "no DMA-BUF display: this machine has neither vgem, /dev/udmabuf nor "
			      "a card that makes dumb buffers%s",
			      model->region_instead ? "; the region path instead" : "");
}

static int query(struct fv_open_device *device, uint32_t display, uint32_t type,
		 struct fv_plane *plane)
{
	/* QEMU asks the region path for plane 0 */
	if (display == VFIO_GFX_PLANE_TYPE_REGION && !type)
		type = FV_PLANE_PRIMARY;
	return device->dev.model->query_plane(&device->dev, display, type, plane);
}

static void fill(struct vfio_device_gfx_plane_info *info, const struct fv_plane *plane)
{
	info->drm_format = plane->drm_format;
	info->drm_format_mod = plane->drm_modifier;
	info->width = plane->width_px;
	info->height = plane->height_px;
	info->stride = plane->stride_bytes;
	info->size = plane->size_bytes > UINT32_MAX ? UINT32_MAX : plane->size_bytes;
	info->x_pos = plane->x_px;
	info->y_pos = plane->y_px;
	info->x_hot = plane->x_hot_px;
	info->y_hot = plane->y_hot_px;
}

static int query_region(struct fv_open_device *device, struct vfio_device_gfx_plane_info *info)
{
	struct fv_plane plane = { 0 };
	int err = query(device, VFIO_GFX_PLANE_TYPE_REGION, info->drm_plane_type, &plane);

	if (err)
		return err;
	if (info->flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return 0;
	fill(info, &plane);
	info->region_index = plane.region;
	return 0;
}

static int query_dmabuf(struct fv_open_device *device, struct vfio_device_gfx_plane_info *info)
{
	struct fv_plane plane = { 0 };
	int64_t id = 0;
	int err;

	if (info->flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return 0;
	err = query(device, VFIO_GFX_PLANE_TYPE_DMABUF, info->drm_plane_type, &plane);
	if (err)
		return err;
	if (!plane.drm_format && !device->dev.model->dmabuf->off_is_zero)
		return 0;
	if (plane.drm_format)
		id = fv_dmabuf_tell(device, &plane);
	if (id < 0)
		return (int)id;
	fill(info, &plane);
	info->dmabuf_id = (uint32_t)id;
	return 0;
}

int64_t fv_ioctl_device_query_gfx_plane(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	const size_t len = offsetof(struct vfio_device_gfx_plane_info, region_index) +
			   sizeof(((struct vfio_device_gfx_plane_info *)0)->region_index);
	struct vfio_device_gfx_plane_info info;
	uint32_t display;
	int err;

	if (!device->dev.model->query_plane)
		return -ENOTTY;
	memset(&info, 0, sizeof(info));
	memcpy(&info, call->in.bytes, len);
	display = info.flags & ~VFIO_GFX_PLANE_TYPE_PROBE;
	if (display != device->displays)
		return -EINVAL;
	fv_device_lock(device);
	err = display == VFIO_GFX_PLANE_TYPE_DMABUF ? query_dmabuf(device, &info)
						    : query_region(device, &info);
	fv_device_unlock(device);
	if (err || info.flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return err;
	return fv_call_copy_out(call, 0, &info, len);
}

/* Models that show themselves by regions alone do not know this call. */
int64_t fv_ioctl_device_get_gfx_dmabuf(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	const struct fv_dmabuf_rules *rules = device->dev.model->dmabuf;
	uint32_t id;
	int buffer;

	if (!rules)
		return -ENOTTY;
	if (fv_call_copy_in(call, 0, &id, sizeof(id)))
		return -EFAULT;
	if (device->displays != VFIO_GFX_PLANE_TYPE_DMABUF)
		return rules->unknown_id;
	fv_device_lock(device);
	buffer = fv_dmabuf_get(device, id);
	fv_device_unlock(device);
	if (buffer < 0)
		return buffer;
	call->result->buffer = buffer;
	call->result->buffer_flags = rules->fd_flags;
	return 0;
}
