/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "inside.h"

#include <errno.h>
#include <fakesysfs/uevent-netlink.h>
#include <fakevfio/supervisor.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "libvirt.h"
#include "mounts.h"
#include "namespaces.h"

/* Device descriptors have numbers below this: struct fv_machine's clients need room for them. */
enum { FILES_WANTED = 1024 };

static void tell(const struct sandbox_inside *inside, enum sandbox_step step, uint64_t value,
		 int fd)
{
	struct sandbox_message message = { .step = step, .value = value };

	sandbox_channel_send(inside->channel, &message, fd);
}

static _Noreturn void fail(const struct sandbox_inside *inside, const struct vgpu_error *err)
{
	struct sandbox_message message = { .step = SANDBOX_FAILED, .error = *err };

	sandbox_channel_send(inside->channel, &message, -1);
	_exit(EXIT_FAILURE);
}

static pid_t fork_or_fail(const struct sandbox_inside *inside)
{
	struct vgpu_error err = { 0 };
	pid_t child = fork();

	if (child >= 0)
		return child;
	vgpu_error_set(&err, VGPU_ERROR_NEED, errno, "cannot start a process inside: %s",
		       strerror(errno));
	vgpu_error_hint(&err,
			"a limit of processes is reached: see `ulimit -u`, and pids.max of the "
			"control group");
	fail(inside, &err);
}

/* Waits for the word to go on. If the other side has gone there is nothing more to do. */
static void await_go(const struct sandbox_inside *inside)
{
	struct sandbox_message message;

	if (sandbox_channel_receive(inside->channel, &message, NULL, NULL) ||
	    message.step != SANDBOX_GO)
		_exit(EXIT_FAILURE);
}

static _Noreturn void not_executed(const struct sandbox_inside *inside)
{
	const char *program = inside->argv[0];
	int errnum = errno;
	struct sandbox_message message = {
		.step = SANDBOX_NOT_EXECUTED,
		.value = errnum == ENOENT ? 127 : 126, /* as env(1) and the shell */
	};

	vgpu_error_set(&message.error, VGPU_ERROR_FAILED, errnum, "cannot execute %s: %s", program,
		       strerror(errnum));
	sandbox_channel_send(inside->channel, &message, -1);
	_exit(message.value);
}

/* A working directory below a path that has been mounted over would show what is beneath. */
static void enter_directory_again(void)
{
	_autofree_ char *path = getcwd(NULL, 0);

	if (path && *path == '/' && chdir(path))
		return; /* not there any more: as it is */
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* To libvirt, root is a system's administrator; an ordinary user has a session. */
static bool has_session(const struct sandbox_inside *inside)
{
	return inside->libvirt && inside->uid != 0;
}

static _Noreturn void run_program(const struct sandbox_inside *inside)
{
	struct vgpu_error err = { 0 };
	int listener;

	enter_directory_again();
	raise_file_limit();
	/* libsystemd and libudev look at statfs(2), where FUSE cannot pass for sysfs. */
	setenv("SYSTEMD_DEVICE_VERIFY_SYSFS", "0", 1);
	if (has_session(inside) && sandbox_restore_ids(inside->uid, inside->gid, &err))
		fail(inside, &err);
	listener = fv_filter_install(inside->nodes, &err);
	if (listener < 0)
		fail(inside, &err);
	tell(inside, SANDBOX_FILTERED, inside->nodes_dev, listener);
	close(listener);
	await_go(inside);
	sigaction(SIGCHLD, inside->child_action, NULL);
	sigprocmask(SIG_SETMASK, inside->signal_mask, NULL);
	if (inside->libvirt && sandbox_libvirt_start(has_session(inside), &err))
		fail(inside, &err);
	execvp(inside->argv[0], inside->argv);
	not_executed(inside);
}

static bool is_outside_gone(const struct sandbox_inside *inside)
{
	struct pollfd poll_fd = { .fd = inside->channel };

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLHUP;
}

/* A reader at the other end of a pipe waits for the program's end, not for ours. */
static void let_go_of_standard_files(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
}

/* The first process of the pid namespace: its end ends all others. It reaps orphans until then. */
static _Noreturn void run_init(const struct sandbox_inside *inside)
{
	struct vgpu_error err = { 0 };
	pid_t program, ended;
	int status = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "vgpulab-init");
	if (is_outside_gone(inside))
		_exit(EXIT_FAILURE);
	if (sandbox_mount_proc(inside->command_line, &err) || sandbox_mount_definitions(&err))
		fail(inside, &err);
	if (inside->libvirt && sandbox_libvirt_mount(has_session(inside), &err))
		fail(inside, &err);
	if (inside->libvirt && inside->network)
		sandbox_libvirt_start_udevd();
	program = fork_or_fail(inside);
	if (!program)
		run_program(inside);
	let_go_of_standard_files();
	do
		ended = waitpid(-1, &status, 0);
	while (ended != program && (ended > 0 || errno == EINTR));
	if (ended == program)
		tell(inside, SANDBOX_ENDED, status, -1);
	_exit(EXIT_SUCCESS);
}

/* Kernel uevents reach the network namespace in which their socket was made, whoever sends. */
static void offer_uevents(const struct sandbox_inside *inside)
{
	struct vgpu_error err = { 0 };
	_autoclose_ int netlink = fake_uevent_netlink_open();

	if (netlink < 0) {
		vgpu_error_set(&err, VGPU_ERROR_NEED, -netlink,
			       "cannot send kernel uevents: %s (--share-network does without)",
			       strerror(-netlink));
		fail(inside, &err);
	}
	tell(inside, SANDBOX_NETWORKED, 0, netlink);
}

static void build(struct sandbox_inside *inside)
{
	struct vgpu_error err = { 0 };
	int fuse;

	await_go(inside); /* with ids */
	if (sandbox_unshare_rest(inside->network, &err))
		fail(inside, &err);
	if (inside->network)
		offer_uevents(inside);
	fuse = sandbox_mount_fake(inside->mount_data, &err);
	if (fuse < 0)
		fail(inside, &err);
	tell(inside, SANDBOX_MOUNTED, 0, fuse);
	close(fuse); /* theirs alone: with their end the file system ends */
	await_go(inside);
	if (sandbox_mount_rest(inside->merge, &inside->nodes_dev, &err))
		fail(inside, &err);
}

void sandbox_inside_run(struct sandbox_inside *inside)
{
	pid_t init;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "vgpulab-build");
	if (getppid() != inside->outside)
		_exit(EXIT_FAILURE);
	build(inside);
	init = fork_or_fail(inside);
	if (!init)
		run_init(inside);
	let_go_of_standard_files();
	while (waitpid(init, &status, 0) < 0 && errno == EINTR)
		;
	_exit(EXIT_SUCCESS);
}
