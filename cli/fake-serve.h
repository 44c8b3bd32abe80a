/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

#define CLI_FAKE_DEFAULT_GPU "kaby-lake"

struct fake_faults;

struct cli_fake_serve {
	const char *mountpoint;
	const char *const *gpus; /* as --gpu has them; none: the default, or what the state says */
	size_t gpus_len;
	struct fake_faults *faults;
	unsigned int kernel; /* 0: the default */
	const char *state; /* the journal's file; NULL: none */
	int ready_fd; /* -1: nobody is told */
	bool die_with_parent;
};

/** fake serve: until it is unmounted or told to end. The exit code. */
int cli_fake_serve(const struct cli_arguments *args, const struct cli_fake_serve *serve);
