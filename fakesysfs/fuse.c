/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The FUSE session: mounting, adopting, and its worker threads.
 *
 * One thread at a time, the leader, takes requests and answers them itself: a client and one thread
 * that stays awake on a warm cache are faster than a client and threads that take turns. A request
 * that may block (a removal waits for the last user, whose going may be a request, too) hands the
 * lead to another thread first.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse-impl.h"

enum { THREADS_MAX = 4096 };

/*
 * libfuse says what went wrong in words only, on standard error unless it is told otherwise. The
 * last line is kept for the error that is about to be reported.
 */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_log[300];

static void keep_log(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	pthread_mutex_lock(&log_lock);
	vsnprintf(last_log, sizeof(last_log), format, args);
	last_log[strcspn(last_log, "\n")] = '\0';
	pthread_mutex_unlock(&log_lock);
}

static struct fuse_session *make_session(struct fake_fuse *fuse)
{
	/* root's mount is for all users; an ordinary user may not open one to others */
	char options[] = "default_permissions,fsname=vgpulab,subtype=fakesysfs,allow_other";
	char *argv[] = { (char[]){ "vgpulab" }, (char[]){ "-o" }, options, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_session *session;

	if (geteuid())
		*strrchr(options, ',') = '\0';
	fuse_set_log_func(keep_log);
	session = fuse_session_new(&args, &fake_fuse_ops, sizeof(fake_fuse_ops), fuse);
	fuse_opt_free_args(&args);
	return session;
}

struct fake_fuse *fake_fuse_create(const struct fake_fuse_options *options, struct vgpu_error *err)
{
	_destroy_(fake_fuse) struct fake_fuse *fuse = calloc(1, sizeof(*fuse));
	struct fake_node root;

	if (!fuse) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
		return NULL;
	}
	fuse->options = *options;
	pthread_mutex_init(&fuse->lock, NULL);
	pthread_mutex_init(&fuse->notices_lock, NULL);
	sem_init(&fuse->lead, 0, 1);
	pthread_cond_init(&fuse->released, NULL);
	sem_init(&fuse->ended, 0, 0);
	clock_gettime(CLOCK_REALTIME, &fuse->born);
	if (options->slots) {
		fuse->born = *fake_slots_born(options->slots);
		fuse->process = fake_slots_enter(options->slots);
		fuse->last_handle = fuse->process << 40;
		if (fake_fuse_slots_used(options->slots) && fake_fuse_defer_notices(fuse)) {
			vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
			return NULL;
		}
	}
	if (fake_tree_walk(options->tree, options->subtree, &root)) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOENT, "the fake has no '%s' to mount",
			       options->subtree);
		return NULL;
	}
	fuse->root = root.ino;
	fuse->session = make_session(fuse);
	if (!fuse->session) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, EIO, "cannot make a FUSE session: %s",
			       last_log);
		return NULL;
	}
	return steal(fuse);
}

/*
 * Mounting.
 */

static bool is_mount_point(const char *path, const struct stat *st)
{
	char parent[4200];
	struct stat above;

	snprintf(parent, sizeof(parent), "%s/..", path);
	return !stat(parent, &above) && (above.st_dev != st->st_dev || above.st_ino == st->st_ino);
}

static bool is_empty(const char *path)
{
	_autoclosedir_ DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return false;
	return dir != NULL;
}

static int check_mountpoint(const char *path, struct vgpu_error *err)
{
	struct stat st;
	int ret;

	if (stat(path, &st)) {
		int errnum = errno;

		ret = vgpu_error_set(err, errnum == ENOTCONN ? VGPU_ERROR_BUSY : VGPU_ERROR_USAGE,
				     errnum, "cannot mount on '%s': %s", path, strerror(errnum));
		if (errnum == ENOTCONN)
			vgpu_error_hint(err,
					"a fake that was killed is still mounted there: "
					"`fusermount3 -u %s` takes it away",
					path);
		else if (errnum == ENOENT)
			vgpu_error_hint(err, "make the directory first: mkdir %s", path);
		return ret;
	}
	if (!S_ISDIR(st.st_mode))
		return vgpu_error_set(err, VGPU_ERROR_USAGE, ENOTDIR,
				      "cannot mount on '%s': it is not a directory", path);
	if (is_mount_point(path, &st)) {
		ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
				     "cannot mount on '%s': something is mounted there", path);
		vgpu_error_hint(err, "choose another directory, or `fusermount3 -u %s` first",
				path);
		return ret;
	}
	if (!is_empty(path)) {
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, ENOTEMPTY,
				     "cannot mount on '%s': it is not an empty directory that one "
				     "can read",
				     path);
		vgpu_error_hint(err, "an empty directory is wanted, so that nothing is hidden");
		return ret;
	}
	return 0;
}

/* Why mounting failed: mostly, FUSE is not there or not allowed. */
static int mount_fail(const char *mountpoint, struct vgpu_error *err)
{
	_autoclose_ int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int errnum = fd < 0 ? errno : EPERM;
	int ret;

	ret = vgpu_error_set(err, VGPU_ERROR_NEED, errnum, "cannot mount on '%s': %s", mountpoint,
			     last_log[0] ? last_log : strerror(errnum));
	if (errnum == ENOENT || errnum == ENODEV || errnum == ENXIO)
		vgpu_error_hint(err, "this machine has no /dev/fuse: as root, `modprobe fuse`; for "
				     "a container, start it with --device /dev/fuse");
	else if (errnum == EACCES)
		vgpu_error_hint(err, "/dev/fuse is closed to you: install the package fuse3, or, "
				     "as root, `chmod 666 /dev/fuse`");
	else
		vgpu_error_hint(err, "mounting needs root, the package fuse3, or a user namespace "
				     "(unshare -Urm)");
	return ret;
}

int fake_fuse_mount(struct fake_fuse *fuse, const char *mountpoint, struct vgpu_error *err)
{
	int ret = check_mountpoint(mountpoint, err);

	if (ret)
		return ret;
	pthread_mutex_lock(&log_lock);
	last_log[0] = '\0';
	pthread_mutex_unlock(&log_lock);
	if (fuse_session_mount(fuse->session, mountpoint))
		return mount_fail(mountpoint, err);
	fuse->mounted = true;
	fake_tree_watch(fuse->options.tree, &fake_fuse_watcher, fuse);
	return 0;
}

int fake_fuse_adopt(struct fake_fuse *fuse, int fd, struct vgpu_error *err)
{
	_autoclose_ int owned = fd;
	char name[32];

	snprintf(name, sizeof(name), "/dev/fd/%d", owned);
	if (fuse_session_mount(fuse->session, name))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EBADF,
				      "descriptor %d is no FUSE connection: %s", owned, last_log);
	steal_fd(&owned); /* the session closes it */
	fuse->mounted = true;
	fake_tree_watch(fuse->options.tree, &fake_fuse_watcher, fuse);
	return 0;
}

int fake_fuse_fd(const struct fake_fuse *fuse)
{
	return fuse_session_fd(fuse->session);
}

const char *fake_fuse_mount_data(void)
{
	return "rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other";
}

/*
 * Threads.
 */

static _Thread_local bool leading;

static void *work(void *data);

/* The caller holds the lock. */
static int add_thread(struct fake_fuse *fuse)
{
	pthread_t *threads = realloc(fuse->threads, (fuse->threads_len + 1) * sizeof(*threads));
	int ret;

	if (!threads)
		return -ENOMEM;
	fuse->threads = threads;
	if (fuse->threads_len >= (fuse->options.slots ? FAKE_SLOTS : THREADS_MAX) ||
	    atomic_load(&fuse->stopping))
		return -EAGAIN;
	ret = pthread_create(&threads[fuse->threads_len], NULL, work, fuse);
	fuse->threads_len += !ret;
	return -ret;
}

void fake_fuse_hand_over(struct fake_fuse *fuse)
{
	if (!leading)
		return;
	pthread_mutex_lock(&fuse->lock);
	/* if there is nobody to lead, this thread must go on leading, and others wait for it */
	leading = !fuse->followers && add_thread(fuse);
	pthread_mutex_unlock(&fuse->lock);
	if (!leading)
		sem_post(&fuse->lead);
}

static void take_lead(struct fake_fuse *fuse)
{
	pthread_mutex_lock(&fuse->lock);
	fuse->followers++;
	pthread_mutex_unlock(&fuse->lock);
	while (sem_wait(&fuse->lead) && errno == EINTR)
		;
	pthread_mutex_lock(&fuse->lock);
	fuse->followers--;
	pthread_mutex_unlock(&fuse->lock);
	leading = true;
}

/* The followers leave one after another, too: there is nothing to be led any more. */
static void leave(struct fake_fuse *fuse)
{
	sem_post(&fuse->lead);
	sem_post(&fuse->ended);
}

/* A thread's place for requests: a slot, or what libfuse allocates. */
struct place {
	struct fake_fuse *fuse;
	struct fuse_buf buffer;
	size_t slot;
};

static void take_place(struct place *place)
{
	struct fake_fuse *fuse = place->fuse;
	struct fake_fuse_slots *slots = fuse->options.slots;

	if (!slots)
		return;
	pthread_mutex_lock(&fuse->lock);
	place->slot = fuse->slot_order[fuse->slots_taken++];
	pthread_mutex_unlock(&fuse->lock);
	place->buffer.mem = fake_slot_buffer(slots, place->slot);
	place->buffer.size = fake_slot_pending(slots, place->slot);
	if (place->buffer.size)
		fake_fuse_process(fuse, place->slot, &place->buffer, true);
	fake_slot_prepare(slots, place->slot);
}

static void leave_place(void *data)
{
	struct place *place = data;

	if (!place->fuse->options.slots)
		free(place->buffer.mem);
}

/* Only the wait for a request can be cancelled. */
static int receive(struct fake_fuse *fuse, struct fuse_buf *buffer)
{
	int ret;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	ret = fuse_session_receive_buf(fuse->session, buffer);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return ret;
}

static void *work(void *data)
{
	struct fake_fuse *fuse = data;
	struct place place = { .fuse = fuse };
	int ret = 1;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cleanup_push(leave_place, &place);
	take_place(&place);
	while (ret > 0) {
		if (!leading)
			take_lead(fuse);
		if (atomic_load(&fuse->stopping))
			break;
		ret = receive(fuse, &place.buffer);
		if (ret > 0 && fuse->options.slots)
			fake_fuse_process(fuse, place.slot, &place.buffer, false);
		else if (ret > 0)
			fuse_session_process_buf(fuse->session, &place.buffer);
		else if (fuse->options.slots)
			fake_slot_prepare(fuse->options.slots, place.slot);
		if (ret == -EINTR || ret == -EAGAIN)
			ret = 1;
	}
	pthread_cleanup_pop(1);
	leave(fuse);
	return NULL;
}

int fake_fuse_start(struct fake_fuse *fuse, struct vgpu_error *err)
{
	struct fake_fuse_slots *slots = fuse->options.slots;
	size_t threads = 1; /* one for what comes, one for each request that is unanswered */
	int ret = 0;

	for (size_t i = 0; slots && i < FAKE_SLOTS; i++) {
		fuse->slot_order[i] = fake_slot_nth(slots, i);
		threads += fake_slot_pending(slots, i) && threads < FAKE_SLOTS;
	}
	if (slots)
		fake_fuse_introduce(fuse);
	/* what was kept is told by whoever comes first; what threads cause from now on, at once */
	fuse->notices_deferred = false;
	pthread_mutex_lock(&fuse->lock);
	while (threads-- && !ret)
		ret = add_thread(fuse);
	pthread_mutex_unlock(&fuse->lock);
	if (!ret)
		fake_fuse_flush_notices(fuse);
	if (ret)
		vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot start a thread: %s",
			       strerror(-ret));
	return ret;
}

void fake_fuse_wait(struct fake_fuse *fuse)
{
	while (sem_wait(&fuse->ended) && errno == EINTR)
		;
}

void fake_fuse_stop(struct fake_fuse *fuse)
{
	atomic_store(&fuse->stopping, true);
	sem_post(&fuse->ended);
}

void fake_fuse_destroy(struct fake_fuse *fuse)
{
	if (!fuse)
		return;
	/* while the threads still serve: the kernel may wait for them to take in a notice */
	if (fuse->mounted)
		fake_tree_watch(fuse->options.tree, NULL, NULL);
	atomic_store(&fuse->stopping, true);
	pthread_mutex_lock(&fuse->lock); /* from here on no thread is added */
	pthread_mutex_unlock(&fuse->lock);
	sem_post(&fuse->lead);
	for (size_t i = 0; i < fuse->threads_len; i++)
		pthread_cancel(fuse->threads[i]);
	for (size_t i = 0; i < fuse->threads_len; i++)
		pthread_join(fuse->threads[i], NULL);
	free(fuse->threads);
	if (fuse->mounted)
		fuse_session_unmount(fuse->session);
	if (fuse->session)
		fuse_session_destroy(fuse->session);
	fake_fuse_end_handles(fuse);
	sem_destroy(&fuse->ended);
	pthread_cond_destroy(&fuse->released);
	sem_destroy(&fuse->lead);
	fake_fuse_forget_notices(fuse);
	pthread_mutex_destroy(&fuse->notices_lock);
	pthread_mutex_destroy(&fuse->lock);
	free(fuse);
}
