/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/json-format.h>

#include "json-text.h"

int vgpu_json_parse(const char *text, size_t len, struct json_object **out, const char **why,
		    size_t *where)
{
	struct json_tokener *tokener = json_tokener_new();
	_autojson_ struct json_object *value = NULL;
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* with the final NUL, a number at the end is complete */
	value = json_tokener_parse_ex(tokener, text, (int)len + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (where)
		*where = end;
	if (error != json_tokener_success) {
		if (why)
			*why = error == json_tokener_continue ? "it ends too early"
							      : json_tokener_error_desc(error);
		return -EINVAL;
	}
	if (end < len && end + strspn(text + end, " \t\r\n") < len) {
		if (why)
			*why = "something follows the value";
		return -EINVAL;
	}
	*out = steal(value);
	return 0;
}

const char *vgpu_json_string(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* Source: serde_json, format_escaped_str(): only what must be escaped is */
static void write_string(FILE *stream, const char *text)
{
	static const char escapes[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
	};

	fputc('"', stream);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(stream, "\\%c", c);
		else if (c >= 0x20)
			putc_unlocked(c, stream);
		else if (escapes[c])
			fprintf(stream, "\\%c", escapes[c]);
		else
			fprintf(stream, "\\u%04x", c);
	}
	fputc('"', stream);
}

struct writing {
	FILE *stream;
	bool pretty;
	int depth;
};

static void write_value(struct writing *writing, struct json_object *value);

static void start_line(struct writing *writing)
{
	if (writing->pretty)
		fprintf(writing->stream, "\n%*s", 2 * writing->depth, "");
}

static void write_object(struct writing *writing, struct json_object *value)
{
	const char *separator = "";

	fputc('{', writing->stream);
	writing->depth++;
	json_object_object_foreach(value, key, member)
	{
		fputs(separator, writing->stream);
		separator = ",";
		start_line(writing);
		write_string(writing->stream, key);
		fputs(writing->pretty ? ": " : ":", writing->stream);
		write_value(writing, member);
	}
	writing->depth--;
	if (json_object_object_length(value))
		start_line(writing);
	fputc('}', writing->stream);
}

static void write_array(struct writing *writing, struct json_object *value)
{
	size_t len = json_object_array_length(value);

	fputc('[', writing->stream);
	writing->depth++;
	for (size_t i = 0; i < len; i++) {
		if (i)
			fputc(',', writing->stream);
		start_line(writing);
		write_value(writing, json_object_array_get_idx(value, i));
	}
	writing->depth--;
	if (len)
		start_line(writing);
	fputc(']', writing->stream);
}

static void write_value(struct writing *writing, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		write_object(writing, value);
		break;
	case json_type_array:
		write_array(writing, value);
		break;
	case json_type_string:
		write_string(writing->stream, json_object_get_string(value));
		break;
	default:
		fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
		      writing->stream);
	}
}

static char *format(struct json_object *value, bool pretty)
{
	char *text = NULL;
	size_t len;
	struct writing writing = { .stream = open_memstream(&text, &len), .pretty = pretty };

	if (!writing.stream)
		return NULL;
	write_value(&writing, value);
	if (fclose(writing.stream)) {
		free(text);
		return NULL;
	}
	return text;
}

char *vgpu_json_format(struct json_object *value)
{
	return format(value, true);
}

char *vgpu_json_format_compact(struct json_object *value)
{
	return format(value, false);
}
