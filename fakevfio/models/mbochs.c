/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The kernel's sample of QEMU's standard display without VGA: video memory in BAR 0, the Bochs
 * "dispi" registers in BAR 2, an EDID region. It shows itself by DMA-BUF alone.
 * Source: samples/vfio-mdev/mbochs.c of Linux 6.1, as recorded. Its oddity is kept that the first
 * question for a new mode is refused. Not reproduced: its read and write of BAR 0 are 8 KiB off, and
 * its registers outlive the last close.
 */

#include "models.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <fakevfio/device.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>

enum {
	CONFIG_LEN = 0xff, /* one less than config space, as the sample reports it */
	REGISTERS_FILE_OFFSET = 0x1000,
	REGISTERS_LEN = 0x1000,
	EDID_FILE_OFFSET = 0x2000,
	EDID_REGION_LEN = 0x1000,
	MEMORY_FILE_OFFSET = 0x3000,

	EDID_REGION = FV_REGION_FIRST_OWN,
	EDID_BLOB = 0x800, /* in the EDID region; its registers lie before it */
	EDID_BLOB_LEN = 0x400,

	/* BAR 2 */
	REG_EDID = 0, /* the monitor's, while its link is up */
	REG_DISPI = 0x500, /* 16 bits each */

	BYTES_PER_PIXEL = 4,
	EDGE_MIN_PX = 64,
	MODES_KEPT = 32,
	DRM_FORMAT_XR24 = 0x34325258,
};

/* Source: hw/display/bochs-vbe.h of QEMU */
enum {
	DISPI_ID,
	DISPI_XRES,
	DISPI_YRES,
	DISPI_BPP,
	DISPI_ENABLE, /* bit 0 */
	DISPI_BANK,
	DISPI_VIRT_WIDTH,
	DISPI_VIRT_HEIGHT,
	DISPI_X_OFFSET,
	DISPI_Y_OFFSET,
	DISPI_MEMORY_64K,
	DISPI_LEN,
	DISPI_ID5 = 0xb0c5,
};

struct mbochs {
	uint16_t dispi[DISPI_LEN];
	struct vfio_region_gfx_edid edid;
	uint8_t edid_blob[EDID_BLOB_LEN];
	struct fv_plane modes[MODES_KEPT]; /* asked for since it was opened */
	unsigned int modes_len;
};

static uint64_t memory_len(const struct fv_device *dev)
{
	return (uint64_t)dev->vgpu.type->units << 20;
}

static int fill_config(struct fv_device *dev)
{
	static const struct fv_config_id id = {
		.vendor_id = 0x1234, /* QEMU's standard display */
		.device_id = 0x1111,
		.subsystem_vendor_id = 0x1af4,
		.subsystem_device_id = 0x1100,
		.revision = 1,
		.class_code = 0x038000,
	};
	int err;

	fv_config_init(dev, &id);
	memset(dev->config_writable, 0, sizeof(dev->config_writable));
	fv_config_set16(dev, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	err = fv_config_add_bar(dev, 0, memory_len(dev), FV_BAR_PREFETCH);
	return err ? err : fv_config_add_bar(dev, 2, REGISTERS_LEN, 0);
}

static void fill_regions(struct fv_device *dev)
{
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	uint64_t len = memory_len(dev);

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++)
		dev->regions[i].file_offset = 0;
	dev->regions[FV_REGION_CONFIG] = (struct fv_region){ .len = CONFIG_LEN, .flags = rw };
	dev->regions[FV_REGION_BAR0] = (struct fv_region){
		.len = len,
		.flags = rw | VFIO_REGION_INFO_FLAG_MMAP,
		.memory = { 0, len },
		.file_offset = MEMORY_FILE_OFFSET,
	};
	dev->regions[FV_REGION_BAR2] = (struct fv_region){
		.len = REGISTERS_LEN,
		.flags = rw,
		.file_offset = REGISTERS_FILE_OFFSET,
	};
	dev->regions[EDID_REGION] = (struct fv_region){
		.len = EDID_REGION_LEN,
		.flags = rw,
		.type = VFIO_REGION_TYPE_GFX,
		.subtype = VFIO_REGION_SUBTYPE_GFX_EDID,
		.file_offset = EDID_FILE_OFFSET,
	};
}

static int mbochs_init(struct fv_device *dev)
{
	struct mbochs *mbochs = fv_device_state(dev);
	int err = fill_config(dev);

	if (err)
		return err;
	fill_regions(dev);
	for (unsigned int i = 0; i < FV_IRQS_MAX; i++)
		dev->irqs[i].known = true;
	dev->device_flags = VFIO_DEVICE_FLAGS_PCI;
	dev->regions_len = EDID_REGION + 1;
	dev->irqs_len = VFIO_PCI_NUM_IRQS;
	dev->habits = (struct fv_habits){
		.access_max = 4,
		.maps_whole = true,
		.one_region_info = true,
	};
	mbochs->edid.edid_offset = EDID_BLOB;
	mbochs->edid.edid_max_size = EDID_BLOB_LEN;
	mbochs->edid.max_xres = dev->vgpu.type->xres_px;
	mbochs->edid.max_yres = dev->vgpu.type->yres_px;
	return 0;
}

/* the picture and the EDID stay */
static void mbochs_reset(struct fv_device *dev)
{
	struct mbochs *mbochs = fv_device_state(dev);

	memset(mbochs->dispi, 0, sizeof(mbochs->dispi));
	mbochs->dispi[DISPI_ID] = DISPI_ID5;
	mbochs->dispi[DISPI_MEMORY_64K] = memory_len(dev) >> 16;
}

/* which dispi register an access hits, or -1 */
static int dispi_index(uint64_t offset, unsigned int len)
{
	if (offset < REG_DISPI || offset >= REG_DISPI + DISPI_LEN * sizeof(uint16_t) || len != 2)
		return -1;
	return (offset - REG_DISPI) / sizeof(uint16_t);
}

static uint64_t read_bytes(const void *bytes, unsigned int len)
{
	uint64_t value = 0;

	memcpy(&value, bytes, len);
	return value;
}

static uint64_t read_registers(const struct mbochs *mbochs, uint64_t offset, unsigned int len)
{
	int index = dispi_index(offset, len);

	if (index >= 0)
		return mbochs->dispi[index];
	/* a guest may read past edid_size with the last access alone */
	if (offset < EDID_BLOB_LEN && mbochs->edid.link_state == VFIO_DEVICE_GFX_LINK_STATE_UP &&
	    offset < mbochs->edid.edid_size)
		return read_bytes(mbochs->edid_blob + offset, len);
	return 0;
}

static uint64_t read_edid_region(const struct mbochs *mbochs, uint64_t offset, unsigned int len)
{
	if (offset >= EDID_BLOB && offset - EDID_BLOB + len <= EDID_BLOB_LEN)
		return read_bytes(mbochs->edid_blob + (offset - EDID_BLOB), len);
	if (len == 4 && offset + len <= sizeof(mbochs->edid))
		return read_bytes((const uint8_t *)&mbochs->edid + offset, len);
	return 0;
}

static uint64_t mbochs_read(struct fv_device *dev, unsigned int region, uint64_t offset,
			    unsigned int len)
{
	const struct mbochs *mbochs = fv_device_state(dev);

	return region == EDID_REGION ? read_edid_region(mbochs, offset, len)
				     : read_registers(mbochs, offset, len);
}

static void write_edid_region(struct mbochs *mbochs, uint64_t offset, uint32_t value,
			      unsigned int len)
{
	if (offset >= EDID_BLOB && offset - EDID_BLOB + len <= EDID_BLOB_LEN)
		memcpy(mbochs->edid_blob + (offset - EDID_BLOB), &value, len);
	else if (len == 4 && offset == offsetof(struct vfio_region_gfx_edid, edid_size))
		mbochs->edid.edid_size = value;
	else if (len == 4 && offset == offsetof(struct vfio_region_gfx_edid, link_state))
		mbochs->edid.link_state = value;
}

static void mbochs_write(struct fv_device *dev, unsigned int region, uint64_t offset,
			 uint64_t value, unsigned int len)
{
	struct mbochs *mbochs = fv_device_state(dev);
	int index = dispi_index(offset, len);

	if (region == EDID_REGION)
		write_edid_region(mbochs, offset, value, len);
	else if (index >= 0)
		mbochs->dispi[index] = value;
}

/* What the registers say is shown. False, with @out untouched, if nothing is or could be. */
static bool current_mode(const struct fv_device *dev, const struct mbochs *mbochs,
			 struct fv_plane *out)
{
	const uint16_t *dispi = mbochs->dispi;
	uint32_t width = dispi[DISPI_XRES], height = dispi[DISPI_YRES];
	uint32_t line = dispi[DISPI_VIRT_WIDTH] > width ? dispi[DISPI_VIRT_WIDTH] : width;
	uint32_t stride = line * BYTES_PER_PIXEL;
	uint64_t size = (uint64_t)stride * height;
	uint64_t start = (uint64_t)dispi[DISPI_X_OFFSET] * BYTES_PER_PIXEL +
			 (uint64_t)dispi[DISPI_Y_OFFSET] * stride;

	if (!(dispi[DISPI_ENABLE] & 1) || dispi[DISPI_BPP] != 8 * BYTES_PER_PIXEL ||
	    width < EDGE_MIN_PX || height < EDGE_MIN_PX || start + size > memory_len(dev))
		return false;
	out->drm_format = DRM_FORMAT_XR24;
	out->width_px = width;
	out->height_px = height;
	out->stride_bytes = stride;
	out->size_bytes = size;
	out->start = start;
	return true;
}

static bool same_mode(const struct fv_plane *a, const struct fv_plane *b)
{
	return a->start == b->start && a->width_px == b->width_px && a->height_px == b->height_px &&
	       a->stride_bytes == b->stride_bytes;
}

/* Has this mode been asked for? If not, it is remembered, in place of the oldest if need be. */
static bool known_mode(struct mbochs *mbochs, const struct fv_plane *mode)
{
	for (unsigned int i = 0; i < MODES_KEPT && i < mbochs->modes_len; i++)
		if (same_mode(&mbochs->modes[i], mode))
			return true;
	mbochs->modes[mbochs->modes_len++ % MODES_KEPT] = *mode;
	return false;
}

/* The sample makes the buffer of a new mode and then answers as if it had not. */
static int mbochs_query_plane(struct fv_device *dev, uint32_t display, enum fv_plane_type type,
			      struct fv_plane *out)
{
	struct mbochs *mbochs = fv_device_state(dev);

	if (display != VFIO_GFX_PLANE_TYPE_DMABUF)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	if (type != FV_PLANE_PRIMARY || !current_mode(dev, mbochs, out))
		return 0;
	return known_mode(mbochs, out) ? 0 : -ENOMEM;
}

static void mbochs_read_plane(struct fv_device *dev, const struct fv_plane *plane, void *buffer,
			      size_t len)
{
	uint64_t left = memory_len(dev) - plane->start;
	size_t there = len < left ? len : left;

	memcpy(buffer, (const char *)fv_device_memory(dev, FV_REGION_BAR0) + plane->start, there);
	memset((char *)buffer + there, 0, len - there);
}

/* Source: mbochs_query_gfx_plane(), mbochs_get_gfx_dmabuf() */
static const struct fv_dmabuf_rules dmabuf_rules = {
	.unknown_id = -ENOENT,
	.off_is_zero = true,
	.strides_matter = true,
};

const struct fv_model fv_mbochs_model = {
	.name = "mbochs",
	.summary = "the kernel's sample display, which QEMU's standard display's drivers drive",
	.state_size = sizeof(struct mbochs),
	.init = mbochs_init,
	.reset = mbochs_reset,
	.read = mbochs_read,
	.write = mbochs_write,
	.query_plane = mbochs_query_plane,
	.read_plane = mbochs_read_plane,
	.dmabuf = &dmabuf_rules,
};
