/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What clients did at the same time, and whether a host can have answered so. Pure: a history is
 * written down by clients with their own clock and judged afterwards, against a model that knows
 * nothing of how the fake works.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum history_kind {
	HISTORY_CREATE, /* a write to create; result: 0 or a negative errno */
	HISTORY_REMOVE, /* the remove file opened and written */
	HISTORY_LOOK, /* is it on the bus? result: 1 or 0 */
	HISTORY_AVAILABLE, /* result: how many instances fit */
};

struct history_op {
	uint64_t begin_ns, end_ns;
	enum history_kind kind;
	unsigned int vgpu; /* number of the UUID; AVAILABLE: none */
	unsigned int parent;
	long result;
};

struct history {
	struct history_op *ops;
	size_t len, max;
	unsigned int vgpus, parents; /* how many there are */
	unsigned int capacity; /* of each parent: all vGPUs are of one type */
	const struct history_op *wrong; /* set by history_judge(): what cannot be explained */
};

void history_add(struct history *history, const struct history_op *op);
void history_append(struct history *history, const struct history *more);
void history_finish(struct history *history);

/**
 * Judges: for each UUID, is there an order of the operations that agrees with their times and
 * results (linearizability)? Was a parent ever over its capacity, refused when it cannot have been
 * full, or counted wrongly? NULL if all is well, else what is wrong, in @why.
 */
const char *history_judge(struct history *history, char *why, size_t size);
/** Prints what happened to the same UUID before what is wrong, and beside it. */
void history_print_wrong(const struct history *history);
/** After history_judge() found nothing: must the vGPU be there at the end? */
bool history_ends_present(const struct history *history, unsigned int vgpu);
/** How many operations of a kind had that result. */
size_t history_count(const struct history *history, enum history_kind kind, unsigned int vgpu,
		     long result);
