/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Results are text: a count, the name of an errno, or bytes with the unprintable ones escaped.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

void suite_say(struct suite_run *run, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(run->out, sizeof(run->out), format, args);
	va_end(args);
}

void suite_say_count(struct suite_run *run, long long count)
{
	if (count >= 0)
		suite_say(run, "%lld", count);
	else
		suite_say(run, "%s", strerrorname_np(errno));
}

void suite_say_result(struct suite_run *run, long long result)
{
	errno = result < 0 ? (int)-result : 0;
	suite_say_count(run, result < 0 ? -1 : result);
}

void suite_say_bytes(struct suite_run *run, const char *data, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 5 < sizeof(run->out); i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\n')
			at += (size_t)sprintf(run->out + at, "\\n");
		else if (isprint(c))
			run->out[at++] = (char)c;
		else
			at += (size_t)sprintf(run->out + at, "\\x%02x", c);
	}
	run->out[at] = '\0';
}

bool suite_is_errno(const char *text)
{
	return text[0] == 'E' && isupper((unsigned char)text[1]);
}

static void append(struct suite_bytes *out, char c, size_t times)
{
	while (times-- && out->len < sizeof(out->data))
		out->data[out->len++] = c;
}

/* \n \r \t \s (a space) \0 \xHH \e (nothing), and \*N{c}: c N times. */
void suite_unescape(const char *text, struct suite_bytes *out)
{
	static const char from[] = "nrts\\", to[] = "\n\r\t \\";

	out->len = 0;
	for (const char *at = text; *at; at++) {
		const char *found;
		char *end;

		if (*at != '\\') {
			append(out, *at, 1);
			continue;
		}
		at++;
		found = strchr(from, *at);
		if (found && *at) {
			append(out, to[found - from], 1);
		} else if (*at == '0') {
			append(out, '\0', 1);
		} else if (*at == 'x') {
			char hex[3] = { at[1], at[1] ? at[2] : '\0' };

			append(out, (char)strtoul(hex, NULL, 16), 1);
			at += 2;
		} else if (*at == '*') {
			unsigned long times = strtoul(at + 1, &end, 10);

			append(out, end[1], times);
			at = end + 2;
		}
	}
}
