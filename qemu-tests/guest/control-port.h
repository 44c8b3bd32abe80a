/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Serial lines that commands come from. ttyS1 is the harness's; on ttyS0, the kernel's console, a
 * person may type the same commands.
 */

#include <stdbool.h>
#include <stddef.h>

#include "commands.h"

enum { GUEST_LINE_BYTES = 512 };

struct guest_port {
	int fd; /* -1: this port is not there */
	bool overlong; /* the line in the buffer is too long: drop it up to its end */
	size_t len;
	char line[GUEST_LINE_BYTES];
};

/** Opens a serial line in raw mode. 0, or a negative errno and a port that is not there. */
int guest_port_open(struct guest_port *port, const char *path);

/** Writes "@prefix text\n" (without the space if @text is empty). */
void guest_port_print(const struct guest_port *port, const char *prefix, const char *text);

/**
 * Takes what has arrived, and calls @run for each whole line, without its end. A line that is too
 * long is run as NULL.
 */
void guest_port_receive(struct guest_port *port, void (*run)(struct guest_port *port, char *line));

/** Runs such a line, or NULL, and writes the answer. */
void guest_port_answer(struct guest_port *port, struct guest *guest, char *line);
