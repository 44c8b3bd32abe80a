/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guest program's control port (its ttyS1): lines of ASCII. The guest says "ready" once it has
 * found its display; each command is answered by "ok ..." or "error ...".
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct qt_console;

/** Longest line, its newline included. */
#define QT_CONSOLE_LINE_LEN 512

/** Uses @fd, a connected socket, which is taken over. All traffic goes to @log (may be NULL). */
int qt_console_create(int fd, FILE *log, struct qt_console **out, struct vgpu_error *err);
void qt_console_destroy(struct qt_console *console);
VGPU_DEFINE_DESTROYP(qt_console)

/**
 * Waits for "qt ready ..." and copies what follows into @line of QT_CONSOLE_LINE_LEN bytes (may be
 * NULL). -ETIMEDOUT; -EPIPE if QEMU went away; -EREMOTEIO if the guest says "error ...".
 */
int qt_console_wait_ready(struct qt_console *console, int64_t deadline_ms, char *line,
			  struct vgpu_error *err);

/** From now on @take gets the lines "| ..." between a command and its answer; NULL: nobody does. */
void qt_console_listen(struct qt_console *console, void (*take)(void *data, const char *line),
		       void *data);

/** Sends one command and waits for its answer; @answer is what follows "ok". Errors as above. */
int qt_console_command(struct qt_console *console, const char *command, int64_t deadline_ms,
		       char *answer, struct vgpu_error *err);

/** Waits for the answer to a command that was sent before. */
int qt_console_wait_answer(struct qt_console *console, const char *command, int64_t deadline_ms,
			   char *answer, struct vgpu_error *err);

/** Sends a command that has no answer, as `quit`, or whose answer is waited for later. */
int qt_console_send(struct qt_console *console, const char *command, struct vgpu_error *err);
