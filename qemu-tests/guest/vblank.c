/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vblank.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Opened each time: the first to open a card is its master, and nobody else could be it. */
int guest_vblank_count(uint32_t crtc_id, uint64_t *count, uint64_t *us)
{
	struct drm_crtc_get_sequence sequence = { .crtc_id = crtc_id };
	int fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, DRM_IOCTL_CRTC_GET_SEQUENCE, &sequence) < 0)
		rc = -errno;
	close(fd);
	if (rc < 0)
		return rc;
	*count = sequence.sequence;
	*us = (uint64_t)sequence.sequence_ns / 1000;
	return 0;
}
