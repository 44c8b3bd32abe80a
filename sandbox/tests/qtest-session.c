/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "qtest-session.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 60000,
	SLOT_CONFIG = (int)0x80002000, /* device 4 of bus 0 */
	PVINFO = 0x78000,
};

void qtest_give_up(const struct qtest *qtest, const char *why)
{
	fprintf(stderr, "qtest: %s, after %lu commands\n", why, qtest->commands);
	exit(EXIT_FAILURE);
}

/* One line of an answer, without its end. */
static const char *receive(struct qtest *qtest, int fd)
{
	size_t len = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		char *end = &qtest->line[len];

		if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
			qtest_give_up(qtest, "no answer from QEMU for a minute");
		if (read(fd, end, 1) != 1)
			qtest_give_up(qtest, "QEMU has gone");
		if (*end == '\n')
			break;
		if (++len == sizeof(qtest->line) - 1)
			qtest_give_up(qtest, "an endless answer");
	}
	qtest->line[len] = '\0';
	return qtest->line;
}

static void give_command(struct qtest *qtest, const char *format, va_list args)
{
	char text[256];
	int len = vsnprintf(text, sizeof(text), format, args);

	qtest->commands++;
	if (write(qtest->port, text, len) != len)
		qtest_give_up(qtest, "QEMU does not listen");
	do
		receive(qtest, qtest->port);
	while (!strncmp(qtest->line, "IRQ", 3));
	if (strncmp(qtest->line, "OK", 2))
		qtest_give_up(qtest, "QEMU refuses a command of qtest");
}

const char *qtest_command(struct qtest *qtest, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	give_command(qtest, format, args);
	va_end(args);
	return qtest->line;
}

uint64_t qtest_number(struct qtest *qtest, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	give_command(qtest, format, args);
	va_end(args);
	return strtoull(qtest->line + 2, NULL, 0);
}

void qtest_monitor(struct qtest *qtest, const char *text)
{
	if (write(qtest->monitor, text, strlen(text)) < 0)
		qtest_give_up(qtest, "QEMU's monitor does not listen");
	while (!strstr(receive(qtest, qtest->monitor), "\"return\"") &&
	       !strstr(qtest->line, "\"error\""))
		;
}

void qtest_write_config(struct qtest *qtest, unsigned int at, uint32_t value, unsigned int len)
{
	static const char width[] = { 0, 'b', 'w', 0, 'l' };

	qtest_command(qtest, "outl 0xcf8 0x%x\n", (unsigned int)SLOT_CONFIG | (at & 0xfc));
	qtest_command(qtest, "out%c 0x%x 0x%x\n", width[len], 0xcfc + (at & 3), value);
}

uint32_t qtest_read_config(struct qtest *qtest, unsigned int at)
{
	qtest_command(qtest, "outl 0xcf8 0x%x\n", (unsigned int)SLOT_CONFIG | (at & 0xfc));
	return (uint32_t)qtest_number(qtest, "inl 0xcfc\n");
}

void qtest_settle(struct qtest *qtest)
{
	qtest_write_config(qtest, 0x04, 0, 2);
	qtest_write_config(qtest, 0x10, (uint32_t)QTEST_BAR0, 4);
	qtest_write_config(qtest, 0x14, 0, 4);
	qtest_write_config(qtest, 0x18, QTEST_BAR2, 4);
	qtest_write_config(qtest, 0x1c, 0, 4);
	qtest_write_config(qtest, 0x04, 7, 2);
}

static int pair_of_sockets(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static _Noreturn void run_qemu(int port, int monitor, const char *device)
{
	dup2(port, 10);
	dup2(monitor, 11);
	execlp("qemu-system-x86_64", "qemu-system-x86_64", "-accel", "tcg", "-S", "-machine", "pc",
	       "-m", "64", "-nodefaults", "-display", "none", "-chardev", "socket,id=qtest,fd=10",
	       "-qtest", "chardev:qtest", "-qtest-log", "none", "-chardev", "socket,id=m,fd=11",
	       "-mon", "chardev=m,mode=control", "-device", device, NULL);
	_exit(127);
}

void qtest_start(struct qtest *qtest, const char *uuid, const char *properties)
{
	int port[2], monitor[2];
	char device[1024];

	signal(SIGPIPE, SIG_IGN);
	snprintf(device, sizeof(device),
		 "vfio-pci,id=vgpu,addr=04.0,display=on,sysfsdev=/sys/bus/mdev/devices/%s,%s", uuid,
		 properties);
	if (pair_of_sockets(port) || pair_of_sockets(monitor))
		qtest_give_up(qtest, "no sockets");
	qtest->qemu = fork();
	if (!qtest->qemu)
		run_qemu(port[1], monitor[1], device);
	close(port[1]);
	close(monitor[1]);
	qtest->port = port[0];
	qtest->monitor = monitor[0];
	receive(qtest, qtest->monitor); /* its greeting */
	qtest_monitor(qtest, "{\"execute\":\"qmp_capabilities\"}\n");
	qtest_settle(qtest);
	/* else all that follows goes nowhere. Source: i915_pvinfo.h, VGT_MAGIC */
	if (qtest_number(qtest, "readq 0x%x\n", (uint32_t)QTEST_BAR0 + PVINFO) !=
	    UINT64_C(0x4776544776544776))
		qtest_give_up(qtest, "the vGPU is not where it should be");
}

static int wait_for_end(struct qtest *qtest)
{
	int status = -1;

	waitpid(qtest->qemu, &status, 0);
	close(qtest->port);
	close(qtest->monitor);
	return status;
}

void qtest_quit(struct qtest *qtest)
{
	qtest_monitor(qtest, "{\"execute\":\"quit\"}\n");
	if (wait_for_end(qtest))
		qtest_give_up(qtest, "QEMU did not quit as it should");
}

void qtest_kill(struct qtest *qtest)
{
	kill(qtest->qemu, SIGKILL);
	wait_for_end(qtest);
}
