/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt-lint-facts.h"

const char *vgpu_lint_severity_name(enum vgpu_lint_severity severity)
{
	static const char *const names[] = {
		[VGPU_LINT_NOTE] = "note",
		[VGPU_LINT_WARNING] = "warning",
		[VGPU_LINT_ERROR] = "error",
	};

	return names[severity];
}

static const struct lint_row *row(size_t index)
{
	if (index < lint_device_rows_len)
		return &lint_device_rows[index];
	index -= lint_device_rows_len;
	return index < lint_qemu_rows_len ? &lint_qemu_rows[index] : NULL;
}

const struct vgpu_lint_rule *vgpu_lint_rule(size_t index)
{
	const struct lint_row *found = row(index);

	return found ? &found->rule : NULL;
}

int vgpu_libvirt_lint(const char *xml, size_t len, struct vgpu_version libvirt,
		      struct vgpu_version qemu,
		      void (*each)(void *data, const struct vgpu_lint_finding *finding), void *data,
		      struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	struct lint lint = { .libvirt = libvirt, .qemu = qemu, .each = each, .data = data };
	int ret = vgpu_xml_text_create(xml, len, &text, err);

	if (ret)
		return ret;
	lint_collect(&lint, text);
	for (size_t i = 0; row(i); i++) {
		lint.rule = &row(i)->rule;
		row(i)->look(&lint);
	}
	lint_finish(&lint);
	return lint.found;
}
