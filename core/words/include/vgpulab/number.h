/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/**
 * Parses a number of decimal digits from @min to @max. No sign, no space, nothing behind it, which strtoull(3) and
 * scanf(3) let pass: they take "-1" for the largest number there is.
 * Returns 0, or -EINVAL with @out untouched.
 */
int vgpu_number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out);
