/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program under the filter of `vgpulab run`, and nothing else of it: no namespaces, no fake
 * host. Calls that stop are let go on. What differs from running it alone is the filter's cost.
 *
 * usage: under-filter CMD...
 */

#include <errno.h>
#include <fakevfio/supervisor.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
static _Noreturn void run(int to_parent, int from_parent, char **argv)
{
	struct vgpu_error err = { 0 };
	int listener = fv_filter_install(false, &err);

	if (write(to_parent, &listener, sizeof(listener)) != sizeof(listener) ||
	    read(from_parent, &listener, 1) != 1)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	int up[2], down[2], number = -1, status = -1, listener, pidfd;
	pthread_t thread;
	pid_t child;

	if (argc < 2 || pipe(up) || pipe(down))
		return EXIT_FAILURE;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(up[1], down[0], argv + 1);
	}
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (read(up[0], &number, sizeof(number)) != sizeof(number) || number < 0)
		return EXIT_FAILURE;
	listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	if (listener < 0 || pthread_create(&thread, NULL, let_go, &listener)) {
		perror("under-filter");
		return EXIT_FAILURE;
	}
	if (write(down[1], "", 1) != 1 || waitpid(child, &status, 0) != child)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
