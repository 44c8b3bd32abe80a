/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Kernel modules for a guest's initramfs: what a module needs, in the order of loading, out of the
 * modules that were unpacked beside the guest's kernel.
 */

#include "initramfs.h"

#include <stddef.h>
#include <vgpulab/error.h>

/** Entries for qt_initramfs_write(): the modules, and the list by which the guest loads them. */
struct qt_guest_modules {
	struct qt_initramfs_entry *entries;
	size_t entries_len;
};

/** The variable is a struct qt_guest_modules that is released at the end of its scope. */
#define _guest_modules_ __attribute__((cleanup(qt_guest_modules_finish)))

/**
 * Finds the modules @wanted (NULL-terminated; each "NAME" or "NAME PARAMETER=VALUE...") and all that
 * they depend on below @guest_dir/lib/modules. What is built into the kernel is passed over. A module
 * that is not among those of the kernel is named by its absolute path, behind all that it needs.
 * 0, or a negative errno with @err filled; then @out is empty.
 * Source: modules.dep(5), libkmod
 */
int qt_guest_modules_find(const char *guest_dir, const char *const *wanted,
			  struct qt_guest_modules *out, struct vgpu_error *err);
void qt_guest_modules_finish(struct qt_guest_modules *modules);
