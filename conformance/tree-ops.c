/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations of any tree, be it a file system or not.
 */

#include <stdlib.h>
#include <string.h>

#include "suite.h"

ssize_t suite_put(const struct suite_parent *parent, const char *path, const void *data, size_t len)
{
	return parent->tree->put(parent->tree->data, path, data, len);
}

ssize_t suite_get(const struct suite_parent *parent, const char *path, char *out, size_t size)
{
	ssize_t len = parent->tree->get(parent->tree->data, path, out, size - 1);

	if (len >= 0)
		out[len] = '\0';
	return len;
}

ssize_t suite_link(const struct suite_parent *parent, const char *path, char *out, size_t size)
{
	ssize_t len = parent->tree->link(parent->tree->data, path, out, size - 1);

	out[len < 0 ? 0 : len] = '\0';
	return len;
}

void suite_each(const struct suite_parent *parent, const char *path,
		void (*each)(void *to, const char *name), void *to)
{
	parent->tree->list(parent->tree->data, path, each, to);
}

#define OP(name) static void name(struct suite_run *run, int argc, char **argv)

static void say_text(struct suite_run *run, const char *text, ssize_t len)
{
	if (len < 0)
		suite_say_result(run, len);
	else
		suite_say_bytes(run, text, (size_t)len);
}

OP(op_put)
{
	static struct suite_bytes bytes;

	suite_unescape(argc > 1 ? argv[1] : "", &bytes);
	suite_say_result(run, suite_put(run->parent, argv[0], bytes.data, bytes.len));
}

OP(op_get)
{
	char data[TEXT_MAX];

	say_text(run, data, suite_get(run->parent, argv[0], data, sizeof(data)));
}

OP(op_link)
{
	char target[PATH_LEN];

	say_text(run, target, suite_link(run->parent, argv[0], target, sizeof(target)));
}

enum { NAMES_MAX = 512 };

struct names {
	char *all[NAMES_MAX];
	size_t len;
};

static void add_name(void *to, const char *name)
{
	struct names *names = to;

	if (names->len < NAMES_MAX)
		names->all[names->len++] = strdup(name);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void say_names(struct suite_run *run, const char *path, bool sorted)
{
	const struct conformance_tree *tree = run->parent->tree;
	struct names names = { .len = 0 };
	int ret = tree->list(tree->data, path, add_name, &names);
	size_t at = 0;

	if (sorted)
		qsort(names.all, names.len, sizeof(names.all[0]), by_bytes);
	run->out[0] = '\0';
	for (size_t i = 0; i < names.len; i++) {
		at += (size_t)snprintf(run->out + at, sizeof(run->out) - at, "%s%s", i ? " " : "",
				       names.all[i]);
		at = at < sizeof(run->out) ? at : sizeof(run->out) - 1;
		free(names.all[i]);
	}
	if (ret < 0)
		suite_say_result(run, ret);
}

OP(op_ls)
{
	say_names(run, argv[0], true);
}

OP(op_order)
{
	say_names(run, argv[0], false);
}

OP(op_there)
{
	const struct conformance_tree *tree = run->parent->tree;

	suite_say(run, tree->exists(tree->data, argv[0]) ? "no" : "yes");
}

const struct suite_op suite_tree_ops[] = {
	{ "put", 1, op_put }, { "get", 1, op_get },	{ "link", 1, op_link },
	{ "ls", 1, op_ls },   { "order", 1, op_order }, { "there", 1, op_there },
};
const size_t suite_tree_ops_len = ARRAY_LEN(suite_tree_ops);
