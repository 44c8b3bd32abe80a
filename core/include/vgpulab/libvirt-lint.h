/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is wrong with the vGPU of a domain, before QEMU or the viewer says so in fewer words.
 */

#include <stddef.h>
#include <vgpulab/error.h>
#include <vgpulab/version.h>

enum vgpu_lint_severity {
	VGPU_LINT_NOTE, /* has no effect, or not the one it seems to have */
	VGPU_LINT_WARNING, /* works, but shows nothing or will not for long */
	VGPU_LINT_ERROR, /* libvirt or QEMU refuses it, or QEMU ends */
};

struct vgpu_lint_rule {
	const char *id; /* "two-ramfb" */
	enum vgpu_lint_severity severity;
	const char *cause; /* what it leads to; quotes what libvirt or QEMU says */
	const char *remedy;
};

struct vgpu_lint_finding {
	const struct vgpu_lint_rule *rule;
	int line;
	char evidence[160]; /* what stands there */
};

/** "note", "warning", "error". */
const char *vgpu_lint_severity_name(enum vgpu_lint_severity severity);

/** The rules, by index; NULL behind the last. */
const struct vgpu_lint_rule *vgpu_lint_rule(size_t index);

/**
 * Calls @each for every finding, in the order of the rules. Versions decide what is wrong. Returns
 * the number of findings, or -EINVAL with @err filled if @xml is no domain.
 * Source: libvirt src/qemu/qemu_validate.c, src/qemu/qemu_command.c; QEMU hw/vfio, ui
 */
int vgpu_libvirt_lint(const char *xml, size_t len, struct vgpu_version libvirt,
		      struct vgpu_version qemu,
		      void (*each)(void *data, const struct vgpu_lint_finding *finding), void *data,
		      struct vgpu_error *err);
