/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's sample display mdpy: a linear framebuffer of one size in BAR 0, which a capability
 * of the vendor's describes. Its driver, mdpy-fb, is a sample, too, and in no distribution.
 * Source: Linux, samples/vfio-mdev/mdpy-defs.h and mdpy-fb.c
 */
#include "output.h"
#include "pci.h"

#include <errno.h>
#include <string.h>

enum {
	VENDOR_REDHAT = 0x1b36,
	DEVICE_MDPY = 0x000f,
	CONFIG_FORMAT = 0x44,
	CONFIG_WIDTH = 0x48,
	CONFIG_HEIGHT = 0x4c,
};

struct mdpy {
	struct guest_output output;
	struct guest_pci pci;
	volatile uint8_t *memory;
	size_t memory_len;
	uint32_t fourcc, width_px, height_px;
	struct guest_surface surface; /* width 0: nothing drawn yet */
};

static struct mdpy *mdpy_from_output(struct guest_output *output)
{
	return (struct mdpy *)output;
}

static bool is_mdpy(const struct guest_pci *pci)
{
	return pci->vendor_id == VENDOR_REDHAT && pci->device_id == DEVICE_MDPY;
}

static void mdpy_describe(struct guest_output *output, struct guest_reply *reply)
{
	const struct mdpy *mdpy = mdpy_from_output(output);

	guest_reply_add(reply, "address=%s device=%04x:%04x format=%.4s mode=%ux%u memory=%zx",
			mdpy->pci.address, mdpy->pci.vendor_id, mdpy->pci.device_id,
			(const char *)&mdpy->fourcc, mdpy->width_px, mdpy->height_px,
			mdpy->memory_len);
}

static int mdpy_open(const char *device, struct guest_output **out, struct guest_reply *reply)
{
	static struct mdpy mdpy = { .output.impl = &guest_output_mdpy };
	int rc = guest_pci_open(device, is_mdpy, "mdpy", &mdpy.pci, reply);

	if (rc < 0)
		return rc;
	mdpy.memory = guest_pci_map(&mdpy.pci, 0, &mdpy.memory_len);
	if (!mdpy.memory)
		return guest_reply_fail(reply, errno, "cannot map BAR 0 of %s: %s",
					mdpy.pci.address, strerror(errno));
	if (guest_pci_read_config(&mdpy.pci, CONFIG_FORMAT, &mdpy.fourcc) < 0 ||
	    guest_pci_read_config(&mdpy.pci, CONFIG_WIDTH, &mdpy.width_px) < 0 ||
	    guest_pci_read_config(&mdpy.pci, CONFIG_HEIGHT, &mdpy.height_px) < 0)
		return guest_reply_fail(reply, EIO, "%s has no vendor's capability",
					mdpy.pci.address);
	mdpy_describe(&mdpy.output, reply);
	*out = &mdpy.output;
	return 0;
}

static int mdpy_show(struct guest_output *output, const struct guest_picture *picture,
		     struct guest_reply *reply)
{
	struct mdpy *mdpy = mdpy_from_output(output);
	struct guest_surface surface = guest_surface_linear((uint8_t *)mdpy->memory, picture);

	if (memcmp(picture->format->name, &mdpy->fourcc, sizeof(mdpy->fourcc)) != 0 ||
	    picture->width_px != mdpy->width_px || picture->height_px != mdpy->height_px ||
	    picture->tiling->kind != QT_TILING_LINEAR || surface.len > mdpy->memory_len)
		return guest_reply_fail(reply, EOPNOTSUPP, "mdpy shows linear %.4s in %ux%u alone",
					(const char *)&mdpy->fourcc, mdpy->width_px,
					mdpy->height_px);
	mdpy->surface = surface;
	guest_surface_write(&mdpy->surface, picture);
	guest_reply_add(reply, "stride=%u", surface.stride_bytes);
	return 0;
}

static int mdpy_off(struct guest_output *output, struct guest_reply *reply)
{
	return guest_reply_fail(reply, EOPNOTSUPP, "mdpy is always on");
}

static const struct guest_surface *mdpy_surface(struct guest_output *output)
{
	const struct mdpy *mdpy = mdpy_from_output(output);

	return mdpy->surface.width_px ? &mdpy->surface : NULL;
}

const struct guest_output_impl guest_output_mdpy = {
	.name = "mdpy",
	.open = mdpy_open,
	.show = mdpy_show,
	.off = mdpy_off,
	.surface = mdpy_surface,
	.describe = mdpy_describe,
};
