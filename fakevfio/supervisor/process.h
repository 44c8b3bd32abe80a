/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Client processes. A process is held by two descriptors that cannot come to mean another one:
 * a pidfd, and its /proc/PID/mem, which is bound to the address space it had when it was opened.
 * Numbers (pid, tid) are used only where a check afterwards tells that they meant this process.
 */

#include <fakevfio/machine.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "notification.h"

struct fv_process {
	atomic_uint users;
	pid_t tgid;
	int pidfd;
	int memory_fd;
	atomic_ullong
		seen; /* a thread known to be this process's, and when: see fv_process_owns() */
	struct fv_process *next;
};

/** The processes that have made VFIO calls and may make more. */
struct fv_processes {
	pthread_mutex_t lock;
	struct fv_process *first;
};

void fv_processes_init(struct fv_processes *processes);
void fv_processes_finish(struct fv_processes *processes);

/**
 * The process that made a stopped call, with a reference of the caller's own. NULL with errno:
 * ESRCH if it is gone, EPERM if the kernel keeps us away from it.
 */
struct fv_process *fv_processes_find(struct fv_processes *processes, int listener,
				     const union fv_notification *notification);

struct fv_process *fv_process_ref(struct fv_process *process);
void fv_process_unref(struct fv_process *process);
static inline void fv_process_destroy(struct fv_process *process)
{
	fv_process_unref(process);
}
VGPU_DEFINE_DESTROYP(fv_process)

/** Is @tid, whose call is stopped now, a thread of this process? */
bool fv_process_owns(struct fv_process *process, pid_t tid);
/** Has the process still the address space that we hold? Not after exec(2). */
bool fv_process_has_memory(const struct fv_process *process);

/** A copy of the process's descriptor @fd, close-on-exec; or a negative errno. */
int fv_process_get_fd(const struct fv_process *process, int fd);

/** Its memory. 0 or -EFAULT. */
int fv_process_read(const struct fv_process *process, uint64_t address, void *buffer, size_t len);
int fv_process_write(const struct fv_process *process, uint64_t address, const void *buffer,
		     size_t len);
/** Many pieces with few system calls. 0 or -EFAULT. */
int fv_process_readv(const struct fv_process *process, const struct fv_memory_iov *iov,
		     size_t iov_len);
