/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <vgpulab/cleanup.h>

#include "facts-probe.h"

enum { DEADLINE_MS = 10000, OUTPUT_CAP = 1 << 20, NOT_FOUND = 127 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void become(const char *const *argv, int out)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(NOT_FOUND - 1);
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_FOUND - 1);
}

/* All that comes until the end or the deadline. */
static int drain(int fd, char **out)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int64_t end = now_ms() + DEADLINE_MS;
	_autofree_ char *text = NULL;
	size_t len = 0, room = 0;

	for (;;) {
		int64_t left = end - now_ms();
		ssize_t got;

		if (len + 1 >= room) {
			char *longer = room < OUTPUT_CAP ? realloc(text, room + 65536) : NULL;

			if (!longer)
				return room < OUTPUT_CAP ? -ENOMEM : -EFBIG;
			text = longer;
			room += 65536;
		}
		if (left <= 0 || poll(&poll_fd, 1, (int)left) == 0)
			return -ETIMEDOUT;
		got = read(fd, text + len, room - 1 - len);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (got == 0)
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	text[len] = '\0';
	*out = steal(text);
	return 0;
}

int vgpu_probe_command(const char *const *argv, char **out)
{
	_autofree_ char *text = NULL;
	int fds[2], status = 0, ret;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		become(argv, fds[1]);
	close(fds[1]);
	ret = pid < 0 ? -errno : drain(fds[0], &text);
	close(fds[0]);
	if (pid < 0)
		return ret;
	if (ret)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret)
		return ret;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND ? -ENOENT : -ENODEV;
	*out = steal(text);
	return 0;
}
