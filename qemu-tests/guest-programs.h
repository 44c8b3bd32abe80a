/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs of this machine, and what they load by themselves, for a guest's initramfs: they and the
 * libraries that they are linked with, each where it is here.
 */

#include "initramfs.h"

#include <stddef.h>
#include <vgpulab/error.h>

struct qt_guest_programs {
	struct qt_initramfs_entry *entries;
	size_t entries_len;
};

/** The variable is a struct qt_guest_programs that is released at the end of its scope. */
#define _guest_programs_ __attribute__((cleanup(qt_guest_programs_finish)))

/**
 * Finds @programs (NULL-terminated, absolute paths). 0, or a negative errno with @err filled
 * (VGPU_ERROR_NEED: one is not there); then @out is empty. Source: ld.so(8), --list
 */
int qt_guest_programs_find(const char *const *programs, struct qt_guest_programs *out,
			   struct vgpu_error *err);
void qt_guest_programs_finish(struct qt_guest_programs *programs);
