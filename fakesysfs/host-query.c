/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be asked of a host. Nothing here changes it.
 */

#include <errno.h>

#include "host-impl.h"

unsigned int fake_host_kernel(const struct fake_host *host)
{
	return host->kernel;
}

size_t fake_host_gpus_len(struct fake_host *host)
{
	size_t len;

	pthread_mutex_lock(&host->lock);
	len = host->gpus_len;
	pthread_mutex_unlock(&host->lock);
	return len;
}

const struct fake_gpu_config *fake_host_gpu(struct fake_host *host, size_t gpu)
{
	const struct fake_gpu_config *config = NULL;

	pthread_mutex_lock(&host->lock);
	if (gpu < host->gpus_len)
		config = &host->gpus[gpu]->config;
	pthread_mutex_unlock(&host->lock);
	return config;
}

static const struct fake_type_profile *find_type(const struct fake_host *host, size_t gpu,
						 size_t type)
{
	const struct fake_gpu_profile *profile;

	if (gpu >= host->gpus_len)
		return NULL;
	profile = host->gpus[gpu]->config.profile;
	return type < profile->types_len ? &profile->types[type] : NULL;
}

unsigned int fake_host_available(struct fake_host *host, size_t gpu, size_t type)
{
	const struct fake_type_profile *profile;
	unsigned int available = 0;

	pthread_mutex_lock(&host->lock);
	profile = find_type(host, gpu, type);
	if (profile)
		available = fake_stock_available(&host->gpus[gpu]->stock, profile);
	pthread_mutex_unlock(&host->lock);
	return available;
}

bool fake_host_type_listed(struct fake_host *host, size_t gpu, size_t type)
{
	const struct fake_type_profile *profile;
	bool listed;

	pthread_mutex_lock(&host->lock);
	profile = find_type(host, gpu, type);
	listed = profile && host->gpus[gpu]->registered &&
		 host->gpus[gpu]->config.gvt == FAKE_GVT_ON &&
		 fake_stock_lists(&host->gpus[gpu]->stock, profile);
	pthread_mutex_unlock(&host->lock);
	return listed;
}

bool fake_host_registered(struct fake_host *host, size_t gpu)
{
	bool registered;

	pthread_mutex_lock(&host->lock);
	registered = gpu < host->gpus_len && host->gpus[gpu]->registered;
	pthread_mutex_unlock(&host->lock);
	return registered;
}

unsigned int fake_host_users(struct fake_host *host, size_t gpu)
{
	unsigned int users;

	pthread_mutex_lock(&host->lock);
	users = gpu < host->gpus_len ? host->gpus[gpu]->users : 0;
	pthread_mutex_unlock(&host->lock);
	return users;
}

/* A creation that failed is in the tables while observers hear of it, but was never there. */
static bool is_there(const struct vgpu *vgpu)
{
	return vgpu && (vgpu->info.bound || !vgpu->creating);
}

static int copy_out(const struct vgpu *vgpu, struct fake_vgpu_info *out)
{
	if (!is_there(vgpu))
		return -ENODEV;
	*out = vgpu->info;
	return 0;
}

int fake_host_find_vgpu(struct fake_host *host, const struct vgpu_uuid *uuid,
			struct fake_vgpu_info *out)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = copy_out(fake_host_vgpu_by_uuid(host, uuid), out);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_find_group(struct fake_host *host, unsigned int group, struct fake_vgpu_info *out)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = copy_out(fake_ids_find(&host->groups, group), out);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_find_vfio_dev(struct fake_host *host, unsigned int number, struct fake_vgpu_info *out)
{
	int ret;

	pthread_mutex_lock(&host->lock);
	ret = copy_out(fake_ids_find(&host->vfio_devs, number), out);
	pthread_mutex_unlock(&host->lock);
	return ret;
}

size_t fake_host_list_vgpus(struct fake_host *host, size_t gpu, struct fake_vgpu_info *out,
			    size_t max)
{
	struct vgpu *vgpu = NULL;
	size_t len = 0;

	pthread_mutex_lock(&host->lock);
	if (gpu == SIZE_MAX)
		vgpu = host->first;
	else if (gpu < host->gpus_len)
		vgpu = host->gpus[gpu]->first;
	while (vgpu) {
		if (is_there(vgpu)) {
			if (len < max)
				out[len] = vgpu->info;
			len++;
		}
		vgpu = gpu == SIZE_MAX ? vgpu->next : vgpu->gpu_next;
	}
	pthread_mutex_unlock(&host->lock);
	return len;
}
