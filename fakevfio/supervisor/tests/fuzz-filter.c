/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any system call with any arguments, through the filter's program and through what it is to do,
 * said in C. Calls that would wrongly stop cost every program time; calls that wrongly do not stop
 * reach a kernel that knows nothing of the fake.
 */

#include "filter-run.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static bool is_ours(uint64_t fd)
{
	return (uint32_t)fd >= FV_DEVICE_NUMBER_FIRST &&
	       (uint32_t)fd < FV_DEVICE_NUMBER_FIRST + FV_DEVICE_NUMBERS;
}

static bool opens_to_read_and_write(uint64_t flags)
{
	return (flags & O_ACCMODE) == O_RDWR && !(flags & O_CREAT);
}

static bool should_stop(bool nodes, const struct seccomp_data *data)
{
	const uint64_t *args = (const uint64_t *)data->args;

	if (data->arch != NATIVE)
		return false;
	switch (data->nr) {
	case __NR_ioctl:
		return (uint32_t)args[1] >> 8 == ';' || (uint32_t)args[1] == KVM_SET_DEVICE_ATTR;
	case __NR_mmap:
		return is_ours(args[4]);
	case __NR_pread64:
	case __NR_pwrite64:
	case __NR_preadv:
	case __NR_pwritev:
	case __NR_preadv2:
	case __NR_pwritev2:
	case __NR_fcntl:
	case __NR_dup:
		return is_ours(args[0]);
	case __NR_prlimit64:
		return (uint32_t)args[1] == RLIMIT_MEMLOCK;
	case __NR_syslog:
		return true;
	case __NR_openat:
		return nodes && opens_to_read_and_write(args[2]);
#ifdef __NR_open
	case __NR_open:
		return nodes && opens_to_read_and_write(args[1]);
#endif
	case __NR_fstat:
	case __NR_newfstatat:
	case __NR_statx:
		return nodes && is_ours(args[0]);
	default:
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_data call = { .arch = NATIVE };

	/* most calls are of this architecture, and have a number that exists */
	if (size >= 1 && data[0] % 16 == 15)
		memcpy(&call.arch, data + 1, size > 5 ? 4 : size - 1);
	if (size > 6)
		memcpy(&call.nr, data + 5, data[0] & 128 && size > 9 ? 4 : 1);
	if (size > 9)
		memcpy(call.args, data + 9,
		       size - 9 < sizeof(call.args) ? size - 9 : sizeof(call.args));
	for (int nodes = 0; nodes < 2; nodes++) {
		int64_t action = filter_run(nodes, &call);

		if (action !=
		    (should_stop(nodes, &call) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW))
			abort();
	}
	return 0;
}
