/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"
#include "report.h"

static void print_attribute(FILE *f, const char *name, const char *text)
{
	fprintf(f, " %s=\"", name);
	qt_html_text(f, text); /* what HTML escapes is what XML does */
	fputc('"', f);
}

static void print_case(FILE *f, const struct qt_result *result)
{
	bool skipped = result->outcome == QT_SKIPPED || *result->known;
	char name[QT_RESULT_NAME_LEN];

	fputs("<testcase", f);
	print_attribute(f, "classname", result->scenario->path);
	print_attribute(f, "name", qt_result_name(result, name));
	fprintf(f, " time=\"%.3f\">\n", result->total_ms / 1000.0);
	if (skipped) {
		fputs("<skipped", f);
		print_attribute(f, "message", *result->known ? result->known : result->reason);
		fputs("/>\n", f);
	} else if (result->outcome == QT_FAILED) {
		fputs("<failure", f);
		print_attribute(f, "type", result->fault);
		print_attribute(f, "message", result->reason);
		fputc('>', f);
		qt_html_text(f, result->hint);
		fputs("</failure>\n", f);
	}
	if (*result->notes) {
		fputs("<system-out>", f);
		qt_html_text(f, result->notes);
		fputs("</system-out>\n", f);
	}
	fputs("</testcase>\n", f);
}

/* An expected failure has no word of its own: it is a skipped case with the reason. */
void qt_format_junit(FILE *f, const struct qt_verdict *verdict)
{
	struct qt_counts counts = qt_verdict_counts(verdict);
	char sums[160];

	snprintf(sums, sizeof(sums),
		 "tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\"",
		 verdict->results_len, counts.failed, counts.skipped + counts.known,
		 verdict->total_ms / 1000.0);
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites %s>\n"
		"<testsuite name=\"vgpulab\" %s",
		sums, sums);
	/* JUnit's times have no zone */
	fprintf(f, " timestamp=\"%.19s\">\n<properties>\n<property name=\"host\"",
		verdict->started);
	print_attribute(f, "value", verdict->host);
	fputs("/>\n<property name=\"kernel\"", f);
	print_attribute(f, "value", verdict->kernel);
	fputs("/>\n</properties>\n", f);
	for (size_t i = 0; i < verdict->results_len; i++)
		print_case(f, &verdict->results[i]);
	fputs("</testsuite>\n</testsuites>\n", f);
}
