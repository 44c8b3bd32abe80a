/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parents that join a host, leave their slot and come back.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-impl.h"
#include "parents.h"

static bool is_name_taken(const struct fake_host *host, const char *name)
{
	for (size_t i = 0; i < host->gpus_len; i++)
		if (!strcmp(host->gpus[i]->config.name, name))
			return true;
	return false;
}

static int choose_name(const struct fake_host *host, struct fake_gpu_config *config,
		       struct vgpu_error *err)
{
	bool chosen = fake_parent_first_name(config);

	while (is_name_taken(host, config->name)) {
		if (!chosen || !fake_parent_next_name(config))
			return vgpu_error_set(err, VGPU_ERROR_USAGE, EEXIST,
					      "two parents cannot have the address %s",
					      config->name);
	}
	return 0;
}

int fake_host_add_gpu(struct fake_host *host, const struct fake_gpu_config *config,
		      struct vgpu_error *err)
{
	_autofree_ struct gpu *gpu = calloc(1, sizeof(*gpu));
	struct gpu **gpus;
	int ret;

	if (!gpu)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	gpu->config = *config;
	if (!gpu->config.aperture_mib)
		gpu->config.aperture_mib = config->profile->aperture_mib;
	if (!gpu->config.ggtt_mib)
		gpu->config.ggtt_mib = config->profile->ggtt_mib;
	if (!gpu->config.units)
		gpu->config.units = config->profile->units;
	fake_stock_init(&gpu->stock, &gpu->config, host->kernel);
	if (gpu->config.gvt == FAKE_GVT_ON && host->kernel < config->profile->first_kernel)
		gpu->config.gvt = FAKE_GVT_UNSUPPORTED;
	gpu->registered = fake_host_can_probe(host, gpu);

	pthread_mutex_lock(&host->lock);
	gpus = realloc(host->gpus, (host->gpus_len + 1) * sizeof(*gpus));
	if (gpus) {
		host->gpus = gpus;
		ret = choose_name(host, &gpu->config, err);
	} else {
		ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	}
	if (!ret) {
		ret = (int)host->gpus_len;
		host->gpus[host->gpus_len++] = steal(gpu);
		fake_host_tell_gpu(host, FAKE_HOST_GPU_ADDED, (size_t)ret);
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

/* A vGPU to come, and whose it is. */
struct coming {
	const struct fake_recorded_vgpu *vgpu;
	size_t gpu;
};

static int by_group(const void *a, const void *b)
{
	const struct coming *x = a, *y = b;

	return (x->vgpu->group > y->vgpu->group) - (x->vgpu->group < y->vgpu->group);
}

static int create_recorded(struct fake_host *host, const struct fake_gpu_config *configs,
			   size_t len, size_t first, struct vgpu_error *err)
{
	_autofree_ struct coming *coming = NULL;
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += configs[i].vgpus_len;
	coming = calloc(count ? count : 1, sizeof(*coming));
	if (!coming)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	count = 0;
	for (size_t i = 0; i < len; i++)
		for (size_t n = 0; n < configs[i].vgpus_len; n++)
			coming[count++] = (struct coming){ &configs[i].vgpus[n], first + i };
	qsort(coming, count, sizeof(*coming), by_group);
	for (size_t i = 0; i < count; i++) {
		const struct fake_recorded_vgpu *vgpu = coming[i].vgpu;
		int ret = fake_host_create_vgpu(host, coming[i].gpu, vgpu->type, &vgpu->uuid);

		if (ret)
			return vgpu_error_set(err, VGPU_ERROR_USAGE, -ret,
					      "the recorded vGPU %s does not fit: %s",
					      vgpu->uuid.text, strerror(-ret));
	}
	return 0;
}

int fake_host_add_gpus(struct fake_host *host, const struct fake_gpu_config *configs, size_t len,
		       struct vgpu_error *err)
{
	size_t first = fake_host_gpus_len(host);

	for (size_t i = 0; i < len; i++) {
		int ret = fake_host_add_gpu(host, &configs[i], err);

		if (ret < 0)
			return ret;
	}
	return create_recorded(host, configs, len, first, err);
}

static int set_plugged(struct fake_host *host, size_t index, bool plugged,
		       bool (*cancelled)(void *data), void *data)
{
	struct gpu *gpu;
	int ret;

	pthread_mutex_lock(&host->lock);
	gpu = fake_host_settled_gpu(host, index, cancelled, data, &ret);
	if (gpu && !gpu->registered && gpu->unplugged == plugged) {
		gpu->unplugged = !plugged;
		fake_host_change_gpu(
			host, plugged ? FAKE_HOST_GPU_PLUGGED : FAKE_HOST_GPU_UNPLUGGED, index);
		ret = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

int fake_host_unplug_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
			 void *data)
{
	return set_plugged(host, gpu, false, cancelled, data);
}

int fake_host_plug_gpu(struct fake_host *host, size_t gpu, bool (*cancelled)(void *data),
		       void *data)
{
	return set_plugged(host, gpu, true, cancelled, data);
}
