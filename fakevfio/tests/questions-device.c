/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device: what it has, and what its regions hold. */

#include "questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void device_info(struct replay *replay, int argsz)
{
	struct vfio_device_info info = { .argsz = argsz };

	expect_result(replay, mock_ioctl_data(replay->client, replay->device, VFIO_DEVICE_GET_INFO,
					      &info, 20));
	if (argsz != 20)
		return;
	assert_int_equal(info.argsz, number(replay, "argsz"));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.num_regions, number(replay, "num_regions"));
	assert_int_equal(info.num_irqs, number(replay, "num_irqs"));
	assert_int_equal(info.cap_offset, number(replay, "cap_offset"));
}

struct vfio_region_info region_info_of(struct replay *replay, uint32_t index, uint32_t argsz,
				       uint8_t *caps, int64_t *result)
{
	struct {
		struct vfio_region_info info;
		uint8_t caps[256];
	} buffer = { .info = { .argsz = argsz, .index = index } };

	*result = mock_ioctl_data(replay->client, replay->device, VFIO_DEVICE_GET_REGION_INFO,
				  &buffer, sizeof(buffer));
	if (caps)
		memcpy(caps, buffer.caps, sizeof(buffer.caps));
	return buffer.info;
}

/* the prober kept a capability's bytes apart from its header, which they begin with */
static void expect_cap(const struct replay *replay, const uint8_t *caps)
{
	json_object *cap;

	if (json_object_object_get_ex(replay->line, "cap", &cap))
		expect_hex(recorded_text(cap, "bytes"), caps);
}

static void region_info(struct replay *replay, int index)
{
	unsigned int argsz;
	int64_t result;
	struct vfio_region_info info;
	uint8_t caps[256];

	assert_int_equal(sscanf(strchr(replay->id, '.'), ".argsz%u", &argsz), 1);
	info = region_info_of(replay, index, argsz, caps, &result);
	expect_result(replay, result);
	assert_int_equal(info.argsz, number(replay, "argsz"));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.cap_offset, number(replay, "cap_offset"));
	assert_int_equal(info.size, number(replay, "size"));
	assert_int_equal(info.offset, number(replay, "offset"));
	expect_cap(replay, caps);
}

static void irq_info(struct replay *replay, int index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_GET_IRQ_INFO, &info, sizeof(info)));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.count, number(replay, "count"));
}

/* ioctls on a zeroed struct whose argsz is right */
static void plain_ioctl(struct replay *replay, int nr)
{
	uint32_t argument[16] = { sizeof(argument) };

	switch (nr) {
	case 10: /* SET_IRQS index 0, no data */
		argument[0] = sizeof(struct vfio_irq_set);
		argument[1] = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
		break;
	case 15:
		argument[0] = 1; /* the id of a DMA-BUF */
		break;
	case 17:
		argument[1] = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
			      VFIO_DEVICE_FEATURE_MIGRATION;
		break;
	}
	expect_result(replay,
		      mock_ioctl_data(replay->client, replay->device,
				      _IO(VFIO_TYPE, VFIO_BASE + nr), argument, sizeof(argument)));
}

static uint64_t config_offset(struct replay *replay)
{
	int64_t result;

	return region_info_of(replay, VFIO_PCI_CONFIG_REGION_INDEX, 32, NULL, &result).offset;
}

static void config_read(struct replay *replay, int len)
{
	uint8_t bytes[256];

	expect_result(replay, fv_machine_read(replay->mock->machine, replay->device,
					      config_offset(replay), bytes, len));
	expect_hex(text(replay, "hex"), bytes);
}

static void config_bytewise(struct replay *replay, int arg)
{
	struct fv_machine *machine = replay->mock->machine;
	const char *note = text(replay, "note");
	uint64_t at = config_offset(replay);
	uint8_t bytes[256] = { 0 };
	int len = 0;

	while (len < 256 && fv_machine_read(machine, replay->device, at + len, bytes + len, 1) == 1)
		len++;
	assert_int_equal(len, atoi(note));
	expect_hex(strchr(note, ':') + 2, bytes);
}

static uint32_t config_u32(struct replay *replay, int offset)
{
	uint32_t value;

	assert_int_equal(fv_machine_read(replay->mock->machine, replay->device,
					 config_offset(replay) + offset, &value, 4),
			 4);
	return value;
}

static void config_bar(struct replay *replay, int bar)
{
	const uint32_t ones = ~0U;
	uint64_t at = config_offset(replay) + 0x10 + 4 * bar;
	uint32_t old = config_u32(replay, 0x10 + 4 * bar), sizing;
	ssize_t written = fv_machine_write(replay->mock->machine, replay->device, at, &ones, 4);
	char note[100];

	sizing = config_u32(replay, 0x10 + 4 * bar);
	snprintf(note, sizeof(note), "old=0x%08x pwrite=%zd sizing=0x%08x", old, written, sizing);
	assert_string_equal(note, text(replay, "note"));
	fv_machine_write(replay->mock->machine, replay->device, at, &old, 4);
}

static void config_command(struct replay *replay, int arg)
{
	const uint16_t zero = 0;
	unsigned int before = config_u32(replay, 4) & 0xffff;
	ssize_t written = fv_machine_write(replay->mock->machine, replay->device,
					   config_offset(replay) + 4, &zero, 2);
	char note[100];

	snprintf(note, sizeof(note), "command=0x%04x write 0 -> %zd then 0x%04x", before, written,
		 config_u32(replay, 4) & 0xffff);
	assert_string_equal(note, text(replay, "note"));
}

static uint32_t fnv1a(const uint8_t *bytes, size_t len)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x01000193;
	return hash;
}

/* the prober mapped up to 4 MiB */
static void map(struct replay *replay, int index)
{
	struct fv_machine *machine = replay->mock->machine;
	bool private = strstr(replay->id, "private"), too_long = strstr(replay->id, "toolong");
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, index, 32, NULL, &result);
	uint64_t len = info.size < 4 << 20 ? info.size : 4 << 20;
	uint8_t *bytes;
	char hash[9];

	if (too_long)
		len = info.size + 4096;
	result = fv_machine_may_mmap(machine, replay->device, info.offset, len,
				     PROT_READ | PROT_WRITE, private ? MAP_PRIVATE : MAP_SHARED);
	expect_result(replay, result);
	if (result)
		return;
	assert_int_equal(len, number(replay, "len"));
	bytes = malloc(len);
	assert_int_equal(fv_machine_read(machine, replay->device, info.offset, bytes, len), len);
	expect_hex(text(replay, "first16"), bytes);
	snprintf(hash, sizeof(hash), "%08x", fnv1a(bytes, len));
	assert_string_equal(hash, text(replay, "fnv1a"));
	free(bytes);
}

static void pread_region(struct replay *replay, int index)
{
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, index, 32, NULL, &result);
	bool last = strstr(replay->id, "last4"), after = strstr(replay->id, "after");
	uint64_t at = info.offset + (last ? info.size - 4 : after ? info.size : 0);
	size_t len = last || after ? 4 : 64;
	uint8_t bytes[64];

	if (!json_object_object_get_ex(replay->line, "ret", NULL))
		return; /* not asked, for the kernel would have crashed: the note says so */
	result = fv_machine_read(replay->mock->machine, replay->device, at, bytes, len);
	expect_result(replay, result);
	if (result > 0)
		expect_hex(text(replay, "hex"), bytes);
}

const struct question device_questions[] = {
	{ "info", device_info, 20 },
	{ "info_argsz8", device_info, 8 },
	{ "info_argsz16", device_info, 16 },
	{ "region%d.argsz24", region_info },
	{ "region%d.argsz32", region_info },
	{ "region%d.argsz48", region_info },
	{ "region%d.argsz256", region_info },
	{ "irq%d", irq_info },
	{ "set_irqs", plain_ioctl, 10 },
	{ "reset", plain_ioctl, 11 },
	{ "hot_reset_info", plain_ioctl, 12 },
	{ "get_dmabuf_1", plain_ioctl, 15 },
	{ "ioeventfd", plain_ioctl, 16 },
	{ "feature_migration_probe", plain_ioctl, 17 },
	{ "unknown_ioctl", plain_ioctl, 99 },
	{ "cfg.pread256", config_read, 256 },
	{ "cfg.pread_size", config_read, 255 },
	{ "cfg.bytewise", config_bytewise },
	{ "cfg.bar%d", config_bar },
	{ "cfg.command", config_command },
	{ "mmap%d", map },
	{ "mmap%d_private", map },
	{ "mmap%d_toolong", map },
	{ "pread%d", pread_region },
	{ "pread%d_last4", pread_region },
	{ "pread%d_after", pread_region },
};
const size_t device_questions_len = VGPU_ARRAY_LEN(device_questions);
