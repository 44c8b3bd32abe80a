/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the host is the go-between of its two front ends: monitors, which somebody plugs in and out
 * who sits before a vGPU's screen, and what guests did.
 */

#include <errno.h>

#include "host-impl.h"

static bool can_show(const struct fake_type_profile *type, const struct fake_monitor *monitor)
{
	enum { XRES_MIN = 640, YRES_MIN = 480 };

	if (!monitor->xres_px && !monitor->yres_px)
		return true;
	return monitor->xres_px >= XRES_MIN && monitor->xres_px <= type->xres_px &&
	       monitor->xres_px % 8 == 0 && monitor->yres_px >= YRES_MIN &&
	       monitor->yres_px <= type->yres_px;
}

int fake_host_set_monitor(struct fake_host *host, const struct vgpu_uuid *uuid,
			  const struct fake_monitor *monitor)
{
	struct vgpu *vgpu;
	int ret = 0;

	pthread_mutex_lock(&host->lock);
	vgpu = fake_host_vgpu_by_uuid(host, uuid);
	if (!vgpu || vgpu->creating || !vgpu->info.bound) {
		ret = -ENODEV;
	} else if (!can_show(vgpu->info.type, monitor)) {
		ret = -EINVAL;
	} else {
		vgpu->info.monitor = *monitor;
		fake_host_tell(host, FAKE_HOST_VGPU_MONITOR, &vgpu->info);
	}
	pthread_mutex_unlock(&host->lock);
	return ret;
}

void fake_host_set_reporter(struct fake_host *host, fake_host_reporter reporter, void *data)
{
	pthread_rwlock_wrlock(&host->observers_lock);
	host->reporter = reporter;
	host->reporter_data = data;
	pthread_rwlock_unlock(&host->observers_lock);
}

size_t fake_host_report(struct fake_host *host, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	pthread_rwlock_rdlock(&host->observers_lock);
	if (host->reporter)
		len = host->reporter(host->reporter_data, text, size);
	pthread_rwlock_unlock(&host->observers_lock);
	return len;
}
