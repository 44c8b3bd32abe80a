/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The same scenarios through libvirt: the vGPU and who shows it come from the domain that
 * `vgpulab libvirt-xml --domain` prints; what the harness adds is a kernel to boot and lines to
 * speak over. A program of ours (viewers/run-domain.c) starts it, transient and bound to its own
 * life, and ends with it: so it stands for QEMU as a process of ours would.
 * Source: libvirt docs/formatdomain.rst
 */

#include "argv.h"

#include <vgpulab/error.h>

#define QT_DOMAIN_XML	  "domain.xml"
#define QT_DOMAIN_STARTED "domain.started" /* a file that is there when libvirt has started it */

struct qt_vm;

struct qt_domain_request {
	const char *name; /* of the domain; unique on this host */
	const char *path; /* the display path as core knows it: "region,vnc" */
	const char *uuid; /* the vGPU's */
	char *device; /* where to put its id in QEMU, QT_DEVICE_ID_LEN bytes */
	const char *directory; /* absolute; for sockets and logs */
	const char *append; /* all of the kernel's command line */
	bool boot_menu;
	const struct qt_qemu_argv *qemu; /* the rest; initrd relative to @directory */
};

/**
 * Writes domain.xml below @dir_fd and gives the command line that starts it. 0, or a negative errno with @err
 * filled: libvirt may have no word for the display path.
 */
int qt_domain_write(const struct qt_domain_request *request, int dir_fd, struct qt_argv *out,
		    struct vgpu_error *err);

/**
 * Waits until libvirt has started the domain that qt_domain_write() described: one without a guest may be through
 * before that, and libvirt would say that QEMU did not start. 0, or a negative errno with @err filled.
 */
int qt_domain_await_start(struct qt_vm *vm, struct vgpu_error *err);
