/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/backend-impl.h>

extern const struct vgpu_backend_impl vgpu_backend_trace;

/** The table's open: @argument is "FILE,SPEC"; FILE "-" is standard error. */
int vgpu_trace_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err);
