/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "libvirt-xml-change.h"
#include "libvirt-xml-escape.h"

void vgpu_xml_changes_finish(struct vgpu_xml_changes *changes)
{
	for (size_t i = 0; i < changes->len; i++)
		free(changes->items[i].text);
	free(changes->items);
	changes->items = NULL;
	changes->len = changes->allocated = 0;
}

void vgpu_xml_replace(struct vgpu_xml_changes *changes, size_t at, size_t len, char *replacement)
{
	if (replacement && changes->len == changes->allocated) {
		size_t allocated = changes->allocated ? 2 * changes->allocated : 16;
		void *grown = reallocarray(changes->items, allocated, sizeof(*changes->items));

		if (grown) {
			changes->items = grown;
			changes->allocated = allocated;
		}
	}
	if (!replacement || changes->len == changes->allocated) {
		changes->failed = -ENOMEM;
		free(replacement);
		return;
	}
	changes->items[changes->len++] = (struct vgpu_xml_change){
		.at = at,
		.len = len,
		.text = replacement,
		.text_len = strlen(replacement),
	};
}

static const struct vgpu_xml_node *place(const struct vgpu_xml_changes *changes, const xmlNode *xml)
{
	return &changes->text->nodes[vgpu_xml_node_of(changes->text, xml)];
}

void vgpu_xml_set(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *name,
		  const char *value)
{
	const struct vgpu_xml_node *node = place(changes, xml);
	_autofree_ char *escaped = NULL;
	struct vgpu_xml_span span;
	char *added;

	if (vgpu_xml_is(xml, name, value))
		return;
	escaped = vgpu_xml_escape(value);
	if (!escaped) {
		changes->failed = -ENOMEM;
	} else if (vgpu_xml_attribute(changes->text, node, name, &span)) {
		vgpu_xml_replace(changes, span.value, span.value_end - span.value, steal(escaped));
	} else {
		size_t at = node->start + 1 + node->name_len;
		char quote = changes->text->quote;

		if (vgpu_xml_attribute(changes->text, node, NULL, &span))
			at = span.end;
		if (asprintf(&added, " %s=%c%s%c", name, quote, escaped, quote) < 0)
			added = NULL;
		vgpu_xml_replace(changes, at, 0, added);
	}
}

void vgpu_xml_unset(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *name)
{
	struct vgpu_xml_span span;

	if (vgpu_xml_attribute(changes->text, place(changes, xml), name, &span))
		vgpu_xml_replace(changes, span.start, span.end - span.start, strdup(""));
}

/* Where the line of @at begins if only blanks stand before it there, else @at. */
static size_t line_start(const struct vgpu_xml_text *text, size_t at)
{
	size_t start = at;

	while (start && (text->text[start - 1] == ' ' || text->text[start - 1] == '\t'))
		start--;
	return start && text->text[start - 1] == '\n' ? start : at;
}

void vgpu_xml_drop(struct vgpu_xml_changes *changes, const xmlNode *xml)
{
	const struct vgpu_xml_text *text = changes->text;
	const struct vgpu_xml_node *node = place(changes, xml);
	size_t start = line_start(text, node->start);

	if (start && text->text[start - 1] == '\n') {
		start--;
		if (start && text->text[start - 1] == '\r')
			start--;
	}
	vgpu_xml_replace(changes, start, node->end - start, strdup(""));
}

/* The blanks that stand before @at on its line. Heap. */
static char *indent_at(const struct vgpu_xml_text *text, size_t at)
{
	size_t start = line_start(text, at);

	return strndup(text->text + start, at - start);
}

/* How children of @parent are indented: as the first that has a line of its own. Heap. */
static char *child_indent(const struct vgpu_xml_text *text, const struct vgpu_xml_node *parent)
{
	_autofree_ char *own = NULL;
	char *indent;

	for (const struct vgpu_xml_node *node = parent + 1;
	     node < text->nodes + text->nodes_len && node->start < parent->close_start; node++) {
		size_t start = line_start(text, node->start);

		if (node->parent == parent - text->nodes && start && text->text[start - 1] == '\n')
			return indent_at(text, node->start);
	}
	own = indent_at(text, parent->start);
	return own && asprintf(&indent, "%s%s", own, text->indent) >= 0 ? indent : NULL;
}

/* The fragment in the document's style. @leading: its first line too begins on a new line. */
static char *styled(const struct vgpu_xml_text *text, const char *fragment, const char *indent,
		    bool leading)
{
	char *out = NULL;
	size_t len;
	FILE *stream = indent ? open_memstream(&out, &len) : NULL;
	bool line_begins = true, first = true;

	if (!stream)
		return NULL;
	for (; *fragment; fragment++) {
		if (line_begins && text->pretty && (leading || !first))
			fprintf(stream, "%s%s", text->line_break, indent);
		for (; line_begins && *fragment == '\t'; fragment++)
			if (text->pretty)
				fputs(text->indent, stream);
		first = false;
		line_begins = *fragment == '\n';
		if (!line_begins)
			fputc(*fragment == '\'' ? text->quote : *fragment, stream);
	}
	if (fclose(stream)) {
		free(out);
		return NULL;
	}
	return out;
}

void vgpu_xml_exchange(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *fragment)
{
	const struct vgpu_xml_node *node = place(changes, xml);
	_autofree_ char *indent = indent_at(changes->text, node->start);

	vgpu_xml_replace(changes, node->start, node->end - node->start,
			 styled(changes->text, fragment, indent, false));
}

/* Behind a comment that says something about what ends at @at, on the same line. */
static size_t behind_comment(const struct vgpu_xml_text *text, const struct vgpu_xml_node *node)
{
	for (const struct vgpu_xml_node *next = node + 1; next < text->nodes + text->nodes_len;
	     next++) {
		size_t blanks = node->end;

		if (next->start < node->end)
			continue;
		while (blanks < next->start &&
		       (text->text[blanks] == ' ' || text->text[blanks] == '\t'))
			blanks++;
		if (next->xml || next->parent != node->parent || blanks != next->start ||
		    memchr(text->text + next->start, '\n', next->end - next->start))
			break;
		return next->end;
	}
	return node->end;
}

void vgpu_xml_add_after(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *fragment)
{
	const struct vgpu_xml_node *node = place(changes, xml);
	_autofree_ char *indent = child_indent(changes->text, &changes->text->nodes[node->parent]);

	vgpu_xml_replace(changes, behind_comment(changes->text, node), 0,
			 styled(changes->text, fragment, indent, true));
}

/* Children for an element that has none: its end tag gets a line of its own. */
static void add_to_empty(struct vgpu_xml_changes *changes, const struct vgpu_xml_node *node,
			 const char *fragment)
{
	const struct vgpu_xml_text *text = changes->text;
	bool closed = node->close_start == node->end;
	_autofree_ char *indent = child_indent(text, node);
	_autofree_ char *own = indent_at(text, node->start);
	_autofree_ char *children = styled(text, fragment, indent, true);
	const char *line_break = text->pretty ? text->line_break : "";
	char *added = NULL;
	int ret = -1;

	if (!children || !own)
		changes->failed = -ENOMEM;
	else if (closed)
		ret = asprintf(&added, ">%s%s%s</%.*s>", children, line_break,
			       text->pretty ? own : "", (int)node->name_len,
			       text->text + node->start + 1);
	else
		ret = asprintf(&added, "%s%s%s", children, line_break, text->pretty ? own : "");
	if (closed)
		vgpu_xml_replace(changes, node->end - 2, 2, ret < 0 ? NULL : added);
	else
		vgpu_xml_replace(changes, node->open_end, 0, ret < 0 ? NULL : added);
}

static bool is_empty(const struct vgpu_xml_node *node)
{
	return node->close_start == node->end || node->open_end == node->close_start;
}

void vgpu_xml_add_first(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *fragment)
{
	const struct vgpu_xml_node *node = place(changes, xml);
	_autofree_ char *indent = NULL;

	if (is_empty(node)) {
		add_to_empty(changes, node, fragment);
		return;
	}
	indent = child_indent(changes->text, node);
	vgpu_xml_replace(changes, node->open_end, 0, styled(changes->text, fragment, indent, true));
}

void vgpu_xml_add_last(struct vgpu_xml_changes *changes, const xmlNode *xml, const char *fragment)
{
	const struct vgpu_xml_text *text = changes->text;
	const struct vgpu_xml_node *node = place(changes, xml);
	_autofree_ char *indent = NULL;
	size_t at = node->open_end;

	if (is_empty(node)) {
		add_to_empty(changes, node, fragment);
		return;
	}
	for (const struct vgpu_xml_node *child = node + 1;
	     child < text->nodes + text->nodes_len && child->start < node->close_start; child++)
		if (child->parent == node - text->nodes)
			at = child->end;
	indent = child_indent(text, node);
	vgpu_xml_replace(changes, at, 0, styled(text, fragment, indent, true));
}

/* By place; of two at one place, what adds goes before what removes, else as they were made. */
static void sort(struct vgpu_xml_changes *changes)
{
	for (size_t i = 1; i < changes->len; i++) {
		struct vgpu_xml_change moved = changes->items[i];
		size_t k = i;

		for (; k; k--) {
			const struct vgpu_xml_change *before = &changes->items[k - 1];

			if (before->at < moved.at ||
			    (before->at == moved.at && (!before->len || moved.len)))
				break;
			changes->items[k] = *before;
		}
		changes->items[k] = moved;
	}
}

/* Makes one of @first and the next, which touches it. */
static int join_next(struct vgpu_xml_change *first)
{
	struct vgpu_xml_change *next = first + 1;
	char *joined = malloc(first->text_len + next->text_len + 1);

	if (!joined)
		return -ENOMEM;
	memcpy(joined, first->text, first->text_len);
	memcpy(joined + first->text_len, next->text, next->text_len + 1);
	free(first->text);
	free(next->text);
	first->text = joined;
	first->text_len += next->text_len;
	first->len += next->len;
	return 0;
}

static int join(struct vgpu_xml_changes *changes)
{
	for (size_t i = 0; i + 1 < changes->len;) {
		struct vgpu_xml_change *item = &changes->items[i];
		int ret;

		if (item->at + item->len > item[1].at)
			return -EINVAL; /* two rules want the same bytes */
		if (item->at + item->len < item[1].at) {
			i++;
			continue;
		}
		ret = join_next(item);
		if (ret)
			return ret;
		memmove(item + 1, item + 2, (changes->len - i - 2) * sizeof(*item));
		changes->len--;
	}
	return 0;
}

int vgpu_xml_apply(struct vgpu_xml_changes *changes, char **out, size_t *out_len)
{
	const struct vgpu_xml_text *text = changes->text;
	size_t len = text->len, at = 0, to = 0;
	char *result;
	int ret = changes->failed;

	sort(changes);
	if (ret == 0)
		ret = join(changes);
	if (ret)
		return ret;
	for (size_t i = 0; i < changes->len; i++)
		len += changes->items[i].text_len - changes->items[i].len;
	result = malloc(len + 1);
	if (!result)
		return -ENOMEM;
	for (size_t i = 0; i < changes->len; i++) {
		const struct vgpu_xml_change *item = &changes->items[i];

		memcpy(result + to, text->text + at, item->at - at);
		to += item->at - at;
		memcpy(result + to, item->text, item->text_len);
		to += item->text_len;
		at = item->at + item->len;
	}
	memcpy(result + to, text->text + at, text->len - at);
	result[len] = '\0';
	*out = result;
	*out_len = len;
	return 0;
}
