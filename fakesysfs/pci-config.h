/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a GPU's PCI function says of itself: configuration space and resources.
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_PCI_ROM_LEN = 128 << 10 };

/** BARs 0..5 and, at 6, the ROM of the @index'th GPU. Source: lspci of such machines */
struct fake_pci_resource fake_pci_resource(const struct fake_gpu_config *config, size_t index,
					   unsigned int bar);

/** Is it what has BARs in I/O ports, what is prefetchable? */
bool fake_pci_resource_is_io(const struct fake_pci_resource *resource);
bool fake_pci_resource_is_prefetch(const struct fake_pci_resource *resource);

/** 4096 for a PCI Express function, else 256. */
size_t fake_pci_config_size(const struct fake_gpu_config *config);
/** The whole configuration space, fake_pci_config_size() bytes. */
void fake_pci_config(const struct fake_gpu_config *config, size_t index, uint8_t *out);
