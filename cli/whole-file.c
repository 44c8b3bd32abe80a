/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "whole-file.h"

enum { FILE_MAX_LEN = 8 << 20 };

static int failed(struct vgpu_error *err, int errnum, const char *what, const char *path)
{
	enum vgpu_error_kind kind =
		errnum == EACCES || errnum == EPERM ? VGPU_ERROR_PERMISSION : VGPU_ERROR_FAILED;

	return vgpu_error_set(err, kind, errnum, "cannot %s '%s': %s", what, path,
			      errnum == EFBIG ? "it is longer than 8 MiB" : strerror(errnum));
}

const char *cli_file_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

int cli_file_read(const char *path, char **out, size_t *out_len, struct vgpu_error *err)
{
	_autofclose_ FILE *opened = strcmp(path, "-") ? fopen(path, "re") : NULL;
	FILE *file = strcmp(path, "-") ? opened : stdin;
	_autofree_ char *text = NULL;
	size_t len;

	if (!file)
		return failed(err, errno, "read", path);
	text = malloc(FILE_MAX_LEN + 1);
	if (!text)
		return failed(err, ENOMEM, "read", path);
	len = fread(text, 1, FILE_MAX_LEN + 1, file);
	if (ferror(file))
		return failed(err, errno, "read", path);
	if (len > FILE_MAX_LEN)
		return failed(err, EFBIG, "read", path);
	text[len] = '\0';
	*out = steal(text);
	*out_len = len;
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

/* The new file takes the old one's mode and, if it may, its owner. */
static int fill(int fd, const char *path, const char *text, size_t len)
{
	struct stat old;
	bool replaces = !stat(path, &old);

	if (replaces && fchown(fd, old.st_uid, old.st_gid) && errno != EPERM)
		return -errno;
	if (fchmod(fd, replaces ? old.st_mode & 07777 : 0644))
		return -errno;
	return write_all(fd, text, len) ?: (fsync(fd) ? -errno : 0);
}

int cli_file_write(const char *path, const char *text, size_t len, struct vgpu_error *err)
{
	_autofree_ char *temporary = NULL, *target = NULL;
	_autoclose_ int fd = -1;
	int ret;

	if (!strcmp(path, "-")) {
		if (fwrite(text, 1, len, stdout) != len || fflush(stdout))
			return failed(err, errno, "write", "standard output");
		return 0;
	}
	target = realpath(path, NULL); /* a link stays a link */
	if (asprintf(&temporary, "%s.XXXXXX", target ? target : path) < 0) {
		temporary = NULL;
		return failed(err, ENOMEM, "write", path);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return failed(err, errno, "write beside", path);
	ret = fill(fd, target ? target : path, text, len);
	if (ret == 0 && rename(temporary, target ? target : path))
		ret = -errno;
	if (ret == 0)
		return 0;
	unlink(temporary);
	return failed(err, -ret, "write", path);
}

int cli_file_blame(const char *path, int ret, struct vgpu_error *err)
{
	char message[sizeof(err->message)];

	memcpy(message, err->message, sizeof(message));
	/* a long name cuts the message's end, never the buffer */
	snprintf(err->message, sizeof(err->message), "%.*s: %.*s", 150, cli_file_name(path), 245,
		 message);
	return ret;
}
