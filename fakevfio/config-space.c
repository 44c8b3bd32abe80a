/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <fakevfio/config-space.h>
#include <fakevfio/device.h>
#include <linux/pci_regs.h>
#include <string.h>

uint16_t fv_config_get16(const struct fv_device *dev, unsigned int offset)
{
	uint16_t value;

	memcpy(&value, dev->config + offset, sizeof(value));
	return le16toh(value);
}

uint32_t fv_config_get32(const struct fv_device *dev, unsigned int offset)
{
	uint32_t value;

	memcpy(&value, dev->config + offset, sizeof(value));
	return le32toh(value);
}

static void put16(uint8_t *bytes, unsigned int offset, uint16_t value)
{
	value = htole16(value);
	memcpy(bytes + offset, &value, sizeof(value));
}

static void put32(uint8_t *bytes, unsigned int offset, uint32_t value)
{
	value = htole32(value);
	memcpy(bytes + offset, &value, sizeof(value));
}

void fv_config_set16(struct fv_device *dev, unsigned int offset, uint16_t value)
{
	put16(dev->config, offset, value);
}

void fv_config_set32(struct fv_device *dev, unsigned int offset, uint32_t value)
{
	put32(dev->config, offset, value);
}

void fv_config_init(struct fv_device *dev, const struct fv_config_id *id)
{
	memset(dev->config, 0, sizeof(dev->config));
	memset(dev->config_writable, 0, sizeof(dev->config_writable));
	fv_config_set16(dev, PCI_VENDOR_ID, id->vendor_id);
	fv_config_set16(dev, PCI_DEVICE_ID, id->device_id);
	fv_config_set32(dev, PCI_CLASS_REVISION, id->class_code << 8 | id->revision);
	fv_config_set16(dev, PCI_SUBSYSTEM_VENDOR_ID, id->subsystem_vendor_id);
	fv_config_set16(dev, PCI_SUBSYSTEM_ID, id->subsystem_device_id);

	put16(dev->config_writable, PCI_COMMAND,
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
		      PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	dev->config_writable[PCI_CACHE_LINE_SIZE] = 0xff;
	dev->config_writable[PCI_INTERRUPT_LINE] = 0xff;
}

int fv_config_add_bar(struct fv_device *dev, unsigned int bar, uint64_t size, unsigned int flags)
{
	unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
	bool io = flags & FV_BAR_IO, wide = flags & FV_BAR_64;
	uint64_t mask = ~(size - 1);
	uint32_t bits;

	if (bar > 5 || (wide && (io || bar > 4)) || size & (size - 1) || size < (io ? 4 : 16) ||
	    (!wide && size > UINT64_C(1) << 31))
		return -EINVAL;
	if (io)
		bits = PCI_BASE_ADDRESS_SPACE_IO;
	else
		bits = (wide ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
		       (flags & FV_BAR_PREFETCH ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0);
	fv_config_set32(dev, at, bits);
	put32(dev->config_writable, at, (uint32_t)mask);
	if (wide) {
		fv_config_set32(dev, at + 4, 0);
		put32(dev->config_writable, at + 4, (uint32_t)(mask >> 32));
	}
	return 0;
}

int fv_config_add_capability(struct fv_device *dev, uint8_t offset, uint8_t id, unsigned int len)
{
	unsigned int link = PCI_CAPABILITY_LIST;

	if (offset < PCI_STD_HEADER_SIZEOF || offset & 3 || len < 2 || offset + len > 256)
		return -EINVAL;
	/* at most 48 capabilities fit, so a longer walk is a loop */
	for (unsigned int steps = 0; dev->config[link]; steps++) {
		if (steps == 48 || dev->config[link] == offset)
			return -EINVAL;
		link = dev->config[link] + PCI_CAP_LIST_NEXT;
	}
	dev->config[link] = offset;
	memset(dev->config + offset, 0, len);
	memset(dev->config_writable + offset, 0, len);
	dev->config[offset + PCI_CAP_LIST_ID] = id;
	dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return 0;
}

int fv_config_add_msi(struct fv_device *dev, uint8_t offset, unsigned int vectors,
		      unsigned int flags)
{
	bool wide = flags & FV_MSI_64, maskable = flags & FV_MSI_MASK;
	unsigned int len = 10 + (wide ? 4 : 0) + (maskable ? 10 : 0);
	unsigned int log2;
	int err;

	if (!vectors || vectors > 32 || vectors & (vectors - 1))
		return -EINVAL;
	log2 = __builtin_ctz(vectors);
	err = fv_config_add_capability(dev, offset, PCI_CAP_ID_MSI, len);
	if (err)
		return err;
	fv_config_set16(dev, offset + PCI_MSI_FLAGS,
			log2 << 1 | (wide ? PCI_MSI_FLAGS_64BIT : 0) |
				(maskable ? PCI_MSI_FLAGS_MASKBIT : 0));
	put16(dev->config_writable, offset + PCI_MSI_FLAGS,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put32(dev->config_writable, offset + PCI_MSI_ADDRESS_LO, ~3U);
	if (wide)
		put32(dev->config_writable, offset + PCI_MSI_ADDRESS_HI, ~0U);
	put16(dev->config_writable, offset + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 0xffff);
	if (maskable)
		put32(dev->config_writable, offset + (wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32),
		      vectors == 32 ? ~0U : (1U << vectors) - 1);
	dev->msi_offset = offset;
	return 0;
}

bool fv_config_msi_enabled(const struct fv_device *dev)
{
	return dev->msi_offset &&
	       fv_config_get16(dev, dev->msi_offset + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE;
}

bool fv_config_msi_deliver(struct fv_device *dev, unsigned int vector)
{
	unsigned int at = dev->msi_offset;
	uint16_t flags;
	uint32_t pending;

	if (!fv_config_msi_enabled(dev) || vector >= 32)
		return false;
	flags = fv_config_get16(dev, at + PCI_MSI_FLAGS);
	if (!(flags & PCI_MSI_FLAGS_MASKBIT))
		return true;
	at += flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32;
	pending = fv_config_get32(dev, at + 4);
	if (fv_config_get32(dev, at) & 1U << vector) {
		fv_config_set32(dev, at + 4, pending | 1U << vector);
		return false;
	}
	fv_config_set32(dev, at + 4, pending & ~(1U << vector));
	return true;
}

uint32_t fv_config_msi_ready(const struct fv_device *dev)
{
	unsigned int at = dev->msi_offset;
	uint16_t flags;

	if (!fv_config_msi_enabled(dev))
		return 0;
	flags = fv_config_get16(dev, at + PCI_MSI_FLAGS);
	if (!(flags & PCI_MSI_FLAGS_MASKBIT))
		return 0;
	at += flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32;
	return fv_config_get32(dev, at + 4) & ~fv_config_get32(dev, at);
}
