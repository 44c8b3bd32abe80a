/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"

#include <errno.h>
#include <string.h>

const struct qt_format qt_formats[] = {
	{ "tap", "TAP version 14", qt_format_tap },
	{ "ktap", "the kernel's TAP", qt_format_ktap },
	{ "junit", "JUnit's XML, as Jenkins and GitLab read it", qt_format_junit },
	{ "json", "verdict.json", qt_format_json },
	{ "lava", "signals for a LAVA job", qt_format_lava },
	{ "tmt", "results.yaml of a tmt test with custom results", qt_format_tmt },
	{ "github", "annotations of a GitHub workflow", qt_format_github },
};
const size_t qt_formats_len = VGPU_ARRAY_LEN(qt_formats);

const struct qt_format *qt_format_find(const char *wish)
{
	size_t len = strcspn(wish, ":");

	for (size_t i = 0; i < qt_formats_len; i++)
		if (strlen(qt_formats[i].name) == len && !strncmp(qt_formats[i].name, wish, len))
			return &qt_formats[i];
	return NULL;
}

bool qt_format_exists(const char *wish)
{
	const char *colon = strchr(wish, ':');

	return qt_format_find(wish) && !(colon && !colon[1]);
}

const char *qt_result_name(const struct qt_result *result, char buffer[QT_RESULT_NAME_LEN])
{
	int len = snprintf(buffer, QT_RESULT_NAME_LEN, "%s", result->scenario->name);

	if (result->round > 1)
		snprintf(buffer + len, QT_RESULT_NAME_LEN - (size_t)len, ".%u", result->round);
	return buffer;
}

static int fail_to_write(const char *path, struct vgpu_error *err)
{
	return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s", path,
			      strerror(errno));
}

int qt_format_check(const char *wish, struct vgpu_error *err)
{
	const char *colon = strchr(wish, ':');
	FILE *f = colon ? fopen(colon + 1, "ae") : NULL;

	if (colon && !f)
		return fail_to_write(colon + 1, err);
	if (f)
		fclose(f);
	return 0;
}

int qt_verdict_format(const struct qt_verdict *verdict, const char *wish, struct vgpu_error *err)
{
	const struct qt_format *format = qt_format_find(wish);
	const char *colon = strchr(wish, ':');
	FILE *f = colon ? fopen(colon + 1, "we") : stdout;
	bool failed;

	if (!format)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "no format is named '%s'",
				      wish);
	if (!f)
		return fail_to_write(colon + 1, err);
	format->print(f, verdict);
	failed = fflush(f) || ferror(f);
	if (colon && fclose(f))
		failed = true;
	return failed ? fail_to_write(colon ? colon + 1 : "standard output", err) : 0;
}
