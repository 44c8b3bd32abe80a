/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who uses which VFIO node, as /proc shows it: a fact about this host, not about the tree.
 */

#include <stddef.h>
#include <sys/types.h>

struct cli_owner {
	char node[64]; /* "/dev/vfio/7" */
	pid_t pid;
	char user[33], program[17];
	char vm[64]; /* QEMU's -name; empty if it has none */
};

struct cli_owners {
	struct cli_owner *items;
	size_t len;
};

/** Looks at all processes that the caller may look at. 0 or -ENOMEM. */
int cli_owners_find(struct cli_owners *out);
void cli_owners_finish(struct cli_owners *owners);
/** Who holds @node; NULL if nobody who can be seen. */
const struct cli_owner *cli_owners_of(const struct cli_owners *owners, const char *node);
