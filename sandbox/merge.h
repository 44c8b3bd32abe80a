/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which parts of the real /sys appear in the fake one: at the directories that both have in common
 * by structure (class, bus, devices, ...), whatever the fake does not have itself.
 */

#include <stddef.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_tree;

/** What must be mounted from the real /sys over the fake one: paths relative to both. */
struct sandbox_merge {
	char **paths;
	size_t paths_len;
};

/**
 * Reads the real /sys at @sys, adds what the fake @tree lacks to it as foreign nodes, and lists
 * what has to be mounted over them. No /sys at all is fine. 0 or a negative errno.
 */
int sandbox_merge_plan(const char *sys, struct fake_tree *tree, struct sandbox_merge *out);
void sandbox_merge_finish(struct sandbox_merge *merge);
