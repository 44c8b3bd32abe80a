/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * May a process open a node of ours? The kernel would ask the node's owner, group and mode; it does
 * not get as far, because no one opens character devices of a mount in a user namespace.
 * Source: fs/namei.c, acl_permission_check(); kernel/capability.c, capable_wrt_inode_uidgid();
 * user_namespaces(7)
 */

#include <fakesysfs/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** How a user namespace counts users or groups: lines of uid_map or gid_map, as we see them. */
struct fv_id_map {
	struct fv_id_range {
		uint32_t inside, outside, len;
	} ranges[32];
	size_t len;
};

/** The user namespace that nodes' owners are counted in. */
struct fv_owners {
	struct fv_id_map uids, gids;
};

/** Reads the maps of the namespace that process @pid is in. 0, or a negative errno. */
int fv_owners_read(pid_t pid, struct fv_owners *out);

/**
 * May thread @tid read and write @node, whose owners are counted by @owners? The thread must be
 * stopped in a call of ours. No if nothing can be learnt of it.
 */
bool fv_may_open(const struct fv_owners *owners, pid_t tid, const struct fake_node *node);
