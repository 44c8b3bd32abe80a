/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text as XML's character data or attribute value, and back. Bytes beyond ASCII are left as they are. */

#include <stddef.h>
#include <stdio.h>

/** Line breaks and tabs become numbers: no parser folds those. */
void vgpu_xml_print_escaped(FILE *stream, const char *bytes, size_t len);
/** The same as a string. Heap; NULL if out of memory. */
char *vgpu_xml_escape(const char *text);
/** Undoes that, and what a serializer may have made of it. Heap, NUL-terminated; NULL if out of memory. */
char *vgpu_xml_unescape(const char *bytes, size_t len);
