/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/pci-address.h>

/*
 * Reads @min to @max hexadecimal digits and the character @end after them. Returns the text behind,
 * or NULL. Not strtoul(): that would take spaces, signs and "0x".
 */
static const char *take_hex(const char *text, int min, int max, char end, uint32_t *value)
{
	uint32_t sum = 0;
	int digits = 0;

	for (; digits < max; digits++, text++) {
		if (*text >= '0' && *text <= '9')
			sum = sum << 4 | (uint32_t)(*text - '0');
		else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f')
			sum = sum << 4 | (uint32_t)((*text | 0x20) - 'a' + 10);
		else
			break;
	}
	if (digits < min || *text != end)
		return NULL;
	*value = sum;
	return end ? text + 1 : text;
}

int vgpu_pci_address_parse(const char *text, struct vgpu_pci_address *out)
{
	uint32_t domain = 0, bus = 0, slot = 0, function = 0;
	const char *at = take_hex(text, 4, 8, ':', &domain);

	at = take_hex(at ? at : text, 2, 2, ':', &bus);
	if (at)
		at = take_hex(at, 2, 2, '.', &slot);
	if (at)
		at = take_hex(at, 1, 1, '\0', &function);
	if (!at || slot > 31 || function > 7)
		return -EINVAL;
	*out = (struct vgpu_pci_address){
		.domain = domain,
		.bus = (uint8_t)bus,
		.slot = (uint8_t)slot,
		.function = (uint8_t)function,
	};
	return 0;
}

void vgpu_pci_address_format(const struct vgpu_pci_address *address, char *text)
{
	snprintf(text, VGPU_PCI_ADDRESS_TEXT_LEN, "%04x:%02x:%02x.%x", address->domain,
		 address->bus, address->slot & 31U, address->function & 7U);
}

const char *vgpu_pci_address_canonical(const char *name, char *text)
{
	struct vgpu_pci_address address;

	if (vgpu_pci_address_parse(name, &address) < 0)
		return name;
	vgpu_pci_address_format(&address, text);
	return text;
}
