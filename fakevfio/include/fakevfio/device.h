/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device model behind VFIO: what a vGPU does when its registers are touched. Pure: a model makes
 * no system call; memory, interrupts and time come to it through the functions below.
 *
 * All functions of a model are called with the device's lock held, one at a time.
 */

#include <fakesysfs/host.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fv_device;

/** VFIO region indices of a PCI device; device-specific regions follow. Source: linux/vfio.h */
enum {
	FV_REGION_BAR0 = 0,
	FV_REGION_BAR2 = 2,
	FV_REGION_ROM = 6,
	FV_REGION_CONFIG = 7,
	FV_REGION_VGA = 8,
	FV_REGION_FIRST_OWN = 9,
	FV_REGIONS_MAX = 20,
};

/**
 * Where a region begins in the device descriptor's file offsets, unless the model places it
 * elsewhere. Source: vfio_pci_core.h
 */
#define FV_REGION_SHIFT		40
#define FV_REGION_OFFSET(index) ((uint64_t)(index) << FV_REGION_SHIFT)

/** A part of a region. */
struct fv_area {
	uint64_t offset, len;
};

/** One region as a model declares it. Zero length means that the region is absent. */
struct fv_region {
	uint64_t len;
	uint32_t flags; /* VFIO_REGION_INFO_FLAG_READ | WRITE | MMAP; CAPS is added where due */
	/*
	 * The part that is plain memory, shared with the client: mappable when flags has MMAP
	 * (as a sparse area unless it covers the whole region), and reached by reads and writes
	 * without asking the model. Elsewhere the model's read and write are called.
	 */
	struct fv_area memory;
	uint32_t type, subtype; /* of a device-specific region; 0, 0 if it has none */
	/*
	 * Where it begins in the device's file. FV_REGION_OFFSET(index) before init() is called.
	 * Regions that begin at the same place with the same memory share it.
	 */
	uint64_t file_offset;
	uint64_t
		reach; /* where reads and writes end if that is beyond len: a driver that does not look */
};

/** One interrupt index as GET_IRQ_INFO tells it. */
struct fv_irq {
	uint32_t flags; /* VFIO_IRQ_INFO_* */
	uint32_t count; /* vectors, at most FV_VECTORS_MAX; 0 with known=false: -EINVAL */
	bool known;
};
enum { FV_IRQS_MAX = 5, FV_VECTORS_MAX = 32 };

/** What a kernel's driver does unlike vfio-pci and GVT-g. All zero: as those. */
struct fv_habits {
	unsigned int access_max; /* bytes of its widest access to registers, a power of two; 0: 8 */
	unsigned int
		vectors_max; /* SET_IRQS takes as many of each index, known or not; 0: its count */
	bool never_masks; /* each interrupt reaches its eventfd; masks are accepted and forgotten */
	/*
	 * GVT-g. INTx: whatever is asked of it is accepted unread, and nothing comes of it. MSI: a
	 * client cannot trigger it by itself, and -1 is no way to take an eventfd back.
	 */
	bool deaf_intx, plain_msi;
	bool maps_whole; /* mmap must begin where the region's memory does */
	/*
	 * GET_REGION_INFO fills one struct that has room for a type capability, and copies as much
	 * as argsz says: longer arguments are refused, cap_offset may lie beyond a shorter one.
	 */
	bool one_region_info;
};

enum fv_plane_type { FV_PLANE_PRIMARY = 1, FV_PLANE_CURSOR = 2 }; /* as drm_plane_type */

/** What a plane shows now. All zero: the plane is off. */
struct fv_plane {
	uint32_t drm_format, width_px, height_px, stride_bytes;
	uint64_t drm_modifier, size_bytes;
	uint32_t x_px, y_px, x_hot_px, y_hot_px; /* cursor */
	uint32_t region; /* region path: which region holds the pixels */
	/*
	 * DMA-BUF path: where it lies in the device's own memory, and in the guest's. With format,
	 * modifier and sizes they tell whether two answers are of the same buffer.
	 */
	uint64_t start, start_iova;
};

/** How a driver names its DMA-BUFs. */
struct fv_dmabuf_rules {
	int unknown_id; /* what asking for an id gives that there is not: a negative errno */
	int fd_flags; /* O_CLOEXEC or 0 */
	bool ids_return; /* an id is free again when no one has its buffer any more; else never */
	bool off_is_zero; /* a plane that is off is told as zeros; else what was asked stays */
	bool strides_matter; /* another stride is another buffer */
};

/** What a model is. A row of fv_models. */
struct fv_model {
	const char *name; /* matches fake_gpu_profile.model */
	const char *summary;
	size_t state_size; /* zeroed memory at fv_device_state() */

	/**
	 * Fills dev->config, dev->regions and dev->irqs from dev->vgpu. Called once, before the
	 * regions' memory exists. 0 or a negative errno.
	 */
	int (*init)(struct fv_device *dev);
	/** Power-on and VFIO_DEVICE_RESET. The regions' memory exists. */
	void (*reset)(struct fv_device *dev);
	/** The last user has gone. Optional. */
	void (*finish)(struct fv_device *dev);

	/**
	 * Register access outside a region's memory: @len is 1, 2, 4 or 8, naturally aligned, and
	 * inside the region. Longer accesses are split before they arrive here. Never called for
	 * the CONFIG region. Optional: reads give 0 then, writes are dropped.
	 */
	uint64_t (*read)(struct fv_device *dev, unsigned int region, uint64_t offset,
			 unsigned int len);
	void (*write)(struct fv_device *dev, unsigned int region, uint64_t offset, uint64_t value,
		      unsigned int len);

	/**
	 * Does reading @len (1, 2 or 4) bytes there change nothing? Such reads are answered through
	 * the device's file, which costs less. The registers must lie before the region's memory.
	 * Optional: no read is so answered.
	 */
	bool (*reads_change_nothing)(struct fv_device *dev, unsigned int region, uint64_t offset,
				     unsigned int len);

	/**
	 * The client has written @len (1, 2 or 4) bytes of config space; dev->config has changed
	 * already, as far as dev->config_writable allowed. @old is what was there before. Optional.
	 */
	void (*config_written)(struct fv_device *dev, unsigned int offset, unsigned int len,
			       uint32_t old);

	/**
	 * What @type shows now; @display says which path asks: VFIO_GFX_PLANE_TYPE_REGION (compose
	 * into the region's memory) or _DMABUF. QEMU's type 0 on the region path arrives as
	 * FV_PLANE_PRIMARY. 0, -EINVAL if this model does not do that path or plane. Optional: a
	 * model without display.
	 */
	int (*query_plane)(struct fv_device *dev, uint32_t display, enum fv_plane_type type,
			   struct fv_plane *out);
	/**
	 * Copies the first @len bytes of a plane of the DMA-BUF path as they are in guest memory now;
	 * what is not mapped any more is zero. @plane is an answer of query_plane, perhaps an old
	 * one. Optional: a model without that path.
	 */
	void (*read_plane)(struct fv_device *dev, const struct fv_plane *plane, void *buffer,
			   size_t len);
	/** Of the DMA-BUF path; NULL: a model without it. */
	const struct fv_dmabuf_rules *dmabuf;
	/** Has the model the region path as well, for those who want that instead? */
	bool region_instead;

	/**
	 * Tells, line by line through @line, what the guest did that is not emulated:
	 * "ENGINE COUNT COMMAND", the most frequent first. Optional.
	 */
	void (*report)(struct fv_device *dev, void (*line)(void *data, const char *text),
		       void *data);
	/** The monitor at the vGPU was plugged in or out, or is another one. Optional. */
	void (*set_monitor)(struct fv_device *dev, const struct fake_monitor *monitor);

	/** Time dev->deadline_ns has come: vblank and the like. Sets a new deadline. Optional. */
	void (*tick)(struct fv_device *dev, uint64_t now_ns);
};

extern const struct fv_model *const fv_models[];
extern const size_t fv_models_len;
/** The model of that name, or NULL. */
const struct fv_model *fv_model_find(const char *name);

struct fv_device {
	const struct fv_model *model;
	struct fake_vgpu_info vgpu;
	uint32_t device_flags; /* VFIO_DEVICE_FLAGS_*: PCI, RESET */
	uint32_t regions_len; /* num_regions */
	uint32_t irqs_len; /* num_irqs */
	struct fv_region regions[FV_REGIONS_MAX];
	struct fv_irq irqs[FV_IRQS_MAX];
	struct fv_habits habits;
	uint8_t config[4096]; /* PCI config space: what the CONFIG region reads */
	uint8_t config_writable[4096]; /* which bits a write may change: BAR sizing for free */
	uint16_t msi_offset; /* of the MSI capability in config, 0 if none; fv_config_add_msi() */
	uint64_t deadline_ns; /* when to tick; 0: never */
	uint64_t now_ns; /* CLOCK_MONOTONIC, set before each call of the model */
};

/** The model's own state: as much as its row asks for, zeroed when the device is opened. */
void *fv_device_state(struct fv_device *dev);
/** The memory of a region (its `memory` area), or NULL if it has none. */
void *fv_device_memory(struct fv_device *dev, unsigned int region);
/** Tells that @len bytes have been written there, and will be again and again: that may be made quicker. */
void fv_device_use_often(struct fv_device *dev, unsigned int region, size_t len);

/** A piece of guest memory. */
struct fv_guest_iov {
	uint64_t iova; /* guest physical address */
	void *buffer;
	size_t len;
};

/**
 * Copies from or to guest memory through the container's DMA map. Only what the client has mapped
 * can be reached. 0, or -EFAULT if a part is not mapped (nothing is then promised of the buffers).
 */
int fv_guest_read(struct fv_device *dev, uint64_t iova, void *buffer, size_t len);
int fv_guest_write(struct fv_device *dev, uint64_t iova, const void *buffer, size_t len);
/** Many pieces at once; unmapped pieces are zeroed. Returns the number of pieces that failed. */
size_t fv_guest_readv(struct fv_device *dev, const struct fv_guest_iov *iov, size_t iov_len);

/**
 * Raises an interrupt vector if the client has given an eventfd for it. @irq is a
 * VFIO_PCI_*_IRQ_INDEX. MSI: only while the guest has the capability enabled; a masked vector stays
 * pending until it is unmasked. INTx: only while the guest has not disabled it; the interrupt is
 * masked until the client unmasks it, when one raised meanwhile follows.
 * Source: vfio_pci_intrs.c, vfio_send_intx_eventfd(); gvt/interrupt.c, inject_virtual_interrupt()
 */
void fv_device_signal(struct fv_device *dev, unsigned int irq, unsigned int vector);
/**
 * Raises the device's interrupt in the way that was chosen: MSI vector 0 if the guest has enabled it
 * (or, where there is no such capability, if the client has given an eventfd for it), or else INTx.
 */
void fv_device_interrupt(struct fv_device *dev);

/** Says what a guest did wrong or what is not emulated; the front end logs it, rate-limited. */
void fv_device_log(struct fv_device *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
