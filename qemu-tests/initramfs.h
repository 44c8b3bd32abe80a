/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes an initramfs: a cpio archive in the "newc" format, uncompressed, as the kernel unpacks it.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst
 */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <vgpulab/error.h>

/**
 * One node. Parent directories need no entry of their own: missing ones are made with mode 0755.
 * Everything belongs to root.
 */
struct qt_initramfs_entry {
	const char *path; /* "init", "dev/console"; no leading slash */
	mode_t mode; /* type and permissions: S_IFREG | 0755 */
	const char *source; /* a file whose content is taken; NULL: the data below */
	const void
		*data; /* content of a file, or a link's target; may be NULL if the length is 0 */
	size_t data_len;
	dev_t device; /* of a S_IFCHR or S_IFBLK node: makedev(5, 1) */
};

/**
 * Writes the archive to @fd, from its current position on. The nodes dev/console and dev/null are
 * in every archive. 0, or a negative errno with @err filled.
 */
int qt_initramfs_write(int fd, const struct qt_initramfs_entry *entries, size_t entries_len,
		       struct vgpu_error *err);
