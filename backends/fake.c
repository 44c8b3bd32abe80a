/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

#include "fake.h"
#include "sysfs.h"

/*
 * A fake host in a child process, `vgpulab fake serve`, seen through the kernel: the sysfs backend
 * on a FUSE mount. The mount is taken out of the file system as soon as it is open here, so that
 * no directory stays behind however this process ends; it lives until `sysfs` is closed.
 */
struct fake {
	struct sysfs sysfs;
	pid_t pid;
	int pidfd;
	char dir[PATH_MAX]; /* the mount point; empty once it has gone */
};

enum { GPUS_MAX = 16, READY_TIMEOUT_MS = 10000, END_TIMEOUT_MS = 5000 };

static struct fake *fake_from_backend(struct vgpu_backend *backend)
{
	return (struct fake *)backend;
}

/* Everything that the child needs, made before fork(2). */
struct start {
	char *argv[5 + 2 * GPUS_MAX + 2]; /* before the GPUs; they; the mount point and NULL */
	char ready_text[16];
	char *gpus; /* the argument, cut into pieces that argv points to */
	int ready; /* the child writes here */
	int errors; /* the child's standard error, a memfd */
};

static _Noreturn void run_child(const struct start *start, pid_t parent)
{
	const char *program = secure_getenv("VGPULAB_PROGRAM");

	/* it must not outlive us, and we may be gone already */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent && dup2(start->errors, STDERR_FILENO) >= 0 &&
	    fcntl(start->ready, F_SETFD, 0) == 0)
		execv(program ? program : "/proc/self/exe", start->argv);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", program ? program : "/proc/self/exe",
		strerror(errno));
	_exit(VGPU_ERROR_FAILED);
}

static int fill_argv(struct start *start, char *dir, const char *argument, struct vgpu_error *err)
{
	char **next = start->argv, *rest, *gpu;
	size_t gpus_len = 0;

	start->gpus = strdup(argument);
	rest = start->gpus;
	snprintf(start->ready_text, sizeof(start->ready_text), "%d", start->ready);
	*next++ = (char *)"vgpulab";
	*next++ = (char *)"fake";
	*next++ = (char *)"serve";
	*next++ = (char *)"--ready-fd";
	*next++ = start->ready_text;
	while ((gpu = strsep(&rest, "+"))) {
		if (gpus_len++ == GPUS_MAX)
			return vgpu_error_set(err, VGPU_ERROR_USAGE, E2BIG,
					      "backend fake: more than %d GPUs", GPUS_MAX);
		*next++ = (char *)"--gpu";
		*next++ = gpu;
	}
	*next++ = dir;
	*next = NULL;
	return 0;
}

/* Cuts the child's standard error into "vgpulab: MESSAGE" and, indented below, the hint. */
static char *take_line(char **rest)
{
	char *line = strsep(rest, "\n");

	if (!line)
		return (char *)"";
	if (!strncmp(line, "vgpulab: ", 9))
		line += 9;
	return line + strspn(line, " ");
}

/* The child's own words, if it has said any, and its exit code, which is an error kind. */
static int fail_as_child(struct fake *fake, int errors, struct vgpu_error *err)
{
	char text[700] = "", *rest = text;
	enum vgpu_error_kind kind = VGPU_ERROR_FAILED;
	const char *said;
	int status = 0, ret;
	ssize_t len = pread(errors, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	said = take_line(&rest);
	if (waitpid(fake->pid, &status, WNOHANG) != fake->pid)
		return vgpu_error_set(err, kind, ETIMEDOUT,
				      "the fake host was not ready after %d s%s%s",
				      READY_TIMEOUT_MS / 1000, said[0] ? ": " : "", said);
	fake->pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) && WEXITSTATUS(status) <= VGPU_ERROR_NEED)
		kind = (enum vgpu_error_kind)WEXITSTATUS(status);
	ret = vgpu_error_set(err, kind, kind == VGPU_ERROR_USAGE ? EINVAL : EIO,
			     "the fake host did not start: %s",
			     said[0] ? said : "it ended without a word");
	vgpu_error_hint(err, "%s", take_line(&rest));
	return ret;
}

static int wait_until_ready(struct fake *fake, int ready, int errors, struct vgpu_error *err)
{
	struct pollfd poll_ready = { .fd = ready, .events = POLLIN };
	char byte;
	int count;

	do
		count = poll(&poll_ready, 1, READY_TIMEOUT_MS);
	while (count < 0 && errno == EINTR);
	if (count > 0 && read(ready, &byte, 1) == 1)
		return 0;
	/* its end of the pipe closes a moment before it can be waited for */
	if (count > 0)
		poll(&(struct pollfd){ .fd = fake->pidfd, .events = POLLIN }, 1, END_TIMEOUT_MS);
	return fail_as_child(fake, errors, err);
}

static int start_child(struct fake *fake, const char *argument, struct vgpu_error *err)
{
	_autoclose_ int errors = memfd_create("fake-errors", MFD_CLOEXEC);
	_autoclose_ int ready = -1, ready_child = -1;
	struct start start = { .errors = errors };
	_autofree_ char *gpus = NULL;
	pid_t parent = getpid();
	int pipes[2], ret;

	if (errors < 0 || pipe2(pipes, O_CLOEXEC))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "backend fake: %s",
				      strerror(errno));
	ready = pipes[0];
	start.ready = ready_child = pipes[1];
	ret = fill_argv(&start, fake->dir, argument, err);
	gpus = start.gpus;
	if (ret < 0)
		return ret;
	fake->pid = fork();
	if (fake->pid < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "backend fake: cannot fork: %s", strerror(errno));
	if (!fake->pid)
		run_child(&start, parent);
	fake->pidfd = (int)syscall(SYS_pidfd_open, fake->pid, 0);
	close(steal_fd(&ready_child));
	return wait_until_ready(fake, ready, errors, err);
}

/* An ordinary user's mount was made by this helper, and only it can undo it. */
static bool fusermount_detach(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", dir, NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Takes the mount point away; what has it open keeps it. */
static void detach(struct fake *fake)
{
	if (!fake->dir[0])
		return;
	if (umount2(fake->dir, MNT_DETACH) == 0 || errno == EINVAL || fusermount_detach(fake->dir))
		if (rmdir(fake->dir) == 0)
			fake->dir[0] = '\0';
}

static int open_root(struct fake *fake, const char *argument, struct vgpu_error *err)
{
	char sys[PATH_MAX + 8], name[256];
	int root;

	snprintf(sys, sizeof(sys), "%s/sys", fake->dir);
	root = open(sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot open %s: %s", sys,
				      strerror(errno));
	snprintf(name, sizeof(name), "fake:%s", argument);
	vgpu_sysfs_init(&fake->sysfs, &vgpu_backend_fake, root, name);
	detach(fake);
	return 0;
}

static int make_dir(struct fake *fake, struct vgpu_error *err)
{
	const char *tmp = secure_getenv("TMPDIR");

	snprintf(fake->dir, sizeof(fake->dir), "%s/vgpulab-fake-XXXXXX",
		 tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(fake->dir)) {
		int ret = vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
					 "cannot make the directory %s: %s", fake->dir,
					 strerror(errno));

		fake->dir[0] = '\0';
		return ret;
	}
	return 0;
}

static void end_child(struct fake *fake)
{
	struct pollfd poll_end = { .fd = fake->pidfd, .events = POLLIN };

	if (fake->pid <= 0)
		return;
	kill(fake->pid, SIGTERM);
	/* without a pidfd the pause alone; then it is killed, which the detached mount survives */
	if (poll(&poll_end, 1, fake->pidfd >= 0 ? END_TIMEOUT_MS : 100) <= 0)
		kill(fake->pid, SIGKILL);
	while (waitpid(fake->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void fake_destroy(struct vgpu_backend *backend)
{
	struct fake *fake = fake_from_backend(backend);

	vgpu_sysfs_finish(&fake->sysfs);
	end_child(fake);
	detach(fake);
	if (fake->pidfd >= 0)
		close(fake->pidfd);
	free(fake);
}

const struct vgpu_backend_impl vgpu_backend_fake = {
	.name = "fake",
	.summary = "a fake host of its own, seen through FUSE: ends with this command",
	.read = vgpu_sysfs_read,
	.write = vgpu_sysfs_write,
	.readlink = vgpu_sysfs_readlink,
	.list = vgpu_sysfs_list,
	.exists = vgpu_sysfs_exists,
	.wait = vgpu_sysfs_wait,
	.destroy = fake_destroy,
};

int vgpu_fake_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err)
{
	struct fake *fake;
	int ret;

	if (!argument || !argument[0])
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "backend fake: a GPU must follow the colon, as in "
				      "fake:kaby-lake");
	fake = calloc(1, sizeof(*fake));
	if (!fake)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "backend fake: %s",
				      strerror(ENOMEM));
	fake->sysfs.root = fake->sysfs.uevents = fake->pidfd = -1;
	fake->pid = -1;
	ret = make_dir(fake, err);
	if (ret == 0)
		ret = start_child(fake, argument, err);
	if (ret == 0)
		ret = open_root(fake, argument, err);
	if (ret < 0) {
		fake_destroy(&fake->sysfs.base);
		return ret;
	}
	*out = &fake->sysfs.base;
	return 0;
}
