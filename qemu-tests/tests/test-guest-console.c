/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"
#include "../guest-console.h"

struct port {
	struct qt_console *console;
	int guest;
};

static void open_port(struct port *port)
{
	int pair[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	port->guest = pair[0];
	assert_int_equal(0, qt_console_create(pair[1], NULL, &port->console, NULL));
}

static void close_port(struct port *port)
{
	qt_console_destroy(port->console);
	if (port->guest >= 0)
		close(port->guest);
}

static void say(const struct port *port, const char *text)
{
	assert_int_equal(strlen(text), write(port->guest, text, strlen(text)));
}

static void ready_is_found_among_other_lines(void **state)
{
	struct port port;
	char line[QT_CONSOLE_LINE_LEN];

	open_port(&port);
	say(&port, "\r\nboot noise\r\nqt readyish\r\nqt ready output=gvt\r\n");
	assert_int_equal(0, qt_console_wait_ready(port.console, qt_now_ms() + 1000, line, NULL));
	assert_string_equal("output=gvt", line);
	close_port(&port);
}

static void ready_is_found_behind_what_firmware_wrote(void **state)
{
	struct port port;
	char line[QT_CONSOLE_LINE_LEN];

	open_port(&port);
	say(&port, "\033[2J\033[01;01H\033[=3h\033[2J\033[01;01Hqt ready output=gvt\r\n");
	assert_int_equal(0, qt_console_wait_ready(port.console, qt_now_ms() + 1000, line, NULL));
	assert_string_equal("output=gvt", line);
	close_port(&port);
}

/* What it says ends up in JSON, which is UTF-8, and in YAML, which has no DEL. */
static void what_is_not_ascii_is_told_as_that(void **state)
{
	static const char line[] = "ok \xff\xc3\0\x7f x\n";
	struct port port;
	char answer[QT_CONSOLE_LINE_LEN];

	open_port(&port);
	assert_int_equal(sizeof(line) - 1, write(port.guest, line, sizeof(line) - 1));
	assert_int_equal(
		0, qt_console_command(port.console, "info", qt_now_ms() + 1000, answer, NULL));
	assert_string_equal("???? x", answer);
	close_port(&port);
}

static void guest_that_gives_up_is_quoted(void **state)
{
	struct port port;
	struct vgpu_error err = { 0 };

	open_port(&port);
	say(&port, "qt error no display device\n");
	assert_int_equal(-EREMOTEIO,
			 qt_console_wait_ready(port.console, qt_now_ms() + 1000, NULL, &err));
	assert_non_null(strstr(err.message, "no display device"));
	close_port(&port);
}

static void command_gets_its_answer(void **state)
{
	struct port port;
	char answer[QT_CONSOLE_LINE_LEN], sent[32] = { 0 };

	open_port(&port);
	say(&port, "ok crc32=1\nok\n");
	assert_int_equal(
		0, qt_console_command(port.console, "read", qt_now_ms() + 1000, answer, NULL));
	assert_string_equal("crc32=1", answer);
	assert_int_equal(5, read(port.guest, sent, sizeof(sent)));
	assert_string_equal("read\n", sent);
	assert_int_equal(0,
			 qt_console_command(port.console, "off", qt_now_ms() + 1000, answer, NULL));
	assert_string_equal("", answer);
	close_port(&port);
}

static void refused_command_is_an_error_with_the_guests_words(void **state)
{
	struct port port;
	struct vgpu_error err = { 0 };

	open_port(&port);
	say(&port, "error EINVAL no format\n");
	assert_int_equal(-EREMOTEIO, qt_console_command(port.console, "show x", qt_now_ms() + 1000,
							NULL, &err));
	assert_non_null(strstr(err.message, "EINVAL no format"));
	assert_non_null(strstr(err.message, "show x"));
	close_port(&port);
}

static void mute_guest_times_out(void **state)
{
	struct port port;

	open_port(&port);
	say(&port, "ok without a newline");
	assert_int_equal(-ETIMEDOUT,
			 qt_console_command(port.console, "read", qt_now_ms() + 50, NULL, NULL));
	close_port(&port);
}

static void vanished_guest_is_told(void **state)
{
	struct port port;

	open_port(&port);
	close(port.guest);
	port.guest = -1;
	assert_int_equal(-EPIPE,
			 qt_console_wait_ready(port.console, qt_now_ms() + 1000, NULL, NULL));
	assert_int_equal(-EPIPE, qt_console_send(port.console, "read", NULL));
	close_port(&port);
}

static void flood_without_lines_is_survived(void **state)
{
	struct port port;
	char flood[10000], line[QT_CONSOLE_LINE_LEN];

	open_port(&port);
	memset(flood, 'x', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	say(&port, flood);
	say(&port, "\nqt ready\n");
	assert_int_equal(0, qt_console_wait_ready(port.console, qt_now_ms() + 1000, line, NULL));
	close_port(&port);
}

static void overlong_command_is_not_sent(void **state)
{
	struct port port;
	char command[QT_CONSOLE_LINE_LEN + 1];

	open_port(&port);
	memset(command, 'x', sizeof(command) - 1);
	command[sizeof(command) - 1] = '\0';
	assert_int_equal(-E2BIG, qt_console_send(port.console, command, NULL));
	close_port(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_is_found_among_other_lines),
		cmocka_unit_test(ready_is_found_behind_what_firmware_wrote),
		cmocka_unit_test(what_is_not_ascii_is_told_as_that),
		cmocka_unit_test(guest_that_gives_up_is_quoted),
		cmocka_unit_test(command_gets_its_answer),
		cmocka_unit_test(refused_command_is_an_error_with_the_guests_words),
		cmocka_unit_test(mute_guest_times_out),
		cmocka_unit_test(vanished_guest_is_told),
		cmocka_unit_test(flood_without_lines_is_survived),
		cmocka_unit_test(overlong_command_is_not_sent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
