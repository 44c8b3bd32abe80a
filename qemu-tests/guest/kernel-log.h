/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's own messages.
 */

#include <stdbool.h>

struct guest_kernel_log_filter {
	int level_max; /* as grave as this or graver: 0 emergency .. 7 debug; 4: warnings */
	const char *match; /* contains this; NULL: any */
	bool news; /* printed by no earlier call with this set */
};

/**
 * Prints the messages that pass @filter as "LEVEL SECONDS.MICROSECONDS text"; for those that the
 * kernel overwrote before they were read, "3 0.0 kernel messages were lost".
 * Returns their number, or a negative errno.
 */
int guest_kernel_log_print(const struct guest_kernel_log_filter *filter,
			   void (*print)(void *data, const char *line), void *data);
