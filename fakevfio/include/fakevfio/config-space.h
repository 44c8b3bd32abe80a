/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Builds a type 0 PCI config space for a model's init(). What may be written goes into
 * dev->config_writable, so that BAR sizing, COMMAND and MSI need no code in a model.
 */

#include <stdbool.h>
#include <stdint.h>

struct fv_device;

struct fv_config_id {
	uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
	uint8_t revision;
	uint32_t class_code; /* 0x030000 */
};

/**
 * Fills the header. Writable are COMMAND (I/O, memory, master, parity, SERR, INTx disable), cache
 * line size, and interrupt line. Source: PCI Local Bus Specification 3.0, 6.1 and 6.2
 */
void fv_config_init(struct fv_device *dev, const struct fv_config_id *id);

enum fv_bar_flags {
	FV_BAR_64 = 1, /* takes two registers */
	FV_BAR_PREFETCH = 2,
	FV_BAR_IO = 4,
};
/** Adds a BAR. @size is a power of two, at least 16 (4 for I/O). 0 or -EINVAL. */
int fv_config_add_bar(struct fv_device *dev, unsigned int bar, uint64_t size, unsigned int flags);

/** Appends a capability of @len bytes at @offset to the list; its body is zero. 0 or -EINVAL. */
int fv_config_add_capability(struct fv_device *dev, uint8_t offset, uint8_t id, unsigned int len);

enum fv_msi_flags {
	FV_MSI_64 = 1, /* 64-bit message address */
	FV_MSI_MASK = 2, /* per-vector mask and pending bits */
};
/** Adds an MSI capability with @vectors (1, 2, 4 .. 32) at @offset. 0 or -EINVAL. */
int fv_config_add_msi(struct fv_device *dev, uint8_t offset, unsigned int vectors,
		      unsigned int flags);
/** Has the guest enabled MSI? */
bool fv_config_msi_enabled(const struct fv_device *dev);
/** May @vector be sent now? If not, and it is only masked, its pending bit is set. */
bool fv_config_msi_deliver(struct fv_device *dev, unsigned int vector);

/** The vectors that are pending and may be sent, as bits. */
uint32_t fv_config_msi_ready(const struct fv_device *dev);

/** Little-endian access to dev->config; @offset + width must lie within 4096 bytes. */
uint16_t fv_config_get16(const struct fv_device *dev, unsigned int offset);
uint32_t fv_config_get32(const struct fv_device *dev, unsigned int offset);
void fv_config_set16(struct fv_device *dev, unsigned int offset, uint16_t value);
void fv_config_set32(struct fv_device *dev, unsigned int offset, uint32_t value);
