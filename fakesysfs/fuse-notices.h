/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a process that serves and its notifier tell each other: a header and items; back comes the
 * header's number.
 */

#include <stddef.h>
#include <stdint.h>

struct fake_notice_header {
	uint32_t number;
};

struct fake_notice_item {
	uint64_t ino; /* FUSE's number of the directory */
	uint32_t
		name_len; /* the name follows, without a NUL; 0: the directory's attributes changed */
};

struct fake_notices {
	char *data;
	size_t len, max;
};

/**
 * Tells the kernel @len bytes of items, through the descriptor of a FUSE connection. Waits for who
 * has one of the directories locked. fuse-notifier.c
 */
void fake_fuse_tell_kernel(int fuse, const char *items, size_t len);
