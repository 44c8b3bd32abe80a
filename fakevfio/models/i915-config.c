// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The vGPU as a PCI function: configuration space, regions and interrupts as GVT-g presents them.
 * Source: drivers/gpu/drm/i915/gvt/cfg_space.c and kvmgt.c; Broadwell PRM vol. 12
 */

#include <errno.h>
#include <fakesysfs/profile.h>
#include <fakevfio/config-space.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

#include "i915.h"

#define MIB (1ull << 20)

/* Intel's own registers in configuration space */
enum {
	CONFIG_GMCH_CTL =
		0x50, /* GGMS 7:6: 2^n MiB of GGTT entries; GMS 15:8: stolen memory, none */
	CONFIG_ASLS = 0xfc, /* address of the OpRegion, written by firmware */
};

/* Capabilities are where the hardware has them. Source: Broadwell PRM vol. 12; lspci of a Skylake */
static void add_capabilities(struct i915 *i915)
{
	struct fv_device *dev = i915->dev;
	bool gen8 = i915->generation == I915_GEN8;
	uint8_t msi = gen8 ? 0x90 : 0xac, power = 0xd0, advanced = 0xa4;

	fv_config_add_msi(dev, msi, 1, 0);
	fv_config_add_capability(dev, power, PCI_CAP_ID_PM, PCI_PM_SIZEOF);
	fv_config_set16(dev, power + PCI_PM_PMC, 2 | PCI_PM_CAP_DSI);
	fv_config_set16(dev, power + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	dev->config_writable[power + PCI_PM_CTRL] = PCI_PM_CTRL_STATE_MASK;
	if (gen8) {
		fv_config_add_capability(dev, advanced, PCI_CAP_ID_AF, PCI_CAP_AF_SIZEOF);
		dev->config[advanced + PCI_AF_LENGTH] = PCI_CAP_AF_SIZEOF;
		dev->config[advanced + PCI_AF_CAP] = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	}
}

static uint16_t ggms(uint32_t ggtt_mib)
{
	uint16_t n = 3; /* 8 MiB of entries map 4 GiB */

	while (n > 1 && ggtt_mib < 512u << n)
		n--;
	return (uint16_t)(n << 6);
}

static void fill_config(struct i915 *i915)
{
	struct fv_device *dev = i915->dev;
	const struct fake_gpu_profile *profile = dev->vgpu.profile;

	fv_config_init(dev, &(struct fv_config_id){
				    .vendor_id = profile->vendor_id,
				    .device_id = profile->device_id,
				    .subsystem_vendor_id = profile->subsystem_vendor_id,
				    .subsystem_device_id = profile->subsystem_device_id,
				    .class_code = profile->class_code,
				    .revision = profile->revision,
			    });
	fv_config_add_bar(dev, 0, I915_GSM_OFFSET + I915_GSM_LEN, FV_BAR_64);
	fv_config_add_bar(dev, 2, dev->vgpu.aperture_mib * MIB, FV_BAR_64 | FV_BAR_PREFETCH);
	dev->config[PCI_INTERRUPT_PIN] = 1;
	fv_config_set16(dev, CONFIG_GMCH_CTL, ggms(dev->vgpu.ggtt_mib));
	memset(dev->config_writable + CONFIG_ASLS, 0xff, 4);
	add_capabilities(i915);
}

/* Where a region lies in the device file has been decided by then. */
static void add_region(struct fv_device *dev, unsigned int index, struct fv_region region)
{
	region.file_offset = dev->regions[index].file_offset;
	dev->regions[index] = region;
}

int i915_config_init(struct i915 *i915)
{
	const uint32_t read_write = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	const uint32_t all = read_write | VFIO_REGION_INFO_FLAG_MMAP;
	struct fv_device *dev = i915->dev;
	const struct fake_vgpu_info *vgpu = &dev->vgpu;
	uint64_t aperture = vgpu->aperture_mib * MIB;
	struct fv_area share = { vgpu->aperture_offset_mib * MIB, vgpu->type->low_gm_mib * MIB };
	/* what goes through the GGTT to the guest's pages is memory of nobody here */
	const struct fv_area none = { 0 };

	if (!aperture || aperture & (aperture - 1) || share.offset > aperture ||
	    share.len > aperture - share.offset)
		return -EINVAL;
	fill_config(i915);
	dev->device_flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	dev->regions_len = I915_REGIONS_LEN;
	add_region(dev, FV_REGION_BAR0,
		   (struct fv_region){ .len = I915_GSM_OFFSET + I915_GSM_LEN,
				       .flags = all,
				       .memory = { I915_GSM_OFFSET, I915_GSM_LEN } });
	add_region(dev, FV_REGION_BAR2,
		   (struct fv_region){ .len = aperture,
				       .flags = vgpu->mappable ? read_write : all,
				       .memory = vgpu->mappable ? none : share });
	add_region(dev, FV_REGION_CONFIG,
		   (struct fv_region){ .len = sizeof(dev->config), .flags = read_write });
	add_region(dev, I915_REGION_OPREGION,
		   (struct fv_region){
			   .len = I915_OPREGION_LEN,
			   .flags = VFIO_REGION_INFO_FLAG_READ,
			   .type = 1u << 31 | 0x8086, /* VFIO_REGION_TYPE_PCI_VENDOR_TYPE, Intel */
			   .subtype = VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION,
		   });
	add_region(dev, I915_REGION_EDID,
		   (struct fv_region){ .len = I915_EDID_LEN, /* kvmgt says so */
				       .reach = I915_EDID_OFFSET + I915_EDID_LEN,
				       .flags = read_write,
				       .type = VFIO_REGION_TYPE_GFX,
				       .subtype = VFIO_REGION_SUBTYPE_GFX_EDID });
	add_region(dev, I915_REGION_DISPLAY,
		   (struct fv_region){ .len = I915_DISPLAY_LEN,
				       .flags = all,
				       .memory = { 0, I915_DISPLAY_LEN } });
	/* Source: drivers/gpu/drm/i915/gvt/kvmgt.c of Linux 6.1, intel_vgpu_set_irqs() */
	dev->habits.deaf_intx = dev->habits.plain_msi = true;
	dev->irqs_len = VFIO_PCI_NUM_IRQS;
	dev->irqs[VFIO_PCI_INTX_IRQ_INDEX] = (struct fv_irq){
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED,
		.count = 1,
		.known = 1,
	};
	dev->irqs[VFIO_PCI_MSI_IRQ_INDEX] = (struct fv_irq){
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
		.count = 1,
		.known = 1,
	};
	return 0;
}
