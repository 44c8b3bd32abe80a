// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A DisplayPort monitor as the guest driver talks to it over its AUX channel, and the plug of any
 * monitor as somebody pulls it. Steps are those of drm_dp_helper.c and intel_dp_aux.c.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fakesysfs/host.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-guest.h"

#define MS 1000000ull

enum {
	MASTER = 0x44200,
	SDE_ISR = 0xc4000,
	SDE_IMR = 0xc4004,
	SDE_IIR = 0xc4008,
	SDE_IER = 0xc400c,
	STRAPS = 0xc2014,
	HOTPLUG = 0xc4030,
};

/* Port B of Broadwell's south display, port D of gen9. Source: gvt/display.c */
static const struct {
	int version;
	uint32_t aux, south_bit, long_pulse, strap;
} sides[] = {
	{ 8, 0xe4110, 1u << 21, 2, 1 << 2 },
	{ 9, 0x64310, 1u << 23, 2 << 16, 1 << 0 },
};

/* As intel_dp_aux_xfer() does. The length of the reply, or -1 on a timeout. */
static int transfer(struct fv_device *dev, uint32_t aux, const uint8_t *message, unsigned int len,
		    uint8_t *reply)
{
	uint32_t status;
	int reply_len;

	for (unsigned int i = 0; i < len; i += 4) {
		uint32_t word = 0;

		for (unsigned int j = 0; j < 4 && i + j < len; j++)
			word |= (uint32_t)message[i + j] << (24 - 8 * j);
		i915_guest_write(dev, aux + 4 + i, word);
	}
	i915_guest_write(dev, aux, 1u << 31 | 1u << 30 | 1u << 28 | 1u << 25 | len << 20 | 0x63);
	status = i915_guest_read(dev, aux);
	assert_false(status & 1u << 31);
	assert_true(status & 1u << 30);
	i915_guest_write(dev, aux, status | 1u << 30 | 1u << 28 | 1u << 25);
	if (status & 1u << 28)
		return -1;
	reply_len = status >> 20 & 0x1f;
	for (int i = 0; i < reply_len; i++)
		reply[i] = (uint8_t)(i915_guest_read(dev, aux + 4 + (uint32_t)i / 4 * 4) >>
				     (24 - i % 4 * 8));
	return reply_len;
}

static uint8_t read_dpcd(struct fv_device *dev, uint32_t aux, uint32_t address)
{
	const uint8_t message[] = { (uint8_t)(0x90 | address >> 16), (uint8_t)(address >> 8),
				    (uint8_t)address, 0 };
	uint8_t reply[20];

	assert_int_equal(transfer(dev, aux, message, 4, reply), 2);
	assert_int_equal(reply[0], 0);
	return reply[1];
}

static void write_dpcd(struct fv_device *dev, uint32_t aux, uint32_t address, uint8_t value)
{
	const uint8_t message[] = { (uint8_t)(0x80 | address >> 16), (uint8_t)(address >> 8),
				    (uint8_t)address, 0, value };
	uint8_t reply[20];

	assert_int_equal(transfer(dev, aux, message, 5, reply), 1);
	assert_int_equal(reply[0], 0);
}

/* As drm_do_probe_ddc_edid() over drm_dp_i2c_xfer(): address, offset, 16 bytes at a time, stop. */
static void read_edid(struct fv_device *dev, uint32_t aux, uint8_t *edid)
{
	const uint8_t start[] = { 0x40, 0, 0x50 }, stop[] = { 0x10, 0, 0x50 };
	const uint8_t offset[] = { 0x40, 0, 0x50, 0, 0 }, read[] = { 0x50, 0, 0x50, 15 };
	uint8_t reply[20];

	assert_int_equal(transfer(dev, aux, start, 3, reply), 1);
	assert_int_equal(transfer(dev, aux, offset, 5, reply), 1);
	for (unsigned int i = 0; i < 128; i += 16) {
		assert_int_equal(transfer(dev, aux, read, 4, reply), 17);
		assert_int_equal(reply[0], 0);
		memcpy(edid + i, reply + 1, 16);
	}
	assert_int_equal(transfer(dev, aux, stop, 3, reply), 1);
}

static void display_port_is_where_gvt_has_it(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++) {
		struct fv_device *dev = i915_guest_create_output(sides[i].version, FAKE_OUTPUT_DP);

		assert_int_equal(i915_guest_read(dev, STRAPS), 1u << 13 | sides[i].strap);
		assert_int_equal(i915_guest_read(dev, SDE_ISR), sides[i].south_bit);
		i915_guest_destroy(dev);
	}
}

/* Source: drm_dp.h; DP 1.2, 3.5.1.3: clock recovery, then equalisation */
static void the_link_trains_at_the_first_try(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++) {
		struct fv_device *dev = i915_guest_create_output(sides[i].version, FAKE_OUTPUT_DP);
		uint32_t aux = sides[i].aux;

		assert_int_equal(read_dpcd(dev, aux, 0x000), 0x12);
		assert_int_equal(read_dpcd(dev, aux, 0x001), 0x14);
		assert_int_equal(read_dpcd(dev, aux, 0x002) & 0x9f, 0x84);
		assert_int_equal(read_dpcd(dev, aux, 0x200), 1);
		assert_int_equal(read_dpcd(dev, aux, 0x202), 0);
		write_dpcd(dev, aux, 0x100, 0x14);
		write_dpcd(dev, aux, 0x102, 0x21);
		assert_int_equal(read_dpcd(dev, aux, 0x202), 0x11);
		write_dpcd(dev, aux, 0x102, 0x22);
		assert_int_equal(read_dpcd(dev, aux, 0x203), 0x77);
		assert_int_equal(read_dpcd(dev, aux, 0x204) & 1, 1);
		write_dpcd(dev, aux, 0x102, 0);
		assert_int_equal(read_dpcd(dev, aux, 0x202), 0x77);
		write_dpcd(dev, aux, 0x000, 0x99); /* a capability is not to be written */
		assert_int_equal(read_dpcd(dev, aux, 0x000), 0x12);
		i915_guest_destroy(dev);
	}
}

static void the_edid_comes_over_aux_and_other_slaves_are_refused(void **state)
{
	const uint8_t other[] = { 0x40, 0, 0x37 }, bad[] = { 0xf0, 0, 0, 0 };
	uint8_t edid[128], reply[20], sum = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++) {
		struct fv_device *dev = i915_guest_create_output(sides[i].version, FAKE_OUTPUT_DP);

		read_edid(dev, sides[i].aux, edid);
		for (unsigned int j = 0; j < 128; j++)
			sum = (uint8_t)(sum + edid[j]);
		assert_int_equal(sum, 0);
		assert_int_equal(edid[56] | (edid[58] & 0xf0) << 4, 1920);
		assert_int_equal(transfer(dev, sides[i].aux, other, 3, reply), 1);
		assert_int_equal(reply[0], 0x40);
		assert_int_equal(transfer(dev, sides[i].aux, bad, 4, reply), 1);
		assert_int_equal(reply[0], 0x10);
		/* a channel at which nobody is */
		assert_int_equal(
			transfer(dev, sides[i].version == 8 ? 0xe4210 : 0x64110, other, 3, reply),
			-1);
		i915_guest_destroy(dev);
	}
}

/* And not what a client has in store for the next plug. */
static void behind_an_edid_it_begins_again(void **state)
{
	const uint8_t offset[] = { 0x40, 0, 0x50, 0, 128 + 8 }, read[] = { 0x50, 0, 0x50, 3 };
	struct fv_device *dev = i915_guest_create_output(8, FAKE_OUTPUT_DP);
	uint8_t edid[128], reply[20];

	read_edid(dev, sides[0].aux, edid);
	dev->model->write(dev, 10, 2048 + 8, 0x1111111111111111, 8);
	assert_int_equal(transfer(dev, sides[0].aux, offset, 5, reply), 1);
	assert_int_equal(transfer(dev, sides[0].aux, read, 4, reply), 5);
	assert_memory_equal(reply + 1, edid + 8, 4);
	i915_guest_destroy(dev);
}

static void run_for(struct fv_device *dev, uint64_t ns)
{
	uint64_t end = dev->now_ns + ns;

	while (dev->deadline_ns && dev->deadline_ns <= end) {
		dev->now_ns = dev->deadline_ns;
		dev->model->tick(dev, dev->now_ns);
	}
	dev->now_ns = end;
}

/* What the driver does: reads and clears. True if there was a long pulse on that port. */
static bool hear(struct fv_device *dev, uint32_t south_bit, uint32_t long_pulse)
{
	uint32_t bits = i915_guest_read(dev, SDE_IIR), pulse = i915_guest_read(dev, HOTPLUG);

	i915_guest_write(dev, HOTPLUG, pulse);
	i915_guest_write(dev, SDE_IIR, bits);
	return bits & south_bit && pulse & long_pulse;
}

static void pulling_the_plug_is_heard_and_seen(void **state)
{
	const struct fake_monitor out = { .unplugged = true };
	const struct fake_monitor other = { .xres_px = 1280, .yres_px = 800 };
	const uint8_t read[] = { 0x90, 0, 0, 0 };
	uint8_t edid[128], reply[20];

	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++) {
		struct fv_device *dev = i915_guest_create_output(sides[i].version, FAKE_OUTPUT_DP);

		i915_guest_write(dev, SDE_IER, ~0u);
		i915_guest_write(dev, SDE_IMR, ~sides[i].south_bit);
		i915_guest_write(dev, MASTER, 1u << 31);
		dev->model->set_monitor(dev, &out);
		assert_true(hear(dev, sides[i].south_bit, sides[i].long_pulse));
		assert_int_equal(i915_guest_read(dev, SDE_ISR), 0);
		assert_int_equal(transfer(dev, sides[i].aux, read, 4, reply), -1);
		run_for(dev, 2000 * MS);
		assert_false(hear(dev, sides[i].south_bit, sides[i].long_pulse));

		dev->model->set_monitor(dev, &other);
		run_for(dev, 10 * MS);
		assert_true(hear(dev, sides[i].south_bit, sides[i].long_pulse));
		assert_int_equal(i915_guest_read(dev, SDE_ISR), sides[i].south_bit);
		read_edid(dev, sides[i].aux, edid);
		assert_int_equal(edid[56] | (edid[58] & 0xf0) << 4, 1280);
		assert_int_equal(edid[59] | (edid[61] & 0xf0) << 4, 800);
		i915_guest_destroy(dev);
	}
}

/* A driver looks at what is connected: another monitor at once would not be noticed. */
static void another_monitor_is_unplugged_for_a_while(void **state)
{
	const struct fake_monitor other = { .xres_px = 800, .yres_px = 600 };
	struct fv_device *dev = i915_guest_create(8);

	dev->model->set_monitor(dev, &other);
	assert_int_equal(i915_guest_read(dev, SDE_ISR), 0);
	run_for(dev, 300 * MS);
	assert_int_equal(i915_guest_read(dev, SDE_ISR), 0);
	run_for(dev, 700 * MS);
	assert_int_equal(i915_guest_read(dev, SDE_ISR), 1u << 21);
	i915_guest_destroy(dev);
}

/* A guest that is told looks after a second, and is told "nothing" three times in three seconds. */
static void slow_guest_sees_that_there_is_no_monitor(void **state)
{
	const struct fake_monitor other = { .xres_px = 800, .yres_px = 600 };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++) {
		struct fv_device *dev = i915_guest_create(sides[i].version);
		const uint32_t south_bit = 1u << 21; /* HDMI is on port B of both */

		i915_guest_write(dev, SDE_IER, ~0u);
		i915_guest_write(dev, SDE_IMR, ~south_bit);
		i915_guest_write(dev, MASTER, 1u << 31);
		dev->model->set_monitor(dev, &other);
		run_for(dev, 1000 * MS);
		for (int look = 0; look < 3; look++) {
			assert_int_equal(i915_guest_read(dev, SDE_ISR), 0);
			run_for(dev, 400 * MS);
		}
		assert_int_equal(i915_guest_read(dev, SDE_ISR), 0);
		run_for(dev, 600 * MS);
		assert_int_equal(i915_guest_read(dev, SDE_ISR), south_bit);
		i915_guest_destroy(dev);
	}
}

static void guest_that_never_stops_looking_finds_it_in_the_end(void **state)
{
	const struct fake_monitor other = { .xres_px = 800, .yres_px = 600 };
	struct fv_device *dev = i915_guest_create(8);

	dev->model->set_monitor(dev, &other);
	for (int look = 0; look < 210; look++) {
		(void)i915_guest_read(dev, SDE_ISR);
		run_for(dev, 100 * MS);
	}
	assert_int_equal(i915_guest_read(dev, SDE_ISR), 1u << 21);
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(display_port_is_where_gvt_has_it),
		cmocka_unit_test(the_link_trains_at_the_first_try),
		cmocka_unit_test(the_edid_comes_over_aux_and_other_slaves_are_refused),
		cmocka_unit_test(behind_an_edid_it_begins_again),
		cmocka_unit_test(pulling_the_plug_is_heard_and_seen),
		cmocka_unit_test(another_monitor_is_unplugged_for_a_while),
		cmocka_unit_test(slow_guest_sees_that_there_is_no_monitor),
		cmocka_unit_test(guest_that_never_stops_looking_finds_it_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
