/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The commands of the control port. One table.
 */

#include "../card.h"
#include "output.h"
#include "reply.h"

#include <stdbool.h>
#include <stdint.h>

/** All that the guest remembers between commands. */
struct guest {
	struct guest_output *output;
	bool closed; /* the output is, until something is to be shown */
	/* lines between a command and its answer go here: each begins with "| " */
	void (*print_line)(void *data, const char *line);
	void *print_data;
	int port_fd; /* where the command came from; more from there ends a running program */
	bool quit;
	struct qt_card shown; /* width 0: nothing yet */
};

/** Runs one line; it is cut into words. */
void guest_command_run(struct guest *guest, char *line, struct guest_reply *reply);
