/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "completion.h"

/* A table of options ends with a row without a name, or is NULL. */
static const struct cli_option *find_option(const struct cli_option *options, const char *word)
{
	for (; options && options->name; options++) {
		const char *name = options->name;

		if (word[0] == '-' && word[1] == '-' && !strncmp(word + 2, name, strlen(name)) &&
		    (!word[2 + strlen(name)] || word[2 + strlen(name)] == '='))
			return options;
		if (word[0] == '-' && options->id < 256 && word[1] == options->id && !word[2])
			return options;
	}
	return NULL;
}

static const struct cli_option *find_any_option(const struct cli_verb *verb, const char *word)
{
	const struct cli_option *option = verb ? find_option(verb->options, word) : NULL;

	return option ? option : find_option(cli_global_options, word);
}

static void offer_option(const struct cli_completion *completion, const struct cli_option *option)
{
	char word[64];

	snprintf(word, sizeof(word), "--%s", option->name);
	cli_complete_offer(completion, word, option->help);
}

static void offer_options(const struct cli_completion *completion, const struct cli_verb *verb)
{
	for (const struct cli_option *option = verb ? verb->options : NULL; option && option->name;
	     option++)
		offer_option(completion, option);
	for (const struct cli_option *option = cli_global_options; option->name; option++)
		if (!verb || strcmp(option->name, "version"))
			offer_option(completion, option);
}

static void offer_verbs(const struct cli_completion *completion)
{
	for (size_t i = 0; i < cli_verbs_len; i++)
		if (cli_verbs[i].group)
			cli_complete_offer(completion, cli_verbs[i].name, cli_verbs[i].summary);
}

/* The next operand in a synopsis such as "serve [--gpu SPEC]... MOUNTPOINT | profiles". */
static bool next_operand(const struct cli_verb *verb, const char **rest, char *word, size_t size)
{
	bool is_argument = false; /* of an option, therefore no operand */

	while (*(*rest += strspn(*rest, " []|."))) {
		const struct cli_option *option;
		bool skip = is_argument;

		snprintf(word, size, "%.*s", (int)strcspn(*rest, " |]."), *rest);
		*rest += strcspn(*rest, " |");
		option = word[0] == '-' ? find_option(verb->options, word) : NULL;
		is_argument = option && option->argument;
		if (!skip && word[0] != '-')
			return true;
	}
	return false;
}

/* Words in small letters are themselves and come first; the others stand for something. */
static void offer_operands(struct cli_completion *completion, const struct cli_verb *verb,
			   size_t operands_before)
{
	const char *rest = verb->arguments;
	char word[64], last[64] = "";
	bool first_is_literal = false;

	while (next_operand(verb, &rest, word, sizeof(word)))
		if (islower((unsigned char)word[0])) {
			first_is_literal = true;
			if (!operands_before)
				cli_complete_offer(completion, word, "");
		}
	rest = verb->arguments;
	while (next_operand(verb, &rest, word, sizeof(word)))
		if (isupper((unsigned char)word[0]) && strcmp(word, last) &&
		    (operands_before || !first_is_literal)) {
			cli_complete_placeholder(completion, word, NULL);
			strcpy(last, word);
		}
}

/* What the words before the last one have said. */
struct before {
	const struct cli_verb *verb;
	const struct cli_option *wants; /* option that the last word is the argument of */
	size_t operands_len;
	bool options_ended;
};

static void take_global(struct cli_globals *globals, const struct cli_option *option,
			const char *value)
{
	if (!strcmp(option->name, "backend"))
		globals->backend = value;
	if (!strcmp(option->name, "config-dir"))
		globals->config_dir = value;
}

static void read_word(struct before *before, struct cli_globals *globals, const char *word)
{
	const struct cli_option *option = NULL;

	if (before->wants) {
		take_global(globals, before->wants, word);
		before->wants = NULL;
		return;
	}
	if (word[0] == '-' && word[1] && !before->options_ended) {
		option = find_any_option(before->verb, word);
		before->options_ended = !strcmp(word, "--");
		if (option && option->argument && !strchr(word, '='))
			before->wants = option;
		else if (option && option->argument)
			take_global(globals, option, strchr(word, '=') + 1);
	} else if (!before->verb) {
		before->verb = cli_verb_find(word);
	} else {
		before->operands_len++;
		before->options_ended |= before->verb->options_first;
	}
}

static void offer_next(struct cli_completion *completion, const struct before *before)
{
	const struct cli_option *option = before->wants;
	const char *equals = strchr(completion->word, '=');

	if (!option && !before->options_ended && !strncmp(completion->word, "--", 2) && equals) {
		option = find_any_option(before->verb, completion->word);
		completion->kept_len = (size_t)(equals + 1 - completion->word);
	}
	if (option) {
		if (option->argument)
			cli_complete_placeholder(completion, option->argument, option);
	} else if (completion->word[0] == '-' && !before->options_ended) {
		offer_options(completion, before->verb);
	} else if (!before->verb) {
		offer_verbs(completion);
	} else if (before->verb->options_first && before->operands_len) {
		puts(":files"); /* of the command that is to be run */
	} else {
		offer_operands(completion, before->verb, before->operands_len);
	}
}

/* argv: "complete", "--", and the words after the program's name, the last one unfinished. */
int cli_verb_complete(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_completion completion = { .globals = *globals, .word = "" };
	struct before before = { 0 };

	for (int i = 2; i < argc - 1; i++)
		read_word(&before, &completion.globals, argv[i]);
	if (argc > 2)
		completion.word = argv[argc - 1];
	offer_next(&completion, &before);
	return 0;
}
