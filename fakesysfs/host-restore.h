/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A vGPU as it is put down, to be made again in another process: with its very numbers.
 */

#include <fakesysfs/host.h>

#include "capacity.h"

struct fake_saved_vgpu {
	struct vgpu_uuid uuid;
	uint64_t serial;
	size_t gpu, type; /* indices */
	bool bound;
	unsigned int iommu_group, vfio_dev; /* bound: its own */
	struct fake_share share;
};

/** 0, or -ENODEV. For observers, too: the host's lock is taken. */
int fake_host_save_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			struct fake_saved_vgpu *out);
/**
 * Makes it again, and tells observers that it was created. 0, or a negative errno if the host has no
 * place for it: -ENODEV, -EEXIST, -ENOMEM.
 */
int fake_host_restore_vgpu(struct fake_host *host, const struct fake_saved_vgpu *saved);
/** The UUID of the vGPU with that serial. 0, or -ENODEV. */
int fake_host_uuid_of(struct fake_host *host, uint64_t serial, struct vgpu_uuid *out);
/** The next vGPU that is created has at least this serial. */
void fake_host_skip_serials(struct fake_host *host, uint64_t next);
