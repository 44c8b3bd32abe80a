/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

static void append(struct guest_reply *reply, const char *format, va_list args)
{
	size_t room = sizeof(reply->text) - reply->len;
	int len = vsnprintf(reply->text + reply->len, room, format, args);

	if (len > 0)
		reply->len += (size_t)len < room ? (size_t)len : room - 1;
}

void guest_reply_add(struct guest_reply *reply, const char *format, ...)
{
	va_list args;

	if (reply->len && reply->len < sizeof(reply->text) - 1)
		reply->text[reply->len++] = ' ';
	va_start(args, format);
	append(reply, format, args);
	va_end(args);
}

int guest_reply_fail(struct guest_reply *reply, int errnum, const char *format, ...)
{
	va_list args;

	*reply = (struct guest_reply){ .failed = true };
	va_start(args, format);
	append(reply, format, args);
	va_end(args);
	return -errnum;
}
