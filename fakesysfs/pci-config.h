/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a GPU's PCI function says of itself: configuration space and resources.
 */

#include <fakesysfs/profile.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_PCI_BARS = 6, FAKE_PCI_ROM_LEN = 128 << 10, FAKE_PCI_BAR0_LEN = 16 << 20 };

struct fake_pci_resource {
	uint64_t start, len, flags; /* flags as in linux/ioport.h; len 0: there is none */
};

/** BARs 0..5 and, at 6, the ROM of the @index'th GPU. Source: lspci of such machines */
struct fake_pci_resource fake_pci_resource(const struct fake_gpu_config *config, size_t index,
					   unsigned int bar);

/** 4096 for a PCI Express function, else 256. */
size_t fake_pci_config_size(const struct fake_gpu_config *config);
/** The whole configuration space, fake_pci_config_size() bytes. */
void fake_pci_config(const struct fake_gpu_config *config, size_t index, uint8_t *out);
