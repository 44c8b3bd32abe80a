/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How long it takes to read an attribute: open, read, close. Several files take turns in one run,
 * so that the machine's mood hits all of them alike.
 *
 * usage: attribute-read LABEL=PATH...   (the first is the peer that the others are compared with)
 */

#include <errno.h>
#include <fcntl.h>
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

int main(int argc, char **argv)
{
	static struct subject subjects[FILES_MAX];
	int len = argc - 1;

	if (len < 1 || len > FILES_MAX) {
		fprintf(stderr, "usage: attribute-read LABEL=PATH...\n");
		return 2;
	}
	for (int i = 0; i < len; i++) {
		char *equals = strchr(argv[i + 1], '=');

		if (!equals)
			return 2;
		*equals = '\0';
		subjects[i] = (struct subject){ .label = argv[i + 1], .path = equals + 1 };
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < len; i++) {
			if (run_round(&subjects[i], round) < 0)
				return 1;
		}
	}
	for (int i = 0; i < len; i++)
		qsort(subjects[i].round_us, ROUNDS, sizeof(double), compare_doubles);
	for (int i = 0; i < len; i++) {
		printf("%-34s %8.2f us  %6.2fx\n", subjects[i].label,
		       subjects[i].round_us[ROUNDS / 2],
		       subjects[i].round_us[ROUNDS / 2] / subjects[0].round_us[ROUNDS / 2]);
	}
	return 0;
}
