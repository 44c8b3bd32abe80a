/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the fake differs from the kernel, and why that stays. This list only shrinks: a row whose
 * case has become the same is a failure.
 */
#include "suite.h"

const struct conformance_accepted conformance_accepted[] = {
	{ "the file system is sysfs",
	  "the type that statfs tells is FUSE's own, whatever its server says (fuse_statfs())" },
	{ "O_APPEND's position",
	  "FUSE counts from the file's size, as all but kernfs do (generic_write_checks()); that is 4096" },
	{ "held remove: nothing written",
	  "the kernel does not ask FUSE of a write without bytes (fuse_direct_write_iter())" },
	{ "mmap of what is read",
	  "the kernel maps a FUSE file privately, with direct I/O, too, and asks nobody (fuse_file_mmap())" },
	{ "trusted attributes",
	  "the tree keeps no extended attributes: no client is known that sets any in sysfs" },
	{ "an open remove while removal waits",
	  "before Linux 6.2 a FUSE file takes one write at a time, and the first one blocks",
	  CONFORMANCE_LINUX(6, 2) },
};
const size_t conformance_accepted_len = ARRAY_LEN(conformance_accepted);
