/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Changes to an XML text, collected first and applied at once. What no change touches stays byte
 * for byte; what they add looks as its surroundings do.
 *
 * A fragment is what is added, written thus: a line per tag, a tab per level, values in single
 * quotes, in values no quotes but entities. It takes on the document's own style.
 */

#include "libvirt-xml-text.h"

struct vgpu_xml_change {
	size_t at, len; /* what goes, in the old text */
	char *text; /* what comes */
	size_t text_len;
};

/** Zero-initialise but for @text. */
struct vgpu_xml_changes {
	const struct vgpu_xml_text *text;
	struct vgpu_xml_change *items;
	size_t len, allocated;
	int failed; /* the first negative errno of a function below; they all go on */
};
void vgpu_xml_changes_finish(struct vgpu_xml_changes *changes);

/** Replaces @len bytes at @at. Takes @replacement, a heap text (NULL: out of memory). */
void vgpu_xml_replace(struct vgpu_xml_changes *changes, size_t at, size_t len, char *replacement);

/** Makes attribute @name of @node be @value. Nothing changes if it is. */
void vgpu_xml_set(struct vgpu_xml_changes *changes, const xmlNode *node, const char *name,
		  const char *value);
void vgpu_xml_unset(struct vgpu_xml_changes *changes, const xmlNode *node, const char *name);
/** Removes @node, with its line if it stands alone there. */
void vgpu_xml_drop(struct vgpu_xml_changes *changes, const xmlNode *node);
/** Puts @fragment in the place of @node. */
void vgpu_xml_exchange(struct vgpu_xml_changes *changes, const xmlNode *node, const char *fragment);
/** Adds @fragment behind @node, as its sibling. */
void vgpu_xml_add_after(struct vgpu_xml_changes *changes, const xmlNode *node,
			const char *fragment);
/** Adds @fragment as the last, or first, child of @parent. */
void vgpu_xml_add_last(struct vgpu_xml_changes *changes, const xmlNode *parent,
		       const char *fragment);
void vgpu_xml_add_first(struct vgpu_xml_changes *changes, const xmlNode *parent,
			const char *fragment);

/**
 * Sorts the changes, joins those that touch, and gives the new text, NUL-terminated. 0, or a
 * negative errno with outputs untouched.
 */
int vgpu_xml_apply(struct vgpu_xml_changes *changes, char **out, size_t *out_len);
