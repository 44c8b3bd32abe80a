/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "libvirt-xml-escape.h"

#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

/* Source: Extensible Markup Language (XML) 1.0, 2.4 and 3.3.3 */
static const struct {
	const char *entity;
	char byte;
} entities[] = {
	{ "&amp;", '&' },  { "&lt;", '<' },  { "&gt;", '>' },	{ "&apos;", '\'' },
	{ "&quot;", '"' }, { "&#9;", '\t' }, { "&#10;", '\n' }, { "&#13;", '\r' },
};

void vgpu_xml_print_escaped(FILE *stream, const char *bytes, size_t len)
{
	for (; len--; bytes++) {
		size_t i = 0;

		while (i < VGPU_ARRAY_LEN(entities) && entities[i].byte != *bytes)
			i++;
		if (i < VGPU_ARRAY_LEN(entities))
			fputs(entities[i].entity, stream);
		else
			fputc(*bytes, stream);
	}
}

char *vgpu_xml_escape(const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);

	if (!stream)
		return NULL;
	vgpu_xml_print_escaped(stream, text, strlen(text));
	if (fclose(stream)) {
		free(out);
		return NULL;
	}
	return out;
}

char *vgpu_xml_unescape(const char *bytes, size_t len)
{
	char *out = malloc(len + 1);
	size_t out_len = 0;

	for (size_t at = 0, used; out && at < len; at += used) {
		out[out_len] = bytes[at];
		used = 1;
		for (size_t i = 0; bytes[at] == '&' && i < VGPU_ARRAY_LEN(entities); i++) {
			size_t entity_len = strlen(entities[i].entity);

			if (entity_len <= len - at &&
			    !memcmp(bytes + at, entities[i].entity, entity_len)) {
				out[out_len] = entities[i].byte;
				used = entity_len;
			}
		}
		out_len++;
	}
	if (out)
		out[out_len] = '\0';
	return out;
}
