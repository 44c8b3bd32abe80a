/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * QEMU's bochs-display: a framebuffer in BAR 0 and sixteen-bit mode registers in BAR 2.
 * Source: QEMU, docs/specs/standard-vga.rst
 */
#include "output.h"
#include "pci.h"

#include <errno.h>
#include <string.h>

enum { VENDOR_QEMU = 0x1234, DEVICE_STDVGA = 0x1111 };

enum register_index {
	REGISTER_ID = 0,
	REGISTER_WIDTH = 1,
	REGISTER_HEIGHT = 2,
	REGISTER_DEPTH = 3,
	REGISTER_ENABLE = 4,
	REGISTER_VIRTUAL_WIDTH = 6,
	REGISTER_X_OFFSET = 8,
	REGISTER_Y_OFFSET = 9,
};

#define REGISTERS     0x500
#define ID_MASK	      0xfff0
#define ID	      0xb0c0
#define ENABLE	      0x01
#define ENABLE_LINEAR 0x40

struct bochs {
	struct guest_output output;
	struct guest_pci pci;
	volatile uint8_t *vram, *registers;
	size_t vram_len;
	unsigned int id;
	struct guest_surface surface; /* width 0: off */
};

static struct bochs *bochs_from_output(struct guest_output *output)
{
	return (struct bochs *)output;
}

static bool is_bochs(const struct guest_pci *pci)
{
	return pci->vendor_id == VENDOR_QEMU && pci->device_id == DEVICE_STDVGA;
}

static volatile uint16_t *bochs_register(const struct bochs *bochs, enum register_index index)
{
	return (volatile uint16_t *)(bochs->registers + REGISTERS) + index;
}

static void bochs_describe(struct guest_output *output, struct guest_reply *reply)
{
	const struct bochs *bochs = bochs_from_output(output);

	guest_reply_add(reply,
			"address=%s device=%04x:%04x revision=%02x class=%06x id=%04x vram=%zx",
			bochs->pci.address, bochs->pci.vendor_id, bochs->pci.device_id,
			bochs->pci.revision, bochs->pci.class_code, bochs->id, bochs->vram_len);
}

static int bochs_open(const char *device, struct guest_output **out, struct guest_reply *reply)
{
	static struct bochs bochs = { .output.impl = &guest_output_bochs };
	size_t registers_len;
	int rc = guest_pci_open(device, is_bochs, "bochs-display", &bochs.pci, reply);

	if (rc < 0)
		return rc;
	bochs.vram = guest_pci_map(&bochs.pci, 0, &bochs.vram_len);
	bochs.registers = guest_pci_map(&bochs.pci, 2, &registers_len);
	if (!bochs.vram || !bochs.registers)
		return guest_reply_fail(reply, errno, "cannot map BARs of %s: %s",
					bochs.pci.address, strerror(errno));
	bochs.id = *bochs_register(&bochs, REGISTER_ID);
	if ((bochs.id & ID_MASK) != ID)
		return guest_reply_fail(reply, ENODEV, "%s: id %04x is not bochs-display's",
					bochs.pci.address, bochs.id);
	bochs_describe(&bochs.output, reply);
	*out = &bochs.output;
	return 0;
}

static int check(const struct bochs *bochs, const struct guest_picture *picture,
		 struct guest_reply *reply)
{
	size_t len = (size_t)picture->width_px * picture->height_px * picture->format->pixel_bytes;

	if (strcmp(picture->format->name, "XR24") != 0 &&
	    strcmp(picture->format->name, "RG16") != 0)
		return guest_reply_fail(reply, EOPNOTSUPP, "bochs-display shows no %s",
					picture->format->name);
	if (picture->tiling->kind != QT_TILING_LINEAR || picture->width_px % 8)
		return guest_reply_fail(reply, EOPNOTSUPP,
					"bochs-display is linear, of a width divisible by 8");
	if (len > bochs->vram_len)
		return guest_reply_fail(reply, ENOSPC, "%zu bytes do not fit %zu of video memory",
					len, bochs->vram_len);
	return 0;
}

static void set_mode(const struct bochs *bochs, const struct guest_picture *picture)
{
	*bochs_register(bochs, REGISTER_ENABLE) = 0;
	*bochs_register(bochs, REGISTER_WIDTH) = (uint16_t)picture->width_px;
	*bochs_register(bochs, REGISTER_HEIGHT) = (uint16_t)picture->height_px;
	*bochs_register(bochs, REGISTER_DEPTH) = (uint16_t)(picture->format->pixel_bytes * 8);
	*bochs_register(bochs, REGISTER_VIRTUAL_WIDTH) = (uint16_t)picture->width_px;
	*bochs_register(bochs, REGISTER_X_OFFSET) = 0;
	*bochs_register(bochs, REGISTER_Y_OFFSET) = 0;
	*bochs_register(bochs, REGISTER_ENABLE) = ENABLE | ENABLE_LINEAR;
}

static int bochs_show(struct guest_output *output, const struct guest_picture *picture,
		      struct guest_reply *reply)
{
	struct bochs *bochs = bochs_from_output(output);
	uint32_t stride_bytes = picture->width_px * picture->format->pixel_bytes;
	size_t len = (size_t)stride_bytes * picture->height_px;
	bool fits_twice = 2 * len <= bochs->vram_len;
	uint8_t *vram = (uint8_t *)bochs->vram;
	bool same_mode = bochs->surface.width_px == picture->width_px &&
			 bochs->surface.height_px == picture->height_px &&
			 bochs->surface.format == picture->format;
	bool second = same_mode && fits_twice && bochs->surface.memory == vram;
	int rc = check(bochs, picture, reply);

	if (rc < 0)
		return rc;
	bochs->surface = guest_surface_linear(vram + (second ? len : 0), picture);
	guest_surface_write(&bochs->surface, picture);
	if (!same_mode)
		set_mode(bochs, picture);
	*bochs_register(bochs, REGISTER_Y_OFFSET) = (uint16_t)(second ? picture->height_px : 0);
	guest_reply_add(reply, "offset=%zx stride=%u", second ? len : 0, stride_bytes);
	return 0;
}

static int bochs_off(struct guest_output *output, struct guest_reply *reply)
{
	struct bochs *bochs = bochs_from_output(output);

	*bochs_register(bochs, REGISTER_ENABLE) = 0;
	bochs->surface.width_px = 0;
	return 0;
}

static const struct guest_surface *bochs_surface(struct guest_output *output)
{
	const struct bochs *bochs = bochs_from_output(output);

	return bochs->surface.width_px ? &bochs->surface : NULL;
}

static int bochs_tall(struct guest_output *output, uint32_t rows, struct guest_surface *out)
{
	struct bochs *bochs = bochs_from_output(output);
	size_t len = (size_t)rows * bochs->surface.stride_bytes;

	if (!bochs->surface.width_px)
		return -ENODATA;
	if (len > bochs->vram_len)
		return -ENOSPC;
	bochs->surface.memory = (uint8_t *)bochs->vram;
	*out = bochs->surface;
	out->height_px = rows;
	out->len = len;
	return 0;
}

static void bochs_scroll(struct guest_output *output, uint32_t row)
{
	struct bochs *bochs = bochs_from_output(output);

	bochs->surface.memory = (uint8_t *)bochs->vram + (size_t)row * bochs->surface.stride_bytes;
	*bochs_register(bochs, REGISTER_Y_OFFSET) = (uint16_t)row;
}

const struct guest_output_impl guest_output_bochs = {
	.name = "bochs",
	.open = bochs_open,
	.show = bochs_show,
	.off = bochs_off,
	.surface = bochs_surface,
	.tall = bochs_tall,
	.scroll = bochs_scroll,
	.describe = bochs_describe,
};
