/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no kernel has: a directory beside sys and dev, to break things with while clients are at work.
 */

#include <errno.h>
#include <fakesysfs/faults.h>

#include "tree-impl.h"

void fake_tree_set_faults(struct fake_tree *tree, struct fake_faults *faults)
{
	tree->faults = faults;
}

ssize_t fake_read_faults(const struct fake_access *access, char *page)
{
	return access->tree->faults ? fake_faults_print(access->tree->faults, page) : 0;
}

ssize_t fake_write_faults(const struct fake_access *access, const char *text, size_t len)
{
	int ret = access->tree->faults ? fake_faults_command(access->tree->faults, text) : -ENODEV;

	return ret ? ret : (ssize_t)len;
}
