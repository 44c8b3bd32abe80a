/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A listing: rows under columns that the user may choose, as a table for people or as JSON. One
 * table of columns per listing is all that a verb writes; help, --output and both forms follow.
 */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli.h"

struct cli_column {
	const char *name; /* heading, and name for --output: "LOW" */
	const char *key; /* in JSON: "low_mib" */
	const char *help;
	const char *unit; /* put behind a number in the table: "M"; NULL: nothing */
	bool extra; /* shown only when asked for */
	/* the cell; NULL if the row has no such thing. @row is what cli_listing_add() was given */
	struct json_object *(*value)(const void *row);
};

struct cli_listing {
	const struct cli_column *columns;
	size_t columns_len;
	const struct cli_column *chosen[32];
	size_t chosen_len;
	struct json_object *rows;
	struct vgpu_backend *backend; /* set by cli_listing_verb_show() */
	const void *data; /* of the struct cli_listing_verb */
};

/** Starts a listing with the columns that are not extra. */
void cli_listing_init(struct cli_listing *listing, const struct cli_column *columns,
		      size_t columns_len);
void cli_listing_finish(struct cli_listing *listing);
/** Takes the columns from "NAME,NAME" ("+NAME,..." adds to the usual ones). 0, or -EINVAL. */
int cli_listing_choose(struct cli_listing *listing, const char *names, struct vgpu_error *err);
void cli_listing_add(struct cli_listing *listing, const void *row);
/** Prints the rows on standard output. No rows: nothing, or "[]". 0, or a negative errno. */
int cli_listing_print(const struct cli_listing *listing, bool json, struct vgpu_error *err);

/** A row as a JSON object with every column. The caller releases it. */
struct json_object *cli_listing_object(const struct cli_column *columns, size_t columns_len,
				       const void *row);
struct libscols_table;
/** A table to be printed; NULL without memory. The caller releases it with scols_unref_table(). */
struct libscols_table *cli_table_create(void);
/**
 * Writes JSON, as JSON_C_TO_STRING_* in @flags say, and a line's end. JSON is UTF-8, whatever logs and
 * names are: other bytes become question marks.
 */
void cli_json_write(FILE *stream, struct json_object *object, int flags);
/** Prints an object or array on standard output. */
void cli_json_print(struct json_object *object);

struct vgpu_snapshot;

/** A verb that does nothing but list what a snapshot holds. */
struct cli_listing_verb {
	const struct cli_column *columns;
	size_t columns_len;
	/* adds the rows that the operands choose; 0, or a negative errno if one names nothing */
	int (*add_rows)(struct cli_listing *listing, const struct vgpu_snapshot *snapshot,
			const struct cli_arguments *args, struct vgpu_error *err);
	const void *data; /* for add_rows(), which finds it in the listing */
};

/** Backend, snapshot, rows, print, after the options were read. Returns the exit code. */
int cli_listing_verb_show(const struct cli_listing_verb *verb, const struct cli_arguments *args,
			  const char *output);

/** Helpers for struct cli_column.value: NULL for "" and for 0. */
struct json_object *cli_text(const char *text);
struct json_object *cli_number(uint32_t number);
