/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* Linux 6.3; without it the kernel logs a line about programs that do not choose. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int fv_device_files_init(struct fv_device_files *files)
{
	*files = (struct fv_device_files){ 0 };
	for (size_t i = 0; i < FV_DEVICE_NUMBERS; i++)
		files->backings[i].fd = -1;
	pthread_mutex_init(&files->lock, NULL);
	pthread_mutex_init(&files->reaping, NULL);
	pthread_mutex_init(&files->injecting, NULL);
	files->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return files->inotify < 0 ? -errno : 0;
}

void fv_device_files_finish(struct fv_device_files *files)
{
	for (size_t i = 0; i < FV_DEVICE_NUMBERS; i++) {
		fv_process_unref(files->slots[i].owner);
		if (files->backings[i].fd >= 0)
			close(files->backings[i].fd);
	}
	if (files->inotify >= 0)
		close(files->inotify);
	pthread_mutex_destroy(&files->injecting);
	pthread_mutex_destroy(&files->reaping);
	pthread_mutex_destroy(&files->lock);
}

/* Sealed: a client that cut the file short would have us die of SIGBUS in our own mapping. */
static int create_file(uint64_t len)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	_autoclose_ int fd = memfd_create("vfio-device", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("vfio-device", flags);
	if (fd < 0 || ftruncate(fd, len) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return steal_fd(&fd);
}

static void format_self_path(int fd, char *path, size_t size)
{
	snprintf(path, size, "/proc/self/fd/%d", fd);
}

int fv_device_files_create(struct fv_device_files *files, uint64_t len)
{
	_autoclose_ int fd = create_file(len);
	struct fv_backing *free_one = NULL;
	struct stat st;
	char path[64];
	int watch;

	if (fd < 0)
		return fd;
	format_self_path(fd, path, sizeof(path));
	if (fstat(fd, &st))
		return -errno;
	watch = inotify_add_watch(files->inotify, path, IN_CLOSE);
	if (watch < 0)
		return -errno;
	pthread_mutex_lock(&files->lock);
	for (size_t i = 0; i < FV_DEVICE_NUMBERS && !free_one; i++)
		if (files->backings[i].fd < 0)
			free_one = &files->backings[i];
	if (free_one)
		*free_one = (struct fv_backing){ fd, watch, st.st_dev, st.st_ino };
	pthread_mutex_unlock(&files->lock);
	if (!free_one) {
		inotify_rm_watch(files->inotify, watch);
		return -EMFILE;
	}
	return steal_fd(&fd);
}

void fv_device_files_destroy(struct fv_device_files *files, int backing)
{
	pthread_mutex_lock(&files->lock);
	for (size_t i = 0; i < FV_DEVICE_NUMBERS; i++) {
		if (files->backings[i].fd != backing)
			continue;
		inotify_rm_watch(files->inotify, files->backings[i].watch);
		close(backing);
		files->backings[i].fd = -1;
	}
	pthread_mutex_unlock(&files->lock);
}

/* A number from @first on that no one uses: neither we, nor the process by itself. */
static int find_number(const struct fv_device_files *files, const struct fv_process *owner,
		       int first)
{
	const int end = FV_DEVICE_NUMBER_FIRST + FV_DEVICE_NUMBERS;

	for (int number = FV_DEVICE_NUMBER_FIRST; number < end; number++) {
		_autoclose_ int taken = -1;

		if (number < first || files->slots[number - FV_DEVICE_NUMBER_FIRST].handle)
			continue;
		taken = fv_process_get_fd(owner, number);
		if (taken == -EBADF)
			return number;
	}
	return -EMFILE;
}

static int reserve(struct fv_device_files *files, struct fv_process *owner, int handle, int backing)
{
	int number;

	pthread_mutex_lock(&files->lock);
	number = find_number(files, owner, FV_DEVICE_NUMBER_FIRST);
	if (number >= FV_DEVICE_NUMBER_FIRST)
		files->slots[number - FV_DEVICE_NUMBER_FIRST] =
			(struct fv_slot){ handle, backing, fv_process_ref(owner) };
	pthread_mutex_unlock(&files->lock);
	return number;
}

/* Frees a slot if it still stands for @handle. Says whether it did. */
static bool release(struct fv_device_files *files, int number, int handle)
{
	struct fv_slot *slot = &files->slots[number - FV_DEVICE_NUMBER_FIRST];
	struct fv_process *owner = NULL;

	pthread_mutex_lock(&files->lock);
	if (slot->handle == handle) {
		owner = slot->owner;
		*slot = (struct fv_slot){ 0 };
	}
	pthread_mutex_unlock(&files->lock);
	fv_process_unref(owner);
	return owner;
}

/*
 * read(2) and write(2) are frequent calls, so the filter lets them pass: nothing is read at the file's
 * end, and nothing can be written there. Nobody has use for them: no VFIO descriptor can seek.
 */
static int open_at_end(const char *path)
{
	_autoclose_ int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 || lseek(fd, 0, SEEK_END) < 0 ? -errno : steal_fd(&fd);
}

int fv_device_files_inject(struct fv_device_files *files, int listener,
			   const union fv_notification *notification, struct fv_process *owner,
			   int handle, int backing, bool cloexec)
{
	_autoclose_ int fd = -1;
	char path[64];
	int number, rc;

	/*
	 * An open of its own, not a copy of ours: its end is then the client's end. Our copy of it
	 * is closed here, after the client has got its own.
	 */
	format_self_path(backing, path, sizeof(path));
	fd = open_at_end(path);
	number = fd < 0 ? fd : reserve(files, owner, handle, backing);
	if (number < 0) {
		fv_machine_close(files->machine, handle);
		return number;
	}
	/* The client runs on at once: all must be in place before. */
	pthread_mutex_lock(&files->injecting);
	rc = fv_notification_give_fd(listener, notification, fd, number, cloexec);
	close(steal_fd(&fd));
	pthread_mutex_unlock(&files->injecting);
	if (!rc)
		return 0;
	if (release(files, number, handle))
		fv_machine_close(files->machine, handle);
	return rc == -EBADF ? -EMFILE : rc; /* RLIMIT_NOFILE lies below our numbers */
}

/* No slot: the device has one already, and is asked for by its file at all other numbers. */
int fv_device_files_copy(struct fv_device_files *files, int listener,
			 const union fv_notification *notification, const struct fv_process *owner,
			 int fd, int first, bool cloexec)
{
	_autoclose_ int copy = fv_process_get_fd(owner, fd);
	int number, rc;

	if (copy < 0)
		return copy;
	pthread_mutex_lock(&files->lock);
	number = find_number(files, owner, first);
	pthread_mutex_unlock(&files->lock);
	if (number < 0)
		return number;
	pthread_mutex_lock(&files->injecting);
	rc = fv_notification_give_fd(listener, notification, copy, number, cloexec);
	close(steal_fd(&copy));
	pthread_mutex_unlock(&files->injecting);
	return rc;
}

int fv_device_files_find(struct fv_device_files *files, int number, pid_t tid,
			 struct fv_process **owner)
{
	struct fv_process *process = NULL;
	struct fv_slot *slot;
	int handle;

	if (number < FV_DEVICE_NUMBER_FIRST || number >= FV_DEVICE_NUMBER_FIRST + FV_DEVICE_NUMBERS)
		return 0;
	slot = &files->slots[number - FV_DEVICE_NUMBER_FIRST];
	pthread_mutex_lock(&files->lock);
	handle = slot->handle;
	if (handle)
		process = fv_process_ref(slot->owner);
	pthread_mutex_unlock(&files->lock);
	if (handle && fv_process_owns(process, tid)) {
		*owner = process;
		return handle;
	}
	fv_process_unref(process);
	return 0;
}

/* The descriptor may be of any file: of our own mount, too, which would ask this very process, or of one that hangs. */
int fv_device_files_identify(struct fv_device_files *files, int fd)
{
	int backing = -1, handle = 0;
	struct statx st;
	dev_t dev;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &st))
		return 0;
	dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	pthread_mutex_lock(&files->lock);
	for (size_t i = 0; i < FV_DEVICE_NUMBERS; i++)
		if (files->backings[i].fd >= 0 && files->backings[i].dev == dev &&
		    files->backings[i].ino == st.stx_ino)
			backing = files->backings[i].fd;
	for (size_t i = 0; i < FV_DEVICE_NUMBERS && backing >= 0; i++)
		if (files->slots[i].handle && files->slots[i].backing == backing)
			handle = files->slots[i].handle;
	pthread_mutex_unlock(&files->lock);
	return handle;
}

/*
 * Someone else may have opened the file anew, through /proc, and closed that: the client still has
 * its descriptor then, and the event means nothing.
 */
static bool still_open(struct fv_device_files *files, const struct fv_slot *slot, int number)
{
	_autoclose_ int fd = fv_process_get_fd(slot->owner, number);

	return fd >= 0 && fv_device_files_identify(files, fd) == slot->handle;
}

static void reap_watch(struct fv_device_files *files, int watch)
{
	for (int i = 0; i < FV_DEVICE_NUMBERS; i++) {
		struct fv_slot slot = { 0 };

		pthread_mutex_lock(&files->lock);
		for (size_t j = 0; j < FV_DEVICE_NUMBERS; j++)
			if (files->backings[j].fd >= 0 && files->backings[j].watch == watch &&
			    files->slots[i].handle &&
			    files->slots[i].backing == files->backings[j].fd)
				slot = files->slots[i];
		if (slot.handle)
			fv_process_ref(slot.owner);
		pthread_mutex_unlock(&files->lock);
		if (!slot.handle)
			continue;
		if (!still_open(files, &slot, FV_DEVICE_NUMBER_FIRST + i) &&
		    release(files, FV_DEVICE_NUMBER_FIRST + i, slot.handle))
			fv_machine_close(files->machine, slot.handle);
		fv_process_unref(slot.owner);
	}
}

void fv_device_files_reap(struct fv_device_files *files)
{
	char room[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	/* A client may have closed what we still have a copy of: the event comes with our close. */
	pthread_mutex_lock(&files->injecting);
	pthread_mutex_unlock(&files->injecting);
	pthread_mutex_lock(&files->reaping);
	while ((len = read(files->inotify, room, sizeof(room))) > 0) {
		const char *at = room;

		while (at < room + len) {
			const struct inotify_event *event = (const void *)at;

			if (event->mask & IN_CLOSE)
				reap_watch(files, event->wd);
			at += sizeof(*event) + event->len;
		}
	}
	pthread_mutex_unlock(&files->reaping);
}
