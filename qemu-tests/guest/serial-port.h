/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One serial port of the kernel's, and what it did: bytes as its driver counts them, interrupts as
 * the kernel does.
 */

#include <stddef.h>
#include <stdint.h>

/** What happened while a port was open. */
struct guest_serial_tally {
	unsigned long long bytes; /* the caller's */
	unsigned long long tx, rx; /* the driver's count. Source: TIOCGICOUNT, linux/serial.h */
	unsigned long long interrupts; /* Source: /proc/interrupts, which lists what is requested */
};

struct guest_serial_port {
	int fd, irq;
	unsigned long long tx, rx, interrupts; /* when it was opened */
};

/**
 * Opens /dev/@name, 115200 bit/s, 8 bits as they are, without echo. @irq is whose interrupts are to
 * be counted. 0 or a negative errno.
 */
int guest_serial_port_open(const char *name, int irq, struct guest_serial_port *out);
/** Sends, and waits until as much is there. 0, -ETIMEDOUT, or another negative errno. */
int guest_serial_port_exchange(struct guest_serial_port *port, const void *sent, void *received,
			       size_t len, int timeout_ms);
/** Tells what happened, and closes. */
void guest_serial_port_close(struct guest_serial_port *port, struct guest_serial_tally *tally);
