/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The answer to one command: a line that is put together piece by piece. An error replaces it.
 */

#include <stdbool.h>
#include <stddef.h>

struct guest_reply {
	bool failed;
	size_t len;
	char text[500]; /* the harness takes lines of 512 bytes */
};

/** Appends " text" to the answer; what does not fit is cut. */
void guest_reply_add(struct guest_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Makes the answer an error, and returns -errnum: `return guest_reply_fail(reply, EINVAL, ...)`. */
int guest_reply_fail(struct guest_reply *reply, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
