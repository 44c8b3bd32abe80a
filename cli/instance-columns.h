/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/snapshot.h>

#include "listing.h"
#include "owners.h"

/** A vGPU as `list` and `create --json` show it. */
struct cli_instance_row {
	const struct vgpu_instance *instance;
	const char *root; /* of its tree */
	const struct cli_owners *owners; /* NULL: nobody looked */
};

extern const struct cli_column cli_instance_columns[];
extern const size_t cli_instance_columns_len;
