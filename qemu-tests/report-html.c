/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include <string.h>
#include <vgpulab/cleanup.h>

/* Length of the UTF-8 sequence at @text if it is a valid one of more than one byte, else 0. */
static size_t utf8_len(const unsigned char *text)
{
	size_t len = text[0] >= 0xc2 && text[0] < 0xe0	 ? 2
		     : text[0] >= 0xe1 && text[0] < 0xf0 ? 3
							 : 0;

	/* E0, ED, EF and what lies beyond 16 bits would need more care, and logs have little of them */
	if (text[0] == 0xed || text[0] == 0xef)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Skips "ESC [ ... letter", which consoles use for colours. */
static const char *after_escape(const char *text)
{
	if (*text != '[')
		return text;
	text++;
	text += strspn(text, "0123456789;?");
	return *text ? text + 1 : text;
}

void qt_html_text(FILE *f, const char *text)
{
	while (*text) {
		size_t len = utf8_len((const unsigned char *)text);
		unsigned char c = (unsigned char)*text;

		if (len) {
			fwrite(text, 1, len, f);
			text += len;
			continue;
		}
		text++;
		if (c == '\033')
			text = after_escape(text);
		else if (c == '&')
			fputs("&amp;", f);
		else if (c == '<')
			fputs("&lt;", f);
		else if (c == '>')
			fputs("&gt;", f);
		else if (c == '"')
			fputs("&quot;", f);
		else if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f))
			fputc(c, f);
		else if (c != '\r')
			fputs("&#xFFFD;", f);
	}
}

static void print_base64(FILE *f, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)data[i] << 16;

		if (i + 1 < len)
			group |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			group |= data[i + 2];
		fputc(digits[group >> 18], f);
		fputc(digits[group >> 12 & 63], f);
		fputc(i + 1 < len ? digits[group >> 6 & 63] : '=', f);
		fputc(i + 2 < len ? digits[group & 63] : '=', f);
	}
}

static void print_image(FILE *f, const struct qt_image *image, const char *alt)
{
	_autofree_ void *png = NULL;
	size_t len;

	if (qt_image_encode_png(image, &png, &len, NULL))
		return;
	fprintf(f, "<img width=\"%u\" height=\"%u\" alt=\"", image->width_px, image->height_px);
	qt_html_text(f, alt);
	fputs("\" src=\"data:image/png;base64,", f);
	print_base64(f, png, len);
	fputs("\">\n", f);
}

static void print_remark(FILE *f, const char *text)
{
	fputs("<p class=\"dim\">", f);
	qt_html_text(f, text);
	fputs("</p>\n", f);
}

void qt_html_picture(FILE *f, int dir_fd, const char *file, uint32_t width_max_px, const char *alt)
{
	_image_ struct qt_image image = { 0 }, small = { 0 };
	struct vgpu_error err = { 0 };

	if (qt_image_read(dir_fd, file, &image, &err))
		print_remark(f, err.message);
	else if (!qt_image_shrink(&image, width_max_px, &small))
		print_image(f, &small, alt);
}

void qt_html_enlarged(FILE *f, int dir_fd, const char *file, const struct qt_html_part *part,
		      const char *alt)
{
	_image_ struct qt_image image = { 0 }, large = { 0 };
	struct vgpu_error err = { 0 };

	if (qt_image_read(dir_fd, file, &image, &err))
		print_remark(f, err.message);
	else if (!qt_image_enlarge(&image, part->x_px, part->y_px, part->width_px, part->height_px,
				   part->factor, &large))
		print_image(f, &large, alt);
}
