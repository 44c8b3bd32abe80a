/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations that use a device, wait for one, or listen to the kernel.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "suite.h"

#define OP(name) static void name(struct suite_run *run, int argc, char **argv)

enum { QUIET_MS = 200 };

static int open_in(const char *dir, const char *name)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* group H UUID-DIR: opens the group of a device. */
OP(op_group)
{
	char path[PATH_LEN], target[PATH_LEN];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/iommu_group", argv[1]);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		suite_say_count(run, -1);
		return;
	}
	target[len] = '\0';
	*suite_handle(run, argv[0]) = open_in(run->parent->options->vfio, strrchr(target, '/') + 1);
	suite_say_count(run, *suite_handle(run, argv[0]) < 0 ? -1 : 0);
}

/* container H GROUP-H: a container with that group in it. */
OP(op_container)
{
	int fd = open_in(run->parent->options->vfio, "vfio");
	int group = *suite_handle(run, argv[1]);

	*suite_handle(run, argv[0]) = fd;
	if (fd < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &fd))
		suite_say_count(run, -1);
	else
		suite_say_count(run, ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU));
}

/* device H GROUP-H UUID */
OP(op_device)
{
	int fd = ioctl(*suite_handle(run, argv[1]), VFIO_GROUP_GET_DEVICE_FD, argv[2]);

	*suite_handle(run, argv[0]) = fd;
	suite_say_count(run, fd < 0 ? -1 : 0);
}

static void *write_in_background(void *data)
{
	struct suite_background *background = data;
	size_t len = strlen(background->bytes);
	ssize_t ret = background->fd < 0 ? suite_put(background->parent, background->path,
						     background->bytes, len)
					 : write(background->fd, background->bytes, len);

	pthread_mutex_lock(&background->lock);
	background->result = ret == -1 && background->fd >= 0 ? -errno : ret;
	background->done = true;
	pthread_cond_signal(&background->changed);
	pthread_mutex_unlock(&background->lock);
	return NULL;
}

static void start_background(struct suite_run *run, struct suite_background *background, int fd,
			     const char *path, const char *bytes)
{
	if (background->started) {
		errno = EBUSY;
		suite_say_count(run, -1);
		return;
	}
	background->parent = run->parent;
	background->fd = fd;
	snprintf(background->path, sizeof(background->path), "%s", path);
	snprintf(background->bytes, sizeof(background->bytes), "%s", bytes);
	errno = pthread_create(&background->thread, NULL, write_in_background, background);
	background->started = !errno;
	suite_say_count(run, errno ? -1 : 0);
}

static void say_outcome(struct suite_run *run, struct suite_background *background, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&background->lock);
	while (!background->done && !pthread_cond_clockwait(&background->changed, &background->lock,
							    CLOCK_MONOTONIC, &until))
		;
	errno = background->result < 0 ? (int)-background->result : 0;
	if (background->done)
		suite_say_count(run, background->result);
	else
		suite_say(run, "blocked");
	pthread_mutex_unlock(&background->lock);
}

/* later PATH BYTES: a write that may block; `outcome` asks for it. */
OP(op_later)
{
	start_background(run, &run->background[0], -1, argv[0], argv[1]);
}

/* outcome MS: what came of the write, or "blocked" after that time. */
OP(op_outcome)
{
	say_outcome(run, &run->background[0], atol(argv[0]));
}

/* try H BYTES MS: a write to an open file that should not block, but may. */
OP(op_try)
{
	start_background(run, &run->background[1], *suite_handle(run, argv[0]), "", argv[1]);
	if (run->background[1].started)
		say_outcome(run, &run->background[1], atol(argv[2]));
}

/* gone PATH: waits at most a minute until the name has gone. */
OP(op_gone)
{
	int tries = 6000;

	while (!faccessat(AT_FDCWD, argv[0], F_OK, AT_SYMLINK_NOFOLLOW) && --tries)
		usleep(10000);
	suite_say(run, tries ? "yes" : "no");
}

OP(op_listen)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	*suite_handle(run, argv[0]) = fd;
	suite_say_count(run,
			fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof(address)));
}

static bool is_ours(const char *message, size_t len)
{
	for (const char *at = message; at < message + len; at += strlen(at) + 1)
		if (!strncmp(at, "SUBSYSTEM=mdev", 14) || !strncmp(at, "SUBSYSTEM=vfio", 14))
			return true;
	return false;
}

/* All keys but SEQNUM, which nobody can foresee, and MAJOR, which is any. */
static void append_message(struct suite_run *run, const char *message, size_t len, bool whole)
{
	for (const char *at = message; at < message + len; at += strlen(at) + 1) {
		size_t used = strlen(run->out);

		if (!strncmp(at, "SEQNUM=", 7) || !strncmp(at, "MAJOR=", 6) ||
		    !strncmp(at, "MINOR=", 6) || !*at)
			continue;
		snprintf(run->out + used, sizeof(run->out) - used, "%s%s", used ? " " : "", at);
		if (!whole)
			return;
	}
}

/* heard H [whole]: what came, until nothing has for a while. */
OP(op_heard)
{
	struct pollfd poll_fd = { .fd = *suite_handle(run, argv[0]), .events = POLLIN };
	char message[4096];
	ssize_t len;

	run->out[0] = '\0';
	while (poll(&poll_fd, 1, QUIET_MS) > 0) {
		len = recv(poll_fd.fd, message, sizeof(message) - 1, 0);
		if (len <= 0)
			break;
		message[len] = '\0';
		if (is_ours(message, (size_t)len))
			append_message(run, message, (size_t)len, argc > 1);
	}
}

const struct suite_op suite_device_ops[] = {
	{ "group", 2, op_group },   { "container", 2, op_container },
	{ "device", 3, op_device }, { "later", 2, op_later },
	{ "try", 3, op_try },	    { "outcome", 1, op_outcome },
	{ "gone", 1, op_gone },	    { "listen", 1, op_listen },
	{ "heard", 1, op_heard },
};
const size_t suite_device_ops_len = ARRAY_LEN(suite_device_ops);
