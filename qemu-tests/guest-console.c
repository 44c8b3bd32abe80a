/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-console.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

struct qt_console {
	int fd;
	FILE *log;
	void (*take)(void *data, const char *line);
	void *take_data;
	char buffer[4096];
	size_t len;
};

int qt_console_create(int fd, FILE *log, struct qt_console **out, struct vgpu_error *err)
{
	struct qt_console *console = calloc(1, sizeof(*console));

	if (!console) {
		close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "guest console");
	}
	console->fd = fd;
	console->log = log;
	*out = console;
	return 0;
}

void qt_console_destroy(struct qt_console *console)
{
	if (!console)
		return;
	close(console->fd);
	free(console);
}

void qt_console_listen(struct qt_console *console, void (*take)(void *data, const char *line),
		       void *data)
{
	console->take = take;
	console->take_data = data;
}

static void log_line(struct qt_console *console, const char *direction, const char *line)
{
	if (console->log) {
		fprintf(console->log, "%s %s\n", direction, line);
		fflush(console->log);
	}
}

/* Takes the first @len bytes, a line of ASCII, out of the buffer. A longer one than @line holds is cut. */
static void take_line(struct qt_console *console, size_t len, char *line)
{
	size_t kept = len;

	while (kept && (console->buffer[kept - 1] == '\r' || console->buffer[kept - 1] == '\n'))
		kept--;
	if (kept >= QT_CONSOLE_LINE_LEN)
		kept = QT_CONSOLE_LINE_LEN - 1;
	memcpy(line, console->buffer, kept);
	for (size_t i = 0; i < kept; i++)
		if (!line[i] || line[i] & 0x80 || line[i] == 0x7f)
			line[i] = '?';
	line[kept] = '\0';
	memmove(console->buffer, console->buffer + len, console->len - len);
	console->len -= len;
}

static int receive_line(struct qt_console *console, int64_t deadline_ms, char *line)
{
	for (;;) {
		char *newline = memchr(console->buffer, '\n', console->len);
		struct pollfd fd = { .fd = console->fd, .events = POLLIN };
		ssize_t got;
		int r;

		if (newline || console->len == sizeof(console->buffer)) {
			take_line(console,
				  newline ? (size_t)(newline - console->buffer) + 1 : console->len,
				  line);
			log_line(console, "<", line);
			return 0;
		}
		r = poll(&fd, 1, qt_left_ms(deadline_ms));
		if (r == 0)
			return -ETIMEDOUT;
		got = r < 0 ? -1
			    : recv(console->fd, console->buffer + console->len,
				   sizeof(console->buffer) - console->len, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -EPIPE;
		console->len += (size_t)got;
	}
}

/* The rest of @line after the word @word and a space; NULL if it begins otherwise. */
static const char *after_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) || (line[len] != ' ' && line[len] != '\0'))
		return NULL;
	return line + len + (line[len] == ' ');
}

/* UEFI firmware moves the cursor of every serial port, and ends with no newline. */
static const char *after_escapes(const char *line)
{
	const char *escape = strrchr(line, '\033');

	if (!escape)
		return line;
	escape += 1 + (escape[1] == '[');
	escape += strspn(escape, "0123456789;=?");
	return *escape ? escape + 1 : escape;
}

/* Waits for a line that begins with @word; lines that mean nothing to us are passed over. */
static int expect(struct qt_console *console, const char *word, const char *what,
		  int64_t deadline_ms, char *rest_out, struct vgpu_error *err)
{
	char line[QT_CONSOLE_LINE_LEN];

	for (;;) {
		int r = receive_line(console, deadline_ms, line);
		const char *rest;

		if (r == -ETIMEDOUT)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
					      "the guest did not answer in time: %s", what);
		if (r)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, -r,
					      "QEMU went away while the guest was to answer: %s",
					      what);
		rest = after_word(line, "|");
		if (rest && console->take)
			console->take(console->take_data, rest);
		rest = after_word(after_escapes(line), word);
		if (rest) {
			if (rest_out)
				memmove(rest_out, rest, strlen(rest) + 1);
			return 0;
		}
		rest = after_word(line, "error");
		if (!rest)
			rest = after_word(line, "qt error");
		if (rest)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, EREMOTEIO,
					      "guest: %s (asked: %s)", rest, what);
	}
}

int qt_console_wait_ready(struct qt_console *console, int64_t deadline_ms, char *line,
			  struct vgpu_error *err)
{
	return expect(console, "qt ready", "is its display ready", deadline_ms, line, err);
}

int qt_console_send(struct qt_console *console, const char *command, struct vgpu_error *err)
{
	char line[QT_CONSOLE_LINE_LEN];
	int len = snprintf(line, sizeof(line), "%s\n", command);

	if (len < 0 || (size_t)len >= sizeof(line))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, E2BIG, "guest command of %d bytes",
				      len);
	log_line(console, ">", command);
	/* QEMU's serial port takes a line at once: its socket buffer is far larger */
	if (send(console->fd, line, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EPIPE,
				      "the guest's control port takes no more: %s", command);
	return 0;
}

int qt_console_wait_answer(struct qt_console *console, const char *command, int64_t deadline_ms,
			   char *answer, struct vgpu_error *err)
{
	return expect(console, "ok", command, deadline_ms, answer, err);
}

int qt_console_command(struct qt_console *console, const char *command, int64_t deadline_ms,
		       char *answer, struct vgpu_error *err)
{
	int r = qt_console_send(console, command, err);

	return r ? r : qt_console_wait_answer(console, command, deadline_ms, answer, err);
}
