/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "journal-impl.h"

/* Numbers of vGPUs, or nodes. */
struct numbers {
	uint64_t *all;
	size_t len;
};

static void numbers_finish(struct numbers *numbers)
{
	free(numbers->all);
}
#define _numbers_ __attribute__((cleanup(numbers_finish)))

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool has(const struct numbers *numbers, uint64_t number)
{
	return numbers->len &&
	       bsearch(&number, numbers->all, numbers->len, sizeof(number), compare_numbers);
}

/* The serials of the records that @wanted says. False if there is no memory. */
static bool collect(const struct fake_records *records,
		    bool (*wanted)(const struct fake_record *record, void *data), void *data,
		    struct numbers *out)
{
	out->all = calloc(records->len ? records->len : 1, sizeof(*out->all));
	for (size_t i = 0; out->all && i < records->len; i++)
		if (records->all[i].serial && wanted(&records->all[i], data))
			out->all[out->len++] = records->all[i].serial;
	if (out->len)
		qsort(out->all, out->len, sizeof(*out->all), compare_numbers);
	return out->all != NULL;
}

struct asker {
	fake_journal_in_flight in_flight;
	void *data;
};

static bool is_in_flight(const struct fake_record *record, void *data)
{
	const struct asker *asker = data;

	return record->request && asker->in_flight(asker->data, record->request);
}

static bool is_creation(const struct fake_record *record, void *data)
{
	(void)data;
	return record->kind == FAKE_RECORD_CREATED;
}

/* What the host has from its beginning, by a recording, has a removal alone: that must stay. */
static bool is_removal(const struct fake_record *record, void *created)
{
	return record->kind == FAKE_RECORD_REMOVED && has(created, record->serial);
}

/* The node of a record that a later one of the same kind and node takes the place of; 0: none. */
static uint64_t replaceable(const struct fake_record *record)
{
	if (record->kind == FAKE_RECORD_WROTE && record->keep == FAKE_KEEP_LAST)
		return record->ino << 1;
	return record->kind == FAKE_RECORD_ATTRIBUTES ? record->ino << 1 | 1 : 0;
}

struct seen {
	struct fake_hash_node by_node;
	uint64_t node;
};

/* Has it been seen? If not, it is from now on. */
static bool note(struct fake_hash *table, struct seen *room, uint64_t node)
{
	fake_hash_each(at, table, fake_hash_number(node))
	{
		if (fake_container(at, struct seen, by_node)->node == node)
			return true;
	}
	room->node = node;
	fake_hash_insert(table, &room->by_node, fake_hash_number(node));
	return false;
}

/* Marks, going back, the records that a later one replaces. */
static void mark_replaced(const struct fake_records *records, bool *dropped)
{
	struct seen *room = calloc(records->len ? records->len : 1, sizeof(*room));
	struct fake_hash table = { 0 };

	for (size_t i = records->len; room && i-- > 0;) {
		uint64_t node = replaceable(&records->all[i]);

		if (node && note(&table, &room[i], node))
			dropped[i] = true;
	}
	fake_hash_finish(&table);
	free(room);
}

/* The vGPU that a record is about, or whose node it is about. */
static uint64_t vgpu_of(const struct fake_record *record)
{
	return record->kind == FAKE_RECORD_SERIAL ? 0
	       : record->serial			  ? record->serial
						  : fake_tree_vgpu_of(record->ino);
}

void fake_records_compact(struct fake_records *records, fake_journal_in_flight in_flight,
			  void *data)
{
	struct asker asker = { in_flight, data };
	_numbers_ struct numbers created = { 0 }, removed = { 0 }, kept = { 0 };
	_autofree_ bool *dropped = calloc(records->len ? records->len : 1, sizeof(*dropped));
	struct fake_record serial = { .kind = FAKE_RECORD_SERIAL };
	size_t len = 0;

	if (!dropped || !collect(records, is_creation, NULL, &created) ||
	    !collect(records, is_removal, &created, &removed) ||
	    !collect(records, is_in_flight, &asker, &kept))
		return;
	mark_replaced(records, dropped);
	for (size_t i = 0; i < records->len; i++) {
		struct fake_record *record = &records->all[i];
		uint64_t vgpu = vgpu_of(record);

		if (record->kind == FAKE_RECORD_CREATED && serial.serial <= record->serial)
			serial.serial = record->serial + 1;
		if (record->kind == FAKE_RECORD_SERIAL && serial.serial < record->serial)
			serial.serial = record->serial;
		if (record->kind == FAKE_RECORD_SERIAL ||
		    (!is_in_flight(record, &asker) &&
		     (dropped[i] || (vgpu && has(&removed, vgpu) && !has(&kept, vgpu)))))
			free(record->data);
		else
			records->all[len++] = *record;
	}
	records->len = len;
	if (serial.serial)
		fake_records_add(records, &serial);
}
