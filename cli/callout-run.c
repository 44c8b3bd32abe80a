/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "host.h"

extern char **environ;

/* What a script may say; more is read and dropped. */
enum { OUTPUT_MAX = 1 << 20 };

/* Ends of the pipes to a script: ours and its. -1: closed. */
struct pipes {
	int to_script, from_out, from_err;
	int script_in, script_out, script_err;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_scripts_ends(struct pipes *pipes)
{
	close_end(&pipes->script_in);
	close_end(&pipes->script_out);
	close_end(&pipes->script_err);
}

static void pipes_finish(struct pipes *pipes)
{
	close_scripts_ends(pipes);
	close_end(&pipes->to_script);
	close_end(&pipes->from_out);
	close_end(&pipes->from_err);
}

static int open_pipe(int *read_end, int *write_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	*read_end = ends[0];
	*write_end = ends[1];
	return 0;
}

static int start(const char *program, char *const argv[], const struct pipes *pipes, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int error;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes->script_in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, pipes->script_out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, pipes->script_err, STDERR_FILENO);
	error = posix_spawn(pid, program, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -error;
}

/* A script need not read its input. */
static void feed(int *fd, const char **rest)
{
	ssize_t taken = write(*fd, *rest, strlen(*rest));

	if (taken > 0)
		*rest += taken;
	if ((taken < 0 && errno != EAGAIN && errno != EINTR) || !**rest)
		close_end(fd);
}

static void drain(int *fd, FILE *stream)
{
	char buffer[4096];
	ssize_t got = read(*fd, buffer, sizeof(buffer));

	if (got > 0 && ftell(stream) < OUTPUT_MAX)
		fwrite(buffer, 1, (size_t)got, stream);
	if (!got || (got < 0 && errno != EINTR && errno != EAGAIN))
		close_end(fd);
}

static void converse(struct pipes *pipes, const char *input, FILE *out, FILE *err)
{
	fcntl(pipes->to_script, F_SETFL, O_NONBLOCK);
	if (!*input)
		close_end(&pipes->to_script);
	while (pipes->to_script >= 0 || pipes->from_out >= 0 || pipes->from_err >= 0) {
		struct pollfd polls[] = {
			{ .fd = pipes->to_script, .events = POLLOUT },
			{ .fd = pipes->from_out, .events = POLLIN },
			{ .fd = pipes->from_err, .events = POLLIN },
		};

		if (poll(polls, VGPU_ARRAY_LEN(polls), -1) < 0 && errno != EINTR)
			break;
		if (polls[0].revents)
			feed(&pipes->to_script, &input);
		if (polls[1].revents)
			drain(&pipes->from_out, out);
		if (polls[2].revents)
			drain(&pipes->from_err, err);
	}
}

static int run_with(const char *program, char *const argv[], const char *input, struct pipes *pipes,
		    struct vgpu_callout_result *result)
{
	size_t out_len, err_len;
	FILE *out, *err;
	int ret, status;
	pid_t pid;

	ret = start(program, argv, pipes, &pid);
	close_scripts_ends(pipes);
	if (ret < 0)
		return ret;
	out = open_memstream(&result->out, &out_len);
	err = open_memstream(&result->err, &err_len);
	if (out && err)
		converse(pipes, input, out, err);
	pipes_finish(pipes);
	if (out)
		fclose(out);
	if (err)
		fclose(err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (result->out && result->err)
		return 0;
	free(result->out);
	free(result->err);
	return -ENOMEM;
}

static int run(void *data, const char *program, char *const argv[], const char *input,
	       struct vgpu_callout_result *result)
{
	__attribute__((cleanup(pipes_finish))) struct pipes pipes = { -1, -1, -1, -1, -1, -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, pipe_before;
	int ret = open_pipe(&pipes.script_in, &pipes.to_script);

	if (ret == 0)
		ret = open_pipe(&pipes.from_out, &pipes.script_out);
	if (ret == 0)
		ret = open_pipe(&pipes.from_err, &pipes.script_err);
	if (ret < 0)
		return ret;
	fflush(stdout);
	sigaction(SIGPIPE, &ignore, &pipe_before);
	ret = run_with(program, argv, input, &pipes, result);
	sigaction(SIGPIPE, &pipe_before, NULL);
	return ret;
}

static void complain(void *data, const char *script, const char *text)
{
	fprintf(stderr, "%s: %s", script, text);
}

const struct vgpu_callout_ops cli_callout_ops = { .run = run, .complain = complain };
