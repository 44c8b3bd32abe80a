/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Kernel modules that the initramfs brings along: /modules.list has a path and optional parameters
 * a line, in the order in which they must be loaded.
 */

#include "reply.h"

#include <stdbool.h>

/** Loads what the list names; without a list, nothing. 0, or a negative errno with @reply failed. */
int guest_modules_load(struct guest_reply *reply);

/** Is module @name ("i915") in the list? */
bool guest_modules_has(const char *name);

/** Unloads the last of them, the one that all others are there for. 0, or an errno with @reply. */
int guest_modules_unload_last(struct guest_reply *reply);
