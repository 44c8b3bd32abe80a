/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the host share: host.c (the state machine), host-parents.c (who joins), host-observers.c
 * (who is told), host-query.c (copying out) and the like.
 */

#include <fakesysfs/host.h>
#include <pthread.h>

#include "capacity.h"
#include "hash.h"
#include "ids.h"

struct gpu {
	struct fake_gpu_config config;
	struct fake_stock stock;
	struct vgpu *first, *last; /* in order of creation */
	size_t vgpus_len;
	unsigned int users; /* sum of its vGPUs' users */
	unsigned int busy; /* creations and removals that are running */
	bool registered, unregistering, unplugged;
	bool changing; /* observers hear of its change: the next waits, as for the kernel's device lock */
};

struct vgpu {
	struct fake_vgpu_info info;
	struct fake_share share;
	struct fake_hash_node by_uuid, by_serial;
	struct gpu *gpu;
	struct vgpu *prev, *next; /* of the host, in order of creation */
	struct vgpu *gpu_prev, *gpu_next; /* of its GPU */
	unsigned int refs; /* one of the tables, one of each thread that waits */
	unsigned int announcing; /* threads that tell of its coming removal or unbinding */
	bool creating; /* creation has not returned: no removal yet */
	bool unbinding;
	bool settling; /* a thread completes its unbinding or removal: no new users */
	bool gone;
};

struct fake_host {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int kernel; /* does not change once there are GPUs */
	uint64_t changes; /* how often */
	struct gpu **gpus;
	size_t gpus_len;
	struct vgpu *first, *last;
	size_t vgpus_len;
	struct fake_hash by_uuid, by_serial;
	struct fake_ids groups, vfio_devs;
	uint64_t next_serial;

	pthread_rwlock_t observers_lock;
	struct {
		fake_host_observer call;
		void *data;
	} observers[8];
	size_t observers_len;
	fake_host_reporter reporter; /* guarded by observers_lock, too */
	void *reporter_data;
};

struct vgpu *fake_host_vgpu_by_serial(struct fake_host *host, uint64_t serial);
struct vgpu *fake_host_vgpu_by_uuid(struct fake_host *host, const struct vgpu_uuid *uuid);
/** A vGPU with what its parent and its type say of it; it holds nothing yet. NULL without memory. */
struct vgpu *fake_host_new_vgpu(struct fake_host *host, size_t gpu, size_t type,
				const struct vgpu_uuid *uuid, uint64_t serial);
/** It is bound from now on, with its share and these numbers. */
void fake_host_set_bound(struct vgpu *vgpu, unsigned int iommu_group, unsigned int vfio_dev);
/** Puts a vGPU, which has a UUID, serial and parent, into the tables. 0, or -ENOMEM. */
int fake_host_link_vgpu(struct fake_host *host, struct vgpu *vgpu);
/** Tells observers of a vGPU. The caller holds the lock, which is given up meanwhile. */
void fake_host_tell(struct fake_host *host, enum fake_host_event event,
		    const struct fake_vgpu_info *info);
/** Does the driver of a parent bind to it? */
bool fake_host_can_probe(const struct fake_host *host, const struct gpu *gpu);
/** Tells observers of a parent. The caller holds the lock, which is given up meanwhile. */
void fake_host_tell_gpu(struct fake_host *host, enum fake_host_event event, size_t index);
/** The same of what it has become: its next change waits until all have heard of this one. */
void fake_host_change_gpu(struct fake_host *host, enum fake_host_event event, size_t index);
/**
 * The parent of that index, once all have heard of its last change. NULL, with *ret: -ENODEV if there
 * is none, or -EINTR. The caller holds the lock, which may be given up meanwhile.
 */
struct gpu *fake_host_settled_gpu(struct fake_host *host, size_t index,
				  bool (*cancelled)(void *data), void *data, int *ret);
