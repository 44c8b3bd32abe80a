/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <vgpulab/number.h>

#include "libvirt-xml-escape.h"
#include "libvirt-xml-record.h"

#define NAMESPACE VGPU_RECORD_NAMESPACE

/* A place is known by a hash of what was put there and of what stands before it. */
enum { CONTEXT_LEN = 24, PLACES_MAX = 256, SEARCH_MAX = 1 << 26 };

static uint64_t hash(const char *bytes, size_t len)
{
	uint64_t value = 0xcbf29ce484222325; /* FNV-1a */

	while (len--)
		value = (value ^ (unsigned char)*bytes++) * 0x100000001b3;
	return value;
}

xmlNode *vgpu_xml_record_find(const struct vgpu_xml_text *text)
{
	xmlNode *metadata = vgpu_xml_child(xmlDocGetRootElement(text->doc), "metadata", NULL);

	return metadata ? vgpu_xml_child(metadata, "edit", NAMESPACE) : NULL;
}

static void print_places(FILE *stream, const struct vgpu_xml_changes *changes, const char *result)
{
	size_t shift = 0; /* modulo 2^64, as offsets are */

	for (size_t i = 0; i < changes->len; i++) {
		const struct vgpu_xml_change *item = &changes->items[i];
		size_t at = item->at + shift;
		size_t context = at < CONTEXT_LEN ? at : CONTEXT_LEN;

		fprintf(stream, "\t<vgpulab:was at='%zu' length='%zu' hash='%016" PRIx64 "'>", at,
			item->text_len, hash(result + at - context, context + item->text_len));
		vgpu_xml_print_escaped(stream, changes->text->text + item->at, item->len);
		fputs("</vgpulab:was>\n", stream);
		shift += item->text_len - item->len;
	}
}

static const char *const kinds[] = { "hostdev", "graphics", "video" };

/* Does a change touch the element, or replace it? */
static bool is_changed(const struct vgpu_xml_changes *changes, const struct vgpu_xml_node *node)
{
	for (size_t i = 0; i < changes->len; i++) {
		const struct vgpu_xml_change *item = &changes->items[i];

		if (item->at < node->end && item->at + item->len > node->start)
			return true;
		if (item->at > node->start && item->at < node->end)
			return true;
	}
	return false;
}

static bool is_added(const struct vgpu_xml_changes *changes, const char *kind)
{
	char tag[16];

	snprintf(tag, sizeof(tag), "<%s", kind);
	for (size_t i = 0; i < changes->len; i++)
		if (strstr(changes->items[i].text, tag))
			return true;
	return false;
}

static xmlNode *first_device(const struct vgpu_xml_changes *changes, const char *kind)
{
	const xmlNode *root = xmlDocGetRootElement(changes->text->doc);

	return vgpu_xml_child(vgpu_xml_child(root, "devices", NULL), kind, NULL);
}

/* The kinds of devices that changed, one after the other. */
static void print_kinds(FILE *stream, const struct vgpu_xml_changes *changes)
{
	const char *blank = "";

	for (size_t i = 0; i < VGPU_ARRAY_LEN(kinds); i++) {
		bool changed = is_added(changes, kinds[i]);

		for (xmlNode *at = first_device(changes, kinds[i]); at && !changed;
		     at = vgpu_xml_next(at, kinds[i], NULL))
			changed = is_changed(
				changes,
				&changes->text->nodes[vgpu_xml_node_of(changes->text, at)]);
		if (changed) {
			fprintf(stream, "%s%s", blank, kinds[i]);
			blank = " ";
		}
	}
}

/* Whole devices as they were, for a removal after libvirt has rewritten the domain. */
static void print_devices(FILE *stream, const struct vgpu_xml_changes *changes)
{
	const struct vgpu_xml_text *text = changes->text;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(kinds); i++)
		for (xmlNode *at = first_device(changes, kinds[i]); at;
		     at = vgpu_xml_next(at, kinds[i], NULL)) {
			const struct vgpu_xml_node *node = &text->nodes[vgpu_xml_node_of(text, at)];

			if (!is_changed(changes, node))
				continue;
			fputs("\t<vgpulab:had>", stream);
			vgpu_xml_print_escaped(stream, text->text + node->start,
					       node->end - node->start);
			fputs("</vgpulab:had>\n", stream);
		}
}

/*
 * The record as a fragment. @before, @after: how many bytes the insertion puts around it, @mark:
 * their hash; @closed: it opened a "<metadata/>".
 */
struct wrapping {
	size_t before, after;
	uint64_t mark;
	bool closed;
};

static char *print_record(const struct vgpu_xml_changes *changes, const char *result,
			  const char *path, const char *uuid, const struct wrapping *wrapping,
			  bool in_metadata)
{
	char *fragment = NULL;
	size_t len;
	FILE *stream = open_memstream(&fragment, &len);

	if (!stream)
		return NULL;
	if (!in_metadata)
		fputs("<metadata>\n\t", stream);
	fprintf(stream, "<vgpulab:edit xmlns:vgpulab='" NAMESPACE "' vgpu='%s' path='%s' changed='",
		uuid, path);
	print_kinds(stream, changes);
	fprintf(stream, "' around='%06zu,%06zu,%d,%016" PRIx64 "'>\n", wrapping->before,
		wrapping->after, wrapping->closed, wrapping->mark);
	print_places(stream, changes, result);
	print_devices(stream, changes);
	fputs("</vgpulab:edit>", stream);
	if (!in_metadata)
		fputs("\n</metadata>", stream);
	if (fclose(stream)) {
		free(fragment);
		return NULL;
	}
	return fragment;
}

/* print_record() indents its lines as if the record were the outermost element. */
static char *deepen(const char *fragment)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);
	bool inside = false;

	if (!stream)
		return NULL;
	for (; *fragment; fragment++) {
		fputc(*fragment, stream);
		if (*fragment != '\n')
			continue;
		inside = strncmp(fragment + 1, "</metadata>", 11) &&
			 strncmp(fragment + 1, "\t<vgpulab:edit", 14);
		if (inside)
			fputc('\t', stream);
	}
	if (fclose(stream)) {
		free(out);
		return NULL;
	}
	return out;
}

static void insert(struct vgpu_xml_changes *changes, const char *fragment)
{
	static const char *const heads[] = { "description", "title", "genid", "uuid", "name" };
	xmlNode *root = xmlDocGetRootElement(changes->text->doc);
	xmlNode *metadata = vgpu_xml_child(root, "metadata", NULL);

	if (metadata) {
		vgpu_xml_add_last(changes, metadata, fragment);
		return;
	}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(heads); i++) {
		xmlNode *head = vgpu_xml_child(root, heads[i], NULL);

		if (head) {
			vgpu_xml_add_after(changes, head, fragment);
			return;
		}
	}
	vgpu_xml_add_first(changes, root, fragment);
}

/* What the insertion put around the record, read off the insertion itself. */
static int measure(const struct vgpu_xml_change *change, struct wrapping *out)
{
	const char *start = strstr(change->text, "<vgpulab:edit");
	const char *end = strstr(change->text, "</vgpulab:edit>");
	uint64_t after;

	if (!start || !end)
		return -EINVAL;
	end += strlen("</vgpulab:edit>");
	out->before = (size_t)(start - change->text);
	out->after = change->text_len - (size_t)(end - change->text);
	after = hash(end, out->after);
	out->mark = hash(change->text, out->before) * 31 + after;
	out->closed = change->len == 2;
	return 0;
}

/* Twice: first to see what the record gets wrapped in, then with that written in it. */
static int insert_record(const struct vgpu_xml_changes *changes, const char *result, size_t len,
			 const char *path, const char *uuid, char **out, size_t *out_len,
			 struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	struct wrapping wrapping = { 0 };
	int ret = vgpu_xml_text_create(result, len, &text, err);
	bool in_metadata;

	if (ret)
		return ret;
	in_metadata = vgpu_xml_child(xmlDocGetRootElement(text->doc), "metadata", NULL);
	for (int round = 0; round < 2 && ret == 0; round++) {
		struct vgpu_xml_changes insertion = { .text = text };
		_autofree_ char *flat =
			print_record(changes, result, path, uuid, &wrapping, in_metadata);
		_autofree_ char *fragment = !flat	  ? NULL
					    : in_metadata ? strdup(flat)
							  : deepen(flat);

		if (!fragment)
			ret = -ENOMEM;
		else
			insert(&insertion, fragment);
		if (ret == 0)
			ret = insertion.failed;
		if (ret == 0 && round == 0)
			ret = measure(&insertion.items[0], &wrapping);
		else if (ret == 0)
			ret = vgpu_xml_apply(&insertion, out, out_len);
		vgpu_xml_changes_finish(&insertion);
		if (ret)
			vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot record the edit: %s",
				       strerror(-ret));
	}
	return ret;
}

int vgpu_xml_record_apply(struct vgpu_xml_changes *changes, const char *path, const char *uuid,
			  char **out, size_t *out_len, struct vgpu_error *err)
{
	_autofree_ char *result = NULL;
	size_t len;
	int ret = vgpu_xml_apply(changes, &result, &len);

	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot edit the domain: %s",
				      strerror(-ret));
	if (changes->len > PLACES_MAX)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, E2BIG,
				      "the domain needs more than %d changes", PLACES_MAX);
	return insert_record(changes, result, len, path, uuid, out, out_len, err);
}

/* A place that the record tells of. */
struct was {
	size_t at, len;
	uint64_t hash;
	char *bytes;
};

static bool take_number(const xmlNode *node, const char *name, size_t max, size_t *out)
{
	_autofree_ char *value = vgpu_xml_get(node, name);
	uint64_t number;

	if (!value || vgpu_number_parse(value, 0, max, &number))
		return false;
	*out = (size_t)number;
	return true;
}

/* The old bytes: they keep the document's encoding. */
char *vgpu_xml_record_text(const struct vgpu_xml_text *text, const xmlNode *xml)
{
	const struct vgpu_xml_node *node = &text->nodes[vgpu_xml_node_of(text, xml)];

	if (node->close_start == node->end)
		return strdup("");
	return vgpu_xml_unescape(text->text + node->open_end, node->close_start - node->open_end);
}

static int read_was(const struct vgpu_xml_text *text, const xmlNode *node, struct was *out)
{
	_autofree_ char *value = vgpu_xml_get(node, "hash");

	if (!take_number(node, "at", text->len, &out->at) ||
	    !take_number(node, "length", text->len, &out->len) || !value ||
	    sscanf(value, "%" SCNx64, &out->hash) != 1)
		return -ESTALE;
	out->bytes = vgpu_xml_record_text(text, node);
	return out->bytes ? 0 : -ENOMEM;
}

static bool is_place(const char *text, size_t len, size_t at, const struct was *was)
{
	size_t context = was->at < CONTEXT_LEN ? was->at : CONTEXT_LEN;

	return at >= context && at <= len && was->len <= len - at &&
	       hash(text + at - context, context + was->len) == was->hash;
}

/* The place nearest to where it was. False if it is nowhere. */
static bool find_place(const char *text, size_t len, const struct was *was, size_t *out)
{
	if (is_place(text, len, was->at, was)) {
		*out = was->at;
		return true;
	}
	if ((was->len + CONTEXT_LEN) * len > SEARCH_MAX)
		return false;
	for (size_t off = 1; off <= len; off++) {
		if (was->at >= off && is_place(text, len, was->at - off, was)) {
			*out = was->at - off;
			return true;
		}
		if (is_place(text, len, was->at + off, was)) {
			*out = was->at + off;
			return true;
		}
	}
	return false;
}

/* Replaces @len bytes at @at in a heap text. */
static int splice(char **text, size_t *text_len, size_t at, size_t len, const char *bytes)
{
	size_t bytes_len = strlen(bytes);
	char *out = malloc(*text_len - len + bytes_len + 1);

	if (!out)
		return -ENOMEM;
	memcpy(out, *text, at);
	memcpy(out + at, bytes, bytes_len);
	memcpy(out + at + bytes_len, *text + at + len, *text_len - at - len);
	*text_len = *text_len - len + bytes_len;
	out[*text_len] = '\0';
	free(*text);
	*text = out;
	return 0;
}

/* Takes the record out, with what its insertion put around it. */
static int take_out(const struct vgpu_xml_text *text, const xmlNode *record, char **out,
		    size_t *out_len)
{
	const struct vgpu_xml_node *node = &text->nodes[vgpu_xml_node_of(text, record)];
	_autofree_ char *around = vgpu_xml_get(record, "around");
	struct wrapping wrapping;
	int closed;
	uint64_t mark;

	if (!around || sscanf(around, "%zu,%zu,%d,%" SCNx64, &wrapping.before, &wrapping.after,
			      &closed, &wrapping.mark) != 4)
		return -ESTALE;
	if (wrapping.before > node->start || wrapping.after > text->len - node->end)
		return -ESTALE;
	mark = hash(text->text + node->start - wrapping.before, wrapping.before) * 31 +
	       hash(text->text + node->end, wrapping.after);
	if (mark != wrapping.mark)
		return -ESTALE;
	*out = strndup(text->text, text->len);
	if (!*out)
		return -ENOMEM;
	*out_len = text->len;
	return splice(out, out_len, node->start - wrapping.before,
		      wrapping.before + node->end - node->start + wrapping.after,
		      closed ? "/>" : "");
}

static int put_back(const struct was *places, size_t len, char **text, size_t *text_len)
{
	while (len--) {
		size_t at;
		int ret;

		if (!find_place(*text, *text_len, &places[len], &at))
			return -ESTALE;
		ret = splice(text, text_len, at, places[len].len, places[len].bytes);
		if (ret)
			return ret;
	}
	return 0;
}

static int undo(const struct vgpu_xml_text *text, const xmlNode *record, char **out,
		size_t *out_len)
{
	struct was places[PLACES_MAX];
	_autofree_ char *result = NULL;
	size_t len = 0, result_len;
	int ret = take_out(text, record, &result, &result_len);

	for (xmlNode *node = vgpu_xml_child(record, "was", NAMESPACE); node && ret == 0;
	     node = vgpu_xml_next(node, "was", NAMESPACE)) {
		ret = len < PLACES_MAX ? read_was(text, node, &places[len]) : -ESTALE;
		len += ret == 0;
	}
	if (ret == 0)
		ret = put_back(places, len, &result, &result_len);
	while (len--)
		free(places[len].bytes);
	if (ret)
		return ret;
	*out = steal(result);
	*out_len = result_len;
	return 0;
}

int vgpu_xml_record_undo(const struct vgpu_xml_text *text, char **out, size_t *out_len,
			 struct vgpu_error *err)
{
	const xmlNode *record = vgpu_xml_record_find(text);
	int ret = record ? undo(text, record, out, out_len) : -ENODATA;

	if (ret == -ENODATA) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
			       "this domain holds no record of an edit by vgpulab");
		vgpu_error_hint(err, "take the <hostdev> out by hand: virsh edit");
	} else if (ret == -ESTALE) {
		vgpu_error_set(
			err, VGPU_ERROR_FAILED, ESTALE,
			"the domain was rewritten since, so its original cannot be put back");
		vgpu_error_hint(err, "the record in <metadata> still holds the pieces that were "
				     "replaced; put them back by hand: virsh edit");
	} else if (ret) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot undo the edit: %s",
			       strerror(-ret));
	}
	return ret;
}
