/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's commands on an output that is plain memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../guest/commands.h"

struct memory_output {
	struct guest_output output;
	struct guest_surface surface;
	bool cursor;
	int cursor_x_px, cursor_y_px;
};

static int memory_show(struct guest_output *output, const struct guest_picture *picture,
		       struct guest_reply *reply)
{
	struct memory_output *memory = (struct memory_output *)output;
	uint32_t stride_bytes =
		qt_tiling_stride(picture->tiling, picture->width_px * picture->format->pixel_bytes);
	size_t len = qt_tiling_len(picture->tiling, stride_bytes, picture->height_px);

	free(memory->surface.memory);
	memory->surface = (struct guest_surface){
		.memory = calloc(1, len),
		.len = len,
		.stride_bytes = stride_bytes,
		.width_px = picture->width_px,
		.height_px = picture->height_px,
		.format = picture->format,
		.tiling = picture->tiling,
	};
	guest_surface_write(&memory->surface, picture);
	memory->cursor = picture->cursor;
	memory->cursor_x_px = picture->cursor_x_px;
	memory->cursor_y_px = picture->cursor_y_px;
	return 0;
}

static int memory_off(struct guest_output *output, struct guest_reply *reply)
{
	struct memory_output *memory = (struct memory_output *)output;

	free(memory->surface.memory);
	memory->surface = (struct guest_surface){ 0 };
	return 0;
}

static const struct guest_surface *memory_surface(struct guest_output *output)
{
	const struct memory_output *memory = (const struct memory_output *)output;

	return memory->surface.memory ? &memory->surface : NULL;
}

static void memory_describe(struct guest_output *output, struct guest_reply *reply)
{
	guest_reply_add(reply, "it is memory");
}

static const struct guest_output_impl memory_impl = {
	.name = "memory",
	.show = memory_show,
	.off = memory_off,
	.surface = memory_surface,
	.describe = memory_describe,
};

struct fixture {
	struct memory_output memory;
	struct guest guest;
	struct guest_reply reply;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->memory.output = (struct guest_output){ &memory_impl, .has_cursor = true };
	fixture->guest.output = &fixture->memory.output;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->memory.surface.memory);
	free(fixture);
	return 0;
}

static void run(struct fixture *fixture, const char *line)
{
	_autofree_ char *copy = strdup(line);

	guest_command_run(&fixture->guest, copy, &fixture->reply);
}

static void assert_ok(struct fixture *fixture, const char *line)
{
	run(fixture, line);
	if (fixture->reply.failed)
		fail_msg("%s: %s", line, fixture->reply.text);
}

/* What the memory shows, as XRGB. */
static uint32_t *shown(const struct fixture *fixture)
{
	const struct guest_surface *surface = &fixture->memory.surface;
	uint32_t *xrgb = calloc((size_t)surface->width_px * surface->height_px, sizeof(*xrgb));
	_autofree_ uint8_t *row = malloc((size_t)surface->width_px * 4);

	for (uint32_t y = 0; y < surface->height_px; y++) {
		qt_tiling_get_row(surface->tiling, surface->memory, surface->stride_bytes, y, row,
				  surface->width_px * surface->format->pixel_bytes);
		surface->format->decode(row, xrgb + (size_t)y * surface->width_px,
					surface->width_px);
	}
	return xrgb;
}

static uint32_t *expected(const char *format, struct qt_card card)
{
	size_t len = (size_t)card.width_px * card.height_px;
	uint32_t *xrgb = calloc(len, sizeof(*xrgb));

	qt_card_draw(&card, xrgb, card.width_px);
	qt_pixel_format_round(qt_pixel_format_find(format), xrgb, len);
	return xrgb;
}

static void show_draws_the_card_in_every_format_and_tiling(void **state)
{
	struct fixture *fixture = *state;
	const struct qt_card card = { 200, 150, 0xabc, 9, -1, -1 };

	for (size_t f = 0; f < qt_pixel_formats_len; f++) {
		for (size_t t = 0; t < qt_tilings_len; t++) {
			_autofree_ uint32_t *want = expected(qt_pixel_formats[f].name, card);
			_autofree_ uint32_t *is = NULL;
			char line[128];

			snprintf(line, sizeof(line),
				 "show nonce=abc frame=9 mode=200x150 format=%s tiling=%s",
				 qt_pixel_formats[f].name, qt_tilings[t].name);
			assert_ok(fixture, line);
			is = shown(fixture);
			assert_memory_equal(is, want, 200 * 150 * 4);
		}
	}
}

static void show_has_defaults_for_all_but_the_nonce(void **state)
{
	struct fixture *fixture = *state;

	assert_ok(fixture, "show nonce=1");
	assert_int_equal(fixture->memory.surface.width_px, 1024);
	assert_int_equal(fixture->memory.surface.height_px, 768);
	assert_string_equal(fixture->memory.surface.format->name, "XR24");
	assert_false(fixture->memory.cursor);
	assert_non_null(strstr(fixture->reply.text, "nonce=0000000000000001 frame=0"));
	run(fixture, "show");
	assert_true(fixture->reply.failed);
}

static void cursor_is_a_plane_where_there_is_one(void **state)
{
	struct fixture *fixture = *state;
	const struct qt_card card = { 200, 150, 1, 0, -1, -1 };
	_autofree_ uint32_t *want = expected("XR24", card), *is = NULL;

	assert_ok(fixture, "show nonce=1 mode=200x150 cursor=-5,70");
	is = shown(fixture);
	assert_memory_equal(is, want, 200 * 150 * 4);
	assert_true(fixture->memory.cursor);
	assert_int_equal(fixture->memory.cursor_x_px, -5);
	assert_int_equal(fixture->memory.cursor_y_px, 70);
}

static void cursor_is_drawn_where_there_is_no_plane(void **state)
{
	struct fixture *fixture = *state;
	const struct qt_card card = { 200, 150, 1, 0, -5, 70 };
	_autofree_ uint32_t *want = expected("XR24", card), *is = NULL;

	fixture->memory.output.has_cursor = false;
	assert_ok(fixture, "show nonce=1 mode=200x150 cursor=-5,70");
	is = shown(fixture);
	assert_memory_equal(is, want, 200 * 150 * 4);
}

static void cursor_faults_reach_the_plane(void **state)
{
	struct fixture *fixture = *state;

	assert_ok(fixture, "show nonce=1 mode=200x150 cursor=10,20 tamper=cursor-missing");
	assert_false(fixture->memory.cursor);
	assert_ok(fixture, "show nonce=1 mode=200x150 cursor=10,20 tamper=cursor-offset");
	assert_true(fixture->memory.cursor);
	assert_int_not_equal(fixture->memory.cursor_x_px, 10);
}

static void every_fault_changes_the_picture_or_the_cursor(void **state)
{
	static const char *const names[] = {
		"blank",	 "stale",	    "torn",    "rb-swap",	"channels",
		"vertical-flip", "horizontal-flip", "rotated", "limited-range", "depth",
		"stride",	 "tiling",	    "shift",   "cropped",	"scaled",
	};
	struct fixture *fixture = *state;
	const struct qt_card card = { 256, 160, 1, 5, -1, -1 };
	_autofree_ uint32_t *want = expected("XR24", card);

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++) {
		_autofree_ uint32_t *is = NULL;
		char line[128];

		snprintf(line, sizeof(line), "show nonce=1 frame=5 mode=256x160 tamper=%s",
			 names[i]);
		assert_ok(fixture, "show nonce=1 frame=4 mode=256x160");
		assert_ok(fixture, line);
		is = shown(fixture);
		assert_true(fixture->memory.surface.width_px != 256 ||
			    memcmp(is, want, 256 * 160 * 4) != 0);
	}
}

static void stale_is_the_card_that_was_shown_before(void **state)
{
	struct fixture *fixture = *state;
	const struct qt_card card = { 256, 160, 0x77, 4, -1, -1 };
	_autofree_ uint32_t *want = expected("XR24", card), *is = NULL;

	assert_ok(fixture, "show nonce=77 frame=4 mode=640x480");
	assert_ok(fixture, "show nonce=78 frame=5 mode=256x160 tamper=stale");
	is = shown(fixture);
	assert_memory_equal(is, want, 256 * 160 * 4);
}

static void read_needs_a_picture(void **state)
{
	struct fixture *fixture = *state;

	run(fixture, "read");
	assert_true(fixture->reply.failed);
	assert_ok(fixture, "show nonce=1 mode=64x48");
	assert_ok(fixture, "read");
	assert_non_null(strstr(fixture->reply.text, "crc32="));
	assert_ok(fixture, "off");
	run(fixture, "read");
	assert_true(fixture->reply.failed);
}

/* Source: the check value of CRC-32/ISO-HDLC is that of "123456789"; here of four zero bytes */
static void checksum_is_crc32_of_xrgb(void **state)
{
	uint32_t pixel = 0x5a000000;
	const struct guest_surface surface = {
		.memory = (uint8_t *)&pixel,
		.len = 4,
		.stride_bytes = 64,
		.width_px = 1,
		.height_px = 1,
		.format = qt_pixel_format_find("XR24"),
		.tiling = qt_tiling_find("linear"),
	};

	assert_int_equal(guest_surface_crc32(&surface), 0x2144df1c);
}

static void quit_is_remembered_and_info_describes(void **state)
{
	struct fixture *fixture = *state;

	assert_ok(fixture, "info");
	assert_string_equal(fixture->reply.text, "output=memory it is memory");
	assert_false(fixture->guest.quit);
	assert_ok(fixture, "quit");
	assert_true(fixture->guest.quit);
}

static void what_an_output_cannot_do_is_refused(void **state)
{
	static const char *const lines[] = {
		"modes",	"flip count=2",		 "cycle count=2", "hang",
		"reload",	"text text=hello",	 "text",	  "show nonce=1 by=blitter",
		"flip count=0", "show nonce=1 by=magic",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run(fixture, lines[i]);
		assert_true(fixture->reply.failed);
	}
	assert_false(fixture->guest.closed);
}

/* Nothing would end these before the test's own time is over. */
static void a_program_ends_when_something_comes_on_the_port(void **state)
{
	static const struct {
		const char *line, *answer;
	} programs[] = {
		{ "run seconds=600 cat", "lines=0 status=0" },
		{ "run seconds=600 signal=15 sleep 600", "lines=0 status=143" },
	};
	struct fixture *fixture = *state;
	int port[2];

	assert_int_equal(0, pipe(port));
	assert_int_equal(1, write(port[1], "\n", 1));
	fixture->guest.port_fd = port[0];
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		assert_ok(fixture, programs[i].line);
		assert_string_equal(programs[i].answer, fixture->reply.text);
	}
	close(port[0]);
	close(port[1]);
}

/* A slow machine may take long from a program's last word to its end. */
static void a_program_that_says_no_more_may_end_by_itself(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "/tmp/test-guest-commands-XXXXXX", line[64];
	_autoclose_ int fd = mkstemp(path);

	dprintf(fd, "exec >&- 2>&-\nsleep 1\nexit 3\n");
	snprintf(line, sizeof(line), "run seconds=600 sh %s", path);
	fixture->guest.port_fd = -1;
	run(fixture, line);
	unlink(path);
	assert_string_equal("lines=0 status=3", fixture->reply.text);
}

static void answers_fit_a_line_whatever_is_asked(void **state)
{
	static const char words[] =
		"show nonce= frame= mode=9x9 cursor= format= =1 tiling=x 0x , - \t";
	struct fixture *fixture = *state;
	uint32_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		char line[200];
		size_t len = 0;

		while (len < sizeof(line) - 20 && (seed = seed * 1664525 + 1013904223) >> 28) {
			size_t from = (seed >> 8) % (sizeof(words) - 1), part = (seed >> 20) % 9;

			part = part < sizeof(words) - 1 - from ? part : sizeof(words) - 1 - from;
			memcpy(line + len, words + from, part);
			len += part;
		}
		line[len] = '\0';
		guest_command_run(&fixture->guest, line, &fixture->reply);
		assert_true(strlen(fixture->reply.text) < sizeof(fixture->reply.text));
		assert_null(strchr(fixture->reply.text, '\n'));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(show_draws_the_card_in_every_format_and_tiling),
		TEST(show_has_defaults_for_all_but_the_nonce),
		TEST(cursor_is_a_plane_where_there_is_one),
		TEST(cursor_is_drawn_where_there_is_no_plane),
		TEST(cursor_faults_reach_the_plane),
		TEST(every_fault_changes_the_picture_or_the_cursor),
		TEST(stale_is_the_card_that_was_shown_before),
		TEST(read_needs_a_picture),
		TEST(checksum_is_crc32_of_xrgb),
		TEST(quit_is_remembered_and_info_describes),
		TEST(what_an_output_cannot_do_is_refused),
		TEST(a_program_ends_when_something_comes_on_the_port),
		TEST(a_program_that_says_no_more_may_end_by_itself),
		TEST(answers_fit_a_line_whatever_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
