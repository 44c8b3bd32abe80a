/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/nearest.h>

#include "listing.h"

void cli_listing_init(struct cli_listing *listing, const struct cli_column *columns,
		      size_t columns_len)
{
	*listing = (struct cli_listing){
		.columns = columns,
		.columns_len = columns_len,
		.rows = json_object_new_array(),
	};
	for (size_t i = 0; i < columns_len; i++)
		if (!columns[i].extra)
			listing->chosen[listing->chosen_len++] = &columns[i];
}

void cli_listing_finish(struct cli_listing *listing)
{
	json_object_put(listing->rows);
}

static const struct cli_column *find_column(const struct cli_listing *listing, const char *name,
					    struct vgpu_error *err)
{
	struct vgpu_nearest nearest = { .wanted = name };
	char all[sizeof(err->hint)] = "";

	for (size_t i = 0; i < listing->columns_len; i++) {
		const struct cli_column *column = &listing->columns[i];

		if (!strcasecmp(column->name, name))
			return column;
		vgpu_nearest_offer(&nearest, column->name);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
			 column->name);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "there is no column '%s'", name);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean %s?", nearest.name);
	else
		vgpu_error_hint(err, "columns: %s", all);
	return NULL;
}

int cli_listing_choose(struct cli_listing *listing, const char *names, struct vgpu_error *err)
{
	_autofree_ char *copy = strdup(names + (names[0] == '+'));
	char *rest = copy, *name;

	if (names[0] != '+')
		listing->chosen_len = 0;
	while ((name = strsep(&rest, ","))) {
		const struct cli_column *column = find_column(listing, name, err);

		if (!column)
			return -EINVAL;
		if (listing->chosen_len == VGPU_ARRAY_LEN(listing->chosen))
			return vgpu_error_set(err, VGPU_ERROR_USAGE, E2BIG, "too many columns");
		listing->chosen[listing->chosen_len++] = column;
	}
	return 0;
}

void cli_listing_add(struct cli_listing *listing, const void *row)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < listing->chosen_len; i++)
		json_object_object_add(object, listing->chosen[i]->key,
				       listing->chosen[i]->value(row));
	json_object_array_add(listing->rows, object);
}

struct json_object *cli_listing_object(const struct cli_column *columns, size_t columns_len,
				       const void *row)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < columns_len; i++)
		json_object_object_add(object, columns[i].key, columns[i].value(row));
	return object;
}

/* How many bytes of @text, which ends with NUL, are one UTF-8 character; 0: none. Source: RFC 3629, 4 */
static size_t utf8_len(const unsigned char *text)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char second_first, second_last;
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0;

	if (*text < 0x80) /* nearly all there is */
		return *text != '\0';
	while (i < VGPU_ARRAY_LEN(forms) && (*text < forms[i].first || *text > forms[i].last))
		i++;
	if (i == VGPU_ARRAY_LEN(forms) || text[1] < forms[i].second_first ||
	    text[1] > forms[i].second_last)
		return 0;
	for (size_t k = 2; k < forms[i].len; k++)
		if ((text[k] & 0xc0) != 0x80)
			return 0;
	return forms[i].len;
}

void cli_json_write(FILE *stream, struct json_object *object, int flags)
{
	const char *text = json_object_to_json_string_ext(object, flags);

	while (*text) {
		size_t run = 0, len;

		while ((len = utf8_len((const unsigned char *)text + run)))
			run += len;
		fwrite(text, 1, run, stream);
		text += run;
		if (*text) {
			fputc('?', stream);
			text++;
		}
	}
	fputc('\n', stream);
}

void cli_json_print(struct json_object *object)
{
	/* json-c would break the line between the brackets */
	if (json_object_is_type(object, json_type_array) && !json_object_array_length(object)) {
		puts("[]");
		return;
	}
	cli_json_write(stdout, object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* A column of numbers is set flush right. */
static bool holds_numbers(const struct cli_listing *listing, const struct cli_column *column)
{
	for (size_t i = 0; i < json_object_array_length(listing->rows); i++) {
		struct json_object *value = json_object_object_get(
			json_object_array_get_idx(listing->rows, i), column->key);

		if (value)
			return json_object_is_type(value, json_type_int);
	}
	return false;
}

static int fill_line(const struct cli_listing *listing, struct libscols_line *line,
		     struct json_object *object)
{
	int ret = 0;

	for (size_t i = 0; i < listing->chosen_len && !ret; i++) {
		struct json_object *value = json_object_object_get(object, listing->chosen[i]->key);
		const char *unit = listing->chosen[i]->unit;
		char cell[512] = "-";

		if (value)
			snprintf(cell, sizeof(cell), "%s%s", json_object_get_string(value),
				 unit ? unit : "");
		ret = scols_line_set_data(line, i, cell);
	}
	return ret;
}

static int fill_table(const struct cli_listing *listing, struct libscols_table *table)
{
	int ret = 0;

	for (size_t i = 0; i < listing->chosen_len; i++) {
		const struct cli_column *column = listing->chosen[i];
		struct libscols_column *made =
			scols_table_new_column(table, column->name, 0,
					       holds_numbers(listing, column) ? SCOLS_FL_RIGHT : 0);

		if (!made)
			return -ENOMEM;
	}
	for (size_t i = 0; i < json_object_array_length(listing->rows) && !ret; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		ret = line ? fill_line(listing, line, json_object_array_get_idx(listing->rows, i))
			   : -ENOMEM;
	}
	return ret;
}

struct libscols_table *cli_table_create(void)
{
	/* for the width of letters and for the lines of trees; nothing else here needs it */
	setlocale(LC_CTYPE, "");
	return scols_new_table();
}

int cli_listing_print(const struct cli_listing *listing, bool json, struct vgpu_error *err)
{
	struct libscols_table *table;
	int ret;

	if (json) {
		cli_json_print(listing->rows);
		return 0;
	}
	table = cli_table_create();
	ret = table ? fill_table(listing, table) : -ENOMEM;
	if (ret == 0 && json_object_array_length(listing->rows))
		ret = scols_print_table(table);
	scols_unref_table(table);
	return ret < 0 ? vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot make the table: %s",
					strerror(-ret))
		       : 0;
}

struct json_object *cli_text(const char *text)
{
	return text[0] ? json_object_new_string(text) : NULL;
}

struct json_object *cli_number(uint32_t number)
{
	return number ? json_object_new_int64(number) : NULL;
}
