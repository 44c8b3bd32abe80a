/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one thing about planes that cannot be said through a CRTC: how YUV is meant.
 */
#include "kms.h"

#include <drm.h>
#include <errno.h>
#include <string.h>

enum { PLANES_MAX = 32, PROPERTIES_MAX = 64 };

#define PLANE_TYPE_PRIMARY 1 /* value of the property "type" */
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

static bool is_primary_of_crtc(const struct kms *kms, uint32_t plane_id)
{
	struct drm_mode_get_plane plane = { .plane_id = plane_id };
	uint64_t type = 0;
	uint32_t id;

	return kms_ioctl(kms, DRM_IOCTL_MODE_GETPLANE, &plane) == 0 &&
	       plane.possible_crtcs >> kms->crtc_index & 1 &&
	       find_property(kms, plane_id, "type", &id, &type) == 0 && type == PLANE_TYPE_PRIMARY;
}

void kms_plane_prepare(const struct kms *kms)
{
	struct drm_set_client_cap universal = { DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1 };
	uint32_t planes[PLANES_MAX];
	struct drm_mode_get_plane_res resources = { .plane_id_ptr = (uintptr_t)planes,
						    .count_planes = PLANES_MAX };

	if (kms_ioctl(kms, DRM_IOCTL_SET_CLIENT_CAP, &universal) < 0 ||
	    kms_ioctl(kms, DRM_IOCTL_MODE_GETPLANERESOURCES, &resources) < 0)
		return;
	for (uint32_t i = 0; i < resources.count_planes && i < PLANES_MAX; i++) {
		struct drm_mode_obj_set_property encoding = { .value = ENCODING_BT601,
							      .obj_id = planes[i],
							      .obj_type = DRM_MODE_OBJECT_PLANE };
		uint64_t value;

		if (is_primary_of_crtc(kms, planes[i]) &&
		    find_property(kms, planes[i], "COLOR_ENCODING", &encoding.prop_id, &value) == 0)
			(void)kms_ioctl(kms, DRM_IOCTL_MODE_OBJ_SETPROPERTY, &encoding);
	}
}
