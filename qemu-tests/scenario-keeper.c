/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-keeper.h"

#include "launch.h"
#include "refusals.h"

#include <backends/backends.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/manager.h>

#define NOTES "vgpus-made"

/* What was killed lets go of its vGPU when the kernel has taken it apart. */
enum { REMOVAL_TRIES = 100, REMOVAL_EVERY_MS = 100, FINISH_TRIES = 3000, FINISH_EVERY_MS = 5 };

static bool is_there(struct vgpu_backend *backend, const struct vgpu_uuid *uuid)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;

	return !vgpu_snapshot_take(backend, &snapshot, NULL) &&
	       vgpu_snapshot_find_instance(snapshot, uuid);
}

/* False: somebody holds it still. */
static bool remove_one(struct vgpu_backend *backend, const struct vgpu_uuid *uuid)
{
	const struct timespec pause = { .tv_nsec = REMOVAL_EVERY_MS * 1000000L };

	for (int i = 0; i < REMOVAL_TRIES; i++) {
		if (!is_there(backend, uuid) || !vgpu_remove(backend, uuid, NULL))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/*
 * The UUIDs are random and of our making: whatever else is on this machine is not touched. What cannot be removed
 * stays noted, for the next run here.
 */
static void remove_noted(int out_fd)
{
	int fd = openat(out_fd, NOTES, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct vgpu_backend *backend = NULL;
	bool gone = true;
	char line[64];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		struct vgpu_uuid uuid;

		line[strcspn(line, "\n")] = '\0';
		if (vgpu_uuid_parse(line, &uuid))
			continue;
		gone &= (backend || !vgpu_backend_open("sysfs", &backend, NULL)) &&
			remove_one(backend, &uuid);
	}
	if (backend)
		backend->impl->destroy(backend);
	fclose(f);
	if (gone)
		unlinkat(out_fd, NOTES, 0);
}

static void remove_leftovers_in(int dir_fd, const char *name)
{
	_autoclose_ int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	qt_vm_remove_leftovers(fd);
	remove_leftovers_in(fd, QT_SECOND_DIR);
}

/* "region-1024x768", or "region-1024x768.2" of the second round. */
static bool is_scenarios(const char *directory)
{
	char name[80];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(directory, "."), directory);
	return qt_scenario_find(name);
}

/* Whatever else is in the output directory is not ours. */
static void remove_leftovers(int out_fd)
{
	int listed_fd = openat(out_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = listed_fd < 0 ? NULL : fdopendir(listed_fd);

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (is_scenarios(entry->d_name))
			remove_leftovers_in(out_fd, entry->d_name);
}

/* Reads until nobody can write any more: then all of them have ended. Ends in _exit. */
static void keep(int out_fd, int read_fd)
{
	char byte;

	/* whoever ends the run means those who work on it; we are what comes after them */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "vgpulab-keeper");
	while (read(read_fd, &byte, 1) < 0 && errno == EINTR)
		;
	remove_noted(out_fd);
	remove_leftovers(out_fd);
	_exit(0);
}

int qt_keeper_init(struct qt_keeper *keeper, int out_fd, struct vgpu_error *err)
{
	int fds[2];

	remove_noted(out_fd);
	*keeper = (struct qt_keeper){ -1, -1, -1 };
	keeper->note_fd = openat(out_fd, NOTES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (keeper->note_fd < 0 || pipe2(fds, O_CLOEXEC))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s", NOTES,
				      strerror(errno));
	keeper->life_fd = fds[1];
	keeper->pid = fork();
	if (keeper->pid == 0) {
		close(fds[1]);
		keep(out_fd, fds[0]);
	}
	close(fds[0]);
	if (keeper->pid < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "fork: %s", strerror(errno));
	return 0;
}

void qt_keeper_finish(struct qt_keeper *keeper)
{
	if (keeper->life_fd >= 0)
		close(keeper->life_fd);
	if (keeper->note_fd >= 0)
		close(keeper->note_fd);
	/* one that waits for a QEMU that cannot die is left behind: it removes the vGPU if that does */
	for (int i = 0; keeper->pid > 0 && i < FINISH_TRIES; i++) {
		const struct timespec pause = { .tv_nsec = FINISH_EVERY_MS * 1000000L };

		if (waitpid(keeper->pid, NULL, WNOHANG))
			break;
		nanosleep(&pause, NULL);
	}
	*keeper = (struct qt_keeper){ -1, -1, -1 };
}

void qt_keeper_note(int note_fd, const char *uuid)
{
	if (note_fd >= 0)
		dprintf(note_fd, "%s\n", uuid);
}
