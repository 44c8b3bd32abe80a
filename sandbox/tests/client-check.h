/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* TAP of the VFIO clients. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned int checks, failures;

static inline bool check(bool holds, const char *sentence)
{
	const char *name = strerrorname_np(errno);

	printf("%s %u - %s\n", holds ? "ok" : "not ok", ++checks, sentence);
	if (!holds && name)
		printf("# errno is %s\n", name);
	failures += !holds;
	return holds;
}

/** Of a client that has a vGPU open: says so, and waits until its input ends. */
static inline void hold_until_told(void)
{
	char byte;

	puts("open");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}
