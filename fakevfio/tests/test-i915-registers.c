// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a guest and QEMU see of the vGPU before any picture: configuration space, regions, PVINFO,
 * OpRegion. Expectations are those of GVT-g and of the i915 guest driver's own checks.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>

#include "i915-guest.h"

static uint32_t config_u32(const struct fv_device *dev, unsigned int at)
{
	uint32_t value;

	memcpy(&value, dev->config + at, sizeof(value));
	return value;
}

/* What a guest reads after it wrote ones, as PCI's sizing of BARs does. */
static uint64_t bar_size(const struct fv_device *dev, unsigned int at)
{
	uint64_t writable;

	memcpy(&writable, dev->config_writable + at, sizeof(writable));
	return ~writable + 1;
}

static unsigned int find_capability(const struct fv_device *dev, uint8_t id)
{
	unsigned int at = dev->config[PCI_CAPABILITY_LIST];

	for (unsigned int steps = 0; at && steps < 48; steps++) {
		if (dev->config[at] == id)
			return at;
		at = dev->config[at + 1];
	}
	return 0;
}

static void config_space_is_that_of_gvt_g(void **state)
{
	for (int version = 8; version <= 9; version++) {
		struct fv_device *dev = i915_guest_create(version);

		assert_int_equal(config_u32(dev, 0), version == 8 ? 0x16168086 : 0x59168086);
		assert_int_equal(config_u32(dev, 8), version == 8 ? 0x03000009 : 0x03000002);
		assert_int_equal(config_u32(dev, PCI_BASE_ADDRESS_0), 0x4);
		assert_int_equal(bar_size(dev, PCI_BASE_ADDRESS_0), 16 << 20);
		assert_int_equal(config_u32(dev, PCI_BASE_ADDRESS_2), 0xc);
		assert_int_equal(bar_size(dev, PCI_BASE_ADDRESS_2), 256 << 20);
		assert_int_equal(config_u32(dev, PCI_BASE_ADDRESS_4), 0);
		assert_int_equal(config_u32(dev, PCI_ROM_ADDRESS), 0);
		assert_int_equal(config_u32(dev, 0x50) & 0xffff, 3 << 6);
		assert_int_equal(config_u32(dev, 0xfc), 0);
		assert_int_equal(dev->config[PCI_INTERRUPT_PIN], 1);
		assert_true(dev->config[PCI_STATUS] & PCI_STATUS_CAP_LIST);
		assert_int_equal(find_capability(dev, PCI_CAP_ID_MSI), version == 8 ? 0x90 : 0xac);
		assert_int_equal(find_capability(dev, PCI_CAP_ID_PM), 0xd0);
		i915_guest_destroy(dev);
	}
}

static void regions_are_those_of_gvt_g_and_one_for_display(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	const uint32_t all = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			     VFIO_REGION_INFO_FLAG_MMAP;

	assert_int_equal(dev->device_flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	assert_int_equal(dev->regions_len, 11);
	assert_int_equal(dev->irqs_len, 5);
	assert_int_equal(dev->regions[0].len, 16 << 20);
	assert_int_equal(dev->regions[0].memory.offset, 8 << 20);
	assert_int_equal(dev->regions[0].memory.len, 8 << 20);
	assert_int_equal(dev->regions[2].len, 256 << 20);
	assert_int_equal(dev->regions[2].flags, all);
	assert_int_equal(dev->regions[2].memory.offset, 64 << 20);
	assert_int_equal(dev->regions[2].memory.len, 64 << 20);
	assert_int_equal(dev->regions[9].len, 8192);
	assert_int_equal(dev->regions[9].flags, VFIO_REGION_INFO_FLAG_READ);
	assert_int_equal(dev->regions[9].type, 0x80008086);
	assert_int_equal(dev->regions[9].subtype, 1);
	assert_int_equal(dev->regions[11].flags, all);
	assert_true(dev->regions[11].memory.len >= 1920 * 1200 * 4);
	i915_guest_destroy(dev);
}

/* Source: i915_pvinfo.h, i915_vgpu.c: what intel_vgt_balloon() insists on */
static void pvinfo_page_passes_the_guest_drivers_checks(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint64_t aperture = 256ull << 20, ggtt = 4096ull << 20;
	uint64_t mappable_end, hidden_base, hidden_end;

	assert_true(dev->model->read(dev, 0, 0x78000, 8) == 0x4776544776544776);
	assert_int_equal(dev->model->read(dev, 0, 0x78008, 2), 1);
	assert_int_equal(dev->model->read(dev, 0, 0x7800a, 2), 0);
	assert_int_equal(i915_guest_read(dev, 0x78010) & 0xc, 0xc);
	mappable_end = (uint64_t)i915_guest_read(dev, 0x78040) + i915_guest_read(dev, 0x78044);
	hidden_base = i915_guest_read(dev, 0x78048);
	hidden_end = hidden_base + i915_guest_read(dev, 0x7804c);
	assert_true(mappable_end <= aperture);
	assert_true(hidden_base >= aperture);
	assert_true(hidden_end <= ggtt);
	assert_int_equal(hidden_end - hidden_base, 384 << 20);
	assert_int_equal(i915_guest_read(dev, 0x78050), 4);
	i915_guest_write(dev, 0x78044, 0xffffffff);
	assert_int_equal(i915_guest_read(dev, 0x78044), mappable_end);
	i915_guest_destroy(dev);
}

static void opregion_carries_a_valid_vbt(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint8_t bytes[8192];
	uint8_t sum = 0;
	uint16_t len;

	for (unsigned int at = 0; at < sizeof(bytes); at += 8) {
		uint64_t value = dev->model->read(dev, 9, at, 8);

		memcpy(bytes + at, &value, 8);
	}
	assert_memory_equal(bytes, "IntelGraphicsMem", 16);
	assert_int_equal(bytes[16], 8);
	assert_int_equal(bytes[0x17], 2); /* major version */
	assert_int_equal(bytes[0x58], 1 << 3); /* mailbox 4, the VBT */
	assert_memory_equal(bytes + 0x400, "$VBT", 4);
	assert_memory_equal(bytes + 0x400 + 48, "BIOS_DATA_BLOCK ", 16);
	memcpy(&len, bytes + 0x400 + 24, 2);
	assert_in_range(len, 48 + 22, sizeof(bytes) - 0x400);
	for (unsigned int i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[0x400 + i]);
	assert_int_equal(sum, 0);
	i915_guest_destroy(dev);
}

static void registers_are_memory_until_reset_at_any_width(void **state)
{
	struct fv_device *dev = i915_guest_create(8);

	dev->model->write(dev, 0, 0x4f100, 0x1122334455667788, 8);
	assert_true(dev->model->read(dev, 0, 0x4f100, 8) == 0x1122334455667788);
	assert_int_equal(i915_guest_read(dev, 0x4f104), 0x11223344);
	dev->model->write(dev, 0, 0x4f102, 0xabcd, 2);
	assert_int_equal(i915_guest_read(dev, 0x4f100), 0xabcd7788);
	assert_int_equal(dev->model->read(dev, 0, 0x4f101, 1), 0x77);
	dev->model->reset(dev);
	assert_int_equal(i915_guest_read(dev, 0x4f100), 0);
	/* between the registers and the GGTT there is nothing */
	i915_guest_write(dev, 0x200000, 1);
	assert_int_equal(i915_guest_read(dev, 0x200000), 0);
	assert_int_equal(i915_guest_read(dev, 0x7ffffc), 0);
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_space_is_that_of_gvt_g),
		cmocka_unit_test(regions_are_those_of_gvt_g_and_one_for_display),
		cmocka_unit_test(pvinfo_page_passes_the_guest_drivers_checks),
		cmocka_unit_test(opregion_carries_a_valid_vbt),
		cmocka_unit_test(registers_are_memory_until_reset_at_any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
