/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"
#include "needs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#define TRIAL_MS 5000 /* ten times what it takes */
#define END_MS	 1000

/* Ends the child. One that is stuck in the kernel for good stays, and dies when it can. */
static void end(pid_t pid)
{
	_autoclose_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	kill(pid, SIGKILL);
	if (poll(&fd, 1, END_MS) > 0)
		waitpid(pid, NULL, 0);
}

/* What a guest under KVM must say, and what it is told so that it does. */
struct trial {
	const char *who, *words;
	const char *args[12];
};

/* SeaBIOS writes its name to port 0x402 as soon as it runs. Source: SeaBIOS docs/Debugging.md */
static const struct trial firmware_trial = {
	.who = "firmware",
	.words = "SeaBIOS",
	.args = { "-device", "isa-debugcon,iobase=0x402,chardev=said" },
};

/* A KVM that runs firmware may fail at a kernel. One without a root has brought up all it has when it
 * says so. Source: init/do_mounts.c */
static const struct trial kernel_trial = {
	.who = "Linux kernel",
	.words = "Unable to mount root fs",
	.args = { "-serial", "chardev:said", "-append", "console=ttyS0 quiet panic=-1",
		  "-no-reboot", "-kernel" }, /* which: the next argument */
};

/* Do the words come? Keeps enough of the past for words that come in two parts. */
static bool hears(int fd, const char *words, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char text[512];
	size_t len = 0;

	while (poll(&poll_fd, 1, qt_left_ms(deadline_ms)) > 0) {
		ssize_t got = read(fd, text + len, sizeof(text) - 1 - len);

		if (got <= 0)
			return false;
		for (ssize_t i = 0; i < got; i++)
			if (!text[len + (size_t)i])
				text[len + (size_t)i] = '?';
		len += (size_t)got;
		text[len] = '\0';
		if (strstr(text, words))
			return true;
		if (len > sizeof(text) / 2) {
			memmove(text, text + len - strlen(words), strlen(words));
			len = strlen(words);
		}
	}
	return false;
}

static void become_trial(const char *qemu, const struct trial *trial, const char *kernel, int out)
{
	const char *argv[40] = { qemu,	     "-nodefaults",
				 "-machine", "pc",
				 "-accel",   "kvm",
				 "-cpu",     "max",
				 "-m",	     "256",
				 "-display", "none",
				 "-chardev", "stdio,id=said,signal=off" };
	size_t len = 14;
	int null = open("/dev/null", O_RDWR);

	for (size_t i = 0; trial->args[i]; i++)
		argv[len++] = trial->args[i];
	if (trial == &kernel_trial)
		argv[len++] = kernel;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the guest talks on descriptor 1; what QEMU says of itself is of no interest */
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	execvp(qemu, (char **)argv);
	_exit(127);
}

static bool guest_runs(const struct qt_needs *needs, const struct trial *trial, char *why,
		       size_t why_size)
{
	int pipe_fds[2];
	bool spoke;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0)
		become_trial(needs->qemu, trial, needs->kernel, pipe_fds[1]);
	close(pipe_fds[1]);
	spoke = pid > 0 && hears(pipe_fds[0], trial->words, qt_now_ms() + TRIAL_MS);
	close(pipe_fds[0]);
	if (pid > 0)
		end(pid);
	if (!spoke)
		snprintf(why, why_size, "/dev/kvm is there, but %s gets no %s to run on it in %d s",
			 needs->qemu, trial->who, TRIAL_MS / 1000);
	return spoke;
}

bool qt_probe_kvm(const struct qt_needs *needs, char *why, size_t why_size)
{
	const bool have_kernel = needs->kernel && !access(needs->kernel, R_OK);

	if (access("/dev/kvm", R_OK | W_OK)) {
		snprintf(why, why_size, "/dev/kvm: %s", strerror(errno));
		return false;
	}
	return guest_runs(needs, have_kernel ? &kernel_trial : &firmware_trial, why, why_size);
}
