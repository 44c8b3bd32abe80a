/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an edit did, kept in the domain itself: an element of ours in <metadata>, which libvirt
 * stores and hands back. It holds what stood in each changed place, so that removing the vGPU gives
 * the original back byte for byte.
 */

#include "libvirt-xml-change.h"

#define VGPU_RECORD_NAMESPACE "urn:vgpulab:domain:1"

/** The record of @text, or NULL. */
xmlNode *vgpu_xml_record_find(const struct vgpu_xml_text *text);

/**
 * Applies @changes and records them. @path and @uuid are noted for people. 0 with a heap text, or
 * a negative errno with @err filled.
 */
int vgpu_xml_record_apply(struct vgpu_xml_changes *changes, const char *path, const char *uuid,
			  char **out, size_t *out_len, struct vgpu_error *err);

/**
 * Undoes what the record says and removes it. Changes that others made elsewhere stay. 0 with a
 * heap text; -ENODATA if there is no record; -ESTALE if a recorded place is not found any more.
 */
int vgpu_xml_record_undo(const struct vgpu_xml_text *text, char **out, size_t *out_len,
			 struct vgpu_error *err);

/**
 * Where vgpu_xml_record_undo() says -ESTALE: puts the devices back that the record tells of, at the
 * end of <devices>. 0, -ESTALE if the vGPU is not there, or -ENOMEM.
 */
int vgpu_xml_revert(const struct vgpu_xml_text *text, char **out, size_t *out_len);

/** The old text that a child of the record holds. Heap; NULL if out of memory. */
char *vgpu_xml_record_text(const struct vgpu_xml_text *text, const xmlNode *node);
