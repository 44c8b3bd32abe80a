/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The sysfs seam. A backend is a tree that looks like /sys: all that the manager knows of the
 * world it learns through these functions. Parsing, limits and error wording exist once, above it.
 *
 * Paths are relative to the tree's root, without a leading slash: "class/mdev_bus". "" is the root.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vgpu_error;
struct vgpu_backend;

/** One kind of backend. All functions return 0 (or a length) or a negative errno. */
struct vgpu_backend_impl {
	const char *name; /* "sysfs" */
	const char *summary; /* one line for --help */

	/**
	 * Reads a whole attribute, at most @size - 1 bytes, and ends it with NUL.
	 * Returns its length, -EFBIG if it is longer.
	 */
	ssize_t (*read)(struct vgpu_backend *backend, const char *path, char *buffer, size_t size);
	/** Writes an attribute with exactly one write(2). Returns 0 only if all bytes were taken. */
	int (*write)(struct vgpu_backend *backend, const char *path, const void *data, size_t len);
	/** The link's text, NUL-terminated. Returns its length, -EINVAL if @path is no link. */
	ssize_t (*readlink)(struct vgpu_backend *backend, const char *path, char *buffer,
			    size_t size);
	/** Calls @each for every entry but "." and "..", in any order, until it returns non-zero. */
	int (*list)(struct vgpu_backend *backend, const char *path,
		    int (*each)(void *data, const char *name), void *data);
	/** 0 if @path exists (a dangling link does), else -ENOENT or another negative errno. */
	int (*exists)(struct vgpu_backend *backend, const char *path);
	/**
	 * Waits until something below /sys may have changed, or @timeout_ms passed. Returns 1 for
	 * "look again", 0 for the time-out. A backend that gets no events looks again soon.
	 */
	int (*wait)(struct vgpu_backend *backend, int timeout_ms);
	/** Releases what the backend holds, and itself. */
	void (*destroy)(struct vgpu_backend *backend);
};

/** What every backend begins with. */
struct vgpu_backend {
	const struct vgpu_backend_impl *impl;
	char root[256]; /* how messages name the tree: "/sys" */
};
