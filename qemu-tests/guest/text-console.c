/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text-console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A glyph has 32 rows of whole bytes whatever its height. Source: ioctl_console(2), KDFONTOP */
enum { GLYPHS_MAX = 512, GLYPH_ROWS = 32, GLYPH_BYTES_MAX = 4 * GLYPH_ROWS };

struct screen {
	struct winsize size;
	struct fb_var_screeninfo framebuffer;
	struct console_font_op font;
	uint8_t glyphs[GLYPHS_MAX * GLYPH_BYTES_MAX];
};

static int open_and_ask(const char *path, unsigned long request, void *argument)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC), rc = 0;

	if (fd < 0 || ioctl(fd, request, argument) < 0)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int read_screen(struct screen *screen)
{
	int rc = open_and_ask("/dev/tty1", TIOCGWINSZ, &screen->size);

	screen->font = (struct console_font_op){
		.op = KD_FONT_OP_GET,
		.width = 32,
		.height = 32,
		.charcount = GLYPHS_MAX,
		.data = screen->glyphs,
	};
	if (rc == 0)
		rc = open_and_ask("/dev/tty1", KDFONTOP, &screen->font);
	if (rc == 0)
		rc = open_and_ask("/dev/fb0", FBIOGET_VSCREENINFO, &screen->framebuffer);
	return rc;
}

/* Every glyph of the text, each once. */
static void print_glyphs(const struct guest *guest, const struct screen *screen, const char *text)
{
	size_t row_bytes = (screen->font.width + 7) / 8, used = row_bytes * screen->font.height;

	for (const char *c = text; *c; c++) {
		const uint8_t *glyph = screen->glyphs + (uint8_t)*c * row_bytes * GLYPH_ROWS;
		char line[32 + 2 * GLYPH_BYTES_MAX];
		int len = snprintf(line, sizeof(line), "glyph %02x ", (unsigned int)*c);

		if (strchr(text, *c) != c)
			continue;
		for (size_t i = 0; i < used; i++)
			len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x", glyph[i]);
		guest->print_line(guest->print_data, line);
	}
}

/* Source: console_codes(4). The cursor would blink. */
static int print_text(const struct winsize *size, const char *text)
{
	unsigned int room = size->ws_col > strlen(text) ? size->ws_col - strlen(text) : 1;
	FILE *out = fopen("/dev/tty1", "we");

	if (!out)
		return -errno;
	fputs("\033c\033[?25l\033[2J", out);
	for (unsigned int row = 0; row < size->ws_row; row++)
		fprintf(out, "\033[%u;%uH\033[3%um%s", row + 1, row * 3 % room + 1, row % 7 + 1,
			text);
	return fclose(out) == 0 ? 0 : -errno;
}

int guest_text_console_show(struct guest *guest, const char *text, struct guest_reply *reply)
{
	const struct guest_output_impl *impl = guest->output->impl;
	struct screen *screen = calloc(1, sizeof(*screen));
	int rc;

	if (!screen || !impl->close) {
		free(screen);
		return guest_reply_fail(reply, EOPNOTSUPP, "text: the kernel has no console on %s",
					impl->name);
	}
	if (!guest->closed)
		impl->close(guest->output);
	guest->closed = true;
	rc = read_screen(screen);
	if (rc == 0)
		rc = print_text(&screen->size, text);
	if (rc == 0) {
		print_glyphs(guest, screen, text);
		guest_reply_add(reply, "mode=%ux%u columns=%u rows=%u glyph=%ux%u",
				screen->framebuffer.xres, screen->framebuffer.yres,
				screen->size.ws_col, screen->size.ws_row, screen->font.width,
				screen->font.height);
	}
	free(screen);
	return rc < 0 ? guest_reply_fail(reply, -rc, "text: %s", strerror(-rc)) : 0;
}
