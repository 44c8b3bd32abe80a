/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <vgpulab/cleanup.h>

/* A PNG or PPM of the largest picture we would look at, with room to spare. */
#define FILE_SIZE_MAX (256u << 20)

int qt_image_init(struct qt_image *image, uint32_t width_px, uint32_t height_px)
{
	*image = (struct qt_image){ 0 };
	if (!width_px || !height_px || width_px > QT_IMAGE_SIDE_MAX_PX ||
	    height_px > QT_IMAGE_SIDE_MAX_PX)
		return -EINVAL;
	image->xrgb = calloc((size_t)width_px * height_px, sizeof(*image->xrgb));
	if (!image->xrgb)
		return -ENOMEM;
	image->width_px = width_px;
	image->height_px = height_px;
	return 0;
}

int qt_image_copy(const struct qt_image *image, struct qt_image *out)
{
	int r = qt_image_init(out, image->width_px, image->height_px);

	if (!r)
		memcpy(out->xrgb, image->xrgb,
		       (size_t)image->width_px * image->height_px * sizeof(*image->xrgb));
	return r;
}

void qt_image_finish(struct qt_image *image)
{
	free(image->xrgb);
	*image = (struct qt_image){ 0 };
}

/* One number of a PPM header; white space and comments before it are skipped. */
static bool ppm_number(const uint8_t *data, size_t len, size_t *at, uint32_t *out)
{
	uint32_t value = 0;
	size_t digits = 0;

	while (*at < len && (strchr(" \t\r\n", data[*at]) ? data[*at] != 0 : data[*at] == '#')) {
		if (data[*at] == '#')
			while (*at < len && data[*at] != '\n')
				++*at;
		else
			++*at;
	}
	for (; *at < len && data[*at] >= '0' && data[*at] <= '9' && digits < 6; ++*at, digits++)
		value = value * 10 + (data[*at] - '0');
	*out = value;
	return digits > 0;
}

/* Source: ppm(5) */
static int decode_ppm(const uint8_t *data, size_t len, struct qt_image *out, struct vgpu_error *err)
{
	uint32_t width_px, height_px, maxval;
	size_t at = 2;
	int r;

	if (!ppm_number(data, len, &at, &width_px) || !ppm_number(data, len, &at, &height_px) ||
	    !ppm_number(data, len, &at, &maxval) || maxval != 255 || at >= len)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
				      "malformed PPM header (only 8-bit P6 is read)");
	at++; /* exactly one white space separates the header from the pixels */
	if (width_px > QT_IMAGE_SIDE_MAX_PX || height_px > QT_IMAGE_SIDE_MAX_PX ||
	    (len - at) / 3 < (size_t)width_px * height_px)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
				      "PPM of %ux%u ends after %zu bytes of pixels", width_px,
				      height_px, len - at);
	r = qt_image_init(out, width_px, height_px);
	if (r)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "PPM of %ux%u pixels", width_px,
				      height_px);
	for (size_t i = 0; i < (size_t)width_px * height_px; i++, at += 3)
		out->xrgb[i] = (uint32_t)data[at] << 16 | data[at + 1] << 8 | data[at + 2];
	return 0;
}

static int decode_png(const uint8_t *data, size_t len, struct qt_image *out, struct vgpu_error *err)
{
	png_image png = { .version = PNG_IMAGE_VERSION };
	_image_ struct qt_image image = { 0 };

	if (!png_image_begin_read_from_memory(&png, data, len))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "malformed PNG: %s",
				      png.message);
	if (qt_image_init(&image, png.width, png.height)) {
		png_image_free(&png);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "PNG of %ux%u pixels",
				      png.width, png.height);
	}
	/* bytes B, G, R, A are 0xAARRGGBB as a little-endian number */
	png.format = PNG_FORMAT_BGRA;
	if (!png_image_finish_read(&png, NULL, image.xrgb, 0, NULL))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "malformed PNG: %s",
				      png.message);
	for (size_t i = 0; i < (size_t)image.width_px * image.height_px; i++)
		image.xrgb[i] &= 0xffffff;
	*out = image;
	image.xrgb = NULL;
	return 0;
}

int qt_image_decode(const void *data, size_t len, struct qt_image *out, struct vgpu_error *err)
{
	if (len > 2 && !memcmp(data, "P6", 2))
		return decode_ppm(data, len, out, err);
	if (len > 8 && !png_sig_cmp(data, 0, 8))
		return decode_png(data, len, out, err);
	return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "neither PPM nor PNG (%zu bytes)",
			      len);
}

int qt_image_read(int dir_fd, const char *path, struct qt_image *out, struct vgpu_error *err)
{
	_autoclose_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	_autofree_ uint8_t *data = NULL;
	struct stat st;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "picture %s: %s", path,
				      strerror(errno));
	if (st.st_size > FILE_SIZE_MAX)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EFBIG,
				      "picture %s is of %lld bytes, too large", path,
				      (long long)st.st_size);
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "picture %s", path);
	while (len < (size_t)st.st_size) {
		ssize_t got = read(fd, data + len, (size_t)st.st_size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return qt_image_decode(data, len, out, err);
}

int qt_image_encode_png(const struct qt_image *image, void **out, size_t *len,
			struct vgpu_error *err)
{
	png_image png = {
		.version = PNG_IMAGE_VERSION,
		.width = image->width_px,
		.height = image->height_px,
		.format = PNG_FORMAT_RGB,
		.flags = PNG_IMAGE_FLAG_FAST, /* a third of the time; cards get a seventh larger */
	};
	size_t pixels = (size_t)image->width_px * image->height_px;
	_autofree_ uint8_t *rgb = malloc(pixels * 3);
	_autofree_ void *data = NULL;
	png_alloc_size_t size = 0;

	if (!rgb)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "PNG encoding");
	for (size_t i = 0; i < pixels; i++) {
		rgb[3 * i] = (uint8_t)(image->xrgb[i] >> 16);
		rgb[3 * i + 1] = (uint8_t)(image->xrgb[i] >> 8);
		rgb[3 * i + 2] = (uint8_t)image->xrgb[i];
	}
	size = PNG_IMAGE_PNG_SIZE_MAX(png);
	data = malloc(size);
	if (!data)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "PNG encoding");
	if (!png_image_write_to_memory(&png, data, &size, 0, rgb, 0, NULL))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EIO, "PNG encoding: %s", png.message);
	*out = steal(data);
	*len = size;
	return 0;
}

int qt_image_write_png(const struct qt_image *image, int dir_fd, const char *path,
		       struct vgpu_error *err)
{
	_autofree_ void *data = NULL;
	_autoclose_ int fd = -1;
	size_t len, done = 0;
	int r = qt_image_encode_png(image, &data, &len, err);

	if (r)
		return r;
	fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	while (fd >= 0 && done < len) {
		ssize_t put = write(fd, (char *)data + done, len - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		done += (size_t)put;
	}
	if (done < len)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s", path,
				      strerror(errno));
	return 0;
}

/* The mean colour of a rectangle that lies inside the image. */
static uint32_t mean(const struct qt_image *image, uint32_t x0, uint32_t y0, uint32_t x1,
		     uint32_t y1)
{
	uint64_t red = 0, green = 0, blue = 0, n = (uint64_t)(x1 - x0) * (y1 - y0);

	for (uint32_t y = y0; y < y1; y++)
		for (uint32_t x = x0; x < x1; x++) {
			uint32_t px = image->xrgb[(size_t)y * image->width_px + x];

			red += px >> 16;
			green += px >> 8 & 0xff;
			blue += px & 0xff;
		}
	return (uint32_t)(red / n) << 16 | (uint32_t)(green / n) << 8 | (uint32_t)(blue / n);
}

int qt_image_shrink(const struct qt_image *image, uint32_t width_max_px, struct qt_image *out)
{
	uint32_t width_px = image->width_px, height_px = image->height_px;
	int r;

	if (width_px <= width_max_px)
		return qt_image_copy(image, out);
	height_px = (uint32_t)((uint64_t)height_px * width_max_px / width_px);
	width_px = width_max_px;
	r = qt_image_init(out, width_px, height_px ? height_px : 1);
	if (r)
		return r;
	for (uint32_t y = 0; y < out->height_px; y++) {
		uint32_t y0 = (uint32_t)((uint64_t)y * image->height_px / out->height_px);
		uint32_t y1 = (uint32_t)((uint64_t)(y + 1) * image->height_px / out->height_px);

		for (uint32_t x = 0; x < width_px; x++)
			out->xrgb[(size_t)y * width_px + x] = mean(
				image, (uint32_t)((uint64_t)x * image->width_px / width_px), y0,
				(uint32_t)((uint64_t)(x + 1) * image->width_px / width_px), y1);
	}
	return 0;
}

int qt_image_enlarge(const struct qt_image *image, uint32_t x_px, uint32_t y_px, uint32_t width_px,
		     uint32_t height_px, uint32_t factor, struct qt_image *out)
{
	int r;

	if (width_px > image->width_px || height_px > image->height_px)
		return -EINVAL;
	x_px = x_px > image->width_px - width_px ? image->width_px - width_px : x_px;
	y_px = y_px > image->height_px - height_px ? image->height_px - height_px : y_px;
	r = qt_image_init(out, width_px * factor, height_px * factor);
	if (r)
		return r;
	for (uint32_t y = 0; y < out->height_px; y++)
		for (uint32_t x = 0; x < out->width_px; x++)
			out->xrgb[(size_t)y * out->width_px + x] =
				image->xrgb[(size_t)(y_px + y / factor) * image->width_px + x_px +
					    x / factor];
	return 0;
}

int qt_image_diff(const struct qt_image *expected, const struct qt_image *actual,
		  struct qt_image *out)
{
	uint32_t width_px =
		expected->width_px > actual->width_px ? expected->width_px : actual->width_px;
	uint32_t height_px =
		expected->height_px > actual->height_px ? expected->height_px : actual->height_px;
	int r = qt_image_init(out, width_px, height_px);

	if (r)
		return r;
	for (uint32_t y = 0; y < height_px; y++)
		for (uint32_t x = 0; x < width_px; x++) {
			bool in_expected = x < expected->width_px && y < expected->height_px;
			bool in_actual = x < actual->width_px && y < actual->height_px;
			uint32_t *px = &out->xrgb[(size_t)y * width_px + x];
			uint32_t is, grey;

			if (!in_expected || !in_actual) {
				*px = 0x601030;
				continue;
			}
			is = actual->xrgb[(size_t)y * actual->width_px + x];
			grey = ((is >> 16) + 2 * (is >> 8 & 0xff) + (is & 0xff)) / 12;
			*px = grey * 0x010101;
			if (is != expected->xrgb[(size_t)y * expected->width_px + x])
				*px = 0xff2a2a;
		}
	return 0;
}
