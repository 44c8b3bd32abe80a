/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An intrusive chained hash table that grows. The caller compares keys: it walks the nodes that
 * share a hash value.
 *
 *	fake_hash_each(node, &table, hash) {
 *		struct thing *thing = fake_container(node, struct thing, by_name);
 *		if (!strcmp(thing->name, name))
 *			return thing;
 *	}
 */

#include <stddef.h>
#include <stdint.h>

struct fake_hash_node {
	struct fake_hash_node *next;
	uint64_t hash;
};

/** All zero is an empty table. */
struct fake_hash {
	struct fake_hash_node **buckets;
	size_t mask; /* number of buckets - 1 */
	size_t len;
};

#define fake_container(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

#define fake_hash_each(node, table, value)                                      \
	for (struct fake_hash_node *node = fake_hash_first(table, value); node; \
	     node = fake_hash_next(node))

/** 0, or -ENOMEM if the table is empty and cannot get its first buckets. */
int fake_hash_insert(struct fake_hash *table, struct fake_hash_node *node, uint64_t hash);
void fake_hash_remove(struct fake_hash *table, struct fake_hash_node *node);
/**
 * Takes some node out, to empty a table: *@bucket is 0 at first, and then left alone. NULL if there
 * is none left.
 */
struct fake_hash_node *fake_hash_take(struct fake_hash *table, size_t *bucket);
/** Frees the buckets; the nodes are the caller's. */
void fake_hash_finish(struct fake_hash *table);

/** The first node with this hash value, and the next one with the same. */
struct fake_hash_node *fake_hash_first(const struct fake_hash *table, uint64_t hash);
struct fake_hash_node *fake_hash_next(const struct fake_hash_node *node);

/** Mixes a number; hashes a text, going on from @seed. */
uint64_t fake_hash_number(uint64_t number);
uint64_t fake_hash_text(uint64_t seed, const char *text);
