/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The plug of a vGPU's monitor, where there is a hand to pull it: in a fake host.
 */

#include <vgpulab/error.h>

/** A fake host's own file for it, inside the sandbox. Source: vgpulab-fake(7), "control" */
#define QT_MONITOR_CONTROL "/dev/vgpulab/monitors"

/** @what is "unplugged", "plugged" or a mode such as "1280x720". 0 or a negative errno. */
int qt_monitor_control(const char *uuid, const char *what, struct vgpu_error *err);
