/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * "Did you mean ...?": the name that a person most likely meant. Feed it every name there is:
 *
 *	struct vgpu_nearest nearest = { .wanted = text };
 *	for (...)
 *		vgpu_nearest_offer(&nearest, names[i]);
 *	if (nearest.name)
 *		...
 */

/** Zero-initialise but for @wanted. Keeps pointers only: offered names must outlive it. */
struct vgpu_nearest {
	const char *wanted;
	const char *name; /* the best so far; NULL if none was near enough */
	unsigned int distance; /* of @name */
};

/**
 * The number of single-character insertions, deletions, substitutions and swaps of neighbours
 * between two texts, letter case counting nothing. Texts beyond 63 bytes compare by their first 63.
 */
unsigned int vgpu_edit_distance(const char *a, const char *b);

/**
 * Considers @name. Near enough is at most a third of the wanted text changed, or that one is the
 * beginning or the end of the other (three characters or more).
 */
void vgpu_nearest_offer(struct vgpu_nearest *nearest, const char *name);
