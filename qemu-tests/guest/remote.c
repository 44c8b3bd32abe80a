/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's program, run beside QEMU instead of in it: it plays a machine's processor through QEMU's
 * qtest socket, and has the machine's memory mapped. For displays the guest is the same; but nothing
 * boots, which matters where QEMU itself runs in an emulated machine.
 * Source: QEMU docs/devel/qtest.rst; PCI Local Bus Specification 3.0, 3.2.2.3.2
 *
 * usage: guest-remote QTEST-SOCKET MEMORY-FILE CONTROL-SOCKET
 */
#include "commands.h"
#include "control-port.h"
#include "gvt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	CONFIG_ADDRESS = 0xcf8,
	CONFIG_DATA = 0xcfc,
	PCI_ID = 0,
	PCI_COMMAND = 4,
	PCI_CLASS = 8,
	PCI_BAR0 = 0x10,
	SLOTS = 32,
	LINE_LEN = 256,
	CONNECT_MS = 60000,
	POSTED_MAX = 64, /* QEMU reads so many at once; it must never wait for us to read answers */
};
/* In the hole that a PC has for PCI, and above what firmware would use of low memory. */
#define BAR0_ADDRESS  0xe0000000u
#define MEMORY_OFFSET (16u << 20)

static FILE *qtest_in, *qtest_out;
static uint8_t *memory;
static size_t memory_len, memory_used = MEMORY_OFFSET;
static unsigned int posted; /* lines whose answers were not waited for yet */
static struct guest guest;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "guest-remote: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* "OK", and a value if there is one. */
static uint64_t take_answer(void)
{
	char line[LINE_LEN] = "";
	unsigned long long value = 0;

	if (fflush(qtest_out) || !fgets(line, sizeof(line), qtest_in) || strncmp(line, "OK", 2))
		die(*line ? line : "QEMU's qtest socket");
	sscanf(line, "OK %lli", (long long *)&value);
	return value;
}

static void take_posted(void)
{
	for (; posted; posted--)
		take_answer();
}

/* One line there, one line back, and before it what is owed. */
static uint64_t qtest(const char *format, uint64_t a, uint64_t b)
{
	fprintf(qtest_out, format, (unsigned long long)a, (unsigned long long)b);
	take_posted();
	return take_answer();
}

static uint32_t read_config(unsigned int slot, unsigned int offset)
{
	qtest("outl 0x%llx 0x%llx\n", CONFIG_ADDRESS, 0x80000000u | slot << 11 | offset);
	return (uint32_t)qtest("inl 0x%llx\n", CONFIG_DATA, 0);
}

static void write_config(unsigned int slot, unsigned int offset, uint32_t value)
{
	qtest("outl 0x%llx 0x%llx\n", CONFIG_ADDRESS, 0x80000000u | slot << 11 | offset);
	qtest("outl 0x%llx 0x%llx\n", CONFIG_DATA, value);
}

static unsigned int slot_of(const struct guest_pci *pci)
{
	return (unsigned int)strtoul(pci->address + strlen("0000:00:"), NULL, 16);
}

int guest_pci_find(const char *address, bool (*matches)(const struct guest_pci *pci),
		   struct guest_pci *out)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		uint32_t id = read_config(slot, PCI_ID), class = read_config(slot, PCI_CLASS);
		struct guest_pci pci = {
			.vendor_id = (uint16_t)id,
			.device_id = (uint16_t)(id >> 16),
			.class_code = class >> 8,
			.revision = (uint8_t) class,
		};

		snprintf(pci.address, sizeof(pci.address), "0000:00:%02x.0", slot);
		if ((address && strcmp(address, pci.address)) || !matches(&pci))
			continue;
		*out = pci;
		return 0;
	}
	return -ENODEV;
}

int guest_pci_enable(const struct guest_pci *pci)
{
	/* what firmware does: the BAR has 64 bits */
	write_config(slot_of(pci), PCI_BAR0, BAR0_ADDRESS);
	write_config(slot_of(pci), PCI_BAR0 + 4, 0);
	write_config(slot_of(pci), PCI_COMMAND, read_config(slot_of(pci), PCI_COMMAND) | 6);
	return 0;
}

/* Not to be followed: the functions below know what it means. */
volatile void *guest_pci_map(const struct guest_pci *pci, int bar, size_t *len)
{
	*len = 16 << 20;
	return (volatile void *)(uintptr_t)BAR0_ADDRESS;
}

uint32_t gvt_read(const struct gvt *gvt, uint32_t offset)
{
	return (uint32_t)qtest("readl 0x%llx\n", (uintptr_t)gvt->bar0 + offset, 0);
}

void gvt_write(const struct gvt *gvt, uint32_t offset, uint32_t value)
{
	qtest("writel 0x%llx 0x%llx\n", (uintptr_t)gvt->bar0 + offset, value);
}

/*
 * Posted, as on a bus: page tables are long, and a QEMU that is drawing answers once in a while. The
 * write after the last waits for all.
 */
void gvt_write64(const struct gvt *gvt, uint32_t offset, uint64_t value)
{
	fprintf(qtest_out, "writeq 0x%" PRIxPTR " 0x%" PRIx64 "\n", (uintptr_t)gvt->bar0 + offset,
		value);
	if (++posted == POSTED_MAX)
		take_posted();
}

/* The machine's memory is a file; what is taken of it is not given back. */
int guest_memory_reserve(struct guest_memory *out, size_t len)
{
	size_t pages = (len + GUEST_PAGE_BYTES - 1) / GUEST_PAGE_BYTES;
	uint64_t *addresses;

	if (len <= out->len)
		return 0;
	if (pages * GUEST_PAGE_BYTES > memory_len - memory_used)
		return -ENOMEM;
	addresses = calloc(pages, sizeof(*addresses));
	if (!addresses)
		return -ENOMEM;
	for (size_t i = 0; i < pages; i++)
		addresses[i] = memory_used + i * GUEST_PAGE_BYTES;
	free(out->pages);
	*out = (struct guest_memory){ memory + memory_used, pages * GUEST_PAGE_BYTES, addresses };
	memory_used += out->len;
	return 0;
}

/* Other processes see what we write. */
void guest_memory_flush(const struct guest_memory *out, size_t len)
{
}

static void connect_qtest(const char *path)
{
	const struct timespec pause_time = { .tv_nsec = 20000000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = -1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int waited_ms = 0; r && waited_ms < CONNECT_MS; waited_ms += 20) {
		r = connect(fd, (struct sockaddr *)&address, sizeof(address));
		if (r)
			nanosleep(&pause_time, NULL);
	}
	qtest_in = r ? NULL : fdopen(fd, "r");
	qtest_out = r ? NULL : fdopen(dup(fd), "w");
	if (!qtest_in || !qtest_out)
		die(path);
}

static void map_memory(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die(path);
	memory_len = (size_t)st.st_size;
	memory = mmap(NULL, memory_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		die(path);
}

static int accept_control(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
		die(path);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		die(path);
	close(listener);
	return fd;
}

static void run_line(struct guest_port *port, char *line)
{
	guest_port_answer(port, &guest, line);
	if (guest.quit)
		exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
	struct guest_port port = { 0 };
	struct guest_reply reply = { 0 };

	if (argc != 4) {
		fputs("usage: guest-remote QTEST-SOCKET MEMORY-FILE CONTROL-SOCKET\n", stderr);
		return 2;
	}
	connect_qtest(argv[1]);
	map_memory(argv[2]);
	port.fd = accept_control(argv[3]);
	guest_reply_add(&reply, "output=gvt");
	if (guest_output_gvt.open(NULL, &guest.output, &reply)) {
		guest_port_print(&port, "qt error", reply.text);
		return EXIT_FAILURE;
	}
	guest_port_print(&port, "qt ready", reply.text);
	for (struct pollfd fd = { .fd = port.fd, .events = POLLIN }; poll(&fd, 1, -1) >= 0;) {
		if (fd.revents & (POLLHUP | POLLERR) && !(fd.revents & POLLIN))
			break;
		guest_port_receive(&port, run_line);
	}
	return EXIT_FAILURE;
}
