/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program with the filter of `vgpulab run` and nothing else of it: no namespaces, no fake host.
 * Calls that stop are let go on. Or with one that allows all, or without: see the table of ways. Prints
 * the processor time of the program and its children in microseconds: what differs is the filter's cost.
 * All run on one processor, for where the scheduler has them counts for more.
 *
 * usage: under-filter WAY CMD...
 */

#include <errno.h>
#include <fakevfio/supervisor.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "placement.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* Ends with the last program under the filter: else it would compete with who waits for that. */
static void *let_go(void *data)
{
	struct pollfd listener = { .fd = *(int *)data };

	while (poll(&listener, 1, -1) > 0 && !(listener.revents & POLLHUP)) {
		union {
			struct seccomp_notif notif;
			char room[512];
		} call = { .room = { 0 } };
		struct seccomp_notif_resp response = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		if (ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &call))
			continue;
		response.id = call.notif.id;
		ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

static int install_nothing(void)
{
	return 0;
}

/* The kernel knows beforehand that it allows all, and does not run it. */
static int install_empty(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = { VGPU_ARRAY_LEN(filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int install_ours(void)
{
	struct vgpu_error err = { 0 };

	return fv_filter_install(false, &err);
}

static const struct way {
	const char *name;
	int (*install)(void); /* a listener if it has one; negative if it failed */
	bool listens;
} ways[] = {
	{ "without", install_nothing, false },
	{ "empty", install_empty, false },
	{ "with", install_ours, true },
};

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

/* In the child: tells the listener's number, and waits until the parent has it. */
static _Noreturn void run(const struct way *way, int to_parent, int from_parent, char **argv)
{
	int listener = way->install();

	if (write(to_parent, &listener, sizeof(listener)) != sizeof(listener) ||
	    read(from_parent, &listener, 1) != 1)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

/* Has a thread of ours answer the child's listener. */
static bool serve(pid_t child, int number, int *listener)
{
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	pthread_t thread;

	*listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	return *listener >= 0 && !pthread_create(&thread, NULL, let_go, listener);
}

static long long to_us(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

static int take_one_processor(void)
{
	struct placement places[PLACEMENTS_MAX];

	placements_find(places);
	return placement_take(&places[0], "");
}

int main(int argc, char **argv)
{
	int up[2], down[2], number = -1, status = -1, listener;
	const struct way *way = argc > 2 ? find_way(argv[1]) : NULL;
	struct rusage used;
	pid_t child;

	if (!way) {
		fputs("usage: under-filter without|empty|with CMD...\n", stderr);
		return 2;
	}
	if (take_one_processor() || pipe(up) || pipe(down))
		return EXIT_FAILURE;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(way, up[1], down[0], argv + 2);
	}
	if (read(up[0], &number, sizeof(number)) != sizeof(number) || number < 0 ||
	    (way->listens && !serve(child, number, &listener))) {
		perror("under-filter");
		return EXIT_FAILURE;
	}
	if (write(down[1], "", 1) != 1 || wait4(child, &status, 0, &used) != child)
		return EXIT_FAILURE;
	printf("%lld\n", to_us(used.ru_utime) + to_us(used.ru_stime));
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
