/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A serial card on PCI as the kernel drives it, and messages through it: the card gives back what it
 * gets, so each must arrive as it was sent. It has no display.
 */
#include "serial-port.h"

#include "output.h"
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CLASS_SERIAL = 0x0700,
	PORTS_MAX = 4,
	MESSAGE_MAX = 15, /* a sample's FIFO of 16 looks empty when it is full */
	MESSAGE_MS = 10000,
};

struct serial {
	struct guest_output output;
	struct guest_pci pci;
	int irq;
	char ports[PORTS_MAX][16]; /* "ttyS2" */
	size_t ports_len;
};

static struct serial *serial_from_output(struct guest_output *output)
{
	return (struct serial *)output;
}

static bool is_serial(const struct guest_pci *pci)
{
	return pci->class_code >> 8 == CLASS_SERIAL;
}

/* What the kernel's driver has made of the device. */
static void find_ports(struct serial *serial)
{
	char path[96];
	struct dirent **entries;
	int len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/tty", serial->pci.address);
	len = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < len; i++) {
		if (entries[i]->d_name[0] != '.' && serial->ports_len < PORTS_MAX)
			snprintf(serial->ports[serial->ports_len++], sizeof(serial->ports[0]),
				 "%.15s", entries[i]->d_name);
		free(entries[i]);
	}
	if (len >= 0)
		free(entries);
}

static int read_irq(const struct guest_pci *pci)
{
	char path[96];
	int irq = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/irq", pci->address);
	in = fopen(path, "re");
	if (in && fscanf(in, "%d", &irq) != 1)
		irq = -1;
	if (in)
		fclose(in);
	return irq;
}

static void serial_describe(struct guest_output *output, struct guest_reply *reply)
{
	const struct serial *serial = serial_from_output(output);

	guest_reply_add(reply, "address=%s device=%04x:%04x irq=%d ports=%zu", serial->pci.address,
			serial->pci.vendor_id, serial->pci.device_id, serial->irq,
			serial->ports_len);
	for (size_t i = 0; i < serial->ports_len; i++)
		guest_reply_add(reply, "port=%s", serial->ports[i]);
}

static int serial_open(const char *device, struct guest_output **out, struct guest_reply *reply)
{
	static struct serial serial = { .output.impl = &guest_output_serial };
	int rc = guest_pci_find(device, is_serial, &serial.pci);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "no serial card on PCI");
	serial.irq = read_irq(&serial.pci);
	find_ports(&serial);
	if (!serial.ports_len)
		return guest_reply_fail(reply, ENXIO, "the kernel has no port on %s",
					serial.pci.address);
	serial_describe(&serial.output, reply);
	*out = &serial.output;
	return 0;
}

/* Messages of all lengths, of bytes that follow from their number. */
static size_t make_message(unsigned int number, uint8_t *bytes)
{
	size_t len = 1 + number % MESSAGE_MAX;
	uint32_t state = number * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
	return len;
}

static int talk_on(const char *name, int irq, unsigned int count, struct guest_serial_tally *tally,
		   struct guest_reply *reply)
{
	struct guest_serial_port port;
	int rc = guest_serial_port_open(name, irq, &port);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "talk: %s: %s", name, strerror(-rc));
	for (unsigned int i = 0; i < count && rc == 0; i++) {
		uint8_t sent[MESSAGE_MAX], received[MESSAGE_MAX] = { 0 };
		size_t len = make_message(i, sent);

		rc = guest_serial_port_exchange(&port, sent, received, len, MESSAGE_MS);
		if (rc < 0)
			guest_reply_fail(reply, -rc, "talk: %s, message %u: %s", name, i,
					 strerror(-rc));
		else if (memcmp(sent, received, len) != 0)
			rc = guest_reply_fail(reply, EBADMSG,
					      "talk: %s, message %u is not what was sent", name, i);
		tally->bytes += len;
	}
	guest_serial_port_close(&port, tally);
	return rc;
}

static int serial_talk(struct guest_output *output, unsigned int count, struct guest_reply *reply)
{
	const struct serial *serial = serial_from_output(output);

	for (size_t i = 0; i < serial->ports_len; i++) {
		struct guest_serial_tally tally = { 0 };
		int rc = talk_on(serial->ports[i], serial->irq, count, &tally, reply);

		if (rc < 0)
			return rc;
		guest_reply_add(reply,
				"port=%s messages=%u bytes=%llu tx=%llu rx=%llu "
				"interrupts=%llu",
				serial->ports[i], count, tally.bytes, tally.tx, tally.rx,
				tally.interrupts);
	}
	return 0;
}

static int serial_show(struct guest_output *output, const struct guest_picture *picture,
		       struct guest_reply *reply)
{
	return guest_reply_fail(reply, EOPNOTSUPP, "a serial card has no display");
}

static int serial_off(struct guest_output *output, struct guest_reply *reply)
{
	return guest_reply_fail(reply, EOPNOTSUPP, "a serial card has no display");
}

const struct guest_output_impl guest_output_serial = {
	.name = "serial",
	.open = serial_open,
	.show = serial_show,
	.off = serial_off,
	.describe = serial_describe,
	.talk = serial_talk,
};
