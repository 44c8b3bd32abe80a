/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

static const char *const names[] = { "create", "remove", "look", "available" };

enum { PENDING_MAX = 8, STATES = 2 << PENDING_MAX };

void history_add(struct history *history, const struct history_op *op)
{
	if (history->len == history->max) {
		history->max = history->max ? 2 * history->max : 1024;
		history->ops = realloc(history->ops, history->max * sizeof(*history->ops));
		if (!history->ops)
			abort();
	}
	history->ops[history->len++] = *op;
}

void history_append(struct history *history, const struct history *more)
{
	for (size_t i = 0; i < more->len; i++)
		history_add(history, &more->ops[i]);
}

void history_finish(struct history *history)
{
	free(history->ops);
	*history = (struct history){ 0 };
}

size_t history_count(const struct history *history, enum history_kind kind, unsigned int vgpu,
		     long result)
{
	size_t count = 0;

	for (size_t i = 0; i < history->len; i++)
		count += history->ops[i].kind == kind && history->ops[i].vgpu == vgpu &&
			 history->ops[i].result == result;
	return count;
}

bool history_ends_present(const struct history *history, unsigned int vgpu)
{
	return history_count(history, HISTORY_CREATE, vgpu, 0) >
	       history_count(history, HISTORY_REMOVE, vgpu, 0);
}

static int compare_ops(const void *a, const void *b)
{
	const struct history_op *x = a, *y = b;

	return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

void history_print_wrong(const struct history *history)
{
	const struct history_op *wrong = history->wrong;
	struct history near = { 0 };
	size_t i = 0, around;

	for (size_t j = 0; wrong && j < history->len; j++)
		if (history->ops[j].vgpu == wrong->vgpu &&
		    history->ops[j].kind != HISTORY_AVAILABLE)
			history_add(&near, &history->ops[j]);
	if (near.len)
		qsort(near.ops, near.len, sizeof(*near.ops), compare_ops);
	while (i < near.len && near.ops[i].begin_ns < wrong->begin_ns)
		i++;
	around = i > 20 ? i - 20 : 0;
	for (size_t j = around; j < near.len && j < i + 10; j++)
		printf("%10lld %10lld us %-6s %ld\n",
		       ((long long)near.ops[j].begin_ns - (long long)wrong->begin_ns) / 1000,
		       ((long long)near.ops[j].end_ns - (long long)wrong->begin_ns) / 1000,
		       names[near.ops[j].kind], near.ops[j].result);
	history_finish(&near);
}

/*
 * Beginnings and ends in order of time. Beginnings first: what touches is concurrent.
 */

struct moment {
	uint64_t at_ns;
	bool is_end;
	const struct history_op *op;
};

static int compare_moments(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (int)x->is_end - (int)y->is_end;
}

static struct moment *sort_moments(const struct history *history,
				   bool (*wanted)(const struct history_op *op, unsigned int which),
				   unsigned int which, size_t *len)
{
	struct moment *moments = calloc(2 * history->len + 1, sizeof(*moments));

	if (!moments)
		abort();
	*len = 0;
	for (size_t i = 0; i < history->len; i++) {
		const struct history_op *op = &history->ops[i];

		if (!wanted(op, which))
			continue;
		moments[(*len)++] = (struct moment){ op->begin_ns, false, op };
		moments[(*len)++] = (struct moment){ op->end_ns, true, op };
	}
	qsort(moments, *len, sizeof(*moments), compare_moments);
	return moments;
}

/*
 * One UUID: there or not there. A set of possible worlds is kept, each being whether the vGPU is
 * there and which of the running operations have had their effect. When one ends, the worlds in
 * which it cannot have had its effect go. None left: no order explains what was seen.
 * Source: Wing and Gong, Testing and verifying concurrent objects; Lowe, Testing for linearizability
 */

struct worlds {
	bool possible[STATES]; /* by mask << 1 | there */
	const struct history_op *pending[PENDING_MAX];
	unsigned int removing, creating; /* such operations that run */
	unsigned int stuck; /* removals, so far, that came too early: the remove file is used up */
};

/* The effect of an operation in a world, or false if it has not got that result there. */
static bool step(const struct worlds *worlds, const struct history_op *op, bool there, bool *after)
{
	*after = there;
	switch (op->kind) {
	case HISTORY_CREATE:
		if (!op->result)
			*after = true;
		/* a UUID is taken while its vGPU comes or goes, though it is not to be seen */
		if (op->result == -EEXIST)
			return there || worlds->removing || worlds->creating > 1;
		return op->result < 0 || !there;
	case HISTORY_REMOVE:
		if (!op->result)
			*after = false;
		/* one that is being created cannot be removed yet */
		if (op->result == -EAGAIN)
			return worlds->creating > 0;
		return op->result < 0 ? !there || worlds->removing > 1 || worlds->stuck : there;
	case HISTORY_LOOK:
		return op->result == there;
	default:
		return true;
	}
}

static void spread(struct worlds *worlds)
{
	bool grew = true;

	while (grew) {
		grew = false;
		for (unsigned int world = 0; world < STATES; world++) {
			if (!worlds->possible[world])
				continue;
			for (unsigned int i = 0; i < PENDING_MAX; i++) {
				unsigned int done = 2U << i, next;
				bool after;

				if (!worlds->pending[i] || world & done ||
				    !step(worlds, worlds->pending[i], world & 1, &after))
					continue;
				next = (world & ~1U) | done | after;
				grew |= !worlds->possible[next];
				worlds->possible[next] = true;
			}
		}
	}
}

static bool end_op(struct worlds *worlds, const struct history_op *op)
{
	bool any = false;
	unsigned int i = 0;

	spread(worlds);
	while (worlds->pending[i] != op)
		i++;
	for (unsigned int world = 0; world < STATES; world++) {
		bool possible = worlds->possible[world];

		worlds->possible[world] = false;
		if (possible && world & 2U << i) {
			worlds->possible[world & ~(2U << i)] = true;
			any = true;
		}
	}
	worlds->pending[i] = NULL;
	return any;
}

static bool begin_op(struct worlds *worlds, const struct history_op *op)
{
	for (unsigned int i = 0; i < PENDING_MAX; i++) {
		if (worlds->pending[i])
			continue;
		worlds->pending[i] = op;
		return true;
	}
	return false;
}

static bool is_of_vgpu(const struct history_op *op, unsigned int vgpu)
{
	return op->kind != HISTORY_AVAILABLE && op->vgpu == vgpu;
}

static const char *judge_vgpu(struct history *history, unsigned int vgpu, char *why, size_t size)
{
	struct worlds *worlds = calloc(1, sizeof(*worlds));
	size_t len, i;
	_autofree_ struct moment *moments = sort_moments(history, is_of_vgpu, vgpu, &len);
	bool good = worlds != NULL;

	if (good)
		worlds->possible[0] = true;
	for (i = 0; i < len && good; i++) {
		const struct history_op *op = moments[i].op;
		unsigned int change = moments[i].is_end ? -1U : 1;

		/* when one ends, the worlds are made with all that ran beside it */
		if (moments[i].is_end)
			good = end_op(worlds, op);
		worlds->removing += op->kind == HISTORY_REMOVE ? change : 0;
		worlds->creating += op->kind == HISTORY_CREATE ? change : 0;
		worlds->stuck += !moments[i].is_end && op->result == -EAGAIN;
		if (!moments[i].is_end) {
			/* before it begins, what ran without it may have had its effect */
			spread(worlds);
			good = begin_op(worlds, op);
		}
	}
	free(worlds);
	if (good)
		return NULL;
	i -= i > 0;
	history->wrong = moments[i].op;
	snprintf(why, size, "vGPU %u: no order explains that a %s got %ld at %llu..%llu ns", vgpu,
		 names[moments[i].op->kind], moments[i].op->result,
		 (unsigned long long)moments[i].op->begin_ns,
		 (unsigned long long)moments[i].op->end_ns);
	return why;
}

/*
 * One parent: how many vGPUs it has at least and at most, over time.
 */

struct level {
	uint64_t at_ns; /* from here on */
	long least, most;
};

struct levels {
	struct level *all;
	size_t len;
};

static bool is_change(const struct history_op *op, unsigned int parent)
{
	return op->parent == parent && !op->result &&
	       (op->kind == HISTORY_CREATE || op->kind == HISTORY_REMOVE);
}

/* A creation counts at most from its beginning and at least from its end; a removal likewise. */
static struct levels find_levels(const struct history *history, unsigned int parent)
{
	size_t len;
	_autofree_ struct moment *moments = sort_moments(history, is_change, parent, &len);
	struct levels levels = { .all = calloc(len + 1, sizeof(struct level)), .len = len + 1 };

	if (!levels.all)
		abort();
	for (size_t i = 0; i < len; i++) {
		struct level *next = &levels.all[i + 1];
		bool creates = moments[i].op->kind == HISTORY_CREATE;

		*next = levels.all[i];
		next->at_ns = moments[i].at_ns;
		if (creates && !moments[i].is_end)
			next->most++;
		else if (creates)
			next->least++;
		else if (!moments[i].is_end)
			next->least--;
		else
			next->most--;
	}
	return levels;
}

/* The bounds over an interval. */
static void find_bounds(const struct levels *levels, const struct history_op *op, long *least,
			long *most)
{
	size_t low = 0, high = levels->len;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (levels->all[middle].at_ns < op->begin_ns)
			low = middle;
		else
			high = middle;
	}
	*least = levels->all[low].least;
	*most = levels->all[low].most;
	for (; low < levels->len && levels->all[low].at_ns <= op->end_ns; low++) {
		if (levels->all[low].least < *least)
			*least = levels->all[low].least;
		if (levels->all[low].most > *most)
			*most = levels->all[low].most;
	}
}

static const char *judge_parent(const struct history *history, unsigned int parent, char *why,
				size_t size)
{
	struct levels levels = find_levels(history, parent);
	long capacity = (long)history->capacity, least, most;

	*why = '\0';
	for (size_t i = 0; i < levels.len && !*why; i++)
		if (levels.all[i].least > capacity)
			snprintf(why, size, "parent %u: %ld vGPUs at %llu ns, where %ld fit",
				 parent, levels.all[i].least,
				 (unsigned long long)levels.all[i].at_ns, capacity);
	for (size_t i = 0; i < history->len && !*why; i++) {
		const struct history_op *op = &history->ops[i];

		if (op->parent != parent)
			continue;
		find_bounds(&levels, op, &least, &most);
		if (op->kind == HISTORY_CREATE && op->result == -ENOSPC && most < capacity)
			snprintf(why, size,
				 "parent %u: refused as full with at most %ld of %ld, at %llu ns",
				 parent, most, capacity, (unsigned long long)op->begin_ns);
		if (op->kind == HISTORY_AVAILABLE &&
		    (op->result > capacity - least || op->result < capacity - most))
			snprintf(why, size,
				 "parent %u: %ld available at %llu ns, with %ld to %ld of %ld",
				 parent, op->result, (unsigned long long)op->begin_ns, least, most,
				 capacity);
	}
	free(levels.all);
	return *why ? why : NULL;
}

const char *history_judge(struct history *history, char *why, size_t size)
{
	const char *wrong = NULL;

	for (unsigned int i = 0; i < history->vgpus && !wrong; i++)
		wrong = judge_vgpu(history, i, why, size);
	for (unsigned int i = 0; i < history->parents && !wrong; i++)
		wrong = judge_parent(history, i, why, size);
	return wrong;
}
