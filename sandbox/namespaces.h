/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <vgpulab/error.h>

/**
 * fork(2) into a user namespace of its own, in which the child has no ids until its parent maps
 * them. One step, as unshare(2) wants a process without threads, which sanitizers' are not.
 * Root in a chroot gets no user namespace and needs none: @has_users is then false, and there is
 * nothing to map.
 */
pid_t sandbox_fork_user(bool *has_users, struct vgpu_error *err);
/** In the parent: the caller becomes user 0 of @child's namespace; real root keeps all users. */
int sandbox_map_ids(pid_t child, struct vgpu_error *err);
/**
 * In the child, mapped: mount and pid namespaces and, if @network, a network namespace with the
 * loopback interface up. The pid namespace begins with the next fork.
 */
int sandbox_unshare_rest(bool network, struct vgpu_error *err);
/**
 * In the program's process: a second user namespace, in which user 0 of the first one is @uid
 * again, as outside. What the first one owns is then out of reach.
 */
int sandbox_restore_ids(uid_t uid, gid_t gid, struct vgpu_error *err);
