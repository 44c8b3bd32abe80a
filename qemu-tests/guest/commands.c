/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

#include "faults.h"
#include "interrupts.h"
#include "kernel-log.h"
#include "life.h"
#include "memory.h"
#include "program.h"
#include "rotation.h"
#include "text-console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 16, SIDE_MAX_PX = 4096 };

/* "show nonce=1 frame=2": words[0] is the command. */
struct words {
	char *words[WORDS_MAX + 1];
	size_t len;
	uint32_t used; /* a bit for each word that was asked for */
};

static int split(char *line, struct words *out)
{
	char *rest = line;

	*out = (struct words){ .used = 1 };
	for (char *word; (word = strsep(&rest, " \t\r"));) {
		if (!*word)
			continue;
		if (out->len == WORDS_MAX)
			return -E2BIG;
		out->words[out->len++] = word;
	}
	return 0;
}

/* The value of key=value, or @otherwise. */
static const char *value_of(struct words *words, const char *key, const char *otherwise)
{
	size_t len = strlen(key);

	for (size_t i = 1; i < words->len; i++) {
		if (strncmp(words->words[i], key, len) == 0 && words->words[i][len] == '=') {
			words->used |= 1u << i;
			return words->words[i] + len + 1;
		}
	}
	return otherwise;
}

/* A command must not overlook a word that it does not know. */
static int check_used(const struct words *words, struct guest_reply *reply)
{
	for (size_t i = 0; i < words->len; i++)
		if (!(words->used >> i & 1))
			return guest_reply_fail(reply, EINVAL, "%s: what is \"%.60s\"?",
						words->words[0], words->words[i]);
	return 0;
}

static int parse_number(const char *text, int base, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	if (*text < '0' || (base == 10 && *text > '9'))
		return -EINVAL;
	*out = strtoull(text, &end, base);
	return errno || *end || *out > max ? -EINVAL : 0;
}

/* "1024x768" or "300,-20". */
static int parse_pair(const char *text, char separator, int min, int max, int *first, int *second)
{
	long numbers[2];
	char *end;

	for (int i = 0; i < 2; i++) {
		numbers[i] = strtol(text, &end, 10);
		if (end == text || *end != (i ? '\0' : separator) || numbers[i] < min ||
		    numbers[i] > max)
			return -EINVAL;
		text = end + 1;
	}
	*first = (int)numbers[0];
	*second = (int)numbers[1];
	return 0;
}

/* What `show` was asked for. */
struct show {
	struct qt_card card;
	struct guest_picture picture;
	const struct guest_fault *fault;
};

static int parse_card(struct words *words, struct qt_card *card, struct guest_reply *reply)
{
	const char *nonce = value_of(words, "nonce", ""), *frame = value_of(words, "frame", "0");
	const char *mode = value_of(words, "mode", "1024x768"), *cursor;
	uint64_t frame_value = 0;
	int width_px = 0, height_px = 0;

	if (parse_number(nonce, 16, UINT64_MAX, &card->nonce) < 0)
		return guest_reply_fail(reply, EINVAL, "show: nonce=\"%.40s\" is no hex number",
					nonce);
	if (parse_number(frame, 10, UINT32_MAX, &frame_value) < 0)
		return guest_reply_fail(reply, EINVAL, "show: frame=\"%.40s\" is no number", frame);
	if (parse_pair(mode, 'x', 1, SIDE_MAX_PX, &width_px, &height_px) < 0)
		return guest_reply_fail(reply, EINVAL, "show: mode=\"%.40s\" is not like 1024x768",
					mode);
	card->frame = (uint32_t)frame_value;
	card->width_px = (uint32_t)width_px;
	card->height_px = (uint32_t)height_px;
	card->cursor_x_px = card->cursor_y_px = -1;
	cursor = value_of(words, "cursor", NULL);
	if (cursor && parse_pair(cursor, ',', -QT_CARD_CURSOR_PX, SIDE_MAX_PX, &card->cursor_x_px,
				 &card->cursor_y_px) < 0)
		return guest_reply_fail(reply, EINVAL, "show: cursor=\"%.40s\" is not like 100,80",
					cursor);
	return 0;
}

static int parse_show(struct words *words, struct show *show, struct guest_reply *reply)
{
	const char *format = value_of(words, "format", "XR24");
	const char *tiling = value_of(words, "tiling", "linear");
	const char *tamper = value_of(words, "tamper", NULL);
	const char *by = value_of(words, "by", "cpu");
	const char *rotate = value_of(words, "rotate", "0");
	const char *plane = value_of(words, "plane", "primary");
	uint64_t degrees = 0;
	int rc = parse_card(words, &show->card, reply);

	if (rc == 0)
		rc = check_used(words, reply);
	if (rc < 0)
		return rc;
	show->picture.format = qt_pixel_format_find(format);
	if (!show->picture.format)
		return guest_reply_fail(reply, EINVAL, "show: no format \"%.40s\"", format);
	show->picture.tiling = qt_tiling_find(tiling);
	if (!show->picture.tiling)
		return guest_reply_fail(reply, EINVAL, "show: no tiling \"%.40s\"", tiling);
	show->fault = tamper ? guest_fault_find(tamper) : NULL;
	if (tamper && !show->fault)
		return guest_reply_fail(reply, EINVAL, "show: no fault \"%.40s\"", tamper);
	show->picture.blitted = strcmp(by, "blitter") == 0;
	show->picture.aperture = strcmp(by, "aperture") == 0;
	if (!show->picture.blitted && !show->picture.aperture && strcmp(by, "cpu") != 0)
		return guest_reply_fail(reply, EINVAL, "show: nobody draws by \"%.40s\"", by);
	if (parse_number(rotate, 10, 270, &degrees) < 0 ||
	    !guest_rotation_valid((unsigned int)degrees))
		return guest_reply_fail(reply, EINVAL, "show: nothing is turned by \"%.40s\"",
					rotate);
	show->picture.rotation = (unsigned int)degrees;
	show->picture.sprite = strcmp(plane, "sprite") == 0;
	if (!show->picture.sprite && strcmp(plane, "primary") != 0)
		return guest_reply_fail(reply, EINVAL, "show: no plane \"%.40s\"", plane);
	show->picture.width_px = show->card.width_px;
	show->picture.height_px = show->card.height_px;
	show->picture.cursor = show->card.cursor_x_px != -1 || show->card.cursor_y_px != -1;
	show->picture.cursor_x_px = show->card.cursor_x_px;
	show->picture.cursor_y_px = show->card.cursor_y_px;
	return 0;
}

/* An output without a cursor plane gets the cursor drawn into its picture. */
static void draw(const struct guest *guest, struct show *show, uint32_t *xrgb)
{
	struct qt_card card = show->card, earlier = guest->shown;
	bool planeless = !guest->output->has_cursor;
	struct guest_faulty faulty = { &show->picture, xrgb, &earlier };

	if (!earlier.width_px) {
		earlier.nonce = ~card.nonce;
		earlier.frame = card.frame - 1;
	}
	earlier.width_px = card.width_px;
	earlier.height_px = card.height_px;
	earlier.cursor_x_px = earlier.cursor_y_px = -1;
	card.cursor_x_px = card.cursor_y_px = -1;
	if (planeless && show->fault && strncmp(show->fault->name, "cursor-", 7) == 0)
		show->fault->apply(&faulty);
	if (planeless && show->picture.cursor) {
		card.cursor_x_px = show->picture.cursor_x_px;
		card.cursor_y_px = show->picture.cursor_y_px;
	}
	qt_card_draw(&card, xrgb, card.width_px);
	if (show->fault && (!planeless || strncmp(show->fault->name, "cursor-", 7) != 0))
		show->fault->apply(&faulty);
	show->picture.xrgb = xrgb;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int run_show(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	struct show show = { 0 };
	uint64_t begin_us = now_us(), drawn_us;
	uint32_t *xrgb;
	int rc = parse_show(words, &show, reply);

	if (rc < 0)
		return rc;
	if ((show.picture.blitted || show.picture.aperture || show.picture.sprite ||
	     show.picture.rotation) &&
	    !guest->output->impl->has_blitter)
		return guest_reply_fail(reply, EOPNOTSUPP, "show: output %s has no blitter",
					guest->output->impl->name);
	xrgb = malloc((size_t)show.card.width_px * show.card.height_px * sizeof(*xrgb));
	if (!xrgb)
		return guest_reply_fail(reply, ENOMEM, "show: not enough memory for %ux%u",
					show.card.width_px, show.card.height_px);
	draw(guest, &show, xrgb);
	drawn_us = now_us();
	guest_reply_add(reply, "nonce=%016llx frame=%u mode=%ux%u format=%s tiling=%s",
			(unsigned long long)show.card.nonce, show.card.frame, show.card.width_px,
			show.card.height_px, show.picture.format->name, show.picture.tiling->name);
	if (show.picture.cursor)
		guest_reply_add(reply, "cursor=%s", guest->output->has_cursor ? "plane" : "drawn");
	rc = guest->output->impl->show(guest->output, &show.picture, reply);
	free(xrgb);
	if (rc < 0)
		return rc;
	guest_reply_add(reply, "draw_us=%llu show_us=%llu",
			(unsigned long long)(drawn_us - begin_us),
			(unsigned long long)(now_us() - drawn_us));
	guest->shown = show.card;
	return 0;
}

static int run_off(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return guest->output->impl->off(guest->output, reply);
}

static int run_info(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	guest_reply_add(reply, "output=%s", guest->output->impl->name);
	guest->output->impl->describe(guest->output, reply);
	return 0;
}

static int run_read(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	const struct guest_surface *surface = NULL;

	if (guest->output->impl->surface)
		surface = guest->output->impl->surface(guest->output);
	if (!surface)
		return guest_reply_fail(reply, ENODATA, "read: nothing is shown");
	guest_reply_add(reply, "crc32=%08x mode=%ux%u format=%s tiling=%s",
			guest_surface_crc32(surface), surface->width_px, surface->height_px,
			surface->format->name, surface->tiling->name);
	return 0;
}

static int run_modes(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	if (!guest->output->impl->modes)
		return guest_reply_fail(reply, EOPNOTSUPP, "modes: output %s takes any mode",
					guest->output->impl->name);
	return guest->output->impl->modes(guest->output, reply);
}

static int run_layouts(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	if (!guest->output->impl->layouts)
		return guest_reply_fail(reply, EOPNOTSUPP, "layouts: output %s does not tell",
					guest->output->impl->name);
	return guest->output->impl->layouts(guest->output, reply);
}

/* What is done count=N times. */
static int run_counted(struct guest *guest, struct words *words,
		       int (*run)(struct guest_output *output, unsigned int count,
				  struct guest_reply *reply),
		       struct guest_reply *reply)
{
	const char *name = words->words[0], *text = value_of(words, "count", "60");
	uint64_t count;
	int rc = check_used(words, reply);

	if (rc < 0)
		return rc;
	if (parse_number(text, 10, 10000000, &count) < 0 || count == 0)
		return guest_reply_fail(reply, EINVAL, "%s: count=\"%.40s\" is no number", name,
					text);
	if (!run)
		return guest_reply_fail(reply, EOPNOTSUPP, "%s: output %s does not", name,
					guest->output->impl->name);
	return run(guest->output, (unsigned int)count, reply);
}

static int run_flip(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return run_counted(guest, words, guest->output->impl->flip, reply);
}

/* How far to pan so that a page begins there, which is where planes may begin. */
static uint32_t page_rows(uint32_t stride_bytes)
{
	uint32_t rows = 1;

	while (rows * stride_bytes % GUEST_PAGE_BYTES)
		rows++;
	return rows;
}

/* A memory of rows that are each of a colour of their own: wherever it is shown from, all is new. */
static void draw_rows(const struct guest_surface *surface)
{
	for (uint32_t y = 0; y < surface->height_px; y++) {
		uint32_t *row = (uint32_t *)(surface->memory + (size_t)y * surface->stride_bytes);

		/* an odd factor: no colour comes twice */
		for (uint32_t x = 0; x < surface->width_px; x++)
			row[x] = y * 0x9e3779b1u & 0xffffff;
	}
}

/*
 * Every pixel of the screen another one, 60 times a second, and no picture twice in a second: a
 * viewer that looks at every second or third one must not see the same again. Hardly any work for
 * the guest, so that its display is what is measured.
 */
static int stream(struct guest_output *output, unsigned int count, struct guest_reply *reply)
{
	enum { HZ = 60 };
	const struct guest_surface *shown = output->impl->surface(output);
	uint32_t step = shown ? page_rows(shown->stride_bytes) : 1;
	struct guest_surface tall;
	struct timespec next;
	uint64_t begin_us;
	int rc = shown ? output->impl->tall(output, shown->height_px + HZ * step, &tall) : -ENODATA;

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "stream: %s", strerror(-rc));
	draw_rows(&tall);
	begin_us = now_us();
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned int i = 0; i < count; i++) {
		output->impl->scroll(output, (i + 1) % HZ * step);
		next.tv_nsec += 1000000000 / HZ;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	guest_reply_add(reply, "pictures=%u us=%llu", count,
			(unsigned long long)(now_us() - begin_us));
	return 0;
}

static int run_stream(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return run_counted(guest, words, guest->output->impl->scroll ? stream : NULL, reply);
}

static int run_interrupts(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	const char *name = value_of(words, "driver", "i915");
	int rc = check_used(words, reply);

	return rc < 0 ? rc : guest_interrupts_count(name, reply);
}

static int run_text(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	const char *text = value_of(words, "text", "");
	int rc = check_used(words, reply);

	if (rc < 0)
		return rc;
	if (!*text)
		return guest_reply_fail(reply, EINVAL, "text: no text=...");
	return guest_text_console_show(guest, text, reply);
}

static int run_cycle(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return run_counted(guest, words, guest->output->impl->cycle, reply);
}

static int run_talk(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return run_counted(guest, words, guest->output->impl->talk, reply);
}

static int run_hang(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	if (!guest->output->impl->hang)
		return guest_reply_fail(reply, EOPNOTSUPP, "hang: output %s does not",
					guest->output->impl->name);
	return guest->output->impl->hang(guest->output, reply);
}

static int run_dmesg(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	const char *level = value_of(words, "level", "4"), *match = value_of(words, "match", NULL);
	struct guest_kernel_log_filter filter = {
		.match = match,
		.news = strcmp(value_of(words, "new", "0"), "0") != 0,
	};
	uint64_t level_max;
	int rc = check_used(words, reply), lines;

	if (rc < 0)
		return rc;
	if (parse_number(level, 10, 7, &level_max) < 0)
		return guest_reply_fail(reply, EINVAL, "dmesg: level=\"%.40s\" is not 0..7", level);
	filter.level_max = (int)level_max;
	lines = guest_kernel_log_print(&filter, guest->print_line, guest->print_data);
	if (lines < 0)
		return guest_reply_fail(reply, -lines, "dmesg: %s", strerror(-lines));
	guest_reply_add(reply, "lines=%d", lines);
	return 0;
}

static int run_reload(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return guest_reload(guest, reply);
}

static int run_suspend(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return guest_suspend(reply);
}

static int run_reboot(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	return guest_reboot(reply);
}

/* run [seconds=N] [signal=N] [crtc=ID] PROGRAM WORD...: words of the program may look like any. */
static int run_program(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	static const struct {
		const char *key;
		uint64_t max;
	} keys[] = { { "seconds=", 600 }, { "signal=", 64 }, { "crtc=", UINT32_MAX } };
	enum { KEYS = sizeof(keys) / sizeof(keys[0]) };
	uint64_t values[KEYS] = { 0 };
	size_t first = 1, key = 0;

	for (; first < words->len; first++) {
		const char *word = words->words[first];

		for (key = 0; key < KEYS; key++)
			if (!strncmp(word, keys[key].key, strlen(keys[key].key)))
				break;
		if (key == KEYS)
			break;
		if (parse_number(strchr(word, '=') + 1, 10, keys[key].max, &values[key]) < 0)
			return guest_reply_fail(reply, EINVAL, "run: %s", word);
	}
	if (first >= words->len)
		return guest_reply_fail(reply, EINVAL, "run: what?");
	/* whoever wants the display needs it for himself */
	if (!guest->closed && guest->output->impl->close) {
		guest->output->impl->close(guest->output);
		guest->closed = true;
		guest->shown = (struct qt_card){ 0 };
	}
	words->words[words->len] = NULL;
	return guest_program_run(guest,
				 &(struct guest_program){
					 .argv = &words->words[first],
					 .seconds = (unsigned int)values[0],
					 .signal = (int)values[1],
					 .crtc_id = (uint32_t)values[2],
				 },
				 reply);
}

static int run_quit(struct guest *guest, struct words *words, struct guest_reply *reply)
{
	guest->quit = true;
	return 0;
}

struct command {
	const char *name;
	bool checks_words; /* takes arguments, and refuses unknown ones itself */
	int (*run)(struct guest *guest, struct words *words, struct guest_reply *reply);
};

static const struct command commands[] = {
	{ "show", true, run_show },
	{ "off", false, run_off },
	{ "info", false, run_info },
	{ "read", false, run_read },
	{ "modes", false, run_modes },
	{ "flip", true, run_flip },
	{ "layouts", false, run_layouts },
	{ "cycle", true, run_cycle },
	{ "hang", false, run_hang },
	{ "text", true, run_text },
	{ "dmesg", true, run_dmesg },
	{ "stream", true, run_stream },
	{ "interrupts", true, run_interrupts },
	{ "reload", false, run_reload },
	{ "suspend", false, run_suspend },
	{ "reboot", false, run_reboot },
	{ "quit", false, run_quit },
	{ "run", true, run_program },
	{ "talk", true, run_talk },
};

/* After the kernel's console had the display. What the output says of itself is known already. */
static int reopen(struct guest *guest, struct guest_reply *reply)
{
	struct guest_reply known = { 0 };
	int rc = guest->output->impl->open(NULL, &guest->output, &known);

	if (rc < 0)
		*reply = known;
	else
		guest->closed = false;
	return rc;
}

void guest_command_run(struct guest *guest, char *line, struct guest_reply *reply)
{
	struct words words;

	*reply = (struct guest_reply){ 0 };
	if (split(line, &words) < 0) {
		guest_reply_fail(reply, E2BIG, "too many words");
		return;
	}
	if (words.len == 0) {
		guest_reply_fail(reply, EINVAL, "empty command");
		return;
	}
	if (guest->closed && strcmp(words.words[0], "show") == 0 && reopen(guest, reply) < 0)
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(words.words[0], commands[i].name) != 0)
			continue;
		if (commands[i].checks_words || check_used(&words, reply) == 0)
			commands[i].run(guest, &words, reply);
		return;
	}
	guest_reply_fail(reply, EINVAL, "unknown command \"%.60s\"", words.words[0]);
}
