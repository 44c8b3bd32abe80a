/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/lifecycle.h>

#include "cli.h"

/** A host as core's verbs want it: the tree, the definitions, and the scripts. */
struct cli_host {
	struct vgpu_host host;
	struct vgpu_callouts callouts;
	char *scripts; /* the scripts' directory beside the definitions */
};

/** Opens what the command line names. 0, or a negative errno with @err filled. */
int cli_host_open(const struct cli_globals *globals, struct cli_host *out, struct vgpu_error *err);
void cli_host_close(struct cli_host *host);
#define _cli_host_ __attribute__((cleanup(cli_host_close)))

/** How scripts are run here. */
extern const struct vgpu_callout_ops cli_callout_ops;

/** Prints the errors of definitions that cannot be read, as warnings. */
void cli_warn_broken(const struct cli_globals *globals, const struct vgpu_error *broken,
		     size_t len);
