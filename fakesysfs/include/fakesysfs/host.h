/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The fake host: GPUs, their vGPUs, IOMMU groups, and who has what open. Pure: no I/O, no clock.
 * Both front ends (the FUSE tree and the VFIO supervisor) work on one host, so "in use, therefore
 * busy" is a fact in one place. Every function takes the host's own lock; callbacks run without it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/uuid.h>

#include "kernel.h"
#include "profile.h"

struct fake_host;

/** The monitor at a vGPU, as somebody has it who sits before it. All zero: as the type has it. */
struct fake_monitor {
	bool unplugged;
	uint32_t xres_px, yres_px; /* its preferred and largest mode; 0: the type's */
};

/** What one vGPU is, copied out of the host: valid after the vGPU is gone. */
struct fake_vgpu_info {
	struct vgpu_uuid uuid;
	uint64_t serial; /* unique over the host's life; never reused, unlike the UUID */
	size_t gpu; /* index of the parent */
	const struct fake_gpu_profile *profile;
	const struct fake_type_profile *type;
	uint32_t aperture_mib; /* of the parent: PCI BAR 2 */
	enum fake_scanout_fault scanout; /* what its display engine does wrong on purpose */
	uint32_t ggtt_mib; /* of the parent */
	bool mappable; /* struct fake_gpu_config */
	enum fake_output output;
	struct fake_monitor monitor; /* when this was copied */
	int vgpu_id; /* 1..7; 0 when it is not bound */
	unsigned int iommu_group; /* N of /dev/vfio/N */
	unsigned int vfio_dev; /* X of vfio-dev/vfioX */
	uint32_t aperture_offset_mib; /* where its low graphics memory lies in the aperture */
	uint32_t high_gm_offset_mib; /* where its high graphics memory lies in the GGTT */
	bool bound; /* still bound to its mdev driver: has a group and can be opened */
	bool removing; /* its removal has begun and waits for the last user */
	unsigned int users; /* open VFIO device descriptors */
};

/** A host without GPUs. NULL without memory. */
struct fake_host *fake_host_create(void);
void fake_host_destroy(struct fake_host *host);
VGPU_DEFINE_DESTROYP(fake_host)

/**
 * Adds a parent device. Returns its index (0, 1, ...), or a negative errno with @err filled:
 * -EEXIST if the address is taken.
 */
int fake_host_add_gpu(struct fake_host *host, const struct fake_gpu_config *config,
		      struct vgpu_error *err);

/**
 * Adds parents, then the vGPUs that their recordings had, over all of them in the order of their
 * groups. 0, or a negative errno with @err filled.
 */
int fake_host_add_gpus(struct fake_host *host, const struct fake_gpu_config *configs, size_t len,
		       struct vgpu_error *err);

/** Which kernel the host plays: FAKE_KERNEL_DEFAULT, unless it was set before the first GPU. */
void fake_host_set_kernel(struct fake_host *host, unsigned int version);
unsigned int fake_host_kernel(const struct fake_host *host);

/** How many parents were ever added: their numbers are those below it. */
size_t fake_host_gpus_len(struct fake_host *host);
/** The configuration of a GPU as it was added; its address is final. NULL if out of range. */
const struct fake_gpu_config *fake_host_gpu(struct fake_host *host, size_t gpu);

/** Number of more instances of @type that fit on @gpu now. Source: gvt/vgpu.c, aperture_gm.c */
unsigned int fake_host_available(struct fake_host *host, size_t gpu, size_t type);
/** Is its driver bound? Then it is registered, if there is GVT-g on it. */
bool fake_host_registered(struct fake_host *host, size_t gpu);
/** Whether the type's directory exists: a type too large for the aperture is not listed. */
bool fake_host_type_listed(struct fake_host *host, size_t gpu, size_t type);

/**
 * Creates a vGPU. Returns 0, -EEXIST (UUID taken anywhere in the host), -ENOSPC (aperture, high
 * graphics memory, fences or ids exhausted), -ENODEV (no such GPU or type, or it is unregistered).
 * Source: drivers/vfio/mdev/mdev_core.c, mdev_device_create(); gvt/vgpu.c
 */
int fake_host_create_vgpu(struct fake_host *host, size_t gpu, size_t type,
			  const struct vgpu_uuid *uuid);

/**
 * Removes a vGPU. If it is in use the call blocks until its last user has gone, as Linux 5.2 and
 * later do; the vGPU meanwhile is `removing`. @cancelled (may be NULL) is asked now and then while
 * it blocks: when it returns true the caller goes away with -EINTR, and the removal completes
 * on its own after the last user has gone.
 * Returns 0, -ENODEV if there is no such vGPU or it is being removed already, -EAGAIN while its
 * creation has not returned; before Linux 5.2, -EBUSY while it is in use.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, remove_store(); vfio_unregister_group_dev()
 */
int fake_host_remove_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			  bool (*cancelled)(void *data), void *data);

/**
 * Unbinds a vGPU from its mdev driver (sysfs unbind): its resources and its group are free again,
 * it can only be removed. Blocks like removal. 0, -EINTR or -ENODEV.
 */
int fake_host_unbind_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			  bool (*cancelled)(void *data), void *data);

/** Copies out one vGPU. 0, or -ENODEV with @out untouched. */
int fake_host_find_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			struct fake_vgpu_info *out);
/** The vGPU in an IOMMU group. 0, or -ENODEV. */
int fake_host_find_group(struct fake_host *host, unsigned int group, struct fake_vgpu_info *out);
/** The vGPU whose vfio-dev is vfio@number. 0, or -ENODEV. */
int fake_host_find_vfio_dev(struct fake_host *host, unsigned int number,
			    struct fake_vgpu_info *out);
/**
 * Copies out at most @max vGPUs of @gpu (all GPUs if @gpu is SIZE_MAX), in order of creation.
 * Returns how many there are, which may exceed @max.
 */
size_t fake_host_list_vgpus(struct fake_host *host, size_t gpu, struct fake_vgpu_info *out,
			    size_t max);

/**
 * Opens the VFIO device of a vGPU: it is in use from now on. 0, or -ENODEV if it is gone or unbound.
 * @serial (may be NULL) receives the vGPU's serial, for fake_host_put_vgpu().
 */
int fake_host_get_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid, uint64_t *serial);
/** Ends one use. The last one lets a waiting removal finish. */
void fake_host_put_vgpu(struct fake_host *host, uint64_t serial);

/**
 * Plugs a vGPU's monitor in or out, or puts another one there: observers are told. 0, -ENODEV if there
 * is no such vGPU, or -EINVAL: a mode that its type cannot show, or whose width no driver would take
 * (not a multiple of 8).
 */
int fake_host_set_monitor(struct fake_host *host, const struct vgpu_uuid *uuid,
			  const struct fake_monitor *monitor);

/** How many VFIO device descriptors are open on @gpu's vGPUs: they pin the driver's module. */
unsigned int fake_host_users(struct fake_host *host, size_t gpu);

/**
 * Unregisters a parent, as when its PCI driver is unbound: creation fails with -ENODEV from now on,
 * all its vGPUs are removed in order of creation (blocking while one is in use), its types go.
 * 0, -EINTR (the parent stays registered), or -ENODEV if it is not registered. As what follows, it
 * waits until observers have heard of the parent's last change.
 * Source: drivers/vfio/mdev/mdev_core.c, mdev_unregister_parent()
 */
int fake_host_unregister_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
			     void *data);
/**
 * Registers a parent again. 0, -ENODEV if it is registered or does not exist, -EIO if its driver
 * cannot bind, or -EINTR.
 */
int fake_host_register_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
			   void *data);

/**
 * Takes a parent that is not registered out of its slot, or puts it in again. 0, or -ENODEV if it is
 * registered, is out already, or is not out, or -EINTR.
 */
int fake_host_unplug_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
			 void *data);
int fake_host_plug_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
		       void *data);

/**
 * What happened, told in the kernel's order for each vGPU. A REMOVING is followed by a REMOVED, an
 * UNBINDING by an UNBOUND, at once or when the last user has gone; until the observers of REMOVED
 * have returned, the UUID and all numbers of the vGPU stay taken.
 */
enum fake_host_event {
	FAKE_HOST_VGPU_CREATED, /* fake_host_create_vgpu() is about to succeed */
	FAKE_HOST_VGPU_CREATE_FAILED, /* refused with -ENOSPC: the kernel shows it for a moment */
	FAKE_HOST_VGPU_UNBOUND, /* @vgpu still has the numbers that it is losing */
	FAKE_HOST_VGPU_REMOVED, /* it is gone; @vgpu is its last state */
	FAKE_HOST_VGPU_REMOVING,
	FAKE_HOST_VGPU_UNBINDING,
	FAKE_HOST_VGPU_MONITOR, /* @vgpu has the new one */
	/* of a parent: of @vgpu, only gpu and profile are set */
	FAKE_HOST_GPU_ADDED, /* and registered */
	FAKE_HOST_GPU_UNREGISTERING, /* its vGPUs are about to go; UNREGISTERED or STAYS follows */
	FAKE_HOST_GPU_STAYS, /* who unregistered it gave up waiting */
	FAKE_HOST_GPU_UNREGISTERED,
	FAKE_HOST_GPU_REGISTERED,
	FAKE_HOST_GPU_UNPLUGGED,
	FAKE_HOST_GPU_PLUGGED,
};

/**
 * Tells what guests did with their vGPUs that is not emulated: writes lines "UUID ENGINE COUNT COMMAND"
 * to @text, at most @size bytes with the final NUL, and returns their length.
 */
typedef size_t (*fake_host_reporter)(void *data, char *text, size_t size);
/** Sets who tells; NULL: nobody. When this returns, the one before is not running. */
void fake_host_set_reporter(struct fake_host *host, fake_host_reporter reporter, void *data);
/** Asks him. Without one the report is empty. */
size_t fake_host_report(struct fake_host *host, char *text, size_t size);

typedef void (*fake_host_observer)(void *data, enum fake_host_event event,
				   const struct fake_vgpu_info *vgpu);

/** Adds an observer (at most 8), called in order of addition, without the host's lock, in the acting thread. */
void fake_host_observe(struct fake_host *host, fake_host_observer observer, void *data);
/** Takes it out again; when this returns, it is not running. Not to be called by an observer. */
void fake_host_unobserve(struct fake_host *host, fake_host_observer observer, void *data);
