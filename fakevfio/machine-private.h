/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the machine share.
 *
 * Locks, in the order in which they may nest:
 *   fv_group.open_lock, fv_cdev.lock
 *                            one first open of a group's device, one BIND or ATTACH at a time
 *   fv_iommufd.lock          the objects of an iommufd, and who is attached to which
 *   fv_machine.lock          the registry: who exists, who refers to whom; never held while a model
 *                            or the front end works
 *   fv_open_device.lock      one device: every call of its model, its interrupts, its config space
 *   the fake host's own      whatever is asked of it
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
	FV_CDEV, /* a device's own node; once it is bound it answers as FV_DEVICE, too */
	FV_IOMMUFD,
};

/** One open file. The table of handles holds a reference, and each call in flight does. */
struct fv_handle {
	struct fv_handle *next; /* in its bucket */
	int number;
	enum fv_kind kind;
	unsigned int refs;
	_Atomic(struct fv_open_device *) device; /* FV_DEVICE; FV_CDEV since it is bound */
	union {
		struct fv_container *container;
		struct fv_group *group;
		struct fv_cdev *cdev;
		struct fv_iommufd *iommufd;
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
	bool by_cdev; /* made by a BIND of the device's own node, to keep others away */
	unsigned int device_handles;
	struct fv_container *container;
	struct fv_iommufd *iommufd; /* in place of a container, referenced */
	struct fv_open_device *device;
	pthread_mutex_t open_lock;
};

/** An open /dev/vfio/devices/vfioN. */
struct fv_cdev {
	struct fake_vgpu_info vgpu; /* in use while this is open */
	int backing; /* the descriptor's file, and the device's memory once it is bound */
	pthread_mutex_t lock; /* one BIND, ATTACH or DETACH at a time */
};

/** How a device is tied to an iommufd. All zero: it is not. */
struct fv_attachment {
	struct fv_iommufd *iommufd; /* referenced */
	uint32_t id; /* of the device in it */
	struct fv_ioas *ioas; /* whose mappings are the device's memory; NULL: none yet */
};

/** One interrupt index of an open device. Eventfds are the front end's ids; 0: none. */
struct fv_irq_state {
	int trigger[FV_VECTORS_MAX];
	int unmask; /* INTx: KVM's resample eventfd */
	bool masked, pending; /* INTx */
};

/** A DMA-BUF that a client was told of, or has. */
struct fv_dmabuf {
	struct fv_dmabuf *next;
	uint32_t id;
	struct fv_plane plane;
	bool told; /* since it was last given away: it stays until it is asked for */
	int buffer; /* the front end's; 0: nobody has asked for it yet */
	void *memory;
};

/** A vGPU that somebody has open. References: its handles, and calls of fv_machine_tick(). */
struct fv_open_device {
	struct fv_device dev;
	struct fv_open_device *next; /* in fv_machine.devices */
	struct fv_machine *machine;
	struct fv_group *group;
	struct fv_dma *dma; /* NULL while it is attached to no IOAS */
	struct fv_attachment attachment;
	unsigned int refs;
	pthread_mutex_t lock;
	struct fv_irq_state irqs[FV_IRQS_MAX];
	uint8_t config_initial[4096];
	bool initialised; /* init() has succeeded: finish() is due */
	int backing; /* 0: none yet */
	bool backing_borrowed; /* from the fv_cdev that it was bound by */
	void *memory[FV_REGIONS_MAX];
	bool memory_shared[FV_REGIONS_MAX]; /* belongs to a region before this one */
	void *staged; /* BAR 0 up to its memory in the file, where reads may find what they read */
	pid_t staged_for; /* who may be on his way there; 0: nobody */
	uint32_t displays; /* VFIO_GFX_PLANE_TYPE_*: the paths that it offers */
	struct fv_dmabuf *dmabufs; /* the one told of last comes first */
	uint32_t last_dmabuf_id;
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
	struct fv_iommufd *iommufd;
	struct fv_cdev *cdev;
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
struct fv_group *fv_group_create(const struct fake_vgpu_info *vgpu);
void fv_group_release_locked(struct fv_machine *machine, struct fv_group *group,
			     struct fv_remains *remains);
void fv_group_destroy(struct fv_group *group);

/* device.c */
/** Where a device that is opened finds its memory: a container's or an iommufd's. */
struct fv_device_source {
	struct fv_dma *dma;
	struct fv_iommufd *iommufd;
	int backing; /* made already; 0: a new one */
};
int fv_device_open(struct fv_machine *machine, struct fv_group *group,
		   const struct fv_device_source *source, struct fv_open_device **out);
/** Gives its model the monitor that the host has for it now: if that is another, or @anyway. */
void fv_device_take_monitor(struct fv_open_device *device, bool anyway);
void fv_device_put_locked(struct fv_open_device *device, struct fv_remains *remains);
void fv_device_destroy(struct fv_open_device *device);
/* locked around each call of the model; unlocking announces a changed deadline */
void fv_device_lock(struct fv_open_device *device);
void fv_device_unlock(struct fv_open_device *device);

/* dmabuf.c; the device's lock is held */
/** The id of what @plane tells of, its content as it is now. > 0, or a negative errno. */
int64_t fv_dmabuf_tell(struct fv_open_device *device, const struct fv_plane *plane);
/** Makes the DMA-BUF with this id, if that was not done: what hold_buffer gives, or an errno. */
int fv_dmabuf_get(struct fv_open_device *device, uint32_t id);
void fv_dmabufs_finish(struct fv_open_device *device);

/* display.c */
void fv_display_init(struct fv_open_device *device);

/* regions.c */
int fv_regions_init(struct fv_open_device *device);
void fv_regions_finish(struct fv_open_device *device);
ssize_t fv_regions_access(struct fv_open_device *device, uint64_t offset, void *buffer, size_t len,
			  bool write);
bool fv_regions_stage_read(struct fv_open_device *device, pid_t caller, bool write, uint64_t at,
			   size_t len);
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
/** Adds a mapping that no rule of type 1 but EEXIST and ENOSPC restricts; @size is not 0. */
int fv_dma_insert(struct fv_dma *dma, void *client, uint64_t iova, uint64_t vaddr, uint64_t size,
		  uint32_t prot);
/** iommufd's way: the range must hold whole mappings, at least one. 0 or -ENOENT. */
int fv_dma_unmap_whole(struct fv_dma *dma, uint64_t first, uint64_t last, uint64_t *unmapped);
/** Splits the mapping that holds @last there; -EINVAL if that is not aligned. */
int fv_dma_cut(struct fv_dma *dma, uint64_t last, uint64_t alignment);
bool fv_dma_is_free(struct fv_dma *dma, uint64_t first, uint64_t last);
/** The lowest hole of @size bytes in a range, at @offset beyond a multiple of @alignment. */
bool fv_dma_find_hole(struct fv_dma *dma, uint64_t first, uint64_t last, uint64_t size,
		      uint64_t alignment, uint64_t offset, uint64_t *iova);
bool fv_dma_is_aligned(struct fv_dma *dma, uint64_t alignment);

/** A part of a mapping, to be mapped once more; @memory is a reference until it is 0. */
struct fv_dma_piece {
	uint64_t vaddr, len;
	int memory;
	bool writable;
};
/** What is mapped in a range without a gap: how many pieces, or -ENOENT. Drop them afterwards. */
ssize_t fv_dma_slice(struct fv_dma *dma, uint64_t first, uint64_t last,
		     struct fv_dma_piece **pieces);
int fv_dma_insert_pieces(struct fv_dma *dma, uint64_t iova, uint32_t prot,
			 struct fv_dma_piece *pieces, size_t len);
void fv_dma_drop_pieces(struct fv_dma *dma, struct fv_dma_piece *pieces, size_t len);
enum { FV_PAGE_SIZE = 4096 };

/* iommufd.c and iommufd-ioas.c */
struct fv_iommufd *fv_iommufd_get(struct fv_iommufd *iommufd);
void fv_iommufd_put(struct fv_iommufd *iommufd); /* NULL is fine */
/** Makes an object for a device. 0 with *id, or -ENOMEM. */
int fv_iommufd_bind(struct fv_iommufd *iommufd, struct fv_attachment *attachment);
/** Attaches, or attaches elsewhere; *dma is a reference to the new memory, NULL if it is the same. */
int fv_iommufd_attach(struct fv_attachment *attachment, uint32_t ioas, struct fv_dma **dma);
void fv_iommufd_detach(struct fv_attachment *attachment);
void fv_iommufd_unbind(struct fv_attachment *attachment);
/** The IOAS of who speaks VFIO to it, made if there is none. */
int fv_iommufd_compat_ioas(struct fv_iommufd *iommufd, uint32_t *id);

/* cdev.c */
void fv_cdev_destroy(struct fv_machine *machine, struct fv_cdev *cdev);

/* ioctls.c and its handlers: a value or a negative errno */
int fv_call_copy_in(struct fv_call *call, uint64_t offset, void *buffer, size_t len);
int fv_call_copy_out(struct fv_call *call, uint64_t offset, const void *buffer, size_t len);

/** Copies an answer out, as far as the caller's structure goes. 0 or -EFAULT. */
int64_t fv_call_respond(struct fv_call *call, const void *answer, size_t len);

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

int64_t fv_ioctl_cdev_bind(struct fv_call *call);
int64_t fv_ioctl_cdev_attach(struct fv_call *call);
int64_t fv_ioctl_cdev_detach(struct fv_call *call);

int64_t fv_ioctl_iommufd_destroy(struct fv_call *call);
int64_t fv_ioctl_iommufd_option(struct fv_call *call);
int64_t fv_ioctl_iommufd_vfio_ioas(struct fv_call *call);
int64_t fv_ioctl_iommufd_hwpt_alloc(struct fv_call *call);
int64_t fv_ioctl_iommufd_hw_info(struct fv_call *call);
int64_t fv_ioctl_iommufd_dirty_tracking(struct fv_call *call);
int64_t fv_ioctl_iommufd_dirty_bitmap(struct fv_call *call);
int64_t fv_ioctl_iommufd_invalidate(struct fv_call *call);
int64_t fv_ioctl_ioas_alloc(struct fv_call *call);
int64_t fv_ioctl_ioas_iova_ranges(struct fv_call *call);
int64_t fv_ioctl_ioas_allow_iovas(struct fv_call *call);
int64_t fv_ioctl_ioas_map(struct fv_call *call);
int64_t fv_ioctl_ioas_copy(struct fv_call *call);
int64_t fv_ioctl_ioas_unmap(struct fv_call *call);

int64_t fv_ioctl_compat_check_extension(struct fv_call *call);
int64_t fv_ioctl_compat_set_iommu(struct fv_call *call);
int64_t fv_ioctl_compat_get_info(struct fv_call *call);
int64_t fv_ioctl_compat_map_dma(struct fv_call *call);
int64_t fv_ioctl_compat_unmap_dma(struct fv_call *call);
