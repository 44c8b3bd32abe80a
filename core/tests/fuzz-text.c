/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every text that comes from a kernel or a command line, through every parser of the manager. What
 * parses must come out again as it went in.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/mdev-type.h>
#include <vgpulab/nearest.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/uuid.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void uuid_round_trips(const char *text)
{
	struct vgpu_uuid uuid, again;

	if (vgpu_uuid_parse(text, &uuid))
		return;
	assert(!strcasecmp(text, uuid.text));
	assert(!vgpu_uuid_parse(uuid.text, &again) && vgpu_uuid_equal(&uuid, &again));
}

static void pci_address_round_trips(const char *text)
{
	struct vgpu_pci_address address, again;
	char formatted[VGPU_PCI_ADDRESS_TEXT_LEN];

	if (vgpu_pci_address_parse(text, &address))
		return;
	vgpu_pci_address_format(&address, formatted);
	assert(!vgpu_pci_address_parse(formatted, &again));
	assert(!memcmp(&address, &again, sizeof(address)));
}

static void description_gives_numbers_of_whole_lines_only(const char *text)
{
	struct vgpu_mdev_type type = { .id = "i915-GVTg_V5_4" };

	snprintf(type.description, sizeof(type.description), "%s", text);
	vgpu_mdev_type_parse_description(&type);
	assert(!type.xres_px == !type.yres_px || strstr(text, "resolution: "));
	assert(!type.weight || strstr(text, "weight: "));
	assert(!type.low_gm_mib || strstr(text, "MB"));
	(void)vgpu_mdev_type_is(&type, text);
}

static void distance_is_symmetric_and_bounded(const char *a, const char *b)
{
	unsigned int distance = vgpu_edit_distance(a, b);
	struct vgpu_nearest nearest = { .wanted = a };

	assert(distance == vgpu_edit_distance(b, a));
	assert(distance <= 63);
	vgpu_nearest_offer(&nearest, b);
	assert(!nearest.name || nearest.name == b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* two texts, each in a block of its own so that ASan sees the first byte beyond */
	size_t half = size ? data[0] % size : 0;
	_autofree_ char *first = strndup((const char *)data, half);
	_autofree_ char *second = strndup((const char *)data + half, size - half);

	uuid_round_trips(second);
	pci_address_round_trips(second);
	description_gives_numbers_of_whole_lines_only(second);
	distance_is_symmetric_and_bounded(first, second);
	return 0;
}
