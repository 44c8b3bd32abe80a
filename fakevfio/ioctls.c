/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one table of ioctls. A request's number means different things on different kinds of
 * descriptor, so both are the key. Source: linux/vfio.h
 */

#include "machine-private.h"

#include <errno.h>
#include <fakevfio/iommufd-abi.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#define MIN_ARGSZ(type, last) (offsetof(struct type, last) + sizeof(((struct type *)0)->last))

struct row {
	enum fv_kind kind;
	uint32_t request;
	/* the argument points to a struct that begins with argsz, at least this; 0: it does not */
	uint32_t min_argsz;
	int64_t (*handler)(struct fv_call *call);
	/*
	 * iommufd's rule: the whole struct; of a longer one the rest must be 0, what a shorter one
	 * lacks is taken for 0. 0: VFIO's rule, by which the handler looks further itself.
	 */
	uint32_t size;
	unsigned int since; /* the first kernel that knows it; 0: all */
	/* does this device's driver know the request? Before it looks at argsz. NULL: all do */
	bool (*known)(const struct fv_device *dev);
};

static bool has_display(const struct fv_device *dev)
{
	return dev->model->query_plane;
}

#define IOMMUFD(name, type, last, handler_, ...)                              \
	{                                                                     \
		FV_IOMMUFD, FV_IOMMU_##name, MIN_ARGSZ(type, last), handler_, \
			.size = sizeof(struct type), ##__VA_ARGS__            \
	}

static const struct row rows[] = {
	{ FV_CONTAINER, VFIO_GET_API_VERSION, 0, fv_ioctl_get_api_version },
	{ FV_CONTAINER, VFIO_CHECK_EXTENSION, 0, fv_ioctl_check_extension },
	{ FV_CONTAINER, VFIO_SET_IOMMU, 0, fv_ioctl_set_iommu },

	{ FV_IOMMU, VFIO_IOMMU_GET_INFO, MIN_ARGSZ(vfio_iommu_type1_info, iova_pgsizes),
	  fv_ioctl_iommu_get_info },
	{ FV_IOMMU, VFIO_IOMMU_MAP_DMA, MIN_ARGSZ(vfio_iommu_type1_dma_map, size),
	  fv_ioctl_iommu_map_dma },
	{ FV_IOMMU, VFIO_IOMMU_UNMAP_DMA, MIN_ARGSZ(vfio_iommu_type1_dma_unmap, size),
	  fv_ioctl_iommu_unmap_dma },
	{ FV_IOMMU, VFIO_IOMMU_DIRTY_PAGES, MIN_ARGSZ(vfio_iommu_type1_dirty_bitmap, flags),
	  fv_ioctl_iommu_dirty_pages },

	{ FV_GROUP, VFIO_GROUP_GET_STATUS, MIN_ARGSZ(vfio_group_status, flags),
	  fv_ioctl_group_get_status },
	{ FV_GROUP, VFIO_GROUP_SET_CONTAINER, 0, fv_ioctl_group_set_container },
	{ FV_GROUP, VFIO_GROUP_UNSET_CONTAINER, 0, fv_ioctl_group_unset_container },
	{ FV_GROUP, VFIO_GROUP_GET_DEVICE_FD, 0, fv_ioctl_group_get_device_fd },

	{ FV_DEVICE, VFIO_DEVICE_GET_INFO, MIN_ARGSZ(vfio_device_info, num_irqs),
	  fv_ioctl_device_get_info },
	{ FV_DEVICE, VFIO_DEVICE_GET_REGION_INFO, MIN_ARGSZ(vfio_region_info, offset),
	  fv_ioctl_device_get_region_info },
	{ FV_DEVICE, VFIO_DEVICE_GET_IRQ_INFO, MIN_ARGSZ(vfio_irq_info, count),
	  fv_ioctl_device_get_irq_info },
	{ FV_DEVICE, VFIO_DEVICE_SET_IRQS, MIN_ARGSZ(vfio_irq_set, count),
	  fv_ioctl_device_set_irqs },
	{ FV_DEVICE, VFIO_DEVICE_RESET, 0, fv_ioctl_device_reset },
	{ FV_DEVICE, VFIO_DEVICE_FEATURE, MIN_ARGSZ(vfio_device_feature, flags),
	  fv_ioctl_device_feature },
	{ FV_DEVICE, VFIO_DEVICE_QUERY_GFX_PLANE,
	  MIN_ARGSZ(vfio_device_gfx_plane_info, region_index), fv_ioctl_device_query_gfx_plane,
	  .known = has_display },
	{ FV_DEVICE, VFIO_DEVICE_GET_GFX_DMABUF, 0, fv_ioctl_device_get_gfx_dmabuf,
	  .known = has_display },
	{ FV_DEVICE, FV_DEVICE_BIND_IOMMUFD, MIN_ARGSZ(fv_bind_iommufd, out_devid),
	  fv_ioctl_cdev_bind, .since = FAKE_KERNEL(6, 6) },

	{ FV_CDEV, FV_DEVICE_BIND_IOMMUFD, MIN_ARGSZ(fv_bind_iommufd, out_devid),
	  fv_ioctl_cdev_bind },
	{ FV_CDEV, FV_DEVICE_ATTACH_IOMMUFD_PT, MIN_ARGSZ(fv_attach_iommufd_pt, pt_id),
	  fv_ioctl_cdev_attach },
	{ FV_CDEV, FV_DEVICE_DETACH_IOMMUFD_PT, MIN_ARGSZ(fv_detach_iommufd_pt, flags),
	  fv_ioctl_cdev_detach },

	IOMMUFD(DESTROY, fv_iommu_destroy, id, fv_ioctl_iommufd_destroy),
	IOMMUFD(IOAS_ALLOC, fv_ioas_alloc, out_ioas_id, fv_ioctl_ioas_alloc),
	IOMMUFD(IOAS_ALLOW_IOVAS, fv_ioas_allow_iovas, allowed_iovas, fv_ioctl_ioas_allow_iovas),
	IOMMUFD(IOAS_COPY, fv_ioas_copy, src_iova, fv_ioctl_ioas_copy),
	IOMMUFD(IOAS_IOVA_RANGES, fv_ioas_iova_ranges, out_iova_alignment,
		fv_ioctl_ioas_iova_ranges),
	IOMMUFD(IOAS_MAP, fv_ioas_map, iova, fv_ioctl_ioas_map),
	IOMMUFD(IOAS_UNMAP, fv_ioas_unmap, length, fv_ioctl_ioas_unmap),
	IOMMUFD(OPTION, fv_iommu_option, val64, fv_ioctl_iommufd_option),
	IOMMUFD(VFIO_IOAS, fv_vfio_ioas, reserved, fv_ioctl_iommufd_vfio_ioas),
	IOMMUFD(HWPT_ALLOC, fv_hwpt_alloc, reserved, fv_ioctl_iommufd_hwpt_alloc),
	IOMMUFD(GET_HW_INFO, fv_hw_info, reserved, fv_ioctl_iommufd_hw_info),
	IOMMUFD(HWPT_SET_DIRTY_TRACKING, fv_hwpt_set_dirty_tracking, reserved,
		fv_ioctl_iommufd_dirty_tracking, .since = FAKE_KERNEL(6, 7)),
	IOMMUFD(HWPT_GET_DIRTY_BITMAP, fv_hwpt_get_dirty_bitmap, data,
		fv_ioctl_iommufd_dirty_bitmap, .since = FAKE_KERNEL(6, 7)),
	IOMMUFD(HWPT_INVALIDATE, fv_hwpt_invalidate, reserved, fv_ioctl_iommufd_invalidate,
		.since = FAKE_KERNEL(6, 8)),

	{ FV_IOMMUFD, VFIO_GET_API_VERSION, 0, fv_ioctl_get_api_version },
	{ FV_IOMMUFD, VFIO_CHECK_EXTENSION, 0, fv_ioctl_compat_check_extension },
	{ FV_IOMMUFD, VFIO_SET_IOMMU, 0, fv_ioctl_compat_set_iommu },
	{ FV_IOMMUFD, VFIO_IOMMU_GET_INFO, MIN_ARGSZ(vfio_iommu_type1_info, iova_pgsizes),
	  fv_ioctl_compat_get_info },
	{ FV_IOMMUFD, VFIO_IOMMU_MAP_DMA, MIN_ARGSZ(vfio_iommu_type1_dma_map, size),
	  fv_ioctl_compat_map_dma },
	{ FV_IOMMUFD, VFIO_IOMMU_UNMAP_DMA, MIN_ARGSZ(vfio_iommu_type1_dma_unmap, size),
	  fv_ioctl_compat_unmap_dma },
	/* no mdev knows VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, _PCI_HOT_RESET or _IOEVENTFD */
};

static const struct row *find_row(unsigned int kernel, enum fv_kind kind, uint32_t request)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++)
		if (rows[i].kind == kind && rows[i].request == request && rows[i].since <= kernel)
			return &rows[i];
	return NULL;
}

int fv_call_copy_in(struct fv_call *call, uint64_t offset, void *buffer, size_t len)
{
	return call->machine->ops->read_client(call->client, call->argument + offset, buffer, len)
		       ? -EFAULT
		       : 0;
}

int fv_call_copy_out(struct fv_call *call, uint64_t offset, const void *buffer, size_t len)
{
	return call->machine->ops->write_client(call->client, call->argument + offset, buffer, len)
		       ? -EFAULT
		       : 0;
}

int64_t fv_call_respond(struct fv_call *call, const void *answer, size_t len)
{
	return fv_call_copy_out(call, 0, answer, call->argsz < len ? call->argsz : len);
}

/* Source: include/linux/uaccess.h, copy_struct_from_user(), with a page as the longest */
static int copy_struct(struct fv_call *call, uint32_t size)
{
	uint8_t rest[256];

	if (call->argsz > FV_PAGE_SIZE)
		return -E2BIG;
	for (uint32_t at = size, len; at < call->argsz; at += len) {
		len = call->argsz - at < sizeof(rest) ? call->argsz - at : sizeof(rest);
		if (fv_call_copy_in(call, at, rest, len))
			return -EFAULT;
		for (uint32_t i = 0; i < len; i++)
			if (rest[i])
				return -E2BIG;
	}
	return fv_call_copy_in(call, 0, call->in.bytes, call->argsz < size ? call->argsz : size);
}

static int64_t run(const struct row *row, struct fv_call *call)
{
	_Static_assert(sizeof(struct vfio_device_gfx_plane_info) <= sizeof(call->in.bytes),
		       "the longest argument must fit");

	if (row->known && !row->known(&call->handle->device->dev))
		return -ENOTTY;
	if (row->min_argsz) {
		uint32_t first = row->size ? sizeof(call->argsz) : row->min_argsz;
		int err = 0;

		if (fv_call_copy_in(call, 0, call->in.bytes, first))
			return -EFAULT;
		memcpy(&call->argsz, call->in.bytes, sizeof(call->argsz));
		if (call->argsz < row->min_argsz)
			return -EINVAL;
		if (row->size)
			err = copy_struct(call, row->size);
		if (err)
			return err;
	}
	return row->handler(call);
}

/* A container passes on to its IOMMU what it does not know itself; without one that is invalid. */
static int64_t run_on_iommu(struct fv_call *call, uint32_t request)
{
	struct fv_container *container = call->handle->container;
	const struct row *row = find_row(0, FV_IOMMU, request);
	int64_t result;

	pthread_mutex_lock(&call->machine->lock);
	if (container->dma)
		call->dma = fv_dma_get(container->dma);
	pthread_mutex_unlock(&call->machine->lock);
	if (!call->dma)
		return -EINVAL;
	result = row ? run(row, call) : -ENOTTY;
	fv_dma_put(call->dma);
	return result;
}

struct fv_ioctl_result fv_machine_ioctl(struct fv_machine *machine, int handle, void *client,
					uint32_t request, uint64_t argument)
{
	struct fv_ioctl_result result = { 0 };
	struct fv_call call = {
		.machine = machine,
		.handle = fv_handle_get(machine, handle),
		.client = client,
		.argument = argument,
		.result = &result,
	};
	unsigned int kernel = fake_host_kernel(machine->host);
	const struct row *row;

	if (!call.handle) {
		result.value = -EBADF;
		return result;
	}
	row = find_row(kernel, call.handle->kind, request);
	if (!row && call.handle->kind == FV_CDEV)
		row = find_row(kernel, FV_DEVICE, request);
	/* Source: vfio_device_fops_unl_ioctl() */
	if (call.handle->kind == FV_CDEV && !call.handle->device &&
	    request != FV_DEVICE_BIND_IOMMUFD)
		result.value = -EINVAL;
	else if (row)
		result.value = run(row, &call);
	else if (call.handle->kind == FV_CONTAINER)
		result.value = run_on_iommu(&call, request);
	else
		result.value = -ENOTTY;
	fv_handle_put(machine, call.handle);
	return result;
}
