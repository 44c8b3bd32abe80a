// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whatever a guest programs into pipe, planes and page tables, the scanout stays inside its picture
 * and the guest's memory.
 */

#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What a picture depends on. */
static const uint32_t offsets[] = {
	0x6001c, 0x70008, 0x70180, 0x70188, 0x7018c, 0x70190, 0x701a4, 0x7019c, 0x70280,
	0x70288, 0x7028c, 0x70290, 0x702a4, 0x7029c, 0x70080, 0x70088, 0x700a0, 0x70084,
};

static uint32_t take(const uint8_t **data, size_t *len)
{
	uint32_t value = 0;
	size_t n = *len < 4 ? *len : 4;

	memcpy(&value, *data, n);
	*data += n;
	*len -= n;
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fv_device *devices[2];
	struct fv_plane plane;
	struct fv_device *dev;
	uint32_t first = take(&data, &len);

	/* one device at a time lives in the bench: remake it when the generation changes */
	dev = devices[first & 1];
	if (!dev) {
		if (devices[~first & 1])
			i915_guest_destroy(devices[~first & 1]);
		devices[~first & 1] = NULL;
		dev = devices[first & 1] = i915_guest_create(first & 1 ? 9 : 8);
		i915_guest_limit(16 << 20);
	}
	dev->model->reset(dev);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(offsets); i++)
		i915_guest_write(dev, offsets[i], take(&data, &len));
	/* pictures stay small, or most of the time goes into copying */
	i915_guest_write(dev, 0x6001c, take(&data, &len) & 0x01ff00ff);
	i915_guest_write(dev, 0x70008, 1u << 31);
	for (size_t i = 0; len > 0; i++)
		i915_guest_entries(dev)[first / 4096 % 65536 + i % 64] = (uint64_t)take(&data, &len)
									 << (i % 2 * 12);
	i915_guest_begin_call();
	dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, FV_PLANE_PRIMARY, &plane);
	i915_guest_end_call();
	dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &plane);
	dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_CURSOR, &plane);
	return 0;
}
