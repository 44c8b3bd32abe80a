/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* A QEMU that dies with us may make a file or two until it is dead. */
enum { REMOVAL_TRIES = 50, REMOVAL_EVERY_MS = 100 };

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static bool remove_tree(const char *path)
{
	return !nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) || errno == ENOENT;
}

/* Ends in _exit, when all who hold the other end of @life_fd have gone. What is sent to us is not meant for it. */
static void keep(const char *path, int life_fd)
{
	const struct timespec pause = { .tv_nsec = REMOVAL_EVERY_MS * 1000000L };
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (read(life_fd, &byte, 1) < 0)
		;
	for (int i = 0; i < REMOVAL_TRIES && !remove_tree(path); i++)
		nanosleep(&pause, NULL);
	_exit(0);
}

static int start_keeper(struct qt_lab_directory *directory)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	directory->keeper = fork();
	if (directory->keeper == 0) {
		close(ends[1]);
		keep(directory->path, ends[0]);
	}
	close(ends[0]);
	directory->life_fd = ends[1];
	return directory->keeper < 0 ? -errno : 0;
}

int qt_lab_directory_make(struct qt_lab_directory *directory, struct vgpu_error *err)
{
	char path[] = "/tmp/vgpulab-lab-XXXXXX";
	int r;

	*directory = (struct qt_lab_directory){ .fd = -1, .life_fd = -1, .keeper = -1 };
	if (!mkdtemp(path))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot make %s: %s", path,
				      strerror(errno));
	snprintf(directory->path, sizeof(directory->path), "%s", path);
	r = start_keeper(directory);
	directory->fd = r ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!r && directory->fd < 0)
		r = -errno;
	return r ? vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "cannot use %s: %s", path,
				  strerror(-r))
		 : 0;
}

void qt_lab_directory_remove(struct qt_lab_directory *directory)
{
	if (directory->fd >= 0)
		close(directory->fd);
	if (directory->life_fd >= 0)
		close(directory->life_fd);
	if (directory->keeper > 0)
		waitpid(directory->keeper, NULL, 0);
	else if (*directory->path)
		remove_tree(directory->path);
}
