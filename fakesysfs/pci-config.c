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
 * A shadow of the video BIOS, for the first GPU. Source: arch/x86/pci/fixup.c, pci_fixup_video()
 */
static struct fake_pci_resource rom_resource(size_t index)
{
	return (struct fake_pci_resource){
		.start = 0xc0000,
		.len = index ? 0 : FAKE_PCI_ROM_LEN,
		.flags = index ? 0 : RESOURCE_MEM | 0x10 | RESOURCE_ROM_SHADOW,
	};
}

static uint64_t flags_of(const struct fake_pci_bar *bar)
{
	uint64_t flags = RESOURCE_SIZEALIGN;

	if (bar->flags & FAKE_BAR_IO)
		return flags | RESOURCE_IO | PCI_BASE_ADDRESS_SPACE_IO;
	flags |= RESOURCE_MEM;
	if (bar->flags & FAKE_BAR_64)
		flags |= RESOURCE_MEM_64 | PCI_BASE_ADDRESS_MEM_TYPE_64;
	if (bar->flags & FAKE_BAR_PREFETCH)
		flags |= RESOURCE_PREFETCH | PCI_BASE_ADDRESS_MEM_PREFETCH;
	return flags;
}

/*
 * Firmware that places 64-bit BARs high puts them about here. Each GPU has a stretch of each kind, in
 * which its BARs follow each other.
 */
static uint64_t start_of(const struct fake_gpu_config *config, size_t index, unsigned int number)
{
	const struct fake_pci_bar *bars = config->profile->bars;
	uint64_t before = 0;

	for (unsigned int i = 0; i < number; i++)
		if (bars[i].flags == bars[number].flags)
			before += bars[i].len;
	if (bars[number].flags & FAKE_BAR_IO)
		return 0x3000 + (64 * index & 0xcfff);
	if (!(bars[number].flags & FAKE_BAR_64))
		return 0xa0000000 + MIB(16) * index + before;
	if (bars[number].flags & FAKE_BAR_PREFETCH)
		return 0x4000000000 + MIB(4096) * index + before;
	return 0x6000000000 + MIB(16) * index + before;
}

struct fake_pci_resource fake_pci_resource(const struct fake_gpu_config *config, size_t index,
					   unsigned int bar)
{
	const struct fake_gpu_profile *profile = config->profile;

	if (profile->recorded && bar < FAKE_PCI_RESOURCES)
		return profile->recorded->resources[bar];
	if (bar == FAKE_PCI_BARS && profile->graphics_version)
		return rom_resource(index);
	if (bar >= FAKE_PCI_BARS || !profile->bars || !profile->bars[bar].len)
		return (struct fake_pci_resource){ 0 };
	return (struct fake_pci_resource){
		.start = start_of(config, index, bar),
		.len = profile->bars[bar].len == FAKE_BAR_APERTURE ? MIB(config->aperture_mib)
								   : profile->bars[bar].len,
		.flags = flags_of(&profile->bars[bar]),
	};
}

bool fake_pci_resource_is_io(const struct fake_pci_resource *resource)
{
	return resource->flags & RESOURCE_IO;
}

bool fake_pci_resource_is_prefetch(const struct fake_pci_resource *resource)
{
	return resource->flags & RESOURCE_PREFETCH;
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

/* Puts an MSI capability at @at, a power management one at @pm. */
static void put_msi_and_pm(uint8_t *out, unsigned int at, unsigned int pm)
{
	out[at] = PCI_CAP_ID_MSI;
	out[at + 1] = (uint8_t)pm;
	put16(out + at + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	put32(out + at + PCI_MSI_ADDRESS_LO, 0xfee00018);
	out[pm] = PCI_CAP_ID_PM;
	put16(out + pm + PCI_PM_PMC, 2 | PCI_PM_CAP_DSI);
	put16(out + pm + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
}

/*
 * The capabilities of Broadwell (conventional PCI) and of what came after it (an integrated PCI
 * Express endpoint). Source: Intel's datasheets, Processor Graphics registers
 */
static void put_intel_capabilities(uint8_t *out, int graphics_version)
{
	bool express = graphics_version >= 9;
	unsigned int msi = express ? 0xac : 0x90;

	out[PCI_CAPABILITY_LIST] = express ? 0x40 : (uint8_t)msi;
	put_msi_and_pm(out, msi, 0xd0);
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
		out[0xd1] = 0xa4;
	}
}

/* A PCI Express card in a slot of sixteen lanes of 8 GT/s. */
static void put_card_capabilities(uint8_t *out)
{
	out[PCI_CAPABILITY_LIST] = 0x60;
	put_msi_and_pm(out, 0x68, 0x60);
	out[0x60 + 1] = 0x68;
	out[0x68 + 1] = 0x78;
	out[0x78] = PCI_CAP_ID_EXP;
	put16(out + 0x78 + PCI_EXP_FLAGS, PCI_EXP_TYPE_ENDPOINT << 4 | 2);
	put32(out + 0x78 + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER);
	put32(out + 0x78 + PCI_EXP_LNKCAP, 16 << 4 | PCI_EXP_LNKCAP_SLS_8_0GB);
	put16(out + 0x78 + PCI_EXP_LNKSTA, 16 << 4 | PCI_EXP_LNKSTA_CLS_8_0GB);
}

size_t fake_pci_config_size(const struct fake_gpu_config *config)
{
	if (config->profile->recorded)
		return config->profile->recorded->config_len;
	return config->profile->graphics_version == 8 ? PCI_CFG_SPACE_SIZE : PCI_CFG_SPACE_EXP_SIZE;
}

void fake_pci_config(const struct fake_gpu_config *config, size_t index, uint8_t *out)
{
	const struct fake_gpu_profile *profile = config->profile;

	if (profile->recorded) {
		memcpy(out, profile->recorded->config, profile->recorded->config_len);
		return;
	}
	memset(out, 0, fake_pci_config_size(config));
	put16(out + PCI_VENDOR_ID, profile->vendor_id);
	put16(out + PCI_DEVICE_ID, profile->device_id);
	put16(out + PCI_COMMAND,
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	put16(out + PCI_STATUS, PCI_STATUS_CAP_LIST);
	put32(out + PCI_CLASS_REVISION, profile->class_code << 8 | profile->revision);
	for (unsigned int i = 0; i < FAKE_PCI_BARS; i++)
		if (profile->bars && profile->bars[i].len)
			put_bar(out, config, index, i);
	put16(out + PCI_SUBSYSTEM_VENDOR_ID, profile->subsystem_vendor_id);
	put16(out + PCI_SUBSYSTEM_ID, profile->subsystem_device_id);
	out[PCI_INTERRUPT_LINE] = 0xff;
	out[PCI_INTERRUPT_PIN] = 1;
	if (!profile->graphics_version) {
		put_card_capabilities(out);
		return;
	}
	put_intel_capabilities(out, profile->graphics_version);
	/* GGC: the GTT's size in bits 7:6 (8 bytes a 4 KiB page). MSAC: the aperture's, above 128 */
	put16(out + 0x50, (log2_of(config->ggtt_mib) - 9) << 6 | 1);
	out[0x62] = (uint8_t)(config->aperture_mib / 128 - 1);
}
