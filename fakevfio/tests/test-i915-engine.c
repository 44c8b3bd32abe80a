// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Engines: execution lists as the i915 driver submits them, what commands write, and what must not
 * happen however hostile they are.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "i915-guest.h"

/* Where things lie: graphics addresses, each mapped to the same guest physical address + 16 MiB. */
enum {
	GGTT_BASE = 0x20000000,
	GUEST_BASE = 0x1000000,
	STATUS_PAGE = GGTT_BASE,
	CONTEXT = GGTT_BASE + 0x10000,
	OTHER_CONTEXT = GGTT_BASE + 0x20000,
	RING = GGTT_BASE + 0x30000,
	OTHER_RING = GGTT_BASE + 0x40000,
	RESULT = GGTT_BASE + 0x50000,
	BATCH = GGTT_BASE + 0x60000,
	PAGES = 0x400,

	RCS = 0x2000,
	BCS = 0x22000,
	HWS_PGA = 0x80,
	IMR = 0xa8,
	ELSP = 0x230,
	GT0_IMR = 0x44304,
	GT0_IIR = 0x44308,
	GT0_IER = 0x4430c,
	MASTER = 0x44200,
	GDRST = 0x941c,
};

/* PPGTT: tables in guest memory, and what they map. */
enum {
	TABLES = 0x2000000,
	USER_PAGES = 0x2100000,
	USER_ADDRESS = 0x40000000, /* of graphics memory, page n at guest USER_PAGES + n pages */
};

enum {
	MI_USER_INTERRUPT = 0x02 << 23,
	MI_BATCH_END = 0x0a << 23,
	MI_SEMAPHORE_WAIT = 0x1c << 23 | 2,
	MI_STORE_GLOBAL = 0x20 << 23 | 1 << 22 | 2,
	MI_STORE = 0x20 << 23 | 2,
	MI_LOAD_REGISTER = 0x22 << 23 | 1,
	MI_FLUSH = 0x26 << 23 | 3,
	MI_BATCH_START = 0x31 << 23 | 1,
	PIPE_CONTROL = 0x7a000004,
};

static uint8_t *at(uint32_t gma)
{
	return i915_guest_memory() + GUEST_BASE + (gma - GGTT_BASE);
}

static uint32_t load(uint32_t gma)
{
	uint32_t value;

	memcpy(&value, at(gma), sizeof(value));
	return value;
}

static void store(uint32_t gma, uint32_t value)
{
	memcpy(at(gma), &value, sizeof(value));
}

static void guest_u64(uint64_t iova, uint64_t value)
{
	memcpy(i915_guest_memory() + iova, &value, sizeof(value));
}

/* PML4, PDP, PD, PT, one page each. Source: Broadwell PRM vol. 5: bit 0 present */
static void map_user_pages(void)
{
	guest_u64(TABLES, (TABLES + 0x1000) | 3);
	guest_u64(TABLES + 0x1000 + 8 * (USER_ADDRESS >> 30), (TABLES + 0x2000) | 3);
	guest_u64(TABLES + 0x2000, (TABLES + 0x3000) | 3);
	for (unsigned int i = 0; i < 512; i++)
		guest_u64(TABLES + 0x3000 + 8 * i, (USER_PAGES + 4096 * (511 - i)) | 3);
}

static uint8_t *user_byte(uint32_t offset)
{
	return i915_guest_memory() + USER_PAGES + 4096 * (511 - offset / 4096) + offset % 4096;
}

static void fill_context(uint32_t context, uint32_t ring, uint32_t tail)
{
	store(context + 0x1000 + 4 * 5, 0); /* head */
	store(context + 0x1000 + 4 * 7, tail);
	store(context + 0x1000 + 4 * 9, ring);
	store(context + 0x1000 + 4 * 11, 0x3001); /* four pages, valid */
	store(context + 0x1000 + 4 * 49, 0);
	store(context + 0x1000 + 4 * 51, TABLES);
}

static struct fv_device *create_gpu(void)
{
	struct fv_device *dev = i915_guest_create(8);
	static const uint32_t bases[] = { RCS, BCS };

	i915_guest_map(dev, GGTT_BASE, GUEST_BASE, PAGES);
	map_user_pages();
	for (unsigned int i = 0; i < 2; i++) {
		i915_guest_write(dev, bases[i] + HWS_PGA, STATUS_PAGE + 0x1000 * i);
		i915_guest_write(dev, bases[i] + IMR, 0);
	}
	i915_guest_write(dev, GT0_IER, ~0u);
	i915_guest_write(dev, GT0_IMR, 0);
	i915_guest_write(dev, MASTER, 1u << 31);
	return dev;
}

static uint32_t put(uint32_t at_gma, const uint32_t *words, size_t len)
{
	for (size_t i = 0; i < len; i++)
		store(at_gma + 4 * (uint32_t)i, words[i]);
	return at_gma + 4 * (uint32_t)len;
}
#define PUT(gma, ...)                                 \
	put((gma), (const uint32_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* Two contexts at most; 0: none. 0x19: valid, 64-bit addressing. */
static void submit(struct fv_device *dev, uint32_t engine, uint32_t first, uint32_t second)
{
	i915_guest_write(dev, engine + ELSP, second ? 22 : 0);
	i915_guest_write(dev, engine + ELSP, second ? second | 0x19 : 0);
	i915_guest_write(dev, engine + ELSP, 11);
	i915_guest_write(dev, engine + ELSP, first | 0x19);
}

static void run_ring(struct fv_device *dev, uint32_t engine, uint32_t end)
{
	fill_context(CONTEXT, RING, (end - RING + 7) & ~7u);
	submit(dev, engine, CONTEXT, 0);
}

static void run_for(struct fv_device *dev, uint64_t ns)
{
	uint64_t end = dev->now_ns + ns;

	while (dev->deadline_ns && dev->deadline_ns <= end) {
		if (dev->now_ns < dev->deadline_ns)
			dev->now_ns = dev->deadline_ns;
		dev->model->tick(dev, dev->now_ns);
	}
	dev->now_ns = end;
}

static void expect_status(uint32_t page, unsigned int index, uint32_t status, uint32_t tag)
{
	assert_int_equal(load(page + 0x40 + 8 * index), status);
	assert_int_equal(load(page + 0x44 + 8 * index), tag);
}

/* The breadcrumb of a request on the render engine, and what process_csb() reads then. */
static void a_request_completes_as_the_driver_expects(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end = PUT(RING, MI_STORE_GLOBAL, RESULT, 0, 0xc0ffee00, PIPE_CONTROL,
			   1 << 14 | 1 << 24, RESULT + 8, 0, 0x1234, 0, MI_USER_INTERRUPT, 0);

	run_ring(dev, RCS, end);
	assert_int_equal(load(RESULT), 0xc0ffee00);
	assert_int_equal(load(RESULT + 8), 0x1234);
	assert_int_equal(load(CONTEXT + 0x1000 + 4 * 5), load(CONTEXT + 0x1000 + 4 * 7));
	assert_int_equal(load(STATUS_PAGE + 0x7c), 1);
	expect_status(STATUS_PAGE, 0, 1, 0);
	expect_status(STATUS_PAGE, 1, 0x18, 11);
	assert_int_equal(i915_guest_read(dev, GT0_IIR), 1 << 0 | 1 << 8);
	assert_int_equal(i915_guest_interrupts(), 1);
	assert_int_equal(i915_guest_read(dev, RCS + 0x9c) & 1 << 9, 1 << 9);
	i915_guest_destroy(dev);
}

static void two_contexts_run_one_after_the_other(void **state)
{
	struct fv_device *dev = create_gpu();

	PUT(RING, MI_STORE_GLOBAL, RESULT, 0, 1);
	PUT(OTHER_RING, MI_STORE_GLOBAL, RESULT + 4, 0, 2);
	fill_context(CONTEXT, RING, 16);
	fill_context(OTHER_CONTEXT, OTHER_RING, 16);
	submit(dev, BCS, CONTEXT, OTHER_CONTEXT);
	assert_int_equal(load(RESULT), 1);
	assert_int_equal(load(RESULT + 4), 2);
	assert_int_equal(load(STATUS_PAGE + 0x1000 + 0x7c), 2);
	expect_status(STATUS_PAGE + 0x1000, 1, 0x14, 11);
	expect_status(STATUS_PAGE + 0x1000, 2, 0x18, 22);
	assert_int_equal(i915_guest_read(dev, GT0_IIR), 1 << 24);
	i915_guest_destroy(dev);
}

static void ring_wraps_and_head_follows(void **state)
{
	struct fv_device *dev = create_gpu();

	/* a command across the end of the ring: 0x4000 bytes */
	PUT(RING + 0x3ff8, MI_STORE_GLOBAL, RESULT);
	PUT(RING, 0, 77);
	fill_context(CONTEXT, RING, 8);
	store(CONTEXT + 0x1000 + 4 * 5, 0x3ff8);
	submit(dev, RCS, CONTEXT, 0);
	assert_int_equal(load(RESULT), 77);
	assert_int_equal(load(CONTEXT + 0x1000 + 4 * 5), 8);
	i915_guest_destroy(dev);
}

/* MI_FLUSH_DW with an index writes the context's own status page; its length is 5:0 alone. */
static void flush_writes_the_contexts_status_page(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end = PUT(RING, MI_FLUSH | 1 << 14 | 1 << 21 | 1 << 7, 0x80, 0, 42, 0,
			   MI_FLUSH | 1 << 14, RESULT | 4, 0, 43, 0, 0, 0);

	run_ring(dev, BCS, end);
	assert_int_equal(load(CONTEXT + 0x80), 42);
	assert_int_equal(load(RESULT), 43);
	i915_guest_destroy(dev);
}

static void batches_reach_memory_through_page_tables(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t batch[] = { MI_STORE, USER_ADDRESS + 0x5008, 0, 0xabcd, MI_BATCH_END };
	uint32_t end = PUT(RING, MI_BATCH_START | 1 << 8, USER_ADDRESS + 0x1ff8, 0, MI_STORE_GLOBAL,
			   RESULT, 0, 1, 0);

	for (unsigned int i = 0; i < 5; i++) /* across a page, which is scattered */
		memcpy(user_byte(0x1ff8 + 4 * i), &batch[i], 4);
	run_ring(dev, BCS, end);
	assert_memory_equal(user_byte(0x5008), (&(uint32_t){ 0xabcd }), 4);
	assert_int_equal(load(RESULT), 1);
	i915_guest_destroy(dev);
}

static void engines_may_not_touch_registers_that_act(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end =
		PUT(RING, MI_LOAD_REGISTER, 0x20c0, 0x00800080, MI_LOAD_REGISTER, BCS + ELSP,
		    CONTEXT | 0x19, MI_LOAD_REGISTER, MASTER, 0, MI_LOAD_REGISTER, 0x7ffffc, 1);

	run_ring(dev, RCS, end);
	assert_int_equal(i915_guest_read(dev, 0x20c0), 0x80); /* a masked register */
	assert_int_equal(i915_guest_read(dev, MASTER) >> 31, 1);
	i915_guest_destroy(dev);
}

static void expect_busy(struct fv_device *dev, bool busy)
{
	assert_int_equal(dev->deadline_ns != 0, busy);
}

static void a_semaphore_holds_the_engine_until_it_is_signalled(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end = PUT(RING, MI_SEMAPHORE_WAIT | 1 << 22 | 1 << 15 | 1 << 12, 5, RESULT + 64, 0,
			   MI_STORE_GLOBAL, RESULT, 0, 9);

	run_ring(dev, RCS, end);
	run_for(dev, 300000000);
	expect_busy(dev, true);
	assert_int_equal(load(RESULT), 0);
	assert_int_equal(i915_guest_read(dev, RCS + 0x9c) & 1 << 9, 0);
	store(RESULT + 64, 5);
	run_for(dev, 30000000);
	expect_busy(dev, false);
	assert_int_equal(load(RESULT), 9);
	expect_status(STATUS_PAGE, 1, 0x18, 11);
	i915_guest_destroy(dev);
}

/* What hangs is left to the driver: the engine stays busy, turn by turn, until it is reset. */
static void an_endless_batch_ends_with_a_reset_or_its_own_end(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end = PUT(RING, MI_BATCH_START, BATCH, 0, MI_STORE_GLOBAL, RESULT, 0, 3, 0);

	PUT(BATCH, 0, 0, MI_BATCH_START, BATCH, 0);
	run_ring(dev, RCS, end);
	run_for(dev, 200000000);
	expect_busy(dev, true);
	assert_int_equal(load(STATUS_PAGE + 0x7c), 0); /* idle to active, nothing more */
	assert_int_equal(i915_guest_read(dev, RCS + 0x238), 11); /* whom to blame */
	i915_guest_write(dev, GDRST, 1 << 1);
	expect_busy(dev, false);
	assert_int_equal(load(RESULT), 0);

	run_ring(dev, RCS, end);
	store(BATCH, MI_BATCH_END); /* as a spinner is ended by the CPU */
	run_for(dev, 30000000);
	expect_busy(dev, false);
	assert_int_equal(load(RESULT), 3);
	i915_guest_destroy(dev);
}

/* A context that runs is submitted again with more to do and another behind it. */
static void lite_restore_takes_the_new_tail(void **state)
{
	struct fv_device *dev = create_gpu();

	PUT(RING, MI_SEMAPHORE_WAIT | 1 << 22 | 1 << 12, 1, RESULT + 64, 0, MI_STORE_GLOBAL, RESULT,
	    0, 1);
	PUT(OTHER_RING, MI_STORE_GLOBAL, RESULT + 4, 0, 2);
	fill_context(CONTEXT, RING, 16);
	fill_context(OTHER_CONTEXT, OTHER_RING, 16);
	submit(dev, RCS, CONTEXT, 0);
	store(CONTEXT + 0x1000 + 4 * 7, 32);
	submit(dev, RCS, CONTEXT, OTHER_CONTEXT);
	expect_status(STATUS_PAGE, 1, 0x8002, 11);
	store(RESULT + 64, 1);
	run_for(dev, 30000000);
	assert_int_equal(load(RESULT), 1);
	assert_int_equal(load(RESULT + 4), 2);
	expect_status(STATUS_PAGE, 2, 0x14, 11);
	expect_status(STATUS_PAGE, 3, 0x18, 22);
	i915_guest_destroy(dev);
}

/* Source: Broadwell PRM vol. 5, Tile Formats */
static uint32_t x_tiled(uint32_t pitch, uint32_t x, uint32_t y)
{
	return y / 8 * pitch * 8 + x / 512 * 4096 + y % 8 * 512 + x % 512;
}

static void colour_blit_fills_a_tiled_rectangle(void **state)
{
	struct fv_device *dev = create_gpu();
	/* 32 bits, pattern copy, pitch in words as tiled; 100,3 to 200,20 */
	uint32_t end = PUT(RING, 2u << 29 | 0x50 << 22 | 3 << 20 | 1 << 11 | 5,
			   3 << 24 | 0xf0 << 16 | 1024 / 4, 3 << 16 | 100, 20 << 16 | 200,
			   USER_ADDRESS + 0x10000, 0, 0x00ff8000, 0);

	run_ring(dev, BCS, end);
	for (uint32_t y = 0; y < 24; y++) {
		for (uint32_t x = 0; x < 256; x++) {
			uint32_t pixel;
			bool inside = x >= 100 && x < 200 && y >= 3 && y < 20;

			memcpy(&pixel, user_byte(0x10000 + x_tiled(1024, 4 * x, y)), 4);
			assert_int_equal(pixel, inside ? 0x00ff8000 : 0);
		}
	}
	i915_guest_destroy(dev);
}

static void fill_user(uint32_t offset, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		*user_byte(offset + i) = (uint8_t)(i * 7 + i / 251);
}

static void copy_blits_move_between_linear_and_tiled(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end;

	fill_user(0x20000, 64 * 512);
	/* linear, pitch 512, from 10,5 to X-tiled, pitch 1024, at 33,7; 100x40 pixels */
	end = PUT(RING, 2u << 29 | 0x53 << 22 | 3 << 20 | 1 << 11 | 8,
		  3 << 24 | 0xcc << 16 | 1024 / 4, 7 << 16 | 33, 47 << 16 | 133,
		  USER_ADDRESS + 0x40000, 0, 5 << 16 | 10, 512, USER_ADDRESS + 0x20000, 0,
		  /* and back by the other copy to linear at 0,0 */
		  2u << 29 | 0x42 << 22 | 1 << 20 | 8, 3 << 24 | 512, 0, 40 << 16 | 100,
		  USER_ADDRESS + 0x60000, 0, 7 << 16 | 33, 1024 / 4, USER_ADDRESS + 0x40000, 0);
	run_ring(dev, BCS, end);
	for (uint32_t y = 0; y < 40; y++) {
		for (uint32_t x = 0; x < 400; x++) {
			uint8_t source = *user_byte(0x20000 + (y + 5) * 512 + 40 + x);

			assert_int_equal(*user_byte(0x40000 + x_tiled(1024, 132 + x, y + 7)),
					 source);
			assert_int_equal(*user_byte(0x60000 + y * 512 + x), source);
		}
	}
	i915_guest_destroy(dev);
}

/* Rows are combined by words; what is left of a row must be, too, and nothing behind it. */
static void raster_operations_end_with_the_row(void **state)
{
	struct fv_device *dev = create_gpu();
	/* 8 bits, pattern XOR target, 3,1 to 16,4; then 16 bits, source XOR target, 1,0 to 8,2 */
	uint32_t end =
		PUT(RING, 2u << 29 | 0x50 << 22 | 5, 0x5a << 16 | 64, 1 << 16 | 3, 4 << 16 | 16,
		    USER_ADDRESS, 0, 0x3c, 2u << 29 | 0x53 << 22 | 8, 1 << 24 | 0x66 << 16 | 64, 1,
		    2 << 16 | 8, USER_ADDRESS + 0x2000, 0, 0, 64, USER_ADDRESS + 0x3000, 0, 0);

	fill_user(0, 256);
	fill_user(0x2000, 128);
	for (uint32_t i = 0; i < 128; i++)
		*user_byte(0x3000 + i) = (uint8_t)(0xa1 ^ i * 3);
	run_ring(dev, BCS, end);
	for (uint32_t i = 0; i < 256; i++) {
		bool inside = i % 64 >= 3 && i % 64 < 16 && i / 64 >= 1 && i / 64 < 4;

		assert_int_equal(*user_byte(i), (uint8_t)(i * 7 + i / 251) ^ (inside ? 0x3c : 0));
	}
	for (uint32_t i = 0; i < 128; i++) {
		uint8_t before = (uint8_t)(i * 7), source = (uint8_t)(0xa1 ^ (i - 2) * 3);
		bool inside = i % 64 >= 2 && i % 64 < 16;

		assert_int_equal(*user_byte(0x2000 + i), before ^ (inside ? source : 0));
	}
	i915_guest_destroy(dev);
}

/* 16 KiPixels wide, one row 64 bytes behind the other: each byte is inverted by many rows. */
static void blits_go_on_where_a_turn_has_ended(void **state)
{
	enum { ROW = 65536, PITCH = 64, ROWS = 1025 };
	struct fv_device *dev = create_gpu();
	uint32_t end =
		PUT(RING, 2u << 29 | 0x50 << 22 | 3 << 20 | 5, 3 << 24 | 0x5a << 16 | PITCH, 0,
		    ROWS << 16 | ROW / 4, USER_ADDRESS, 0, ~0u, MI_STORE_GLOBAL, RESULT, 0, 1, 0);

	fill_user(0, PITCH * ROWS + ROW);
	run_ring(dev, BCS, end);
	assert_true(dev->deadline_ns); /* 2 * 1025 * 64 KiB are more than a turn's */
	assert_int_equal(load(RESULT), 0);
	run_for(dev, 1000000000);
	assert_int_equal(load(RESULT), 1);
	for (uint32_t i = 0; i < PITCH * ROWS + ROW; i++) {
		uint32_t last = i / PITCH < ROWS - 1 ? i / PITCH : ROWS - 1;
		uint32_t first = i < ROW ? 0 : (i - ROW) / PITCH + 1;
		uint32_t times = first <= last ? last - first + 1 : 0;

		assert_int_equal(*user_byte(i),
				 (uint8_t)((i * 7 + i / 251) ^ (times % 2 ? 0xff : 0)));
	}
	i915_guest_destroy(dev);
}

/* Whatever lies in ring and tables: every turn ends, and no byte outside the guest is touched. */
static void hostile_command_streams_end(void **state)
{
	static const uint32_t words[] = {
		~0u,
		0,
		MI_BATCH_START,
		MI_BATCH_START | 1 << 22,
		0x20ffffff,
		MI_SEMAPHORE_WAIT,
		PIPE_CONTROL | 0xffff,
		0x53 << 22 | 2u << 29 | 8,
	};
	struct fv_device *dev = create_gpu();

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (uint32_t at_gma = RING; at_gma < RING + 0x4000; at_gma += 4)
			store(at_gma, words[i] ^ (at_gma % 52 == 0 ? at_gma : 0));
		run_ring(dev, RCS, RING + 0x3ff8);
		run_for(dev, 100000000);
		i915_guest_write(dev, GDRST, 1);
	}
	/* page tables that point at themselves and nowhere */
	for (unsigned int i = 0; i < 512; i++)
		guest_u64(TABLES + 8 * i, i % 2 ? TABLES | 3 : ~0ull);
	run_ring(dev, BCS, PUT(RING, MI_BATCH_START | 1 << 8, 0x12345000, 0x7fff, 0));
	run_for(dev, 100000000);
	i915_guest_write(dev, GDRST, 1);
	assert_int_equal(dev->deadline_ns, 0);
	i915_guest_destroy(dev);
}

/* Rows of one byte, each on a page of its own: i915_guest_write() judges what one call costs. */
static void tall_and_thin_blits_end_the_turn(void **state)
{
	struct fv_device *dev = create_gpu();
	uint32_t end = RING;

	for (unsigned int i = 0; i < 256; i++)
		end = PUT(end, 2u << 29 | 0x50 << 22 | 5, 0x66 << 16 | 0x7000, 0, 0x7fffu << 16 | 1,
			  USER_ADDRESS, 0, 0, 0);
	run_ring(dev, BCS, end);
	assert_true(dev->deadline_ns); /* there is more to do */
	run_for(dev, 1000000000);
	i915_guest_write(dev, GDRST, 1);
	i915_guest_destroy(dev);
}

/* What is not executed is told, by name and number. */
static void collect(void *data, const char *line)
{
	strncat(data, line, 255 - strlen(data));
	strncat(data, ";", 255 - strlen(data));
}

static void skipped_commands_are_counted_by_name(void **state)
{
	struct fv_device *dev = create_gpu();
	char text[256] = "";
	/* a 3DPRIMITIVE twice, a GPGPU_WALKER, and what is executed */
	uint32_t end =
		PUT(RING, 0x7b000005, 0, 0, 0, 0, 0, 0, 0x7b000005, 0, 0, 0, 0, 0, 0, 0x7105000d, 0,
		    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, MI_STORE_GLOBAL, RESULT, 0, 1, 0);

	run_ring(dev, RCS, end);
	dev->model->report(dev, collect, text);
	assert_string_equal(text, "rcs0 2 3DPRIMITIVE (7b00);rcs0 1 GPGPU_WALKER (7105);");
	assert_int_equal(load(RESULT), 1);
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_completes_as_the_driver_expects),
		cmocka_unit_test(two_contexts_run_one_after_the_other),
		cmocka_unit_test(ring_wraps_and_head_follows),
		cmocka_unit_test(flush_writes_the_contexts_status_page),
		cmocka_unit_test(batches_reach_memory_through_page_tables),
		cmocka_unit_test(engines_may_not_touch_registers_that_act),
		cmocka_unit_test(a_semaphore_holds_the_engine_until_it_is_signalled),
		cmocka_unit_test(an_endless_batch_ends_with_a_reset_or_its_own_end),
		cmocka_unit_test(lite_restore_takes_the_new_tail),
		cmocka_unit_test(colour_blit_fills_a_tiled_rectangle),
		cmocka_unit_test(copy_blits_move_between_linear_and_tiled),
		cmocka_unit_test(raster_operations_end_with_the_row),
		cmocka_unit_test(blits_go_on_where_a_turn_has_ended),
		cmocka_unit_test(hostile_command_streams_end),
		cmocka_unit_test(tall_and_thin_blits_end_the_turn),
		cmocka_unit_test(skipped_commands_are_counted_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
