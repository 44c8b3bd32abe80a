/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "expectations.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1: a line; 0: nothing in it; -EINVAL */
static int parse_line(const char *text, struct qt_expectation_line *out)
{
	char word[8] = "";
	int n, glob_end = 0;

	*out = (struct qt_expectation_line){ 0 };
	n = sscanf(text, "%7s %79s%n %119[^\r\n]", word, out->glob, &glob_end, out->reason);
	if (n <= 0 || word[0] == '#')
		return 0;
	out->flaky = !strcmp(word, "flaky");
	/* of a glob that is too long the rest would be the reason */
	return n == 3 && isspace((unsigned char)text[glob_end]) &&
			       (out->flaky || !strcmp(word, "fail"))
		       ? 1
		       : -EINVAL;
}

int qt_expectations_read(const char *path, struct qt_expectations *out, struct vgpu_error *err)
{
	struct qt_expectations read = { 0 };
	FILE *f = fopen(path, "re");
	char text[400];
	int r = 0;

	if (!f)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, errno, "cannot read %s: %s", path,
				      strerror(errno));
	for (unsigned int number = 1; !r && fgets(text, sizeof(text), f); number++) {
		struct qt_expectation_line line, *lines;
		int parsed = parse_line(text, &line);

		if (parsed < 0)
			r = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
					   "%s:%u: neither 'fail GLOB REASON' nor "
					   "'flaky GLOB REASON'",
					   path, number);
		if (parsed <= 0)
			continue;
		lines = reallocarray(read.lines, read.len + 1, sizeof(*lines));
		if (!lines) {
			r = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "reading %s", path);
			continue;
		}
		read.lines = lines;
		lines[read.len++] = line;
	}
	if (!r && ferror(f))
		r = vgpu_error_set(err, VGPU_ERROR_USAGE, errno, "cannot read %s: %s", path,
				   strerror(errno));
	fclose(f);
	if (r)
		qt_expectations_finish(&read);
	else
		*out = read;
	return r;
}

void qt_expectations_finish(struct qt_expectations *expectations)
{
	free(expectations->lines);
	*expectations = (struct qt_expectations){ 0 };
}

static const struct qt_expectation_line *find(const struct qt_expectations *expectations,
					      const struct qt_scenario *scenario, bool flaky)
{
	for (size_t i = 0; i < expectations->len; i++)
		if (expectations->lines[i].flaky == flaky &&
		    !fnmatch(expectations->lines[i].glob, scenario->name, 0))
			return &expectations->lines[i];
	return NULL;
}

unsigned int qt_expectations_attempts(const struct qt_expectations *expectations,
				      const struct qt_scenario *scenario)
{
	return find(expectations, scenario, true) ? QT_FLAKY_ATTEMPTS : 1;
}

void qt_expectations_judge(const struct qt_expectations *expectations, struct qt_result *result)
{
	const struct qt_expectation_line *line = find(expectations, result->scenario, false);
	struct vgpu_error news = { 0 };

	if (!line || result->outcome == QT_SKIPPED)
		return;
	if (result->outcome == QT_FAILED) {
		/* nobody expects what stays with the machine */
		if (strcmp(result->fault, QT_FAULT_QEMU_STUCK) != 0)
			snprintf(result->known, sizeof(result->known), "%s", line->reason);
		return;
	}
	vgpu_error_set(&news, VGPU_ERROR_FAILED, 0, "it passes, but was expected to fail: %s",
		       line->reason);
	vgpu_error_hint(&news, "if it is mended, take it off the list of --expect");
	qt_result_fail(result, "unexpected-pass", &news);
}
