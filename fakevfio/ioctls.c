/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one table of ioctls. A request's number means different things on different kinds of
 * descriptor, so both are the key. Source: linux/vfio.h
 */

#include "machine-private.h"

#include <errno.h>
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
};

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
	  MIN_ARGSZ(vfio_device_gfx_plane_info, region_index), fv_ioctl_device_query_gfx_plane },
	{ FV_DEVICE, VFIO_DEVICE_GET_GFX_DMABUF, 0, fv_ioctl_device_get_gfx_dmabuf },
	/* no mdev knows VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, _PCI_HOT_RESET or _IOEVENTFD */
};

static const struct row *find_row(enum fv_kind kind, uint32_t request)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++)
		if (rows[i].kind == kind && rows[i].request == request)
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

static int64_t run(const struct row *row, struct fv_call *call)
{
	_Static_assert(sizeof(struct vfio_device_gfx_plane_info) <= sizeof(call->in.bytes),
		       "the longest argument must fit");

	if (row->min_argsz) {
		if (fv_call_copy_in(call, 0, call->in.bytes, row->min_argsz))
			return -EFAULT;
		memcpy(&call->argsz, call->in.bytes, sizeof(call->argsz));
		if (call->argsz < row->min_argsz)
			return -EINVAL;
	}
	return row->handler(call);
}

/* A container passes on to its IOMMU what it does not know itself; without one that is invalid. */
static int64_t run_on_iommu(struct fv_call *call, uint32_t request)
{
	struct fv_container *container = call->handle->container;
	const struct row *row = find_row(FV_IOMMU, request);
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
	const struct row *row;

	if (!call.handle) {
		result.value = -EBADF;
		return result;
	}
	row = find_row(call.handle->kind, request);
	if (row)
		result.value = run(row, &call);
	else if (call.handle->kind == FV_CONTAINER)
		result.value = run_on_iommu(&call, request);
	else
		result.value = -ENOTTY;
	fv_handle_put(machine, call.handle);
	return result;
}
