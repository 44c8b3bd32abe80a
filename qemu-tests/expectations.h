/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is known beforehand: a file with a line each, '#' begins a comment.
 *   fail GLOB REASON         it fails; that it passes is the news then
 *   fail GLOB:FAULT REASON   it fails so, "rb-swap"; another fault of it is news, too
 *   flaky GLOB REASON        it fails now and then: it is tried up to three times
 */

#include "verdict.h"

enum { QT_FLAKY_ATTEMPTS = 3 };

struct qt_expectation_line {
	bool flaky;
	char glob[80], reason[120];
	char fault[32]; /* empty: any */
};

struct qt_expectations {
	struct qt_expectation_line *lines;
	size_t len;
};

/** Reads @path. 0, or a negative errno with @err naming the line that is wrong. */
int qt_expectations_read(const char *path, struct qt_expectations *out, struct vgpu_error *err);
void qt_expectations_finish(struct qt_expectations *expectations);

/** How often may this scenario be tried? */
unsigned int qt_expectations_attempts(const struct qt_expectations *expectations,
				      const struct qt_scenario *scenario);
/** Marks a failure as known, or a pass that should have been none as a failure. */
void qt_expectations_judge(const struct qt_expectations *expectations, struct qt_result *result);
