/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml-escape.h"
#include "libvirt-xml-plan.h"

const char *vgpu_json_capability(struct vgpu_version libvirt)
{
	return vgpu_version_since(libvirt, 8, 1) ? "device.json+hotplug" : "device.json";
}

static const char *extra_value(const struct vgpu_extra *extra)
{
	return extra->text ? extra->text : extra->value;
}

/* The value as -set takes it. */
static const char *set_value(const struct vgpu_extra *extra)
{
	if (strcmp(extra->type, "bool"))
		return extra_value(extra);
	return strcmp(extra->value, "true") ? "off" : "on";
}

static void print_property(FILE *stream, int level, const char *prefix,
			   const struct vgpu_extra *extra)
{
	_autofree_ char *escaped = vgpu_xml_escape(extra_value(extra));

	fprintf(stream, "%.*s<%s:property name='%s' type='%s' value='%s'/>", level, "\t\t\t\t\t",
		prefix, extra->name, extra->type, escaped ? escaped : "");
}

/* qemu:property elements, those of @items only. */
static void print_properties(FILE *stream, int level, const char *prefix,
			     const struct vgpu_extras *extras)
{
	for (size_t i = 0; i < extras->len; i++) {
		print_property(stream, level, prefix, &extras->items[i]);
		if (i + 1 < extras->len)
			fputc('\n', stream);
	}
}

/* A qemu:device with its properties; @outer: the level it stands on. */
static void print_device(FILE *stream, int outer, const char *prefix, const struct vgpu_plan *plan)
{
	static const char tabs[] = "\t\t\t";

	fprintf(stream, "%.*s<%s:device alias='%s'>\n%.*s<%s:frontend>\n", outer, tabs, prefix,
		plan->alias, outer + 1, tabs, prefix);
	print_properties(stream, outer + 2, prefix, &plan->extras);
	fprintf(stream, "\n%.*s</%s:frontend>\n%.*s</%s:device>", outer + 1, tabs, prefix, outer,
		tabs, prefix);
}

static void print_set(FILE *stream, int level, const char *prefix, const struct vgpu_plan *plan,
		      const struct vgpu_extra *extra)
{
	_autofree_ char *escaped = vgpu_xml_escape(set_value(extra));

	fprintf(stream, "%.*s<%s:arg value='-set'/>\n%.*s<%s:arg value='device.%s.%s=%s'/>", level,
		"\t", prefix, level, "\t", prefix, plan->alias, extra->name,
		escaped ? escaped : "");
}

static void print_override(FILE *stream, const struct vgpu_plan *plan, const char *prefix)
{
	fprintf(stream, "<%s:override>\n", prefix);
	print_device(stream, 1, prefix, plan);
	fprintf(stream, "\n</%s:override>", prefix);
}

static void print_commandline(FILE *stream, const struct vgpu_plan *plan, const char *prefix)
{
	fprintf(stream, "<%s:commandline>\n", prefix);
	for (size_t i = 0; i < plan->extras.len; i++) {
		print_set(stream, 1, prefix, plan, &plan->extras.items[i]);
		fputc('\n', stream);
	}
	fprintf(stream, "</%s:commandline>", prefix);
}

static void print_capabilities(FILE *stream, const struct vgpu_plan *plan, const char *prefix)
{
	fprintf(stream, "<%s:capabilities>\n\t<%s:del capability='%s'/>\n</%s:capabilities>",
		prefix, prefix, vgpu_json_capability(plan->request->libvirt), prefix);
}

char *vgpu_extras_fragment(const struct vgpu_plan *plan, const char *prefix)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);

	if (!stream)
		return NULL;
	if (plan->extras.len && plan->way == VGPU_LIBVIRT_OVERRIDE)
		print_override(stream, plan, prefix);
	else if (plan->extras.len)
		print_commandline(stream, plan, prefix);
	if (plan->extras.len && plan->way == VGPU_LIBVIRT_SET_WITHOUT_JSON) {
		fputc('\n', stream);
		print_capabilities(stream, plan, prefix);
	}
	if (fclose(stream)) {
		free(out);
		return NULL;
	}
	return out;
}

/* What one rule below wants to add, printed into a fragment. */
struct piece {
	char *text;
	size_t len;
	FILE *stream;
};

static bool piece_begin(struct vgpu_plan *plan, struct piece *piece)
{
	*piece = (struct piece){ 0 };
	piece->stream = open_memstream(&piece->text, &piece->len);
	if (!piece->stream)
		plan->changes.failed = -ENOMEM;
	return piece->stream;
}

static void piece_end(struct vgpu_plan *plan, struct piece *piece, const xmlNode *parent)
{
	if (fclose(piece->stream))
		plan->changes.failed = -ENOMEM;
	else if (piece->len)
		vgpu_xml_add_last(&plan->changes, parent, piece->text);
	free(piece->text);
}

static xmlNode *find_with(xmlNode *parent, const char *name, const char *attribute,
			  const char *value)
{
	xmlNode *at = parent ? vgpu_xml_child(parent, name, VGPU_QEMU_NAMESPACE) : NULL;

	while (at && !vgpu_xml_is(at, attribute, value))
		at = vgpu_xml_next(at, name, VGPU_QEMU_NAMESPACE);
	return at;
}

static void merge_properties(struct vgpu_plan *plan, xmlNode *frontend, const char *prefix)
{
	struct vgpu_extras missing = { 0 };
	struct piece piece;

	for (size_t i = 0; i < plan->extras.len; i++) {
		const struct vgpu_extra *extra = &plan->extras.items[i];
		xmlNode *property = find_with(frontend, "property", "name", extra->name);

		if (!property) {
			missing.items[missing.len++] = *extra;
			continue;
		}
		vgpu_xml_set(&plan->changes, property, "type", extra->type);
		vgpu_xml_set(&plan->changes, property, "value", extra_value(extra));
	}
	if (missing.len && piece_begin(plan, &piece)) {
		print_properties(piece.stream, 0, prefix, &missing);
		piece_end(plan, &piece, frontend);
	}
}

/* Adds the properties to the qemu:override that is there. */
static void merge_override(struct vgpu_plan *plan, xmlNode *override, const char *prefix)
{
	xmlNode *device = find_with(override, "device", "alias", plan->alias);
	xmlNode *frontend = device ? vgpu_xml_child(device, "frontend", VGPU_QEMU_NAMESPACE) : NULL;
	struct piece piece;

	if (frontend) {
		merge_properties(plan, frontend, prefix);
	} else if (piece_begin(plan, &piece)) {
		if (device) {
			fprintf(piece.stream, "<%s:frontend>\n", prefix);
			print_properties(piece.stream, 1, prefix, &plan->extras);
			fprintf(piece.stream, "\n</%s:frontend>", prefix);
		} else {
			print_device(piece.stream, 0, prefix, plan);
		}
		piece_end(plan, &piece, device ? device : override);
	}
}

static xmlNode *next_arg(xmlNode *arg)
{
	return vgpu_xml_next(arg, "arg", VGPU_QEMU_NAMESPACE);
}

static bool has_set(const struct vgpu_plan *plan, xmlNode *commandline,
		    const struct vgpu_extra *extra)
{
	size_t name_len = strlen(extra->name);

	for (xmlNode *at = vgpu_xml_child(commandline, "arg", VGPU_QEMU_NAMESPACE); at;
	     at = next_arg(at)) {
		_autofree_ char *value = next_arg(at) ? vgpu_xml_get(next_arg(at), "value") : NULL;
		const char *name;

		if (vgpu_xml_is(at, "value", "-set") && value &&
		    vgpu_set_argument(value, plan->alias, &name) &&
		    !strncmp(name, extra->name, name_len) && name[name_len] == '=' &&
		    !strcmp(name + name_len + 1, set_value(extra)))
			return true;
	}
	return false;
}

static void merge_commandline(struct vgpu_plan *plan, xmlNode *commandline, const char *prefix)
{
	struct piece piece;

	if (!piece_begin(plan, &piece))
		return;
	for (size_t i = 0; i < plan->extras.len; i++) {
		if (has_set(plan, commandline, &plan->extras.items[i]))
			continue;
		if (ftell(piece.stream) > 0)
			fputc('\n', piece.stream);
		print_set(piece.stream, 0, prefix, plan, &plan->extras.items[i]);
	}
	piece_end(plan, &piece, commandline);
}

static void merge_capabilities(struct vgpu_plan *plan, xmlNode *capabilities, const char *prefix)
{
	const char *name = vgpu_json_capability(plan->request->libvirt);
	char fragment[128];

	if (find_with(capabilities, "del", "capability", name))
		return;
	snprintf(fragment, sizeof(fragment), "<%s:del capability='%s'/>", prefix, name);
	vgpu_xml_add_last(&plan->changes, capabilities, fragment);
}

/* A prefix for QEMU's namespace; it is declared on <domain> if it is not yet. */
static const char *take_prefix(struct vgpu_plan *plan)
{
	const char *prefix = "qemu";

	for (const xmlNs *ns = plan->root->nsDef; ns; ns = ns->next) {
		if (ns->prefix && !strcmp((const char *)ns->href, VGPU_QEMU_NAMESPACE))
			return (const char *)ns->prefix;
		if (ns->prefix && !strcmp((const char *)ns->prefix, prefix))
			prefix = "qemu-xml"; /* somebody gave the usual one another meaning */
	}
	vgpu_xml_set(&plan->changes, plan->root,
		     strcmp(prefix, "qemu") ? "xmlns:qemu-xml" : "xmlns:qemu", VGPU_QEMU_NAMESPACE);
	return prefix;
}

/* One of QEMU's elements: added whole, or only what is missing in it. */
static void add_or_merge(struct vgpu_plan *plan, const char *name, const char *prefix,
			 void (*print)(FILE *, const struct vgpu_plan *, const char *),
			 void (*merge)(struct vgpu_plan *, xmlNode *, const char *))
{
	xmlNode *there = vgpu_xml_child(plan->root, name, VGPU_QEMU_NAMESPACE);
	struct piece piece;

	if (there) {
		merge(plan, there, prefix);
	} else if (piece_begin(plan, &piece)) {
		print(piece.stream, plan, prefix);
		piece_end(plan, &piece, plan->root);
	}
}

static void add_missing(struct vgpu_plan *plan)
{
	const char *prefix = take_prefix(plan);

	if (plan->way == VGPU_LIBVIRT_OVERRIDE) {
		add_or_merge(plan, "override", prefix, print_override, merge_override);
		return;
	}
	add_or_merge(plan, "commandline", prefix, print_commandline, merge_commandline);
	if (plan->way == VGPU_LIBVIRT_SET_WITHOUT_JSON)
		add_or_merge(plan, "capabilities", prefix, print_capabilities, merge_capabilities);
}

/* Is @name, from "device.ALIAS.NAME=VALUE", something that we decide? */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "x-igd-opregion=", "romfile=", "ramfb=",
					    "driver=vfio-pci", "display=", "rombar=",
					    "xres=",	       "yres=",	   "x-vga=" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(ours); i++)
		if (!strncmp(name, ours[i], strlen(ours[i])))
			return true;
	return false;
}

bool vgpu_is_display_property(const char *name)
{
	char assignment[64];

	snprintf(assignment, sizeof(assignment), "%s=", name);
	return is_ours(assignment);
}

static bool is_wanted(const struct vgpu_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->extras.len && plan->way != VGPU_LIBVIRT_OVERRIDE; i++) {
		const struct vgpu_extra *extra = &plan->extras.items[i];
		size_t len = strlen(extra->name);

		if (!strncmp(name, extra->name, len) && name[len] == '=' &&
		    !strcmp(name + len + 1, set_value(extra)))
			return true;
	}
	return false;
}

/*
 * The -set arguments for this device that contradict the path, or that QEMU would die of since
 * libvirt writes -device as JSON.
 */
void vgpu_plan_drop_sets(struct vgpu_plan *plan, const char *uuid)
{
	xmlNode *commandline = vgpu_xml_child(plan->root, "commandline", VGPU_QEMU_NAMESPACE);
	xmlNode *hostdev = vgpu_hostdev_find(vgpu_xml_child(plan->devices, "hostdev", NULL), uuid);
	_autofree_ char *alias = NULL;
	bool own;

	if (!commandline || !hostdev)
		return;
	alias = vgpu_hostdev_alias(plan->devices, hostdev, &own);
	for (xmlNode *at = vgpu_xml_child(commandline, "arg", VGPU_QEMU_NAMESPACE); at && alias;
	     at = next_arg(at)) {
		xmlNode *next = next_arg(at);
		_autofree_ char *value = next ? vgpu_xml_get(next, "value") : NULL;
		const char *name;

		if (!vgpu_xml_is(at, "value", "-set") || !value ||
		    !vgpu_set_argument(value, alias, &name))
			continue;
		if (is_ours(name) && !is_wanted(plan, name)) {
			vgpu_xml_drop(&plan->changes, at);
			vgpu_xml_drop(&plan->changes, next);
		}
		at = next;
	}
}

static bool has_extra(const struct vgpu_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->extras.len && plan->way == VGPU_LIBVIRT_OVERRIDE; i++)
		if (!strcmp(plan->extras.items[i].name, name))
			return true;
	return false;
}

/* The same for qemu:override, where other properties of the device stay. */
static void drop_stale_properties(struct vgpu_plan *plan)
{
	xmlNode *override = vgpu_xml_child(plan->root, "override", VGPU_QEMU_NAMESPACE);
	xmlNode *device = find_with(override, "device", "alias", plan->alias);
	xmlNode *frontend = vgpu_xml_child(device, "frontend", VGPU_QEMU_NAMESPACE);

	for (xmlNode *at = vgpu_xml_child(frontend, "property", VGPU_QEMU_NAMESPACE); at;
	     at = vgpu_xml_next(at, "property", VGPU_QEMU_NAMESPACE)) {
		_autofree_ char *name = vgpu_xml_get(at, "name");

		if (name && vgpu_is_display_property(name) && !has_extra(plan, name))
			vgpu_xml_drop(&plan->changes, at);
	}
}

void vgpu_plan_extras(struct vgpu_plan *plan)
{
	vgpu_plan_drop_sets(plan, plan->request->display.uuid.text);
	drop_stale_properties(plan);
	if (plan->extras.len)
		add_missing(plan);
}
