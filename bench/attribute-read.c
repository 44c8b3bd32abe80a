/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How long it takes to read an attribute: open, read, close. Several files take turns in one run,
 * so that the machine's mood hits all of them alike, and all are served from the same place: first on
 * the reader's core, then on another one.
 *
 * usage: attribute-read [--servers PID,PID...] [--aim TIMES] LABEL=PATH...
 * The first file is the peer that the others are compared with; TIMES is what the second one may
 * take of it on one core. Exit code 1: it takes more.
 */

#include "placement.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { FILES_MAX = 8, ROUNDS = 60, READS_PER_ROUND = 300 };

struct subject {
	const char *label;
	const char *path;
	double round_us[ROUNDS]; /* mean of one round */
	double median_us[PLACEMENTS_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int read_once(const char *path)
{
	char buffer[4096];
	_autoclose_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, buffer, sizeof(buffer)) < 0)
		return -errno;
	return 0;
}

static int run_round(struct subject *subject, int round)
{
	uint64_t start_ns = now_ns();

	for (int i = 0; i < READS_PER_ROUND; i++) {
		int ret = read_once(subject->path);

		if (ret < 0) {
			fprintf(stderr, "attribute-read: %s: %s\n", subject->path, strerror(-ret));
			return ret;
		}
	}
	subject->round_us[round] = (double)(now_ns() - start_ns) / 1000 / READS_PER_ROUND;
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run_placement(struct subject *subjects, int len, size_t placement)
{
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < len; i++)
			if (run_round(&subjects[i], round) < 0)
				return -1;
	for (int i = 0; i < len; i++) {
		qsort(subjects[i].round_us, ROUNDS, sizeof(double), compare_doubles);
		subjects[i].median_us[placement] = subjects[i].round_us[ROUNDS / 2];
	}
	return 0;
}

/*
 * True if the second file takes at most @aim times as long as the first, on one core: on two, what else
 * the machine does decides.
 */
static bool print(const struct subject *subjects, int len, const struct placement *placements,
		  size_t placements_len, double aim)
{
	bool met = true;

	printf("%-34s", "");
	for (size_t p = 0; p < placements_len; p++)
		printf("%20s", placements[p].name);
	printf("\n");
	for (int i = 0; i < len; i++) {
		printf("%-34s", subjects[i].label);
		for (size_t p = 0; p < placements_len; p++) {
			double times = subjects[i].median_us[p] / subjects[0].median_us[p];

			printf("%8.2f us  %6.2fx", subjects[i].median_us[p], times);
			met &= i != 1 || p || aim <= 0 || times <= aim;
		}
		printf("%s\n", i == 1 && !met ? "  more than it should be" : "");
	}
	return met;
}

static int parse(int argc, char **argv, struct subject *subjects)
{
	if (argc < 1 || argc > FILES_MAX)
		return -1;
	for (int i = 0; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals)
			return -1;
		*equals = '\0';
		subjects[i] = (struct subject){ .label = argv[i], .path = equals + 1 };
	}
	return argc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "servers", required_argument, NULL, 's' },
		{ "aim", required_argument, NULL, 'a' },
		{ 0 },
	};
	static struct subject subjects[FILES_MAX];
	struct placement placements[PLACEMENTS_MAX];
	size_t placements_len = placements_find(placements);
	const char *servers = NULL;
	double aim = 0;
	int len;

	for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (id == 's')
			servers = optarg;
		else if (id == 'a')
			aim = atof(optarg);
		else
			return 2;
	}
	len = parse(argc - optind, argv + optind, subjects);
	if (len < 0) {
		fprintf(stderr, "usage: attribute-read [--servers PID,PID...] [--aim TIMES] "
				"LABEL=PATH...\n");
		return 2;
	}
	if (!servers)
		placements_len = 1; /* it is served where it is read */
	for (size_t p = 0; p < placements_len; p++) {
		if (placement_take(&placements[p], servers ? servers : "")) {
			perror("attribute-read: placing servers");
			return 1;
		}
		if (run_placement(subjects, len, p))
			return 1;
	}
	return print(subjects, len, placements, placements_len, aim) ? 0 : 1;
}
