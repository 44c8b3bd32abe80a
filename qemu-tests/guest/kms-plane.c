/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cannot be said through a CRTC: how YUV is meant, how the picture is turned, and what is on the
 * plane above.
 */
#include "kms.h"

#include <drm.h>
#include <errno.h>
#include <string.h>

enum { PLANES_MAX = 32, PROPERTIES_MAX = 64 };

/* values of the property "type" */
#define PLANE_TYPE_OVERLAY 0
#define PLANE_TYPE_PRIMARY 1
#define ENCODING_BT601	   0 /* value of the property "COLOR_ENCODING" */

/* Finds a property of the plane by name. 0, or -ENOENT. */
static int find_property(const struct kms *kms, uint32_t plane_id, const char *name, uint32_t *id,
			 uint64_t *value)
{
	uint32_t ids[PROPERTIES_MAX];
	uint64_t values[PROPERTIES_MAX];
	struct drm_mode_obj_get_properties properties = {
		.props_ptr = (uintptr_t)ids,
		.prop_values_ptr = (uintptr_t)values,
		.count_props = PROPERTIES_MAX,
		.obj_id = plane_id,
		.obj_type = DRM_MODE_OBJECT_PLANE,
	};

	if (kms_ioctl(kms, DRM_IOCTL_MODE_OBJ_GETPROPERTIES, &properties) < 0 ||
	    properties.count_props > PROPERTIES_MAX)
		return -ENOENT;
	for (uint32_t i = 0; i < properties.count_props; i++) {
		struct drm_mode_get_property property = { .prop_id = ids[i] };

		if (kms_ioctl(kms, DRM_IOCTL_MODE_GETPROPERTY, &property) == 0 &&
		    strcmp(property.name, name) == 0) {
			*id = ids[i];
			*value = values[i];
			return 0;
		}
	}
	return -ENOENT;
}

/* The CRTC's first plane of that type, 0 if there is none. */
static uint32_t find_plane(const struct kms *kms, uint64_t wanted)
{
	struct drm_set_client_cap universal = { DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1 };
	uint32_t planes[PLANES_MAX];
	struct drm_mode_get_plane_res resources = { .plane_id_ptr = (uintptr_t)planes,
						    .count_planes = PLANES_MAX };

	if (kms_ioctl(kms, DRM_IOCTL_SET_CLIENT_CAP, &universal) < 0 ||
	    kms_ioctl(kms, DRM_IOCTL_MODE_GETPLANERESOURCES, &resources) < 0)
		return 0;
	for (uint32_t i = 0; i < resources.count_planes && i < PLANES_MAX; i++) {
		struct drm_mode_get_plane plane = { .plane_id = planes[i] };
		uint64_t type = 0;
		uint32_t id;

		if (kms_ioctl(kms, DRM_IOCTL_MODE_GETPLANE, &plane) == 0 &&
		    plane.possible_crtcs >> kms->crtc_index & 1 &&
		    find_property(kms, planes[i], "type", &id, &type) == 0 && type == wanted)
			return planes[i];
	}
	return 0;
}

static int set_property(const struct kms *kms, uint32_t plane_id, const char *name, uint64_t value)
{
	struct drm_mode_obj_set_property property = { .value = value,
						      .obj_id = plane_id,
						      .obj_type = DRM_MODE_OBJECT_PLANE };
	uint64_t before;
	int rc = find_property(kms, plane_id, name, &property.prop_id, &before);

	if (rc < 0 || before == value)
		return rc;
	return kms_ioctl(kms, DRM_IOCTL_MODE_OBJ_SETPROPERTY, &property);
}

void kms_plane_prepare(const struct kms *kms)
{
	uint32_t primary = find_plane(kms, PLANE_TYPE_PRIMARY);

	if (primary)
		(void)set_property(kms, primary, "COLOR_ENCODING", ENCODING_BT601);
}

int kms_plane_rotate(const struct kms *kms, unsigned int degrees)
{
	uint32_t primary = find_plane(kms, PLANE_TYPE_PRIMARY);

	return primary ? set_property(kms, primary, "rotation", 1u << degrees / 90) : -ENOENT;
}

int kms_plane_show_sprite(const struct kms *kms, const struct kms_buffer *buffer, uint32_t x_px,
			  uint32_t y_px)
{
	struct drm_mode_set_plane plane = { .plane_id = find_plane(kms, PLANE_TYPE_OVERLAY) };

	if (!plane.plane_id)
		return -ENOENT;
	if (buffer) {
		plane.crtc_id = kms->crtc_id;
		plane.fb_id = buffer->fb_id;
		plane.crtc_x = (int32_t)x_px;
		plane.crtc_y = (int32_t)y_px;
		plane.crtc_w = buffer->surface.width_px;
		plane.crtc_h = buffer->surface.height_px;
		plane.src_w = plane.crtc_w << 16;
		plane.src_h = plane.crtc_h << 16;
	}
	return kms_ioctl(kms, DRM_IOCTL_MODE_SETPLANE, &plane);
}
