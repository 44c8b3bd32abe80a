/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The filter's program, run call by call by an interpreter of the few instructions that it has. */

#include "filter-run.h"
#include "filter.h"

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

enum { VFIO_GET_API_VERSION = 0x3b64, TCGETS = 0x5401, X32_BIT = 0x40000000 };

static uint32_t run(bool nodes, const struct seccomp_data *data)
{
	int64_t action = filter_run(nodes, data);

	assert_true(action >= 0); /* else: an instruction that it should not have, or no end */
	return (uint32_t)action;
}

static bool is_for_nodes(int nr)
{
#ifdef __NR_open
	if (nr == __NR_open)
		return true;
#endif
	return nr == __NR_openat || nr == __NR_newfstatat || nr == __NR_fstat || nr == __NR_statx;
}

/* With character devices the same stops, and more: every call is run through both programs. */
static bool stops_on(uint32_t arch, int nr, uint64_t arg0, uint64_t arg1, uint64_t arg4)
{
	struct seccomp_data data = { .nr = nr, .arch = arch, .args = { arg0, arg1, 0, 0, arg4 } };
	uint32_t action = run(false, &data), more = run(true, &data);

	assert_true(action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_USER_NOTIF);
	assert_true(more == action || (more == SECCOMP_RET_USER_NOTIF && is_for_nodes(nr)));
	return action == SECCOMP_RET_USER_NOTIF;
}

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

static void vfio_requests_stop_on_any_descriptor(void **state)
{
	for (uint64_t fd = 0; fd < 2000; fd += 7)
		assert_true(stops_on(NATIVE, __NR_ioctl, fd, VFIO_GET_API_VERSION, 0));
	assert_true(stops_on(NATIVE, __NR_ioctl, 3, 0x3b00, 0));
	assert_true(stops_on(NATIVE, __NR_ioctl, 3, 0x3bff, 0));
}

static void other_requests_do_not_stop(void **state)
{
	const uint64_t requests[] = {
		TCGETS, 0x3aff, 0x3c00, 0x40083b64, 0xc0083b64, 0, 0xffffffff
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_false(stops_on(NATIVE, __NR_ioctl, 960, requests[i], 960));
}

static void of_kvm_attributes_alone_stop(void **state)
{
	assert_true(stops_on(NATIVE, __NR_ioctl, 3, 0x4018aee1, 0)); /* KVM_SET_DEVICE_ATTR */
	assert_false(stops_on(NATIVE, __NR_ioctl, 3, 0x4018aee2, 0));
	assert_false(stops_on(NATIVE, __NR_ioctl, 3, 0xae80, 0)); /* KVM_RUN */
	assert_false(stops_on(NATIVE, __NR_ioctl, 3, 0xc00caee0, 0)); /* KVM_CREATE_DEVICE */
}

/* The kernel takes a request as 32 bits: what stands above must not hide it. */
static void upper_halves_of_arguments_do_not_matter(void **state)
{
	const uint64_t high = 0xdeadbeef00000000;

	assert_true(stops_on(NATIVE, __NR_ioctl, 3, high | VFIO_GET_API_VERSION, 0));
	assert_true(stops_on(NATIVE, __NR_pread64, high | 960, 0, 0));
	assert_true(stops_on(NATIVE, __NR_mmap, 0, 0, high | 960));
}

static void reads_writes_and_copies_stop_in_the_reserved_range_alone(void **state)
{
	const int calls[] = {
		__NR_pread64, __NR_pwrite64, __NR_preadv, __NR_pwritev,
		__NR_preadv2, __NR_pwritev2, __NR_dup,	  __NR_fcntl,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (uint64_t fd = 0; fd < 3000; fd++)
			assert_int_equal(stops_on(NATIVE, calls[i], fd, 0, 0),
					 fd >= 960 && fd <= 1023);
	assert_false(stops_on(NATIVE, __NR_pread64, (uint32_t)-1, 0, 0));
}

static void only_the_limit_of_locked_memory_stops(void **state)
{
	for (uint64_t resource = 0; resource < 16; resource++)
		assert_int_equal(stops_on(NATIVE, __NR_prlimit64, 0, resource, 0), resource == 8);
	assert_true(stops_on(NATIVE, __NR_prlimit64, 4711, 0xdeadbeef00000008, 0));
}

static void reading_the_kernel_log_stops(void **state)
{
	for (uint64_t action = 0; action <= 10; action++)
		assert_true(stops_on(NATIVE, __NR_syslog, action, 0, 0));
}

static void mmap_stops_by_its_fifth_argument(void **state)
{
	assert_true(stops_on(NATIVE, __NR_mmap, 0, 0, 1023));
	assert_false(stops_on(NATIVE, __NR_mmap, 960, 960, 1024));
	assert_false(stops_on(NATIVE, __NR_mmap, 960, 960, (uint64_t)-1));
}

static void no_other_call_stops(void **state)
{
	for (int nr = 0; nr < 600; nr++) {
		bool stops = stops_on(NATIVE, nr, 960, VFIO_GET_API_VERSION, 960);
		bool known = nr == __NR_ioctl || nr == __NR_mmap || nr == __NR_pread64 ||
			     nr == __NR_pwrite64 || nr == __NR_preadv || nr == __NR_pwritev ||
			     nr == __NR_preadv2 || nr == __NR_pwritev2 || nr == __NR_syslog ||
			     nr == __NR_dup || nr == __NR_fcntl;

		assert_int_equal(stops, known);
	}
}

static void other_architectures_never_stop(void **state)
{
	for (int nr = 0; nr < 600; nr++) {
		assert_false(stops_on(AUDIT_ARCH_I386, nr, 960, VFIO_GET_API_VERSION, 960));
		assert_false(stops_on(NATIVE, nr | X32_BIT, 960, VFIO_GET_API_VERSION, 960));
	}
}

/* Only then the kernel finds out beforehand which calls it need not ask about. */
static void calls_are_decided_on_before_any_argument_is_loaded(void **state)
{
	struct sock_filter filter[FV_FILTER_MAX];
	size_t len = fv_filter_program(true, filter);

	assert_in_range(len, 1, FV_FILTER_MAX);
	for (size_t i = 0; i < len && filter[i].code != (BPF_RET | BPF_K); i++)
		if (BPF_CLASS(filter[i].code) == BPF_LD)
			assert_in_range(filter[i].k, 0, offsetof(struct seccomp_data, arch));
}

static uint32_t run_open(int nr, uint64_t arg1, uint64_t arg2)
{
	struct seccomp_data data = { .nr = nr, .arch = NATIVE, .args = { 3, arg1, arg2 } };

	return run(true, &data);
}

/* O_RDWR without O_CREAT, whatever else is set. Source: asm-generic/fcntl.h */
static void opens_to_read_and_write_stop_and_no_others(void **state)
{
	const uint64_t others[] = { 0, 0400, 01000, 04000, 02000000, 0200000, UINT64_C(1) << 40 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		for (uint64_t how = 0; how < 4; how++)
			for (uint64_t create = 0; create <= 0100; create += 0100) {
				uint64_t flags = others[i] | how | create;
				uint32_t wanted = how == 2 && !create ? SECCOMP_RET_USER_NOTIF
								      : SECCOMP_RET_ALLOW;

				assert_int_equal(run_open(__NR_openat, 0, flags), wanted);
#ifdef __NR_open
				assert_int_equal(run_open(__NR_open, flags, 0), wanted);
#endif
			}
}

static void stat_stops_in_the_reserved_range_alone(void **state)
{
	const int calls[] = { __NR_fstat, __NR_newfstatat, __NR_statx };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (uint64_t fd = 0; fd < 3000; fd++) {
			struct seccomp_data data = { .nr = calls[i],
						     .arch = NATIVE,
						     .args = { fd } };

			assert_int_equal(run(true, &data) == SECCOMP_RET_USER_NOTIF,
					 fd >= 960 && fd <= 1023);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vfio_requests_stop_on_any_descriptor),
		cmocka_unit_test(other_requests_do_not_stop),
		cmocka_unit_test(upper_halves_of_arguments_do_not_matter),
		cmocka_unit_test(reads_writes_and_copies_stop_in_the_reserved_range_alone),
		cmocka_unit_test(of_kvm_attributes_alone_stop),
		cmocka_unit_test(only_the_limit_of_locked_memory_stops),
		cmocka_unit_test(reading_the_kernel_log_stops),
		cmocka_unit_test(mmap_stops_by_its_fifth_argument),
		cmocka_unit_test(opens_to_read_and_write_stop_and_no_others),
		cmocka_unit_test(stat_stops_in_the_reserved_range_alone),
		cmocka_unit_test(no_other_call_stops),
		cmocka_unit_test(other_architectures_never_stop),
		cmocka_unit_test(calls_are_decided_on_before_any_argument_is_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
