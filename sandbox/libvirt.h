/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A libvirtd of the sandbox's own, beside the program. It has private directories for its
 * configuration and state: the machine's libvirt is neither asked nor changed.
 */

#include <signal.h>
#include <stdbool.h>
#include <vgpulab/error.h>

/**
 * As root of the mount namespace: the private directories, and the configuration in them.
 * @session: for libvirtd of an ordinary user. 0 or a negative errno.
 */
int sandbox_libvirt_mount(bool session, struct vgpu_error *err);
/**
 * In the pid namespace's first process: starts udevd, without which libvirt does not hear of new
 * devices. 0, or a negative errno if there is none: then libvirt knows the devices of its start.
 */
int sandbox_libvirt_start_udevd(void);
/**
 * In the process that becomes the program, its filter installed: starts libvirtd, waits until it
 * listens, and sets LIBVIRT_DEFAULT_URI. libvirtd is a child of this process's parent, and ends
 * with the pid namespace. 0 or a negative errno, with libvirtd's last words in @err.
 */
int sandbox_libvirt_start(bool session, struct vgpu_error *err);
