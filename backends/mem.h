/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/backend-impl.h>

extern const struct vgpu_backend_impl vgpu_backend_mem;

/** The table's open: @argument is "GPU[+GPU...]", each as for `run --gpu`. */
int vgpu_mem_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err);
