/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kms.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CARDS_MAX = 8, LIST_MAX = 32, CONNECT_WAIT_MS = 5000, CONNECT_POLL_MS = 50 };

#define CONNECTED 1 /* drm_mode_get_connector.connection */

int kms_ioctl(const struct kms *kms, unsigned long request, void *argument)
{
	int rc;

	do
		rc = ioctl(kms->fd, request, argument);
	while (rc < 0 && (errno == EINTR || errno == EAGAIN));
	return rc < 0 ? -errno : 0;
}

static int get_connector(const struct kms *kms, uint32_t id, struct drm_mode_modeinfo *modes,
			 struct drm_mode_get_connector *out)
{
	uint32_t properties[LIST_MAX], encoders[LIST_MAX];
	uint64_t values[LIST_MAX];
	int rc;

	/* without room for modes the kernel probes the connector anew */
	*out = (struct drm_mode_get_connector){ .connector_id = id };
	rc = kms_ioctl(kms, DRM_IOCTL_MODE_GETCONNECTOR, out);
	if (rc < 0)
		return rc;
	*out = (struct drm_mode_get_connector){
		.connector_id = id,
		.modes_ptr = (uintptr_t)modes,
		.count_modes = out->count_modes < KMS_MODES_MAX ? out->count_modes : KMS_MODES_MAX,
		.encoders_ptr = (uintptr_t)encoders,
		.count_encoders = LIST_MAX,
		.props_ptr = (uintptr_t)properties,
		.prop_values_ptr = (uintptr_t)values,
		.count_props = LIST_MAX,
	};
	rc = kms_ioctl(kms, DRM_IOCTL_MODE_GETCONNECTOR, out);
	if (rc == 0 && out->encoder_id == 0 && out->count_encoders > 0)
		out->encoder_id = encoders[0];
	if (rc == 0 && out->count_modes > KMS_MODES_MAX)
		out->count_modes = 0;
	return rc;
}

int kms_probe(struct kms *kms)
{
	struct drm_mode_get_connector connector;
	int rc = get_connector(kms, kms->connector_id, kms->modes, &connector);

	if (rc < 0)
		return rc;
	kms->modes_len = connector.connection == CONNECTED ? connector.count_modes : 0;
	return kms->modes_len ? 0 : -ENOTCONN;
}

/* The CRTC that feeds the connector now, or the first that can. */
static int choose_crtc(struct kms *kms, uint32_t encoder_id, const uint32_t *crtcs,
		       uint32_t crtcs_len)
{
	struct drm_mode_get_encoder encoder = { .encoder_id = encoder_id };
	struct drm_mode_crtc crtc = { 0 };
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_GETENCODER, &encoder);

	if (rc < 0)
		return rc;
	kms->crtc_id = encoder.crtc_id;
	for (uint32_t i = 0; i < crtcs_len && !kms->crtc_id; i++)
		if (encoder.possible_crtcs >> i & 1)
			kms->crtc_id = crtcs[i];
	for (uint32_t i = 0; i < crtcs_len; i++)
		if (crtcs[i] == kms->crtc_id)
			kms->crtc_index = i;
	crtc.crtc_id = kms->crtc_id;
	rc = kms_ioctl(kms, DRM_IOCTL_MODE_GETCRTC, &crtc);
	kms->gamma_size = crtc.gamma_size;
	return rc;
}

static int choose_connector(struct kms *kms)
{
	uint32_t connectors[LIST_MAX], crtcs[LIST_MAX], encoders[LIST_MAX], fbs[LIST_MAX];
	struct drm_mode_card_res resources = {
		.connector_id_ptr = (uintptr_t)connectors,
		.count_connectors = LIST_MAX,
		.crtc_id_ptr = (uintptr_t)crtcs,
		.count_crtcs = LIST_MAX,
		.encoder_id_ptr = (uintptr_t)encoders,
		.count_encoders = LIST_MAX,
		.fb_id_ptr = (uintptr_t)fbs,
		.count_fbs = LIST_MAX,
	};
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_GETRESOURCES, &resources);

	for (uint32_t i = 0; rc == 0 && i < resources.count_connectors && i < LIST_MAX; i++) {
		struct drm_mode_get_connector connector;

		if (get_connector(kms, connectors[i], kms->modes, &connector) < 0 ||
		    connector.connection != CONNECTED || !connector.count_modes)
			continue;
		kms->connector_id = connectors[i];
		kms->connector_type = connector.connector_type;
		kms->connector_index = connector.connector_type_id;
		kms->modes_len = connector.count_modes;
		return choose_crtc(kms, connector.encoder_id, crtcs,
				   resources.count_crtcs < LIST_MAX ? resources.count_crtcs
								    : LIST_MAX);
	}
	return rc < 0 ? rc : -ENOTCONN;
}

static void read_driver(struct kms *kms)
{
	struct drm_version version = { .name = kms->driver, .name_len = sizeof(kms->driver) - 1 };

	if (kms_ioctl(kms, DRM_IOCTL_VERSION, &version) < 0)
		snprintf(kms->driver, sizeof(kms->driver), "unknown");
}

int kms_open_card(struct kms *kms)
{
	const struct timespec pause = { .tv_nsec = CONNECT_POLL_MS * 1000000L };
	int rc = -ENODEV;

	for (int waited_ms = 0; waited_ms < CONNECT_WAIT_MS; waited_ms += CONNECT_POLL_MS) {
		rc = -ENODEV;
		for (int i = 0; i < CARDS_MAX; i++) {
			snprintf(kms->path, sizeof(kms->path), "/dev/dri/card%d", i);
			kms->fd = open(kms->path, O_RDWR | O_CLOEXEC);
			if (kms->fd < 0)
				continue;
			rc = choose_connector(kms);
			if (rc == 0) {
				read_driver(kms);
				return 0;
			}
			close(kms->fd);
		}
		if (rc == -ENODEV) /* cards are there once their module is loaded, or never */
			return rc;
		nanosleep(&pause, NULL);
	}
	return rc;
}

int kms_buffer_add_framebuffer(const struct kms *kms, struct kms_buffer *buffer)
{
	const struct guest_surface *surface = &buffer->surface;
	struct drm_mode_fb_cmd2 fb = {
		.width = surface->width_px,
		.height = surface->height_px,
		.pixel_format = qt_pixel_format_fourcc(surface->format),
		.flags = surface->tiling->modifier ? DRM_MODE_FB_MODIFIERS : 0,
		.handles = { buffer->handle },
		.pitches = { surface->stride_bytes },
		.modifier = { surface->tiling->modifier },
	};
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_ADDFB2, &fb);

	buffer->fb_id = rc == 0 ? fb.fb_id : 0;
	return rc;
}

int kms_buffer_remove_framebuffer(const struct kms *kms, struct kms_buffer *buffer)
{
	int rc = buffer->fb_id ? kms_ioctl(kms, DRM_IOCTL_MODE_RMFB, &buffer->fb_id) : 0;

	buffer->fb_id = 0;
	return rc;
}

static int map_dumb(const struct kms *kms, struct kms_buffer *buffer, size_t len)
{
	struct drm_mode_map_dumb map = { .handle = buffer->handle };
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_MAP_DUMB, &map);
	void *memory;

	if (rc < 0)
		return rc;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd, (off_t)map.offset);
	if (memory == MAP_FAILED)
		return -errno;
	buffer->surface.memory = memory;
	buffer->surface.len = len;
	return 0;
}

int kms_buffer_create(const struct kms *kms, uint32_t width_px, uint32_t height_px,
		      const struct qt_pixel_format *format, const struct qt_tiling *tiling,
		      struct kms_buffer *buffer)
{
	uint32_t stride_bytes = qt_tiling_stride(tiling, width_px * format->pixel_bytes);
	struct drm_mode_create_dumb dumb = {
		.width = stride_bytes / format->pixel_bytes,
		.height = (uint32_t)(qt_tiling_len(tiling, stride_bytes, height_px) / stride_bytes),
		.bpp = format->pixel_bytes * 8u,
	};
	int rc = kms_ioctl(kms, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	*buffer = (struct kms_buffer){ 0 };
	if (rc < 0)
		return rc;
	buffer->handle = dumb.handle;
	buffer->surface = (struct guest_surface){
		.stride_bytes = dumb.pitch,
		.width_px = width_px,
		.height_px = height_px,
		.format = format,
		.tiling = tiling,
	};
	rc = map_dumb(kms, buffer, (size_t)dumb.size);
	if (rc == 0)
		rc = kms_buffer_add_framebuffer(kms, buffer);
	if (rc < 0)
		kms_buffer_destroy(kms, buffer);
	return rc;
}

void kms_buffer_destroy(const struct kms *kms, struct kms_buffer *buffer)
{
	struct drm_mode_destroy_dumb dumb = { .handle = buffer->handle };

	(void)kms_buffer_remove_framebuffer(kms, buffer);
	if (buffer->surface.memory)
		munmap(buffer->surface.memory, buffer->surface.len);
	if (buffer->handle)
		(void)kms_ioctl(kms, DRM_IOCTL_MODE_DESTROY_DUMB, &dumb);
	*buffer = (struct kms_buffer){ 0 };
}
