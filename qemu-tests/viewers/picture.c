/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include <linux/dma-buf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* No display is larger in either direction. */
#define SIDE_MAX_PX 16384
/* Source: drm_fourcc.h, DRM_FORMAT_MOD_INVALID */
#define MODIFIER_UNKNOWN 0x00ffffffffffffffull

bool viewer_picture_resize(struct viewer_picture *picture, uint32_t width_px, uint32_t height_px)
{
	if (!width_px || !height_px || width_px > SIDE_MAX_PX || height_px > SIDE_MAX_PX)
		return false;
	g_free(picture->xrgb);
	picture->xrgb = g_new0(uint32_t, (size_t)width_px * height_px);
	picture->width_px = width_px;
	picture->height_px = height_px;
	return true;
}

static uint32_t exchange_rb(uint32_t pixel)
{
	return (pixel & 0xff) << 16 | (pixel & 0xff00) | (pixel >> 16 & 0xff);
}

bool viewer_picture_lay(struct viewer_picture *picture, uint32_t x_px, uint32_t y_px,
			uint32_t width_px, uint32_t height_px, const void *data, size_t data_len,
			uint32_t stride, enum viewer_order order)
{
	if (x_px > picture->width_px || width_px > picture->width_px - x_px ||
	    y_px > picture->height_px || height_px > picture->height_px - y_px)
		return false;
	if (!width_px || !height_px)
		return true;
	if (stride / 4 < width_px ||
	    (uint64_t)stride * (height_px - 1) + (uint64_t)width_px * 4 > data_len)
		return false;
	for (uint32_t y = 0; y < height_px; y++) {
		uint32_t *to = picture->xrgb + (size_t)(y_px + y) * picture->width_px + x_px;

		memcpy(to, (const uint8_t *)data + (size_t)y * stride, (size_t)width_px * 4);
		for (uint32_t x = 0; x < width_px; x++)
			to[x] = order == VIEWER_XBGR ? exchange_rb(to[x]) : to[x] & 0xffffff;
	}
	return true;
}

static void turn_over(struct viewer_picture *picture)
{
	size_t row_len = (size_t)picture->width_px * sizeof(*picture->xrgb);
	g_autofree uint32_t *spare = g_malloc(row_len);

	for (uint32_t y = 0; y < picture->height_px / 2; y++) {
		uint32_t *top = picture->xrgb + (size_t)y * picture->width_px;
		uint32_t *bottom =
			picture->xrgb + (size_t)(picture->height_px - 1 - y) * picture->width_px;

		memcpy(spare, top, row_len);
		memcpy(top, bottom, row_len);
		memcpy(bottom, spare, row_len);
	}
}

/* Source: drm_fourcc.h; the exporter's memory is shared, not read */
const char *viewer_picture_take_dmabuf(struct viewer_picture *picture,
				       const struct viewer_dmabuf *dmabuf)
{
	static const struct {
		char fourcc[5];
		enum viewer_order order;
	} formats[] = {
		{ "XR24", VIEWER_XRGB },
		{ "AR24", VIEWER_XRGB },
		{ "XB24", VIEWER_XBGR },
		{ "AB24", VIEWER_XBGR },
	};
	off_t len = lseek(dmabuf->fd, 0, SEEK_END);
	size_t i = 0;
	void *memory;
	bool fits;

	while (i < G_N_ELEMENTS(formats) && memcmp(formats[i].fourcc, &dmabuf->fourcc, 4))
		i++;
	if (i == G_N_ELEMENTS(formats))
		return "a DMA-BUF whose pixels are not 32 bits of RGB";
	if (dmabuf->modifier && dmabuf->modifier != MODIFIER_UNKNOWN)
		return "a DMA-BUF that is not linear";
	if (len <= 0 || !viewer_picture_resize(picture, dmabuf->width_px, dmabuf->height_px))
		return "a DMA-BUF of an impossible size";
	memory = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, dmabuf->fd, 0);
	if (memory == MAP_FAILED)
		return "a DMA-BUF that cannot be mapped";
	ioctl(dmabuf->fd, DMA_BUF_IOCTL_SYNC,
	      &(struct dma_buf_sync){ DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ });
	fits = viewer_picture_lay(picture, 0, 0, dmabuf->width_px, dmabuf->height_px, memory,
				  (size_t)len, dmabuf->stride_bytes, formats[i].order);
	ioctl(dmabuf->fd, DMA_BUF_IOCTL_SYNC,
	      &(struct dma_buf_sync){ DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ });
	munmap(memory, (size_t)len);
	/* Source: spice-gtk, spice-widget-egl.c: a texture whose first row is above is "inverted" */
	if (fits && dmabuf->y0_top)
		turn_over(picture);
	return fits ? NULL : "a DMA-BUF that is too short for its picture";
}

bool viewer_picture_write(const struct viewer_picture *picture)
{
	size_t len = (size_t)picture->width_px * picture->height_px;
	g_autofree uint8_t *rgb = g_malloc(len * 3);

	for (size_t i = 0; i < len; i++) {
		rgb[i * 3] = (uint8_t)(picture->xrgb[i] >> 16);
		rgb[i * 3 + 1] = (uint8_t)(picture->xrgb[i] >> 8);
		rgb[i * 3 + 2] = (uint8_t)picture->xrgb[i];
	}
	printf("P6\n%u %u\n255\n", picture->width_px, picture->height_px);
	return fwrite(rgb, 3, len, stdout) == len && !fflush(stdout);
}

void viewer_picture_finish(struct viewer_picture *picture)
{
	g_free(picture->xrgb);
	*picture = (struct viewer_picture){ 0 };
}

int viewer_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILURE;
}
