/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake serve: one process that mounts and serves, or with a state three: one that holds the mount, and
 * its children, one that serves and may be killed, and one that tells the kernel what it must forget.
 */

#include "fake-serve.h"

#include <errno.h>
#include <fakesysfs/faults.h>
#include <fakesysfs/fuse.h>
#include <fakesysfs/host.h>
#include <fakesysfs/journal.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <malloc.h>
#include <replay/replay.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USELESS_DEATHS_MAX = 10 };

#define _replay_gpus_ __attribute__((cleanup(replay_gpus_finish)))

/*
 * Ending.
 */

static struct fake_fuse *serving;
static volatile sig_atomic_t told_to_end;
static volatile pid_t worker;

static void stop_serving(int signal)
{
	(void)signal;
	fake_fuse_stop(serving);
}

static void stop_worker(int signal)
{
	(void)signal;
	told_to_end = 1;
	if (worker > 0)
		kill(worker, SIGTERM);
}

static void catch_signals(void (*handler)(int signal))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What is mounted, and what the processes that serve it leave each other. */
struct mounted {
	struct cli_fake_serve serve; /* ready_fd is closed when all are told */
	struct fake_fuse *fuse;
	struct fake_fuse_slots *slots;
	int notifier[2];
	pid_t notifier_pid;
};

/*
 * Serving.
 */

static int out_of_memory(struct vgpu_error *err)
{
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
}

/* What recordings say is @gpus' own, which outlives the host. */
static struct fake_host *make_host(const struct cli_fake_serve *serve, struct replay_gpus *gpus,
				   struct vgpu_error *err)
{
	_destroy_(fake_host) struct fake_host *host = fake_host_create();
	unsigned int kernel;

	if (!host) {
		out_of_memory(err);
		return NULL;
	}
	for (size_t i = 0; i < serve->gpus_len; i++)
		if (replay_gpus_add(gpus, serve->gpus[i], err))
			return NULL;
	kernel = serve->kernel ? serve->kernel : gpus->kernel;
	if (kernel)
		fake_host_set_kernel(host, kernel);
	if (fake_host_add_gpus(host, gpus->configs, gpus->len, err))
		return NULL;
	return steal(host);
}

static int tell_ready(const struct cli_fake_serve *serve, struct vgpu_error *err)
{
	static const char ready[] = "ready\n";

	if (serve->ready_fd < 0)
		return 0;
	if (write(serve->ready_fd, ready, sizeof(ready) - 1) != sizeof(ready) - 1)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, errno, "--ready-fd %d: %s",
				      serve->ready_fd, strerror(errno));
	close(serve->ready_fd);
	return 0;
}

static struct fake_fuse *make_fuse(const struct cli_fake_serve *serve, struct fake_tree *tree,
				   const struct mounted *mounted, struct fake_journal *journal,
				   struct vgpu_error *err)
{
	struct fake_fuse_options options = {
		.tree = tree,
		.subtree = "",
		.faults = serve->faults,
		.slots = mounted ? mounted->slots : NULL,
		.notifier = mounted ? mounted->notifier[0] : -1,
		.journal = journal,
		.owner_uid = geteuid(),
		.owner_gid = getegid(),
	};

	fake_tree_set_faults(tree, serve->faults);
	return fake_fuse_create(&options, err);
}

static int serve_alone(const struct cli_fake_serve *serve, struct vgpu_error *err)
{
	_replay_gpus_ struct replay_gpus gpus = { 0 };
	_destroy_(fake_host) struct fake_host *host = make_host(serve, &gpus, err);
	_destroy_(fake_tree) struct fake_tree *tree = host ? fake_tree_create(host) : NULL;
	_destroy_(fake_fuse) struct fake_fuse *fuse = NULL;
	int ret;

	if (!tree)
		return host ? out_of_memory(err) : -EINVAL;
	fuse = serving = make_fuse(serve, tree, NULL, NULL, err);
	if (!fuse)
		return -EIO;
	catch_signals(stop_serving);
	ret = fake_fuse_mount(fuse, serve->mountpoint, err);
	if (!ret)
		ret = fake_fuse_start(fuse, err);
	if (!ret)
		ret = tell_ready(serve, err);
	if (!ret)
		fake_fuse_wait(fuse);
	return ret;
}

/*
 * With a state.
 */

/* The process that serves: the journal's host, on the mount that its parent holds. */
static int work(const struct mounted *mounted, struct vgpu_error *err)
{
	const struct cli_fake_serve *serve = &mounted->serve;
	bool again = fake_fuse_slots_used(mounted->slots);
	_replay_gpus_ struct replay_gpus gpus = { 0 };
	_destroy_(fake_journal) struct fake_journal *journal = NULL;
	_destroy_(fake_host) struct fake_host *host = make_host(serve, &gpus, err);
	_destroy_(fake_tree) struct fake_tree *tree = NULL;
	_destroy_(fake_fuse) struct fake_fuse *fuse = NULL;
	int ret = -EIO;

	/* a recording may have gone since this process's forerunner read it */
	if (!host)
		return -EINVAL;
	journal =
		fake_journal_open(serve->state, fake_host_kernel(host), serve->gpus,
				  serve->gpus_len, fake_fuse_slots_in_flight, mounted->slots, err);
	if (!journal)
		return -EIO;
	fake_journal_follow(journal, host);
	tree = again ? fake_tree_create_held(host) : fake_tree_create(host);
	if (!tree)
		return out_of_memory(err);
	fake_tree_set_faults(tree, serve->faults);
	ret = fake_journal_restore(journal, host, tree, false, err);
	fuse = serving = ret ? NULL : make_fuse(serve, tree, mounted, journal, err);
	if (!fuse)
		return -EIO;
	ret = fake_fuse_adopt(fuse, dup(fake_fuse_fd(mounted->fuse)), err);
	if (!ret)
		ret = fake_journal_restore(journal, host, tree, true, err);
	if (ret)
		return ret;
	fake_tree_let_go(tree);
	catch_signals(stop_serving);
	if (told_to_end)
		return 0;
	ret = fake_fuse_start(fuse, err);
	if (!ret)
		ret = tell_ready(serve, err);
	if (!ret)
		fake_fuse_wait(fuse);
	if (!ret && fake_journal_error(journal))
		ret = vgpu_error_set(err, VGPU_ERROR_FAILED, fake_journal_error(journal),
				     "the state '%s' is not whole: %s", serve->state,
				     strerror(fake_journal_error(journal)));
	return ret;
}

static _Noreturn void run_worker(const struct cli_arguments *args, const struct mounted *mounted,
				 pid_t parent)
{
	struct vgpu_error err = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	/* any thread may come to rewrite the journal: its room must not stay with each of them */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 1 << 16);
	if (!work(mounted, &err))
		_exit(0);
	_exit(cli_fail(&args->globals, &err));
}

static void start_notifier(struct mounted *mounted, pid_t parent)
{
	fflush(NULL);
	mounted->notifier_pid = fork();
	if (mounted->notifier_pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "vgpulab-notify");
	close(mounted->notifier[0]);
	if (getppid() == parent)
		fake_fuse_notifier_run(mounted->notifier[1], fake_fuse_fd(mounted->fuse));
	_exit(0);
}

/* Waits for the worker's end; the notifier is replaced if it ends. False if there is no worker. */
static bool await_worker(struct mounted *mounted, int *status)
{
	pid_t ended;

	while (worker > 0) {
		ended = waitpid(-1, status, 0);
		if (ended == worker)
			return true;
		if (ended == mounted->notifier_pid)
			start_notifier(mounted, getpid());
		else if (ended < 0 && errno != EINTR)
			break;
	}
	return false;
}

/* Until one of them ends of itself. Its exit code. */
static int watch(const struct cli_arguments *args, struct mounted *mounted)
{
	pid_t self = getpid();
	uint64_t answered = 0;
	int useless = 0, status = 0;
	bool ended;

	start_notifier(mounted, self);
	catch_signals(stop_worker);
	do {
		fflush(NULL);
		worker = fork();
		if (!worker)
			run_worker(args, mounted, self);
		if (told_to_end && worker > 0)
			kill(worker, SIGTERM);
		if (mounted->serve.ready_fd >= 0)
			close(mounted->serve.ready_fd);
		mounted->serve.ready_fd = -1;
		ended = await_worker(mounted, &status);
		useless = fake_fuse_slots_answered(mounted->slots) == answered ? useless + 1 : 0;
		answered = fake_fuse_slots_answered(mounted->slots);
	} while (ended && WIFSIGNALED(status) && !told_to_end && useless < USELESS_DEATHS_MAX);
	if (mounted->notifier_pid > 0)
		kill(mounted->notifier_pid, SIGKILL);
	if (ended && WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!told_to_end)
		fprintf(stderr,
			"vgpulab: whoever serves the fake host ends at once, %d times: giving up\n",
			useless);
	return told_to_end ? 0 : VGPU_ERROR_FAILED;
}

static int serve_watched(const struct cli_arguments *args, const struct cli_fake_serve *serve,
			 int *code, struct vgpu_error *err)
{
	_replay_gpus_ struct replay_gpus gpus = { 0 };
	_destroy_(fake_host) struct fake_host *checked = make_host(serve, &gpus, err);
	_destroy_(fake_host) struct fake_host *nothing = fake_host_create();
	_destroy_(fake_tree) struct fake_tree *tree = nothing ? fake_tree_create(nothing) : NULL;
	_destroy_(fake_fuse_slots) struct fake_fuse_slots *slots = fake_fuse_slots_create();
	_destroy_(fake_fuse) struct fake_fuse *fuse = NULL;
	struct mounted mounted = { .serve = *serve, .slots = slots };
	int ret;

	if (!checked)
		return -EINVAL;
	if (!tree || !slots)
		return out_of_memory(err);
	mounted.fuse = fuse = make_fuse(serve, tree, NULL, NULL, err);
	if (!fuse)
		return -EIO;
	ret = fake_fuse_notifier_open(mounted.notifier);
	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot make a socket pair: %s",
				      strerror(-ret));
	ret = fake_fuse_mount(fuse, serve->mountpoint, err);
	if (!ret)
		*code = watch(args, &mounted);
	/* the notifier may wait for the kernel until the mount has gone */
	fake_fuse_destroy(steal(fuse));
	while (mounted.notifier_pid > 0 && waitpid(mounted.notifier_pid, NULL, 0) < 0 &&
	       errno == EINTR)
		;
	close(mounted.notifier[0]);
	close(mounted.notifier[1]);
	return ret;
}

/*
 * Whose state it is.
 */

enum { PARENTS_MAX = 4096 };

struct recorded {
	char *parents[PARENTS_MAX];
	size_t len;
};

static int take_parent(void *data, const char *parent)
{
	struct recorded *recorded = data;

	if (recorded->len == PARENTS_MAX || !(recorded->parents[recorded->len] = strdup(parent)))
		return -ENOMEM;
	recorded->len++;
	return 0;
}

/* What the command line does not say, the state does. */
static int complete(struct cli_fake_serve *serve, struct recorded *recorded, struct vgpu_error *err)
{
	unsigned int kernel = 0;
	int ret = serve->state
			  ? fake_journal_host(serve->state, &kernel, take_parent, recorded, err)
			  : -ENOENT;

	if (ret && ret != -ENOENT)
		return ret;
	if (!serve->kernel)
		serve->kernel = kernel;
	if (!serve->gpus_len && recorded->len) {
		serve->gpus = (const char *const *)recorded->parents;
		serve->gpus_len = recorded->len;
	}
	return 0;
}

int cli_fake_serve(const struct cli_arguments *args, const struct cli_fake_serve *wanted)
{
	static const char *const default_gpus[] = { CLI_FAKE_DEFAULT_GPU };
	_autofree_ struct recorded *recorded = calloc(1, sizeof(*recorded));
	struct cli_fake_serve serve = *wanted;
	struct vgpu_error err = { 0 };
	pid_t parent = getppid();
	int code = 0, ret;

	/* the parent may have gone before we asked */
	if (serve.die_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (serve.die_with_parent && getppid() != parent)
		return 0;
	ret = recorded ? complete(&serve, recorded, &err) : out_of_memory(&err);
	if (!serve.gpus_len) {
		serve.gpus = default_gpus;
		serve.gpus_len = 1;
	}
	if (!ret)
		ret = serve.state ? serve_watched(args, &serve, &code, &err)
				  : serve_alone(&serve, &err);
	for (size_t i = 0; recorded && i < recorded->len; i++)
		free(recorded->parents[i]);
	return ret < 0 ? cli_fail(&args->globals, &err) : code;
}
