/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An XML text whose elements know where they stand in it. libxml2 says what the text means, a
 * scanner where each piece lies; both must see the same elements, else the text is refused.
 */

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

enum { VGPU_XML_NO_NODE = -1 };

/** An element, or (xml NULL) a comment or processing instruction. Offsets are bytes of the text. */
struct vgpu_xml_node {
	size_t start, end; /* '<' of the start tag, behind '>' of the end tag */
	size_t open_end; /* behind '>' of the start tag */
	size_t close_start; /* '<' of the end tag; equals end if there is none ("<a/>") */
	size_t name_len;
	int parent;
	xmlNode *xml;
};

struct vgpu_xml_text {
	const char *text; /* borrowed */
	size_t len;
	xmlDoc *doc;
	struct vgpu_xml_node *nodes; /* in document order */
	int nodes_len;
	int root;
	/* how this author writes */
	bool pretty; /* one element a line */
	const char *line_break;
	char indent[16]; /* of one level */
	char quote;
};

/**
 * Parses @text, which must be a domain and outlive @out. 0, or -EINVAL with @err filled: not
 * well-formed, no domain, an encoding that is not a superset of ASCII, a DTD (libvirt's have none).
 */
int vgpu_xml_text_create(const char *text, size_t len, struct vgpu_xml_text **out,
			 struct vgpu_error *err);
void vgpu_xml_text_destroy(struct vgpu_xml_text *text);
VGPU_DEFINE_DESTROYP(vgpu_xml_text)

/** The node's place in text->nodes. */
int vgpu_xml_node_of(const struct vgpu_xml_text *text, const xmlNode *xml);

/** The first child element of @parent with that local name in namespace @uri (NULL: none). */
xmlNode *vgpu_xml_child(const xmlNode *parent, const char *name, const char *uri);
/** The next sibling of that kind. */
xmlNode *vgpu_xml_next(const xmlNode *node, const char *name, const char *uri);
/** Is the attribute @name of @node (which may be NULL) there and equal to @value? */
bool vgpu_xml_is(const xmlNode *node, const char *name, const char *value);
/** The attribute's value, to be freed; NULL if there is none. */
char *vgpu_xml_get(const xmlNode *node, const char *name);

/** Where an attribute stands: from the blank before it, its value without quotes, its end. */
struct vgpu_xml_span {
	size_t start, value, value_end, end;
};
/** False if there is none. @name NULL: the last one. */
bool vgpu_xml_attribute(const struct vgpu_xml_text *text, const struct vgpu_xml_node *node,
			const char *name, struct vgpu_xml_span *out);
