/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hostile guest without a CPU: an unmodified QEMU whose guest is played by us, through QEMU's
 * qtest protocol. It touches the vGPU's registers, memory and configuration space, guest memory
 * that the vGPU reads, and now and then somebody looks at the screen. Whatever it does, QEMU and
 * who answers it must go on. Runs inside `vgpulab run`. Debian's QEMU has no accelerator of that name:
 * the protocol works beside TCG, whose CPU never starts.
 *
 * usage: fuzz-qtest SEED SECONDS [UUID]
 * UUID is a vGPU that is there; without it one is made.
 * Source: QEMU, system/qtest.c (the protocol); linux/pci_regs.h; i915_reg.h of Linux 6.1
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#define OWN_UUID "0b5c81f6-5a5e-4f0c-9f5e-6d1f2b7c9a21"
#define CREATE	 "/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create"

enum {
	STEPS = 4000, /* accesses of one QEMU's life */
	PATIENCE_MS = 60000,
	SLOT_CONFIG = (int)0x80002000, /* device 4 of bus 0 */
	BAR0 = (int)0xe0000000,
	BAR2 = 0x40000000,
	BAR0_LEN = 16 << 20,
	BAR2_LEN = 256 << 20,
	RAM_LEN = 64 << 20,
	GGTT = 8 << 20, /* in BAR 0 */
	PVINFO = 0x78000,
};

struct guest {
	uint64_t random;
	char device[256]; /* of QEMU's -device */
	int qtest, qmp; /* sockets */
	pid_t qemu;
	char line[8192];
	size_t line_len;
	unsigned long commands;
};

static uint64_t take(struct guest *guest, uint64_t below)
{
	/* xorshift64* */
	guest->random ^= guest->random >> 12;
	guest->random ^= guest->random << 25;
	guest->random ^= guest->random >> 27;
	return guest->random * UINT64_C(2685821657736338717) % below;
}

static _Noreturn void give_up(const struct guest *guest, const char *why)
{
	fprintf(stderr, "fuzz-qtest: %s, after %lu commands\n", why, guest->commands);
	exit(EXIT_FAILURE);
}

/* One line of an answer, without its end. */
static const char *receive(struct guest *guest, int fd)
{
	guest->line_len = 0;
	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		char *end = &guest->line[guest->line_len];

		if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
			give_up(guest, "no answer from QEMU for a minute");
		if (read(fd, end, 1) != 1)
			give_up(guest, "QEMU has gone");
		if (*end == '\n')
			break;
		if (++guest->line_len == sizeof(guest->line) - 1)
			give_up(guest, "an endless answer");
	}
	guest->line[guest->line_len] = '\0';
	return guest->line;
}

__attribute__((format(printf, 2, 3))) static const char *command(struct guest *guest,
								 const char *format, ...)
{
	char text[256];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	guest->commands++;
	if (write(guest->qtest, text, len) != len)
		give_up(guest, "QEMU does not listen");
	do
		receive(guest, guest->qtest);
	while (!strncmp(guest->line, "IRQ", 3));
	if (strncmp(guest->line, "OK", 2))
		give_up(guest, "QEMU refuses a command of qtest");
	return guest->line;
}

static void monitor(struct guest *guest, const char *text)
{
	if (write(guest->qmp, text, strlen(text)) < 0)
		give_up(guest, "QEMU's monitor does not listen");
	while (!strstr(receive(guest, guest->qmp), "\"return\"") &&
	       !strstr(guest->line, "\"error\""))
		;
}

static void write_config(struct guest *guest, unsigned int at, uint32_t value, unsigned int len)
{
	static const char width[] = { 0, 'b', 'w', 0, 'l' };

	command(guest, "outl 0xcf8 0x%x\n", (unsigned int)SLOT_CONFIG | (at & 0xfc));
	command(guest, "out%c 0x%x 0x%x\n", width[len], 0xcfc + (at & 3), value);
}

/* The BARs where we know them, and memory decoding on: as firmware leaves it. */
static void settle(struct guest *guest)
{
	write_config(guest, 0x04, 0, 2);
	write_config(guest, 0x10, (uint32_t)BAR0, 4);
	write_config(guest, 0x14, 0, 4);
	write_config(guest, 0x18, BAR2, 4);
	write_config(guest, 0x1c, 0, 4);
	write_config(guest, 0x04, 7, 2);
}

/* Ranges of registers that do something, and a few that matter by themselves. */
static const struct {
	uint32_t first, len;
} ranges[] = {
	{ 0x2000, 0x400 },   { 0x12000, 0x400 },  { 0x1a000, 0x400 },  { 0x22000, 0x400 },
	{ 0x2230, 4 },	     { 0x22230, 4 },	  { 0x5100, 0x40 },    { 0x9400, 0x40 },
	{ 0x44200, 0x300 },  { 0x45400, 0x100 },  { 0x46000, 0x400 },  { 0x60000, 0x400 },
	{ 0x64000, 0x400 },  { 0x6c000, 0x400 },  { 0x6f000, 0x1000 }, { 0x70000, 0x500 },
	{ 0x71000, 0x500 },  { 0x72000, 0x500 },  { 0x78000, 0x1000 }, { 0xc4000, 0x100 },
	{ 0xc5100, 0x40 },   { 0xc7200, 0x100 },  { 0x100000, 0x100 }, { 0x138000, 0x200 },
	{ 0x140000, 0x800 }, { 0x164000, 0x400 },
};

static uint32_t pick_register(struct guest *guest)
{
	const size_t count = sizeof(ranges) / sizeof(ranges[0]);
	size_t which = take(guest, count + 1);

	if (which == count)
		return take(guest, GGTT);
	return ranges[which].first + take(guest, ranges[which].len);
}

/* Numbers that mean something to a GPU: addresses, entries of page tables, flags, lengths. */
static uint64_t pick_value(struct guest *guest)
{
	switch (take(guest, 8)) {
	case 0:
		return UINT64_C(1) << take(guest, 64);
	case 1:
		return take(guest, RAM_LEN / 4096) << 12;
	case 2:
		return take(guest, RAM_LEN / 4096) << 12 | 1;
	case 3:
		return take(guest, 64);
	case 4:
		return UINT64_MAX << take(guest, 64);
	case 5: /* a masked bit, set */
		return UINT64_C(0x10001) << take(guest, 16);
	case 6: /* commands: opcode and length */
		return take(guest, 64) << 23 | take(guest, 8) << 29 | take(guest, 64);
	default:
		return take(guest, UINT64_MAX);
	}
}

static void access_memory(struct guest *guest, uint64_t at, bool writing)
{
	static const char width[] = { 'b', 'w', 'l', 'q' };
	unsigned int log = take(guest, 4) ? 2 : take(guest, 4);

	if (take(guest, 16))
		at &= ~((UINT64_C(1) << log) - 1);
	if (writing)
		command(guest, "write%c 0x%llx 0x%llx\n", width[log], (unsigned long long)at,
			(unsigned long long)pick_value(guest));
	else
		command(guest, "read%c 0x%llx\n", width[log], (unsigned long long)at);
}

/* Four words to a port of an engine: two contexts to run. */
static void submit(struct guest *guest)
{
	static const uint32_t ports[] = { 0x2230, 0x12230, 0x1a230, 0x22230 };
	uint32_t port = (uint32_t)BAR0 + ports[take(guest, 4)];

	for (int i = 0; i < 4; i++)
		command(guest, "writel 0x%x 0x%x\n", port,
			i % 2 ? (uint32_t)take(guest, 4096) << 12 | 0x101
			      : (uint32_t)take(guest, 3));
}

static void write_configuration(struct guest *guest)
{
	static const unsigned int lens[] = { 1, 2, 4 };
	unsigned int len = lens[take(guest, 3)];
	unsigned int at = take(guest, 256) & ~(len - 1);

	write_config(guest, at, (uint32_t)pick_value(guest), len);
	if (!take(guest, 4) || (at >= 0x10 && at < 0x28) || at < 8)
		settle(guest);
}

static void step(struct guest *guest)
{
	uint64_t what = take(guest, 1000);

	if (what < 550)
		access_memory(guest, (uint32_t)BAR0 + pick_register(guest), what < 400);
	else if (what < 650)
		access_memory(guest, (uint32_t)BAR0 + GGTT + take(guest, GGTT), true);
	else if (what < 700)
		access_memory(guest, BAR2 + take(guest, BAR2_LEN), what < 680);
	else if (what < 880)
		access_memory(guest, take(guest, RAM_LEN), true);
	else if (what < 910)
		submit(guest);
	else if (what < 960)
		write_configuration(guest);
	else if (what < 998)
		monitor(guest, "{\"execute\":\"screendump\",\"arguments\":{\"filename\":"
			       "\"/dev/null\",\"device\":\"vgpu\"}}\n");
	else
		monitor(guest, "{\"execute\":\"system_reset\"}\n"), settle(guest);
}

static int pair_of_sockets(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static void start(struct guest *guest)
{
	int qtest[2], qmp[2];

	if (pair_of_sockets(qtest) || pair_of_sockets(qmp))
		give_up(guest, "no sockets");
	guest->qemu = fork();
	if (!guest->qemu) {
		dup2(qtest[1], 10);
		dup2(qmp[1], 11);
		execlp("qemu-system-x86_64", "qemu-system-x86_64", "-accel", "tcg", "-S",
		       "-machine", "pc", "-m", "64", "-nodefaults", "-display", "none", "-chardev",
		       "socket,id=qtest,fd=10", "-qtest", "chardev:qtest", "-qtest-log", "none",
		       "-chardev", "socket,id=m,fd=11", "-mon", "chardev=m,mode=control", "-device",
		       guest->device, NULL);
		_exit(127);
	}
	close(qtest[1]);
	close(qmp[1]);
	guest->qtest = qtest[0];
	guest->qmp = qmp[0];
	receive(guest, guest->qmp); /* its greeting */
	monitor(guest, "{\"execute\":\"qmp_capabilities\"}\n");
	settle(guest);
	/* else all that follows goes nowhere. Source: i915_pvinfo.h, VGT_MAGIC */
	if (strcmp(command(guest, "readq 0x%x\n", (uint32_t)BAR0 + PVINFO),
		   "OK 0x4776544776544776"))
		give_up(guest, "the vGPU is not where it should be");
}

/* Half of them go as they should, the others are killed. */
static void end(struct guest *guest)
{
	int status;

	if (take(guest, 2)) {
		monitor(guest, "{\"execute\":\"quit\"}\n");
		waitpid(guest->qemu, &status, 0);
		if (status)
			give_up(guest, "QEMU did not quit as it should");
	} else {
		kill(guest->qemu, SIGKILL);
		waitpid(guest->qemu, &status, 0);
	}
	close(guest->qtest);
	close(guest->qmp);
}

static int create(const char *uuid)
{
	_autofclose_ FILE *file = fopen(CREATE, "we");

	return !file || fputs(uuid, file) < 0 || fflush(file) ? -errno : 0;
}

int main(int argc, char **argv)
{
	struct guest guest = { .random = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1 };
	time_t until = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	const char *uuid = argc > 3 ? argv[3] : OWN_UUID;
	unsigned int lives = 0;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 4 && create(OWN_UUID))
		give_up(&guest, "the vGPU cannot be made");
	snprintf(guest.device, sizeof(guest.device),
		 "vfio-pci,id=vgpu,addr=04.0,display=on,rombar=0,x-igd-opregion=on,"
		 "sysfsdev=/sys/bus/mdev/devices/%s",
		 uuid);
	do {
		start(&guest);
		for (unsigned int i = 0; i < STEPS && time(NULL) < until; i++)
			step(&guest);
		end(&guest);
		lives++;
	} while (time(NULL) < until);
	printf("fuzz-qtest: %lu commands in %u lives of QEMU\n", guest.commands, lives);
	return EXIT_SUCCESS;
}
