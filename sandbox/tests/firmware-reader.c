/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What QEMU gives a guest's firmware of a vGPU: the OpRegion as a file of fw_cfg, and the option ROM in
 * the ROM BAR. It plays the processor of a QEMU whose qtest socket it has. Prints TAP.
 * Source: QEMU docs/devel/qtest.rst, docs/specs/fw_cfg.rst, docs/igd-assign.txt
 *
 * usage: firmware-reader QTEST-SOCKET OPREGION-FILE ROM-FILE
 *        firmware-reader UUID GROUP OPREGION-FILE      writes the vGPU's own OpRegion there
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"

enum {
	FW_CFG_SELECT = 0x510,
	FW_CFG_DATA = 0x511,
	FW_CFG_DIRECTORY = 0x19,
	FW_CFG_NAME = 56,
	CONFIG_ADDRESS = 0xcf8,
	CONFIG_DATA = 0xcfc,
	SLOTS = 32,
	PCI_COMMAND = 4,
	PCI_ROM = 0x30,
	PIECE = 4096,
	FILE_MAX = 4 << 20,
	OPREGION_LEN = 8192,
};
#define ROM_ADDRESS    0xe8000000u
#define INTEL_OPREGION 0x80008086u

static FILE *in, *out;
static char line[2 * PIECE + 64];

static uint64_t qtest(const char *format, uint64_t a, uint64_t b)
{
	unsigned long long value = 0;

	fprintf(out, format, (unsigned long long)a, (unsigned long long)b);
	if (fflush(out) || !fgets(line, sizeof(line), in) || strncmp(line, "OK", 2)) {
		printf("Bail out! qtest: %s\n", line);
		exit(EXIT_FAILURE);
	}
	sscanf(line, "OK %llx", &value);
	return value;
}

static uint32_t config(unsigned int slot, unsigned int offset)
{
	qtest("outl 0x%llx 0x%llx\n", CONFIG_ADDRESS, 0x80000000u | slot << 11 | offset);
	return (uint32_t)qtest("inl 0x%llx\n", CONFIG_DATA, 0);
}

static void set_config(unsigned int slot, unsigned int offset, uint32_t value)
{
	config(slot, offset);
	qtest("outl 0x%llx 0x%llx\n", CONFIG_DATA, value);
}

static void read_fw_cfg(void *buffer, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)buffer)[i] = (uint8_t)qtest("inb 0x%llx\n", FW_CFG_DATA, 0);
}

static uint32_t big_endian(const uint8_t *bytes, int len)
{
	uint32_t value = 0;

	for (int i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* Its content, at most @size bytes. Returns its length, 0 if there is no such file. */
static size_t read_fw_cfg_file(const char *name, uint8_t *buffer, size_t size)
{
	uint8_t count[4], entry[8 + FW_CFG_NAME];

	qtest("outw 0x%llx 0x%llx\n", FW_CFG_SELECT, FW_CFG_DIRECTORY);
	read_fw_cfg(count, sizeof(count));
	for (uint32_t i = big_endian(count, 4); i > 0; i--) {
		size_t len;

		read_fw_cfg(entry, sizeof(entry));
		if (strncmp((char *)entry + 8, name, FW_CFG_NAME))
			continue;
		len = big_endian(entry, 4);
		qtest("outw 0x%llx 0x%llx\n", FW_CFG_SELECT, big_endian(entry + 4, 2));
		read_fw_cfg(buffer, len < size ? len : size);
		return len;
	}
	return 0;
}

static size_t read_file(const char *path, uint8_t *buffer)
{
	_autoclose_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buffer, FILE_MAX);

	return len > 0 ? (size_t)len : 0;
}

static void read_memory(uint64_t address, uint8_t *buffer, size_t len)
{
	for (size_t done = 0; done < len; done += PIECE) {
		size_t piece = len - done < PIECE ? len - done : PIECE;
		const char *hex;

		qtest("read 0x%llx 0x%llx\n", address + done, piece);
		hex = strstr(line, "0x");
		for (size_t i = 0; hex && i < piece; i++) {
			unsigned int byte = 0;

			sscanf(hex + 2 + 2 * i, "%2x", &byte);
			buffer[done + i] = (uint8_t)byte;
		}
	}
}

static void check_rom(const char *path)
{
	_autofree_ uint8_t *wanted = malloc(FILE_MAX), *found = calloc(1, FILE_MAX);
	size_t len = read_file(path, wanted);
	unsigned int slot = 0;
	uint32_t size;

	while (slot < SLOTS && ((config(slot, 0) & 0xffff) != 0x8086 || config(slot, 8) >> 24 != 3))
		slot++;
	set_config(slot, PCI_ROM, 0xfffff800);
	size = ~(config(slot, PCI_ROM) & 0xfffff800) + 1;
	check(size >= len && size < 2 * len, "the ROM BAR is as large as the file asks for");
	set_config(slot, PCI_ROM, ROM_ADDRESS | 1);
	set_config(slot, PCI_COMMAND, config(slot, PCI_COMMAND) | 2);
	read_memory(ROM_ADDRESS, found, len);
	check(len && !memcmp(wanted, found, len), "the ROM in it is the file, byte by byte");
}

static void check_opregion(const char *path)
{
	static uint8_t wanted[FILE_MAX], found[OPREGION_LEN];
	size_t len = read_file(path, wanted);

	check(read_fw_cfg_file("etc/igd-opregion", found, sizeof(found)) == OPREGION_LEN,
	      "fw_cfg has an OpRegion of 8 KiB");
	check(!memcmp(found, "IntelGraphicsMem", 16), "it begins as one");
	check(len == OPREGION_LEN && !memcmp(wanted, found, len),
	      "it is the vGPU's own, byte by byte");
}

static int connect_qtest(const char *path)
{
	const struct timespec pause_time = { .tv_nsec = 50000000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = -1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	for (int i = 0; r && i < 1200; i++) {
		r = connect(fd, (struct sockaddr *)&address, sizeof(address));
		if (r)
			nanosleep(&pause_time, NULL);
	}
	in = r ? NULL : fdopen(fd, "r");
	out = r ? NULL : fdopen(dup(fd), "w");
	return in && out ? 0 : -1;
}

/* Source: linux/vfio.h, VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION */
static bool is_opregion(int device, uint32_t index, uint64_t *offset)
{
	struct {
		struct vfio_region_info info;
		struct vfio_region_info_cap_type type;
		char rest[64];
	} region = { .info = { .argsz = sizeof(region), .index = index } };
	const struct vfio_region_info_cap_type *type;

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) || !region.info.cap_offset)
		return false;
	type = (const void *)((const char *)&region + region.info.cap_offset);
	*offset = region.info.offset;
	return type->type == INTEL_OPREGION && type->subtype == 1;
}

static int save_opregion(const char *uuid, const char *number, const char *path)
{
	_autoclose_ int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	_autoclose_ int group = -1, device = -1, file = -1;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint8_t bytes[OPREGION_LEN];
	uint64_t offset;
	char node[64];

	snprintf(node, sizeof(node), "/dev/vfio/%s", number);
	group = open(node, O_RDWR | O_CLOEXEC);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return EXIT_FAILURE;
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (ioctl(device, VFIO_DEVICE_GET_INFO, &info))
		return EXIT_FAILURE;
	for (uint32_t i = VFIO_PCI_NUM_REGIONS; i < info.num_regions; i++)
		if (is_opregion(device, i, &offset) &&
		    pread(device, bytes, sizeof(bytes), (off_t)offset) == sizeof(bytes))
			return write(file, bytes, sizeof(bytes)) == sizeof(bytes) ? EXIT_SUCCESS
										  : EXIT_FAILURE;
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: see its source\n", stderr);
		return EXIT_FAILURE;
	}
	if (strlen(argv[1]) == 36 && !strchr(argv[1], '/'))
		return save_opregion(argv[1], argv[2], argv[3]);
	if (connect_qtest(argv[1])) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	check_opregion(argv[2]);
	check_rom(argv[3]);
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
