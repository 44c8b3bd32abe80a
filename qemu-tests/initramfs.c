/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <vgpulab/cleanup.h>

enum { PAD = 4 };

struct archive {
	FILE *out;
	unsigned int next_ino;
};

static void pad(struct archive *archive, size_t len)
{
	static const char zeros[PAD];

	fwrite(zeros, 1, (PAD - len % PAD) % PAD, archive->out);
}

static void write_header(struct archive *archive, const char *name, mode_t mode, dev_t device,
			 size_t data_len)
{
	int len =
		fprintf(archive->out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
			archive->next_ino++, (unsigned int)mode, 0u, 0u, S_ISDIR(mode) ? 2u : 1u,
			0u, (unsigned int)data_len, 0u, 0u, major(device), minor(device),
			(unsigned int)strlen(name) + 1, 0u);

	fwrite(name, 1, strlen(name) + 1, archive->out);
	pad(archive, (size_t)len + strlen(name) + 1);
}

static void write_node(struct archive *archive, const struct qt_initramfs_entry *entry)
{
	write_header(archive, entry->path, entry->mode, entry->device, entry->data_len);
	if (entry->data_len)
		fwrite(entry->data, 1, entry->data_len, archive->out);
	pad(archive, entry->data_len);
}

static int write_from_file(struct archive *archive, const struct qt_initramfs_entry *entry,
			   struct vgpu_error *err)
{
	_autofclose_ FILE *in = fopen(entry->source, "re");
	char buffer[1 << 16];
	struct stat st;
	size_t left;

	if (!in || fstat(fileno(in), &st) < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot read %s: %m",
				      entry->source);
	if (!S_ISREG(st.st_mode) || st.st_size > UINT32_MAX)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
				      "%s is no file that fits an initramfs", entry->source);
	write_header(archive, entry->path, entry->mode, 0, (size_t)st.st_size);
	for (left = (size_t)st.st_size; left > 0;) {
		size_t want = left < sizeof(buffer) ? left : sizeof(buffer);
		size_t got = fread(buffer, 1, want, in);

		if (got == 0)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, EIO,
					      "%s became shorter while it was read", entry->source);
		fwrite(buffer, 1, got, archive->out);
		left -= got;
	}
	pad(archive, (size_t)st.st_size);
	return 0;
}

/* Is the directory, the first @len bytes of @path, in the archive before entry @end? */
static bool has_dir(const struct qt_initramfs_entry *entries, size_t end, const char *path,
		    size_t len)
{
	for (size_t i = 0; i < end; i++) {
		const char *other = entries[i].path;

		if (strncmp(other, path, len) == 0 &&
		    (other[len] == '/' || (other[len] == '\0' && S_ISDIR(entries[i].mode))))
			return true;
	}
	return false;
}

/* The kernel makes no parents: they must come first. */
static void write_parents(struct archive *archive, const struct qt_initramfs_entry *entries,
			  size_t index)
{
	const char *path = entries[index].path;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		_autofree_ char *dir = strndup(path, (size_t)(slash - path));

		if (dir && strcmp(dir, "dev") != 0 &&
		    !has_dir(entries, index, path, (size_t)(slash - path)))
			write_header(archive, dir, S_IFDIR | 0755, 0, 0);
	}
}

static int write_entries(struct archive *archive, const struct qt_initramfs_entry *entries,
			 size_t entries_len, struct vgpu_error *err)
{
	const struct qt_initramfs_entry always[] = {
		{ .path = "dev", .mode = S_IFDIR | 0755 },
		{ .path = "dev/console", .mode = S_IFCHR | 0600, .device = makedev(5, 1) },
		{ .path = "dev/null", .mode = S_IFCHR | 0666, .device = makedev(1, 3) },
	};
	int rc = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(always); i++)
		write_node(archive, &always[i]);
	for (size_t i = 0; i < entries_len && rc == 0; i++) {
		write_parents(archive, entries, i);
		if (entries[i].source)
			rc = write_from_file(archive, &entries[i], err);
		else
			write_node(archive, &entries[i]);
	}
	write_header(archive, "TRAILER!!!", 0, 0, 0);
	return rc;
}

int qt_initramfs_write(int fd, const struct qt_initramfs_entry *entries, size_t entries_len,
		       struct vgpu_error *err)
{
	_autoclose_ int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct archive archive = { .next_ino = 1 };
	int rc;

	if (own_fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot write an initramfs: %m");
	archive.out = fdopen(own_fd, "we");
	if (!archive.out)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot write an initramfs: %m");
	(void)steal_fd(&own_fd);
	rc = write_entries(&archive, entries, entries_len, err);
	if (ferror(archive.out) && rc == 0)
		rc = vgpu_error_set(err, VGPU_ERROR_FAILED, EIO, "cannot write the initramfs");
	if (fclose(archive.out) != 0 && rc == 0)
		rc = vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				    "cannot write the initramfs: %m");
	return rc;
}
