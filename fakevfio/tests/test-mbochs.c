/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The sample display's registers, EDID region and memory.
 * Source: samples/vfio-mdev/mbochs.c of Linux 6.1
 */

#include "mock-front-end.h"

#include <errno.h>
#include <fakevfio/device.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define UUID "e1000000-0000-4000-8000-000000000001"

/* where the regions begin in the descriptor's file */
enum { REGISTERS = 0x1000, EDID = 0x2000, EDID_BLOB = EDID + 0x800, MEMORY = 0x3000 };
enum { DISPI = REGISTERS + 0x500, ID = 0, XRES = 1, YRES = 2, MEMORY_64K = 10 };

struct display {
	struct mock *mock;
	struct mock_client *client;
	struct mock_session session;
};

static int open_display(void **state)
{
	struct display *display = calloc(1, sizeof(*display));
	int group;

	display->mock = mock_create();
	display->client = mock_client_create(display->mock);
	group = mock_add_vgpu(display->mock, fake_gpu_profile_find("mbochs"), 1, UUID);
	assert_int_equal(mock_open(display->client, group, UUID, &display->session), 0);
	*state = display;
	return 0;
}

static int close_display(void **state)
{
	struct display *display = *state;

	mock_close(display->mock, &display->session);
	free(display->client);
	assert_int_equal(mock_destroy(display->mock), 0);
	free(display);
	return 0;
}

static uint32_t get(struct display *display, uint64_t at, unsigned int len)
{
	uint32_t value = 0;

	assert_int_equal(
		fv_machine_read(display->mock->machine, display->session.device, at, &value, len),
		len);
	return value;
}

static void put(struct display *display, uint64_t at, unsigned int len, uint32_t value)
{
	assert_int_equal(
		fv_machine_write(display->mock->machine, display->session.device, at, &value, len),
		len);
}

static void dispi_registers_are_16_bits_wide_and_no_other(void **state)
{
	struct display *display = *state;

	assert_int_equal(get(display, DISPI + 2 * ID, 2), 0xb0c5);
	assert_int_equal(get(display, DISPI + 2 * MEMORY_64K, 2), 16 << 20 >> 16);
	put(display, DISPI + 2 * XRES, 2, 1024);
	put(display, DISPI + 2 * YRES, 2, 768);
	assert_int_equal(get(display, DISPI + 2 * XRES, 2), 1024);
	assert_int_equal(get(display, DISPI, 4), 0);
	assert_int_equal(get(display, DISPI + 2 * XRES, 1), 0);
	put(display, DISPI + 2 * YRES, 1, 1);
	assert_int_equal(get(display, DISPI + 2 * YRES, 2), 768);
	/* past the last; and where QEMU has VGA's ports and its own registers */
	assert_int_equal(get(display, DISPI + 2 * 11, 2), 0);
	assert_int_equal(get(display, REGISTERS + 0x400, 1), 0);
	assert_int_equal(get(display, REGISTERS + 0x604, 4), 0);
}

static void reset_clears_the_mode_and_keeps_memory_and_edid(void **state)
{
	struct display *display = *state;
	const uint64_t link = EDID + offsetof(struct vfio_region_gfx_edid, link_state);

	put(display, DISPI + 2 * XRES, 2, 1024);
	put(display, MEMORY, 4, 0x12345678);
	put(display, link, 4, VFIO_DEVICE_GFX_LINK_STATE_DOWN);
	assert_int_equal(mock_ioctl(display->client, display->session.device, VFIO_DEVICE_RESET, 0),
			 0);
	assert_int_equal(get(display, DISPI + 2 * XRES, 2), 0);
	assert_int_equal(get(display, DISPI + 2 * ID, 2), 0xb0c5);
	assert_int_equal(get(display, MEMORY, 4), 0x12345678);
	assert_int_equal(get(display, link, 4), VFIO_DEVICE_GFX_LINK_STATE_DOWN);
}

static void edid_reaches_the_guest_while_the_link_is_up(void **state)
{
	struct display *display = *state;
	const uint64_t size = EDID + offsetof(struct vfio_region_gfx_edid, edid_size);
	const uint64_t link = EDID + offsetof(struct vfio_region_gfx_edid, link_state);

	for (unsigned int i = 0; i < 256; i += 4)
		put(display, EDID_BLOB + i, 4, 0x01010101 * (i / 4));
	put(display, size, 4, 256);
	assert_int_equal(get(display, REGISTERS + 8, 4), 0);
	put(display, link, 4, VFIO_DEVICE_GFX_LINK_STATE_UP);
	assert_int_equal(get(display, REGISTERS + 8, 4), 0x02020202);
	assert_int_equal(get(display, REGISTERS + 255, 1), 63);
	assert_int_equal(get(display, REGISTERS + 256, 1), 0);
	put(display, link, 4, VFIO_DEVICE_GFX_LINK_STATE_DOWN);
	assert_int_equal(get(display, REGISTERS + 8, 4), 0);
}

static void edid_registers_are_32_bits_wide_and_two_can_be_written(void **state)
{
	struct display *display = *state;
	const uint64_t max_xres = EDID + offsetof(struct vfio_region_gfx_edid, max_xres);
	const uint64_t size = EDID + offsetof(struct vfio_region_gfx_edid, edid_size);

	put(display, max_xres, 4, 5000);
	assert_int_equal(get(display, max_xres, 4), 1920);
	put(display, size, 2, 7);
	assert_int_equal(get(display, size, 4), 0);
	put(display, size, 4, UINT32_MAX); /* no more than there is comes out */
	assert_int_equal(get(display, size, 4), UINT32_MAX);
	put(display, EDID + offsetof(struct vfio_region_gfx_edid, link_state), 4,
	    VFIO_DEVICE_GFX_LINK_STATE_UP);
	assert_int_equal(get(display, REGISTERS + 0x3fc, 4), 0);
	put(display, EDID_BLOB + 0x3fc, 4, 0xaabbccdd);
	assert_int_equal(get(display, REGISTERS + 0x3fc, 4), 0xaabbccdd);
	put(display, EDID_BLOB + 0x400, 4, 1); /* behind the blob */
	assert_int_equal(get(display, EDID_BLOB + 0x400, 4), 0);
}

static void memory_is_mapped_from_its_beginning_alone(void **state)
{
	struct display *display = *state;
	struct fv_machine *machine = display->mock->machine;
	const int prot = PROT_READ | PROT_WRITE, device = display->session.device;

	assert_int_equal(fv_machine_may_mmap(machine, device, MEMORY, 16 << 20, prot, MAP_SHARED),
			 0);
	assert_int_equal(fv_machine_may_mmap(machine, device, MEMORY, 4096, prot, MAP_SHARED), 0);
	assert_int_equal(
		fv_machine_may_mmap(machine, device, MEMORY + 4096, 4096, prot, MAP_SHARED),
		-EINVAL);
}

static void between_config_space_and_registers_is_nothing(void **state)
{
	struct display *display = *state;
	uint8_t byte;

	assert_int_equal(
		fv_machine_read(display->mock->machine, display->session.device, 0x100, &byte, 1),
		-EFAULT);
	assert_int_equal(fv_machine_read(display->mock->machine, display->session.device,
					 MEMORY + (16 << 20), &byte, 1),
			 -EFAULT);
}

#define DISPLAY_TEST(name) cmocka_unit_test_setup_teardown(name, open_display, close_display)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISPLAY_TEST(dispi_registers_are_16_bits_wide_and_no_other),
		DISPLAY_TEST(reset_clears_the_mode_and_keeps_memory_and_edid),
		DISPLAY_TEST(edid_reaches_the_guest_while_the_link_is_up),
		DISPLAY_TEST(edid_registers_are_32_bits_wide_and_two_can_be_written),
		DISPLAY_TEST(memory_is_mapped_from_its_beginning_alone),
		DISPLAY_TEST(between_config_space_and_registers_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
