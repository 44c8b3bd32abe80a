/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../guest-modules.h"

/**
 * What the lab VM loads: what it needs itself, and the drivers in the comma-separated @wanted, which
 * may be NULL. The mdev samples are built when they are not there yet. 0, or a negative errno with
 * @err filled; @out is released by the caller.
 */
int qt_lab_modules_find(const char *guest_dir, const char *wanted, struct qt_guest_modules *out,
			struct vgpu_error *err);
