/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <libxml/parser.h>
#include <stdint.h>
#include <string.h>

#include "libvirt-xml-text.h"

enum { TEXT_MAX_LEN = 8 << 20, NODES_MAX = 1 << 20 };

/* The scanner sees only what libxml2 found well-formed. */
struct scan {
	struct vgpu_xml_text *out;
	int allocated;
	int open; /* innermost open element */
};

static int failed(struct vgpu_error *err, const char *why)
{
	return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "not usable XML: %s", why);
}

static struct vgpu_xml_node *add_node(struct scan *scan, size_t start)
{
	struct vgpu_xml_text *text = scan->out;
	struct vgpu_xml_node *grown;

	if (text->nodes_len == scan->allocated) {
		int allocated = scan->allocated ? 2 * scan->allocated : 64;

		if (allocated > NODES_MAX)
			return NULL;
		grown = reallocarray(text->nodes, (size_t)allocated, sizeof(*grown));
		if (!grown)
			return NULL;
		text->nodes = grown;
		scan->allocated = allocated;
	}
	text->nodes[text->nodes_len] = (struct vgpu_xml_node){
		.start = start,
		.parent = scan->open,
	};
	return &text->nodes[text->nodes_len++];
}

/* Behind the next @mark at or after @at; 0 if there is none. */
static size_t behind(const struct vgpu_xml_text *text, size_t at, const char *mark)
{
	const char *found = memmem(text->text + at, text->len - at, mark, strlen(mark));

	return found ? (size_t)(found - text->text) + strlen(mark) : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind the '>' that ends the tag at @at, quotes respected; 0 if there is none. */
static size_t tag_end(const struct vgpu_xml_text *text, size_t at)
{
	char quote = 0;

	for (; at < text->len; at++) {
		char c = text->text[at];

		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return at + 1;
	}
	return 0;
}

static size_t scan_start_tag(struct scan *scan, size_t at)
{
	const struct vgpu_xml_text *text = scan->out;
	size_t end = tag_end(text, at);
	struct vgpu_xml_node *node = end ? add_node(scan, at) : NULL;

	if (!node)
		return 0;
	while (at + 1 + node->name_len < end && !is_blank(text->text[at + 1 + node->name_len]) &&
	       !strchr("/>", text->text[at + 1 + node->name_len]))
		node->name_len++;
	node->open_end = node->close_start = node->end = end;
	if (text->text[end - 2] != '/')
		scan->open = text->nodes_len - 1;
	return end;
}

static size_t scan_end_tag(struct scan *scan, size_t at)
{
	size_t end = behind(scan->out, at, ">");

	if (!end || scan->open < 0)
		return 0;
	scan->out->nodes[scan->open].close_start = at;
	scan->out->nodes[scan->open].end = end;
	scan->open = scan->out->nodes[scan->open].parent;
	return end;
}

static size_t scan_other(struct scan *scan, size_t at, const char *mark)
{
	size_t end = behind(scan->out, at, mark);
	struct vgpu_xml_node *node = end ? add_node(scan, at) : NULL;

	if (!node)
		return 0;
	node->open_end = node->close_start = node->end = end;
	return end;
}

static size_t scan_one(struct scan *scan, size_t at)
{
	const char *here = scan->out->text + at;
	size_t left = scan->out->len - at;

	if (left > 4 && !memcmp(here, "<!--", 4))
		return scan_other(scan, at, "-->");
	if (left > 9 && !memcmp(here, "<![CDATA[", 9))
		return behind(scan->out, at, "]]>");
	if (left > 2 && here[1] == '?')
		return scan_other(scan, at, "?>");
	if (left > 2 && here[1] == '/')
		return scan_end_tag(scan, at);
	return scan_start_tag(scan, at);
}

static int scan_all(struct vgpu_xml_text *text, struct vgpu_error *err)
{
	struct scan scan = { .out = text, .open = VGPU_XML_NO_NODE };
	const char *found;

	for (size_t at = 0; (found = memchr(text->text + at, '<', text->len - at));) {
		at = scan_one(&scan, (size_t)(found - text->text));
		if (!at)
			return failed(err, "it is too large or strange");
	}
	return scan.open < 0 ? 0 : failed(err, "an element does not end");
}

static bool same_name(const struct vgpu_xml_text *text, const struct vgpu_xml_node *node,
		      const xmlNode *xml)
{
	const char *at = text->text + node->start + 1;
	const char *prefix = xml->ns ? (const char *)xml->ns->prefix : NULL;
	size_t prefix_len = prefix ? strlen(prefix) + 1 : 0;
	size_t name_len = strlen((const char *)xml->name);

	if (node->name_len != prefix_len + name_len)
		return false;
	if (prefix && (memcmp(at, prefix, prefix_len - 1) || at[prefix_len - 1] != ':'))
		return false;
	return !memcmp(at + prefix_len, xml->name, name_len);
}

static xmlNode *next_element(xmlNode *xml)
{
	xmlNode *child = xmlFirstElementChild(xml);

	if (child)
		return child;
	for (; xml && xml->type == XML_ELEMENT_NODE; xml = xml->parent) {
		xmlNode *sibling = xmlNextElementSibling(xml);

		if (sibling)
			return sibling;
	}
	return NULL;
}

/* Gives each scanned element libxml2's node, and the other way round. */
static int pair(struct vgpu_xml_text *text, struct vgpu_error *err)
{
	xmlNode *xml = xmlDocGetRootElement(text->doc);

	text->root = VGPU_XML_NO_NODE;
	for (int i = 0; i < text->nodes_len; i++) {
		struct vgpu_xml_node *node = &text->nodes[i];

		if (!node->name_len)
			continue;
		if (!xml || !same_name(text, node, xml))
			return failed(err, "its elements cannot be told apart");
		if (text->root < 0)
			text->root = i;
		node->xml = xml;
		xml->_private = (void *)(intptr_t)i;
		xml = next_element(xml);
	}
	return xml ? failed(err, "its elements cannot be told apart") : 0;
}

static bool is_ascii_superset(const char *encoding)
{
	static const char *const known[] = { "UTF-8", "US-ASCII", "ASCII", "ISO-8859-1",
					     "ISO-8859-15" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(known); i++)
		if (!strcasecmp(known[i], encoding))
			return true;
	return false;
}

static int parse(struct vgpu_xml_text *text, struct vgpu_error *err)
{
	xmlParserCtxt *context = xmlNewParserCtxt();
	const xmlNode *root;

	if (!context)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	text->doc = xmlCtxtReadMemory(context, text->text, (int)text->len, NULL, NULL,
				      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!text->doc) {
		const char *message = context->lastError.message;

		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "line %d: not well-formed XML: %.*s",
			       context->lastError.line, message ? (int)strcspn(message, "\n") : 0,
			       message ? message : "");
	}
	xmlFreeParserCtxt(context);
	if (!text->doc)
		return -EINVAL;
	root = xmlDocGetRootElement(text->doc);
	if (text->doc->intSubset)
		return failed(err, "it has a document type declaration");
	if (text->doc->encoding && !is_ascii_superset((const char *)text->doc->encoding))
		return failed(err, "its encoding is neither UTF-8 nor Latin-1");
	if (!root || root->ns || strcmp((const char *)root->name, "domain"))
		return failed(err, "its root element is no <domain>");
	return 0;
}

/* The blanks before the first element that has a line of its own are one level of indentation. */
static void learn_indent(struct vgpu_xml_text *text)
{
	for (int i = text->root + 1; i < text->nodes_len && !text->pretty; i++) {
		const struct vgpu_xml_node *node = &text->nodes[i];
		size_t line = node->start;

		if (node->parent != text->root || !node->xml)
			continue;
		while (text->text[line - 1] == ' ' || text->text[line - 1] == '\t')
			line--;
		text->pretty = text->text[line - 1] == '\n';
		if (text->pretty && node->start > line &&
		    node->start - line < sizeof(text->indent)) {
			memcpy(text->indent, text->text + line, node->start - line);
			text->indent[node->start - line] = '\0';
		}
	}
}

static void learn_style(struct vgpu_xml_text *text)
{
	const char *lf = memchr(text->text, '\n', text->len);
	struct vgpu_xml_span span;

	text->line_break = lf && lf > text->text && lf[-1] == '\r' ? "\r\n" : "\n";
	text->quote = '\'';
	if (vgpu_xml_attribute(text, &text->nodes[text->root], NULL, &span))
		text->quote = text->text[span.value - 1];
	strcpy(text->indent, "  ");
	learn_indent(text);
}

int vgpu_xml_text_create(const char *bytes, size_t len, struct vgpu_xml_text **out,
			 struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	int ret;

	if (len > TEXT_MAX_LEN)
		return failed(err, "it is larger than 8 MiB");
	if (memchr(bytes, '\0', len))
		return failed(err, "it holds a NUL byte"); /* at which libxml2 would stop */
	text = calloc(1, sizeof(*text));
	if (!text)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	text->text = bytes;
	text->len = len;
	ret = parse(text, err);
	if (ret == 0)
		ret = scan_all(text, err);
	if (ret == 0)
		ret = pair(text, err);
	if (ret)
		return ret;
	learn_style(text);
	*out = steal(text);
	return 0;
}

void vgpu_xml_text_destroy(struct vgpu_xml_text *text)
{
	if (!text)
		return;
	xmlFreeDoc(text->doc);
	free(text->nodes);
	free(text);
}

int vgpu_xml_node_of(const struct vgpu_xml_text *text, const xmlNode *xml)
{
	return (int)(intptr_t)xml->_private;
}

static bool is_element(const xmlNode *node, const char *name, const char *uri)
{
	const char *own = node->ns ? (const char *)node->ns->href : NULL;

	if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name))
		return false;
	return uri && own ? !strcmp(uri, own) : !uri && !own;
}

xmlNode *vgpu_xml_child(const xmlNode *parent, const char *name, const char *uri)
{
	for (xmlNode *at = parent ? parent->children : NULL; at; at = at->next)
		if (is_element(at, name, uri))
			return at;
	return NULL;
}

xmlNode *vgpu_xml_next(const xmlNode *node, const char *name, const char *uri)
{
	for (xmlNode *at = node->next; at; at = at->next)
		if (is_element(at, name, uri))
			return at;
	return NULL;
}

char *vgpu_xml_get(const xmlNode *node, const char *name)
{
	return node ? (char *)xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
}

bool vgpu_xml_is(const xmlNode *node, const char *name, const char *value)
{
	_autofree_ char *own = vgpu_xml_get(node, name);

	return own && !strcmp(own, value);
}

bool vgpu_xml_attribute(const struct vgpu_xml_text *text, const struct vgpu_xml_node *node,
			const char *name, struct vgpu_xml_span *out)
{
	const char *bytes = text->text;
	size_t at = node->start + 1 + node->name_len;
	bool found = false;

	for (;;) {
		struct vgpu_xml_span span = { .start = at };
		size_t name_at;

		while (at < node->open_end && is_blank(bytes[at]))
			at++;
		name_at = at;
		while (at < node->open_end && !is_blank(bytes[at]) && !strchr("=/>", bytes[at]))
			at++;
		if (at == name_at)
			return found;
		if (name &&
		    (strlen(name) != at - name_at || memcmp(name, bytes + name_at, at - name_at)))
			span.start = SIZE_MAX; /* another one */
		while (at < node->open_end && bytes[at] != '"' && bytes[at] != '\'')
			at++;
		span.value = at + 1;
		for (at++; at < node->open_end && bytes[at] != bytes[span.value - 1];)
			at++;
		span.value_end = at;
		span.end = ++at;
		if (at >= node->open_end)
			return found;
		if (span.start == SIZE_MAX)
			continue;
		*out = span;
		found = true;
		if (name)
			return true;
	}
}
