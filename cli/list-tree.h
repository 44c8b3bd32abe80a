/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/snapshot.h>

/** Prints GPUs, their types, and the vGPUs of each as a tree. 0 or a negative errno. */
int cli_list_tree_print(const struct vgpu_snapshot *snapshot, struct vgpu_error *err);
