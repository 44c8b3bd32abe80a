/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does KVM work? /dev/kvm may be there and KVM_RUN hang, as in some nested VMs: so a vCPU is run.
 * Source: Documentation/virt/kvm/api.rst
 */

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
#include <vgpulab/cleanup.h>

#include "facts-probe.h"

enum { DEADLINE_MS = 3000, STEPS = 6, PAGE = 0x1000, PORT = 0x10, SUM = 7 };

/* The steps at which it can fail, by the child's exit status. */
static const char *const steps[STEPS + 1] = {
	"",
	"opening /dev/kvm",
	"creating a VM and a vCPU",
	"mapping memory",
	"setting the vCPU up",
	"KVM_RUN",
	"what the vCPU has computed",
};

/* mov al, 3; add al, 4; out PORT, al; hlt */
static const uint8_t code[] = { 0xb0, 0x03, 0x04, 0x04, 0xe6, PORT, 0xf4 };

static int set_up(int vm, int vcpu, void *page)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = PAGE,
		.memory_size = PAGE,
		.userspace_addr = (uintptr_t)page,
	};
	struct kvm_regs regs = { .rip = PAGE, .rflags = 2 };
	struct kvm_sregs sregs;

	memcpy(page, code, sizeof(code));
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs) ? -1 : 0;
}

/* In the child. The number of the step that failed, 0 if none. */
static int run_vcpu(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, run_len;
	struct kvm_run *run;
	void *page;

	if (kvm < 0)
		return 1;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	run_len = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || run_len <= 0)
		return 2;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	run = mmap(NULL, (size_t)run_len, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (page == MAP_FAILED || run == MAP_FAILED)
		return 3;
	if (set_up(vm, vcpu, page))
		return 4;
	if (ioctl(vcpu, KVM_RUN, 0))
		return 5;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != PORT ||
	    ((const uint8_t *)run)[run->io.data_offset] != SUM)
		return 6;
	return 0;
}

int vgpu_probe_kvm(char **out)
{
	_autoclose_ int pidfd = -1;
	struct pollfd poll_child = { .events = POLLIN };
	int status = 0, ended;
	char text[200];
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run_vcpu());
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	poll_child.fd = pidfd;
	while ((ended = poll(&poll_child, 1, DEADLINE_MS)) < 0 && errno == EINTR)
		;
	if (ended <= 0) {
		kill(pid, SIGKILL);
		/* one that is stuck in the kernel for good must not take us along */
		if (poll(&poll_child, 1, 1000) > 0)
			waitpid(pid, &status, 0);
		snprintf(text, sizeof(text),
			 "a vCPU was still in its first instructions after %d seconds",
			 DEADLINE_MS / 1000);
	} else if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
		   WEXITSTATUS(status) > STEPS) {
		snprintf(text, sizeof(text), "the program that tried KVM crashed");
	} else if (WEXITSTATUS(status)) {
		snprintf(text, sizeof(text), "KVM failed at: %s", steps[WEXITSTATUS(status)]);
	} else {
		snprintf(text, sizeof(text), "works");
	}
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}
