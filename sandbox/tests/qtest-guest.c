/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a guest finds of a vGPU, through an unmodified QEMU: its OpRegion in fw_cfg, a romfile in its
 * ROM BAR, and a device as new after a reset. Runs inside `vgpulab run`, on a vGPU that is there.
 * Source: QEMU, docs/specs/fw_cfg.rst, hw/vfio/igd.c; linux/vfio.h; i915_reg.h of Linux 6.1
 *
 * usage: qtest-guest UUID GROUP ROMFILE      prints TAP
 */

#include <endian.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"
#include "qtest-session.h"

enum {
	OPREGION_LEN = 8192,
	FW_CFG_SELECT = 0x510,
	FW_CFG_DATA = 0x511,
	FW_CFG_FILES = 0x19,
	ROM_BAR = 0x30, /* in configuration space */
	ROM_PLACE = (int)0xfea00000,
	PIPESRC = 0x6001c,
};

#define OPREGION_TYPE (VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086u)

static uint8_t opregion[OPREGION_LEN];

/* Is it the OpRegion? Its capability says so. */
static bool is_opregion(int device, uint32_t index, uint64_t *offset)
{
	union {
		struct vfio_region_info info;
		uint8_t room[512];
	} region = { .info = { .argsz = sizeof(region), .index = index } };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) || !region.info.cap_offset)
		return false;
	*offset = region.info.offset;
	for (uint32_t at = region.info.cap_offset; at && at < sizeof(region) - 64;) {
		const struct vfio_region_info_cap_type *cap = (const void *)(region.room + at);

		if (cap->header.id == VFIO_REGION_INFO_CAP_TYPE && cap->type == OPREGION_TYPE)
			return region.info.size >= OPREGION_LEN;
		at = cap->header.next;
	}
	return false;
}

/* As any client of VFIO reads it. */
static bool read_opregion(const char *uuid, const char *group_number)
{
	_autoclose_ int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	_autoclose_ int group = -1, device = -1;
	char path[64];
	uint64_t offset;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return false;
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	for (uint32_t i = VFIO_PCI_NUM_REGIONS; device >= 0 && i < 20; i++)
		if (is_opregion(device, i, &offset))
			return pread(device, opregion, OPREGION_LEN, (off_t)offset) == OPREGION_LEN;
	return false;
}

static uint32_t read_firmware_word(struct qtest *qtest, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | (uint32_t)qtest_number(qtest, "inb 0x%x\n", FW_CFG_DATA);
	return value;
}

/* Selects a file of the firmware's configuration. Its length, 0: there is none. */
static uint32_t select_file(struct qtest *qtest, const char *name)
{
	uint32_t files;

	qtest_command(qtest, "outw 0x%x 0x%x\n", FW_CFG_SELECT, FW_CFG_FILES);
	files = read_firmware_word(qtest, 4);
	for (uint32_t i = 0; i < files; i++) {
		uint32_t len = read_firmware_word(qtest, 4);
		uint32_t key = read_firmware_word(qtest, 2);
		char found[57] = "";

		read_firmware_word(qtest, 2);
		for (unsigned int j = 0; j < 56; j++)
			found[j] = (char)read_firmware_word(qtest, 1);
		if (strcmp(found, name))
			continue;
		qtest_command(qtest, "outw 0x%x 0x%x\n", FW_CFG_SELECT, key);
		return len;
	}
	return 0;
}

static void check_opregion(struct qtest *qtest)
{
	bool same = true;

	check(select_file(qtest, "etc/igd-opregion") == OPREGION_LEN,
	      "the firmware is given an OpRegion of 8 KiB");
	for (size_t i = 0; i < OPREGION_LEN; i++)
		same = read_firmware_word(qtest, 1) == opregion[i] && same;
	check(same, "byte by byte the one that VFIO has");
	check(!memcmp(opregion, "IntelGraphicsMem", 16) && !memcmp(opregion + 0x400, "$VBT", 4),
	      "which begins as an OpRegion does, and has a video BIOS table");
}

static void check_rom(struct qtest *qtest, const char *path)
{
	_autofclose_ FILE *file = fopen(path, "re");
	uint8_t rom[4096];
	size_t len = file ? fread(rom, 1, sizeof(rom), file) : 0;
	uint32_t size;
	bool same = len == sizeof(rom);

	qtest_write_config(qtest, ROM_BAR, 0xfffff800, 4);
	size = ~(qtest_read_config(qtest, ROM_BAR) & 0xfffff800) + 1;
	check(size == sizeof(rom), "the ROM BAR is as large as the romfile");
	qtest_write_config(qtest, ROM_BAR, (uint32_t)ROM_PLACE | 1, 4);
	for (size_t i = 0; i < len; i += 8) {
		uint64_t word;

		memcpy(&word, rom + i, sizeof(word));
		same = qtest_number(qtest, "readq 0x%zx\n", (uint32_t)ROM_PLACE + i) ==
			       le64toh(word) &&
		       same;
	}
	check(same, "and shows it byte by byte");
}

static void check_reset(struct qtest *qtest)
{
	const unsigned int at = (uint32_t)QTEST_BAR0 + PIPESRC;
	uint64_t before = qtest_number(qtest, "readl 0x%x\n", at);

	qtest_command(qtest, "writel 0x%x 0x%x\n", at, 0x027f01df);
	check(qtest_number(qtest, "readl 0x%x\n", at) == 0x027f01df, "a register keeps its value");
	qtest_monitor(qtest, "{\"execute\":\"system_reset\"}\n");
	for (int i = 0; i < 600 && qtest_read_config(qtest, 0x04) & 2; i++)
		usleep(50000); /* QEMU resets when it comes to it */
	check(!(qtest_read_config(qtest, 0x04) & 2), "a reset takes memory decoding away");
	qtest_settle(qtest);
	check(qtest_number(qtest, "readl 0x%x\n", at) == before, "and makes the register new");
}

int main(int argc, char **argv)
{
	struct qtest qtest = { 0 };
	char properties[512];

	if (argc != 4) {
		fputs("usage: qtest-guest UUID GROUP ROMFILE\n", stderr);
		return 2;
	}
	if (check(read_opregion(argv[1], argv[2]), "VFIO has an OpRegion")) {
		snprintf(properties, sizeof(properties), "x-igd-opregion=on,romfile=%s", argv[3]);
		qtest_start(&qtest, argv[1], properties);
		check_opregion(&qtest);
		check_rom(&qtest, argv[3]);
		check_reset(&qtest);
		qtest_quit(&qtest);
	}
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
