/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"
#include "../qmp.h"

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
	"\"package\": \"Debian\"}, \"capabilities\": [\"oob\"]}}\r\n"

/* For what the server does at once: on any machine. */
enum { ENOUGH_MS = 30000 };

/*
 * A server that follows a script: each line is sent, or, if it begins with '>', a line is awaited
 * that contains the rest. NULL ends it; "hang" keeps the connection open and silent.
 */
struct script {
	int fd;
	const char *const *lines;
	int satisfied;
};

static int await_line(int fd, const char *part)
{
	char line[4096];
	size_t len = 0;

	while (len < sizeof(line) - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
	return strstr(line, part) != NULL;
}

static void *serve(void *data)
{
	struct script *script = data;

	script->satisfied = 1;
	for (const char *const *line = script->lines; *line; line++) {
		char byte;

		if (!strcmp(*line, "hang"))
			while (read(script->fd, &byte, 1) == 1)
				;
		else if (**line == '>')
			script->satisfied &= await_line(script->fd, *line + 1);
		else if (write(script->fd, *line, strlen(*line)) < 0)
			break;
	}
	close(script->fd);
	return NULL;
}

struct session {
	pthread_t thread;
	struct script script;
	struct qt_qmp *qmp;
	int result;
	struct vgpu_error err;
};

static void begin(struct session *session, const char *const *lines, int timeout_ms)
{
	int pair[2];

	*session = (struct session){ 0 };
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	session->script = (struct script){ .fd = pair[0], .lines = lines };
	assert_int_equal(0, pthread_create(&session->thread, NULL, serve, &session->script));
	session->result = qt_qmp_create(pair[1], NULL, qt_now_ms() + timeout_ms, &session->qmp,
					&session->err);
}

static void end(struct session *session)
{
	qt_qmp_destroy(session->qmp);
	pthread_join(session->thread, NULL);
	assert_true(session->script.satisfied);
}

static void greeting_is_answered_with_capabilities_and_gives_the_version(void **state)
{
	static const char *const lines[] = { GREETING, ">qmp_capabilities",
					     "{\"return\": {}, \"id\": 0}\r\n", NULL };
	struct session session;

	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(0, session.result);
	assert_string_equal("7.2.22", qt_qmp_version(session.qmp));
	end(&session);
}

/* What QEMU gets is the file itself, and with the command that names it. */
static void descriptor_travels_with_its_name(void **state)
{
	int pair[2], file[2], got = -1;
	char room[CMSG_SPACE(sizeof(int))], text[256] = "", byte = 0;
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	static const char answers[] = GREETING "{\"return\": {}, \"id\": 0}\r\n"
					       "{\"return\": {}, \"id\": 1}\r\n";
	struct qt_qmp *qmp = NULL;

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	assert_int_equal(0, pipe2(file, O_CLOEXEC));
	assert_int_equal(sizeof(answers) - 1, write(pair[0], answers, sizeof(answers) - 1));
	assert_int_equal(0, qt_qmp_create(pair[1], NULL, qt_now_ms() + ENOUGH_MS, &qmp, NULL));
	assert_true(await_line(pair[0], "qmp_capabilities"));
	assert_int_equal(0, qt_qmp_give_fd(qmp, "viewer", file[1], qt_now_ms() + ENOUGH_MS, NULL));
	assert_true(recvmsg(pair[0], &message, MSG_CMSG_CLOEXEC) > 0);
	assert_non_null(strstr(text, "\"getfd\""));
	assert_non_null(strstr(text, "\"viewer\""));
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
	assert_int_equal(1, write(got, "x", 1));
	assert_int_equal(1, read(file[0], &byte, 1));
	assert_int_equal('x', byte);
	close(got);
	close(file[0]);
	close(file[1]);
	close(pair[0]);
	qt_qmp_destroy(qmp);
}

static void events_between_command_and_answer_are_passed_over(void **state)
{
	static const char *const lines[] = {
		GREETING,
		">qmp_capabilities",
		"{\"return\": {}, \"id\": 0}\r\n",
		">query-status",
		"{\"event\": \"RESET\", \"data\": {}}\r\n{\"event\": \"RESET\"}\r\n",
		"{\"event\": \"STOP\", \"timestamp\": {}}\r\n{\"return\": {\"status\"",
		": \"running\"}, \"id\": 1}\r\n",
		NULL,
	};
	struct session session;
	json_object *result = NULL, *status;

	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(0, session.result);
	assert_int_equal(0, qt_qmp_command(session.qmp, "query-status", NULL,
					   qt_now_ms() + ENOUGH_MS, &result, NULL));
	assert_true(json_object_object_get_ex(result, "status", &status));
	assert_string_equal("running", json_object_get_string(status));
	json_object_put(result);
	end(&session);
}

/* A late answer is no event, and neither is one of another name; what never comes ends by time. */
static void event_is_awaited_by_name(void **state)
{
	static const char *const lines[] = {
		GREETING,
		">qmp_capabilities",
		"{\"return\": {}, \"id\": 0}\r\n",
		"{\"event\": \"STOP\"}\r\n{\"return\": {}, \"id\": 7}\r\n",
		"{\"event\": \"RESET\", \"data\": {\"guest\": true}}\r\n{\"event\": \"RESUME\"}\r\n",
		"hang",
		NULL,
	};
	struct session session;

	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(
		0, qt_qmp_wait_event(session.qmp, "RESET", qt_now_ms() + ENOUGH_MS, &session.err));
	assert_int_equal(-ETIMEDOUT,
			 qt_qmp_wait_event(session.qmp, "STOP", qt_now_ms() + 50, &session.err));
	assert_string_equal("QMP STOP: no answer in time", session.err.message);
	end(&session);
}

static void error_answer_carries_qemus_words(void **state)
{
	static const char *const lines[] = {
		GREETING,
		">qmp_capabilities",
		"{\"return\": {}, \"id\": 0}\r\n",
		">\"filename\":\"x\"",
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no surface\"}, \"id\": 1}\r\n",
		NULL,
	};
	struct session session;
	json_object *arguments = json_object_new_object();

	begin(&session, lines, ENOUGH_MS);
	json_object_object_add(arguments, "filename", json_object_new_string("x"));
	assert_int_equal(-EREMOTEIO, qt_qmp_command(session.qmp, "screendump", arguments,
						    qt_now_ms() + ENOUGH_MS, NULL, &session.err));
	assert_string_equal("QEMU refuses screendump: no surface", session.err.message);
	end(&session);
}

static void late_answer_to_an_abandoned_command_is_passed_over(void **state)
{
	static const char *const lines[] = {
		GREETING,
		">qmp_capabilities",
		"{\"return\": {}, \"id\": 0}\r\n",
		">first",
		">second",
		"{\"return\": {\"of\": 1}, \"id\": 1}\r\n{\"return\": {\"of\": 2}, \"id\": 2}\r\n",
		NULL,
	};
	struct session session;
	json_object *result = NULL, *of;

	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(-ETIMEDOUT, qt_qmp_command(session.qmp, "first", NULL, qt_now_ms() + 50,
						    NULL, &session.err));
	assert_int_equal(0, qt_qmp_command(session.qmp, "second", NULL, qt_now_ms() + ENOUGH_MS,
					   &result, NULL));
	assert_true(json_object_object_get_ex(result, "of", &of));
	assert_int_equal(2, json_object_get_int(of));
	json_object_put(result);
	end(&session);
}

static void silent_server_times_out(void **state)
{
	static const char *const lines[] = { "hang", NULL };
	struct session session;
	int64_t start_ms = qt_now_ms();

	begin(&session, lines, 100);
	assert_int_equal(-ETIMEDOUT, session.result);
	assert_true(qt_now_ms() - start_ms < ENOUGH_MS);
	end(&session);
}

static void closed_connection_is_told(void **state)
{
	static const char *const lines[] = { GREETING, ">qmp_capabilities", NULL };
	struct session session;

	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(-EPIPE, session.result);
	assert_non_null(strstr(session.err.message, "closed"));
	end(&session);
}

static void what_is_not_qmp_is_refused(void **state)
{
	static const char *const first_lines[] = {
		"HTTP/1.1 200 OK\r\n", "[]\r\n",	  "7\r\n",
		"{\"QMP\": 1}\r\n",    "{\"QMP\": {\r\n", "\r\n",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(first_lines); i++) {
		const char *const lines[] = { first_lines[i], NULL };
		struct session session;

		begin(&session, lines, ENOUGH_MS);
		assert_int_equal(-EPROTO, session.result);
		end(&session);
	}
}

static void endless_line_is_refused(void **state)
{
	static char flood[1 << 20];
	static const char *const lines[] = { flood, flood, flood, flood, flood, NULL };
	struct session session;

	memset(flood, 'x', sizeof(flood) - 1);
	begin(&session, lines, ENOUGH_MS);
	assert_int_equal(-EPROTO, session.result);
	end(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor_travels_with_its_name),
		cmocka_unit_test(greeting_is_answered_with_capabilities_and_gives_the_version),
		cmocka_unit_test(events_between_command_and_answer_are_passed_over),
		cmocka_unit_test(event_is_awaited_by_name),
		cmocka_unit_test(error_answer_carries_qemus_words),
		cmocka_unit_test(late_answer_to_an_abandoned_command_is_passed_over),
		cmocka_unit_test(silent_server_times_out),
		cmocka_unit_test(closed_connection_is_told),
		cmocka_unit_test(what_is_not_qmp_is_refused),
		cmocka_unit_test(endless_line_is_refused),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
