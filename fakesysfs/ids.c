/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 64 };

static int grow(struct fake_ids *ids)
{
	size_t len = ids->len ? ids->len * 2 : WORD;
	void **owners = realloc(ids->owners, len * sizeof(void *));
	uint64_t *taken;

	if (!owners)
		return -ENOMEM;
	ids->owners = owners;
	taken = realloc(ids->taken, len / 8);
	if (!taken)
		return -ENOMEM;
	ids->taken = taken;
	memset(owners + ids->len, 0, (len - ids->len) * sizeof(void *));
	memset(taken + ids->len / WORD, 0, (len - ids->len) / 8);
	ids->len = len;
	return 0;
}

int fake_ids_take(struct fake_ids *ids, void *owner)
{
	size_t word = ids->first_free / WORD, id;

	while (word < ids->len / WORD && ids->taken[word] == UINT64_MAX)
		word++;
	if (word == ids->len / WORD && grow(ids))
		return -ENOMEM;
	id = word * WORD + (size_t)__builtin_ctzll(~ids->taken[word]);
	ids->taken[word] |= UINT64_C(1) << id % WORD;
	ids->owners[id] = owner;
	ids->first_free = id + 1;
	return (int)id;
}

int fake_ids_take_at(struct fake_ids *ids, unsigned int id, void *owner)
{
	while (id >= ids->len)
		if (grow(ids))
			return -ENOMEM;
	if (ids->owners[id])
		return -EEXIST;
	ids->taken[id / WORD] |= UINT64_C(1) << id % WORD;
	ids->owners[id] = owner;
	if (id == ids->first_free)
		ids->first_free++;
	return 0;
}

void fake_ids_release(struct fake_ids *ids, unsigned int id)
{
	ids->taken[id / WORD] &= ~(UINT64_C(1) << id % WORD);
	ids->owners[id] = NULL;
	if (id < ids->first_free)
		ids->first_free = id;
}

void *fake_ids_find(const struct fake_ids *ids, unsigned int id)
{
	return id < ids->len ? ids->owners[id] : NULL;
}

void fake_ids_finish(struct fake_ids *ids)
{
	free(ids->owners);
	free(ids->taken);
	*ids = (struct fake_ids){ 0 };
}
