/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program with the filter of `vgpulab run` or without, and nothing else of it: no namespaces,
 * no fake host. Calls that stop are let go on. Prints how long the program and its children took, and
 * their processor time, in microseconds: what differs is the filter's cost.
 *
 * usage: under-filter with|without CMD...
 */

#include <errno.h>
#include <fakevfio/supervisor.h>
#include <linux/seccomp.h>
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
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static void *let_go(void *data)
{
	int listener = *(int *)data;

	for (;;) {
		union {
			struct seccomp_notif notif;
			char room[512];
		} call = { .room = { 0 } };
		struct seccomp_notif_resp response = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			continue;
		response.id = call.notif.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	return NULL;
}

/* In the child: tells the listener's number, and waits until the parent has it. */
static _Noreturn void run(bool filtered, int to_parent, int from_parent, char **argv)
{
	struct vgpu_error err = { 0 };
	int listener = filtered ? fv_filter_install(false, &err) : 0;

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

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	int up[2], down[2], number = -1, status = -1, listener;
	bool filtered = argc > 1 && !strcmp(argv[1], "with");
	struct rusage used;
	long long begin_us;
	pid_t child;

	if (argc < 3 || (!filtered && strcmp(argv[1], "without") != 0)) {
		fputs("usage: under-filter with|without CMD...\n", stderr);
		return 2;
	}
	if (pipe(up) || pipe(down))
		return EXIT_FAILURE;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(filtered, up[1], down[0], argv + 2);
	}
	if (read(up[0], &number, sizeof(number)) != sizeof(number) || number < 0 ||
	    (filtered && !serve(child, number, &listener))) {
		perror("under-filter");
		return EXIT_FAILURE;
	}
	begin_us = now_us();
	if (write(down[1], "", 1) != 1 || wait4(child, &status, 0, &used) != child)
		return EXIT_FAILURE;
	printf("%lld %lld\n", now_us() - begin_us, to_us(used.ru_utime) + to_us(used.ru_stime));
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
