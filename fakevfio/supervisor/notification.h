/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One stopped system call, and the three ways to let it go on: with a result, with a descriptor,
 * or as if nobody had asked. Source: seccomp_unotify(2)
 */

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** What a stopped call is. As large as the kernel of tomorrow may make it. */
union fv_notification {
	struct seccomp_notif notif;
	char room[512];
};

/** Tells the kernel how we use @listener. -EOPNOTSUPP if it cannot inject descriptors as we need. */
int fv_listener_prepare(int listener);
/** Waits for a call. 0, -EINTR, -ENOENT (the caller died meanwhile), or -ENOTCONN: no one is left. */
int fv_notification_receive(int listener, union fv_notification *out);
/** Is the caller still stopped in this very call, and not killed (or its id reused)? */
bool fv_notification_valid(int listener, const union fv_notification *notification);

/** Ends the call with @result: a value or a negative errno. */
int fv_notification_answer(int listener, const union fv_notification *notification, int64_t result);
/** Lets the kernel carry the call out. Only for calls whose arguments are all in registers. */
int fv_notification_continue(int listener, const union fv_notification *notification);
/** Gives the caller a copy of @fd, with @flags (O_CLOEXEC or 0), as the call's result. */
int fv_notification_give_any_fd(int listener, const union fv_notification *notification, int fd,
				int flags);
/** Puts a copy of @fd at @number in the caller, close-on-exec, which ends the call with @number. */
int fv_notification_give_fd(int listener, const union fv_notification *notification, int fd,
			    int number, bool cloexec);
