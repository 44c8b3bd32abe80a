/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <vgpulab/nearest.h>

enum { TEXT_MAX = 63 };

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int vgpu_edit_distance(const char *a, const char *b)
{
	/* Three rows of the usual table: the one being made and the two above it. */
	unsigned int rows[3][TEXT_MAX + 1];
	size_t a_len = strnlen(a, TEXT_MAX), b_len = strnlen(b, TEXT_MAX);

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i - 1) % 3];
		const unsigned int *twice_above = rows[(i + 1) % 3];
		int c = tolower((unsigned char)a[i - 1]);

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			int d = tolower((unsigned char)b[j - 1]);

			row[j] = least(above[j - 1] + (c != d), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && c == tolower((unsigned char)b[j - 2]) &&
			    d == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], twice_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

static bool begins_or_ends(const char *longer, const char *shorter)
{
	size_t longer_len = strlen(longer), shorter_len = strlen(shorter);

	if (shorter_len < 3 || shorter_len > longer_len)
		return false;
	return !strncasecmp(longer, shorter, shorter_len) ||
	       !strcasecmp(longer + longer_len - shorter_len, shorter);
}

void vgpu_nearest_offer(struct vgpu_nearest *nearest, const char *name)
{
	unsigned int distance = vgpu_edit_distance(nearest->wanted, name);
	size_t wanted_len = strnlen(nearest->wanted, TEXT_MAX);

	if (distance > (wanted_len + 2) / 3 && !begins_or_ends(name, nearest->wanted) &&
	    !begins_or_ends(nearest->wanted, name))
		return;
	if (nearest->name && nearest->distance <= distance)
		return;
	nearest->name = name;
	nearest->distance = distance;
}
