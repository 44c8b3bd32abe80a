/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../argv.h"
#include "../clock.h"
#include "../launch.h"

/* For what ends by itself: on any machine. */
enum { ENOUGH_MS = 30000 };

/* A shell script runs for QEMU: what matters here is how its life ends, and what is said of it. */
struct room {
	char path[32];
	int fd;
};

static int set_up(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	strcpy(room->path, "/tmp/test-launch-XXXXXX");
	assert_non_null(mkdtemp(room->path));
	room->fd = open(room->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = room;
	return 0;
}

static int tear_down(void **state)
{
	struct room *room = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", room->path);
	assert_int_equal(0, system(command));
	close(room->fd);
	free(room);
	return 0;
}

static int start(struct room *room, const char *script, int timeout_ms, struct vgpu_error *err)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	struct qt_vm *vm = NULL;
	int r = qt_vm_start(argv, room->fd, qt_now_ms() + timeout_ms, &vm, err);

	assert_null(vm);
	return r;
}

static void last_words_of_a_qemu_that_ends_are_told(void **state)
{
	struct vgpu_error err = { 0 };

	assert_int_equal(-ECHILD, start(*state, "echo one >&2; echo 'no such device' >&2; exit 1",
					ENOUGH_MS, &err));
	assert_string_equal("QEMU ended with status 1: no such device", err.message);
}

/* libvirt closes QEMU's sockets, cleans up, and then tells. */
static void last_words_that_come_late_are_told(void **state)
{
	struct vgpu_error err = { 0 };

	assert_int_equal(-ECHILD, start(*state,
					"exec python3 -c 'import socket, sys, time\n"
					"server = socket.socket(socket.AF_UNIX)\n"
					"server.bind(\"" QT_QMP_SOCKET "\")\n"
					"server.listen()\n"
					"server.accept()[0].close()\n"
					"time.sleep(2)\n"
					"sys.exit(\"no such device\")'",
					ENOUGH_MS, &err));
	assert_string_equal("QEMU ended with status 1: no such device", err.message);
}

static void crash_is_told_by_its_signal(void **state)
{
	struct vgpu_error err = { 0 };

	assert_int_equal(-ECHILD, start(*state, "kill -SEGV $$", ENOUGH_MS, &err));
	assert_string_equal("QEMU was killed by signal 11 (SEGV)", err.message);
}

static void missing_program_is_told(void **state)
{
	struct room *room = *state;
	char *argv[] = { "no-such-qemu", NULL };
	struct vgpu_error err = { 0 };
	struct qt_vm *vm = NULL;

	assert_int_equal(-ECHILD, qt_vm_start(argv, room->fd, qt_now_ms() + ENOUGH_MS, &vm, &err));
	assert_non_null(strstr(err.message, "cannot run no-such-qemu: No such file"));
}

static void silent_qemu_is_killed_after_the_deadline(void **state)
{
	struct room *room = *state;
	int64_t start_ms = qt_now_ms();

	assert_int_equal(-ETIMEDOUT, start(room, "exec sleep 60", 300, NULL));
	assert_true(qt_now_ms() - start_ms < ENOUGH_MS);
	/* no child is left, alive or dead */
	assert_int_equal(-1, waitpid(-1, NULL, WNOHANG));
	assert_int_equal(ECHILD, errno);
}

/* As large as the guest's memory, and of no use to anybody. */
static void what_a_qemu_leaves_is_removed(void **state)
{
	struct room *room = *state;

	assert_int_equal(-ECHILD,
			 start(room, "touch " QT_MEMORY " " QT_NVRAM " " QT_QTEST_SOCKET "; exit 1",
			       ENOUGH_MS, NULL));
	assert_int_equal(-1, faccessat(room->fd, QT_MEMORY, F_OK, 0));
	assert_int_equal(-1, faccessat(room->fd, QT_NVRAM, F_OK, 0));
	assert_int_equal(-1, faccessat(room->fd, QT_QTEST_SOCKET, F_OK, 0));
	assert_int_equal(0, faccessat(room->fd, QT_QEMU_LOG, F_OK, 0));
}

/* A harness that is killed takes its QEMU along. */
static void qemu_dies_with_its_harness(void **state)
{
	struct room *room = *state;
	char text[32] = "";
	int status, fd = -1;
	pid_t harness = fork();

	if (harness == 0) {
		start(room, "echo $$ >pid.new; mv pid.new pid; exec sleep 60", ENOUGH_MS, NULL);
		_exit(1);
	}
	for (int64_t end_ms = qt_now_ms() + ENOUGH_MS; fd < 0 && qt_now_ms() < end_ms;)
		fd = openat(room->fd, "pid", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	kill(harness, SIGKILL);
	waitpid(harness, &status, 0);
	for (int64_t end_ms = qt_now_ms() + ENOUGH_MS; kill(atoi(text), 0) == 0;) {
		/* dead, but nobody may be there to reap it: then it is a zombie for good */
		char path[64], stat[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", atoi(text));
		f = fopen(path, "re");
		if (!f || !fgets(stat, sizeof(stat), f) || strstr(stat, ") Z ")) {
			if (f)
				fclose(f);
			break;
		}
		fclose(f);
		assert_true(qt_now_ms() < end_ms);
	}
}

static void directory_is_made_with_those_above_it(void **state)
{
	struct room *room = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s/a/b//c/", room->path);
	assert_int_equal(0, qt_directory_make(path));
	assert_int_equal(0, faccessat(room->fd, "a/b/c", F_OK, 0));
	assert_int_equal(0, qt_directory_make(path));
	assert_int_equal(-ENOTDIR, qt_directory_make("/dev/null/a"));
}

static void tail_begins_at_a_line(void **state)
{
	struct room *room = *state;
	_autoclose_ int fd = openat(room->fd, "log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char buffer[16];

	dprintf(fd, "first line\nsecond\nthird\n\n");
	assert_string_equal("second\nthird\n\n", qt_log_tail(room->fd, "log", buffer, 16));
	assert_string_equal("third", qt_log_last_line(room->fd, "log", buffer, 16));
	assert_string_equal("", qt_log_tail(room->fd, "none", buffer, 16));
	dprintf(fd, "\033[mA\xff");
	assert_string_equal("?[mA?", qt_log_last_line(room->fd, "log", buffer, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_words_of_a_qemu_that_ends_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(last_words_that_come_late_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(crash_is_told_by_its_signal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_program_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silent_qemu_is_killed_after_the_deadline, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_a_qemu_leaves_is_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(qemu_dies_with_its_harness, set_up, tear_down),
		cmocka_unit_test_setup_teardown(directory_is_made_with_those_above_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(tail_begins_at_a_line, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
