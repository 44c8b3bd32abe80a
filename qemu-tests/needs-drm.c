/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "needs.h"

#include <drm.h>
#include <drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { FIRST_RENDER_NODE = 128, RENDER_NODES = 16 };

static bool is_vgem(int node)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(node, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

/*
 * Can Mesa render there? With vgem it does so in software, and has to map dumb buffers, which
 * render nodes refuse; it then crashes. Source: Mesa's kms_swrast; DRM_RENDER_ALLOW in drm_ioctl.c
 */
static bool can_render(int node, char *why, size_t why_size)
{
	struct drm_mode_create_dumb dumb = { .width = 64, .height = 64, .bpp = 32 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC };
	int r;

	if (!is_vgem(node))
		return true;
	if (ioctl(node, DRM_IOCTL_MODE_CREATE_DUMB, &dumb)) {
		snprintf(why, why_size, "vgem's render node makes no buffers (%s); ./lab-vm's does",
			 strerror(errno));
		return false;
	}
	prime.handle = dumb.handle;
	r = ioctl(node, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (!r)
		close(prime.fd);
	ioctl(node, DRM_IOCTL_GEM_CLOSE, &(struct drm_gem_close){ .handle = dumb.handle });
	if (r)
		snprintf(why, why_size, "buffers of vgem cannot be exported: %s", strerror(errno));
	return !r;
}

/* QEMU without a rendernode takes the first that opens. Source: util/drm.c */
bool qt_drm_render_node(char *path, size_t size, char *why, size_t why_size)
{
	snprintf(why, why_size,
		 "no /dev/dri/renderD*; a GPU's driver makes one, and so does "
		 "the lab VM (--in lab-vm)");
	for (int i = 0; i < RENDER_NODES; i++) {
		_autoclose_ int node = -1;

		snprintf(path, size, "/dev/dri/renderD%d", FIRST_RENDER_NODE + i);
		node = open(path, O_RDWR | O_CLOEXEC);
		if (node >= 0)
			return can_render(node, why, why_size);
		if (errno != ENOENT)
			snprintf(why, why_size, "cannot open %s: %s", path, strerror(errno));
	}
	*path = '\0';
	return false;
}

bool qt_probe_drm(const struct qt_needs *needs, char *why, size_t why_size)
{
	char path[64];

	return qt_drm_render_node(path, sizeof(path), why, why_size);
}
