/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

/** Which fake host is meant, and what shall be done there. */
struct cli_fake_control {
	const char *host; /* where fake serve mounted it; NULL: the one that we are in */
	const char *clear; /* "all" or a number; NULL: nothing */
};

/** fake fault: adds what the operands say; without any lists what there is. The exit code. */
int cli_fake_fault(const struct cli_arguments *args, const struct cli_fake_control *control);
/** fake monitor: the monitors there are, or what shall become of one. The exit code. */
int cli_fake_monitor(const struct cli_arguments *args, const struct cli_fake_control *control);
/** fake guests: what guests did that is not emulated. The exit code. */
int cli_fake_guests(const struct cli_arguments *args, const struct cli_fake_control *control);
/** fake unplug, fake plug: a GPU leaves its slot, or comes back. The exit code. */
int cli_fake_hotplug(const struct cli_arguments *args, const struct cli_fake_control *control);
