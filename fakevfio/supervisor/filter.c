/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "filter.h"

#include <errno.h>
#include <fakevfio/supervisor.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#if defined(__x86_64__)
#define FV_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FV_AUDIT_ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter reads the low half of 64-bit arguments as a little-endian 64-bit kernel lays them"
#endif

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/*
 * All VFIO and iommufd requests, and few others, are of type ';' with no size: 0x3b00..0x3bff.
 * Source: linux/vfio.h, linux/iommufd.h
 */
#define VFIO_REQUEST_MASK 0xffffff00u
#define VFIO_REQUEST_BITS 0x3b00u

/* A device is opened to be read and written, and not made; few other files are. */
#define OPEN_MASK ((uint32_t)(O_ACCMODE | O_CREAT))

/* What decides about a call: an argument's low half, masked, equals. The kernel ignores the rest. */
enum decider {
	NONE,
	BY_REQUEST,
	BY_KVM_REQUEST,
	BY_FD,
	BY_MMAP_FD,
	BY_RESOURCE,
	ALWAYS,
	BY_OPEN_FLAGS,
	BY_OPENAT_FLAGS,
};

static const struct {
	unsigned int argument;
	uint32_t mask, bits;
	enum decider otherwise; /* a later one that may still stop the call */
} deciders[] = {
	[BY_REQUEST] = { 1, VFIO_REQUEST_MASK, VFIO_REQUEST_BITS, BY_KVM_REQUEST },
	[BY_KVM_REQUEST] = { 1, ~0u, KVM_SET_DEVICE_ATTR },
	[BY_FD] = { 0, ~(uint32_t)(FV_DEVICE_NUMBERS - 1), FV_DEVICE_NUMBER_FIRST },
	[BY_MMAP_FD] = { 4, ~(uint32_t)(FV_DEVICE_NUMBERS - 1), FV_DEVICE_NUMBER_FIRST },
	[BY_RESOURCE] = { 1, ~0u, RLIMIT_MEMLOCK },
	[ALWAYS] = { 0, 0, 0 },
	[BY_OPEN_FLAGS] = { 1, OPEN_MASK, O_RDWR },
	[BY_OPENAT_FLAGS] = { 2, OPEN_MASK, O_RDWR },
};
_Static_assert(FV_DEVICE_NUMBER_FIRST % FV_DEVICE_NUMBERS == 0, "one mask must select the range");
_Static_assert((FV_DEVICE_NUMBERS & (FV_DEVICE_NUMBERS - 1)) == 0, "a power of two");

/*
 * Calls that the kernel may have to ask about, the frequent ones first. For all others the kernel
 * finds out once that the filter always allows them, and does not run it (Linux 5.11 and later).
 */
static const struct {
	int nr;
	enum decider decider;
} calls[] = {
	{ __NR_ioctl, BY_REQUEST },
	{ __NR_mmap, BY_MMAP_FD },
	{ __NR_pread64, BY_FD },
	{ __NR_pwrite64, BY_FD },
	{ __NR_preadv, BY_FD },
	{ __NR_pwritev, BY_FD },
	{ __NR_preadv2, BY_FD },
	{ __NR_pwritev2, BY_FD },
	{ __NR_fcntl, BY_FD },
	{ __NR_dup, BY_FD },
	{ __NR_prlimit64, BY_RESOURCE },
	{ __NR_syslog, ALWAYS },
	/* from here on for character devices only */
	{ __NR_openat, BY_OPENAT_FLAGS },
#ifdef __NR_open
	{ __NR_open, BY_OPEN_FLAGS },
#endif
	{ __NR_newfstatat, BY_FD },
	{ __NR_fstat, BY_FD },
	{ __NR_statx, BY_FD },
};

enum {
	CALLS_MAX = VGPU_ARRAY_LEN(calls),
	DECIDERS = VGPU_ARRAY_LEN(deciders) - 1, /* without NONE */
	DECIDER_LEN = 3,
	FILTER_LEN = 1 + CALLS_MAX + 1 + DECIDERS * DECIDER_LEN + 4,
};
_Static_assert(FILTER_LEN <= FV_FILTER_MAX, "the program outgrew its buffer");

static size_t count_calls(bool nodes)
{
	size_t len = 0;

	while (len < CALLS_MAX && (nodes || calls[len].nr != __NR_openat))
		len++;
	return len;
}

/* The program as it is written, and how long it is so far. */
struct program {
	struct sock_filter *code;
	unsigned int len;
};

static void put_load(struct program *program, size_t offset)
{
	program->code[program->len++] =
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

static void put_mask(struct program *program, uint32_t mask)
{
	program->code[program->len++] =
		(struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask);
}

/* Goes on at instruction @then if what was loaded is @value, else at @otherwise. */
static void put_test(struct program *program, uint32_t value, unsigned int then,
		     unsigned int otherwise)
{
	unsigned int next = program->len + 1;

	program->code[program->len++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, value, then - next, otherwise - next);
}

static void put_return(struct program *program, uint32_t action)
{
	program->code[program->len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/*
 * A call that goes on has passed the comparisons of its number and, if it is one of those, of an
 * argument; all else costs only those that stop. So the architecture is looked at last: 32-bit
 * programs, whose numbers mean other calls, have no VFIO here, nor has x32 (bit 30 of its numbers).
 */
size_t fv_filter_program(bool nodes, struct sock_filter *out)
{
	struct program program = { .code = out };
	size_t calls_len = count_calls(nodes);
	unsigned int first = 1 + calls_len + 1, stop = first + DECIDERS * DECIDER_LEN;
	unsigned int allow = stop + 3;

	put_load(&program, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < calls_len; i++)
		put_test(&program, calls[i].nr, first + (calls[i].decider - 1) * DECIDER_LEN,
			 program.len + 1);
	put_return(&program, SECCOMP_RET_ALLOW);
	for (size_t i = 1; i <= DECIDERS; i++) {
		enum decider otherwise = deciders[i].otherwise;

		put_load(&program, offsetof(struct seccomp_data, args) + 8 * deciders[i].argument);
		put_mask(&program, deciders[i].mask);
		put_test(&program, deciders[i].bits, stop,
			 otherwise ? first + (otherwise - 1) * DECIDER_LEN : allow);
	}
	put_load(&program, offsetof(struct seccomp_data, arch));
	put_test(&program, FV_AUDIT_ARCH, program.len + 1, allow);
	put_return(&program, SECCOMP_RET_USER_NOTIF);
	put_return(&program, SECCOMP_RET_ALLOW);
	return program.len;
}

static int install(const struct sock_fprog *program)
{
	/*
	 * Once a call has reached the supervisor only a fatal signal may end the wait: QEMU kicks
	 * its threads with signals, and a restarted register write would happen twice.
	 */
	unsigned long flags =
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	int fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);

	if (fd < 0 && errno == EINVAL) /* before Linux 5.19 */
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			     program);
	return fd < 0 ? -errno : fd;
}

int fv_filter_install(bool nodes, struct vgpu_error *err)
{
	struct sock_filter filter[FV_FILTER_MAX];
	struct sock_fprog program = { .len = fv_filter_program(nodes, filter), .filter = filter };
	int fd = install(&program);

	/* Without CAP_SYS_ADMIN in our user namespace, set-user-ID programs must lose their power. */
	if (fd == -EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = install(&program);
	if (fd >= 0)
		return fd;
	if (fd == -EBUSY) {
		vgpu_error_set(
			err, VGPU_ERROR_BUSY, EBUSY,
			"this program's system calls are answered by another supervisor already");
		vgpu_error_hint(err,
				"inside `vgpulab run` a second one cannot be started: give all "
				"GPUs to the first with --gpu");
	} else {
		vgpu_error_set(err, VGPU_ERROR_NEED, -fd,
			       "cannot install a seccomp filter with a listener: %s",
			       strerror(-fd));
		vgpu_error_hint(err,
				"the kernel needs CONFIG_SECCOMP_FILTER, Linux 5.14 or later; a "
				"container must allow seccomp(2)");
	}
	return fd;
}
