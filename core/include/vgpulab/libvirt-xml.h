/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What libvirt must be told for a display path: pieces of XML, a whole domain, or an existing
 * domain edited in place. An edit touches nothing else, can be repeated without effect, and can be
 * taken back byte for byte.
 */

#include <vgpulab/display-path.h>

struct vgpu_libvirt_request {
	struct vgpu_display_request display;
	struct vgpu_version libvirt;
	bool unrecorded; /* an edit notes nothing in <metadata>, and cannot be removed again */
};

/** How properties that <hostdev> has no word for reach QEMU. */
enum vgpu_libvirt_way {
	VGPU_LIBVIRT_OVERRIDE, /* qemu:override */
	VGPU_LIBVIRT_SET, /* qemu:commandline with -set */
	VGPU_LIBVIRT_SET_WITHOUT_JSON, /* the same, and JSON syntax of -device switched off */
};

/**
 * The way that this libvirt with this QEMU takes.
 * Source: libvirt NEWS 7.9 (JSON -device), 8.2 and 8.5 (qemu:override); QEMU 6.2
 */
enum vgpu_libvirt_way vgpu_libvirt_way(struct vgpu_version libvirt, struct vgpu_version qemu);

/**
 * vgpu_display_decide(), and libvirt's own limits: what it has no word for, and what it refuses.
 * Source: libvirt NEWS, src/qemu/qemu_validate.c
 */
int vgpu_libvirt_decide(const struct vgpu_libvirt_request *request, struct vgpu_display_path *out,
			struct vgpu_error *err);

/** A new domain. Texts are borrowed. */
struct vgpu_libvirt_domain {
	const char *name;
	unsigned int memory_mib;
	unsigned int vcpus; /* 0: 2 */
	const char *disk; /* image file; NULL: none */
};

/*
 * The four below give a heap text and return 0, or return a negative errno with @err filled and
 * outputs untouched.
 */

/** The pieces, each for its place in a domain; comments say where. */
int vgpu_libvirt_snippet(const struct vgpu_libvirt_request *request, char **out,
			 struct vgpu_error *err);
/** A whole domain that shows the vGPU. */
int vgpu_libvirt_domain(const struct vgpu_libvirt_request *request,
			const struct vgpu_libvirt_domain *domain, char **out,
			struct vgpu_error *err);
/** -EEXIST: the domain has the vGPU twice, or another one with ramfb. */
int vgpu_libvirt_edit(const struct vgpu_libvirt_request *request, const char *xml, size_t len,
		      char **out, size_t *out_len, struct vgpu_error *err);
/**
 * 0: the original, byte for byte, but for what others changed elsewhere. 1: the edited places were
 * rewritten since (libvirt does so when it stores a domain), so the original devices were put back
 * at the end of <devices>. -ENODATA: nothing was edited here. -ESTALE: the vGPU is gone already.
 */
int vgpu_libvirt_remove(const char *xml, size_t len, char **out, size_t *out_len,
			struct vgpu_error *err);
