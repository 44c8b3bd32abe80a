/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes that many kinds of object share, and how the kernel reads what is written to them.
 */

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

ssize_t fake_print(char *page, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(page, FAKE_PAGE, format, args);
	va_end(args);
	return len < FAKE_PAGE ? len : FAKE_PAGE - 1;
}

bool fake_text_equal(const char *text, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(text, word, len) && (!text[len] || (text[len] == '\n' && !text[len + 1]));
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : INT_MAX;
}

int fake_text_number(const char *text, unsigned long *out)
{
	unsigned long value = 0;
	int base = 10;
	const char *digits;

	text += *text == '+';
	if (text[0] == '0' && (text[1] | 0x20) == 'x' && digit_of(text[2]) < 16) {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	for (digits = text; digit_of(*text) < base; text++)
		if (__builtin_mul_overflow(value, (unsigned long)base, &value) ||
		    __builtin_add_overflow(value, (unsigned long)digit_of(*text), &value))
			return -ERANGE;
	if (text == digits)
		return -EINVAL;
	text += *text == '\n';
	if (*text)
		return -EINVAL;
	*out = value;
	return 0;
}

ssize_t fake_read_empty(const struct fake_access *access, char *page)
{
	(void)access;
	(void)page;
	return 0;
}

ssize_t fake_read_eio(const struct fake_access *access, char *page)
{
	(void)access;
	(void)page;
	return -EIO;
}

ssize_t fake_write_eio(const struct fake_access *access, const char *text, size_t len)
{
	(void)access;
	(void)text;
	(void)len;
	return -EIO;
}

ssize_t fake_read_value(const struct fake_access *access, char *page)
{
	return fake_print(page, "%ld\n", fake_value_get(access, fake_access_row(access)));
}

ssize_t fake_write_value(const struct fake_access *access, const char *text, size_t len)
{
	unsigned long value;
	int ret;

	if (fake_text_number(text, &value) || value > INT_MAX)
		return -EINVAL;
	ret = fake_value_set(access, (long)value);
	return ret ? ret : (ssize_t)len;
}

/*
 * power/. What a value means: 0 for the first word, 1 for the second.
 * Source: drivers/base/power/sysfs.c
 */

static ssize_t write_word(const struct fake_access *access, const char *text, size_t len,
			  const char *zero, const char *one)
{
	bool is_one = fake_text_equal(text, one);
	int ret;

	if (!is_one && !fake_text_equal(text, zero))
		return -EINVAL;
	ret = fake_value_set(access, is_one);
	return ret ? ret : (ssize_t)len;
}

ssize_t fake_read_power_async(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s\n",
			  fake_value_get(access, fake_access_row(access)) ? "enabled" : "disabled");
}

ssize_t fake_write_power_async(const struct fake_access *access, const char *text, size_t len)
{
	return write_word(access, text, len, "disabled", "enabled");
}

ssize_t fake_read_power_control(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s\n",
			  fake_value_get(access, fake_access_row(access)) ? "on" : "auto");
}

ssize_t fake_write_power_control(const struct fake_access *access, const char *text, size_t len)
{
	return write_word(access, text, len, "auto", "on");
}

/* Is control "on" in the power/ that this row is of? */
static bool is_forbidden(const struct fake_access *access)
{
	return fake_value_get(access, access->row->parent + FAKE_POWER_CONTROL);
}

/* The row's value: has the driver enabled runtime power management? */
ssize_t fake_read_power_enabled(const struct fake_access *access, char *page)
{
	bool forbidden = is_forbidden(access);

	if (access->row->value)
		return fake_print(page, "%s\n", forbidden ? "forbidden" : "enabled");
	return fake_print(page, "%s\n", forbidden ? "disabled & forbidden" : "disabled");
}

/* The row's value: users besides the one that control=on stands for. */
ssize_t fake_read_power_usage(const struct fake_access *access, char *page)
{
	return fake_print(page, "%ld\n", access->row->value + is_forbidden(access));
}
