/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How rules look at the host, and how they say what they saw.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attribute.h"
#include "doctor-host.h"

bool doctor_says(struct doctor_answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->evidence, sizeof(answer->evidence), format, args);
	va_end(args);
	return true;
}

void doctor_subject(struct doctor_answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->subject, sizeof(answer->subject), format, args);
	va_end(args);
}

bool doctor_node(const struct doctor_host *host, const char *path, struct vgpu_node_fact *out)
{
	return host->facts->impl->node(host->facts, path, out) == 0;
}

bool doctor_sysfs_has(const struct doctor_host *host, const char *format, ...)
{
	char path[VGPU_PATH_LEN];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return len < (int)sizeof(path) && vgpu_attribute_exists(host->sysfs, "%s", path);
}

bool doctor_has_module(const struct doctor_host *host, const char *name)
{
	return doctor_sysfs_has(host, "module/%s", name);
}

bool doctor_line_with(const char *text, const char *needle, char *line, size_t size)
{
	const char *at = strstr(text, needle);
	const char *start = at;

	if (!at)
		return false;
	while (start > text && start[-1] != '\n')
		start--;
	snprintf(line, size, "%.*s", (int)strcspn(start, "\n"), start);
	return true;
}

static bool same_name(const char *word, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (word[i] != name[i] &&
		    !(strchr("-_", name[i]) && word[i] && strchr("-_", word[i])))
			return false;
	return true;
}

bool doctor_command_line(const struct doctor_host *host, const char *name, char *value, size_t size)
{
	const char *word = host->text[VGPU_FACT_KERNEL_COMMAND_LINE];
	size_t name_len = strlen(name);
	bool found = false;

	while (*word) {
		size_t len = strcspn(word, " \t\n");

		if (len >= name_len && same_name(word, name, name_len) &&
		    (len == name_len || word[name_len] == '=')) {
			const char *from = word + name_len + (len > name_len);

			snprintf(value, size, "%.*s", (int)(word + len - from), from);
			found = true;
		}
		word += len;
		word += strspn(word, " \t\n");
	}
	return found;
}

bool doctor_version_before(struct vgpu_version version, unsigned int major, unsigned int minor)
{
	return (version.major || version.minor) && !vgpu_version_since(version, major, minor);
}

bool doctor_kernel_before(const struct doctor_host *host, unsigned int major, unsigned int minor)
{
	return doctor_version_before(host->kernel, major, minor);
}
