/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a client of a GVT-g vGPU meets: interrupts as kvmgt has them, and registers that are read
 * through the device's file.
 * Source: drivers/gpu/drm/i915/gvt/kvmgt.c of Linux 6.1, intel_vgpu_set_irqs(), and
 * gvt/interrupt.c, inject_virtual_interrupt()
 */

#include "device-fixture.h"
#include "irq-words.h"

#include <errno.h>
#include <fakesysfs/profile.h>
#include <fakevfio/device.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Registers. Source: i915_pvinfo.h; Broadwell PRM vol. 2c */
enum {
	PVINFO_MAGIC_LOW = 0x78000,
	PVINFO_VERSION = 0x78008,
	SCRATCH = 0x4f100, /* a software flag: memory */
	MASTER_INTERRUPT = 0x44200,
	PIPE_A_IMR = 0x44404,
	PIPE_A_IER = 0x4440c,
	PIPE_A_CONF = 0x70008,
	SOUTH_LIVE_STATE = 0xc4000,
	GMBUS3 = 0xc510c,
	GGTT = 0x800000,
};

/* The EDID region. Source: kvmgt.c, intel_vgpu_set_edid(); gvt/edid.h, EDID_SIZE */
enum { EDID_REGION = 10, EDID_BLOB = 2048, EDID_LEN = 128 };

static int set_up(void **state)
{
	return fixture_open(state, fake_gpu_profile_find("kaby-lake"), false);
}

/* One eventfd, flag or nothing, for vector 0. */
static int64_t set_irqs(struct fixture *fixture, uint32_t flags, uint32_t index, uint32_t count,
			int32_t data, size_t len)
{
	/* struct vfio_irq_set, and its data */
	uint32_t words[] = { 20 + (uint32_t)len, flags, index, 0, count, (uint32_t)data };

	return mock_ioctl_data(fixture->client, fixture->session.device, VFIO_DEVICE_SET_IRQS,
			       words, 20 + len);
}

static void write_register(struct fixture *fixture, uint64_t offset, uint32_t value)
{
	assert_int_equal(fv_machine_write(fixture->mock->machine, fixture->session.device, offset,
					  &value, sizeof(value)),
			 sizeof(value));
}

/* A vertical blank comes, which the guest wants to hear of. */
static void pass_a_frame(struct fixture *fixture)
{
	write_register(fixture, PIPE_A_IMR, ~1u);
	write_register(fixture, PIPE_A_IER, 1);
	write_register(fixture, MASTER_INTERRUPT, 1u << 31);
	write_register(fixture, PIPE_A_CONF, 1u << 31);
	fixture->mock->now_ns += 20000000;
	fv_machine_tick(fixture->mock->machine, fixture->mock->now_ns);
}

static void enable_msi(struct fixture *fixture)
{
	const uint64_t config = FV_REGION_OFFSET(FV_REGION_CONFIG);
	uint8_t at = 0;

	fv_machine_read(fixture->mock->machine, fixture->session.device,
			config + PCI_CAPABILITY_LIST, &at, 1);
	for (uint8_t id = 0; at; fv_machine_read(fixture->mock->machine, fixture->session.device,
						 config + at + 1, &at, 1)) {
		fv_machine_read(fixture->mock->machine, fixture->session.device, config + at, &id,
				1);
		if (id == PCI_CAP_ID_MSI)
			break;
	}
	assert_int_not_equal(at, 0);
	write_register(fixture, config + at, PCI_MSI_FLAGS_ENABLE << 16);
}

static void info_tells_of_one_intx_and_one_msi(void **state)
{
	static const struct fixture_irq wanted[] = {
		{ INTX, 7, 1, 0 }, /* EVENTFD, MASKABLE, AUTOMASKED */
		{ MSI, 9, 1, 0 }, /* EVENTFD, NORESIZE */
		{ VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, -EINVAL },
		{ VFIO_PCI_ERR_IRQ_INDEX, 0, 0, -EINVAL },
		{ VFIO_PCI_REQ_IRQ_INDEX, 0, 0, -EINVAL },
	};
	struct fixture *fixture = *state;

	fixture_expect_irqs(fixture, wanted, VGPU_ARRAY_LEN(wanted));
}

/* set_intx_mask, _unmask and _trigger of kvmgt return 0, and do nothing else */
static void intx_is_accepted_and_never_comes(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, INTX, 1, MOCK_EVENTFD, 4), 0);
	assert_int_equal(fixture->mock->eventfds, 0); /* it was not even taken */
	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, INTX, 1, 12345, 4), 0);
	assert_int_equal(set_irqs(fixture, EVENTFD | MASK, INTX, 1, 12345, 4), 0);
	assert_int_equal(set_irqs(fixture, EVENTFD | UNMASK, INTX, 1, MOCK_EVENTFD, 4), 0);
	assert_int_equal(set_irqs(fixture, NONE | MASK, INTX, 1, 0, 0), 0);
	assert_int_equal(set_irqs(fixture, BOOL | UNMASK, INTX, 1, 1, 1), 0);
	assert_int_equal(set_irqs(fixture, NONE | TRIGGER, INTX, 1, 0, 0), 0);
	assert_int_equal(set_irqs(fixture, NONE, INTX, 1, 0, 0), -ENOTTY);
	pass_a_frame(fixture);
	assert_int_equal(fixture->mock->signals[0], 0);
}

static void msi_comes_once_the_guest_has_enabled_it(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 1, MOCK_EVENTFD, 4), 0);
	pass_a_frame(fixture);
	assert_int_equal(fixture->mock->signals[0], 0);
	write_register(fixture, PIPE_A_IMR + 4, 1); /* IIR */
	enable_msi(fixture);
	pass_a_frame(fixture);
	assert_int_equal(fixture->mock->signals[0], 1);
	/* a client cannot trigger it, mask it, or take it back by -1 */
	assert_int_equal(set_irqs(fixture, NONE | TRIGGER, MSI, 1, 0, 0), 0);
	assert_int_equal(set_irqs(fixture, BOOL | TRIGGER, MSI, 1, 1, 1), 0);
	assert_int_equal(fixture->mock->signals[0], 1);
	assert_int_equal(set_irqs(fixture, NONE | MASK, MSI, 1, 0, 0), -ENOTTY);
	assert_int_equal(set_irqs(fixture, NONE | UNMASK, MSI, 1, 0, 0), -ENOTTY);
	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 1, -1, 4), -EBADF);
	assert_int_equal(fixture->mock->eventfds, 1);
	assert_int_equal(set_irqs(fixture, NONE | TRIGGER, MSI, 0, 0, 0), 0);
	assert_int_equal(fixture->mock->eventfds, 0);
}

/* What the caller's own read of the device's file finds at the offset. */
static uint32_t in_file(struct fixture *fixture, uint64_t offset)
{
	uint32_t value = 0;

	for (size_t i = 0; i < MOCK_BACKING_VIEWS; i++) {
		const struct mock_view *view = &fixture->mock->view_table[i];

		if (view->memory && view->offset <= offset && offset < view->offset + view->len)
			memcpy(&value, (char *)view->memory + (offset - view->offset),
			       sizeof(value));
	}
	return value;
}

static bool stage(struct fixture *fixture, pid_t caller, uint64_t offset, size_t len)
{
	return fv_machine_stage_read(fixture->mock->machine, fixture->session.device, caller, false,
				     offset, len);
}

static bool told_of_write(struct fixture *fixture, pid_t caller)
{
	return !fv_machine_stage_read(fixture->mock->machine, fixture->session.device, caller, true,
				      SCRATCH, 4);
}

static void register_is_found_in_the_file(void **state)
{
	struct fixture *fixture = *state;

	assert_true(stage(fixture, 1, PVINFO_MAGIC_LOW, 4));
	assert_int_equal(in_file(fixture, PVINFO_MAGIC_LOW), 0x76544776); /* "vGTv" */
	write_register(fixture, SCRATCH, 0x11223344);
	assert_int_equal(in_file(fixture, SCRATCH), 0);
	assert_true(stage(fixture, 1, SCRATCH + 1, 1));
	assert_int_equal(in_file(fixture, SCRATCH), 0x3300);
	assert_true(stage(fixture, 1, SCRATCH + 2, 2));
	assert_int_equal(in_file(fixture, SCRATCH), 0x11223300);
	assert_true(stage(fixture, 1, SCRATCH, 4));
	assert_int_equal(in_file(fixture, SCRATCH), 0x11223344);
}

static void what_is_no_plain_register_is_not_staged(void **state)
{
	struct fixture *fixture = *state;

	assert_false(stage(fixture, 1, SCRATCH, 8));
	assert_false(stage(fixture, 1, SCRATCH + 2, 4));
	assert_false(stage(fixture, 1, SCRATCH, 0));
	assert_false(stage(fixture, 1, SCRATCH, SIZE_MAX));
	assert_false(stage(fixture, 1, GMBUS3, 4)); /* reading takes four bytes of the transfer */
	assert_false(stage(fixture, 1, GMBUS3 + 2, 1));
	assert_false(stage(fixture, 1, 0x200000, 4)); /* behind the registers */
	assert_false(stage(fixture, 1, GGTT, 4));
	assert_false(stage(fixture, 1, FV_REGION_OFFSET(FV_REGION_BAR2), 4));
	assert_false(stage(fixture, 1, FV_REGION_OFFSET(FV_REGION_CONFIG), 4));
	assert_false(stage(fixture, 1, UINT64_MAX - 3, 4));
	assert_false(fv_machine_stage_read(fixture->mock->machine, fixture->session.group, 1, false,
					   SCRATCH, 4));
	assert_false(fv_machine_stage_read(fixture->mock->machine, 1000, 1, false, SCRATCH, 4));
}

/* The first may still be on its way to the file when the second comes. */
static void one_thread_at_a_time_reads_the_file(void **state)
{
	struct fixture *fixture = *state;

	write_register(fixture, SCRATCH, 1);
	assert_true(stage(fixture, 1, SCRATCH, 4));
	write_register(fixture, SCRATCH, 2);
	assert_false(stage(fixture, 2, SCRATCH, 4));
	assert_false(stage(fixture, 2, PVINFO_VERSION, 4));
	assert_true(told_of_write(fixture, 2));
	assert_false(stage(fixture, 2, SCRATCH, 4));
	assert_int_equal(in_file(fixture, SCRATCH), 1);
	assert_true(stage(fixture, 1, SCRATCH, 4));
	assert_true(told_of_write(fixture, 1)); /* it is back */
	assert_true(stage(fixture, 2, SCRATCH, 4));
	assert_false(stage(fixture, 1, SCRATCH, 4));
	assert_int_equal(in_file(fixture, SCRATCH), 2);
}

static ssize_t write_edid(struct fixture *fixture, uint64_t offset, const void *bytes, size_t len)
{
	return fv_machine_write(fixture->mock->machine, fixture->session.device,
				FV_REGION_OFFSET(EDID_REGION) + offset, bytes, len);
}

static uint32_t edid_field(struct fixture *fixture, uint64_t offset)
{
	uint32_t value = 0;

	fv_machine_read(fixture->mock->machine, fixture->session.device,
			FV_REGION_OFFSET(EDID_REGION) + offset, &value, sizeof(value));
	return value;
}

#define FIELD(name) offsetof(struct vfio_region_gfx_edid, name)

/*
 * There is no room for an extension: QEMU 7.2 to 10 count one more at each change, in the blob of the
 * change before, so that the second no longer fits where one does.
 */
static void edid_has_one_block(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_region_info info = { .argsz = sizeof(info), .index = EDID_REGION };

	assert_int_equal(mock_ioctl_data(fixture->client, fixture->session.device,
					 VFIO_DEVICE_GET_REGION_INFO, &info, sizeof(info)),
			 0);
	assert_int_equal(info.size, EDID_LEN);
	assert_int_equal(edid_field(fixture, FIELD(edid_offset)), EDID_BLOB);
	assert_int_equal(edid_field(fixture, FIELD(edid_max_size)), EDID_LEN);
}

/* A change as QEMU makes it, whole and with a byte that is wrong. */
static void edid_is_taken_if_it_is_one(void **state)
{
	const uint32_t down = VFIO_DEVICE_GFX_LINK_STATE_DOWN, up = VFIO_DEVICE_GFX_LINK_STATE_UP;
	struct fixture *fixture = *state;
	uint8_t edid[EDID_LEN + 1] = { 0 };

	fv_machine_read(fixture->mock->machine, fixture->session.device,
			FV_REGION_OFFSET(EDID_REGION) + EDID_BLOB, edid, EDID_LEN);
	assert_int_equal(edid_field(fixture, FIELD(link_state)), up);
	for (uint8_t wrong = 0; wrong < 2; wrong++) {
		edid[20] = (uint8_t)(edid[20] + wrong);
		assert_int_equal(write_edid(fixture, FIELD(link_state), &down, 4), 4);
		assert_int_equal(write_edid(fixture, EDID_BLOB, edid, EDID_LEN), EDID_LEN);
		assert_int_equal(write_edid(fixture, FIELD(link_state), &up, 4), 4);
		assert_int_equal(edid_field(fixture, FIELD(link_state)), wrong ? down : up);
	}
	assert_int_equal(write_edid(fixture, EDID_BLOB, edid, EDID_LEN + 1), -EFAULT);
}

static void hear(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	if (event == FAKE_HOST_VGPU_MONITOR)
		fv_machine_monitor_changed(data, vgpu);
}

static void set_plug(struct mock *mock, bool unplugged)
{
	struct fake_monitor monitor = { .unplugged = unplugged };
	struct vgpu_uuid uuid;

	assert_int_equal(vgpu_uuid_parse(UUID, &uuid), 0);
	assert_int_equal(fake_host_set_monitor(mock->host, &uuid, &monitor), 0);
}

static void pull_plug(struct mock *mock)
{
	set_plug(mock, true);
}

static bool is_plugged(struct fixture *fixture)
{
	uint32_t live = 0;

	assert_int_equal(fv_machine_read(fixture->mock->machine, fixture->session.device,
					 SOUTH_LIVE_STATE, &live, sizeof(live)),
			 sizeof(live));
	return live;
}

/* Whoever opens a device may be overtaken by who pulls the plug. */
static void monitor_is_unplugged_while_its_device_is_opened(void **state)
{
	struct fixture *fixture = *state;
	struct mock *mock = fixture->mock;

	fake_host_observe(mock->host, hear, mock->machine);
	assert_true(is_plugged(fixture));
	set_plug(mock, true);
	assert_false(is_plugged(fixture));
	set_plug(mock, false);
	mock_close(mock, &fixture->session);
	mock->opening = pull_plug;
	assert_int_equal(mock_open(fixture->client, fixture->group, UUID, &fixture->session), 0);
	mock->opening = NULL;
	assert_false(is_plugged(fixture));
	fake_host_unobserve(mock->host, hear, mock->machine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(info_tells_of_one_intx_and_one_msi),
		TEST(intx_is_accepted_and_never_comes),
		TEST(msi_comes_once_the_guest_has_enabled_it),
		TEST(register_is_found_in_the_file),
		TEST(what_is_no_plain_register_is_not_staged),
		TEST(one_thread_at_a_time_reads_the_file),
		TEST(edid_has_one_block),
		TEST(edid_is_taken_if_it_is_one),
		TEST(monitor_is_unplugged_while_its_device_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
