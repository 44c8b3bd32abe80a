/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * PCI devices as sysfs shows them: finding one, switching it on, mapping its BARs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_reply;

struct guest_pci {
	char address[32]; /* "0000:00:02.0" */
	uint16_t vendor_id, device_id;
	uint32_t class_code;
	uint8_t revision;
};

/**
 * Finds the first device, in order of address, that @matches accepts; with @address only that one.
 * 0, or -ENODEV.
 */
int guest_pci_find(const char *address, bool (*matches)(const struct guest_pci *pci),
		   struct guest_pci *out);

/** Switches on memory decoding and bus mastering. 0 or a negative errno. */
int guest_pci_enable(const struct guest_pci *pci);

/** Both, for an output on PCI. 0, or a negative errno with @reply failed; @name says what is looked for. */
int guest_pci_open(const char *address, bool (*matches)(const struct guest_pci *pci),
		   const char *name, struct guest_pci *out, struct guest_reply *reply);

/** Reads 32 bits of configuration space, the least significant byte first. 0 or a negative errno. */
int guest_pci_read_config(const struct guest_pci *pci, int offset, uint32_t *out);

/** Maps BAR @bar whole; *@len is its size. NULL with errno set on failure. */
volatile void *guest_pci_map(const struct guest_pci *pci, int bar, size_t *len);
