/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a system call costs that has nothing to do with VFIO, with and without the filter of
 * `vgpulab run`, in turns. getppid(2) is none that the filter names; read(2) of no bytes is the
 * cheapest of those whose arguments it looks at; openat(2) is looked at where there are character
 * devices (--kernel 6.6). Nanoseconds a call, in the best of many rounds: what disturbs only adds.
 *
 * usage: call-cost VGPULAB
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

enum { TURNS = 7, ROUNDS = 300, CALLS = 500, KINDS = 4 };

static const char *const names[KINDS] = { "getppid", "read", "openat", "fstat" };

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

int main(int argc, char **argv)
{
	double bare[KINDS] = { 0 }, groups[KINDS] = { 0 }, nodes[KINDS] = { 0 };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc != 2 || len < 0)
		return EXIT_FAILURE;
	if (!strcmp(argv[1], "--print"))
		return print_all();
	self[len] = '\0';
	for (int i = 0; i < TURNS; i++)
		if (!take_best((char *const[]){ self, "--print", NULL }, bare) ||
		    !take_best((char *const[]){ argv[1], "run", "--", self, "--print", NULL },
			       groups) ||
		    !take_best((char *const[]){ argv[1], "run", "--kernel", "6.6", "--", self,
						"--print", NULL },
			       nodes)) {
			fputs("call-cost: could not be measured\n", stderr);
			return EXIT_FAILURE;
		}
	printf("  %-12s %12s %18s %26s\n", "", "no filter", "vgpulab run",
	       "with character devices");
	for (unsigned int i = 0; i < KINDS; i++)
		printf("  %-12s %9.0f ns %9.0f ns %+4.0f %9.0f ns %+4.0f\n", names[i], bare[i],
		       groups[i], groups[i] - bare[i], nodes[i], nodes[i] - bare[i]);
	return EXIT_SUCCESS;
}
