/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/backend-impl.h>

#include "names.h"

static int add_name(void *data, const char *name)
{
	struct vgpu_names *names = data;

	if (names->len == names->room) {
		size_t room = names->room ? names->room * 2 : 16;
		char **items = reallocarray(names->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		names->items = items;
		names->room = room;
	}
	names->items[names->len] = strdup(name);
	return names->items[names->len] ? (names->len++, 0) : -ENOMEM;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int vgpu_names_list(struct vgpu_backend *backend, const char *path, struct vgpu_names **out)
{
	_destroy_(vgpu_names) struct vgpu_names *names = calloc(1, sizeof(*names));
	int ret;

	if (!names)
		return -ENOMEM;
	ret = backend->impl->list(backend, path, add_name, names);
	if (ret < 0)
		return ret;
	if (names->len)
		qsort(names->items, names->len, sizeof(*names->items), compare_names);
	*out = steal(names);
	return 0;
}

bool vgpu_names_have(const struct vgpu_names *names, const char *name)
{
	return names->len &&
	       bsearch(&name, names->items, names->len, sizeof(*names->items), compare_names);
}

void vgpu_names_destroy(struct vgpu_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->len; i++)
		free(names->items[i]);
	free(names->items);
	free(names);
}
