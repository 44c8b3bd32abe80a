// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The conversations that the i915 guest driver has with the display hardware: each must end as the
 * driver expects, at once. Steps are those of the driver, offsets those of the PRM.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-guest.h"

enum {
	MASTER = 0x44200,
	PIPE_A_IMR = 0x44404,
	PIPE_A_IIR = 0x44408,
	PIPE_A_IER = 0x4440c,
	SDE_IMR = 0xc4004,
	SDE_IIR = 0xc4008,
	SDE_IER = 0xc400c,
	HOTPLUG = 0xc4030,
	GMBUS_0 = 0xc5100,
	GMBUS_1 = 0xc5104,
	GMBUS_2 = 0xc5108,
	GMBUS_3 = 0xc510c,
};

#define MS 1000000ull

static void run_until(struct fv_device *dev, uint64_t now_ns)
{
	while (dev->deadline_ns && dev->deadline_ns <= now_ns) {
		if (dev->now_ns < dev->deadline_ns)
			dev->now_ns = dev->deadline_ns;
		dev->model->tick(dev, dev->now_ns);
	}
	dev->now_ns = now_ns;
}

/* As gmbus_index_xfer() and do_gmbus_xfer() do. False on NAK. */
static bool read_edid(struct fv_device *dev, unsigned int pin, uint8_t *edid)
{
	i915_guest_write(dev, GMBUS_0, pin);
	i915_guest_write(dev, GMBUS_1,
			 1u << 30 | 1u << 26 | 1u << 25 | 128u << 16 | 0u << 8 | 0x50 << 1 | 1);
	if (i915_guest_read(dev, GMBUS_2) & 1u << 10) {
		i915_guest_write(dev, GMBUS_1, 1u << 31);
		i915_guest_write(dev, GMBUS_1, 0);
		return false;
	}
	for (unsigned int i = 0; i < 128; i += 4) {
		uint32_t value;

		assert_true(i915_guest_read(dev, GMBUS_2) & 1u << 11);
		value = i915_guest_read(dev, GMBUS_3);
		memcpy(edid + i, &value, 4);
	}
	i915_guest_write(dev, GMBUS_1, 1u << 30 | 1u << 27);
	assert_false(i915_guest_read(dev, GMBUS_2) & 1u << 9);
	return true;
}

/* Source: E-EDID, 3.10.2: the preferred timing is the first detailed one */
static void gmbus_delivers_an_edid_of_the_types_resolution(void **state)
{
	for (int version = 8; version <= 9; version++) {
		static const uint8_t header[] = { 0, 255, 255, 255, 255, 255, 255, 0 };
		struct fv_device *dev = i915_guest_create(version);
		uint8_t edid[128], sum = 0;

		assert_true(read_edid(dev, 5, edid));
		assert_memory_equal(edid, header, 8);
		for (unsigned int i = 0; i < 128; i++)
			sum = (uint8_t)(sum + edid[i]);
		assert_int_equal(sum, 0);
		assert_int_equal(edid[54] | edid[55] << 8, 15400); /* 154 MHz, CVT-RB */
		assert_int_equal(edid[56] | (edid[58] & 0xf0) << 4, 1920);
		assert_int_equal(edid[59] | (edid[61] & 0xf0) << 4, 1200);
		assert_int_equal(edid[35] & 0x20, 0x20); /* 640x480 */
		assert_int_equal(edid[126], 0); /* no extension: DVI, no audio */
		i915_guest_destroy(dev);
	}
}

/* And not what a client has in store for the next plug. */
static void behind_an_edid_it_begins_again(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint8_t edid[128];
	uint32_t value;

	assert_true(read_edid(dev, 5, edid));
	dev->model->write(dev, 10, 2048 + 8, 0x1111111111111111, 8);
	i915_guest_write(dev, GMBUS_1,
			 1u << 30 | 1u << 26 | 1u << 25 | 4u << 16 | (128u + 8) << 8 | 0x50 << 1 |
				 1);
	value = i915_guest_read(dev, GMBUS_3);
	assert_memory_equal(&value, edid + 8, 4);
	i915_guest_write(dev, GMBUS_3, 128 + 8);
	i915_guest_write(dev, GMBUS_1, 1u << 30 | 1u << 25 | 1u << 16 | 0x50 << 1);
	i915_guest_write(dev, GMBUS_1, 1u << 30 | 1u << 25 | 4u << 16 | 0x50 << 1 | 1);
	value = i915_guest_read(dev, GMBUS_3);
	assert_memory_equal(&value, edid + 8, 4);
	i915_guest_destroy(dev);
}

static void gmbus_refuses_other_pins_and_slaves(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint8_t edid[128];

	assert_false(read_edid(dev, 4, edid));
	assert_false(read_edid(dev, 6, edid));
	i915_guest_write(dev, GMBUS_0, 5);
	i915_guest_write(dev, GMBUS_1, 1u << 30 | 1u << 25 | 4u << 16 | 0x4a << 1 | 1);
	assert_true(i915_guest_read(dev, GMBUS_2) & 1u << 10);
	/* a refused address leaves the bus idle, or the driver waits for it */
	assert_false(i915_guest_read(dev, GMBUS_2) & 1u << 9);
	assert_true(read_edid(dev, 5, edid));
	i915_guest_destroy(dev);
}

static void enable_vblank(struct fv_device *dev)
{
	i915_guest_write(dev, PIPE_A_IER, 1);
	i915_guest_write(dev, PIPE_A_IMR, ~1u);
	i915_guest_write(dev, MASTER, 1u << 31);
}

/* 1024x768: 1344 x 806 pixels at 65 MHz. Source: VESA DMT */
static void light_pipe(struct fv_device *dev)
{
	i915_guest_write(dev, 0x60000, 1343u << 16 | 1023);
	i915_guest_write(dev, 0x6000c, 805u << 16 | 767);
	i915_guest_write(dev, 0x6001c, 1023u << 16 | 767);
	i915_guest_write(dev, 0x70008, 1u << 31);
}

/* The protocol of gen8_irq_handler(): off, read, clear, on. */
static uint32_t serve_interrupt(struct fv_device *dev, uint32_t iir)
{
	uint32_t master, bits;

	i915_guest_write(dev, MASTER, 0);
	master = i915_guest_read(dev, MASTER);
	bits = i915_guest_read(dev, iir);
	i915_guest_write(dev, iir, bits);
	assert_int_equal(i915_guest_read(dev, iir), 0);
	i915_guest_write(dev, MASTER, 1u << 31);
	return bits ? master : 0;
}

static void vertical_blanks_interrupt_sixty_times_a_second(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	unsigned int interrupts = 0;
	uint32_t first;

	light_pipe(dev);
	enable_vblank(dev);
	first = i915_guest_read(dev, 0x70040);
	for (unsigned int ms = 1; ms <= 2000; ms++) {
		run_until(dev, 1000000000 + ms * MS);
		if (i915_guest_interrupts() == interrupts)
			continue;
		interrupts = i915_guest_interrupts();
		assert_int_equal(serve_interrupt(dev, PIPE_A_IIR), 1u << 16);
	}
	assert_in_range(interrupts, 119, 121);
	assert_in_range(i915_guest_read(dev, 0x70040) - first, 119, 121);
	i915_guest_destroy(dev);
}

static void no_timer_runs_while_nobody_listens(void **state)
{
	struct fv_device *dev = i915_guest_create(8);

	light_pipe(dev);
	assert_int_equal(dev->deadline_ns, 0);
	enable_vblank(dev);
	assert_true(dev->deadline_ns > dev->now_ns);
	i915_guest_write(dev, PIPE_A_IMR, ~0u);
	assert_int_equal(dev->deadline_ns, 0);
	run_until(dev, dev->now_ns + 1000 * MS);
	/* whoever listens again hears of the next frame, not of those it missed */
	i915_guest_write(dev, PIPE_A_IMR, ~1u);
	assert_in_range(dev->deadline_ns - dev->now_ns, 1, 17 * MS);
	assert_int_equal(i915_guest_interrupts(), 0);
	i915_guest_write(dev, 0x70008, 0);
	assert_int_equal(dev->deadline_ns, 0);
	i915_guest_destroy(dev);
}

static void scan_line_sweeps_and_frame_counter_keeps(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint32_t frame;

	light_pipe(dev);
	assert_int_equal(i915_guest_read(dev, 0x70000), 768); /* a frame begins with its blank */
	dev->now_ns += 8 * MS;
	assert_in_range(i915_guest_read(dev, 0x70000), 300, 400);
	dev->now_ns += 100 * MS;
	frame = i915_guest_read(dev, 0x70040);
	assert_in_range(frame, 6, 7);
	assert_int_equal(i915_guest_read(dev, 0x70008), 3u << 30);
	i915_guest_write(dev, 0x70008, 0);
	assert_int_equal(i915_guest_read(dev, 0x70008), 0);
	dev->now_ns += 100 * MS;
	assert_int_equal(i915_guest_read(dev, 0x70040), frame);
	i915_guest_destroy(dev);
}

/* WRPLL 0xb0281a21 is 2700 MHz * 40 / (26 * 33) / 5 = 25.17 MHz. Source: Broadwell PRM vol. 11 */
static void refresh_follows_the_programmed_clock(void **state)
{
	struct fv_device *dev = i915_guest_create(8);

	i915_guest_write(dev, 0x46040, 0xb0281a21);
	i915_guest_write(dev, 0x46104, 4u << 29); /* port B from WRPLL 1 */
	i915_guest_write(dev, 0x46140, 2u << 29); /* transcoder A from port B */
	i915_guest_write(dev, 0x60000, 799u << 16 | 639);
	i915_guest_write(dev, 0x6000c, 524u << 16 | 479);
	i915_guest_write(dev, 0x70008, 1u << 31);
	dev->now_ns += 100000 * MS;
	/* 25174 kHz / (800 * 525) = 59.94 Hz */
	assert_in_range(i915_guest_read(dev, 0x70040), 5993, 5995);
	i915_guest_destroy(dev);
}

/* offset, what is written, what must be read back */
struct handshake {
	uint32_t offset, write, mask, expected;
};

static void check_handshakes(int version, const struct handshake *steps, size_t len)
{
	struct fv_device *dev = i915_guest_create(version);

	for (size_t i = 0; i < len; i++) {
		uint32_t value;

		i915_guest_write(dev, steps[i].offset, steps[i].write);
		value = i915_guest_read(dev, steps[i].offset);
		if ((value & steps[i].mask) != steps[i].expected)
			fail_msg("register %06x is %08x after %08x", steps[i].offset, value,
				 steps[i].write);
	}
	i915_guest_destroy(dev);
}

static void handshakes_are_done_at_once(void **state)
{
	static const struct handshake broadwell[] = {
		{ 0x45404, 0x80000000, ~0u, 0xc0000000 }, /* power well */
		{ 0x45404, 0, ~0u, 0 },
		{ 0x941c, 1, ~0u, 0 }, /* reset */
		{ 0x20d0, 0x00010001, 3, 3 }, /* ready for reset */
		{ 0x20d0, 0x00010000, 3, 0 },
		{ 0x1209c, 0x01000100, 0x300, 0x300 }, /* stopped and idle */
		{ 0x4260, 1, ~0u, 0 }, /* TLB */
		{ 0x4274, 1, ~0u, 0 },
		{ 0xc6008, 0x00000601, 7, 0 }, /* sideband */
		{ 0x138124, 0x80000019, 0x800000ff, 0 }, /* pcode */
		{ 0x64100, 0, 1u << 7, 1u << 7 }, /* port idle */
		{ 0x64100, 1u << 31, 1u << 7, 0 },
		{ 0xe4110, 0x80000000, 0xd0000000, 0x50000000 }, /* AUX: done, timed out */
		{ 0xe4110, 0x50000000, 0xd0000000, 0 },
		{ 0x44308, ~0u, ~0u, 0 },
	};
	static const struct handshake gen9[] = {
		{ 0x45404, 0x20000000, ~0u, 0x30000000 },
		{ 0x46010, 0x80000000, 0xc0000000, 0xc0000000 }, /* LCPLL */
		{ 0x46014, 0x80000000, 0x80000000, 0x80000000 },
		{ 0x6c060, 0, 0x01010101, 0x00000101 }, /* both locked */
		{ 0x45008, 0x80000000, 0xc0000000, 0xc0000000 }, /* DBUF */
		{ 0x138128, 0, ~0u, 0 },
		{ 0x138124, 0x80000006, 0x800000ff, 0 },
		{ 0x64010, 0x80000000, 0xd0000000, 0x50000000 },
		{ 0xc000, 0, 1, 1 }, /* GuC in reset */
	};

	check_handshakes(8, broadwell, VGPU_ARRAY_LEN(broadwell));
	check_handshakes(9, gen9, VGPU_ARRAY_LEN(gen9));
}

static void write_edid_region(struct fv_device *dev, uint32_t field, uint32_t value)
{
	dev->model->write(dev, 10, field, value, 4);
}

/* As QEMU does when a window is resized: down, blob, up. */
static void a_new_edid_reaches_the_guest_as_a_hotplug(void **state)
{
	/* a header (its sum is 250), 7, and 255: 512 in all */
	static const uint64_t blob[16] = { 0x00ffffffffffff00, 7, [15] = 255ull << 56 };
	struct fv_device *dev = i915_guest_create(8);
	uint8_t edid[128];

	i915_guest_write(dev, SDE_IER, ~0u);
	i915_guest_write(dev, SDE_IMR, ~(1u << 21));
	i915_guest_write(dev, HOTPLUG, 1u << 4);
	i915_guest_write(dev, MASTER, 1u << 31);
	assert_int_equal(dev->model->read(dev, 10, 0, 4), 2048);
	write_edid_region(dev, offsetof(struct vfio_region_gfx_edid, link_state), 2);
	assert_int_equal(i915_guest_interrupts(), 1);
	assert_int_equal(i915_guest_read(dev, HOTPLUG), 1u << 4 | 2);
	i915_guest_write(dev, HOTPLUG, 1u << 4 | 2);
	assert_int_equal(i915_guest_read(dev, HOTPLUG), 1u << 4);
	assert_int_equal(serve_interrupt(dev, SDE_IIR), 1u << 23);
	assert_false(read_edid(dev, 5, edid));

	write_edid_region(dev, offsetof(struct vfio_region_gfx_edid, edid_size), 128);
	for (unsigned int i = 0; i < VGPU_ARRAY_LEN(blob); i++)
		dev->model->write(dev, 10, 2048 + 8 * i, blob[i], 8);
	run_until(dev, dev->now_ns + 100 * MS);
	write_edid_region(dev, offsetof(struct vfio_region_gfx_edid, link_state), 1);
	assert_false(read_edid(dev, 5, edid)); /* the guest must have noticed first */
	run_until(dev, dev->now_ns + 600 * MS);
	assert_int_equal(i915_guest_interrupts(), 2);
	assert_true(read_edid(dev, 5, edid));
	assert_int_equal(edid[8], 7);
	assert_int_equal(edid[127], 255);
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gmbus_delivers_an_edid_of_the_types_resolution),
		cmocka_unit_test(behind_an_edid_it_begins_again),
		cmocka_unit_test(gmbus_refuses_other_pins_and_slaves),
		cmocka_unit_test(vertical_blanks_interrupt_sixty_times_a_second),
		cmocka_unit_test(no_timer_runs_while_nobody_listens),
		cmocka_unit_test(scan_line_sweeps_and_frame_counter_keeps),
		cmocka_unit_test(refresh_follows_the_programmed_clock),
		cmocka_unit_test(handshakes_are_done_at_once),
		cmocka_unit_test(a_new_edid_reaches_the_guest_as_a_hotplug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
