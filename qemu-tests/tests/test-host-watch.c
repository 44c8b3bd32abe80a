/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../host-watch.h"

struct room {
	char dir[32], log[64];
	int dir_fd, log_fd;
	struct qt_host_watch watch;
};

static int set_up(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	strcpy(room->dir, "/tmp/test-host-XXXXXX");
	if (!mkdtemp(room->dir))
		return -1;
	snprintf(room->log, sizeof(room->log), "%s/kmsg", room->dir);
	room->dir_fd = open(room->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	room->log_fd = open(room->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dprintf(room->log_fd, "2,1,1000001,-;BUG: long ago\n");
	qt_host_watch_init(&room->watch, room->log);
	*state = room;
	return 0;
}

static int tear_down(void **state)
{
	struct room *room = *state;

	qt_host_watch_finish(&room->watch);
	unlinkat(room->dir_fd, QT_KERNEL_LOG, 0);
	unlink(room->log);
	close(room->log_fd);
	close(room->dir_fd);
	rmdir(room->dir);
	free(room);
	return 0;
}

static void slice(struct room *room, char *text, size_t size)
{
	int fd = openat(room->dir_fd, QT_KERNEL_LOG, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Source: Documentation/ABI/testing/dev-kmsg */
static void slice_has_what_was_said_since_and_nothing_before(void **state)
{
	struct room *room = *state;
	char text[256];

	dprintf(room->log_fd, "6,339,5140900,-;NET: Registered protocol family 10\n"
			      " SUBSYSTEM=net\n6,340,5690716,-;udevd[80]: starting\n");
	assert_int_equal(0, qt_host_watch_take(&room->watch, room->dir_fd, NULL));
	slice(room, text, sizeof(text));
	assert_string_equal("[    5.140900] NET: Registered protocol family 10\n"
			    "[    5.690716] udevd[80]: starting\n",
			    text);
	assert_int_equal(0, qt_host_watch_take(&room->watch, room->dir_fd, NULL));
	slice(room, text, sizeof(text));
	assert_string_equal("", text);
}

static void records_that_the_kernel_dropped_are_missed(void **state)
{
	struct room *room = *state;
	char text[256];

	dprintf(room->log_fd, "6,7,5140900,-;before\n");
	qt_host_watch_skip(&room->watch);
	dprintf(room->log_fd, "6,8,5140901,-;next\n6,12,5690716,-;after\n");
	assert_int_equal(0, qt_host_watch_take(&room->watch, room->dir_fd, NULL));
	slice(room, text, sizeof(text));
	assert_string_equal("[    5.140901] next\n(3 records are lost)\n[    5.690716] after\n",
			    text);
}

static void unsound_kernel_is_told_by_its_own_words(void **state)
{
	/* Source: kernel/watchdog.c, kernel/hung_task.c, lib/bug.c, gt/intel_reset.c, gvt/handlers.c */
	static const char *const words[] = {
		"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [qemu-system-x86:812]",
		"INFO: task qemu-system-x86:812 blocked for more than 120 seconds.",
		"WARNING: CPU: 0 PID: 812 at drivers/gpu/drm/i915/gvt/gtt.c:1",
		"BUG: kernel NULL pointer dereference, address: 0000000000000008",
		"i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:85dffffb, in Xorg [901]",
		"Now vgpu 1 will enter failsafe mode.",
	};
	struct room *room = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(words); i++) {
		struct vgpu_error err = { 0 };

		dprintf(room->log_fd, "4,%zu,99,-;%s\n", i + 9, words[i]);
		assert_int_equal(-EIO, qt_host_watch_take(&room->watch, -1, &err));
		assert_non_null(strstr(err.message, words[i]));
		assert_int_equal(0, qt_host_watch_take(&room->watch, -1, &err));
	}
}

/* An oops is one, whoever provoked it: a worker, long after the scenario's end. */
static void alarm_between_scenarios_is_told(void **state)
{
	struct room *room = *state;
	struct vgpu_error err = { 0 };
	char text[256];

	dprintf(room->log_fd, "4,9,99,-;BUG: unable to handle page fault\n6,10,100,-;hello\n");
	qt_host_watch_skip(&room->watch);
	dprintf(room->log_fd, "6,11,5140900,-;next\n");
	assert_int_equal(-EIO, qt_host_watch_take(&room->watch, room->dir_fd, &err));
	assert_non_null(strstr(err.message, "BUG: unable to handle page fault"));
	slice(room, text, sizeof(text));
	assert_string_equal("[    5.140900] next\n", text);
	assert_int_equal(0, qt_host_watch_take(&room->watch, -1, NULL));
}

static void log_that_nobody_may_read_is_told(void **state)
{
	struct qt_host_watch watch;

	qt_host_watch_init(&watch, "/nonexistent/kmsg");
	assert_non_null(strstr(watch.trouble, "/nonexistent/kmsg"));
	assert_int_equal(0, qt_host_watch_take(&watch, -1, NULL));
	qt_host_watch_finish(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(slice_has_what_was_said_since_and_nothing_before,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_that_the_kernel_dropped_are_missed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(unsound_kernel_is_told_by_its_own_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(alarm_between_scenarios_is_told, set_up, tear_down),
		cmocka_unit_test(log_that_nobody_may_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
