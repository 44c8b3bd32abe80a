/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An iommufd that is taken for a VFIO container.
 * Source: drivers/iommu/iommufd/vfio_compat.c of Linux 6.6
 */

#include "iommufd-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#define PAGE_SIZES UINT64_C(0xfffffffffffff000)

int64_t fv_ioctl_iommufd_vfio_ioas(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_vfio_ioas cmd;
	struct fv_ioas *ioas;
	int64_t result = 0;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.reserved || cmd.op > FV_VFIO_IOAS_CLEAR)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&iommufd->lock);
	ioas = cmd.op == FV_VFIO_IOAS_SET ? fv_ioas_find(iommufd, cmd.ioas_id) : iommufd->vfio;
	if (cmd.op == FV_VFIO_IOAS_CLEAR)
		iommufd->vfio = NULL;
	else if (!ioas)
		result = cmd.op == FV_VFIO_IOAS_SET ? -ENOENT : -ENODEV;
	else if (cmd.op == FV_VFIO_IOAS_SET)
		iommufd->vfio = ioas;
	else
		cmd.ioas_id = fv_ioas_id(iommufd, ioas);
	pthread_mutex_unlock(&iommufd->lock);
	if (result || cmd.op != FV_VFIO_IOAS_GET)
		return result;
	return fv_call_respond(call, &cmd, sizeof(cmd));
}

static bool has_ioas(struct fv_iommufd *iommufd)
{
	bool has;

	pthread_mutex_lock(&iommufd->lock);
	has = iommufd->vfio;
	pthread_mutex_unlock(&iommufd->lock);
	return has;
}

int64_t fv_ioctl_compat_check_extension(struct fv_call *call)
{
	switch (call->argument) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		return has_ioas(call->handle->iommufd) ? 1 : -ENODEV;
	default:
		return 0;
	}
}

int64_t fv_ioctl_compat_set_iommu(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	int64_t result = -ENODEV;

	if (call->argument != VFIO_TYPE1_IOMMU && call->argument != VFIO_TYPE1v2_IOMMU)
		return -EINVAL;
	pthread_mutex_lock(&iommufd->lock);
	if (iommufd->vfio)
		result = call->argument == VFIO_TYPE1_IOMMU ? fv_ioas_use_small_pages(iommufd->vfio)
							    : 0;
	pthread_mutex_unlock(&iommufd->lock);
	return result;
}

/* the chain, as the kernel lays it out: the second is a vfio_iommu_type1_info_cap_iova_range */
struct info_caps {
	struct vfio_iommu_type1_info_dma_avail avail;
	struct vfio_info_cap_header ranges;
	uint32_t nr_iovas, reserved;
	struct vfio_iova_range all;
} __attribute__((packed));

int64_t fv_ioctl_compat_get_info(struct fv_call *call)
{
	struct info_caps caps = {
		.avail = { { VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1, 0 }, UINT32_MAX },
		.ranges = { VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, 0 },
		.nr_iovas = 1,
		.all = { 0, UINT64_MAX },
	};
	struct vfio_iommu_type1_info info = {
		.argsz = sizeof(info) + sizeof(caps),
		.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS,
		.iova_pgsizes = PAGE_SIZES,
	};
	size_t second = sizeof(info) + sizeof(caps.avail), len = 0;

	if (!has_ioas(call->handle->iommufd))
		return -ENODEV;
	/* what fits, even if that is not all; only then it is told where they begin */
	if (call->argsz >= second)
		len = sizeof(caps.avail), caps.avail.header.next = second;
	if (call->argsz >= info.argsz)
		len = sizeof(caps), info.cap_offset = sizeof(info);
	if (len && fv_call_copy_out(call, sizeof(info), &caps, len))
		return -EFAULT;
	return fv_call_copy_out(call, 0, &info,
				call->argsz < sizeof(info) ? call->argsz : sizeof(info));
}

int64_t fv_ioctl_compat_map_dma(struct fv_call *call)
{
	const uint32_t known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct vfio_iommu_type1_dma_map map;
	int64_t result = -ENODEV;

	memcpy(&map, call->in.bytes, sizeof(map));
	if (map.flags & ~known)
		return -EINVAL;
	pthread_mutex_lock(&iommufd->lock);
	if (iommufd->vfio)
		result = fv_ioas_map(iommufd->vfio, call->client, map.iova, map.vaddr, map.size,
				     map.flags);
	pthread_mutex_unlock(&iommufd->lock);
	return result;
}

/* Type 1 may unmap from the middle of a mapping: it is cut there before. */
static int unmap(struct fv_ioas *ioas, const struct vfio_iommu_type1_dma_unmap *unmap,
		 uint64_t *unmapped)
{
	uint64_t first = unmap->iova, last = first + unmap->size - 1;
	int err = 0;

	if (ioas->small_pages) {
		err = fv_dma_cut(ioas->dma, last, FV_PAGE_SIZE);
		if (!err && first)
			err = fv_dma_cut(ioas->dma, first - 1, FV_PAGE_SIZE);
	}
	return err ? err : fv_ioas_unmap(ioas, first, unmap->size, unmapped);
}

int64_t fv_ioctl_compat_unmap_dma(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct vfio_iommu_type1_dma_unmap cmd;
	int64_t result = -ENODEV;
	uint64_t unmapped = 0;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	pthread_mutex_lock(&iommufd->lock);
	if (iommufd->vfio && !(cmd.flags & VFIO_DMA_UNMAP_FLAG_ALL))
		result = unmap(iommufd->vfio, &cmd, &unmapped);
	else if (iommufd->vfio)
		result = cmd.iova || cmd.size ? -EINVAL
					      : fv_ioas_unmap_all(iommufd->vfio, &unmapped);
	pthread_mutex_unlock(&iommufd->lock);
	if (result == -ENODEV || (cmd.flags && result))
		return result;
	cmd.size = unmapped;
	return fv_call_copy_out(call, 0, &cmd, sizeof(cmd)) ? -EFAULT : result;
}
