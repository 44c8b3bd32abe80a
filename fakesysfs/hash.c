/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hash.h"

#include <errno.h>
#include <fakesysfs/tree.h>
#include <stdlib.h>

enum { FIRST_BUCKETS = 16 };

static void push(struct fake_hash *table, struct fake_hash_node *node)
{
	struct fake_hash_node **bucket = &table->buckets[node->hash & table->mask];

	node->next = *bucket;
	*bucket = node;
}

static void grow(struct fake_hash *table)
{
	size_t old_len = table->buckets ? table->mask + 1 : 0;
	size_t new_len = old_len ? old_len * 2 : FIRST_BUCKETS;
	struct fake_hash_node **old = table->buckets;
	struct fake_hash_node **buckets = calloc(new_len, sizeof(struct fake_hash_node *));

	if (!buckets)
		return; /* longer chains, but right */
	table->buckets = buckets;
	table->mask = new_len - 1;
	for (size_t i = 0; i < old_len; i++) {
		for (struct fake_hash_node *node = old[i], *next; node; node = next) {
			next = node->next;
			push(table, node);
		}
	}
	free(old);
}

int fake_hash_insert(struct fake_hash *table, struct fake_hash_node *node, uint64_t hash)
{
	if (!table->buckets || table->len > table->mask)
		grow(table);
	if (!table->buckets)
		return -ENOMEM;
	node->hash = hash;
	push(table, node);
	table->len++;
	return 0;
}

void fake_hash_remove(struct fake_hash *table, struct fake_hash_node *node)
{
	struct fake_hash_node **at = &table->buckets[node->hash & table->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	table->len--;
}

struct fake_hash_node *fake_hash_take(struct fake_hash *table, size_t *bucket)
{
	struct fake_hash_node *node;

	if (!table->len)
		return NULL;
	while (!table->buckets[*bucket])
		++*bucket;
	node = table->buckets[*bucket];
	fake_hash_remove(table, node);
	return node;
}

void fake_hash_finish(struct fake_hash *table)
{
	free(table->buckets);
	*table = (struct fake_hash){ 0 };
}

static struct fake_hash_node *same(struct fake_hash_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct fake_hash_node *fake_hash_first(const struct fake_hash *table, uint64_t hash)
{
	return table->buckets ? same(table->buckets[hash & table->mask], hash) : NULL;
}

struct fake_hash_node *fake_hash_next(const struct fake_hash_node *node)
{
	return same(node->next, node->hash);
}

/* The finalizer of splitmix64: every bit of the number reaches the low bits. */
uint64_t fake_hash_number(uint64_t number)
{
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
	number = (number ^ number >> 27) * 0x94d049bb133111eb;
	return number ^ number >> 31;
}

/* FNV-1a. */
uint64_t fake_hash_text(uint64_t seed, const char *text)
{
	uint64_t hash = seed ^ 0xcbf29ce484222325;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 0x100000001b3;
	return fake_hash_number(hash);
}

uint32_t fake_tree_name_hash(const char *name)
{
	uint64_t hash = 0;

	for (; *name; name++) {
		uint64_t c = (unsigned char)*name;

		hash = (hash + (c << 4) + (c >> 4)) * 11;
	}
	hash = (hash * 0x61c8864680b583eb) >> 32 & 0x7fffffff;
	if (hash < 2)
		hash += 2;
	return (uint32_t)(hash >= 0x7fffffff ? 0x7ffffffe : hash);
}
