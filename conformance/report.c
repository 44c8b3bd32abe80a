/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include <conformance/report.h>

struct report {
	bool markdown;
	const struct conformance_table *table; /* whose heading was printed */
	unsigned int counts[CONFORMANCE_VERDICTS];
};

static void print_markdown(struct report *report, const struct conformance_result *result)
{
	if (report->table != result->table) {
		report->table = result->table;
		printf("\n## %s\n\n| case | verdict | expectation from |\n|---|---|---|\n",
		       result->table->title);
	}
	printf("| %s | %s%s%s | %s |\n", result->row->name,
	       conformance_verdict_name(result->verdict), result->why[0] ? ": " : "", result->why,
	       result->row->source);
}

static void print_result(void *data, const struct conformance_result *result)
{
	struct report *report = data;

	report->counts[result->verdict]++;
	if (report->markdown)
		print_markdown(report, result);
	else if (result->verdict != CONFORMANCE_SAME)
		printf("%-9s %s: %s\n", conformance_verdict_name(result->verdict),
		       result->row->name, result->why);
	fflush(stdout);
}

int conformance_report(const struct conformance_options *options, bool markdown)
{
	struct report report = { .markdown = markdown };
	unsigned int cases = 0;
	char why[512];
	int ret = conformance_run(options, print_result, &report, why, sizeof(why));

	if (ret < 0) {
		fprintf(stderr, "conformance: %s\n", why);
		return 2;
	}
	for (size_t i = 0; i < CONFORMANCE_VERDICTS; i++)
		cases += report.counts[i];
	printf("%s%u cases: %u same, %u accepted, %u different, %u not here\n",
	       markdown ? "\n" : "", cases, report.counts[CONFORMANCE_SAME],
	       report.counts[CONFORMANCE_ACCEPTED], report.counts[CONFORMANCE_DIFFERENT],
	       report.counts[CONFORMANCE_NOT_HERE]);
	if (cases == report.counts[CONFORMANCE_NOT_HERE]) {
		fprintf(stderr, "conformance: no case applies\n");
		return 2;
	}
	return ret ? 1 : 0;
}
