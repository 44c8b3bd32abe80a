/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the machine share.
 *
 * Locks, in the order in which they may nest:
 *   fv_group.open_lock       one first open of a group's device at a time
 *   fv_machine.lock          the registry: who exists, who refers to whom; never held while a model
 *                            or the front end works
 *   fv_open_device.lock      one device: every call of its model, its interrupts, its config space
 *   fv_dma.lock              one DMA map; held for reading while guest memory is copied, so that
 *                            nothing is touched after UNMAP_DMA has returned
 * The registry's lock and a device's lock are never held together.
 */

#include <fakevfio/device.h>
#include <fakevfio/machine.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum fv_kind {
	FV_CONTAINER,
	FV_IOMMU, /* what a container answers in addition once VFIO_SET_IOMMU was called */
	FV_GROUP,
	FV_DEVICE,
};

/** One open file. The table of handles holds a reference, and each call in flight does. */
struct fv_handle {
	struct fv_handle *next; /* in its bucket */
	int number;
	enum fv_kind kind;
	unsigned int refs;
	union {
		struct fv_container *container;
		struct fv_group *group;
		struct fv_open_device *device;
	};
};

/** References: its handle, and each group in it. */
struct fv_container {
	unsigned int refs;
	unsigned int groups;
	struct fv_dma *dma; /* since VFIO_SET_IOMMU, until the last group leaves */
};

/**
 * A VFIO group. It is open while its file or a device of it is, as in Linux 6.1, where a device
 * descriptor holds the group's file. References: its handle, and its device.
 */
struct fv_group {
	struct fv_group *next; /* in fv_machine.groups, while open */
	unsigned int refs;
	struct vgpu_uuid uuid;
	uint64_t serial; /* the vGPU it was opened for: numbers and UUIDs are reused */
	unsigned int number;
	bool file_open;
	unsigned int device_handles;
	struct fv_container *container;
	struct fv_open_device *device;
	pthread_mutex_t open_lock;
};

/** One interrupt index of an open device. Eventfds are the front end's ids; 0: none. */
struct fv_irq_state {
	int trigger[FV_VECTORS_MAX];
	int unmask; /* INTx: KVM's resample eventfd */
	bool masked, pending; /* INTx */
};

/** A vGPU that somebody has open. References: its handles, and calls of fv_machine_tick(). */
struct fv_open_device {
	struct fv_device dev;
	struct fv_open_device *next; /* in fv_machine.devices */
	struct fv_machine *machine;
	struct fv_group *group;
	struct fv_dma *dma;
	unsigned int refs;
	pthread_mutex_t lock;
	struct fv_irq_state irqs[FV_IRQS_MAX];
	uint8_t config_initial[4096];
	bool initialised; /* init() has succeeded: finish() is due */
	int backing; /* 0: none yet */
	void *memory[FV_REGIONS_MAX];
	bool memory_shared[FV_REGIONS_MAX]; /* belongs to a region before this one */
	_Atomic uint64_t deadline_ns; /* as last announced to the front end */
	max_align_t state[];
};

enum { FV_BUCKETS = 64 };

struct fv_machine {
	struct fake_host *host;
	const struct fv_machine_ops *ops;
	void *front_end;
	pthread_mutex_t lock;
	struct fv_handle *handles[FV_BUCKETS];
	struct fv_group *groups;
	struct fv_open_device *devices;
	int next_handle;
};

/** What lost its last reference under the registry's lock, to be freed without it. */
struct fv_remains {
	struct fv_dma *dma; /* its container has no group any more */
	struct fv_container *container;
	struct fv_open_device *device;
	struct fv_group *group, *device_group;
	uint64_t put_serial; /* one use of this vGPU is over, if put is set */
	bool put;
};

/** One ioctl on its way. */
struct fv_call {
	struct fv_machine *machine;
	struct fv_handle *handle;
	struct fv_dma *dma; /* FV_IOMMU: referenced */
	void *client;
	uint64_t argument;
	uint32_t argsz; /* what the client said, at least the row's minimum */
	union {
		uint8_t bytes[64]; /* the row's minimum argsz of the argument */
		max_align_t align;
	} in;
	struct fv_ioctl_result *result; /* a handler that makes a descriptor fills it */
};

/* machine.c; the registry's lock is held where the name ends in _locked */
struct fv_handle *fv_handle_add_locked(struct fv_machine *machine, enum fv_kind kind);
struct fv_handle *fv_handle_get(struct fv_machine *machine, int number);
void fv_handle_put(struct fv_machine *machine, struct fv_handle *handle);
void fv_container_put_locked(struct fv_container *container, struct fv_remains *remains);
void fv_remains_free(struct fv_machine *machine, struct fv_remains *remains);

/* group.c */
void fv_group_detach_locked(struct fv_group *group, struct fv_remains *remains);
void fv_group_release_locked(struct fv_machine *machine, struct fv_group *group,
			     struct fv_remains *remains);
void fv_group_destroy(struct fv_group *group);

/* device.c */
int fv_device_open(struct fv_machine *machine, struct fv_group *group, struct fv_dma *dma,
		   struct fv_open_device **out);
void fv_device_put_locked(struct fv_open_device *device, struct fv_remains *remains);
void fv_device_destroy(struct fv_open_device *device);
/* locked around each call of the model; unlocking announces a changed deadline */
void fv_device_lock(struct fv_open_device *device);
void fv_device_unlock(struct fv_open_device *device);

/* regions.c */
int fv_regions_init(struct fv_open_device *device);
void fv_regions_finish(struct fv_open_device *device);
ssize_t fv_regions_access(struct fv_open_device *device, uint64_t offset, void *buffer, size_t len,
			  bool write);
int fv_regions_may_mmap(const struct fv_open_device *device, uint64_t offset, uint64_t len,
			int prot, int flags);

/* irqs.c; the device's lock is held */
void fv_irqs_reset(struct fv_open_device *device);
void fv_irqs_config_written(struct fv_open_device *device);
void fv_irqs_finish(struct fv_open_device *device);

/* dma.c */
struct fv_dma *fv_dma_create(struct fv_machine *machine, uint32_t type);
struct fv_dma *fv_dma_get(struct fv_dma *dma);
void fv_dma_put(struct fv_dma *dma);
/** Drops all mappings for good: its container has lost its last group. */
void fv_dma_end(struct fv_dma *dma);
uint32_t fv_dma_available(struct fv_dma *dma);
int fv_dma_map(struct fv_dma *dma, void *client, uint64_t iova, uint64_t vaddr, uint64_t size,
	       uint32_t flags);
int fv_dma_unmap(struct fv_dma *dma, uint64_t iova, uint64_t size, uint32_t flags,
		 uint64_t *unmapped);
bool fv_dma_splits(const struct fv_dma *dma); /* VFIO_TYPE1_IOMMU: not v2 */
void fv_dma_track_dirty(struct fv_dma *dma, bool on);
bool fv_dma_dirty_tracking(struct fv_dma *dma);
/**
 * Calls @each for the mappings in a range, lowest first, until it returns non-zero. -EINVAL if the
 * range begins or ends inside a mapping.
 */
int fv_dma_each(struct fv_dma *dma, uint64_t first, uint64_t last,
		int (*each)(void *data, uint64_t from, uint64_t to, uint32_t flags), void *data);
enum { FV_PAGE_SIZE = 4096 };

/* ioctls.c and its handlers: a value or a negative errno */
int fv_call_copy_in(struct fv_call *call, uint64_t offset, void *buffer, size_t len);
int fv_call_copy_out(struct fv_call *call, uint64_t offset, const void *buffer, size_t len);

int64_t fv_ioctl_get_api_version(struct fv_call *call);
int64_t fv_ioctl_check_extension(struct fv_call *call);
int64_t fv_ioctl_set_iommu(struct fv_call *call);

int64_t fv_ioctl_iommu_get_info(struct fv_call *call);
int64_t fv_ioctl_iommu_map_dma(struct fv_call *call);
int64_t fv_ioctl_iommu_unmap_dma(struct fv_call *call);
int64_t fv_ioctl_iommu_dirty_pages(struct fv_call *call);

int64_t fv_ioctl_group_get_status(struct fv_call *call);
int64_t fv_ioctl_group_set_container(struct fv_call *call);
int64_t fv_ioctl_group_unset_container(struct fv_call *call);
int64_t fv_ioctl_group_get_device_fd(struct fv_call *call);

int64_t fv_ioctl_device_get_info(struct fv_call *call);
int64_t fv_ioctl_device_get_region_info(struct fv_call *call);
int64_t fv_ioctl_device_get_irq_info(struct fv_call *call);
int64_t fv_ioctl_device_set_irqs(struct fv_call *call);
int64_t fv_ioctl_device_reset(struct fv_call *call);
int64_t fv_ioctl_device_feature(struct fv_call *call);
int64_t fv_ioctl_device_query_gfx_plane(struct fv_call *call);
int64_t fv_ioctl_device_get_gfx_dmabuf(struct fv_call *call);
