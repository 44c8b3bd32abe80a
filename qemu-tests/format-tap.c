/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"

#include <string.h>

/* A '#' would begin a directive, a newline the next line. Source: TAP 14, "Escaping" */
static void print_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', f);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, f);
	}
}

/* JSON's strings are YAML's, too. */
static void print_yaml(FILE *f, const char *key, const char *text)
{
	json_object *string = json_object_new_string(text);

	if (*text)
		fprintf(f, "  %s: %s\n", key,
			json_object_to_json_string_ext(string, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(string);
}

/* Source: https://testanything.org/tap-version-14-specification.html */
void qt_format_tap(FILE *f, const struct qt_verdict *verdict)
{
	fprintf(f, "TAP version 14\n1..%zu\n", verdict->results_len);
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		char name[QT_RESULT_NAME_LEN];

		fprintf(f, "%sok %zu - ", result->outcome == QT_FAILED ? "not " : "", i + 1);
		print_text(f, qt_result_name(result, name));
		if (result->outcome == QT_SKIPPED || *result->known) {
			fputs(result->outcome == QT_SKIPPED ? " # SKIP " : " # TODO ", f);
			print_text(f,
				   result->outcome == QT_SKIPPED ? result->reason : result->known);
		}
		fputs("\n  ---\n", f);
		print_yaml(f, "path", result->scenario->path);
		print_yaml(f, "fault", result->fault);
		print_yaml(f, "message", result->reason);
		print_yaml(f, "hint", result->hint);
		fprintf(f, "  frames: %zu\n  duration_ms: %u\n  ...\n", result->frames_len,
			result->total_ms);
	}
}

/* No " - ", no YAML: diagnostics are comments. Source: Documentation/dev-tools/ktap.rst */
void qt_format_ktap(FILE *f, const struct qt_verdict *verdict)
{
	fprintf(f, "KTAP version 1\n1..%zu\n", verdict->results_len);
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		char name[QT_RESULT_NAME_LEN];

		qt_result_name(result, name);
		if (result->outcome == QT_FAILED) {
			fprintf(f, "# %s: %s: ", name, result->fault);
			print_text(f, result->reason);
			fputc('\n', f);
		}
		fprintf(f, "%sok %zu %s", result->outcome == QT_FAILED ? "not " : "", i + 1, name);
		if (result->outcome == QT_SKIPPED || *result->known) {
			fputs(result->outcome == QT_SKIPPED ? " # SKIP " : " # XFAIL ", f);
			print_text(f,
				   result->outcome == QT_SKIPPED ? result->reason : result->known);
		}
		fputc('\n', f);
	}
}
