/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting down what a host has, and making it again.
 */

#include "host-restore.h"

#include <errno.h>
#include <stdlib.h>

#include "host-impl.h"

int fake_host_save_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			struct fake_saved_vgpu *out)
{
	const struct vgpu *vgpu;
	int ret = -ENODEV;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_uuid(host, uuid);
	if (vgpu) {
		*out = (struct fake_saved_vgpu){
			.uuid = vgpu->info.uuid,
			.serial = vgpu->info.serial,
			.gpu = vgpu->info.gpu,
			.type = (size_t)(vgpu->info.type - vgpu->info.profile->types),
			.bound = vgpu->info.bound,
			.iommu_group = vgpu->info.iommu_group,
			.vfio_dev = vgpu->info.vfio_dev,
			.share = vgpu->share,
		};
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_uuid_of(struct fake_host *host, uint64_t serial, struct vgpu_uuid *out)
{
	const struct vgpu *vgpu;
	int ret = -ENODEV;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_serial(host, serial);
	if (vgpu) {
		*out = vgpu->info.uuid;
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

void fake_host_skip_serials(struct fake_host *host, uint64_t next)
{
	pthread_mutex_lock(&host->lock);
	if (host->next_serial < next)
		host->next_serial = next;
	pthread_mutex_unlock(&host->lock);
}

/* Its share and its numbers. 0, or a negative errno with nothing taken. */
static int take_again(struct fake_host *host, struct vgpu *vgpu)
{
	int ret = fake_stock_take_again(&vgpu->gpu->stock, vgpu->info.type, &vgpu->share);

	if (ret || !vgpu->info.bound)
		return ret;
	ret = fake_ids_take_at(&host->groups, vgpu->info.iommu_group, vgpu);
	if (!ret) {
		ret = fake_ids_take_at(&host->vfio_devs, vgpu->info.vfio_dev, vgpu);
		if (!ret)
			return 0;
		fake_ids_release(&host->groups, vgpu->info.iommu_group);
	}
	fake_stock_release(&vgpu->gpu->stock, &vgpu->share);
	return ret;
}

static int restore_locked(struct fake_host *host, const struct fake_saved_vgpu *saved)
{
	struct gpu *gpu = saved->gpu < host->gpus_len ? host->gpus[saved->gpu] : NULL;
	_autofree_ struct vgpu *vgpu = NULL;
	int ret;

	if (!gpu || !gpu->registered || saved->type >= gpu->config.profile->types_len)
		return -ENODEV;
	if (fake_host_vgpu_by_uuid(host, &saved->uuid) ||
	    fake_host_vgpu_by_serial(host, saved->serial))
		return -EEXIST;
	vgpu = fake_host_new_vgpu(host, saved->gpu, saved->type, &saved->uuid, saved->serial);
	if (!vgpu)
		return -ENOMEM;
	vgpu->share = saved->share;
	if (saved->bound)
		fake_host_set_bound(vgpu, saved->iommu_group, saved->vfio_dev);
	ret = take_again(host, vgpu);
	if (!ret)
		ret = fake_host_link_vgpu(host, vgpu);
	if (ret)
		return ret;
	if (host->next_serial <= saved->serial)
		host->next_serial = saved->serial + 1;
	fake_host_tell(host, FAKE_HOST_VGPU_CREATED, &steal(vgpu)->info);
	return 0;
}

int fake_host_restore_vgpu(struct fake_host *host, const struct fake_saved_vgpu *saved)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = restore_locked(host, saved);
	pthread_mutex_unlock(&host->lock);
	return ret;
}
