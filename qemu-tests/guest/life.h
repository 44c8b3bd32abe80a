/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a guest goes through besides showing pictures. All of it is the kernel's own doing; this
 * only asks for it.
 */

#include "commands.h"

/** Unloads the display's driver, loads it again and opens the output anew. 0 or a negative errno. */
int guest_reload(struct guest *guest, struct guest_reply *reply);

/** Suspends to RAM; returns when somebody has woken the machine. 0 or a negative errno. */
int guest_suspend(struct guest_reply *reply);

/** Restarts the machine. Returns only on failure. */
int guest_reboot(struct guest_reply *reply);
