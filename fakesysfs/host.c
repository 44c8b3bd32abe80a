/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's state machine. A vGPU goes
 *
 *	creating -> bound -> [unbinding -> unbound] -> [removing ->] gone
 *
 * and everything that must wait for its last user is completed in settle(), by whichever thread
 * finds that nothing holds it up any more: the remover, or the one that closes the device.
 * Observers are called without the host's lock; until they have seen an end, its numbers stay taken.
 */

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "host-impl.h"

enum { CANCEL_POLL_MS = 20 };

static uint64_t hash_uuid(const struct vgpu_uuid *uuid)
{
	return fake_hash_text(0, uuid->text);
}

struct vgpu *fake_host_vgpu_by_uuid(struct fake_host *host, const struct vgpu_uuid *uuid)
{
	fake_hash_each(node, &host->by_uuid, hash_uuid(uuid))
	{
		struct vgpu *vgpu = fake_container(node, struct vgpu, by_uuid);

		if (vgpu_uuid_equal(&vgpu->info.uuid, uuid))
			return vgpu;
	}
	return NULL;
}

struct vgpu *fake_host_vgpu_by_serial(struct fake_host *host, uint64_t serial)
{
	fake_hash_each(node, &host->by_serial, fake_hash_number(serial))
	{
		struct vgpu *vgpu = fake_container(node, struct vgpu, by_serial);

		if (vgpu->info.serial == serial)
			return vgpu;
	}
	return NULL;
}

struct fake_host *fake_host_create(void)
{
	struct fake_host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	pthread_mutex_init(&host->lock, NULL);
	pthread_cond_init(&host->changed, NULL);
	pthread_rwlock_init(&host->observers_lock, NULL);
	host->next_serial = 1;
	host->kernel = FAKE_KERNEL_DEFAULT;
	return host;
}

void fake_host_set_kernel(struct fake_host *host, unsigned int version)
{
	host->kernel = version;
}

void fake_host_destroy(struct fake_host *host)
{
	if (!host)
		return;
	for (struct vgpu *vgpu = host->first, *next; vgpu; vgpu = next) {
		next = vgpu->next;
		free(vgpu);
	}
	for (size_t i = 0; i < host->gpus_len; i++)
		free(host->gpus[i]);
	free(host->gpus);
	fake_hash_finish(&host->by_uuid);
	fake_hash_finish(&host->by_serial);
	fake_ids_finish(&host->groups);
	fake_ids_finish(&host->vfio_devs);
	pthread_rwlock_destroy(&host->observers_lock);
	pthread_cond_destroy(&host->changed);
	pthread_mutex_destroy(&host->lock);
	free(host);
}

/*
 * Waiting.
 */

static void tell_changed(struct fake_host *host)
{
	host->changes++;
	pthread_cond_broadcast(&host->changed);
}

/*
 * Waits for a change, a short while at most if there is someone to ask, who is asked first. The
 * caller holds the lock. Returns false if the caller is to go away.
 */
static bool wait_changed(struct fake_host *host, bool (*cancelled)(void *data), void *data)
{
	uint64_t changes = host->changes;
	struct timespec until;
	bool away;

	if (!cancelled) {
		pthread_cond_wait(&host->changed, &host->lock);
		return true;
	}
	pthread_mutex_unlock(&host->lock);
	away = cancelled(data);
	pthread_mutex_lock(&host->lock);
	if (away)
		return false;
	if (changes != host->changes)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += CANCEL_POLL_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_clockwait(&host->changed, &host->lock, CLOCK_MONOTONIC, &until);
	return true;
}

/*
 * The life of a vGPU.
 */

int fake_host_link_vgpu(struct fake_host *host, struct vgpu *vgpu)
{
	struct gpu *gpu = vgpu->gpu;

	if (fake_hash_insert(&host->by_uuid, &vgpu->by_uuid, hash_uuid(&vgpu->info.uuid)))
		return -ENOMEM;
	if (fake_hash_insert(&host->by_serial, &vgpu->by_serial,
			     fake_hash_number(vgpu->info.serial))) {
		fake_hash_remove(&host->by_uuid, &vgpu->by_uuid);
		return -ENOMEM;
	}
	vgpu->prev = host->last;
	*(host->last ? &host->last->next : &host->first) = vgpu;
	host->last = vgpu;
	vgpu->gpu_prev = gpu->last;
	*(gpu->last ? &gpu->last->gpu_next : &gpu->first) = vgpu;
	gpu->last = vgpu;
	host->vgpus_len++;
	gpu->vgpus_len++;
	vgpu->refs = 1;
	return 0;
}

static void unref_vgpu(struct vgpu *vgpu)
{
	if (!--vgpu->refs)
		free(vgpu);
}

static void unlink_vgpu(struct fake_host *host, struct vgpu *vgpu)
{
	struct gpu *gpu = vgpu->gpu;

	fake_hash_remove(&host->by_uuid, &vgpu->by_uuid);
	fake_hash_remove(&host->by_serial, &vgpu->by_serial);
	*(vgpu->prev ? &vgpu->prev->next : &host->first) = vgpu->next;
	*(vgpu->next ? &vgpu->next->prev : &host->last) = vgpu->prev;
	*(vgpu->gpu_prev ? &vgpu->gpu_prev->gpu_next : &gpu->first) = vgpu->gpu_next;
	*(vgpu->gpu_next ? &vgpu->gpu_next->gpu_prev : &gpu->last) = vgpu->gpu_prev;
	host->vgpus_len--;
	gpu->vgpus_len--;
	fake_stock_release(&gpu->stock, &vgpu->share);
	vgpu->gone = true;
	unref_vgpu(vgpu);
}

void fake_host_set_bound(struct vgpu *vgpu, unsigned int iommu_group, unsigned int vfio_dev)
{
	struct fake_vgpu_info *info = &vgpu->info;

	info->iommu_group = iommu_group;
	info->vfio_dev = vfio_dev;
	info->vgpu_id = vgpu->share.gvt.id;
	info->aperture_offset_mib = vgpu->share.gvt.low_offset_mib;
	info->high_gm_offset_mib = vgpu->share.gvt.high_offset_mib;
	info->bound = true;
}

/* Takes what a bound vGPU has: a share of the GPU, an IOMMU group, a VFIO device number. */
static int bind_vgpu(struct fake_host *host, struct vgpu *vgpu)
{
	int group, vfio_dev, ret;

	if (!vgpu->share.held) {
		ret = fake_stock_take(&vgpu->gpu->stock, vgpu->info.type, &vgpu->share);
		if (ret)
			return ret;
	}
	group = fake_ids_take(&host->groups, vgpu);
	vfio_dev = group < 0 ? group : fake_ids_take(&host->vfio_devs, vgpu);
	if (vfio_dev < 0) {
		if (group >= 0)
			fake_ids_release(&host->groups, (unsigned int)group);
		fake_stock_release(&vgpu->gpu->stock, &vgpu->share);
		return vfio_dev;
	}
	fake_host_set_bound(vgpu, (unsigned int)group, (unsigned int)vfio_dev);
	return 0;
}

static void unbind_vgpu(struct fake_host *host, struct vgpu *vgpu)
{
	struct fake_vgpu_info *info = &vgpu->info;

	if (!info->bound)
		return;
	if (!vgpu->gpu->stock.by_core)
		fake_stock_release(&vgpu->gpu->stock, &vgpu->share);
	fake_ids_release(&host->groups, info->iommu_group);
	fake_ids_release(&host->vfio_devs, info->vfio_dev);
	info->bound = false;
	info->vgpu_id = 0;
	info->iommu_group = info->vfio_dev = 0;
	info->aperture_offset_mib = info->high_gm_offset_mib = 0;
}

/* Completes what nothing holds up any more. The caller holds the lock and a reference. */
static void settle(struct fake_host *host, struct vgpu *vgpu)
{
	if (vgpu->gone || vgpu->settling || vgpu->announcing || vgpu->info.users)
		return;
	vgpu->settling = true;
	while (!vgpu->gone && !vgpu->announcing) {
		if (vgpu->unbinding) {
			fake_host_tell(host, FAKE_HOST_VGPU_UNBOUND, &vgpu->info);
			unbind_vgpu(host, vgpu);
			vgpu->unbinding = false;
		} else if (vgpu->info.removing) {
			fake_host_tell(host, FAKE_HOST_VGPU_REMOVED, &vgpu->info);
			unbind_vgpu(host, vgpu);
			unlink_vgpu(host, vgpu);
		} else {
			break;
		}
	}
	vgpu->settling = false;
	tell_changed(host);
}

/* Tells that an end is coming, then completes it if nothing holds it up. */
static void announce(struct fake_host *host, struct vgpu *vgpu, enum fake_host_event event)
{
	vgpu->announcing++;
	fake_host_tell(host, event, &vgpu->info);
	vgpu->announcing--;
	settle(host, vgpu);
}

struct vgpu *fake_host_new_vgpu(struct fake_host *host, size_t index, size_t type,
				const struct vgpu_uuid *uuid, uint64_t serial)
{
	struct gpu *gpu = host->gpus[index];
	const struct fake_gpu_config *config = &gpu->config;
	struct vgpu *vgpu = calloc(1, sizeof(*vgpu));

	if (!vgpu)
		return NULL;
	vgpu->gpu = gpu;
	vgpu->info = (struct fake_vgpu_info){
		.uuid = *uuid,
		.serial = serial,
		.gpu = index,
		.profile = config->profile,
		.type = &config->profile->types[type],
		.aperture_mib = config->aperture_mib,
		.scanout = config->scanout,
		.ggtt_mib = config->ggtt_mib,
		.mappable = config->mappable,
		.output = config->output,
	};
	return vgpu;
}

/* A vGPU that is not bound yet. 0, or a negative errno: nothing has been told of it. */
static int make_vgpu(struct fake_host *host, size_t index, size_t type,
		     const struct vgpu_uuid *uuid, struct vgpu **out)
{
	struct gpu *gpu = host->gpus[index];
	struct vgpu *vgpu = fake_host_new_vgpu(host, index, type, uuid, host->next_serial++);
	int ret = 0;

	if (!vgpu)
		return -ENOMEM;
	vgpu->creating = true;
	if (gpu->stock.by_core)
		ret = fake_stock_take(&gpu->stock, vgpu->info.type, &vgpu->share);
	if (!ret) {
		ret = fake_host_link_vgpu(host, vgpu);
		if (ret)
			fake_stock_release(&gpu->stock, &vgpu->share);
	}
	if (ret)
		free(vgpu);
	else
		*out = vgpu;
	return ret;
}

static int create_locked(struct fake_host *host, size_t index, size_t type,
			 const struct vgpu_uuid *uuid)
{
	struct gpu *gpu = index < host->gpus_len ? host->gpus[index] : NULL;
	struct vgpu *vgpu;
	int ret;

	if (!gpu || !gpu->registered || gpu->unregistering || gpu->config.gvt != FAKE_GVT_ON ||
	    type >= gpu->config.profile->types_len ||
	    !fake_stock_lists(&gpu->stock, &gpu->config.profile->types[type]))
		return -ENODEV;
	if (fake_host_vgpu_by_uuid(host, uuid))
		return -EEXIST;
	ret = make_vgpu(host, index, type, uuid, &vgpu);
	if (ret)
		return ret;
	gpu->busy++;
	ret = bind_vgpu(host, vgpu);
	fake_host_tell(host, ret ? FAKE_HOST_VGPU_CREATE_FAILED : FAKE_HOST_VGPU_CREATED,
		       &vgpu->info);
	vgpu->creating = false;
	if (ret)
		unlink_vgpu(host, vgpu);
	gpu->busy--;
	tell_changed(host);
	return ret;
}

int fake_host_create_vgpu(struct fake_host *host, size_t gpu, size_t type,
			  const struct vgpu_uuid *uuid)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = create_locked(host, gpu, type, uuid);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

/* Removes a vGPU and waits until it has gone. The caller holds the lock. */
static int remove_locked(struct fake_host *host, struct vgpu *vgpu, bool (*cancelled)(void *data),
			 void *data)
{
	int ret = 0;

	vgpu->refs++;
	if (!vgpu->info.removing) {
		vgpu->info.removing = true;
		announce(host, vgpu, FAKE_HOST_VGPU_REMOVING);
	}
	while (!vgpu->gone && !ret)
		if (!wait_changed(host, cancelled, data))
			ret = -EINTR;
	unref_vgpu(vgpu);
	return ret;
}

int fake_host_remove_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			  bool (*cancelled)(void *data), void *data)
{
	struct vgpu *vgpu;
	struct gpu *gpu;
	int ret;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_uuid(host, uuid);
	if (!vgpu || vgpu->info.removing || (vgpu->creating && !vgpu->info.bound)) {
		ret = -ENODEV;
	} else if (vgpu->creating) {
		ret = -EAGAIN;
	} else if (vgpu->gpu->unregistering) {
		ret = -ENODEV;
	} else if (vgpu->info.users && !fake_kernel_has(host->kernel, FAKE_FEATURE_REMOVE_WAITS)) {
		ret = -EBUSY;
	} else {
		gpu = vgpu->gpu;
		gpu->busy++;
		ret = remove_locked(host, vgpu, cancelled, data);
		gpu->busy--;
		tell_changed(host);
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_unbind_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			  bool (*cancelled)(void *data), void *data)
{
	struct vgpu *vgpu;
	int ret = 0;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_uuid(host, uuid);
	/* creation holds the device's lock in the kernel: unbinding waits for it */
	while (vgpu && vgpu->creating) {
		pthread_cond_wait(&host->changed, &host->lock);
		vgpu = fake_host_vgpu_by_uuid(host, uuid);
	}
	if (!vgpu || !vgpu->info.bound || vgpu->unbinding || vgpu->info.removing) {
		ret = -ENODEV;
	} else {
		vgpu->refs++;
		vgpu->unbinding = true;
		announce(host, vgpu, FAKE_HOST_VGPU_UNBINDING);
		while (vgpu->unbinding && !ret)
			if (!wait_changed(host, cancelled, data))
				ret = -EINTR;
		unref_vgpu(vgpu);
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_get_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid, uint64_t *serial)
{
	struct vgpu *vgpu;
	int ret = -ENODEV;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_uuid(host, uuid);
	/* a removal that waits lets new users in, as long as there is one */
	if (vgpu && vgpu->info.bound && !vgpu->settling &&
	    (vgpu->info.users || !(vgpu->info.removing || vgpu->unbinding))) {
		vgpu->info.users++;
		vgpu->gpu->users++;
		if (serial)
			*serial = vgpu->info.serial;
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

void fake_host_put_vgpu(struct fake_host *host, uint64_t serial)
{
	struct vgpu *vgpu;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_serial(host, serial);
	if (vgpu && vgpu->info.users) {
		vgpu->refs++;
		vgpu->info.users--;
		vgpu->gpu->users--;
		settle(host, vgpu);
		unref_vgpu(vgpu);
	}
	pthread_mutex_unlock(&host->lock);
}

/*
 * Parents.
 */

/* Does its driver bind to it? Source: i915/intel_gvt.c, intel_gvt_sanitize_options() */
bool fake_host_can_probe(const struct fake_host *host, const struct gpu *gpu)
{
	return gpu->config.gvt != FAKE_GVT_GUC ||
	       !fake_kernel_has(host->kernel, FAKE_FEATURE_GUC_ENDS_PROBE);
}

void fake_host_change_gpu(struct fake_host *host, enum fake_host_event event, size_t index)
{
	host->gpus[index]->changing = true;
	fake_host_tell_gpu(host, event, index);
	host->gpus[index]->changing = false;
	tell_changed(host);
}

struct gpu *fake_host_settled_gpu(struct fake_host *host, size_t index,
				  bool (*cancelled)(void *data), void *data, int *ret)
{
	*ret = -ENODEV;
	if (index >= host->gpus_len)
		return NULL;
	while (host->gpus[index]->changing) {
		if (wait_changed(host, cancelled, data))
			continue;
		*ret = -EINTR;
		return NULL;
	}
	return host->gpus[index];
}

/* The driver takes back what else it shows, then its vGPUs. The caller holds the lock. */
static int empty_locked(struct fake_host *host, size_t index, bool (*cancelled)(void *data),
			void *data)
{
	struct gpu *gpu = host->gpus[index];
	int ret = 0;

	fake_host_tell_gpu(host, FAKE_HOST_GPU_UNREGISTERING, index);
	while (gpu->first && !ret)
		ret = remove_locked(host, gpu->first, cancelled, data);
	if (ret)
		fake_host_tell_gpu(host, FAKE_HOST_GPU_STAYS, index);
	return ret;
}

int fake_host_unregister_gpu(struct fake_host *host, size_t index, bool (*cancelled)(void *data),
			     void *data)
{
	struct gpu *gpu;
	int ret;

	pthread_mutex_lock(&host->lock);
	gpu = fake_host_settled_gpu(host, index, cancelled, data, &ret);
	if (!gpu || !gpu->registered || gpu->unregistering) {
		pthread_mutex_unlock(&host->lock);
		return ret;
	}
	ret = 0;
	gpu->unregistering = true;
	while (gpu->busy && !ret)
		if (!wait_changed(host, cancelled, data))
			ret = -EINTR;
	if (!ret)
		ret = empty_locked(host, index, cancelled, data);
	gpu->unregistering = false;
	if (!ret) {
		gpu->registered = false;
		fake_host_change_gpu(host, FAKE_HOST_GPU_UNREGISTERED, index);
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_register_gpu(struct fake_host *host, size_t index, bool (*cancelled)(void *data),
			   void *data)
{
	struct gpu *gpu;
	int ret;

	pthread_mutex_lock(&host->lock);
	gpu = fake_host_settled_gpu(host, index, cancelled, data, &ret);
	if (gpu && !gpu->registered && !fake_host_can_probe(host, gpu)) {
		ret = -EIO;
	} else if (gpu && !gpu->registered) {
		gpu->registered = true;
		fake_host_change_gpu(host, FAKE_HOST_GPU_REGISTERED, index);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}
