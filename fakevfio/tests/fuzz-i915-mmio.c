// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any sequence of register accesses, on a guest whose memory the input fills: nothing outside the
 * guest's memory is touched and nothing runs for longer than its budget.
 */

#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Where behaviour lives; others are reached by their number. */
static const uint32_t bases[] = {
	0x02000, 0x04000, 0x09400, 0x12000,  0x1a000,  0x22000,	 0x42000,  0x44000,
	0x45000, 0x46000, 0x60000, 0x64000,  0x6c000,  0x70000,	 0x78000,  0xc4000,
	0xc5000, 0xc6000, 0xe4000, 0x101000, 0x130000, 0x138000, 0x145000, 0x4a000,
};

/* An operation: kind and length, place, value. */
struct op {
	uint8_t kind, base;
	uint16_t offset;
	uint32_t value;
};

static void look(struct fv_device *dev, enum fv_plane_type type)
{
	static uint8_t bytes[1 << 16];
	struct fv_plane plane;

	if (dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_DMABUF, type, &plane) < 0)
		return;
	dev->model->read_plane(dev, &plane, bytes,
			       plane.size_bytes < sizeof(bytes) ? plane.size_bytes : sizeof(bytes));
}

static void act(struct fv_device *dev, const struct op *op)
{
	static const unsigned int lens[] = { 4, 4, 8, 4, 2, 1, 4, 4 };
	unsigned int width = lens[op->kind >> 5];
	uint32_t offset = op->base < VGPU_ARRAY_LEN(bases)
				  ? bases[op->base] + (op->offset & 0xfff)
				  : (uint32_t)op->base << 15 | op->offset >> 1;
	struct fv_plane plane;

	offset &= ~(width - 1);
	if (op->kind == 0xff) { /* what somebody before the screen does */
		const struct fake_monitor monitor = {
			.unplugged = op->base & 1,
			.xres_px = 640 + (op->offset & 0x3f8),
			.yres_px = 480 + (op->value & 0x1ff),
		};

		dev->model->set_monitor(dev, &monitor);
		return;
	}
	switch (op->kind & 7) {
	case 0:
	case 1:
	case 2:
		dev->model->write(dev, FV_REGION_BAR0, offset, op->value, width);
		return;
	case 3:
		dev->model->read(dev, FV_REGION_BAR0, offset, width);
		return;
	case 4:
		dev->now_ns += op->value;
		if (dev->model->tick && dev->deadline_ns && dev->deadline_ns <= dev->now_ns)
			dev->model->tick(dev, dev->now_ns);
		return;
	case 5:
		i915_guest_entries(dev)[op->offset] = (uint64_t)op->value << 4 | 1;
		return;
	case 6:
		memcpy(i915_guest_memory() + op->offset * 4 % (1 << 20), &op->value, 4);
		return;
	case 7:
		if (op->base & 1) { /* the aperture, and the DMA-BUF path */
			uint32_t at = op->offset * 4096u + (op->value & 0xff8);

			dev->model->write(dev, FV_REGION_BAR2, at, op->value, 4);
			dev->model->read(dev, FV_REGION_BAR2, at, 8);
			look(dev, op->base & 2 ? FV_PLANE_PRIMARY : FV_PLANE_CURSOR);
			return;
		}
		i915_guest_write(dev, 0x6001c, op->value & 0x00ff00ff);
		dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, FV_PLANE_PRIMARY, &plane);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fv_device *dev;
	static int made = -1;
	int variant = len ? data[0] & 3 : 0;

	if (made != variant) {
		if (dev)
			i915_guest_destroy(dev);
		/* each generation with HDMI, and with DisplayPort and an aperture to be reached */
		dev = i915_guest_create_variant(variant & 1 ? 9 : 8, variant & 2);
		i915_guest_limit(1 << 20);
		made = variant;
	}
	dev->model->reset(dev);
	for (size_t i = 1; i + sizeof(struct op) <= len; i += sizeof(struct op)) {
		struct op op;

		memcpy(&op, data + i, sizeof(op));
		i915_guest_begin_call();
		act(dev, &op);
		i915_guest_end_call();
	}
	return 0;
}
