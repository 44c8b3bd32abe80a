/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the verbs do with a backend again and again: attributes as text, and what a link names.
 * Every path is a printf format; one that does not fit gives -ENAMETOOLONG.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vgpu_backend;
struct vgpu_error;

/** The longest path asked of a backend, with its NUL. */
#define VGPU_PATH_LEN 512

/** Reads an attribute without its last newline (the only place that strips it). A length, or -errno. */
ssize_t vgpu_attribute_read(struct vgpu_backend *backend, char *buffer, size_t size,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Reads a number, "0x" for hexadecimal. 0, -EINVAL if it is none, or another negative errno. */
int vgpu_attribute_read_u32(struct vgpu_backend *backend, uint32_t *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * The last component of a link's text: the driver, the group, the type. 0, or a negative errno
 * with @buffer untouched; -ENAMETOOLONG if it does not fit.
 */
int vgpu_attribute_link_name(struct vgpu_backend *backend, char *buffer, size_t size,
			     const char *format, ...) __attribute__((format(printf, 4, 5)));

/**
 * Where a link leads, as a path from the root, for a link whose text climbs to the root first, as
 * those in class/ and bus/ do. 0, or a negative errno with @buffer untouched.
 * Source: fs/sysfs/symlink.c: the text is the shortest relative path
 */
int vgpu_attribute_link_path(struct vgpu_backend *backend, char *buffer, size_t size,
			     const char *format, ...) __attribute__((format(printf, 4, 5)));

bool vgpu_attribute_exists(struct vgpu_backend *backend, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** One write(2) of @text. 0 or a negative errno. */
int vgpu_attribute_write(struct vgpu_backend *backend, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Whether what was asked for went away after its name had been seen.
 * Source: sysfs gives ENOENT for a path and ENODEV for an open file of a removed device
 */
bool vgpu_attribute_has_gone(int ret);

/** "cannot read PATH: WHY", @ret being a negative errno, which is returned. */
int vgpu_attribute_fail(const struct vgpu_backend *backend, int ret, const char *path,
			struct vgpu_error *err);
