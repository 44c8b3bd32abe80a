/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int guest_port_open(struct guest_port *port, const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;

	*port = (struct guest_port){ .fd = -1 };
	if (fd < 0)
		return -errno;
	/* a serial line without hardware opens, but has no mode */
	if (tcgetattr(fd, &mode) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	cfmakeraw(&mode);
	mode.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&mode, B115200);
	(void)tcsetattr(fd, TCSANOW, &mode);
	port->fd = fd;
	return 0;
}

void guest_port_print(const struct guest_port *port, const char *prefix, const char *text)
{
	char line[GUEST_LINE_BYTES];
	size_t len, done = 0;

	if (port->fd < 0)
		return;
	snprintf(line, sizeof(line) - 1, "%s%s%s", prefix, *text ? " " : "", text);
	len = strlen(line);
	line[len++] = '\n';
	while (done < len) {
		ssize_t written = write(port->fd, line + done, len - done);

		if (written < 0 && errno != EINTR)
			return;
		done += written > 0 ? (size_t)written : 0;
	}
}

static void take_byte(struct guest_port *port, char byte,
		      void (*run)(struct guest_port *port, char *line))
{
	if (byte == '\n' || byte == '\r') {
		port->line[port->len] = '\0';
		if (port->overlong)
			run(port, NULL);
		else if (port->len)
			run(port, port->line);
		port->len = 0;
		port->overlong = false;
	} else if (port->len == sizeof(port->line) - 1) {
		port->overlong = true;
	} else {
		port->line[port->len++] = byte;
	}
}

void guest_port_receive(struct guest_port *port, void (*run)(struct guest_port *port, char *line))
{
	char bytes[256];
	ssize_t len = read(port->fd, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < len; i++)
		take_byte(port, bytes[i], run);
}

static void print_line(void *data, const char *line)
{
	guest_port_print(data, "|", line);
}

void guest_port_answer(struct guest_port *port, struct guest *guest, char *line)
{
	struct guest_reply reply = { 0 };

	guest->print_line = print_line;
	guest->print_data = port;
	guest->port_fd = port->fd;
	if (line)
		guest_command_run(guest, line, &reply);
	else
		guest_reply_fail(&reply, E2BIG, "the line is too long");
	guest_port_print(port, reply.failed ? "error" : "ok", reply.text);
}
