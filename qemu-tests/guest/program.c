/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "program.h"

#include "vblank.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 60000, LINE_LEN = 400 };

struct running {
	struct guest *guest;
	const struct guest_program *program;
	pid_t pid;
	int input, output;
	bool told; /* to end */
	char line[LINE_LEN];
	size_t len;
	unsigned int lines;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static _Noreturn void become(char *const *argv, int input, int output)
{
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	setenv("PATH", "/usr/bin:/usr/sbin:/bin", 1);
	execvp(argv[0], argv);
	_exit(127);
}

static int start(struct running *running)
{
	int input[2], output[2];

	if (pipe2(input, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(output, O_CLOEXEC) < 0) {
		close(input[0]);
		close(input[1]);
		return -errno;
	}
	running->pid = fork();
	if (running->pid == 0)
		become(running->program->argv, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	running->input = input[1];
	running->output = output[0];
	return running->pid < 0 ? -errno : 0;
}

static void print_stamped(const struct running *running)
{
	char stamped[LINE_LEN + 64];
	uint64_t count, us;

	if (guest_vblank_count(running->program->crtc_id, &count, &us) < 0)
		count = us = 0;
	snprintf(stamped, sizeof(stamped), "vblank=%llu us=%llu %s", (unsigned long long)count,
		 (unsigned long long)us, running->line);
	running->guest->print_line(running->guest->print_data, stamped);
}

static void end_line(struct running *running)
{
	running->line[running->len] = '\0';
	if (running->len && running->program->crtc_id)
		print_stamped(running);
	else if (running->len)
		running->guest->print_line(running->guest->print_data, running->line);
	running->lines += running->len > 0;
	running->len = 0;
}

/* Tabs would tear lines apart in logs; what is too long is cut. */
static void take(struct running *running, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			end_line(running);
		else if (running->len < LINE_LEN - 1)
			running->line[running->len++] = (char)(bytes[i] == '\t' ? ' ' : bytes[i]);
	}
}

static void tell_to_end(struct running *running)
{
	running->told = true;
	if (running->program->signal)
		kill(running->pid, running->program->signal);
	else
		(void)!write(running->input, "\n", 1);
	close(running->input);
	running->input = -1;
}

/* Reads until the program has closed its output, or must be killed. Whatever comes on the port ends it. */
static void listen_to(struct running *running)
{
	int64_t until_ms = now_ms() + running->program->seconds * 1000ll;

	for (;;) {
		struct pollfd fds[] = { { .fd = running->output, .events = POLLIN },
					{ .fd = running->told ? -1 : running->guest->port_fd,
					  .events = POLLIN } };
		int64_t left_ms = until_ms - now_ms();
		char bytes[1024];
		ssize_t got;

		if (left_ms <= 0 && running->told) {
			kill(running->pid, SIGKILL);
			break;
		}
		if (left_ms <= 0 || poll(fds, 2, (int)left_ms) <= 0 || fds[1].revents) {
			if (!running->told) {
				tell_to_end(running);
				until_ms = now_ms() + GRACE_MS;
			}
			continue;
		}
		got = read(running->output, bytes, sizeof(bytes));
		if (got <= 0)
			break;
		take(running, bytes, (size_t)got);
	}
	end_line(running);
}

/* One that has closed its output is about to end by itself. Its status as waitpid(2) gives it. */
static int await_end(const struct running *running)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t until_ms = now_ms() + GRACE_MS;
	int status = 0;

	while (waitpid(running->pid, &status, WNOHANG) == 0) {
		if (now_ms() >= until_ms)
			kill(running->pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	return status;
}

int guest_program_run(struct guest *guest, const struct guest_program *program,
		      struct guest_reply *reply)
{
	struct running running = { .guest = guest, .program = program, .input = -1, .output = -1 };
	int status, rc;

	signal(SIGPIPE, SIG_IGN);
	rc = start(&running);
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "run: %s", strerror(-rc));
	listen_to(&running);
	if (running.input >= 0)
		close(running.input);
	close(running.output);
	status = await_end(&running);
	guest_reply_add(reply, "lines=%u status=%d", running.lines,
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
