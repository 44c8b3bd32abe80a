/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Results in the forms that programs read. A format is a row.
 */

#include "verdict.h"

#include <stdio.h>

struct qt_format {
	const char *name; /* "tap" */
	const char *summary;
	void (*print)(FILE *f, const struct qt_verdict *verdict);
};

extern const struct qt_format qt_formats[];
extern const size_t qt_formats_len;

/** The format that "NAME" or "NAME:FILE" asks for, or NULL. */
const struct qt_format *qt_format_find(const char *wish);

enum { QT_RESULT_NAME_LEN = 96 };
/** What tells a result from others: "region-modes", in the second round "region-modes.2". Returns @buffer. */
const char *qt_result_name(const struct qt_result *result, char buffer[QT_RESULT_NAME_LEN]);

/* Private to the table: */
void qt_format_tap(FILE *f, const struct qt_verdict *verdict);
void qt_format_ktap(FILE *f, const struct qt_verdict *verdict);
void qt_format_junit(FILE *f, const struct qt_verdict *verdict);
void qt_format_json(FILE *f, const struct qt_verdict *verdict);
void qt_format_lava(FILE *f, const struct qt_verdict *verdict);
void qt_format_tmt(FILE *f, const struct qt_verdict *verdict);
void qt_format_github(FILE *f, const struct qt_verdict *verdict);
