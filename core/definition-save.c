/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <vgpulab/json-format.h>

#include "definition-store.h"

enum { LOCK_TIMEOUT_MS = 10000, LOCK_PAUSE_MS = 10 };

/*
 * Names of our own files. They lie beside the parents' directories, not in them: mdevctl complains
 * about each file in those that is no UUID, and passes over plain files here.
 */
static void temporary_name(char name[static VGPU_STORE_NAME_LEN], const char *parent,
			   const struct vgpu_uuid *uuid)
{
	snprintf(name, VGPU_STORE_NAME_LEN, ".vgpulab.new.%s.%s", parent, uuid->text);
}

static void mark_name(char name[static VGPU_STORE_NAME_LEN], const char *parent,
		      const struct vgpu_uuid *uuid)
{
	snprintf(name, VGPU_STORE_NAME_LEN, ".vgpulab.starting.%s.%s", parent, uuid->text);
}

static int make_directories(struct vgpu_store *store, const char *parent)
{
	if (store->dir < 0) {
		if (mkdir(store->path, 0755) && errno != EEXIST)
			return -errno;
		store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (store->dir < 0)
			return -errno;
	}
	if (mkdirat(store->dir, parent, 0777) == 0)
		return fsync(store->dir) ? -errno : 0;
	return errno == EEXIST ? 0 : -errno;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int vgpu_store_lock(struct vgpu_store *store, const char *parent, int *fd, struct vgpu_error *err)
{
	int64_t deadline_ms = now_ms() + LOCK_TIMEOUT_MS;
	int ret = make_directories(store, parent);
	_autoclose_ int dir = ret < 0 ? ret : vgpu_store_open_parent(store, parent);

	if (dir < 0)
		return vgpu_store_fail(store, dir, "open", parent, NULL, err);
	while (flock(dir, LOCK_EX | LOCK_NB)) {
		struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

		if (errno != EWOULDBLOCK && errno != EINTR)
			return vgpu_store_fail(store, -errno, "lock", parent, NULL, err);
		if (now_ms() > deadline_ms) {
			ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
					     "another program works on the vGPUs of %s", parent);
			vgpu_error_hint(err, "it holds the lock on %s/%s: 'fuser -v' shows which",
					store->path, parent);
			return ret;
		}
		nanosleep(&pause, NULL); /* flock(2) knows no time limit */
	}
	*fd = steal_fd(&dir);
	return 0;
}

/* What programs that were killed have left for this parent; nobody else writes while it is locked. */
static void sweep(struct vgpu_store *store, const char *parent)
{
	_autoclose_ int fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char prefix[VGPU_STORE_NAME_LEN];

	if (dir)
		steal_fd(&fd);
	snprintf(prefix, sizeof(prefix), ".vgpulab.new.%s.", parent);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			unlinkat(store->dir, entry->d_name, 0);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t taken = write(fd, text, len);

		if (taken < 0 && errno != EINTR)
			return -errno;
		if (taken > 0) {
			text += taken;
			len -= (size_t)taken;
		}
	}
	return 0;
}

/* The file that is replaced keeps its owner and mode, as if it had been written in place. */
static int write_temporary(struct vgpu_store *store, const char *name, const char *text, int dir,
			   const char *replaced)
{
	_autoclose_ int fd = openat(store->dir, name,
				    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	struct stat st;
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, strlen(text));
	if (ret == 0 && replaced && !fstatat(dir, replaced, &st, 0) &&
	    (fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777)) && errno != EPERM)
		ret = -errno;
	if (ret == 0 && fsync(fd))
		ret = -errno;
	return ret;
}

/* The parent is locked. */
static int save(struct vgpu_store *store, int dir, const struct vgpu_definition *definition,
		bool replace)
{
	struct json_object *json = vgpu_definition_to_json(definition);
	_autofree_ char *text = vgpu_json_format(json);
	const char *uuid = definition->uuid.text;
	char name[VGPU_STORE_NAME_LEN];
	int ret;

	json_object_put(json);
	if (!text)
		return -ENOMEM;
	sweep(store, definition->parent);
	temporary_name(name, definition->parent, &definition->uuid);
	ret = write_temporary(store, name, text, dir, replace ? uuid : NULL);
	/* mdevctl does not know of the lock: a file that it makes now is not overwritten */
	if (ret == 0 && renameat2(store->dir, name, dir, uuid, replace ? 0 : RENAME_NOREPLACE))
		ret = -errno;
	if (ret == 0 && fsync(dir))
		ret = -errno;
	if (ret < 0)
		unlinkat(store->dir, name, 0);
	return ret;
}

static int fail_exists(const struct vgpu_definition *definition, struct vgpu_error *err)
{
	int ret = vgpu_error_set(err, VGPU_ERROR_EXISTS, EEXIST, "vGPU %s is defined on %s already",
				 definition->uuid.text, definition->parent);

	vgpu_error_hint(err, "'vgpulab modify' changes it, 'vgpulab undefine' takes it away");
	return ret;
}

int vgpu_store_add(struct vgpu_store *store, const struct vgpu_definition *definition,
		   struct vgpu_error *err)
{
	_autoclose_ int dir = -1;
	int ret;

	ret = vgpu_store_lock(store, definition->parent, &dir, err);
	if (ret < 0)
		return ret;
	if (vgpu_store_has(store, definition->parent, &definition->uuid))
		return fail_exists(definition, err);
	ret = save(store, dir, definition, false);
	if (ret == -EEXIST)
		return fail_exists(definition, err);
	return ret < 0 ? vgpu_store_fail(store, ret, "write", definition->parent,
					 definition->uuid.text, err)
		       : 0;
}

int vgpu_store_replace(struct vgpu_store *store, const struct vgpu_definition *before,
		       const struct vgpu_definition *after, struct vgpu_error *err)
{
	_definition_ struct vgpu_definition now = { .uuid = before->uuid };
	_autoclose_ int dir = -1;
	int ret;

	strcpy(now.parent, before->parent);
	ret = vgpu_store_lock(store, after->parent, &dir, err);
	if (ret == 0)
		ret = vgpu_store_read(store, dir, &now, err);
	if (ret < 0)
		return ret;
	if (!vgpu_definition_equal(&now, before)) {
		ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
				     "another program has changed %s/%s/%s meanwhile", store->path,
				     now.parent, now.uuid.text);
		vgpu_error_hint(err, "look at it, and try again");
		return ret;
	}
	ret = save(store, dir, after, true);
	return ret < 0 ? vgpu_store_fail(store, ret, "write", after->parent, after->uuid.text, err)
		       : 0;
}

int vgpu_store_delete(struct vgpu_store *store, const char *parent, const struct vgpu_uuid *uuid,
		      struct vgpu_error *err)
{
	_autoclose_ int dir = -1;
	int ret = vgpu_store_lock(store, parent, &dir, err);

	if (ret < 0)
		return ret;
	if (unlinkat(dir, uuid->text, 0) || fsync(dir))
		return vgpu_store_fail(store, -errno, "delete", parent, uuid->text, err);
	vgpu_store_unmark_start(store, parent, uuid);
	return 0;
}

int vgpu_store_mark_start(struct vgpu_store *store, const char *parent,
			  const struct vgpu_uuid *uuid)
{
	char name[VGPU_STORE_NAME_LEN];
	_autoclose_ int fd = -1;

	mark_name(name, parent, uuid);
	fd = openat(store->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : 0;
}

bool vgpu_store_start_marked(struct vgpu_store *store, const char *parent,
			     const struct vgpu_uuid *uuid)
{
	char name[VGPU_STORE_NAME_LEN];
	struct stat st;

	mark_name(name, parent, uuid);
	return store->dir >= 0 && !fstatat(store->dir, name, &st, AT_SYMLINK_NOFOLLOW);
}

void vgpu_store_unmark_start(struct vgpu_store *store, const char *parent,
			     const struct vgpu_uuid *uuid)
{
	char name[VGPU_STORE_NAME_LEN];

	mark_name(name, parent, uuid);
	unlinkat(store->dir, name, 0);
}
