/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is told what happens.
 */

#include <assert.h>

#include "host-impl.h"

void fake_host_observe(struct fake_host *host, fake_host_observer observer, void *data)
{
	pthread_rwlock_wrlock(&host->observers_lock);
	assert(host->observers_len < sizeof(host->observers) / sizeof(host->observers[0]));
	host->observers[host->observers_len].call = observer;
	host->observers[host->observers_len++].data = data;
	pthread_rwlock_unlock(&host->observers_lock);
}

void fake_host_unobserve(struct fake_host *host, fake_host_observer observer, void *data)
{
	size_t kept = 0;

	pthread_rwlock_wrlock(&host->observers_lock);
	for (size_t i = 0; i < host->observers_len; i++)
		if (host->observers[i].call != observer || host->observers[i].data != data)
			host->observers[kept++] = host->observers[i];
	host->observers_len = kept;
	pthread_rwlock_unlock(&host->observers_lock);
}

void fake_host_tell(struct fake_host *host, enum fake_host_event event,
		    const struct fake_vgpu_info *info)
{
	struct fake_vgpu_info copy = *info;

	pthread_mutex_unlock(&host->lock);
	pthread_rwlock_rdlock(&host->observers_lock);
	for (size_t i = 0; i < host->observers_len; i++)
		host->observers[i].call(host->observers[i].data, event, &copy);
	pthread_rwlock_unlock(&host->observers_lock);
	pthread_mutex_lock(&host->lock);
}

void fake_host_tell_gpu(struct fake_host *host, enum fake_host_event event, size_t index)
{
	struct fake_vgpu_info info = { .gpu = index, .profile = host->gpus[index]->config.profile };

	fake_host_tell(host, event, &info);
}
