/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An unmodified QEMU with a vGPU, whose guest is played by us through QEMU's qtest protocol. Debian's
 * QEMU has no accelerator of that name: the protocol works beside TCG, whose CPU never starts.
 * Whatever fails ends the program, with a word.
 * Source: QEMU, system/qtest.c (the protocol); linux/pci_regs.h
 */

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/** Where the guest puts the vGPU. */
enum {
	QTEST_BAR0 = (int)0xe0000000,
	QTEST_BAR2 = 0x40000000,
	QTEST_BAR2_LEN = 256 << 20,
	QTEST_RAM_LEN = 64 << 20,
};

struct qtest {
	int port, monitor; /* sockets */
	pid_t qemu;
	char line[32768]; /* of the last answer */
	unsigned long commands;
};

/** Starts QEMU with the vGPU @uuid in slot 4, with more @properties, and sets it up. */
void qtest_start(struct qtest *qtest, const char *uuid, const char *properties);
/** One command, with its newline; the answer, "OK ...", until the next one. */
const char *qtest_command(struct qtest *qtest, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** The number in the answer to a reading command. */
uint64_t qtest_number(struct qtest *qtest, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** A QMP command, with its newline. */
void qtest_monitor(struct qtest *qtest, const char *text);
/** The vGPU's configuration space; @len is 1, 2 or 4. */
void qtest_write_config(struct qtest *qtest, unsigned int at, uint32_t value, unsigned int len);
uint32_t qtest_read_config(struct qtest *qtest, unsigned int at);
/** The BARs where we know them, and memory decoding on: as firmware leaves it. */
void qtest_settle(struct qtest *qtest);
/** QEMU quits, which must go well. */
void qtest_quit(struct qtest *qtest);
void qtest_kill(struct qtest *qtest);
_Noreturn void qtest_give_up(const struct qtest *qtest, const char *why);
