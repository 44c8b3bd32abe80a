/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A case's script: "OPERATION ARGUMENT... = RESULT; ...". $NAME is a fact about the parent. A step
 * without "= RESULT" must succeed. RESULT "A|B" is one of two, "~PATTERN" an fnmatch(3) pattern.
 */

#include <fnmatch.h>
#include <string.h>

#include "suite.h"

static const struct {
	const struct suite_op *ops;
	const size_t *len;
	unsigned int needs; /* of all of them */
} op_tables[] = {
	{ suite_tree_ops, &suite_tree_ops_len },
	{ suite_race_ops, &suite_race_ops_len },
	{ suite_file_ops, &suite_file_ops_len, CONFORMANCE_FILE_SYSTEM },
	{ suite_name_ops, &suite_name_ops_len, CONFORMANCE_FILE_SYSTEM },
	{ suite_device_ops, &suite_device_ops_len, CONFORMANCE_FILE_SYSTEM },
};

static const struct suite_op *find_op(const char *name, size_t len, unsigned int *needs)
{
	for (size_t i = 0; i < ARRAY_LEN(op_tables); i++)
		for (size_t j = 0; j < *op_tables[i].len; j++) {
			const struct suite_op *op = &op_tables[i].ops[j];

			if (strlen(op->name) != len || memcmp(op->name, name, len))
				continue;
			*needs |= op->needs | op_tables[i].needs;
			return op;
		}
	return NULL;
}

unsigned int suite_script_needs(const char *script)
{
	static const struct {
		const char *name;
		unsigned int need;
	} names[] = {
		{ "$C2", CONFORMANCE_TWO_TYPES },      { "$A2", CONFORMANCE_TWO_TYPES },
		{ "$T2", CONFORMANCE_TWO_TYPES },      { "$N2", CONFORMANCE_TWO_TYPES },
		{ "fill ", CONFORMANCE_FILL },	       { " $V = 36", CONFORMANCE_SEVERAL },
		{ "race-uuids", CONFORMANCE_SEVERAL },
	};
	unsigned int needs = 0;

	for (const char *step = script; step; step = strchr(step, ';')) {
		step += strspn(step, "; ");
		find_op(step, strcspn(step, " ;"), &needs);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strstr(script, names[i].name))
			needs |= names[i].need;
	return needs;
}

/* The longest name that is a fact: "$Ux" is $U and an x. */
static size_t expand_name(const struct suite_parent *parent, const char *name, char *out,
			  size_t size)
{
	for (size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"); len; len--)
		if (suite_variable(parent, name, len, out, size))
			return len;
	return 0;
}

static void expand(const struct suite_parent *parent, const char *text, char *out, size_t size)
{
	size_t len = 0;

	while (*text && len + 1 < size) {
		char value[TEXT_MAX];
		size_t used =
			*text == '$' ? expand_name(parent, text + 1, value, sizeof(value)) : 0;

		if (!used) {
			out[len++] = *text++;
			continue;
		}
		len += (size_t)snprintf(out + len, size - len, "%s", value);
		len = len < size ? len : size - 1;
		text += used + 1;
	}
	out[len] = '\0';
}

void suite_step(struct suite_run *run, int argc, char **argv)
{
	unsigned int needs = 0;
	const struct suite_op *op = find_op(argv[0], strlen(argv[0]), &needs);

	run->out[0] = '\0';
	if (!op)
		suite_say(run, "no operation '%s'", argv[0]);
	else if (argc - 1 < op->args_min)
		suite_say(run, "'%s' wants %d arguments", argv[0], op->args_min);
	else
		op->run(run, argc - 1, argv + 1);
}

static bool matches(const char *expected, const char *got)
{
	char copy[TEXT_MAX], *rest = copy, *one;

	if (*expected == '~')
		return !fnmatch(expected + 1, got, 0);
	if (!strcmp(expected, got))
		return true;
	snprintf(copy, sizeof(copy), "%s", expected);
	while ((one = strsep(&rest, "|")))
		if (!strcmp(one, got))
			return true;
	return false;
}

static bool run_step(struct suite_run *run, char *step, char *why, size_t size)
{
	static const char none[] = "";
	char line[2 * TEXT_MAX], expected[TEXT_MAX], *argv[ARGS_MAX], *rest = line, *word;
	char *wanted = strstr(step, " = ");
	int argc = 0;

	if (wanted)
		*wanted = '\0';
	expand(run->parent, step, line, sizeof(line));
	while (argc < ARGS_MAX && (word = strsep(&rest, " ")))
		if (*word)
			argv[argc++] = word;
	if (!argc)
		return true;
	suite_step(run, argc, argv);
	/* expanded after the step: it may be the step that makes $G true */
	expand(run->parent, wanted ? wanted + 3 : none, expected, sizeof(expected));
	if (wanted ? matches(expected, run->out) : !suite_is_errno(run->out))
		return true;
	snprintf(why, size, "'%.200s' gave '%.200s', the kernel '%.200s'", step, run->out,
		 wanted ? expected : "success");
	return false;
}

const char *suite_script_run(struct suite_run *run, const char *script, char *why, size_t size)
{
	char copy[TEXT_MAX], *rest = copy, *step;
	const char *first = NULL;
	char ignored[512];

	snprintf(copy, sizeof(copy), "%s", script);
	/* all steps, after a difference too: the last ones undo what the case did */
	while ((step = strsep(&rest, ";")))
		if (!run_step(run, step + strspn(step, " "), first ? ignored : why,
			      first ? sizeof(ignored) : size) &&
		    !first)
			first = why;
	return first;
}
