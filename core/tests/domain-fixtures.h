/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/** Calls @each for every fixture of fixtures/domains, in alphabetical order. Returns their number. */
int for_each_domain(void (*each)(const char *name, const char *text, size_t len));

/** One fixture's text, to be freed. */
char *read_domain(const char *name, size_t *len);
