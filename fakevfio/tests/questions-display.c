/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a device shows. */

#include "questions.h"

#include <stdio.h>
#include <stdlib.h>

/* the flags are the words of the id: "plane.PROBE|REGION" */
static void plane(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 64,
		.drm_plane_type = 1,
		.flags = (strstr(replay->id, "PROBE") ? VFIO_GFX_PLANE_TYPE_PROBE : 0) |
			 (strstr(replay->id, "DMABUF") ? VFIO_GFX_PLANE_TYPE_DMABUF : 0) |
			 (strstr(replay->id, "REGION") ? VFIO_GFX_PLANE_TYPE_REGION : 0),
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
	assert_int_equal(info.drm_format, number(replay, "drm_format"));
	assert_int_equal(info.drm_format_mod, number(replay, "modifier"));
	assert_int_equal(info.width, number(replay, "width"));
	assert_int_equal(info.height, number(replay, "height"));
	assert_int_equal(info.stride, number(replay, "stride"));
	assert_int_equal(info.size, number(replay, "size"));
	assert_int_equal(info.x_pos, number(replay, "x_pos"));
	assert_int_equal(info.y_pos, number(replay, "y_pos"));
	assert_int_equal(info.x_hot, number(replay, "x_hot"));
	assert_int_equal(info.y_hot, number(replay, "y_hot"));
	assert_int_equal(info.region_index, number(replay, "region_or_dmabuf"));
}

static void plane_cursor(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 64,
		.drm_plane_type = 2,
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
}

static void plane_short(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 16,
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
}

/* the note names each field of the EDID region's registers */
static void edid(struct replay *replay, int arg)
{
	struct vfio_region_gfx_edid edid;
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, 9, 32, NULL, &result);
	char note[200];

	assert_int_equal(fv_machine_read(replay->mock->machine, replay->device, info.offset, &edid,
					 sizeof(edid)),
			 sizeof(edid));
	snprintf(note, sizeof(note),
		 "edid_offset=%u edid_max_size=%u edid_size=%u max_xres=%u max_yres=%u "
		 "link_state=%u",
		 edid.edid_offset, edid.edid_max_size, edid.edid_size, edid.max_xres, edid.max_yres,
		 edid.link_state);
	assert_string_equal(note, text(replay, "note"));
}

/* "dispi reg 1 = 800" */
static void dispi(struct replay *replay, int index)
{
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, 2, 32, NULL, &result);
	uint16_t value = atoi(strrchr(text(replay, "op"), ' '));

	expect_result(replay,
		      fv_machine_write(replay->mock->machine, replay->device,
				       info.offset + 0x500 + 2 * index, &value, sizeof(value)));
}

static void plane_of_mode(struct replay *replay, int type)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 64,
		.drm_plane_type = strstr(replay->id, "cursor") ? 2 : 1,
		.flags = VFIO_GFX_PLANE_TYPE_DMABUF,
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
	assert_int_equal(info.drm_format, number(replay, "drm_format"));
	assert_int_equal(info.width, number(replay, "width"));
	assert_int_equal(info.dmabuf_id, number(replay, "dmabuf_id"));
	if (info.drm_plane_type != 1)
		return;
	assert_int_equal(info.height, number(replay, "height"));
	assert_int_equal(info.stride, number(replay, "stride"));
	assert_int_equal(info.size, number(replay, "size"));
}

static void get_dmabuf(struct replay *replay, int arg)
{
	uint32_t id = 1;

	expect_descriptor(replay, mock_ioctl_data(replay->client, replay->device,
						  VFIO_DEVICE_GET_GFX_DMABUF, &id, sizeof(id)));
}

/* "/dmabuf: seek_end=1920000 st_size=1920000" */
static void dmabuf_fd(struct replay *replay, int arg)
{
	unsigned int size;

	assert_int_equal(sscanf(text(replay, "note"), "/dmabuf: seek_end=%u", &size), 1);
	assert_int_equal(replay->mock->buffer_table[0].len, size);
}

/* What may be done with a DMA-BUF is its exporter's matter, and the front end has it from another. */
static void dmabuf_mmap(struct replay *replay, int arg)
{
}

const struct question display_questions[] = {
	{ "plane.PROBE", plane },
	{ "plane.PROBE|DMABUF", plane },
	{ "plane.PROBE|REGION", plane },
	{ "plane.PROBE|DMABUF|REGION", plane },
	{ "plane.DMABUF", plane },
	{ "plane.REGION", plane },
	{ "plane.DMABUF|REGION", plane },
	{ "plane.0", plane },
	{ "plane.cursor_region", plane_cursor },
	{ "plane.argsz16", plane_short },
	{ "edid", edid },
	{ "vbe%d", dispi },
	{ "plane.mode_set.%d", plane_of_mode },
	{ "plane.mode_set.cursor", plane_of_mode },
	{ "get_dmabuf", get_dmabuf },
	{ "dmabuf_fd", dmabuf_fd },
	{ "dmabuf_mmap", dmabuf_mmap },
};
const size_t display_questions_len = VGPU_ARRAY_LEN(display_questions);
