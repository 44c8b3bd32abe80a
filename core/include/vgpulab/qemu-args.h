/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What QEMU must be told on its command line for a display path.
 */

#include <vgpulab/cleanup.h>
#include <vgpulab/display-path.h>

/** The id of the vGPU's -device; also how QMP names its console. */
#define VGPU_QEMU_DEVICE_ID "hostdev0"

/** Why a part of an argument is there. */
struct vgpu_qemu_reason {
	const char *part; /* "display=on" */
	const char *why;
};

struct vgpu_qemu_arg {
	const char *option; /* "-device" */
	char *value; /* NULL: the option takes none */
	struct vgpu_qemu_reason reasons[8];
	size_t reasons_len;
};

struct vgpu_qemu_args {
	struct vgpu_display_path path; /* with the viewer that was taken */
	struct vgpu_qemu_arg items[8];
	size_t len;
};

/**
 * The arguments that work. 0 with *@out to be destroyed by the caller, or what
 * vgpu_display_decide() refuses with, or -ENOMEM.
 * Source: qemu-system-x86_64(1); -device vfio-pci,help
 */
int vgpu_qemu_args_create(const struct vgpu_display_request *request, struct vgpu_qemu_args **out,
			  struct vgpu_error *err);
void vgpu_qemu_args_destroy(struct vgpu_qemu_args *args);
VGPU_DEFINE_DESTROYP(vgpu_qemu_args)
