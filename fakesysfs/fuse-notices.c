/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel must forget. It answers once its caches are clean, so nobody may hold a lock that
 * a request needs.
 *
 * Where requests outlive their process, another process tells the kernel: see
 * fake_fuse_notifier_run(). All that belongs to one change is one message to it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "fuse-impl.h"
#include "fuse-notices.h"

enum { ANSWER_S = 2 }; /* then the notifier is asked again: it may have been killed */

/* Those of the change that this thread makes. */
static _Thread_local struct fake_notices gathered;

static void add(struct fake_notices *notices, uint64_t ino, const char *name)
{
	struct fake_notice_item item = { .ino = ino,
					 .name_len = name ? (uint32_t)strlen(name) : 0 };
	size_t len = notices->len + sizeof(item) + item.name_len;
	char *data;

	if (len > notices->max) {
		data = realloc(notices->data, len * 2);
		if (!data)
			return; /* the kernel keeps what is old: all that can be done */
		notices->data = data;
		notices->max = len * 2;
	}
	memcpy(notices->data + notices->len, &item, sizeof(item));
	if (name)
		memcpy(notices->data + notices->len + sizeof(item), name, item.name_len);
	notices->len = len;
}

static void notices_finish(struct fake_notices *notices)
{
	free(notices->data);
	*notices = (struct fake_notices){ 0 };
}

int fake_fuse_notifier_open(int ends[2])
{
	struct timeval patience = { .tv_sec = ANSWER_S };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -errno;
	return 0;
}

/* The caller holds the lock: one message at a time. */
static void ask_notifier(struct fake_fuse *fuse, const struct fake_notices *notices)
{
	struct fake_notice_header header = { .number = ++fuse->notices_told };
	struct iovec parts[] = { { &header, sizeof(header) }, { notices->data, notices->len } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	uint32_t answer;
	ssize_t len;

	/* numbers begin anew with each process: an answer to another one is none */
	header.number += (uint32_t)fuse->process << 24;
	do {
		if (sendmsg(fuse->options.notifier, &message, MSG_NOSIGNAL) < 0)
			return;
		do
			len = recv(fuse->options.notifier, &answer, sizeof(answer), 0);
		while ((len == sizeof(answer) && answer != header.number) ||
		       (len < 0 && errno == EINTR));
	} while (len < 0 && errno == EAGAIN);
}

static void tell_removed(void *data, uint64_t dir, const char *name, uint64_t ino)
{
	(void)ino;
	add(&gathered, fake_fuse_from_tree(data, dir), name);
}

/* A directory that loses several entries changes once. */
static bool is_gathered(uint64_t ino)
{
	struct fake_notice_item item;

	for (size_t at = 0; at < gathered.len; at += sizeof(item) + item.name_len) {
		memcpy(&item, gathered.data + at, sizeof(item));
		if (item.ino == ino && !item.name_len)
			return true;
	}
	return false;
}

static void tell_changed(void *data, uint64_t dir)
{
	fuse_ino_t ino = fake_fuse_from_tree(data, dir);

	if (!is_gathered(ino))
		add(&gathered, ino, NULL);
}

static void append(struct fake_notices *to, const struct fake_notices *notices)
{
	char *data = realloc(to->data, to->len + notices->len);

	if (!data)
		return;
	memcpy(data + to->len, notices->data, notices->len);
	to->data = data;
	to->len = to->max = to->len + notices->len;
}

/*
 * Does telling all this wait? Forgetting a name locks its directory, which a client may have locked
 * until it is answered; forgetting attributes locks nothing. Source: fs/fuse/dir.c,
 * fuse_reverse_inval_entry(); fs/fuse/inode.c, fuse_reverse_inval_inode()
 */
static bool may_wait(const struct fake_notices *notices)
{
	struct fake_notice_item item;

	for (size_t at = 0; at < notices->len; at += sizeof(item) + item.name_len) {
		memcpy(&item, notices->data + at, sizeof(item));
		if (item.name_len)
			return true;
	}
	return false;
}

/* With names among them, another process tells the kernel, if requests outlive this one. */
static void tell(struct fake_fuse *fuse, const struct fake_notices *notices)
{
	int fd = fuse_session_fd(fuse->session);

	if (fuse->notices_deferred) {
		/* there are no threads yet to answer what the kernel may wait for */
		append(fuse->notices, notices);
	} else if (!may_wait(notices)) {
		/* who leads goes on leading, so it takes no lock that others hold while they wait */
		fake_fuse_tell_kernel(fd, notices->data, notices->len);
	} else if (!fuse->options.slots) {
		fake_fuse_hand_over(fuse);
		fake_fuse_tell_kernel(fd, notices->data, notices->len);
	} else {
		fake_fuse_hand_over(fuse);
		pthread_mutex_lock(&fuse->notices_lock);
		ask_notifier(fuse, notices);
		pthread_mutex_unlock(&fuse->notices_lock);
	}
}

static void tell_gathered(void *data)
{
	if (gathered.len)
		tell(data, &gathered);
	notices_finish(&gathered);
}

const struct fake_tree_watcher fake_fuse_watcher = {
	.removed = tell_removed,
	.changed = tell_changed,
	.done = tell_gathered,
};

int fake_fuse_defer_notices(struct fake_fuse *fuse)
{
	fuse->notices = calloc(1, sizeof(*fuse->notices));
	fuse->notices_deferred = fuse->notices != NULL;
	return fuse->notices ? 0 : -ENOMEM;
}

/* Who comes second waits until all have been told. */
void fake_fuse_flush_notices(struct fake_fuse *fuse)
{
	fake_fuse_hand_over(fuse);
	pthread_mutex_lock(&fuse->notices_lock);
	if (fuse->notices && fuse->notices->len)
		ask_notifier(fuse, fuse->notices);
	fake_fuse_forget_notices(fuse);
	pthread_mutex_unlock(&fuse->notices_lock);
}

void fake_fuse_forget_notices(struct fake_fuse *fuse)
{
	if (fuse->notices)
		notices_finish(fuse->notices);
	free(fuse->notices);
	fuse->notices = NULL;
}
