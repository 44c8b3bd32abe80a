/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <qemu-tests/harness.h>

#include "cli.h"

/**
 * Lists the scenarios that @options select, or tells all about each (@describe). The exit code; a usage
 * error if there is none.
 */
int cli_test_list(const struct cli_arguments *args, const struct qt_options *options,
		  bool describe);
