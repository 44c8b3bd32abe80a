/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notification.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
/* Linux 6.6 */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

union response {
	struct seccomp_notif_resp resp;
	char room[256];
};

/* Linux 5.14 can place a descriptor and end the call in one step. No call has id 0: -ENOENT. */
static int probe_addfd_send(int listener)
{
	struct seccomp_notif_addfd addfd = {
		.flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = listener,
		.newfd_flags = O_CLOEXEC,
	};

	if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) || errno == ENOENT)
		return 0;
	return -EOPNOTSUPP;
}

int fv_listener_prepare(int listener)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) ||
	    sizes.seccomp_notif > sizeof(union fv_notification) ||
	    sizes.seccomp_notif_resp > sizeof(union response))
		return -EOPNOTSUPP;
	/* Both ends on one CPU make a round trip several times as fast. Older kernels: as it is. */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return probe_addfd_send(listener);
}

int fv_notification_receive(int listener, union fv_notification *out)
{
	struct pollfd poll_fd = { .fd = listener };

	memset(out, 0, sizeof(*out)); /* the kernel insists */
	if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &out->notif))
		return 0;
	/* ENOENT is said of one caller that died, and at once and for ever when all have. */
	if (errno == ENOENT && poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLHUP)
		return -ENOTCONN;
	return -errno;
}

bool fv_notification_valid(int listener, const union fv_notification *notification)
{
	uint64_t id = notification->notif.id;

	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static int send_response(int listener, union response *response)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response->resp) ? -errno : 0;
}

int fv_notification_answer(int listener, const union fv_notification *notification, int64_t result)
{
	union response response = { .resp = { .id = notification->notif.id } };

	if (result < 0)
		response.resp.error = result;
	else
		response.resp.val = result;
	return send_response(listener, &response);
}

int fv_notification_continue(int listener, const union fv_notification *notification)
{
	union response response = { .resp = { .id = notification->notif.id,
					      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE } };

	return send_response(listener, &response);
}

int fv_notification_give_any_fd(int listener, const union fv_notification *notification, int fd,
				int flags)
{
	struct seccomp_notif_addfd addfd = {
		.id = notification->notif.id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = fd,
		.newfd_flags = flags,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0 ? -errno : 0;
}

int fv_notification_give_fd(int listener, const union fv_notification *notification, int fd,
			    int number, bool cloexec)
{
	struct seccomp_notif_addfd addfd = {
		.id = notification->notif.id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = fd,
		.newfd = number,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0 ? -errno : 0;
}
