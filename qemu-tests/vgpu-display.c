/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vgpu-display.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* The group's node: its number is the last part of what iommu_group leads to. */
static int open_group(const char *uuid)
{
	char path[128], link[256], *number;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -1;
	link[len] = '\0';
	number = strrchr(link, '/');
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", number ? number + 1 : link);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Source: hw/vfio/display.c, vfio_display_probe(): DMA-BUF first */
static const char *ask(int device)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} displays[] = {
		{ VFIO_GFX_PLANE_TYPE_DMABUF, "dmabuf" },
		{ VFIO_GFX_PLANE_TYPE_REGION, "region" },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(displays); i++) {
		struct vfio_device_gfx_plane_info info = {
			.argsz = sizeof(info),
			.flags = VFIO_GFX_PLANE_TYPE_PROBE | displays[i].flag,
		};

		if (!ioctl(device, VFIO_DEVICE_QUERY_GFX_PLANE, &info))
			return displays[i].name;
	}
	return "none";
}

int qt_vgpu_display(const char *uuid, const char **display, struct vgpu_error *err)
{
	_autoclose_ int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	_autoclose_ int group = open_group(uuid);
	_autoclose_ int device = -1;

	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot ask vGPU %s for its display: %s", uuid,
				      strerror(errno));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (device < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot open vGPU %s: %s",
				      uuid, strerror(errno));
	*display = ask(device);
	return 0;
}
