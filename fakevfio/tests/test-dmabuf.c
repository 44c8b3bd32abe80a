/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * DMA-BUFs: which id a plane has, how long, and what is in the buffer.
 * Source: drivers/gpu/drm/i915/gvt/dmabuf.c; samples/vfio-mdev/mbochs.c; fixtures/vfio's recordings
 */

#include "device-fixture.h"
#include "probe-model.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define XR24 0x34325258u

static const struct fv_dmabuf_rules gvtg = { .unknown_id = -EINVAL,
					     .fd_flags = O_CLOEXEC,
					     .ids_return = true };
static const struct fv_dmabuf_rules mbochs = { .unknown_id = -ENOENT,
					       .off_is_zero = true,
					       .strides_matter = true };

static const struct fv_plane screen = {
	.drm_format = XR24,
	.width_px = 64,
	.height_px = 16,
	.stride_bytes = 256,
	.size_bytes = 4096,
	.start = 0x1000,
};

static int set_up_with(void **state, bool exporter)
{
	planes_rules = gvtg;
	memset(planes_shown, 0, sizeof(planes_shown));
	planes_shown[FV_PLANE_PRIMARY] = screen;
	planes_content = 1;
	return fixture_open(state, &mock_planes_profile, exporter);
}

static int set_up(void **state)
{
	return set_up_with(state, true);
}

static int set_up_without_exporter(void **state)
{
	return set_up_with(state, false);
}

static int64_t query(struct fixture *fixture, uint32_t flags, uint32_t type,
		     struct vfio_device_gfx_plane_info *info)
{
	info->argsz = sizeof(*info);
	info->flags = flags;
	info->drm_plane_type = type;
	return mock_ioctl_data(fixture->client, fixture->session.device,
			       VFIO_DEVICE_QUERY_GFX_PLANE, info, sizeof(*info));
}

/* The id of the primary plane, or a negative errno. */
static int64_t ask(struct fixture *fixture)
{
	struct vfio_device_gfx_plane_info info = { 0 };
	int64_t result = query(fixture, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &info);

	return result ? result : info.dmabuf_id;
}

static struct fv_ioctl_result get(struct fixture *fixture, uint32_t id)
{
	memcpy(fixture->client->scratch, &id, sizeof(id));
	return fv_machine_ioctl(fixture->mock->machine, fixture->session.device, fixture->client,
				VFIO_DEVICE_GET_GFX_DMABUF, MOCK_SCRATCH);
}

static struct mock_buffer *buffer_of(struct fixture *fixture, const struct fv_ioctl_result *result)
{
	assert_int_equal(result->value, 0);
	assert_in_range(result->buffer, 1, MOCK_BUFFERS);
	return &fixture->mock->buffer_table[result->buffer - 1];
}

/* As QEMU does: what it has is kept until the test lowers users. */
static struct mock_buffer *get_buffer(struct fixture *fixture, uint32_t id)
{
	struct fv_ioctl_result result = get(fixture, id);

	return buffer_of(fixture, &result);
}

static void dmabuf_alone_is_offered(void **state)
{
	static const struct {
		uint32_t flags, type;
		int result;
	} cases[] = {
		{ VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF, 0, 0 },
		{ VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION, 0, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_PROBE, 0, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_REGION, 1, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_REGION | VFIO_GFX_PLANE_TYPE_DMABUF, 1, -EINVAL },
		{ 0, 1, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_DMABUF, 0, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_DMABUF, 3, -EINVAL },
		{ VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_CURSOR, 0 },
		{ VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, 0 },
	};
	struct vfio_device_gfx_plane_info info = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(query(*state, cases[i].flags, cases[i].type, &info),
				 cases[i].result);
	assert_int_equal(info.drm_format, XR24);
	assert_int_equal(info.width, 64);
	assert_int_equal(info.height, 16);
	assert_int_equal(info.stride, 256);
	assert_int_equal(info.size, 4096);
	assert_int_equal(info.dmabuf_id, 1);
}

static void without_an_exporter_there_is_none(void **state)
{
	struct vfio_device_gfx_plane_info info = { 0 };

	assert_int_equal(
		query(*state, VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF, 0, &info),
		-EINVAL);
	assert_int_equal(ask(*state), -EINVAL);
	assert_int_equal(get(*state, 1).value, -EINVAL);
}

static void a_plane_keeps_its_id_while_it_is_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct fv_plane *plane = &planes_shown[FV_PLANE_PRIMARY];

	assert_int_equal(ask(fixture), 1);
	assert_int_equal(ask(fixture), 1);
	plane->stride_bytes = 512; /* GVT-g does not look at it */
	plane->x_px = 7;
	assert_int_equal(ask(fixture), 1);
	plane->start = 0x2000; /* another buffer, as after a flip */
	assert_int_equal(ask(fixture), 2);
	plane->start = 0x1000;
	assert_int_equal(ask(fixture), 1);
	plane->drm_modifier = 1;
	assert_int_equal(ask(fixture), 3);
	plane->height_px = 8;
	assert_int_equal(ask(fixture), 4);
}

static void the_buffer_is_what_the_plane_shows_when_asked(void **state)
{
	struct fixture *fixture = *state;
	struct fv_ioctl_result result;
	struct mock_buffer *buffer;

	assert_int_equal(get(fixture, 1).value, -EINVAL);
	ask(fixture);
	assert_int_equal(fixture->mock->buffers, 0); /* until somebody wants it */
	result = get(fixture, 1);
	buffer = buffer_of(fixture, &result);
	assert_int_equal(result.buffer_flags, O_CLOEXEC);
	assert_int_equal(buffer->len, 4096);
	assert_int_equal(((uint8_t *)buffer->memory)[4095], 1);
	planes_content = 2;
	ask(fixture);
	assert_int_equal(((uint8_t *)buffer->memory)[0], 2);
	assert_int_equal(((uint8_t *)buffer->memory)[4095], 2);
	assert_ptr_equal(get_buffer(fixture, 1), buffer);
	assert_int_equal(fixture->mock->buffers, 1);
}

static void an_id_returns_when_nobody_has_its_buffer(void **state)
{
	struct fixture *fixture = *state;
	struct mock_buffer *first;

	ask(fixture);
	first = get_buffer(fixture, 1);
	planes_shown[FV_PLANE_PRIMARY].start = 0x2000;
	assert_int_equal(ask(fixture), 2);
	planes_shown[FV_PLANE_PRIMARY].start = 0x3000;
	assert_int_equal(ask(fixture), 3); /* 1 is held, 2 waits for being asked for */
	first->users = 0;
	planes_shown[FV_PLANE_PRIMARY].start = 0x4000;
	assert_int_equal(ask(fixture), 1);
	assert_int_equal(fixture->mock->buffers, 0);
	assert_int_equal(get(fixture, 2).value, 0);
}

/* told again, it is safe between question and request */
static void a_buffer_that_was_told_again_stays(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture);
	get_buffer(fixture, 1)->users = 0;
	assert_int_equal(get(fixture, 1).value, -EINVAL);
	assert_int_equal(ask(fixture), 1);
	get_buffer(fixture, 1);
	assert_int_equal(ask(fixture), 1);
	fixture->mock->buffer_table[0].users = 0;
	assert_int_equal(get(fixture, 1).value, 0);
}

static void a_plane_that_is_off_leaves_the_answer(void **state)
{
	struct vfio_device_gfx_plane_info info = { .drm_format = 77, .width = 5, .dmabuf_id = 9 };

	memset(planes_shown, 0, sizeof(planes_shown));
	assert_int_equal(query(*state, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &info), 0);
	assert_int_equal(info.drm_format, 77);
	assert_int_equal(info.width, 5);
	assert_int_equal(info.dmabuf_id, 9);
	planes_rules = mbochs;
	assert_int_equal(query(*state, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &info), 0);
	assert_int_equal(info.drm_format, 0);
	assert_int_equal(info.width, 0);
	assert_int_equal(info.dmabuf_id, 0);
}

static void mbochs_counts_its_ids_on(void **state)
{
	struct fixture *fixture = *state;

	planes_rules = mbochs;
	assert_int_equal(get(fixture, 1).value, -ENOENT);
	assert_int_equal(ask(fixture), 1);
	get_buffer(fixture, 1)->users = 0;
	planes_shown[FV_PLANE_PRIMARY].stride_bytes = 512;
	assert_int_equal(ask(fixture), 2);
	planes_shown[FV_PLANE_PRIMARY].stride_bytes = 256;
	assert_int_equal(ask(fixture), 1);
	assert_int_equal(get(fixture, 1).value, 0);
	assert_int_equal(get(fixture, 1).buffer_flags, 0);
}

/* who flips without end costs little; who keeps everything gets no more */
static void hoarders_are_stopped(void **state)
{
	struct fixture *fixture = *state;
	struct fv_plane *plane = &planes_shown[FV_PLANE_PRIMARY];
	int64_t last = 0;
	int held = 0;

	for (int i = 0; i < 10000; i++) {
		plane->start += 0x1000;
		last = ask(fixture);
		assert_in_range(last, 1, 128);
	}
	for (; last > 0 && held < 1000; held++) {
		plane->start += 0x1000;
		last = ask(fixture);
		if (last > 0)
			get_buffer(fixture, (uint32_t)last);
	}
	assert_int_equal(last, -ENOMEM);
	assert_int_equal(held, 129);
	fixture->mock->buffer_table[5].users = 0;
	assert_true(ask(fixture) > 0);
}

static void a_picture_too_large_is_refused(void **state)
{
	struct fixture *fixture = *state;

	planes_shown[FV_PLANE_PRIMARY].size_bytes = UINT64_C(257) << 20;
	assert_int_equal(ask(fixture), 1);
	assert_int_equal(get(fixture, 1).value, -ENOMEM);
}

static void the_last_close_ends_all_ids(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture);
	get_buffer(fixture, 1);
	mock_close(fixture->mock, &fixture->session);
	assert_int_equal(fixture->mock->buffers, 0);
	assert_int_equal(mock_open(fixture->client, fixture->group, UUID, &fixture->session), 0);
	assert_int_equal(get(fixture, 1).value, -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_close)
	const struct CMUnitTest tests[] = {
		TEST(dmabuf_alone_is_offered),
		cmocka_unit_test_setup_teardown(without_an_exporter_there_is_none,
						set_up_without_exporter, fixture_close),
		TEST(a_plane_keeps_its_id_while_it_is_the_same),
		TEST(the_buffer_is_what_the_plane_shows_when_asked),
		TEST(an_id_returns_when_nobody_has_its_buffer),
		TEST(a_buffer_that_was_told_again_stays),
		TEST(a_plane_that_is_off_leaves_the_answer),
		TEST(mbochs_counts_its_ids_on),
		TEST(hoarders_are_stopped),
		TEST(a_picture_too_large_is_refused),
		TEST(the_last_close_ends_all_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
