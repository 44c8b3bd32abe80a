/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling the kernel what it must forget: in FUSE's own protocol, without a session, for it may be
 * another process that does it.
 */

#include <errno.h>
#include <fakesysfs/fuse.h>
#include <limits.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fuse-notices.h"

enum { MESSAGE_MAX = 1 << 20 };

/* False if the kernel does not know the name (ENOENT), or was not told. */
static bool tell_entry(int fuse, uint64_t parent, const char *name, uint32_t name_len)
{
	struct fuse_notify_inval_entry_out body = { .parent = parent, .namelen = name_len };
	struct fuse_out_header header = { .error = FUSE_NOTIFY_INVAL_ENTRY };
	char text[NAME_MAX + 1] = "";
	struct iovec parts[] = { { &header, sizeof(header) },
				 { &body, sizeof(body) },
				 { text, name_len + 1 } };

	if (name_len > NAME_MAX)
		return false;
	memcpy(text, name, name_len);
	header.len = (uint32_t)(sizeof(header) + sizeof(body) + name_len + 1);
	return writev(fuse, parts, 3) >= 0;
}

static void tell_inode(int fuse, uint64_t ino)
{
	struct fuse_notify_inval_inode_out body = { .ino = ino, .off = -1 };
	struct fuse_out_header header = {
		.error = FUSE_NOTIFY_INVAL_INODE,
		.len = sizeof(header) + sizeof(body),
	};
	struct iovec parts[] = { { &header, sizeof(header) }, { &body, sizeof(body) } };

	if (writev(fuse, parts, 2) < 0)
		return;
}

/*
 * Where a name that it knows goes, the kernel forgets the directory's attributes, too. Source:
 * fs/fuse/dir.c, fuse_reverse_inval_entry()
 */
void fake_fuse_tell_kernel(int fuse, const char *at, size_t len)
{
	const char *end = at + len;
	struct fake_notice_item item;
	uint64_t forgotten = 0;

	while ((size_t)(end - at) >= sizeof(item)) {
		memcpy(&item, at, sizeof(item));
		at += sizeof(item);
		if (item.name_len > (size_t)(end - at))
			return;
		if (item.name_len && tell_entry(fuse, item.ino, at, item.name_len))
			forgotten = item.ino;
		else if (!item.name_len && item.ino != forgotten)
			tell_inode(fuse, item.ino);
		at += item.name_len;
	}
}

void fake_fuse_notifier_run(int requests, int fuse)
{
	_autofree_ char *message = malloc(MESSAGE_MAX);
	struct fake_notice_header header;
	ssize_t len;

	while (message) {
		len = recv(requests, message, MESSAGE_MAX, 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return;
		if (len < (ssize_t)sizeof(header))
			continue;
		memcpy(&header, message, sizeof(header));
		fake_fuse_tell_kernel(fuse, message + sizeof(header), (size_t)len - sizeof(header));
		if (send(requests, &header.number, sizeof(header.number), MSG_NOSIGNAL) < 0)
			return;
	}
}
