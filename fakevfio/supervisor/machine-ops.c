/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the machine asks of its front end: struct fv_machine_ops, with system calls. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "supervisor-impl.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* the C library's headers are older than the kernel's */
#endif

#define LARGE_PAGE ((uintptr_t)2 << 20)

static int read_client(void *client, uint64_t address, void *buffer, size_t len)
{
	struct fv_trap *trap = client;

	return fv_process_read(trap->process, address, buffer, len);
}

static int write_client(void *client, uint64_t address, const void *buffer, size_t len)
{
	struct fv_trap *trap = client;

	return fv_process_write(trap->process, address, buffer, len);
}

static int identify(void *client, int fd)
{
	struct fv_trap *trap = client;
	_autoclose_ int copy = fv_process_get_fd(trap->process, fd);
	int handle;

	if (copy < 0)
		return -EBADF;
	handle = fv_trap_identify(trap, fd);
	return handle > 0 ? handle : -EINVAL;
}

/*
 * Anything but an eventfd could block us, or be written to in the client's name.
 * Source: eventfd(2): the link text of such a descriptor
 */
static bool is_eventfd(int fd)
{
	char path[64], text[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, text, sizeof(text) - 1);
	if (len < 0)
		return false;
	text[len] = '\0';
	return !strcmp(text, "anon_inode:[eventfd]");
}

static int take_eventfd(void *client, int fd)
{
	struct fv_trap *trap = client;
	_autoclose_ int copy = fv_process_get_fd(trap->process, fd);

	if (copy < 0)
		return -EBADF;
	if (!is_eventfd(copy))
		return -EINVAL;
	return steal_fd(&copy);
}

static void drop_eventfd(void *front_end, int eventfd)
{
	close(eventfd);
}

/* As the kernel: a counter that is full stays so, and no one waits. */
static void signal_eventfd(void *front_end, int eventfd)
{
	struct pollfd poll_fd = { .fd = eventfd, .events = POLLOUT };
	uint64_t one = 1;

	if (poll(&poll_fd, 1, 0) == 1 && write(eventfd, &one, sizeof(one)) < 0)
		fv_supervisor_log(front_end, "client: an eventfd cannot be signalled");
}

/* One name for all mappings of a process: there may be many of those. */
static int take_memory(void *client)
{
	struct fv_trap *trap = client;
	struct fv_supervisor *supervisor = trap->supervisor;
	struct fv_memory *memories = supervisor->memories;
	int id = -ENOMEM;

	pthread_mutex_lock(&supervisor->memories_lock);
	for (int i = 0; i < FV_MEMORIES_MAX; i++) {
		if (memories[i].process == trap->process) {
			id = i + 1;
			break;
		}
		if (id < 0 && !memories[i].process)
			id = i + 1;
	}
	if (id > 0 && !memories[id - 1].users++)
		memories[id - 1].process = fv_process_ref(trap->process);
	pthread_mutex_unlock(&supervisor->memories_lock);
	return id;
}

static void share_memory(void *front_end, int memory)
{
	struct fv_supervisor *supervisor = front_end;

	pthread_mutex_lock(&supervisor->memories_lock);
	supervisor->memories[memory - 1].users++;
	pthread_mutex_unlock(&supervisor->memories_lock);
}

static void drop_memory(void *front_end, int memory)
{
	struct fv_supervisor *supervisor = front_end;
	struct fv_memory *dropped = &supervisor->memories[memory - 1];
	struct fv_process *process = NULL;

	pthread_mutex_lock(&supervisor->memories_lock);
	if (!--dropped->users) {
		process = dropped->process;
		dropped->process = NULL;
	}
	pthread_mutex_unlock(&supervisor->memories_lock);
	fv_process_unref(process);
}

static struct fv_process *find_memory(struct fv_supervisor *supervisor, int memory)
{
	struct fv_process *process;

	pthread_mutex_lock(&supervisor->memories_lock);
	process = supervisor->memories[memory - 1].process;
	if (process)
		fv_process_ref(process);
	pthread_mutex_unlock(&supervisor->memories_lock);
	return process;
}

static int copy_in(void *front_end, int memory, const struct fv_memory_iov *iov, size_t iov_len)
{
	struct fv_supervisor *supervisor = front_end;
	_destroy_(fv_process) struct fv_process *process = find_memory(supervisor, memory);

	return process ? fv_copier_readv(&supervisor->copier, process, iov, iov_len) : -EFAULT;
}

static int copy_out(void *front_end, int memory, const struct fv_memory_iov *iov, size_t iov_len)
{
	_destroy_(fv_process) struct fv_process *process = find_memory(front_end, memory);
	int rc = process ? 0 : -EFAULT;

	for (size_t i = 0; i < iov_len && !rc; i++)
		rc = fv_process_write(process, iov[i].vaddr, iov[i].buffer, iov[i].len);
	return rc;
}

static int create_backing(void *front_end, uint64_t file_len)
{
	struct fv_supervisor *supervisor = front_end;

	return fv_device_files_create(&supervisor->files, file_len);
}

/* At a large page's boundary if there is room, for use_often(). */
static void *map_backing(void *front_end, int backing, uint64_t offset, size_t len)
{
	void *room = mmap(NULL, len + LARGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *place = room == MAP_FAILED
			      ? NULL
			      : (void *)(((uintptr_t)room + LARGE_PAGE - 1) & -LARGE_PAGE);
	void *memory;

	(void)front_end;
	if (place)
		munmap(room, len + LARGE_PAGE);
	memory = mmap(place, len, PROT_READ | PROT_WRITE, MAP_SHARED, backing, offset);
	return memory == MAP_FAILED ? NULL : memory;
}

/* Copying 9 MB into pages of 4 KiB takes a third longer. Before Linux 6.1 they stay as they are. */
static void use_often(void *front_end, void *memory, size_t len)
{
	(void)front_end;
	madvise(memory, (len + LARGE_PAGE - 1) & -LARGE_PAGE, MADV_COLLAPSE);
}

static void unmap_backing(void *front_end, void *memory, size_t len)
{
	munmap(memory, len);
}

static void destroy_backing(void *front_end, int backing)
{
	struct fv_supervisor *supervisor = front_end;

	fv_device_files_destroy(&supervisor->files, backing);
}

static bool can_export(void *front_end)
{
	return fv_exporter_can_export(&((struct fv_supervisor *)front_end)->exporter);
}

static int create_buffer(void *front_end, uint64_t len, void **memory)
{
	return fv_exporter_create(&((struct fv_supervisor *)front_end)->exporter, len, memory);
}

static bool buffer_used(void *front_end, int buffer)
{
	return fv_exporter_used(&((struct fv_supervisor *)front_end)->exporter, buffer);
}

static int hold_buffer(void *front_end, int buffer)
{
	return fv_exporter_hold(&((struct fv_supervisor *)front_end)->exporter, buffer);
}

static void destroy_buffer(void *front_end, int buffer)
{
	fv_exporter_destroy_buffer(&((struct fv_supervisor *)front_end)->exporter, buffer);
}

static uint64_t now_ns(void *front_end)
{
	return fv_now_ns();
}

static void set_deadline(void *front_end, uint64_t deadline_ns)
{
	struct fv_supervisor *supervisor = front_end;

	fv_clock_set(&supervisor->clock, deadline_ns);
}

static void log_line(void *front_end, const char *line)
{
	fv_supervisor_log(front_end, line);
}

const struct fv_machine_ops fv_supervisor_machine_ops = {
	.read_client = read_client,
	.write_client = write_client,
	.identify = identify,
	.take_eventfd = take_eventfd,
	.drop_eventfd = drop_eventfd,
	.signal = signal_eventfd,
	.take_memory = take_memory,
	.drop_memory = drop_memory,
	.share_memory = share_memory,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.create_backing = create_backing,
	.map_backing = map_backing,
	.unmap_backing = unmap_backing,
	.use_often = use_often,
	.destroy_backing = destroy_backing,
	.can_export = can_export,
	.create_buffer = create_buffer,
	.buffer_used = buffer_used,
	.hold_buffer = hold_buffer,
	.destroy_buffer = destroy_buffer,
	.now_ns = now_ns,
	.deadline = set_deadline,
	.log = log_line,
};
