/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How far a run is: one line that is rewritten on a terminal, plain lines elsewhere.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct qt_progress {
	FILE *out; /* NULL: say nothing */
	bool terminal;
	int64_t start_ms;
	char subject[64]; /* "[1/2] region-1024x768" */
	int beat_fd; /* gets a byte with each step; 0: there is none */
	bool waits; /* the step leaves its core to others */
};

/** What a step's byte tells. */
enum qt_beat { QT_BEAT_WORKS = '\n', QT_BEAT_WAITS = '\t' };
#define QT_BEATS "\n\t" /* none is in JSON as we write it */

void qt_progress_init(struct qt_progress *progress, FILE *out);
/** What the following steps are about. */
void qt_progress_subject(struct qt_progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** What is being done now. On a terminal it replaces the step before. */
void qt_progress_step(struct qt_progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** A line that stays. */
void qt_progress_line(struct qt_progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
