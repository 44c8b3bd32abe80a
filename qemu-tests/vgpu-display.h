/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * By which path a vGPU shows itself, asked of the vGPU as QEMU does.
 */

#include <vgpulab/error.h>

/**
 * "dmabuf", "region" or "none" in *@display, for the vGPU that /sys/bus/mdev/devices has under @uuid.
 * 0, or a negative errno with @err filled. The vGPU is closed again.
 */
int qt_vgpu_display(const char *uuid, const char **display, struct vgpu_error *err);
