/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds known messages in a log.
 */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <vgpulab/doctor.h>

/* Logs are long: the first character is tried before all. */
static const char *find_part(const char *line, size_t len, const char *part, size_t part_len)
{
	int lower, upper;

	if (!part_len)
		return line;
	lower = tolower((unsigned char)part[0]);
	upper = toupper((unsigned char)part[0]);
	for (size_t i = 0; i + part_len <= len; i++)
		if ((line[i] == lower || line[i] == upper) &&
		    !strncasecmp(line + i, part, part_len))
			return line + i;
	return NULL;
}

/* Do the pattern's parts, between its asterisks, follow each other somewhere in the line? */
static bool matches(const char *line, size_t len, const char *pattern)
{
	for (;;) {
		size_t part_len = strcspn(pattern, "*");
		const char *at = find_part(line, len, pattern, part_len);

		if (!at)
			return false;
		len -= (size_t)(at - line) + part_len;
		line = at + part_len;
		if (!pattern[part_len])
			return true;
		pattern += part_len + 1;
	}
}

struct line {
	const char *text;
	size_t len;
};

static bool next_line(const char **text, size_t *len, struct line *line)
{
	const char *end;

	if (!*len)
		return false;
	end = memchr(*text, '\n', *len);
	line->text = *text;
	line->len = end ? (size_t)(end - *text) : *len;
	*len -= line->len + (end != NULL);
	*text += line->len + (end != NULL);
	while (line->len && isspace((unsigned char)line->text[line->len - 1]))
		line->len--;
	return true;
}

static bool anywhere(const char *text, size_t len, const char *pattern)
{
	struct line line;

	while (next_line(&text, &len, &line))
		if (matches(line.text, line.len, pattern))
			return true;
	return false;
}

static bool is_message(const struct vgpu_known_message *message, const struct line *line)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(message->patterns) && message->patterns[i]; i++)
		if (matches(line->text, line->len, message->patterns[i]))
			return true;
	return false;
}

/* The first row that fits: special ones stand before general ones. */
static size_t find_message(const struct line *line, const bool *ruled_out)
{
	size_t i = 0;

	for (; vgpu_known_message_at(i); i++)
		if (!ruled_out[i] && is_message(vgpu_known_message_at(i), line))
			break;
	return i;
}

int vgpu_doctor_explain(const char *text, size_t len,
			void (*each)(void *data, const struct vgpu_explanation *explanation),
			void *data)
{
	_autofree_ struct vgpu_explanation *found = NULL;
	_autofree_ size_t *order = NULL;
	_autofree_ bool *ruled_out = NULL;
	size_t messages = 0, found_len = 0, number = 0;
	const char *rest = text;
	size_t rest_len = len;
	struct line line;

	while (vgpu_known_message_at(messages))
		messages++;
	found = calloc(messages, sizeof(*found));
	order = calloc(messages, sizeof(*order));
	ruled_out = calloc(messages, sizeof(*ruled_out));
	if (!found || !order || !ruled_out)
		return -ENOMEM;
	for (size_t i = 0; i < messages; i++) {
		const char *unless = vgpu_known_message_at(i)->unless;

		ruled_out[i] = unless && anywhere(text, len, unless);
	}
	while (next_line(&rest, &rest_len, &line)) {
		size_t i = find_message(&line, ruled_out);

		number++;
		if (i == messages || found[i].count++)
			continue;
		found[i].message = vgpu_known_message_at(i);
		found[i].line = line.text;
		found[i].line_len = line.len;
		found[i].number = number;
		order[found_len++] = i;
	}
	for (size_t i = 0; i < found_len; i++)
		each(data, &found[order[i]]);
	return 0;
}
