/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * report.html: the verdict for people, in one file that needs nothing else: pictures are inside,
 * there is no address to fetch from, and the one script only searches.
 */

#include "verdict.h"

#include <stdio.h>

/** Writes report.html below @dir_fd, the output directory, from which pictures and logs are read. */
int qt_report_write(const struct qt_verdict *verdict, int dir_fd, struct vgpu_error *err);

/* The parts below are private to the report. */

/** Text with what HTML or a careless terminal dump would trip over made harmless. */
void qt_html_text(FILE *f, const char *text);
/** An <img> with the picture inside, at most @width_max_px wide; a remark if it cannot be read. */
void qt_html_picture(FILE *f, int dir_fd, const char *file, uint32_t width_max_px, const char *alt);
/** The same for a part of it, enlarged so that single pixels can be seen. */
struct qt_html_part {
	uint32_t x_px, y_px, width_px, height_px, factor;
};
void qt_html_enlarged(FILE *f, int dir_fd, const char *file, const struct qt_html_part *part,
		      const char *alt);
/** What the style sheet calls it: "pass", "fail", "skip". */
const char *qt_report_class(enum qt_outcome outcome);
/** A <section> for one scenario. */
void qt_report_result(FILE *f, const struct qt_result *result, int out_fd);

extern const char qt_report_style[], qt_report_script[];
