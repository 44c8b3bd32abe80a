/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/lifecycle.h>
#include <vgpulab/nearest.h>

#include "type-find.h"

/* One change of the store, between the scripts. */
struct change {
	const struct vgpu_host *host;
	const struct vgpu_definition *before, *after;
};

static int add(void *data, struct vgpu_error *err)
{
	const struct change *change = data;

	return vgpu_store_add(change->host->store, change->after, err);
}

static int replace(void *data, struct vgpu_error *err)
{
	const struct change *change = data;

	return vgpu_store_replace(change->host->store, change->before, change->after, err);
}

static int delete (void *data, struct vgpu_error *err)
{
	const struct change *change = data;

	return vgpu_store_delete(change->host->store, change->before->parent, &change->before->uuid,
				 err);
}

int vgpu_define(const struct vgpu_host *host, const struct vgpu_definition *definition,
		struct vgpu_error *err)
{
	struct change change = { host, NULL, definition };

	return vgpu_callout_around(host->callouts, definition, "define", add, &change, err);
}

int vgpu_modify(const struct vgpu_host *host, const struct vgpu_definition *before,
		const struct vgpu_definition *after, struct vgpu_error *err)
{
	struct change change = { host, before, after };

	return vgpu_callout_around(host->callouts, after, "modify", replace, &change, err);
}

static int fail_undefined(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			  const char *parent, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *all = NULL;
	struct vgpu_nearest nearest = { .wanted = uuid->text };
	int ret = vgpu_store_list(host->store, NULL, NULL, &all, NULL);

	for (size_t i = 0; ret == 0 && i < all->len; i++)
		vgpu_nearest_offer(&nearest, all->items[i].uuid.text);
	vgpu_error_set(err, VGPU_ERROR_NO_VGPU, ENOENT, "no vGPU %s is defined%s%s", uuid->text,
		       parent ? " on " : "", parent ? parent : "");
	if (nearest.name && strcmp(nearest.name, uuid->text) != 0)
		vgpu_error_hint(err, "did you mean %s?", nearest.name);
	else
		vgpu_error_hint(err, "'vgpulab list --defined' shows those that are");
	return -ENOENT;
}

int vgpu_definition_find(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			 const char *parent, struct vgpu_definition *out, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *found = NULL;
	int ret = vgpu_store_list(host->store, uuid, parent, &found, err);

	if (ret < 0)
		return ret;
	if (found->len > 1) {
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EMLINK,
				     "vGPU %s is defined on %zu parents", uuid->text, found->len);
		vgpu_error_hint(err, "say which with --parent: %s, %s%s", found->items[0].parent,
				found->items[1].parent, found->len > 2 ? ", ..." : "");
		return ret;
	}
	if (!found->len && found->broken_len) {
		if (err)
			*err = found->broken[0];
		return -EINVAL;
	}
	if (!found->len)
		return fail_undefined(host, uuid, parent, err);
	*out = found->items[0];
	found->len = 0;
	return 0;
}

/* A file that cannot be read has no type that scripts could be told. */
static int delete_broken(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			 const char *parent, struct vgpu_error *err)
{
	struct vgpu_definition named = { 0 };

	if (!parent || vgpu_definition_set_parent(&named, parent, NULL) < 0 ||
	    !vgpu_store_has(host->store, parent, uuid))
		return fail_undefined(host, uuid, parent, err);
	return vgpu_store_delete(host->store, parent, uuid, err);
}

int vgpu_undefine(const struct vgpu_host *host, const struct vgpu_uuid *uuid, const char *parent,
		  struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *found = NULL;
	int first = 0, ret = vgpu_store_list(host->store, uuid, parent, &found, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < found->len; i++) {
		struct change change = { host, &found->items[i], NULL };

		ret = vgpu_callout_around(host->callouts, &found->items[i], "undefine", delete,
					  &change, first ? NULL : err);
		first = first ? first : ret;
	}
	if (!found->len && found->broken_len && !parent) {
		if (err)
			*err = found->broken[0];
		vgpu_error_hint(err, "to delete it all the same, name its parent with --parent");
		return -EINVAL;
	}
	return found->len ? first : delete_broken(host, uuid, parent, err);
}

int vgpu_definition_check(struct vgpu_backend *backend, struct vgpu_definition *definition,
			  struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	const struct vgpu_parent *parent;
	const struct vgpu_mdev_type *type;
	int ret = vgpu_snapshot_take_names(backend, &snapshot, err);

	if (ret == 0)
		ret = vgpu_parent_find(backend, snapshot, definition->parent, &parent, err);
	if (ret == 0)
		ret = vgpu_type_find(snapshot, parent, definition->type, &type, err);
	if (ret < 0)
		return ret;
	memcpy(definition->parent, parent->name, sizeof(definition->parent));
	memcpy(definition->type, type->id, sizeof(definition->type));
	return 0;
}
