/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml-plan.h"
#include "libvirt-xml-record.h"

/*
 * Removal by elements, for a domain that libvirt has written in words of its own since: the places
 * are lost, but the record names the kinds of devices that were changed, and holds what they were.
 */

/* Is @word one of the words of @list? */
static bool is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

/* Did the edit write this <graphics>? By the types that its viewer has. */
static bool is_ours(const xmlNode *graphics, const char *path)
{
	_autofree_ char *type = vgpu_xml_get(graphics, "type");
	const char *viewer = path ? strchr(path, ',') : NULL;

	if (!type || !viewer)
		return false;
	if (!strcmp(type, "egl-headless"))
		return strstr(viewer, type);
	return !strncmp(viewer + 1, type, strlen(type));
}

static void drop_devices(struct vgpu_plan *plan, const char *kinds, const char *path)
{
	for (xmlNode *at = vgpu_xml_child(plan->devices, "graphics", NULL); at;
	     at = vgpu_xml_next(at, "graphics", NULL))
		if (is_listed(kinds, "graphics") && is_ours(at, path))
			vgpu_xml_drop(&plan->changes, at);
	for (xmlNode *at = vgpu_xml_child(plan->devices, "video", NULL); at;
	     at = vgpu_xml_next(at, "video", NULL))
		if (is_listed(kinds, "video") &&
		    vgpu_xml_is(vgpu_xml_child(at, "model", NULL), "type", "none"))
			vgpu_xml_drop(&plan->changes, at);
}

/* QEMU's part: all of it if nothing but ours is in it. */
static void drop_override(struct vgpu_plan *plan)
{
	xmlNode *override = vgpu_xml_child(plan->root, "override", VGPU_QEMU_NAMESPACE);
	xmlNode *device = vgpu_xml_child(override, "device", VGPU_QEMU_NAMESPACE);
	bool only = device && !vgpu_xml_next(device, "device", VGPU_QEMU_NAMESPACE);
	bool strangers = false;

	while (device && !vgpu_xml_is(device, "alias", plan->alias))
		device = vgpu_xml_next(device, "device", VGPU_QEMU_NAMESPACE);
	if (!device)
		return;
	for (xmlNode *at = vgpu_xml_child(vgpu_xml_child(device, "frontend", VGPU_QEMU_NAMESPACE),
					  "property", VGPU_QEMU_NAMESPACE);
	     at; at = vgpu_xml_next(at, "property", VGPU_QEMU_NAMESPACE)) {
		_autofree_ char *name = vgpu_xml_get(at, "name");

		strangers |= !name || !vgpu_is_display_property(name);
	}
	if (!strangers)
		vgpu_xml_drop(&plan->changes, only ? override : device);
}

/* What the devices of that kind were, put where the devices end. Heap texts. */
static void put_back(struct vgpu_plan *plan, const struct vgpu_xml_text *text, xmlNode *record)
{
	size_t at = text->nodes[vgpu_xml_node_of(text, xmlLastElementChild(plan->devices))].end;

	for (xmlNode *node = vgpu_xml_child(record, "had", VGPU_RECORD_NAMESPACE); node;
	     node = vgpu_xml_next(node, "had", VGPU_RECORD_NAMESPACE)) {
		_autofree_ char *had = vgpu_xml_record_text(text, node);
		char *line = NULL;

		if (!had || asprintf(&line, "%s%s%s%s", text->line_break, text->indent,
				     text->indent, had) < 0)
			line = NULL;
		vgpu_xml_replace(&plan->changes, at, 0, line);
	}
}

int vgpu_xml_revert(const struct vgpu_xml_text *text, char **out, size_t *out_len)
{
	static const struct vgpu_libvirt_request nothing;
	struct vgpu_plan plan = { .changes.text = text, .request = &nothing };
	xmlNode *record = vgpu_xml_record_find(text);
	_autofree_ char *kinds = vgpu_xml_get(record, "changed");
	_autofree_ char *path = vgpu_xml_get(record, "path");
	_autofree_ char *uuid = vgpu_xml_get(record, "vgpu");
	_autofree_ char *alias = NULL;
	xmlNode *hostdev;
	bool own;
	int ret;

	plan.root = xmlDocGetRootElement(text->doc);
	plan.devices = vgpu_xml_child(plan.root, "devices", NULL);
	hostdev = uuid ? vgpu_hostdev_find(vgpu_xml_child(plan.devices, "hostdev", NULL), uuid)
		       : NULL;
	if (!kinds || !hostdev)
		return -ESTALE;
	alias = vgpu_hostdev_alias(plan.devices, hostdev, &own);
	if (!alias || strlen(alias) >= sizeof(plan.alias))
		return -ESTALE;
	strcpy(plan.alias, alias);
	drop_devices(&plan, kinds, path);
	if (is_listed(kinds, "hostdev"))
		vgpu_xml_drop(&plan.changes, hostdev);
	put_back(&plan, text, record);
	drop_override(&plan);
	vgpu_plan_drop_sets(&plan, uuid);
	if (xmlChildElementCount(record->parent) == 1)
		record = record->parent;
	vgpu_xml_drop(&plan.changes, record);
	ret = vgpu_xml_apply(&plan.changes, out, out_len);
	vgpu_plan_finish(&plan);
	return ret;
}
