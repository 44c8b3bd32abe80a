/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "../guest-log.h"

/* What Debian 6.1 says when i915 finds a vGPU in which all is well. */
static const char *const healthy[] = {
	"5 0.000000 Linux version 6.1.0-32-amd64",
	"4 0.424596 APIC calibration not consistent with PM-Timer: 112ms instead of 100ms",
	"6 3.569158 i915 0000:00:02.0: [drm] Virtual GPU for Intel GVT-g detected.",
	"3 3.606208 i915 0000:00:02.0: firmware: failed to load i915/kbl_dmc_ver1_04.bin (-2)",
	"6 4.515248 i915 0000:00:02.0: [drm] VGT balloon successfully",
	"6 4.568013 [drm] Initialized i915 1.6.0 20201103 for 0000:00:02.0 on minor 0",
	"4 5.000000 hrtimer: interrupt took 32066930 ns",
};

static struct qt_guest_log healthy_log(void)
{
	struct qt_guest_log log = { .driver = qt_guest_driver_find("i915") };

	for (size_t i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++)
		qt_guest_log_take(&log, healthy[i]);
	return log;
}

static void healthy_driver_passes(void **state)
{
	struct qt_guest_log log = healthy_log();
	struct vgpu_error err = { 0 };

	assert_int_equal(0, qt_guest_log_judge(&log, 1, &err));
	assert_int_equal(7, log.lines);
}

static void line_that_is_said_too_rarely_fails(void **state)
{
	struct qt_guest_log log = healthy_log();
	struct vgpu_error err = { 0 };

	assert_int_equal(-EBADMSG, qt_guest_log_judge(&log, 2, &err));
	assert_non_null(strstr(err.message, "Virtual GPU for Intel GVT-g detected."));
}

static void complaint_fails_and_is_quoted(void **state)
{
	static const char *const complaints[] = {
		"3 6.0 i915 0000:00:02.0: [drm] *ERROR* AUX A/DDI A/PHY A: did not complete",
		"4 6.0 WARNING: CPU: 0 PID: 1 at drivers/gpu/drm/i915/intel_uncore.c:1",
		"6 6.0 i915 0000:00:02.0: [drm] timed out waiting for a port",
		"5 6.0 i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:85dffffb",
		"4 6.0 i915 0000:00:02.0: something to worry about",
	};

	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		struct qt_guest_log log = healthy_log();
		struct vgpu_error err = { 0 };

		qt_guest_log_take(&log, complaints[i]);
		assert_int_equal(-EBADMSG, qt_guest_log_judge(&log, 1, &err));
		assert_non_null(strstr(err.message, complaints[i]));
	}
}

static void restarted_machine_may_grumble_until_its_driver_comes(void **state)
{
	struct qt_guest_log log = healthy_log();

	for (size_t i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++)
		qt_guest_log_take(&log, healthy[i]);
	assert_int_equal(0, qt_guest_log_judge(&log, 2, NULL));
}

/* Debian's kernel has 8250 built in. Source: Linux 6.1, 8250_core.c, serial_core.c */
static void kernel_may_grumble_until_its_init_where_the_driver_is_built_in(void **state)
{
	static const char *const lines[] = {
		"4 0.424596 APIC calibration not consistent with PM-Timer: 112ms instead of 100ms",
		"6 1.204000 Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled",
		"6 1.310000 0000:00:03.0: ttyS2 at I/O 0xc000 (irq = 11) is a 16550A",
		"4 1.805487 mtrr: something of the machine's",
		"6 1.900000 Run /init as init process",
	};
	struct qt_guest_log log = { .driver = qt_guest_driver_find("8250") };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		qt_guest_log_take(&log, lines[i]);
	assert_int_equal(0, qt_guest_log_judge(&log, 1, NULL));
	qt_guest_log_take(&log, "4 2.000000 serial8250: too much work for irq11");
	assert_int_equal(-EBADMSG, qt_guest_log_judge(&log, 1, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_driver_passes),
		cmocka_unit_test(line_that_is_said_too_rarely_fails),
		cmocka_unit_test(complaint_fails_and_is_quoted),
		cmocka_unit_test(restarted_machine_may_grumble_until_its_driver_comes),
		cmocka_unit_test(kernel_may_grumble_until_its_init_where_the_driver_is_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
