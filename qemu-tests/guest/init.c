/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's only program, process 1 of its initramfs: finds the display device, says so on the
 * control port, and obeys commands until it is told to power off. Whatever goes wrong is said on
 * the port and ends in power off: it never just stops.
 */
#include "commands.h"
#include "control-port.h"
#include "modules.h"
#include "waits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORTS = 2 };

static struct guest_port ports[PORTS];
static struct guest guest;

static void print_all(const char *prefix, const char *text)
{
	for (int i = 0; i < PORTS; i++)
		guest_port_print(&ports[i], prefix, text);
}

static _Noreturn void power_off(void)
{
	sync();
	for (int i = 0; i < PORTS; i++)
		if (ports[i].fd >= 0)
			fsync(ports[i].fd);
	reboot(RB_POWER_OFF);
	/* without ACPI it may return: halting is the next best */
	reboot(RB_HALT_SYSTEM);
	for (;;)
		pause();
}

static _Noreturn void die(const char *why)
{
	print_all("qt error", why);
	power_off();
}

static void on_crash(int signal_number)
{
	static const char text[] = "qt error the guest program crashed: signal ";
	char digits[3] = { (char)('0' + signal_number / 10), (char)('0' + signal_number % 10),
			   '\n' };

	/* process 1 cannot die of it: the kernel would panic without telling the harness */
	for (int i = 0; i < PORTS; i++) {
		if (ports[i].fd < 0)
			continue;
		(void)!write(ports[i].fd, text, sizeof(text) - 1);
		(void)!write(ports[i].fd, digits, sizeof(digits));
	}
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void catch_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = on_crash };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

static void mount_at(const char *type, const char *path)
{
	mkdir(path, 0755);
	(void)mount(type, path, type, 0, NULL);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static void prepare_system(void)
{
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	/* locked pages must stay where devices were told that they are */
	write_text("/proc/sys/vm/compact_unevictable_allowed", "0");
}

/* The value of @key= on the kernel's command line; empty if it is not there. */
static void read_cmdline(const char *key, char *value, size_t size)
{
	char line[4096] = "";
	FILE *in = fopen("/proc/cmdline", "re");
	size_t len = strlen(key);

	*value = '\0';
	if (!in)
		return;
	if (fgets(line, sizeof(line), in)) {
		char *rest = line;

		for (char *word; (word = strsep(&rest, " \n"));)
			if (strncmp(word, key, len) == 0 && word[len] == '=')
				snprintf(value, size, "%s", word + len + 1);
	}
	fclose(in);
}

/* Without qt.output=NAME: the first driver that finds its device. */
static int open_output(struct guest_reply *reply)
{
	static const struct guest_output_impl *const drivers[] = {
		&guest_output_kms,  &guest_output_gvt,	  &guest_output_bochs,
		&guest_output_mdpy, &guest_output_serial,
	};
	char name[32], device[64];
	int rc = -ENODEV;

	read_cmdline("qt.output", name, sizeof(name));
	read_cmdline("qt.device", device, sizeof(device));
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]) && rc == -ENODEV; i++) {
		struct guest_reply found = { 0 };

		if (*name && strcmp(name, drivers[i]->name) != 0)
			continue;
		guest_reply_add(&found, "output=%s", drivers[i]->name);
		rc = drivers[i]->open(*device ? device : NULL, &guest.output, &found);
		if (rc < 0 && reply->len)
			guest_reply_add(reply, "| %s", found.text);
		else
			*reply = found;
	}
	if (!reply->len)
		guest_reply_fail(reply, ENODEV, "no output is called \"%s\"", name);
	return rc;
}

static void run_line(struct guest_port *port, char *line)
{
	guest_port_answer(port, &guest, line);
	if (guest.quit)
		power_off();
}

static void serve(void)
{
	for (;;) {
		struct pollfd fds[PORTS];

		for (int i = 0; i < PORTS; i++)
			fds[i] = (struct pollfd){ .fd = ports[i].fd, .events = POLLIN };
		if (poll(fds, PORTS, -1) < 0)
			continue;
		for (int i = 0; i < PORTS; i++)
			if (fds[i].revents)
				guest_port_receive(&ports[i], run_line);
	}
}

int main(void)
{
	struct guest_reply reply = { 0 };

	if (getpid() != 1) { /* anywhere else it would power off somebody's machine */
		fputs("this program is process 1 of a guest; do not run it elsewhere\n", stderr);
		return 2;
	}
	prepare_system();
	guest_port_open(&ports[0], "/dev/ttyS1");
	guest_port_open(&ports[1], "/dev/ttyS0");
	catch_crashes();
	if (guest_modules_has("i915"))
		guest_waits_watch();
	if (guest_modules_load(&reply) < 0 || open_output(&reply) < 0)
		die(reply.text);
	print_all("qt ready", reply.text);
	serve();
}
