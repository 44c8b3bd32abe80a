/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A journal's file: read as a whole, appended to by whole lines, replaced by renaming.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal-impl.h"

int fake_records_add(struct fake_records *records, const struct fake_record *record)
{
	size_t max = records->max ? 2 * records->max : 64;
	struct fake_record *all;

	if (records->len == records->max) {
		all = realloc(records->all, max * sizeof(*all));
		if (!all)
			return -ENOMEM;
		records->all = all;
		records->max = max;
	}
	records->all[records->len++] = *record;
	return 0;
}

void fake_records_finish(struct fake_records *records)
{
	for (size_t i = 0; i < records->len; i++)
		free(records->all[i].data);
	free(records->all);
	*records = (struct fake_records){ 0 };
}

static bool write_all(int fd, const char *text, size_t len)
{
	ssize_t done;

	for (; len; text += done, len -= (size_t)done) {
		done = write(fd, text, len);
		if (done <= 0)
			return false;
	}
	return true;
}

static int fail(const char *path, struct vgpu_error *err)
{
	int errnum = errno;

	return vgpu_error_set(err, VGPU_ERROR_FAILED, errnum, "cannot use the state '%s': %s", path,
			      strerror(errnum));
}

/* Is the file that we have locked still the one of that name? */
static bool is_current(int fd, const char *path)
{
	struct stat ours, theirs;

	return !fstat(fd, &ours) && !stat(path, &theirs) && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

int fake_journal_open_file(const char *path, const char *header, struct vgpu_error *err)
{
	struct stat st;

	for (;;) {
		_autoclose_ int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		if (fd < 0)
			return fail(path, err);
		if (flock(fd, LOCK_EX | LOCK_NB))
			return vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
					      "the state '%s' belongs to another fake host that is "
					      "running",
					      path);
		if (!is_current(fd, path))
			continue;
		if (fstat(fd, &st) || (!st.st_size && !write_all(fd, header, strlen(header))))
			return fail(path, err);
		return steal_fd(&fd);
	}
}

/* The whole file, with a NUL behind it; or NULL with errno. */
static char *read_file(int fd, size_t *len)
{
	_autofree_ char *text = NULL;
	struct stat st;
	ssize_t got = 1;

	if (fstat(fd, &st))
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	for (*len = 0; text && got && *len < (size_t)st.st_size; *len += (size_t)got) {
		got = pread(fd, text + *len, (size_t)st.st_size - *len, (off_t)*len);
		if (got < 0)
			return NULL;
	}
	if (text)
		text[*len] = '\0';
	return steal(text);
}

static int damaged(const char *path, size_t line, struct vgpu_error *err)
{
	int ret = vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
				 "the state '%s' is damaged: line %zu", path, line);

	vgpu_error_hint(err, "move the file away: the host then begins without vGPUs");
	return ret;
}

int fake_journal_read(int fd, const char *path, const char *header, struct fake_records *out,
		      bool *torn, struct vgpu_error *err)
{
	size_t len, line = 1;
	_autofree_ char *text = read_file(fd, &len);
	const char *at, *end;

	*torn = false;
	if (!text)
		return fail(path, err);
	if (strncmp(text, header, strlen(header))) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
			       "the state '%s' is not of a host with these GPUs and this kernel",
			       path);
		vgpu_error_hint(err, "without --gpu and --kernel it is served as it was");
		return -EINVAL;
	}
	for (at = header; *at; at++)
		line += *at == '\n';
	for (at = text + strlen(header); at < text + len; at = end + 1, line++) {
		struct fake_record record;
		int ret;

		end = memchr(at, '\n', (size_t)(text + len - at));
		ret = end ? fake_record_parse(at, (size_t)(end - at), &record) : -EINVAL;
		if (!end) { /* the newline comes last */
			*torn = true;
			break;
		}
		if (ret == -EINVAL)
			return damaged(path, line, err);
		if (!ret)
			ret = fake_records_add(out, &record);
		if (ret)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	}
	return 0;
}

static bool write_records(int fd, const char *header, const struct fake_records *records)
{
	char text[FAKE_RECORD_TEXT_MAX];
	bool good = write_all(fd, header, strlen(header));

	for (size_t i = 0; good && i < records->len; i++) {
		ssize_t len = fake_record_format(&records->all[i], text);

		good = len > 0 && write_all(fd, text, (size_t)len);
	}
	return good;
}

int fake_journal_replace(const char *path, const char *header, const struct fake_records *records)
{
	char temporary[PATH_MAX];
	_autoclose_ int fd = -1;
	int errnum;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	unlink(temporary); /* of one who was killed meanwhile */
	fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB) && write_records(fd, header, records) &&
	    !rename(temporary, path))
		return steal_fd(&fd);
	errnum = errno ? errno : EIO;
	unlink(temporary);
	return -errnum;
}
