/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a container answers once it has an IOMMU.
 * Source: drivers/vfio/vfio_iommu_type1.c of Linux 6.1; the answers as recorded with mdevs only
 */

#include "machine-private.h"

#include <errno.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

#define PAGE_SIZES UINT64_C(0xfffffffffffff000) /* any multiple of a page */

/* the capability chain behind struct vfio_iommu_type1_info, as the kernel lays it out */
struct info_caps {
	struct vfio_iommu_type1_info_cap_migration migration;
	struct vfio_iommu_type1_info_dma_avail dma_avail;
};

int64_t fv_ioctl_iommu_get_info(struct fv_call *call)
{
	struct info_caps caps = {
		.migration = {
			.header = { VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 1, 0 },
			.pgsize_bitmap = FV_PAGE_SIZE,
			.max_dirty_bitmap_size = (uint64_t)INT_MAX / 8 + 1,
		},
		.dma_avail = {
			.header = { VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1, 0 },
			.avail = fv_dma_available(call->dma),
		},
	};
	struct vfio_iommu_type1_info info = {
		.argsz = call->argsz,
		.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS,
		.iova_pgsizes = PAGE_SIZES,
	};
	size_t caps_len = offsetof(struct info_caps, dma_avail) + sizeof(caps.dma_avail);
	size_t len = call->argsz < sizeof(info) ? call->argsz : sizeof(info);

	if (call->argsz < sizeof(info) + caps_len) {
		info.argsz = sizeof(info) + caps_len;
	} else {
		info.cap_offset = sizeof(info);
		caps.migration.header.next = sizeof(info) + offsetof(struct info_caps, dma_avail);
		if (fv_call_copy_out(call, sizeof(info), &caps, caps_len))
			return -EFAULT;
	}
	return fv_call_copy_out(call, 0, &info, len);
}

int64_t fv_ioctl_iommu_map_dma(struct fv_call *call)
{
	const uint32_t known =
		VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE | VFIO_DMA_MAP_FLAG_VADDR;
	struct vfio_iommu_type1_dma_map map;

	memcpy(&map, call->in.bytes, sizeof(map));
	if (map.flags & ~known)
		return -EINVAL;
	return fv_dma_map(call->dma, call->client, map.iova, map.vaddr, map.size, map.flags);
}

int64_t fv_ioctl_iommu_unmap_dma(struct fv_call *call)
{
	const uint32_t bitmap = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	const uint32_t known = bitmap | VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;
	struct vfio_iommu_type1_dma_unmap unmap;
	uint64_t unmapped = 0;
	int err;

	memcpy(&unmap, call->in.bytes, sizeof(unmap));
	if (unmap.flags & ~known)
		return -EINVAL;
	/* migration's last look at a range; no device here can be migrated */
	if (unmap.flags & bitmap)
		return -EINVAL;
	err = fv_dma_unmap(call->dma, unmap.iova, unmap.size, unmap.flags, &unmapped);
	if (err)
		return err;
	unmap.size = unmapped;
	return fv_call_copy_out(call, 0, &unmap, sizeof(unmap));
}

/* A client's bitmap that is being filled. */
struct dirty {
	struct fv_call *call;
	uint64_t bitmap; /* client address */
	uint64_t iova; /* of bit 0 */
};

/* Sets the bits of pages [from, to]; whole words are written at once. */
static int set_bits(struct dirty *dirty, uint64_t from, uint64_t to)
{
	uint8_t ones[256];

	memset(ones, 0xff, sizeof(ones));
	while (from <= to) {
		uint64_t at = dirty->bitmap + from / 8;
		uint64_t bytes = (to + 1 - from) / 8;
		unsigned int shift = from % 8;

		if (!shift && bytes) {
			if (bytes > sizeof(ones))
				bytes = sizeof(ones);
			if (fv_call_copy_out(dirty->call, at, ones, bytes))
				return -EFAULT;
			from += bytes * 8;
		} else {
			uint8_t byte;

			if (fv_call_copy_in(dirty->call, at, &byte, 1))
				return -EFAULT;
			byte |= 1U << shift;
			if (fv_call_copy_out(dirty->call, at, &byte, 1))
				return -EFAULT;
			from++;
		}
	}
	return 0;
}

/* which pages a model wrote is not recorded: every page that it may write counts as dirty */
static int mark_mapping(void *data, uint64_t from, uint64_t to, uint32_t flags)
{
	struct dirty *dirty = data;

	if (!(flags & VFIO_DMA_MAP_FLAG_WRITE))
		return 0;
	return set_bits(dirty, (from - dirty->iova) / FV_PAGE_SIZE,
			(to - dirty->iova) / FV_PAGE_SIZE);
}

static int64_t get_bitmap(struct fv_call *call)
{
	const uint64_t bitmap_max = (uint64_t)INT_MAX / 8 + 1;
	const size_t header = sizeof(struct vfio_iommu_type1_dirty_bitmap);
	struct vfio_iommu_type1_dirty_bitmap_get range;
	struct dirty dirty = { .call = call };
	uint64_t pages;

	if (call->argsz - header < sizeof(range))
		return -EINVAL;
	if (fv_call_copy_in(call, header, &range, sizeof(range)))
		return -EFAULT;
	if (range.iova + range.size < range.iova)
		return -EINVAL;
	pages = range.size / FV_PAGE_SIZE;
	if (!pages || range.bitmap.size > bitmap_max || range.bitmap.size < (pages + 63) / 64 * 8 ||
	    range.bitmap.pgsize != FV_PAGE_SIZE || (range.iova | range.size) % FV_PAGE_SIZE ||
	    !fv_dma_dirty_tracking(call->dma))
		return -EINVAL;
	/* addresses of the call are relative to its argument */
	dirty.bitmap = (uintptr_t)range.bitmap.data - call->argument;
	dirty.iova = range.iova;
	return fv_dma_each(call->dma, range.iova, range.iova + range.size - 1, mark_mapping,
			   &dirty);
}

int64_t fv_ioctl_iommu_dirty_pages(struct fv_call *call)
{
	struct vfio_iommu_type1_dirty_bitmap dirty;

	if (fv_dma_splits(call->dma))
		return -EACCES;
	memcpy(&dirty, call->in.bytes, sizeof(dirty));
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		fv_dma_track_dirty(call->dma, dirty.flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
		return 0;
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return get_bitmap(call);
	default:
		return -EINVAL;
	}
}
