/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/error.h>

#include "attribute.h"

static int format_path(char path[static VGPU_PATH_LEN], const char *format, va_list args)
{
	int len = vsnprintf(path, VGPU_PATH_LEN, format, args);

	return len < 0 || len >= VGPU_PATH_LEN ? -ENAMETOOLONG : 0;
}

/* Makes `path` out of the caller's format and what follows it; on failure `ret` is negative. */
#define FORMAT_PATH(path, ret, format)                    \
	do {                                              \
		va_list args_;                            \
                                                          \
		va_start(args_, format);                  \
		(ret) = format_path(path, format, args_); \
		va_end(args_);                            \
	} while (0)

static ssize_t read_text(struct vgpu_backend *backend, const char *path, char *buffer, size_t size)
{
	ssize_t len = backend->impl->read(backend, path, buffer, size);

	if (len > 0 && buffer[len - 1] == '\n')
		buffer[--len] = '\0';
	return len;
}

ssize_t vgpu_attribute_read(struct vgpu_backend *backend, char *buffer, size_t size,
			    const char *format, ...)
{
	char path[VGPU_PATH_LEN];
	int ret;

	FORMAT_PATH(path, ret, format);
	return ret < 0 ? ret : read_text(backend, path, buffer, size);
}

int vgpu_attribute_read_u32(struct vgpu_backend *backend, uint32_t *out, const char *format, ...)
{
	char path[VGPU_PATH_LEN], text[32], *end;
	unsigned long value;
	ssize_t len;
	int ret;

	FORMAT_PATH(path, ret, format);
	if (ret < 0)
		return ret;
	len = read_text(backend, path, text, sizeof(text));
	if (len < 0)
		return (int)len;
	/* strtoul() would also take signs and spaces */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, text[0] == '0' && text[1] == 'x' ? 16 : 10);
	if (errno || *end || value > UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

/* Makes `target` the text of the link that the caller's format names; on failure `ret` is negative. */
#define READ_LINK(backend, target, ret, format)                                        \
	do {                                                                           \
		char path_[VGPU_PATH_LEN];                                             \
                                                                                       \
		FORMAT_PATH(path_, ret, format);                                       \
		if (!(ret))                                                            \
			(ret) = (int)(backend)->impl->readlink(backend, path_, target, \
							       sizeof(target));        \
	} while (0)

/* A piece of a link's text, as the caller's result. */
static int hand_out(const char *text, char *buffer, size_t size)
{
	if (strlen(text) >= size)
		return -ENAMETOOLONG;
	strcpy(buffer, text);
	return 0;
}

int vgpu_attribute_link_name(struct vgpu_backend *backend, char *buffer, size_t size,
			     const char *format, ...)
{
	char target[VGPU_PATH_LEN];
	const char *slash;
	int ret;

	READ_LINK(backend, target, ret, format);
	if (ret < 0)
		return ret;
	slash = strrchr(target, '/');
	return hand_out(slash ? slash + 1 : target, buffer, size);
}

int vgpu_attribute_link_path(struct vgpu_backend *backend, char *buffer, size_t size,
			     const char *format, ...)
{
	char target[VGPU_PATH_LEN];
	const char *from_root = target;
	int ret;

	READ_LINK(backend, target, ret, format);
	if (ret < 0)
		return ret;
	while (!strncmp(from_root, "../", 3))
		from_root += 3;
	if (from_root == target || !from_root[0])
		return -EINVAL;
	return hand_out(from_root, buffer, size);
}

bool vgpu_attribute_exists(struct vgpu_backend *backend, const char *format, ...)
{
	char path[VGPU_PATH_LEN];
	int ret;

	FORMAT_PATH(path, ret, format);
	return ret == 0 && backend->impl->exists(backend, path) == 0;
}

int vgpu_attribute_write(struct vgpu_backend *backend, const char *text, const char *format, ...)
{
	char path[VGPU_PATH_LEN];
	int ret;

	FORMAT_PATH(path, ret, format);
	return ret < 0 ? ret : backend->impl->write(backend, path, text, strlen(text));
}

bool vgpu_attribute_has_gone(int ret)
{
	return ret == -ENOENT || ret == -ENODEV;
}

int vgpu_attribute_fail(const struct vgpu_backend *backend, int ret, const char *path,
			struct vgpu_error *err)
{
	return vgpu_error_set(
		err, ret == -EACCES || ret == -EPERM ? VGPU_ERROR_PERMISSION : VGPU_ERROR_FAILED,
		-ret, "cannot read %s/%s: %s", backend->root, path, strerror(-ret));
}
