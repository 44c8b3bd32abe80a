/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

/**
 * fake conformance: the fidelity report, of fake hosts with these GPUs (one after the other), or of
 * the tree that an operand names. Returns the exit code.
 */
int cli_fake_conformance(const struct cli_arguments *args, const char *const *gpus,
			 size_t gpus_len);
