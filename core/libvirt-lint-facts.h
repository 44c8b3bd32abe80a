/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the lint rules look at: the facts of a domain, collected once.
 */

#include <stdint.h>
#include <vgpulab/libvirt-lint.h>

#include "libvirt-xml-plan.h"

enum { LINT_MDEVS_MAX = 32, LINT_DEVICES_MAX = 32, LINT_ARGS_MAX = 256 };

/** An mdev <hostdev>. What -set or an override says of it counts as if libvirt's words did. */
struct lint_mdev {
	const xmlNode *node;
	char *uuid; /* NULL: none */
	char *alias;
	bool display, ramfb;
};

/** A qemu:arg. */
struct lint_arg {
	const xmlNode *node;
	char *value;
	bool is_set; /* what follows "-set" */
};

struct lint {
	struct vgpu_version libvirt, qemu;
	xmlNode *root, *devices;
	struct lint_mdev mdevs[LINT_MDEVS_MAX];
	size_t mdevs_len;
	const struct lint_mdev *shown; /* the first with display='on'; NULL: none */
	const xmlNode *graphics[LINT_DEVICES_MAX];
	size_t graphics_len;
	const xmlNode *videos[LINT_DEVICES_MAX];
	size_t videos_len;
	struct lint_arg args[LINT_ARGS_MAX];
	size_t args_len;
	bool gl; /* some <graphics> brings GL */
	bool ovmf;
	/* while the rules run */
	const struct vgpu_lint_rule *rule;
	int found;
	void (*each)(void *data, const struct vgpu_lint_finding *finding);
	void *data;
};

/** A rule looks at the facts and reports what it finds. */
struct lint_row {
	struct vgpu_lint_rule rule;
	void (*look)(struct lint *lint);
};
extern const struct lint_row lint_device_rows[];
extern const size_t lint_device_rows_len;
extern const struct lint_row lint_qemu_rows[];
extern const size_t lint_qemu_rows_len;

void lint_collect(struct lint *lint, const struct vgpu_xml_text *text);
void lint_finish(struct lint *lint);

/** Reports a finding of the rule that runs. */
void lint_report(struct lint *lint, const xmlNode *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The first of that type, or NULL. */
const xmlNode *lint_graphics(const struct lint *lint, const char *type);
const xmlNode *lint_video(const struct lint *lint, const char *type);
/** The SPICE element with <gl enable='yes'>, or NULL. */
const xmlNode *lint_spice_gl(const struct lint *lint);

/** What gives an mdev the property @name, by -set or override; NULL if nothing does. */
const xmlNode *lint_property(const struct lint *lint, const char *name);
/** Is @name (which ends with NUL or '.') an mdev device's name for QEMU? */
bool lint_is_alias(const struct lint *lint, const char *name);
/** Does libvirt write -device as JSON? */
bool lint_json(const struct lint *lint);
/** An amount of memory with its unit, in KiB. False if it is not understood. */
bool lint_kib(const xmlNode *node, uint64_t *out);
