/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/** A release of QEMU or libvirt. All zero: unknown. */
struct vgpu_version {
	unsigned int major, minor, micro;
};

/**
 * Finds the first "MAJOR.MINOR[.MICRO]" in @text, which may be the number alone or what
 * `qemu-system-x86_64 --version` prints. 0, or -EINVAL with @out untouched.
 */
int vgpu_version_parse(const char *text, struct vgpu_version *out);

/** Less than, equal to or greater than 0, as strcmp(). */
int vgpu_version_compare(struct vgpu_version a, struct vgpu_version b);

/** Is @version MAJOR.MINOR or later? */
bool vgpu_version_since(struct vgpu_version version, unsigned int major, unsigned int minor);
