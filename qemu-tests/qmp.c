/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmp.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* No answer we ask for is nearly as large; more means that the other end is not QEMU. */
#define LINE_MAX_LEN (4u << 20)

struct qt_qmp {
	int fd;
	FILE *log;
	char version[32];
	char *buffer;
	size_t buffer_len, buffer_size;
	unsigned int next_id;
};

static void log_line(struct qt_qmp *qmp, const char *direction, const char *line, size_t len)
{
	if (qmp->log) {
		fprintf(qmp->log, "%s %.*s\n", direction, (int)len, line);
		fflush(qmp->log);
	}
}

static int make_room(struct qt_qmp *qmp)
{
	size_t size = qmp->buffer_size ? qmp->buffer_size * 2 : 4096;
	char *buffer;

	if (qmp->buffer_len < qmp->buffer_size)
		return 0;
	if (size > LINE_MAX_LEN)
		return -EPROTO;
	buffer = realloc(qmp->buffer, size);
	if (!buffer)
		return -ENOMEM;
	qmp->buffer = buffer;
	qmp->buffer_size = size;
	return 0;
}

/* Waits until the buffer holds a line; *line_len is its length without the newline. */
static int fill_line(struct qt_qmp *qmp, int64_t deadline_ms, size_t *line_len)
{
	for (;;) {
		char *newline = qmp->buffer ? memchr(qmp->buffer, '\n', qmp->buffer_len) : NULL;
		struct pollfd fd = { .fd = qmp->fd, .events = POLLIN };
		ssize_t got;
		int r;

		if (newline) {
			*line_len = (size_t)(newline - qmp->buffer);
			return 0;
		}
		r = make_room(qmp);
		if (r)
			return r;
		r = poll(&fd, 1, qt_left_ms(deadline_ms));
		if (r == 0)
			return -ETIMEDOUT;
		got = r < 0 ? -1
			    : recv(qmp->fd, qmp->buffer + qmp->buffer_len,
				   qmp->buffer_size - qmp->buffer_len, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -EPIPE;
		qmp->buffer_len += (size_t)got;
	}
}

static json_object *parse_line(const char *line, size_t len)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object = tokener ? json_tokener_parse_ex(tokener, line, (int)len) : NULL;

	/* a lone number would need more input to end, but only objects are messages anyway */
	if (tokener)
		json_tokener_free(tokener);
	if (object && !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

/* Reads one message. *out is to be put by the caller. */
static int receive(struct qt_qmp *qmp, int64_t deadline_ms, json_object **out)
{
	size_t len;
	int r = fill_line(qmp, deadline_ms, &len);

	if (r)
		return r;
	log_line(qmp, "<", qmp->buffer, len && qmp->buffer[len - 1] == '\r' ? len - 1 : len);
	*out = parse_line(qmp->buffer, len);
	memmove(qmp->buffer, qmp->buffer + len + 1, qmp->buffer_len - len - 1);
	qmp->buffer_len -= len + 1;
	return *out ? 0 : -EPROTO;
}

/* A part of @text; with the first one goes *@give_fd, unless it is -1, and becomes -1. */
static ssize_t send_part(struct qt_qmp *qmp, const char *text, size_t len, int *give_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { (char *)text, len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t put;

	if (*give_fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), give_fd, sizeof(*give_fd));
	}
	put = sendmsg(qmp->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (put > 0)
		*give_fd = -1;
	return put;
}

static int send_all(struct qt_qmp *qmp, const char *text, size_t len, int give_fd,
		    int64_t deadline_ms)
{
	for (size_t done = 0; done < len;) {
		struct pollfd fd = { .fd = qmp->fd, .events = POLLOUT };
		ssize_t put;

		if (poll(&fd, 1, qt_left_ms(deadline_ms)) == 0)
			return -ETIMEDOUT;
		put = send_part(qmp, text + done, len - done, &give_fd);
		if (put < 0 && errno != EINTR && errno != EAGAIN)
			return -EPIPE;
		if (put > 0)
			done += (size_t)put;
	}
	return 0;
}

/* If @message is a reply to command @id, fills *r and *result and returns true. */
static bool is_reply(struct qt_qmp *qmp, json_object *message, unsigned int id, const char *name,
		     json_object **result, int *r, struct vgpu_error *err)
{
	json_object *value;

	if (json_object_object_get_ex(message, "event", &value))
		return false;
	/* a late reply to a command that was given up on; errors in parsing have no id */
	if (json_object_object_get_ex(message, "id", &value) &&
	    (unsigned int)json_object_get_int64(value) != id)
		return false;
	if (json_object_object_get_ex(message, "error", &value)) {
		json_object *desc = NULL;

		json_object_object_get_ex(value, "desc", &desc);
		*r = vgpu_error_set(err, VGPU_ERROR_FAILED, EREMOTEIO, "QEMU refuses %s: %s", name,
				    desc ? json_object_get_string(desc) : "no reason given");
		return true;
	}
	if (!json_object_object_get_ex(message, "return", &value)) {
		*r = vgpu_error_set(err, VGPU_ERROR_FAILED, EPROTO,
				    "QEMU's answer to %s is neither a return nor an error", name);
		return true;
	}
	if (result)
		*result = json_object_get(value);
	*r = 0;
	return true;
}

static int trouble(int r, const char *what, struct vgpu_error *err)
{
	const char *why = r == -ETIMEDOUT ? "no answer in time"
			  : r == -EPIPE	  ? "QEMU closed the connection"
			  : r == -EPROTO  ? "this is no QMP message"
					  : strerror(-r);

	return vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "QMP %s: %s", what, why);
}

/* @give_fd travels with the command; -1: none. */
static int run_command(struct qt_qmp *qmp, const char *name, json_object *arguments, int give_fd,
		       int64_t deadline_ms, json_object **result, struct vgpu_error *err)
{
	unsigned int id = qmp->next_id++;
	json_object *command = json_object_new_object();
	const char *text;
	size_t len;
	int r;

	json_object_object_add(command, "execute", json_object_new_string(name));
	if (arguments)
		json_object_object_add(command, "arguments", arguments);
	json_object_object_add(command, "id", json_object_new_int64(id));
	text = json_object_to_json_string_length(command, JSON_C_TO_STRING_PLAIN, &len);
	log_line(qmp, ">", text, len);
	r = send_all(qmp, text, len, give_fd, deadline_ms);
	json_object_put(command);
	if (!r)
		r = send_all(qmp, "\n", 1, -1, deadline_ms);
	while (!r) {
		json_object *message = NULL;
		bool done;
		int answer = 0;

		r = receive(qmp, deadline_ms, &message);
		if (r)
			break;
		done = is_reply(qmp, message, id, name, result, &answer, err);
		json_object_put(message);
		if (done)
			return answer;
	}
	return trouble(r, name, err);
}

int qt_qmp_command(struct qt_qmp *qmp, const char *name, json_object *arguments,
		   int64_t deadline_ms, json_object **result, struct vgpu_error *err)
{
	return run_command(qmp, name, arguments, -1, deadline_ms, result, err);
}

int qt_qmp_wait_event(struct qt_qmp *qmp, const char *name, int64_t deadline_ms,
		      struct vgpu_error *err)
{
	bool came = false;
	int r = 0;

	while (!r && !came) {
		json_object *message = NULL, *event;

		r = receive(qmp, deadline_ms, &message);
		came = !r && json_object_object_get_ex(message, "event", &event) &&
		       !strcmp(json_object_get_string(event), name);
		json_object_put(message);
	}
	return r ? trouble(r, name, err) : 0;
}

int qt_qmp_give_fd(struct qt_qmp *qmp, const char *name, int fd, int64_t deadline_ms,
		   struct vgpu_error *err)
{
	json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "fdname", json_object_new_string(name));
	return run_command(qmp, "getfd", arguments, fd, deadline_ms, NULL, err);
}

/* {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 22}, ...}, ...}} */
static int read_greeting(struct qt_qmp *qmp, int64_t deadline_ms, struct vgpu_error *err)
{
	static const char *const path[] = { "QMP", "version", "qemu" };
	json_object *greeting = NULL, *at, *part[3] = { NULL };
	int r = receive(qmp, deadline_ms, &greeting);

	if (r)
		return trouble(r, "greeting", err);
	at = greeting;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(path); i++)
		if (!json_object_object_get_ex(at, path[i], &at))
			r = -EPROTO;
	if (!r && json_object_object_get_ex(at, "major", &part[0]) &&
	    json_object_object_get_ex(at, "minor", &part[1]) &&
	    json_object_object_get_ex(at, "micro", &part[2]))
		snprintf(qmp->version, sizeof(qmp->version), "%d.%d.%d",
			 json_object_get_int(part[0]), json_object_get_int(part[1]),
			 json_object_get_int(part[2]));
	else
		r = -EPROTO;
	json_object_put(greeting);
	return r ? trouble(r, "greeting", err) : 0;
}

int qt_qmp_create(int fd, FILE *log, int64_t deadline_ms, struct qt_qmp **out,
		  struct vgpu_error *err)
{
	_destroy_(qt_qmp) struct qt_qmp *qmp = calloc(1, sizeof(*qmp));
	int r;

	if (!qmp) {
		close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "QMP");
	}
	qmp->fd = fd;
	qmp->log = log;
	r = read_greeting(qmp, deadline_ms, err);
	if (!r)
		r = qt_qmp_command(qmp, "qmp_capabilities", NULL, deadline_ms, NULL, err);
	if (r)
		return r;
	*out = steal(qmp);
	return 0;
}

void qt_qmp_destroy(struct qt_qmp *qmp)
{
	if (!qmp)
		return;
	close(qmp->fd);
	free(qmp->buffer);
	free(qmp);
}

pid_t qt_qmp_peer(const struct qt_qmp *qmp)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}

const char *qt_qmp_version(const struct qt_qmp *qmp)
{
	return qmp->version;
}
