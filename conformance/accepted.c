/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the fake differs from the kernel, and why that stays. This list only shrinks: a row whose
 * case has become the same is a failure.
 */
#include "suite.h"

const struct conformance_accepted conformance_accepted[] = {
	{ "the file system is sysfs", "statfs is answered by FUSE itself" },
	{ "O_APPEND's position", "FUSE counts from its own size of the file" },
	{ "held remove: nothing written", "the kernel does not ask FUSE of a write without bytes" },
	{ "mmap of what is read", "the kernel maps a FUSE file with direct I/O privately" },
	{ "trusted attributes", "the tree keeps no extended attributes" },
	{ "an open remove while removal waits",
	  "the kernel lets one write at a time into a FUSE file, and the first one blocks" },
};
const size_t conformance_accepted_len = ARRAY_LEN(conformance_accepted);
