/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "cli.h"

/*
 * Where scenarios run: the same command line once more, in a fake host or in the lab VM. Options that
 * say where are no longer in it: cli_arguments_drop().
 */

/** Tells the program inside a fake host what it is in, for the report: "a fake kaby-lake". */
#define CLI_TEST_HOST "VGPULAB_TEST_HOST"

/**
 * Becomes `vgpulab run --gpu GPU -- vgpulab test ...`, of the program @self. Returns only if that fails:
 * the exit code.
 */
int cli_test_in_fake(const struct cli_arguments *args, const char *self, const char *gpu,
		     bool libvirt);

/**
 * Runs it in a lab VM that has @drivers, with this --gpu (NULL: none), and brings @out_dir out. The exit
 * code.
 */
int cli_test_in_lab(const struct cli_arguments *args, const char *self, const char *gpu,
		    const char *drivers, const char *out_dir);
