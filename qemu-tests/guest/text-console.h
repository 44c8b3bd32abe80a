/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's own console on the display: no program of ours draws there.
 */

#include "commands.h"

/**
 * Lets the kernel have the display, and has it print @text on every line of tty1, each time
 * elsewhere and in another colour. The font comes as lines "glyph CODE HEX" before the answer, rows
 * of whole bytes. 0 or a negative errno.
 */
int guest_text_console_show(struct guest *guest, const char *text, struct guest_reply *reply);
