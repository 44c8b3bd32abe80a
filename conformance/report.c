/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <conformance/report.h>
#include <stdio.h>
#include <string.h>

enum { REASONS_MAX = 16 };

struct report {
	unsigned int counts[CONFORMANCE_VERDICTS];
	struct {
		char why[64];
		unsigned int count;
	} reasons[REASONS_MAX]; /* of those that were not run */
};

static void count_reason(struct report *report, const char *why)
{
	size_t i = 0;

	while (i + 1 < REASONS_MAX && report->reasons[i].count &&
	       strcmp(report->reasons[i].why, why))
		i++;
	snprintf(report->reasons[i].why, sizeof(report->reasons[i].why), "%.63s", why);
	report->reasons[i].count++;
}

static void take_result(void *data, const struct conformance_result *result)
{
	struct report *report = data;

	report->counts[result->verdict]++;
	if (result->verdict == CONFORMANCE_NOT_HERE)
		count_reason(report, result->why);
	else if (result->verdict != CONFORMANCE_SAME)
		printf("%-9s %s: %s\n", conformance_verdict_name(result->verdict),
		       result->row->name, result->why);
	fflush(stdout);
}

int conformance_report(const struct conformance_options *options)
{
	struct report report = { .counts = { 0 } };
	const unsigned int *counts = report.counts;
	unsigned int cases = 0;
	char why[512];
	int ret = conformance_run(options, take_result, &report, why, sizeof(why));

	if (ret < 0) {
		fprintf(stderr, "conformance: %s\n", why);
		return 2;
	}
	for (size_t i = 0; i < REASONS_MAX && report.reasons[i].count; i++)
		printf("%-9s %u: %s\n", conformance_verdict_name(CONFORMANCE_NOT_HERE),
		       report.reasons[i].count, report.reasons[i].why);
	for (size_t i = 0; i < CONFORMANCE_VERDICTS; i++)
		cases += counts[i];
	printf("%u cases: %u same, %u accepted, %u different, %u not here\n", cases,
	       counts[CONFORMANCE_SAME], counts[CONFORMANCE_ACCEPTED],
	       counts[CONFORMANCE_DIFFERENT], counts[CONFORMANCE_NOT_HERE]);
	if (cases == counts[CONFORMANCE_NOT_HERE]) {
		fprintf(stderr, "conformance: no case applies\n");
		return 2;
	}
	return ret ? 1 : 0;
}

static void print_table(const struct conformance_table *table)
{
	printf("\n## %s\n\n| case | expectation from |\n|---|---|\n", table->title);
	for (size_t i = 0; i < table->cases_len; i++)
		printf("| %s | %s |\n", table->cases[i].name, table->cases[i].source);
}

void conformance_page(void)
{
	size_t cases = 0;

	for (size_t i = 0; i < conformance_tables_len; i++)
		cases += conformance_tables[i]->cases_len;
	printf("# Fidelity\n\nMade from the tables in `conformance/`. `vgpulab fake conformance` runs "
	       "these %zu cases on the fake, with\n`--backend mem:GPU` those that need no file system on "
	       "the manager's own, the lab VM (`qemu-tests/lab-vm`) on Debian 12's\nkernel with its "
	       "sample drivers. \"oracle\" is a recording of that kernel; other sources are files of "
	       "the kernel.\n\n## Accepted differences\n\n| case | why it stays |\n|---|---|\n",
	       cases);
	for (size_t i = 0; i < conformance_accepted_len; i++)
		printf("| %s | %s |\n", conformance_accepted[i].name, conformance_accepted[i].why);
	for (size_t i = 0; i < conformance_tables_len; i++)
		print_table(conformance_tables[i]);
}
