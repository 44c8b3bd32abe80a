/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs commands by turns, so that what else the machine does slows all of them alike, and prints for
 * each, a line of two numbers: the medians of its time and of its processor time, in microseconds.
 * usage: race ROUNDS -- COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 8, ROUNDS_MAX = 1000 };

struct command {
	char **argv;
	int64_t wall_us[ROUNDS_MAX], processor_us[ROUNDS_MAX];
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int64_t to_us(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

static void run(struct command *command, int round)
{
	int64_t start_us = now_us();
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, 1);
		execvp(command->argv[0], command->argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status) {
		fprintf(stderr, "race: %s failed\n", command->argv[0]);
		exit(1);
	}
	command->wall_us[round] = now_us() - start_us;
	command->processor_us[round] = to_us(used.ru_utime) + to_us(used.ru_stime);
}

static int compare(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static long long median(int64_t *times, int rounds)
{
	qsort(times, (size_t)rounds, sizeof(*times), compare);
	return times[rounds / 2];
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	int rounds = argc > 1 ? atoi(argv[1]) : 0, len = 0;

	for (int i = 2; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			argv[i] = NULL;
			if (i + 1 < argc && len < COMMANDS_MAX)
				commands[len++].argv = argv + i + 1;
		}
	if (rounds < 1 || rounds > ROUNDS_MAX || !len) {
		fprintf(stderr, "usage: race ROUNDS -- COMMAND [ARGUMENT...] [-- COMMAND...]...\n");
		return 2;
	}
	/* the first round fills the caches, and is not counted */
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < len; i++)
			run(&commands[i], round < 0 ? 0 : round);
	for (int i = 0; i < len; i++)
		printf("%lld %lld\n", median(commands[i].wall_us, rounds),
		       median(commands[i].processor_us, rounds));
	return 0;
}
