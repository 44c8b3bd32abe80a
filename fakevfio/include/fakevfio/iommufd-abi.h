/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What linux/iommufd.h and linux/vfio.h of Linux 6.6 have and those of Debian 12 (6.1) do not:
 * requests and structures of /dev/iommu and /dev/vfio/devices/vfioN, as far as they are answered.
 * A structure's first field says how long the caller believes it to be.
 * Source: include/uapi/linux/iommufd.h, include/uapi/linux/vfio.h of Linux 6.12
 */

#include <linux/ioctl.h>
#include <stdint.h>

#define FV_REQUEST(nr) _IO(';', nr)

/* of a device's own node */
#define FV_DEVICE_BIND_IOMMUFD	    FV_REQUEST(118)
#define FV_DEVICE_ATTACH_IOMMUFD_PT FV_REQUEST(119)
#define FV_DEVICE_DETACH_IOMMUFD_PT FV_REQUEST(120)

struct fv_bind_iommufd {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct fv_attach_iommufd_pt {
	uint32_t argsz, flags, pt_id;
};

struct fv_detach_iommufd_pt {
	uint32_t argsz, flags;
};

/* of /dev/iommu */
#define FV_IOMMU_DESTROY		 FV_REQUEST(0x80)
#define FV_IOMMU_IOAS_ALLOC		 FV_REQUEST(0x81)
#define FV_IOMMU_IOAS_ALLOW_IOVAS	 FV_REQUEST(0x82)
#define FV_IOMMU_IOAS_COPY		 FV_REQUEST(0x83)
#define FV_IOMMU_IOAS_IOVA_RANGES	 FV_REQUEST(0x84)
#define FV_IOMMU_IOAS_MAP		 FV_REQUEST(0x85)
#define FV_IOMMU_IOAS_UNMAP		 FV_REQUEST(0x86)
#define FV_IOMMU_OPTION			 FV_REQUEST(0x87)
#define FV_IOMMU_VFIO_IOAS		 FV_REQUEST(0x88)
#define FV_IOMMU_HWPT_ALLOC		 FV_REQUEST(0x89)
#define FV_IOMMU_GET_HW_INFO		 FV_REQUEST(0x8a)
#define FV_IOMMU_HWPT_SET_DIRTY_TRACKING FV_REQUEST(0x8b) /* 6.7 */
#define FV_IOMMU_HWPT_GET_DIRTY_BITMAP	 FV_REQUEST(0x8c) /* 6.7 */
#define FV_IOMMU_HWPT_INVALIDATE	 FV_REQUEST(0x8d) /* 6.8 */

struct fv_iommu_destroy {
	uint32_t size, id;
};

struct fv_ioas_alloc {
	uint32_t size, flags, out_ioas_id;
};

struct fv_iova_range {
	uint64_t start, last; /* inclusive */
};

struct fv_ioas_iova_ranges {
	uint32_t size, ioas_id, num_iovas, reserved;
	uint64_t allowed_iovas; /* address of struct fv_iova_range[num_iovas] */
	uint64_t out_iova_alignment;
};

struct fv_ioas_allow_iovas {
	uint32_t size, ioas_id, num_iovas, reserved;
	uint64_t allowed_iovas;
};

enum {
	FV_IOAS_MAP_FIXED_IOVA = 1,
	FV_IOAS_MAP_WRITEABLE = 2,
	FV_IOAS_MAP_READABLE = 4,
};

struct fv_ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct fv_ioas_copy {
	uint32_t size, flags, dst_ioas_id, src_ioas_id;
	uint64_t length, dst_iova, src_iova;
};

struct fv_ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length;
};

enum { FV_OPTION_RLIMIT_MODE = 0, FV_OPTION_HUGE_PAGES = 1 };
enum { FV_OPTION_SET = 0, FV_OPTION_GET = 1 };

struct fv_iommu_option {
	uint32_t size, option_id;
	uint16_t op, reserved;
	uint32_t object_id;
	uint64_t val64;
};

enum { FV_VFIO_IOAS_GET = 0, FV_VFIO_IOAS_SET = 1, FV_VFIO_IOAS_CLEAR = 2 };

struct fv_vfio_ioas {
	uint32_t size, ioas_id;
	uint16_t op, reserved;
};

enum {
	FV_HWPT_ALLOC_FLAGS = 7, /* NEST_PARENT, DIRTY_TRACKING, FAULT_ID_VALID */
};

struct fv_hwpt_alloc {
	uint32_t size, flags, dev_id, pt_id, out_hwpt_id, reserved, data_type, data_len;
	uint64_t data_uptr;
};

struct fv_hw_info {
	uint32_t size, flags, dev_id, data_len;
	uint64_t data_uptr;
	uint32_t out_data_type, reserved;
};

/* What is asked of a page table of the hardware; no vGPU has one. */
struct fv_hwpt_set_dirty_tracking {
	uint32_t size, flags, hwpt_id, reserved;
};

struct fv_hwpt_get_dirty_bitmap {
	uint32_t size, hwpt_id, flags, reserved;
	uint64_t iova, length, page_size, data;
};

struct fv_hwpt_invalidate {
	uint32_t size, hwpt_id;
	uint64_t data_uptr;
	uint32_t data_type, entry_len, entry_num, reserved;
};
