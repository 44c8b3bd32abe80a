/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The host-facts seam: what there is to know of a machine beside its /sys. The doctor reads these
 * two seams and nothing else, so that it judges the machine it runs on, a fake host and a recorded
 * bundle alike.
 */

#include <stdbool.h>
#include <stddef.h>

struct vgpu_host_facts;

/** Facts that are one text. Each has a name (vgpu_fact_name()), which bundles use. */
enum vgpu_fact {
	VGPU_FACT_KERNEL_RELEASE, /* "6.12.9-amd64" */
	VGPU_FACT_KERNEL_COMMAND_LINE,
	VGPU_FACT_KERNEL_LOG, /* the lines that may concern a vGPU */
	VGPU_FACT_CPU_FLAGS, /* "fpu vme ... vmx" */
	VGPU_FACT_KVM, /* "works", or what does not */
	VGPU_FACT_MEMLOCK, /* the hard limit in bytes, "unlimited", or "exempt" (CAP_IPC_LOCK) */
	VGPU_FACT_USER, /* the name, or the number */
	VGPU_FACT_VFIO_USERS, /* a line "NODE PID PROGRAM" for each open group node */
	VGPU_FACT_QEMU_VERSION, /* "QEMU emulator version 7.2.22 (Debian ...)" */
	VGPU_FACT_QEMU_VFIO_PCI, /* properties of the device vfio-pci, as QEMU lists them */
	VGPU_FACT_QEMU_VFIO_PCI_NOHOTPLUG, /* those of vfio-pci-nohotplug */
	VGPU_FACT_QEMU_DISPLAYS, /* what -display can be, one a line */
	VGPU_FACT_LIBVIRT_VERSION, /* "libvirtd (libvirt) 9.0.0" */
	VGPU_FACT_MDEVCTL, /* where mdevctl is: "/usr/sbin/mdevctl" */
	VGPU_FACT_VERIFY_SYSFS, /* $SYSTEMD_DEVICE_VERIFY_SYSFS */
	VGPU_FACTS_LEN,
};

/** What stat(2) and access(2) say of a path. */
struct vgpu_node_fact {
	char kind; /* as ls(1) prints it: 'c', '-', 'd', 's' ... */
	unsigned int mode; /* permission bits */
	unsigned int uid, gid;
	bool readable, writable; /* for who asks */
};

/** One source of facts. All functions return 0 or a negative errno; -ENOENT: there is none. */
struct vgpu_host_facts_impl {
	const char *name; /* "real" */
	const char *summary; /* one line */

	/** A fact, NUL-terminated, for the caller to free(). -EACCES: not for this user. */
	int (*text)(struct vgpu_host_facts *facts, enum vgpu_fact fact, char **out);
	/** Of an absolute path, links followed. */
	int (*node)(struct vgpu_host_facts *facts, const char *path, struct vgpu_node_fact *out);
	/** A file's contents, NUL-terminated, for the caller to free(). -EFBIG beyond 1 MiB. */
	int (*read)(struct vgpu_host_facts *facts, const char *path, char **out);
	/** Calls @each for every entry but "." and "..", in any order, until it returns non-zero. */
	int (*list)(struct vgpu_host_facts *facts, const char *path,
		    int (*each)(void *data, const char *name), void *data);
	/** Releases what it holds, and itself. */
	void (*destroy)(struct vgpu_host_facts *facts);
};

/** What every source begins with. */
struct vgpu_host_facts {
	const struct vgpu_host_facts_impl *impl;
};

/** "kernel-release". Never NULL. */
const char *vgpu_fact_name(enum vgpu_fact fact);
