/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The kernel's sample display device: a linear framebuffer in BAR 0, shown by the region path.
 * Source: samples/vfio-mdev/mdpy.c of Linux 6.1, as recorded. Not reproduced: its read and write of
 * BAR 0 always hit offset 0, and its framebuffer outlives the last close.
 */

#include "models.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <fakevfio/device.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

enum {
	CONFIG_LEN = 0xff, /* one less than config space, as the sample reports it */
	MEMORY_FILE_OFFSET = 4096,
	DISPLAY_REGION = 16, /* beyond num_regions: only QUERY_GFX_PLANE names it */
	VENDOR_CAP = 0x40,
	VENDOR_CAP_LEN = 16, /* header, then format, width, height */
	BYTES_PER_PIXEL = 4,
	DRM_FORMAT_XR24 = 0x34325258,
};

static uint64_t framebuffer_len(const struct fv_device *dev)
{
	uint64_t pixels = (uint64_t)dev->vgpu.type->xres_px * dev->vgpu.type->yres_px;
	uint64_t len = 4096;

	while (len < pixels * BYTES_PER_PIXEL)
		len *= 2;
	return len;
}

static int mdpy_init(struct fv_device *dev)
{
	static const struct fv_config_id id = {
		.vendor_id = 0x1b36, /* Red Hat */
		.device_id = 0x000f,
		.subsystem_vendor_id = 0x1af4,
		.subsystem_device_id = 0x1100,
		.revision = 1,
		.class_code = 0x038000,
	};
	uint64_t len = framebuffer_len(dev);
	struct fv_region memory = {
		.len = len,
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			 VFIO_REGION_INFO_FLAG_MMAP,
		.memory = { 0, len },
		.file_offset = MEMORY_FILE_OFFSET,
	};
	int err;

	fv_config_init(dev, &id);
	memset(dev->config_writable, 0, sizeof(dev->config_writable));
	fv_config_set16(dev, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	err = fv_config_add_bar(dev, 0, len, FV_BAR_PREFETCH);
	if (err)
		return err;
	err = fv_config_add_capability(dev, VENDOR_CAP, PCI_CAP_ID_VNDR, VENDOR_CAP_LEN);
	if (err)
		return err;
	dev->config[VENDOR_CAP + 2] = VENDOR_CAP_LEN;
	fv_config_set32(dev, VENDOR_CAP + 4, DRM_FORMAT_XR24);
	fv_config_set32(dev, VENDOR_CAP + 8, dev->vgpu.type->xres_px);
	fv_config_set32(dev, VENDOR_CAP + 12, dev->vgpu.type->yres_px);

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++)
		dev->regions[i].file_offset = 0;
	dev->regions[FV_REGION_BAR0] = memory;
	dev->regions[DISPLAY_REGION] = memory;
	dev->regions[FV_REGION_CONFIG] = (struct fv_region){
		.len = CONFIG_LEN,
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
	};
	for (unsigned int i = 0; i < FV_IRQS_MAX; i++)
		dev->irqs[i].known = true;
	dev->device_flags = VFIO_DEVICE_FLAGS_PCI;
	dev->regions_len = VFIO_PCI_NUM_REGIONS;
	dev->irqs_len = VFIO_PCI_NUM_IRQS;
	dev->habits.maps_whole = true;
	return 0;
}

/* a grey gradient, from black at the top */
static void mdpy_reset(struct fv_device *dev)
{
	uint8_t *memory = fv_device_memory(dev, FV_REGION_BAR0);
	uint32_t stride = dev->vgpu.type->xres_px * BYTES_PER_PIXEL;
	uint32_t height = dev->vgpu.type->yres_px;

	for (uint32_t y = 0; y < height; y++)
		memset(memory + (size_t)y * stride, (int)(y * 255 / height), stride);
}

/* any plane type gets the one picture there is */
static int mdpy_query_plane(struct fv_device *dev, uint32_t display, enum fv_plane_type type,
			    struct fv_plane *out)
{
	if (display != VFIO_GFX_PLANE_TYPE_REGION)
		return -EINVAL;
	*out = (struct fv_plane){
		.drm_format = DRM_FORMAT_XR24,
		.width_px = dev->vgpu.type->xres_px,
		.height_px = dev->vgpu.type->yres_px,
		.stride_bytes = dev->vgpu.type->xres_px * BYTES_PER_PIXEL,
		.size_bytes = dev->regions[DISPLAY_REGION].len,
		.region = DISPLAY_REGION,
	};
	return 0;
}

const struct fv_model fv_mdpy_model = {
	.name = "mdpy",
	.summary = "the kernel's sample framebuffer, shown by the region path",
	.init = mdpy_init,
	.reset = mdpy_reset,
	.query_plane = mdpy_query_plane,
};
