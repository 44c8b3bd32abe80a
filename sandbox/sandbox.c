/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The outside of a sandbox: the fake host, those who serve it, and the watch over the program. */

#include <errno.h>
#include <fakesysfs/fuse.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <fakesysfs/uevent-netlink.h>
#include <fakevfio/supervisor.h>
#include <fcntl.h>
#include <poll.h>
#include <sandbox/sandbox.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "channel.h"
#include "inside.h"
#include "merge.h"
#include "namespaces.h"
#include "remains.h"

/* How long what is killed may take to die; what waits in the kernel may never. */
enum { DEATH_MS = 10000, DEATH_WITH_US_MS = 2000 };

struct sandbox {
	const struct sandbox_options *options;
	struct fake_host *host;
	struct fake_tree *tree;
	struct fv_supervisor *supervisor;
	struct fake_fuse *fuse;
	struct fake_uevent_netlink *uevents; /* NULL: the network is the caller's */
	struct sandbox_merge merge;
	int channel;
	int signals; /* signalfd of those that are passed on */
	pid_t builder;
	int builder_pidfd;
	int program_pidfd; /* -1 until the program is there */
	pid_t init; /* 0 until the program has ended */
	int init_pidfd;
	int pending_signal; /* came before the program was there: ends the sandbox */
	bool ended; /* the program has ended, with: */
	int status;
	bool remains; /* but not all that it left behind */
	int rc; /* what went wrong, told in *err */
	struct vgpu_error *err;
};

static const int forwarded[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

__attribute__((format(printf, 2, 3))) static void say(const struct sandbox *sandbox,
						      const char *format, ...)
{
	char line[512];
	va_list args;

	if (!sandbox->options->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	sandbox->options->log(sandbox->options->log_data, line);
}

/* All that can be made before there is another process or thread. */
static int create_fake(struct sandbox *sandbox)
{
	const struct sandbox_options *options = sandbox->options;
	struct fake_fuse_options fuse = { .subtree = "", .vfio = &fv_supervisor_fuse_ops };
	int ret;

	sandbox->host = fake_host_create();
	if (sandbox->host && options->kernel)
		fake_host_set_kernel(sandbox->host, options->kernel);
	sandbox->tree = sandbox->host ? fake_tree_create(sandbox->host) : NULL;
	if (!sandbox->tree)
		return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, ENOMEM,
				      "no memory for the fake host");
	fake_tree_set_faults(sandbox->tree, options->faults);
	ret = fake_host_add_gpus(sandbox->host, options->gpus, options->gpus_len, sandbox->err);
	if (ret)
		return ret;
	sandbox->supervisor = fv_supervisor_create(sandbox->host, sandbox->err);
	if (!sandbox->supervisor)
		return -EIO;
	fv_supervisor_set_tree(sandbox->supervisor, sandbox->tree);
	fv_supervisor_set_kernel_log(sandbox->supervisor, options->kernel_log);
	fv_supervisor_set_log(sandbox->supervisor, options->log, options->log_data);
	fuse.tree = sandbox->tree;
	fuse.faults = options->faults;
	fuse.vfio_data = sandbox->supervisor;
	sandbox->fuse = fake_fuse_create(&fuse, sandbox->err);
	if (!sandbox->fuse)
		return -EIO;
	if (sandbox_merge_plan("/sys", sandbox->tree, &sandbox->merge))
		return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, ENOMEM,
				      "cannot join the real /sys to the fake one");
	say(sandbox, "fake host: %zu GPU(s); %zu parts of the real /sys beneath", options->gpus_len,
	    sandbox->merge.paths_len);
	return 0;
}

static void finish(struct sandbox *sandbox)
{
	/* The FUSE front end calls the supervisor, which works on the host: in this order. */
	fake_fuse_destroy(sandbox->fuse);
	fv_supervisor_destroy(sandbox->supervisor);
	if (sandbox->tree)
		fake_tree_set_uevents(sandbox->tree, NULL, NULL);
	if (sandbox->uevents && fake_uevent_netlink_error(sandbox->uevents))
		say(sandbox, "kernel: uevents were refused: %s",
		    strerror(fake_uevent_netlink_error(sandbox->uevents)));
	fake_uevent_netlink_destroy(sandbox->uevents);
	fake_tree_destroy(sandbox->tree);
	fake_host_destroy(sandbox->host);
	sandbox_merge_finish(&sandbox->merge);
	for (size_t i = 0; i < 4; i++) {
		int fd = (const int[]){ sandbox->channel, sandbox->signals, sandbox->builder_pidfd,
					sandbox->program_pidfd }[i];

		if (fd >= 0)
			close(fd);
	}
}

static void go(struct sandbox *sandbox)
{
	struct sandbox_message message = { .step = SANDBOX_GO };

	sandbox_channel_send(sandbox->channel, &message, -1);
}

static int on_networked(struct sandbox *sandbox, int *netlink)
{
	sandbox->uevents = fake_uevent_netlink_create(steal_fd(netlink));
	if (!sandbox->uevents)
		return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	fake_tree_set_uevents(sandbox->tree, fake_uevent_netlink_send, sandbox->uevents);
	return 0;
}

static int on_mounted(struct sandbox *sandbox, int *fuse)
{
	int rc = fake_fuse_adopt(sandbox->fuse, steal_fd(fuse), sandbox->err);

	if (!rc)
		rc = fake_fuse_start(sandbox->fuse, sandbox->err);
	if (!rc)
		go(sandbox);
	return rc;
}

static int on_filtered(struct sandbox *sandbox, int *listener, dev_t nodes_dev, pid_t program)
{
	int rc;

	sandbox->program_pidfd = syscall(SYS_pidfd_open, program, 0);
	if (sandbox->program_pidfd < 0)
		return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, errno,
				      "the program ended before it began");
	rc = fv_supervisor_start(sandbox->supervisor, steal_fd(listener), nodes_dev, program,
				 sandbox->err);
	if (rc)
		return rc;
	say(sandbox, "VFIO is answered; the program is process %d outside", program);
	go(sandbox);
	return 0;
}

/* One message from inside. A negative errno ends the sandbox. */
static int on_message(struct sandbox *sandbox)
{
	struct sandbox_message message;
	_autoclose_ int fd = -1;
	pid_t sender;
	int rc = sandbox_channel_receive(sandbox->channel, &message, &fd, &sender);

	if (rc)
		return rc;
	switch (message.step) {
	case SANDBOX_NETWORKED:
		return on_networked(sandbox, &fd);
	case SANDBOX_MOUNTED:
		return on_mounted(sandbox, &fd);
	case SANDBOX_FILTERED:
		return on_filtered(sandbox, &fd, message.value, sender);
	case SANDBOX_NOT_EXECUTED:
		*sandbox->err = message.error;
		sandbox->status = W_EXITCODE((int)message.value, 0);
		sandbox->ended = true;
		return 0;
	case SANDBOX_ENDED:
		if (!sandbox->ended)
			sandbox->status = message.value;
		sandbox->ended = true;
		sandbox->init = sender;
		sandbox->init_pidfd = syscall(SYS_pidfd_open, sender, 0);
		return 0;
	case SANDBOX_FAILED:
		*sandbox->err = message.error;
		return message.error.errnum ? -message.error.errnum : -EIO;
	case SANDBOX_GO:
		break;
	}
	return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, EPROTO,
			      "bug: a message that no one sends");
}

/* The terminal's own signals reach the program by themselves, as a member of its process group. */
static void on_signal(struct sandbox *sandbox)
{
	struct signalfd_siginfo info;

	if (read(sandbox->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_code == SI_KERNEL)
		return;
	if (sandbox->program_pidfd >= 0)
		syscall(SYS_pidfd_send_signal, sandbox->program_pidfd, info.ssi_signo, NULL, 0);
	else
		sandbox->pending_signal = info.ssi_signo;
}

/* Until the builder, and with it everything inside, has gone; or cannot go. */
static void watch(struct sandbox *sandbox)
{
	struct pollfd fds[] = {
		{ .fd = sandbox->channel, .events = POLLIN },
		{ .fd = sandbox->signals, .events = POLLIN },
		{ .fd = sandbox->builder_pidfd, .events = POLLIN },
	};

	while (!sandbox->rc && !sandbox->pending_signal) {
		int ready = poll(fds, VGPU_ARRAY_LEN(fds), sandbox->ended ? DEATH_MS : -1);

		if (ready < 0)
			continue;
		sandbox->remains = ready == 0;
		if (sandbox->remains)
			break;
		if (fds[1].revents)
			on_signal(sandbox);
		if (fds[0].revents & POLLIN)
			sandbox->rc = on_message(sandbox);
		else if (fds[0].revents)
			fds[0].fd = -1; /* all of them have gone */
		if (sandbox->rc == -EPIPE)
			sandbox->rc = 0, fds[0].fd = -1;
		if (fds[2].revents && !(fds[0].revents & POLLIN))
			break;
	}
}

static int start_builder(struct sandbox *sandbox, const sigset_t *mask,
			 const struct sigaction *child_action)
{
	struct sandbox_inside inside = {
		.argv = sandbox->options->argv,
		.network = !sandbox->options->share_network,
		.nodes = fake_kernel_has(fake_host_kernel(sandbox->host), FAKE_FEATURE_VFIO_CDEV),
		.libvirt = sandbox->options->libvirt,
		.uid = geteuid(),
		.gid = getegid(),
		.mount_data = fake_fuse_mount_data(),
		.command_line = sandbox->options->command_line,
		.merge = &sandbox->merge,
		.signal_mask = mask,
		.child_action = child_action,
		.outside = getpid(),
	};
	int ends[2], rc = sandbox_channel_open(ends);
	bool has_users;

	if (rc)
		return vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, -rc,
				      "cannot make a socket pair: %s", strerror(-rc));
	sandbox->channel = ends[0];
	inside.channel = ends[1];
	fflush(NULL);
	sandbox->builder = sandbox_fork_user(&has_users, sandbox->err);
	if (!sandbox->builder) {
		close(ends[0]);
		sandbox_inside_run(&inside);
	}
	close(ends[1]);
	if (sandbox->builder < 0)
		return sandbox->builder;
	sandbox->builder_pidfd = syscall(SYS_pidfd_open, sandbox->builder, 0);
	if (sandbox->builder_pidfd < 0)
		return vgpu_error_set(sandbox->err, VGPU_ERROR_NEED, errno,
				      "cannot watch a process: %s", strerror(errno));
	rc = has_users ? sandbox_map_ids(sandbox->builder, sandbox->err) : 0;
	if (!rc)
		go(sandbox);
	return rc;
}

/* Whatever the reason: afterwards nothing inside is left that can die. */
static void end_builder(struct sandbox *sandbox)
{
	if (sandbox->builder <= 0)
		return;
	if (!sandbox->ended || sandbox->remains)
		kill(sandbox->builder, SIGKILL);
	while (waitpid(sandbox->builder, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Blocks the forwarded signals, but those that the caller ignores, for this and coming threads. */
static int block_signals(sigset_t *old_mask, int *out_fd)
{
	struct sigaction action;
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(forwarded); i++)
		if (!sigaction(forwarded[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&mask, forwarded[i]);
	sigprocmask(SIG_BLOCK, &mask, old_mask);
	*out_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return *out_fd < 0 ? -errno : 0;
}

static void conduct(struct sandbox *sandbox)
{
	/* With SIGCHLD ignored children could not be waited for. */
	struct sigaction waitable = { .sa_handler = SIG_DFL }, child_action;
	sigset_t mask;

	if (block_signals(&mask, &sandbox->signals)) {
		sandbox->rc = vgpu_error_set(sandbox->err, VGPU_ERROR_FAILED, errno,
					     "cannot watch signals: %s", strerror(errno));
		return;
	}
	sigaction(SIGCHLD, &waitable, &child_action);
	sandbox->rc = start_builder(sandbox, &mask, &child_action);
	if (!sandbox->rc)
		watch(sandbox);
	end_builder(sandbox);
	sigaction(SIGCHLD, &child_action, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* A closed standard file's number must not become one of ours; the program still finds it closed. */
static void occupy_standard_numbers(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * The end of a pid namespace waits for each process in it, so its first one is there as long as any.
 * Who waited for an answer of ours has died of our end.
 */
static void tell_remains(struct sandbox *sandbox)
{
	struct pollfd init = { .fd = sandbox->init_pidfd, .events = POLLIN };
	char who[256];

	if (sandbox->init_pidfd < 0 || poll(&init, 1, DEATH_WITH_US_MS) > 0 ||
	    !sandbox_list_descendants(sandbox->init, who, sizeof(who)))
		return;
	vgpu_error_set(sandbox->err, VGPU_ERROR_BUSY, EBUSY,
		       "what ran inside has ended, but for what cannot die: %s", who);
	vgpu_error_hint(sandbox->err,
			"it does not even notice SIGKILL until what it waits for in the kernel "
			"answers: end a FUSE or network file system's server, unplug a device; "
			"/proc/PID/stack says more to root. If nothing helps, restart the machine");
}

int sandbox_run(const struct sandbox_options *options, int *status, struct vgpu_error *err)
{
	struct vgpu_error unwanted;
	struct sandbox sandbox = {
		.options = options,
		.channel = -1,
		.signals = -1,
		.builder_pidfd = -1,
		.program_pidfd = -1,
		.init_pidfd = -1,
		.err = err ? err : &unwanted,
	};

	*sandbox.err = (struct vgpu_error){ 0 };
	occupy_standard_numbers();
	sandbox.rc = create_fake(&sandbox);
	if (!sandbox.rc)
		conduct(&sandbox);
	finish(&sandbox);
	if (sandbox.remains)
		tell_remains(&sandbox);
	if (sandbox.init_pidfd >= 0)
		close(sandbox.init_pidfd);
	if (sandbox.rc)
		return sandbox.rc;
	/* Killed from outside before it could tell: as if the program had been. */
	if (!sandbox.ended)
		sandbox.status = sandbox.pending_signal ? sandbox.pending_signal : SIGKILL;
	*status = sandbox.status;
	return 0;
}
