/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "expectations.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes ":FAULT" off the glob; no scenario's name has a colon. False if it cannot be a fault. */
static bool split_fault(struct qt_expectation_line *line)
{
	char *colon = strchr(line->glob, ':');
	size_t len = colon ? strlen(colon + 1) : 0;

	if (!colon)
		return true;
	if (line->flaky || colon == line->glob || !len || len >= sizeof(line->fault))
		return false;
	memcpy(line->fault, colon + 1, len + 1);
	*colon = '\0';
	return true;
}

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
			       (out->flaky || !strcmp(word, "fail")) && split_fault(out)
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
					   "%s:%u: neither 'fail GLOB[:FAULT] REASON' nor "
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

/* The first line of that kind for the scenario, and for the fault unless that is NULL. */
static const struct qt_expectation_line *find(const struct qt_expectations *expectations,
					      const struct qt_scenario *scenario, bool flaky,
					      const char *fault)
{
	for (size_t i = 0; i < expectations->len; i++) {
		const struct qt_expectation_line *line = &expectations->lines[i];

		if (line->flaky == flaky && !fnmatch(line->glob, scenario->name, 0) &&
		    (!fault || !*line->fault || !strcmp(line->fault, fault)))
			return line;
	}
	return NULL;
}

unsigned int qt_expectations_attempts(const struct qt_expectations *expectations,
				      const struct qt_scenario *scenario)
{
	return find(expectations, scenario, true, NULL) ? QT_FLAKY_ATTEMPTS : 1;
}

void qt_expectations_judge(const struct qt_expectations *expectations, struct qt_result *result)
{
	bool failed = result->outcome == QT_FAILED;
	const struct qt_expectation_line *any = find(expectations, result->scenario, false, NULL);
	const struct qt_expectation_line *line =
		find(expectations, result->scenario, false, failed ? result->fault : NULL);
	struct vgpu_error news = { 0 };

	/* nobody expects what stays with the machine */
	if (!any || result->outcome == QT_SKIPPED || !strcmp(result->fault, QT_FAULT_QEMU_STUCK))
		return;
	if (failed && line) {
		snprintf(result->known, sizeof(result->known), "%s", line->reason);
	} else if (failed) {
		if (!*result->hint)
			snprintf(result->hint, sizeof(result->hint),
				 "only %s is expected of it: %s", any->fault, any->reason);
	} else {
		vgpu_error_set(&news, VGPU_ERROR_FAILED, 0,
			       "it passes, but was expected to fail: %s", any->reason);
		vgpu_error_hint(&news, "if it is mended, take it off the list of --expect");
		qt_result_fail(result, "unexpected-pass", &news);
	}
}
