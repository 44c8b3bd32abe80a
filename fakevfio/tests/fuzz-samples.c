/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hostile guest and client of the kernel's sample devices: registers of all kinds and widths near
 * where they are, config space, interrupts, planes and resets, in any order. Nothing may crash, what
 * the models say must be in bounds, and nothing may be held once all is destroyed.
 */

#include "fuzz-input.h"
#include "mock-front-end.h"

#include <fakevfio/device.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UUID "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a11"

struct guest {
	struct mock *mock;
	struct mock_client *client;
	struct mock_session session;
	struct fuzz_input input;
};

static uint64_t take(struct guest *guest, size_t len)
{
	return fuzz_take(&guest->input, len);
}

/* where the samples have something, with room for what lies next to it */
static const struct {
	uint64_t offset;
	uint32_t span;
} places[] = {
	{ 0, 0x108 }, /* config space of mdpy and mbochs; the first port of mtty */
	{ FV_REGION_OFFSET(1), 0x10 },
	{ FV_REGION_OFFSET(FV_REGION_CONFIG), 0x108 },
	{ 0x14f8, 0x30 }, /* mbochs: dispi */
	{ 0x1000, 0x2000 }, /* the rest of its registers, and its EDID region */
	{ 0x3000, 0x400010 },
};

static void access_device(struct guest *guest, bool write)
{
	size_t place = take(guest, 1) % VGPU_ARRAY_LEN(places);
	uint64_t offset = places[place].offset + take(guest, 3) % places[place].span;
	uint8_t shape = take(guest, 1);
	size_t len = shape & 128 ? shape & 127 : 1U << shape % 4;
	uint8_t bytes[128] = { 0 };
	uint64_t value = take(guest, 4);

	memcpy(bytes, &value, sizeof(value));
	if (write)
		fv_machine_write(guest->mock->machine, guest->session.device, offset, bytes, len);
	else
		fv_machine_read(guest->mock->machine, guest->session.device, offset, bytes, len);
}

static void set_irqs(struct guest *guest)
{
	uint32_t words[6] = { sizeof(words) };

	words[1] = 1U << take(guest, 1) % 3 | VFIO_IRQ_SET_ACTION_MASK << take(guest, 1) % 3;
	words[2] = take(guest, 1) % 6;
	words[3] = take(guest, 1) % 6;
	words[4] = take(guest, 1) % 3;
	words[5] = MOCK_EVENTFD - 1 + take(guest, 1) % 4;
	mock_ioctl_data(guest->client, guest->session.device, VFIO_DEVICE_SET_IRQS, words,
			sizeof(words));
}

/* What is said to be shown must be within what is said to hold it. */
static void query_plane(struct guest *guest)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = sizeof(info),
		.flags = take(guest, 1) % 8,
		.drm_plane_type = take(guest, 1) % 3,
	};

	if (mock_ioctl_data(guest->client, guest->session.device, VFIO_DEVICE_QUERY_GFX_PLANE,
			    &info, sizeof(info)))
		return;
	if (info.width && (uint64_t)info.stride * info.height > info.size)
		abort();
}

static void region_info(struct guest *guest)
{
	uint32_t words[16] = { 32 + take(guest, 1) % 32, 0, take(guest, 1) % 20 };

	mock_ioctl_data(guest->client, guest->session.device, VFIO_DEVICE_GET_REGION_INFO, words,
			sizeof(words));
}

static void step(struct guest *guest)
{
	uint32_t id;

	switch (take(guest, 1) % 12) {
	case 0:
		set_irqs(guest);
		break;
	case 1:
		query_plane(guest);
		break;
	case 2:
		region_info(guest);
		break;
	case 3:
		mock_ioctl(guest->client, guest->session.device, VFIO_DEVICE_RESET, 0);
		break;
	case 4:
		id = take(guest, 1);
		mock_ioctl_data(guest->client, guest->session.device, VFIO_DEVICE_GET_GFX_DMABUF,
				&id, sizeof(id));
		break;
	case 5:
	case 6:
	case 7:
		access_device(guest, false);
		break;
	default:
		access_device(guest, true);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *profile;
		size_t type;
	} samples[] = {
		{ "mdpy", 0 },
		{ "mtty", 0 },
		{ "mtty", 1 },
		{ "mbochs", 0 },
	};
	struct guest guest = { .input = { data, size } };
	size_t sample = take(&guest, 1) % VGPU_ARRAY_LEN(samples);
	int group;

	guest.mock = mock_create();
	guest.client = mock_client_create(guest.mock);
	group = mock_add_vgpu(guest.mock, fake_gpu_profile_find(samples[sample].profile),
			      samples[sample].type, UUID);
	if (group < 0 || mock_open(guest.client, group, UUID, &guest.session))
		abort();
	for (int i = 0; i < 256 && guest.input.left; i++)
		step(&guest);
	mock_close(guest.mock, &guest.session);
	free(guest.client);
	if (mock_destroy(guest.mock))
		abort(); /* something was never given back */
	return 0;
}
