/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/error.h>

/**
 * Mounts a /dev of the sandbox's own: an ordinary user cannot make a vfio/ in the real one. It has
 * those nodes of the real /dev that programs and QEMU use, as far as they exist.
 */
int sandbox_nodes_mount(struct vgpu_error *err);
