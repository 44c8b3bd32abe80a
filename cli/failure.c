/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "listing.h"

/* Errors quote names from sysfs and the command line: none of them may drive the terminal. */
static void print_text(FILE *stream, const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
			fprintf(stream, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, stream);
	fputc('\n', stream);
}

static void print_json(const struct vgpu_error *err, int code)
{
	struct json_object *error = json_object_new_object();
	struct json_object *document = json_object_new_object();
	const char *errno_name = err->errnum ? strerrorname_np(err->errnum) : NULL;

	json_object_object_add(error, "kind",
			       json_object_new_string(vgpu_error_kind_name(err->kind)));
	json_object_object_add(error, "code", json_object_new_int(code));
	json_object_object_add(error, "errno",
			       errno_name ? json_object_new_string(errno_name) : NULL);
	json_object_object_add(error, "message", json_object_new_string(err->message));
	json_object_object_add(error, "hint",
			       err->hint[0] ? json_object_new_string(err->hint) : NULL);
	json_object_object_add(document, "error", error);
	cli_json_write(stderr, document, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	json_object_put(document);
}

int cli_fail(const struct cli_globals *globals, const struct vgpu_error *err)
{
	int code = err->kind ? (int)err->kind : (int)VGPU_ERROR_FAILED;

	fflush(stdout); /* what went before comes before */
	if (globals->json) {
		print_json(err, code);
		return code;
	}
	fputs("vgpulab: ", stderr);
	print_text(stderr, err->message);
	if (err->hint[0]) {
		fputs("         ", stderr);
		print_text(stderr, err->hint);
	}
	return code;
}
