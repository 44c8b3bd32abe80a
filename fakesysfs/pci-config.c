/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pci-config.h"

#include <linux/pci_regs.h>
#include <stdbool.h>
#include <string.h>

/* Source: include/linux/ioport.h */
enum {
	RESOURCE_IO = 0x100,
	RESOURCE_MEM = 0x200,
	RESOURCE_ROM_SHADOW = 1 << 1,
	RESOURCE_PREFETCH = 0x2000,
	RESOURCE_SIZEALIGN = 0x40000,
	RESOURCE_MEM_64 = 0x100000,
};

#define MIB(n) ((uint64_t)(n) << 20)

/*
 * Intel's graphics have their registers in BAR 0, the aperture in BAR 2, I/O ports in BAR 4, and a
 * shadow of the video BIOS. Firmware that places 64-bit BARs high puts them about here.
 */
struct fake_pci_resource fake_pci_resource(const struct fake_gpu_config *config, size_t index,
					   unsigned int bar)
{
	switch (bar) {
	case 0:
		return (struct fake_pci_resource){
			.start = 0x6000000000 + MIB(16) * index,
			.len = FAKE_PCI_BAR0_LEN,
			.flags = RESOURCE_SIZEALIGN | RESOURCE_MEM_64 | RESOURCE_MEM |
				 PCI_BASE_ADDRESS_MEM_TYPE_64,
		};
	case 2:
		return (struct fake_pci_resource){
			.start = 0x4000000000 + MIB(4096) * index,
			.len = MIB(config->aperture_mib),
			.flags = RESOURCE_SIZEALIGN | RESOURCE_MEM_64 | RESOURCE_PREFETCH |
				 RESOURCE_MEM | PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
		};
	case 4:
		return (struct fake_pci_resource){
			.start = 0x3000 + (64 * index & 0xcfff),
			.len = 64,
			.flags = RESOURCE_SIZEALIGN | RESOURCE_IO | PCI_BASE_ADDRESS_SPACE_IO,
		};
	case 6:
		return (struct fake_pci_resource){
			.start = 0xc0000,
			.len = index ? 0 : FAKE_PCI_ROM_LEN,
			.flags = index ? 0 : RESOURCE_MEM | 0x10 | RESOURCE_ROM_SHADOW,
		};
	default:
		return (struct fake_pci_resource){ 0 };
	}
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

static void put_bar(uint8_t *out, const struct fake_gpu_config *config, size_t index,
		    unsigned int bar)
{
	struct fake_pci_resource resource = fake_pci_resource(config, index, bar);
	uint8_t *at = out + PCI_BASE_ADDRESS_0 + 4 * bar;

	put32(at, (uint32_t)resource.start | (uint32_t)(resource.flags & 0xf));
	if (resource.flags & PCI_BASE_ADDRESS_MEM_TYPE_64)
		put32(at + 4, (uint32_t)(resource.start >> 32));
}

static unsigned int log2_of(uint32_t value)
{
	return 31U - (unsigned int)__builtin_clz(value);
}

/*
 * The capabilities of Broadwell (conventional PCI) and of what came after it (an integrated PCI
 * Express endpoint). Source: Intel's datasheets, Processor Graphics registers
 */
static void put_capabilities(uint8_t *out, int graphics_version)
{
	bool express = graphics_version >= 9;
	unsigned int msi = express ? 0xac : 0x90;

	out[PCI_CAPABILITY_LIST] = express ? 0x40 : (uint8_t)msi;
	if (express) {
		out[0x40] = PCI_CAP_ID_VNDR;
		out[0x41] = 0x70;
		out[0x42] = 0x0c;
		out[0x70] = PCI_CAP_ID_EXP;
		out[0x71] = (uint8_t)msi;
		put16(out + 0x70 + PCI_EXP_FLAGS, PCI_EXP_TYPE_RC_END << 4 | 2);
		put32(out + 0x70 + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER);
	} else {
		out[0xa4] = PCI_CAP_ID_AF;
		out[0xa6] = PCI_CAP_AF_SIZEOF;
		out[0xa7] = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	}
	out[msi] = PCI_CAP_ID_MSI;
	out[msi + 1] = 0xd0;
	put16(out + msi + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	put32(out + msi + PCI_MSI_ADDRESS_LO, 0xfee00018);
	out[0xd0] = PCI_CAP_ID_PM;
	out[0xd1] = express ? 0 : 0xa4;
	put16(out + 0xd0 + PCI_PM_PMC, 2 | PCI_PM_CAP_DSI);
	put16(out + 0xd0 + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
}

size_t fake_pci_config_size(const struct fake_gpu_config *config)
{
	return config->profile->graphics_version >= 9 ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
}

void fake_pci_config(const struct fake_gpu_config *config, size_t index, uint8_t *out)
{
	const struct fake_gpu_profile *profile = config->profile;

	memset(out, 0, fake_pci_config_size(config));
	put16(out + PCI_VENDOR_ID, profile->vendor_id);
	put16(out + PCI_DEVICE_ID, profile->device_id);
	put16(out + PCI_COMMAND,
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	put16(out + PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(out + PCI_CLASS_REVISION, profile->class_code << 8 | profile->revision);
	put_bar(out, config, index, 0);
	put_bar(out, config, index, 2);
	put_bar(out, config, index, 4);
	put16(out + PCI_SUBSYSTEM_VENDOR_ID, profile->subsystem_vendor_id);
	put16(out + PCI_SUBSYSTEM_ID, profile->subsystem_device_id);
	out[PCI_INTERRUPT_LINE] = 0xff;
	out[PCI_INTERRUPT_PIN] = 1;
	put_capabilities(out, profile->graphics_version);
	/* GGC: the GTT's size in bits 7:6 (8 bytes a 4 KiB page). MSAC: the aperture's, above 128 */
	put16(out + 0x50, (log2_of(config->ggtt_mib) - 9) << 6 | 1);
	out[0x62] = (uint8_t)(config->aperture_mib / 128 - 1);
}
