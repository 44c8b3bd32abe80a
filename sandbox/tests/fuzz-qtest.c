/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hostile guest without a CPU: an unmodified QEMU whose guest is played by us, through QEMU's
 * qtest protocol. It touches the vGPU's registers, memory and configuration space, guest memory
 * that the vGPU reads, and now and then somebody looks at the screen. Whatever it does, QEMU and
 * who answers it must go on. Runs inside `vgpulab run`.
 *
 * usage: fuzz-qtest SEED SECONDS [UUID]
 * UUID is a vGPU that is there; without it one is made.
 * Source: i915_reg.h of Linux 6.1
 */

#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qtest-session.h"

#define OWN_UUID "0b5c81f6-5a5e-4f0c-9f5e-6d1f2b7c9a21"
/* the smallest type of any generation */
#define CREATE "/sys/class/mdev_bus/*/mdev_supported_types/*_8/create"

enum {
	STEPS = 4000, /* accesses of one QEMU's life */
	GGTT = 8 << 20, /* in BAR 0 */
};

struct guest {
	struct qtest qtest;
	uint64_t random;
};

static uint64_t take(struct guest *guest, uint64_t below)
{
	/* xorshift64* */
	guest->random ^= guest->random >> 12;
	guest->random ^= guest->random << 25;
	guest->random ^= guest->random >> 27;
	return guest->random * UINT64_C(2685821657736338717) % below;
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
		return take(guest, QTEST_RAM_LEN / 4096) << 12;
	case 2:
		return take(guest, QTEST_RAM_LEN / 4096) << 12 | 1;
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
		qtest_command(&guest->qtest, "write%c 0x%llx 0x%llx\n", width[log],
			      (unsigned long long)at, (unsigned long long)pick_value(guest));
	else
		qtest_command(&guest->qtest, "read%c 0x%llx\n", width[log], (unsigned long long)at);
}

/* Four words to a port of an engine: two contexts to run. */
static void submit(struct guest *guest)
{
	static const uint32_t ports[] = { 0x2230, 0x12230, 0x1a230, 0x22230 };
	uint32_t port = (uint32_t)QTEST_BAR0 + ports[take(guest, 4)];

	for (int i = 0; i < 4; i++)
		qtest_command(&guest->qtest, "writel 0x%x 0x%x\n", port,
			      i % 2 ? (uint32_t)take(guest, 4096) << 12 | 0x101
				    : (uint32_t)take(guest, 3));
}

static void write_configuration(struct guest *guest)
{
	static const unsigned int lens[] = { 1, 2, 4 };
	unsigned int len = lens[take(guest, 3)];
	unsigned int at = take(guest, 256) & ~(len - 1);

	qtest_write_config(&guest->qtest, at, (uint32_t)pick_value(guest), len);
	if (!take(guest, 4) || (at >= 0x10 && at < 0x28) || at < 8)
		qtest_settle(&guest->qtest);
}

static void step(struct guest *guest)
{
	uint64_t what = take(guest, 1000);

	if (what < 550)
		access_memory(guest, (uint32_t)QTEST_BAR0 + pick_register(guest), what < 400);
	else if (what < 650)
		access_memory(guest, (uint32_t)QTEST_BAR0 + GGTT + take(guest, GGTT), true);
	else if (what < 700)
		access_memory(guest, QTEST_BAR2 + take(guest, QTEST_BAR2_LEN), what < 680);
	else if (what < 880)
		access_memory(guest, take(guest, QTEST_RAM_LEN), true);
	else if (what < 910)
		submit(guest);
	else if (what < 960)
		write_configuration(guest);
	else if (what < 998)
		qtest_monitor(&guest->qtest,
			      "{\"execute\":\"screendump\",\"arguments\":{\"filename\":"
			      "\"/dev/null\",\"device\":\"vgpu\"}}\n");
	else
		qtest_monitor(&guest->qtest, "{\"execute\":\"system_reset\"}\n"),
			qtest_settle(&guest->qtest);
}

static int create(const char *uuid)
{
	glob_t found = { 0 };
	FILE *file = glob(CREATE, 0, NULL, &found) ? NULL : fopen(found.gl_pathv[0], "we");
	int rc = !file || fputs(uuid, file) < 0 ? -ENODEV : 0;

	if (file && fclose(file))
		rc = -errno;
	globfree(&found);
	return rc;
}

int main(int argc, char **argv)
{
	struct guest guest = { .random = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1 };
	time_t until = time(NULL) + (argc > 2 ? atoi(argv[2]) : 10);
	const char *uuid = argc > 3 ? argv[3] : OWN_UUID;
	unsigned int lives = 0;

	if (argc < 4 && create(OWN_UUID))
		qtest_give_up(&guest.qtest, "the vGPU cannot be made");
	do {
		qtest_start(&guest.qtest, uuid, "rombar=0,x-igd-opregion=on");
		for (unsigned int i = 0; i < STEPS && time(NULL) < until; i++)
			step(&guest);
		/* half of them go as they should, the others are killed */
		(take(&guest, 2) ? qtest_quit : qtest_kill)(&guest.qtest);
		lives++;
	} while (time(NULL) < until);
	printf("fuzz-qtest: %lu commands in %u lives of QEMU\n", guest.qtest.commands, lives);
	return EXIT_SUCCESS;
}
