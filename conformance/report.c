/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <conformance/report.h>
#include <stdio.h>

static void print_result(void *data, const struct conformance_result *result)
{
	unsigned int *counts = data;

	counts[result->verdict]++;
	if (result->verdict != CONFORMANCE_SAME)
		printf("%-9s %s: %s\n", conformance_verdict_name(result->verdict),
		       result->row->name, result->why);
	fflush(stdout);
}

int conformance_report(const struct conformance_options *options)
{
	unsigned int counts[CONFORMANCE_VERDICTS] = { 0 }, cases = 0;
	char why[512];
	int ret = conformance_run(options, print_result, counts, why, sizeof(why));

	if (ret < 0) {
		fprintf(stderr, "conformance: %s\n", why);
		return 2;
	}
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
	       "these %zu cases on the fake, the\nlab VM (`qemu-tests/lab-vm`) on Debian 12's kernel with "
	       "its sample drivers. \"oracle\" is a recording of that\nkernel; other sources are files "
	       "of the kernel.\n\n## Accepted differences\n\n| case | why it stays |\n|---|---|\n",
	       cases);
	for (size_t i = 0; i < conformance_accepted_len; i++)
		printf("| %s | %s |\n", conformance_accepted[i].name, conformance_accepted[i].why);
	for (size_t i = 0; i < conformance_tables_len; i++)
		print_table(conformance_tables[i]);
}
