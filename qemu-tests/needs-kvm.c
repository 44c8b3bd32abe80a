/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"
#include "needs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#define VCPU_MS	 2000
#define TRIAL_MS 5000 /* ten times what it takes */

enum { STAGES = 6 };

/* Real mode at 0x1000: add, say the sum on a port, halt. */
static const uint8_t program[] = {
	0xb0, 0x03, /* mov al, 3 */
	0x04, 0x04, /* add al, 4 */
	0xe6, 0x10, /* out 0x10, al */
	0xf4, /* hlt */
};

/*
 * In a child, which may hang in an ioctl. Returns 0, or the number of the step that failed.
 * Source: Documentation/virt/kvm/api.rst
 */
static int run_vcpu(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_userspace_memory_region memory = { .guest_phys_addr = 0x1000,
						      .memory_size = 0x1000 };
	struct kvm_regs regs = { .rip = 0x1000, .rflags = 2 };
	struct kvm_sregs sregs;
	struct kvm_run *run;
	uint8_t *page;
	int run_len;

	if (kvm < 0)
		return 1;
	if (vcpu < 0)
		return 2;
	page = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	run_len = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, run_len > 0 ? (size_t)run_len : 1, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu, 0);
	if (page == MAP_FAILED || run == MAP_FAILED)
		return 3;
	memcpy(page, program, sizeof(program));
	memory.userspace_addr = (uintptr_t)page;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &memory) || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return 4;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs) ||
	    ioctl(vcpu, KVM_RUN, 0))
		return 5;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x10 ||
	    *((uint8_t *)run + run->io.data_offset) != 7 || ioctl(vcpu, KVM_RUN, 0) ||
	    run->exit_reason != KVM_EXIT_HLT)
		return STAGES;
	return 0;
}

/* Waits for the child, killing it at the deadline. 0 with *@status, or -ETIMEDOUT. */
static int reap(pid_t pid, int64_t deadline_ms, int *status)
{
	_autoclose_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int r;

	do {
		r = poll(&fd, 1, qt_left_to_clean_up_ms(deadline_ms));
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		kill(pid, SIGKILL);
	/* stuck in the kernel for good: it stays a zombie-to-be, and dies with us */
	if (r <= 0 && poll(&fd, 1, 1000) <= 0)
		return -ETIMEDOUT;
	if (waitpid(pid, status, 0) < 0)
		return -errno;
	return r <= 0 ? -ETIMEDOUT : 0;
}

static bool vcpu_runs(char *why, size_t why_size)
{
	static const char *const steps[STAGES + 1] = {
		NULL,
		"opening /dev/kvm",
		"creating a VM and a vCPU",
		"mapping memory",
		"giving it memory",
		"running a vCPU",
		"what the vCPU did",
	};
	int status = 0, r;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run_vcpu());
	}
	r = pid < 0 ? -errno : reap(pid, qt_now_ms() + VCPU_MS, &status);
	if (!r && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (r == -ETIMEDOUT)
		snprintf(why, why_size, "a vCPU was still in its first instructions after %d ms",
			 VCPU_MS);
	else if (!r && WIFEXITED(status) && WEXITSTATUS(status) <= STAGES)
		snprintf(why, why_size, "KVM failed at: %s", steps[WEXITSTATUS(status)]);
	else
		snprintf(why, why_size, "the probe of KVM crashed");
	return false;
}

/* What a guest under KVM must say, and what it is told so that it does. */
struct trial {
	const char *who, *words;
	const char *args[12];
};

/* A few instructions prove little: firmware also needs MSRs, CPUID, timers. SeaBIOS writes its name to
 * port 0x402 as soon as it runs. Source: SeaBIOS docs/Debugging.md */
static const struct trial firmware_trial = {
	.who = "firmware",
	.words = "SeaBIOS",
	.args = { "-device", "isa-debugcon,iobase=0x402,chardev=said" },
};

/* And a KVM that runs firmware may fail the first kernel. One without a root has brought up all it has
 * when it says so. Source: init/do_mounts.c */
static const struct trial kernel_trial = {
	.who = "a Linux kernel",
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
	int pipe_fds[2], status;
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
	if (pid > 0) {
		kill(pid, SIGKILL);
		reap(pid, qt_now_ms() + 1000, &status);
	}
	if (!spoke)
		snprintf(why, why_size, "a vCPU runs, but %s does not get %s to run on KVM in %d s",
			 needs->qemu, trial->who, TRIAL_MS / 1000);
	return spoke;
}

bool qt_probe_kvm(const struct qt_needs *needs, char *why, size_t why_size)
{
	return vcpu_runs(why, why_size) && guest_runs(needs, &firmware_trial, why, why_size) &&
	       (!needs->kernel || access(needs->kernel, R_OK) ||
		guest_runs(needs, &kernel_trial, why, why_size));
}
