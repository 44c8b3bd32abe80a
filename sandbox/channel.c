/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

int sandbox_channel_open(int ends[2])
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	if (!setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		return 0;
	on = -errno;
	close(ends[0]);
	close(ends[1]);
	return on;
}

int sandbox_channel_send(int channel, const struct sandbox_message *message, int fd)
{
	struct iovec iov = { (void *)message, sizeof(*message) };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	while (sendmsg(channel, &msg, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int sandbox_channel_receive(int channel, struct sandbox_message *out, int *fd, pid_t *sender)
{
	struct iovec iov = { out, sizeof(*out) };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	_autoclose_ int got_fd = -1;
	struct ucred from = { 0 };
	ssize_t len;

	do
		len = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
		if (at->cmsg_type == SCM_RIGHTS)
			memcpy(&got_fd, CMSG_DATA(at), sizeof(got_fd));
		else if (at->cmsg_type == SCM_CREDENTIALS)
			memcpy(&from, CMSG_DATA(at), sizeof(from));
	}
	if (len != sizeof(*out))
		return len ? -EPROTO : -EPIPE;
	if (fd)
		*fd = steal_fd(&got_fd);
	if (sender)
		*sender = from.pid;
	return 0;
}
