/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An interpreter of the few instructions that the filter has. */

#include "filter.h"

#include <stdint.h>
#include <string.h>

/* The action, or -1: an instruction that the filter should not have, or a program without end. */
static inline int64_t filter_run(bool nodes, const struct seccomp_data *data)
{
	struct sock_filter filter[FV_FILTER_MAX];
	size_t len = fv_filter_program(nodes, filter);
	uint32_t a = 0;

	/* Source: Documentation/networking/filter.rst, classic BPF */
	for (size_t at = 0; at < len; at++) {
		const struct sock_filter *now = &filter[at];

		switch (now->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (now->k > sizeof(*data) - sizeof(a) || now->k % sizeof(a))
				return -1;
			memcpy(&a, (const char *)data + now->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= now->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == now->k ? now->jt : now->jf;
			break;
		case BPF_RET | BPF_K:
			return now->k;
		default:
			return -1;
		}
	}
	return -1;
}
