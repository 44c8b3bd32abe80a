/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A fuzzer's bytes, taken as numbers. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

/** The next @len bytes, 8 at most, the least significant first; what is not there is 0. */
static inline uint64_t fuzz_take(struct fuzz_input *input, size_t len)
{
	uint64_t value = 0;

	if (len > input->left)
		len = input->left;
	if (len)
		memcpy(&value, input->data, len);
	input->data += len;
	input->left -= len;
	return value;
}
