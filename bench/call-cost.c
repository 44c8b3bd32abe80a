/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a system call costs that has nothing to do with VFIO, under the filter of `vgpulab run`, under
 * one that allows all (under-filter.c), and under none, in turns. getppid(2) and read(2) are none that
 * the filter names; pread(2) of no bytes is the cheapest of those whose arguments it looks at; openat(2)
 * and fstat(2) are looked at where there are character devices (--kernel 6.6). Nanoseconds a call, in
 * the best of many rounds: what disturbs only adds.
 *
 * usage: call-cost VGPULAB UNDER-FILTER
 */

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"

enum { TURNS = 7, ROUNDS = 300, CALLS = 500, KINDS = 5 };

static const char *const names[KINDS] = { "getppid", "read", "pread", "openat", "fstat" };

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void call(unsigned int kind, int fd)
{
	char room[256];

	if (kind == 0)
		syscall(SYS_getppid);
	else if (kind == 1)
		syscall(SYS_read, fd, room, 0);
	else if (kind == 2)
		syscall(SYS_pread64, fd, room, 0, 0);
	else if (kind == 3)
		syscall(SYS_openat, AT_FDCWD, "", O_RDONLY);
	else
		syscall(SYS_fstat, fd, room);
}

static double measure(unsigned int kind, int fd)
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns(), each;

		for (int j = 0; j < CALLS; j++)
			call(kind, fd);
		each = (now_ns() - begin) / CALLS;
		best = each < best ? each : best;
	}
	return best;
}

static int print_all(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (unsigned int i = 0; i < KINDS; i++)
		printf("%f\n", measure(i, fd));
	return 0;
}

/* Runs @argv, which prints a number for each kind, and keeps the lower ones. */
static bool take_best(char *const *argv, double best[KINDS])
{
	double figures[KINDS];

	if (!figures_of(argv, figures, KINDS))
		return false;
	for (unsigned int i = 0; i < KINDS; i++)
		best[i] = !best[i] || figures[i] < best[i] ? figures[i] : best[i];
	return true;
}

static const struct way {
	const char *name;
	enum { NOTHING, VGPULAB, UNDER_FILTER } program;
	const char *arguments[4];
} ways[] = {
	{ "no filter", NOTHING, { NULL } },
	{ "allows all", UNDER_FILTER, { "empty" } },
	{ "vgpulab run", VGPULAB, { "run", "--" } },
	{ "with devices", VGPULAB, { "run", "--kernel", "6.6", "--" } },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* Runs ourselves in that way, and keeps the lower figures. */
static bool measure_way(const struct way *way, char *const *programs, char *self,
			double best[KINDS])
{
	char *argv[8];
	size_t len = 0;

	if (way->program != NOTHING)
		argv[len++] = programs[way->program];
	for (size_t i = 0; i < 4 && way->arguments[i]; i++)
		argv[len++] = (char *)way->arguments[i];
	argv[len++] = self;
	argv[len++] = "--print";
	argv[len] = NULL;
	return take_best(argv, best);
}

int main(int argc, char **argv)
{
	double best[WAYS][KINDS] = { { 0 } };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return EXIT_FAILURE;
	if (argc == 2 && !strcmp(argv[1], "--print"))
		return print_all();
	if (argc != 3)
		return EXIT_FAILURE;
	self[len] = '\0';
	for (int i = 0; i < TURNS * WAYS; i++)
		if (!measure_way(&ways[i % WAYS], argv, self, best[i % WAYS])) {
			fputs("call-cost: could not be measured\n", stderr);
			return EXIT_FAILURE;
		}
	printf("  %-8s", "");
	for (unsigned int i = 0; i < WAYS; i++)
		printf(" %14s", ways[i].name);
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		printf("\n  %-8s %11.0f ns", names[kind], best[0][kind]);
		for (unsigned int i = 1; i < WAYS; i++)
			printf(" %7.0f ns %+3.0f", best[i][kind], best[i][kind] - best[0][kind]);
	}
	putchar('\n');
	return EXIT_SUCCESS;
}
