/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device's regions: info, capabilities, reads and writes, mmap, config space, reset, planes. */

#include "device-fixture.h"
#include "probe-model.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define CONFIG FV_REGION_OFFSET(FV_REGION_CONFIG)

static int set_up(void **state)
{
	if (fixture_open(state, &mock_probe_profile, true))
		return 1;
	probe_accesses_len = 0;
	probe_config_writes = 0;
	return 0;
}

static ssize_t read_at(struct fixture *fixture, uint64_t offset, void *buffer, size_t len)
{
	return fv_machine_read(fixture->mock->machine, fixture->session.device, offset, buffer,
			       len);
}

static ssize_t write_at(struct fixture *fixture, uint64_t offset, const void *buffer, size_t len)
{
	return fv_machine_write(fixture->mock->machine, fixture->session.device, offset, buffer,
				len);
}

static int64_t device_ioctl(struct fixture *fixture, uint32_t request, void *data, size_t len)
{
	return mock_ioctl_data(fixture->client, fixture->session.device, request, data, len);
}

struct info_buffer {
	struct vfio_region_info info;
	uint8_t caps[64];
};

/* BAR 0 has memory in its middle: one sparse area */
static void sparse_region_negotiates_its_capability(void **state)
{
	struct fixture *fixture = *state;
	struct {
		struct vfio_info_cap_header header;
		uint32_t nr_areas, reserved;
		struct vfio_region_sparse_mmap_area area;
	} cap;
	struct info_buffer buffer = { .info = { .argsz = 32 } };

	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &buffer, 32), 0);
	assert_int_equal(buffer.info.flags, 0xf);
	assert_int_equal(buffer.info.argsz, 32 + sizeof(cap));
	assert_int_equal(buffer.info.cap_offset, 0);
	assert_int_equal(buffer.info.size, PROBE_BAR0_LEN);
	/* one byte too few: nothing beyond the struct is touched */
	buffer.info.argsz = 32 + sizeof(cap) - 1;
	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &buffer, 32), 0);
	assert_int_equal(buffer.info.cap_offset, 0);
	/* it promises more than there is */
	assert_int_equal(buffer.info.argsz, 32 + sizeof(cap));
	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &buffer, 40), -EFAULT);
	assert_int_equal(
		device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &buffer, 32 + sizeof(cap)), 0);
	assert_int_equal(buffer.info.cap_offset, 32);
	memcpy(&cap, buffer.caps, sizeof(cap));
	assert_int_equal(cap.header.id, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	assert_int_equal(cap.header.version, 1);
	assert_int_equal(cap.header.next, 0);
	assert_int_equal(cap.nr_areas, 1);
	assert_int_equal(cap.area.offset, PROBE_MEMORY_OFFSET);
	assert_int_equal(cap.area.size, PROBE_MEMORY_LEN);
}

static void typed_region_tells_its_type(void **state)
{
	struct fixture *fixture = *state;
	struct info_buffer buffer = { .info = { .argsz = 48, .index = PROBE_READ_ONLY } };
	struct vfio_region_info_cap_type cap;

	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &buffer, 48), 0);
	assert_int_equal(buffer.info.flags,
			 VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_CAPS);
	memcpy(&cap, buffer.caps, sizeof(cap));
	assert_int_equal(cap.header.id, VFIO_REGION_INFO_CAP_TYPE);
	assert_int_equal(cap.type, 0x80008086);
	assert_int_equal(cap.subtype, 1);
}

static void absent_regions_are_empty_and_unknown_ones_einval(void **state)
{
	static const uint32_t unknown[] = { 11, 19, 20, 1000, UINT32_MAX };
	struct fixture *fixture = *state;
	struct vfio_region_info info = { .argsz = sizeof(info), .index = 1 };

	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			 0);
	assert_int_equal(info.size, 0);
	assert_int_equal(info.flags, 0);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(unknown); i++) {
		info.index = unknown[i];
		assert_int_equal(
			device_ioctl(fixture, VFIO_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			-EINVAL);
	}
}

/* 15 bytes from 1 on: 1, 2, 4, 8 */
static void long_accesses_are_split_into_aligned_ones(void **state)
{
	static const struct probe_access expected[] = {
		{ 0, 1, 1, false }, { 0, 2, 2, false }, { 0, 4, 4, false }, { 0, 8, 8, false }
	};
	struct fixture *fixture = *state;
	uint8_t bytes[15];

	assert_int_equal(read_at(fixture, 1, bytes, sizeof(bytes)), 15);
	assert_int_equal(probe_accesses_len, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(probe_accesses[i].offset, expected[i].offset);
		assert_int_equal(probe_accesses[i].len, expected[i].len);
	}
	assert_memory_equal(bytes, "\1\2\2\4\4\4\4\10\10\10\10\10\10\10\10", 15);
}

static void access_across_memory_and_registers_reaches_both(void **state)
{
	struct fixture *fixture = *state;
	uint8_t bytes[PROBE_MEMORY_LEN + 16], back[PROBE_MEMORY_LEN + 16];

	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(write_at(fixture, PROBE_MEMORY_OFFSET - 8, bytes, sizeof(bytes)),
			 sizeof(bytes));
	/* the 8 bytes before and after are registers; the memory between is not */
	assert_int_equal(probe_accesses_len, 2);
	assert_int_equal(probe_accesses[0].offset, PROBE_MEMORY_OFFSET - 8);
	assert_int_equal(probe_accesses[1].offset, PROBE_MEMORY_OFFSET + PROBE_MEMORY_LEN);
	assert_int_equal(read_at(fixture, PROBE_MEMORY_OFFSET, back, PROBE_MEMORY_LEN),
			 PROBE_MEMORY_LEN);
	assert_memory_equal(back, bytes, PROBE_MEMORY_LEN);
	assert_memory_equal(fv_device_memory(probe_last, 0), bytes, PROBE_MEMORY_LEN);
}

static void accesses_out_of_bounds_fail(void **state)
{
	struct fixture *fixture = *state;
	uint64_t read_only = FV_REGION_OFFSET(PROBE_READ_ONLY);
	uint64_t bare = FV_REGION_OFFSET(PROBE_BARE_REGION);
	uint8_t bytes[64] = { 0 };

	assert_int_equal(read_at(fixture, 0, bytes, 0), 0);
	assert_int_equal(read_at(fixture, PROBE_BAR0_LEN, bytes, 4), -EFAULT);
	assert_int_equal(read_at(fixture, PROBE_BAR0_LEN - 4, bytes, 8), -EFAULT);
	assert_int_equal(read_at(fixture, FV_REGION_OFFSET(1), bytes, 4), -EFAULT);
	assert_int_equal(read_at(fixture, CONFIG + 4096, bytes, 1), -EFAULT);
	assert_int_equal(read_at(fixture, CONFIG + 4095, bytes, 1), 1);
	assert_int_equal(read_at(fixture, UINT64_MAX, bytes, 1), -EINVAL);
	assert_int_equal(read_at(fixture, INT64_MAX, bytes, 1), -EFAULT);
	assert_int_equal(write_at(fixture, read_only, bytes, 4), -EFAULT);
	assert_int_equal(read_at(fixture, read_only, bytes, 4), 4);
	/* a region of 6 bytes: 4, 2, and no more */
	assert_int_equal(read_at(fixture, bare, bytes, 6), 6);
	assert_int_equal(read_at(fixture, bare, bytes, 7), -EFAULT);
}

static void mmap_is_allowed_on_shared_memory_alone(void **state)
{
	static const struct {
		uint64_t offset, len;
		int prot, flags, result;
	} cases[] = {
		{ PROBE_MEMORY_OFFSET, PROBE_MEMORY_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, 0 },
		{ PROBE_MEMORY_OFFSET, 1, PROT_READ, MAP_SHARED, 0 },
		{ PROBE_MEMORY_OFFSET, PROBE_MEMORY_LEN, PROT_READ, MAP_PRIVATE, -EINVAL },
		{ PROBE_MEMORY_OFFSET, PROBE_MEMORY_LEN + 1, PROT_READ, MAP_SHARED, -EINVAL },
		{ PROBE_MEMORY_OFFSET, 0, PROT_READ, MAP_SHARED, -EINVAL },
		{ PROBE_MEMORY_OFFSET, UINT64_MAX, PROT_READ, MAP_SHARED, -EINVAL },
		{ PROBE_MEMORY_OFFSET + 8, 8, PROT_READ, MAP_SHARED, -EINVAL },
		{ 0, PROBE_BAR0_LEN, PROT_READ, MAP_SHARED, -EINVAL }, /* registers */
		{ CONFIG, 4096, PROT_READ, MAP_SHARED, -EINVAL },
		{ FV_REGION_OFFSET(PROBE_READ_ONLY), 4096, PROT_READ, MAP_SHARED, -EINVAL },
		{ UINT64_MAX & ~4095ULL, 4096, PROT_READ, MAP_SHARED, -EINVAL },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++)
		assert_int_equal(fv_machine_may_mmap(fixture->mock->machine,
						     fixture->session.device, cases[i].offset,
						     cases[i].len, cases[i].prot, cases[i].flags),
				 cases[i].result);
	assert_int_equal(fv_machine_may_mmap(fixture->mock->machine, fixture->session.group,
					     PROBE_MEMORY_OFFSET, 4096, PROT_READ, MAP_SHARED),
			 -EINVAL);
}

static void config_space_changes_only_where_it_may(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t ones = ~0U;
	uint32_t value;

	for (uint64_t at = 0; at < 0x40; at += 4)
		assert_int_equal(write_at(fixture, CONFIG + at, &ones, 4), 4);
	read_at(fixture, CONFIG + PCI_VENDOR_ID, &value, 4);
	assert_int_equal(value, 0x59128086);
	read_at(fixture, CONFIG + PCI_COMMAND, &value, 4);
	assert_int_equal(value, 0x00100547);
	/* 64-bit BARs of 16 KiB, and 64 KiB prefetchable */
	read_at(fixture, CONFIG + PCI_BASE_ADDRESS_0, &value, 4);
	assert_int_equal(value, 0xffffc004);
	read_at(fixture, CONFIG + PCI_BASE_ADDRESS_1, &value, 4);
	assert_int_equal(value, 0xffffffff);
	read_at(fixture, CONFIG + PCI_BASE_ADDRESS_2, &value, 4);
	assert_int_equal(value, 0xffff000c);
	read_at(fixture, CONFIG + PCI_ROM_ADDRESS, &value, 4);
	assert_int_equal(value, 0);
}

static void model_is_told_of_config_writes_after_the_fact(void **state)
{
	struct fixture *fixture = *state;
	const uint16_t command = PCI_COMMAND_MEMORY;

	assert_int_equal(write_at(fixture, CONFIG + PCI_COMMAND, &command, 2), 2);
	assert_int_equal(probe_config_writes, 1);
	assert_int_equal(probe_config_old, 0);
	assert_int_equal(fv_config_get16(probe_last, PCI_COMMAND), PCI_COMMAND_MEMORY);
	assert_int_equal(write_at(fixture, CONFIG + PCI_COMMAND, "\0", 1), 1);
	assert_int_equal(probe_config_old, PCI_COMMAND_MEMORY);
	/* registers are another matter */
	assert_int_equal(probe_accesses_len, 0);
}

static void reset_restores_config_space_and_tells_the_model(void **state)
{
	struct fixture *fixture = *state;
	const uint16_t command = PCI_COMMAND_MEMORY;
	int resets = probe_resets;

	write_at(fixture, CONFIG + PCI_COMMAND, &command, 2);
	assert_int_equal(mock_ioctl(fixture->client, fixture->session.device, VFIO_DEVICE_RESET, 0),
			 0);
	assert_int_equal(fv_config_get16(probe_last, PCI_COMMAND), 0);
	assert_int_equal(probe_resets, resets + 1);
}

static void device_info_writes_no_more_than_it_must(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_device_info info;

	memset(&info, 0xee, sizeof(info));
	info.argsz = 15;
	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_INFO, &info, sizeof(info)), -EINVAL);
	info.argsz = UINT32_MAX;
	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_INFO, &info, 16), 0);
	assert_int_equal(info.argsz, UINT32_MAX);
	assert_int_equal(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	assert_int_equal(info.num_regions, VFIO_PCI_NUM_REGIONS + 2);
	assert_int_equal(info.cap_offset, 0xeeeeeeee);
}

static void feature_checks_its_flags(void **state)
{
	static const struct {
		uint32_t flags;
		int result;
	} cases[] = {
		{ VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION, -ENOTTY },
		{ VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET |
			  VFIO_DEVICE_FEATURE_MIGRATION,
		  -ENOTTY },
		{ VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIGRATION,
		  -EINVAL },
		{ 1 << 19, -EINVAL },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		struct vfio_device_feature feature = { 8, cases[i].flags };

		assert_int_equal(
			device_ioctl(fixture, VFIO_DEVICE_FEATURE, &feature, sizeof(feature)),
			cases[i].result);
	}
}

/* recordings show mdpy's planes; a model without display does not know the call at all */
static void model_without_display_gives_enotty(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_device_gfx_plane_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION,
	};

	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)),
			 -ENOTTY);
	assert_int_equal(device_ioctl(fixture, VFIO_DEVICE_GET_GFX_DMABUF, &(uint32_t){ 1 }, 4),
			 -ENOTTY);
}

static void failing_init_leaves_no_device(void **state)
{
	struct fixture *fixture = *state;
	int finishes = probe_finishes;

	fv_machine_close(fixture->mock->machine, fixture->session.device);
	assert_int_equal(probe_finishes, finishes + 1);
	probe_init_error = -ENOSPC;
	assert_int_equal(mock_get_device(fixture->client, fixture->session.group, UUID), -ENOSPC);
	probe_init_error = 0;
	assert_int_equal(probe_finishes, finishes + 1);
	fixture->session.device = mock_get_device(fixture->client, fixture->session.group, UUID);
	assert_true(fixture->session.device > 0);
}

static void ticks_come_when_due_and_not_before(void **state)
{
	struct fixture *fixture = *state;
	struct fv_machine *machine = fixture->mock->machine;
	int ticks = probe_ticks;

	assert_int_equal(fv_machine_tick(machine, 1000000), 0);
	assert_int_equal(write_at(fixture, PROBE_REG_DEADLINE, &(uint32_t){ 5000 }, 4), 4);
	assert_int_equal(fixture->mock->deadline_ns, 5000);
	assert_int_equal(fv_machine_tick(machine, 4999), 5000);
	assert_int_equal(probe_ticks, ticks);
	assert_int_equal(fv_machine_tick(machine, 5001), 6001);
	assert_int_equal(probe_ticks, ticks + 1);
	assert_int_equal(write_at(fixture, PROBE_REG_DEADLINE, &(uint32_t){ 0 }, 4), 4);
	assert_int_equal(fv_machine_tick(machine, 1000000), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sparse_region_negotiates_its_capability),
		TEST(typed_region_tells_its_type),
		TEST(absent_regions_are_empty_and_unknown_ones_einval),
		TEST(long_accesses_are_split_into_aligned_ones),
		TEST(access_across_memory_and_registers_reaches_both),
		TEST(accesses_out_of_bounds_fail),
		TEST(mmap_is_allowed_on_shared_memory_alone),
		TEST(config_space_changes_only_where_it_may),
		TEST(model_is_told_of_config_writes_after_the_fact),
		TEST(reset_restores_config_space_and_tells_the_model),
		TEST(device_info_writes_no_more_than_it_must),
		TEST(feature_checks_its_flags),
		TEST(model_without_display_gives_enotty),
		TEST(failing_init_leaves_no_device),
		TEST(ticks_come_when_due_and_not_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
