/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "../argv.h"
#include "../clock.h"

static void quoted_line_is_split_by_a_shell_into_the_same_items(void **state)
{
	static const char *const items[] = {
		"plain",       "",	    "two words", "it's", "$HOME `id` \"x\"", "a,b=c:d",
		"back\\slash", "new\nline", "*",	 NULL
	};
	_argv_ struct qt_argv argv = { 0 };
	_autofree_ char *line = NULL;
	char text[256] = { 0 };
	size_t at = 0, len;
	FILE *shell;

	qt_argv_add(&argv, "printf");
	qt_argv_add(&argv, "%s|");
	qt_argv_add_all(&argv, items);
	assert_int_equal(0, argv.error);
	line = qt_argv_quote(argv.items);
	assert_non_null(line);
	shell = popen(line, "r");
	assert_non_null(shell);
	len = fread(text, 1, sizeof(text) - 1, shell);
	pclose(shell);
	for (size_t i = 0; items[i]; i++) {
		size_t item_len = strlen(items[i]);

		assert_true(at + item_len < len);
		assert_memory_equal(items[i], text + at, item_len);
		assert_int_equal('|', text[at + item_len]);
		at += item_len + 1;
	}
	assert_int_equal(len, at);
}

/* Where @item stands in the list, or -1. */
static int find(const struct qt_argv *argv, const char *item)
{
	for (size_t i = 0; i < argv->len; i++)
		if (!strcmp(argv->items[i], item))
			return (int)i;
	return -1;
}

static const char *after(const struct qt_argv *argv, const char *option)
{
	int at = find(argv, option);

	return at < 0 || (size_t)at + 1 >= argv->len ? "" : argv->items[at + 1];
}

static const char *const front_end[] = { "-display", "none", "-vnc", "unix:vnc.sock", NULL };

static void vgpu_is_given_by_its_sysfs_directory(void **state)
{
	struct qt_qemu_argv options = {
		.qemu = "qemu-system-x86_64",
		.accel = "tcg",
		.machine = "pc",
		.memory_mib = 512,
		.kernel = "/k",
		.initrd = "/i",
		.front_end = front_end,
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.sysfsdev = "/sys/bus/mdev/devices/c0ffee00-0000-4000-8000-000000000001",
	};
	_argv_ struct qt_argv argv = { 0 };

	assert_int_equal(0, qt_qemu_argv_build(&options, &argv));
	assert_string_equal("qemu-system-x86_64", argv.items[0]);
	assert_null(argv.items[argv.len]);
	assert_string_equal("vfio-pci,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/"
			    "c0ffee00-0000-4000-8000-000000000001,display=on,rombar=0",
			    after(&argv, "-device"));
	assert_string_equal("none", after(&argv, "-display"));
	assert_string_equal("unix:vnc.sock", after(&argv, "-vnc"));
	assert_string_equal("512", after(&argv, "-m"));
	assert_string_equal(
		"console=ttyS0 quiet panic=-1 no_timer_check rcupdate.rcu_cpu_stall_suppress=1 "
		"watchdog_thresh=10",
		after(&argv, "-append"));
}

static void kernel_command_line_can_be_extended(void **state)
{
	struct qt_qemu_argv options = { .qemu = "q",
					.accel = "kvm",
					.machine = "pc",
					.memory_mib = 64,
					.kernel = "k",
					.initrd = "i",
					.append = "debug" };
	_argv_ struct qt_argv argv = { 0 };

	assert_int_equal(0, qt_qemu_argv_build(&options, &argv));
	assert_string_equal(
		"console=ttyS0 quiet panic=-1 no_timer_check rcupdate.rcu_cpu_stall_suppress=1 "
		"watchdog_thresh=10 debug",
		after(&argv, "-append"));
	assert_string_equal("kvm", after(&argv, "-accel"));
	assert_int_equal(-1, find(&argv, "-device"));
}

/* What takes a slow machine longer than the kernel expects is not reported as a lockup. */
static void a_slow_machines_kernel_is_patient_too(void **state)
{
	static const struct {
		double patience;
		const char *wanted;
	} rows[] = { { 0.1, "watchdog_thresh=10" },
		     { 2.5, "watchdog_thresh=25" },
		     { 20, "watchdog_thresh=60" } };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		_autofree_ char *text = NULL;

		qt_patience_set(rows[i].patience);
		text = qt_kernel_arguments(NULL);
		assert_non_null(text);
		assert_string_equal(rows[i].wanted, strrchr(text, ' ') + 1);
	}
	qt_patience_set(1);
}

static void name_of_a_disk_may_have_commas(void **state)
{
	struct qt_qemu_argv options = {
		.qemu = "q", .accel = "tcg", .machine = "pc", .memory_mib = 64, .disk = "/a,b,.iso"
	};
	_argv_ struct qt_argv argv = { 0 };

	assert_int_equal(0, qt_qemu_argv_build(&options, &argv));
	assert_string_equal("file=/a,,b,,.iso,snapshot=on,media=cdrom", after(&argv, "-drive"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_line_is_split_by_a_shell_into_the_same_items),
		cmocka_unit_test(vgpu_is_given_by_its_sysfs_directory),
		cmocka_unit_test(kernel_command_line_can_be_extended),
		cmocka_unit_test(a_slow_machines_kernel_is_patient_too),
		cmocka_unit_test(name_of_a_disk_may_have_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
