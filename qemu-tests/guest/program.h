/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs in the guest that are not ours, and what they say.
 */

#include "commands.h"

/**
 * Runs @argv, NULL-terminated, and prints what it says line by line. Its input is a pipe, to which
 * after @seconds a newline is written and which is then closed: programs that show something until
 * they are told to end do so. Killed some time later. 0 if it was run: the reply has its status.
 * With a @crtc_id each line is stamped with the CRTC's vertical blanks: "vblank=COUNT us=TIME ".
 */
int guest_program_run(struct guest *guest, char *const *argv, unsigned int seconds,
		      uint32_t crtc_id, struct guest_reply *reply);
