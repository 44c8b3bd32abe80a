/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/** "0000:00:02.0" and the final NUL; domains beyond 16 bits take up to 8 digits. */
#define VGPU_PCI_ADDRESS_TEXT_LEN 18

struct vgpu_pci_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t slot; /* 0..31 */
	uint8_t function; /* 0..7 */
};

/**
 * Parses "DDDD:BB:SS.F" or, with domain 0, "BB:SS.F".
 * Returns 0, or -EINVAL with @out untouched.
 * Source: Documentation/PCI, lspci(8)
 */
int vgpu_pci_address_parse(const char *text, struct vgpu_pci_address *out);

/** Writes the sysfs form, "0000:00:02.0". @text holds VGPU_PCI_ADDRESS_TEXT_LEN bytes. */
void vgpu_pci_address_format(const struct vgpu_pci_address *address, char *text);

/**
 * How sysfs names the device that a person calls @name: an address in the form above, written into
 * @text, of the same size; anything else is returned as it is.
 */
const char *vgpu_pci_address_canonical(const char *name, char *text);
