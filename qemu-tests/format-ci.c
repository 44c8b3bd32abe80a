/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"

#include <string.h>

void qt_format_json(FILE *f, const struct qt_verdict *verdict)
{
	json_object *object = qt_verdict_json(verdict);

	fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							     JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE),
	      f);
	fputc('\n', f);
	json_object_put(object);
}

/* Source: LAVA's manual, "Lava test shell", lava-test-case and lava-test-set */
void qt_format_lava(FILE *f, const struct qt_verdict *verdict)
{
	static const char *const words[] = { "pass", "fail", "skip" };

	fputs("<LAVA_SIGNAL_TESTSET START vgpulab>\n", f);
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		char name[QT_RESULT_NAME_LEN];

		fprintf(f,
			"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=%s RESULT=%s UNITS=seconds "
			"MEASUREMENT=%.3f>\n",
			qt_result_name(result, name),
			*result->known ? "skip" : words[result->outcome],
			result->total_ms / 1000.0);
	}
	fputs("<LAVA_SIGNAL_TESTSET STOP>\n", f);
}

static void print_note(FILE *f, const char *first, const char *second)
{
	json_object *string;
	char note[600];

	snprintf(note, sizeof(note), "%s%s%s", first, *first && *second ? ": " : "", second);
	string = json_object_new_string(note);
	fprintf(f, "  note: %s\n",
		json_object_to_json_string_ext(string, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(string);
}

/*
 * "skip" is a result of newer versions only; "info" is one of all.
 * Source: tmt's specification, /spec/plans/results
 */
void qt_format_tmt(FILE *f, const struct qt_verdict *verdict)
{
	if (!verdict->results_len)
		fputs("[]\n", f);
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		unsigned int s = (result->total_ms + 999) / 1000;
		char name[QT_RESULT_NAME_LEN];

		fprintf(f, "- name: /%s\n  result: %s\n  duration: \"%02u:%02u:%02u\"\n",
			qt_result_name(result, name),
			result->outcome == QT_PASSED			  ? "pass"
			: result->outcome == QT_SKIPPED || *result->known ? "info"
									  : "fail",
			s / 3600, s / 60 % 60, s % 60);
		if (result->outcome == QT_SKIPPED)
			print_note(f, "skipped", result->reason);
		else if (*result->known)
			print_note(f, "expected failure", result->known);
		else if (result->outcome == QT_FAILED)
			print_note(f, result->fault, result->reason);
		if (*result->dir)
			fprintf(f, "  log:\n  - %s/qemu.log\n  - %s/console.log\n", result->dir,
				result->dir);
	}
}

/* Source: GitHub's reference, "Workflow commands": what @special names is escaped, too */
static void print_escaped(FILE *f, const char *text, const char *special)
{
	for (; *text; text++)
		if (strchr("%\r\n", *text) || strchr(special, *text))
			fprintf(f, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, f);
}

void qt_format_github(FILE *f, const struct qt_verdict *verdict)
{
	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];
		char name[QT_RESULT_NAME_LEN];

		if (result->outcome == QT_PASSED)
			continue;
		fprintf(f, "::%s title=",
			result->outcome == QT_SKIPPED ? "notice"
			: *result->known	      ? "warning"
						      : "error");
		print_escaped(f, qt_result_name(result, name), ":,");
		if (*result->fault) {
			fputs(" (", f);
			print_escaped(f, result->fault, ":,");
			fputc(')', f);
		}
		fputs("::", f);
		print_escaped(f, result->reason, "");
		fputc('\n', f);
	}
}
