/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is still there when all should have gone. */

#include <stddef.h>
#include <sys/types.h>

/**
 * Lists the processes that descend from @ancestor, it not included, each with its name and where in
 * the kernel it waits, as far as that is told: "12 (qemu, in request_wait_answer), 17 (sh)".
 * Returns how many there are.
 */
size_t sandbox_list_descendants(pid_t ancestor, char *text, size_t size);
