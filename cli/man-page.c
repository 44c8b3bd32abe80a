/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes the manual page: copies the template from standard input, and puts what the table of verbs
 * says in the place of the line "@VERBS@".
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { WIDTH = 76 };

/* One word so that mdoc takes it for text, never for a macro, a request or an escape. */
static void print_word(const char *word, size_t len)
{
	fputs("\\&", stdout);
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			fputs("\\e", stdout);
		else if (word[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(word[i]);
	}
}

/* Running text: short lines, each sentence on a line of its own; the author's line breaks are kept. */
static void print_text(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n"), gap = strspn(text + len, " \n");

		if (column && column + len > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column)
			putchar(' ');
		print_word(text, len);
		column += len + 3;
		if (len && text[len - 1] == '.')
			column = WIDTH;
		text += len;
		if (*text == '\n' && text[gap]) {
			fputs(gap > 1 ? "\n.Pp\n" : "\n.br\n", stdout);
			column = 0;
		}
		text += gap;
	}
	putchar('\n');
}

static void print_words(const char *text)
{
	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " ");

		putchar(' ');
		print_word(text, len);
		text += len;
	}
}

static void print_option(const struct cli_option *option)
{
	printf(".It");
	if (option->id < 256)
		printf(" Fl %c ,", option->id);
	printf(" Fl \\-%s", option->name);
	if (option->argument) {
		printf(" Ar");
		print_words(option->argument);
	}
	putchar('\n');
	print_text(option->help);
}

static void print_verb(const struct cli_verb *verb)
{
	char sentence[256];

	printf(".Ss %s", verb->name);
	print_words(verb->arguments);
	/* so that a last "..." is not taken for the end of a sentence */
	puts("\\&");
	snprintf(sentence, sizeof(sentence), "%c%s.", toupper((unsigned char)verb->summary[0]),
		 verb->summary + 1);
	print_text(sentence);
	if (verb->details)
		print_text(verb->details);
	if (!verb->options || !verb->options->name)
		return;
	printf(".Bl -tag -width Ds\n");
	for (const struct cli_option *option = verb->options; option->name; option++)
		print_option(option);
	printf(".El\n");
}

int main(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "@VERBS@\n")) {
			fputs(line, stdout);
			continue;
		}
		for (size_t i = 0; i < cli_verbs_len; i++)
			if (cli_verbs[i].group)
				print_verb(&cli_verbs[i]);
	}
	return fflush(stdout) || ferror(stdin) ? 1 : 0;
}
