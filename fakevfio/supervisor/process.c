/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

void fv_processes_init(struct fv_processes *processes)
{
	*processes = (struct fv_processes){ 0 };
	pthread_mutex_init(&processes->lock, NULL);
}

void fv_processes_finish(struct fv_processes *processes)
{
	struct fv_process *next;

	for (struct fv_process *process = processes->first; process; process = next) {
		next = process->next;
		fv_process_unref(process);
	}
	pthread_mutex_destroy(&processes->lock);
}

struct fv_process *fv_process_ref(struct fv_process *process)
{
	atomic_fetch_add(&process->users, 1);
	return process;
}

void fv_process_unref(struct fv_process *process)
{
	if (!process || atomic_fetch_sub(&process->users, 1) > 1)
		return;
	if (process->pidfd >= 0)
		close(process->pidfd);
	if (process->memory_fd >= 0)
		close(process->memory_fd);
	free(process);
}

/* Not reaped yet, so its number cannot have come to mean another process. */
static bool is_there(const struct fv_process *process)
{
	return !syscall(SYS_pidfd_send_signal, process->pidfd, 0, NULL, 0);
}

/*
 * Reading page 0, where nothing is mapped, fails with EIO while the address space lives, and gives
 * 0 bytes when its last thread has left it (exit, exec). Source: fs/proc/base.c, mem_rw()
 */
bool fv_process_has_memory(const struct fv_process *process)
{
	char byte;

	return pread(process->memory_fd, &byte, 1, 0) != 0;
}

/* Milliseconds, as of the last tick of the kernel's timer: cheap. */
static uint64_t coarse_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * Asking the kernel each time would be a good part of the cost of a register access. A number that
 * was this process's a tick of the timer ago (1 to 10 ms) still is: the kernel hands numbers out in a
 * circle, and no machine makes a whole round of processes in that time. Source: kernel/pid.c, alloc_pid()
 */
bool fv_process_owns(struct fv_process *process, pid_t tid)
{
	uint64_t now_ms = coarse_ms();
	uint64_t seen = (now_ms & UINT32_MAX) << 32 | (uint32_t)tid;

	if (atomic_load(&process->seen) == seen)
		return true;
	if (syscall(SYS_tgkill, process->tgid, tid, 0))
		return false;
	atomic_store(&process->seen, seen);
	return true;
}

/* The thread group of a thread; the answer holds as long as the thread lives. */
static pid_t read_tgid(pid_t tid)
{
	char path[64], line[256];
	_autofclose_ FILE *file = NULL;
	int tgid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &tgid) == 1 && tgid > 0)
			return tgid;
	errno = ESRCH;
	return -1;
}

/* What was opened by number means the caller only if the call is still there afterwards. */
static struct fv_process *open_process(int listener, const union fv_notification *notification)
{
	_destroy_(fv_process) struct fv_process *process = calloc(1, sizeof(*process));
	char path[64];

	if (!process)
		return NULL;
	process->users = 1;
	process->memory_fd = process->pidfd = -1;
	process->tgid = read_tgid(notification->notif.pid);
	if (process->tgid < 0)
		return NULL;
	process->pidfd = syscall(SYS_pidfd_open, process->tgid, 0);
	if (process->pidfd < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/mem", notification->notif.pid);
	process->memory_fd = open(path, O_RDWR | O_CLOEXEC);
	if (process->memory_fd < 0)
		return NULL;
	if (!fv_notification_valid(listener, notification)) {
		errno = ESRCH;
		return NULL;
	}
	return steal(process);
}

/* Forgets processes that have gone or have become another program. */
static void prune(struct fv_processes *processes)
{
	struct fv_process **link = &processes->first;

	while (*link) {
		struct fv_process *process = *link;

		if (is_there(process) && fv_process_has_memory(process)) {
			link = &process->next;
			continue;
		}
		*link = process->next;
		fv_process_unref(process);
	}
}

struct fv_process *fv_processes_find(struct fv_processes *processes, int listener,
				     const union fv_notification *notification)
{
	struct fv_process *process;

	pthread_mutex_lock(&processes->lock);
	for (process = processes->first; process; process = process->next)
		if (fv_process_owns(process, notification->notif.pid) &&
		    fv_process_has_memory(process))
			break;
	if (!process) {
		prune(processes);
		process = open_process(listener, notification);
		if (process) {
			process->next = processes->first;
			processes->first = process;
		}
	}
	if (process)
		fv_process_ref(process);
	pthread_mutex_unlock(&processes->lock);
	return process;
}

int fv_process_get_fd(const struct fv_process *process, int fd)
{
	int copy = syscall(SYS_pidfd_getfd, process->pidfd, fd, 0);

	return copy < 0 ? -errno : copy;
}

int fv_process_read(const struct fv_process *process, uint64_t address, void *buffer, size_t len)
{
	while (len) {
		ssize_t done = pread(process->memory_fd, buffer, len, address);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EFAULT;
		address += done;
		buffer = (char *)buffer + done;
		len -= done;
	}
	return 0;
}

int fv_process_write(const struct fv_process *process, uint64_t address, const void *buffer,
		     size_t len)
{
	while (len) {
		ssize_t done = pwrite(process->memory_fd, buffer, len, address);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -EFAULT;
		address += done;
		buffer = (const char *)buffer + done;
		len -= done;
	}
	return 0;
}

/* One system call for up to IOV_MAX pieces. Returns false if it could not copy all of them. */
static bool read_batch(const struct fv_process *process, const struct fv_memory_iov *iov,
		       size_t iov_len)
{
	struct iovec local[IOV_MAX], remote[IOV_MAX];
	size_t total = 0;

	for (size_t i = 0; i < iov_len; i++) {
		local[i] = (struct iovec){ iov[i].buffer, iov[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)iov[i].vaddr, iov[i].len };
		total += iov[i].len;
	}
	return process_vm_readv(process->tgid, local, iov_len, remote, iov_len, 0) ==
	       (ssize_t)total;
}

/*
 * By number, because only process_vm_readv() takes many pieces; so what was read counts only if
 * the number still meant our process, with our address space, afterwards.
 */
static int read_pieces(const struct fv_process *process, const struct fv_memory_iov *iov,
		       size_t iov_len)
{
	if (read_batch(process, iov, iov_len) && is_there(process) &&
	    fv_process_has_memory(process))
		return 0;
	for (size_t i = 0; i < iov_len; i++) {
		int rc = fv_process_read(process, iov[i].vaddr, iov[i].buffer, iov[i].len);

		if (rc)
			return rc;
	}
	return 0;
}

int fv_process_readv(const struct fv_process *process, const struct fv_memory_iov *iov,
		     size_t iov_len)
{
	while (iov_len) {
		size_t batch = iov_len < IOV_MAX ? iov_len : IOV_MAX;
		int rc = read_pieces(process, iov, batch);

		if (rc)
			return rc;
		iov += batch;
		iov_len -= batch;
	}
	return 0;
}
