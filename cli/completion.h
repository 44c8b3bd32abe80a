/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What may come next on a command line. Shells ask through the hidden verb `complete`, so that each
 * of their scripts is a few lines and knows no verb: all comes from the table of verbs, the
 * scenarios, the profiles, and what the host has at that moment.
 */

#include "cli.h"

struct cli_completion {
	struct cli_globals globals; /* as the words so far have set them */
	const char *word; /* what has been typed of the candidate */
	size_t kept_len; /* so much of it stands before the candidate: "--type=", "UUID," */
};

/** Prints "candidate TAB help" if @candidate begins with what has been typed. */
void cli_complete_offer(const struct cli_completion *completion, const char *candidate,
			const char *help);

/**
 * Offers what can stand in the place of @placeholder ("UUID", "FILE"), which is the argument of
 * @option, or an operand if that is NULL. Files and commands are left to the shell: it is told by
 * ":files", ":directories" or ":commands".
 */
void cli_complete_placeholder(struct cli_completion *completion, const char *placeholder,
			      const struct cli_option *option);
