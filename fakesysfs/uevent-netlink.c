/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/uevent-netlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any type above the control messages' will do: the kernel does not look. */
enum { MESSAGE_TYPE = NLMSG_MIN_TYPE };

struct fake_uevent_netlink {
	pthread_mutex_t lock;
	int fd;
	int error;
};

int fake_uevent_netlink_open(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_autoclose_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		return -errno;
	return steal_fd(&fd);
}

struct fake_uevent_netlink *fake_uevent_netlink_create(int fd)
{
	struct fake_uevent_netlink *netlink = calloc(1, sizeof(*netlink));

	if (!netlink) {
		close(fd);
		return NULL;
	}
	pthread_mutex_init(&netlink->lock, NULL);
	netlink->fd = fd;
	return netlink;
}

void fake_uevent_netlink_destroy(struct fake_uevent_netlink *netlink)
{
	if (!netlink)
		return;
	close(netlink->fd);
	pthread_mutex_destroy(&netlink->lock);
	free(netlink);
}

/* The kernel has answered before send(2) returns. 0 or a negative errno. */
static int receive_answer(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
		char original[FAKE_UEVENT_SIZE];
	} answer;
	ssize_t len = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);

	if (len < (ssize_t)(sizeof(answer.header) + sizeof(answer.body)))
		return len < 0 ? -errno : -EPROTO;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.body.error : -EPROTO;
}

void fake_uevent_netlink_send(void *data, const char *message, size_t len)
{
	struct fake_uevent_netlink *netlink = data;
	struct {
		struct nlmsghdr header;
		char payload[FAKE_UEVENT_SIZE];
	} packet = {
		.header = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
			    .nlmsg_type = MESSAGE_TYPE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
	};
	int ret;

	if (len > sizeof(packet.payload))
		return;
	memcpy(packet.payload, message, len);
	pthread_mutex_lock(&netlink->lock);
	ret = send(netlink->fd, &packet, packet.header.nlmsg_len, 0) < 0
		      ? -errno
		      : receive_answer(netlink->fd);
	/* ESRCH: nobody listens */
	if (ret && ret != -ESRCH && !netlink->error)
		netlink->error = -ret;
	pthread_mutex_unlock(&netlink->lock);
}

int fake_uevent_netlink_error(struct fake_uevent_netlink *netlink)
{
	int error;

	pthread_mutex_lock(&netlink->lock);
	error = netlink->error;
	pthread_mutex_unlock(&netlink->lock);
	return error;
}
