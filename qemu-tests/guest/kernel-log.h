/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's own messages.
 */

/**
 * Prints each message that is at least as grave as @level_max (0 emergency .. 7 debug; 4: warnings
 * and worse) and contains @match (NULL: any), as "LEVEL SECONDS.MICROSECONDS text".
 * Returns their number, or a negative errno.
 */
int guest_kernel_log_print(int level_max, const char *match,
			   void (*print)(void *data, const char *line), void *data);
