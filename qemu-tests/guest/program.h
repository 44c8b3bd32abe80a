/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs in the guest that are not ours, and what they say.
 */

#include "commands.h"

struct guest_program {
	char *const *argv; /* NULL-terminated */
	unsigned int seconds; /* how long it may go on */
	int signal; /* what tells it to end; 0: a newline */
	uint32_t
		crtc_id; /* whose vertical blanks stamp its lines: "vblank=COUNT us=TIME "; 0: none */
};

/**
 * Runs it, and prints what it says line by line. It is told to end when its seconds are over or when
 * something comes on the guest's port, whichever is first: its input is a pipe, to which a newline is
 * written and which is then closed, or it gets the signal. Killed some time later. 0 if it was run:
 * the reply has its status.
 */
int guest_program_run(struct guest *guest, const struct guest_program *program,
		      struct guest_reply *reply);
