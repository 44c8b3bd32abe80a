/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libvirt-xml-plan.h"

static xmlNode *hostdev_address(const xmlNode *hostdev)
{
	return vgpu_xml_child(vgpu_xml_child(hostdev, "source", NULL), "address", NULL);
}

int vgpu_libvirt_uuid_parse(const char *text, struct vgpu_uuid *out)
{
	char hyphenated[VGPU_UUID_TEXT_LEN];
	size_t len = 0;

	for (; *text; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		if (len == 8 || len == 13 || len == 18 || len == 23)
			hyphenated[len++] = '-';
		if (len == VGPU_UUID_TEXT_LEN - 1)
			return -EINVAL;
		hyphenated[len++] = *text;
	}
	hyphenated[len] = '\0';
	return vgpu_uuid_parse(hyphenated, out);
}

xmlNode *vgpu_hostdev_find(xmlNode *from, const char *uuid)
{
	for (; from; from = vgpu_xml_next(from, "hostdev", NULL)) {
		_autofree_ char *own = vgpu_xml_get(hostdev_address(from), "uuid");
		struct vgpu_uuid parsed;

		if (vgpu_xml_is(from, "type", "mdev") && own &&
		    vgpu_libvirt_uuid_parse(own, &parsed) == 0 && !strcasecmp(parsed.text, uuid))
			return from;
	}
	return NULL;
}

char *vgpu_hostdev_alias(xmlNode *devices, const xmlNode *hostdev, bool *own)
{
	char *name = vgpu_xml_get(vgpu_xml_child(hostdev, "alias", NULL), "name");
	unsigned int index = 0;

	/* libvirt drops all aliases but those that users made */
	if (name && !strncmp(name, "ua-", 3)) {
		*own = true;
		return name;
	}
	free(name);
	for (xmlNode *net = vgpu_xml_child(devices, "interface", NULL); net;
	     net = vgpu_xml_next(net, "interface", NULL))
		index += vgpu_xml_is(net, "type", "hostdev");
	for (xmlNode *at = vgpu_xml_child(devices, "hostdev", NULL); at && at != hostdev;
	     at = vgpu_xml_next(at, "hostdev", NULL))
		index++;
	*own = false;
	return asprintf(&name, "hostdev%u", index) < 0 ? NULL : name;
}

bool vgpu_set_argument(const char *value, const char *alias, const char **name)
{
	size_t len = strlen(alias);

	if (strncmp(value, "device.", 7) || strncmp(value + 7, alias, len) || value[7 + len] != '.')
		return false;
	*name = value + 7 + len + 1;
	return true;
}

/* Does QEMU's part of the domain speak of this device already? Then it keeps its name. */
static bool is_spoken_of(const struct vgpu_plan *plan, const char *alias)
{
	xmlNode *override = vgpu_xml_child(plan->root, "override", VGPU_QEMU_NAMESPACE);
	xmlNode *commandline = vgpu_xml_child(plan->root, "commandline", VGPU_QEMU_NAMESPACE);

	for (xmlNode *at = override ? vgpu_xml_child(override, "device", VGPU_QEMU_NAMESPACE)
				    : NULL;
	     at; at = vgpu_xml_next(at, "device", VGPU_QEMU_NAMESPACE))
		if (vgpu_xml_is(at, "alias", alias))
			return true;
	if (plan->way == VGPU_LIBVIRT_OVERRIDE || !commandline)
		return false;
	for (xmlNode *at = vgpu_xml_child(commandline, "arg", VGPU_QEMU_NAMESPACE); at;
	     at = vgpu_xml_next(at, "arg", VGPU_QEMU_NAMESPACE)) {
		_autofree_ char *value = vgpu_xml_get(at, "value");
		const char *name;

		if (value && vgpu_set_argument(value, alias, &name))
			return true;
	}
	return false;
}

static void choose_alias(struct vgpu_plan *plan, const xmlNode *hostdev)
{
	_autofree_ char *name = NULL;
	bool own = false;

	if (hostdev)
		name = vgpu_hostdev_alias(plan->devices, hostdev, &own);
	if (name && strlen(name) < sizeof(plan->alias) && (own || is_spoken_of(plan, name))) {
		strcpy(plan->alias, name);
		plan->new_alias = false;
	}
}

static bool is_number(const xmlNode *node, const char *name, unsigned long wanted)
{
	_autofree_ char *value = vgpu_xml_get(node, name);
	char *rest;

	return value && *value && strtoul(value, &rest, 0) == wanted && !*rest;
}

static bool is_pc(const xmlNode *root)
{
	const xmlNode *type = vgpu_xml_child(vgpu_xml_child(root, "os", NULL), "type", NULL);
	_autofree_ char *arch = vgpu_xml_get(type, "arch");
	_autofree_ char *machine = vgpu_xml_get(type, "machine");

	if (arch && strcmp(arch, "x86_64"))
		return false;
	return machine && (!strncmp(machine, "pc", 2) || !strcmp(machine, "q35"));
}

/* Intel's drivers look for the GPU at 00:02.0; a new vGPU gets that place if nobody has it. */
static bool is_place_free(const struct vgpu_plan *plan)
{
	if (!is_pc(plan->root))
		return false;
	for (xmlNode *at = plan->devices ? plan->devices->children : NULL; at; at = at->next) {
		const xmlNode *address =
			at->type == XML_ELEMENT_NODE ? vgpu_xml_child(at, "address", NULL) : NULL;

		/* <video> gives way */
		if (address && strcmp((const char *)at->name, "video") &&
		    vgpu_xml_is(address, "type", "pci") && is_number(address, "bus", 0) &&
		    is_number(address, "slot", 2))
			return false;
	}
	return true;
}

char *vgpu_hostdev_fragment(const struct vgpu_plan *plan)
{
	bool shown = plan->path.contents->plane != VGPU_PLANE_NONE;
	bool ramfb = plan->path.contents->ramfb && plan->native_ramfb;
	bool placed = plan->root && is_place_free(plan);
	char alias[96] = "", *out;

	if (plan->new_alias)
		snprintf(alias, sizeof(alias), "\n\t<alias name='%s'/>", plan->alias);
	/* before 4.6 libvirt has no display=; then there is only path 'none', which is its way */
	if (asprintf(&out,
		     "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'%s%s>\n"
		     "\t<source>\n"
		     "\t\t<address uuid='%s'/>\n"
		     "\t</source>%s%s\n"
		     "</hostdev>",
		     shown						? " display='on'"
		     : vgpu_version_since(plan->request->libvirt, 4, 6) ? " display='off'"
									: "",
		     ramfb ? " ramfb='on'" : "", plan->request->display.uuid.text, alias,
		     placed ? "\n\t<address type='pci' domain='0x0000' bus='0x00' slot='0x02' "
			      "function='0x0'/>"
			    : "") < 0)
		return NULL;
	return out;
}

static void adapt(struct vgpu_plan *plan, xmlNode *hostdev)
{
	struct vgpu_xml_changes *changes = &plan->changes;
	const struct vgpu_display_contents *contents = plan->path.contents;
	xmlNode *alias = vgpu_xml_child(hostdev, "alias", NULL);

	if (contents->plane != VGPU_PLANE_NONE)
		vgpu_xml_set(changes, hostdev, "display", "on");
	else if (vgpu_xml_is(hostdev, "display", "on"))
		vgpu_xml_set(changes, hostdev, "display", "off");
	if (contents->ramfb && plan->native_ramfb)
		vgpu_xml_set(changes, hostdev, "ramfb", "on");
	else if (vgpu_xml_is(hostdev, "ramfb", "on"))
		vgpu_xml_set(changes, hostdev, "ramfb", "off");
	if (plan->new_alias && alias) {
		vgpu_xml_set(changes, alias, "name", plan->alias);
	} else if (plan->new_alias) {
		char fragment[96];

		snprintf(fragment, sizeof(fragment), "<alias name='%s'/>", plan->alias);
		vgpu_xml_add_last(changes, hostdev, fragment);
	}
}

static int refuse(struct vgpu_error *err, const char *why, const char *instead)
{
	vgpu_error_set(err, VGPU_ERROR_EXISTS, EEXIST, "cannot edit the domain: %s", why);
	vgpu_error_hint(err, "%s", instead);
	return -EEXIST;
}

int vgpu_plan_hostdev(struct vgpu_plan *plan, struct vgpu_error *err)
{
	xmlNode *first = vgpu_xml_child(plan->devices, "hostdev", NULL);
	xmlNode *own = vgpu_hostdev_find(first, plan->request->display.uuid.text);
	xmlNode *more = own ? vgpu_xml_next(own, "hostdev", NULL) : NULL;

	if (vgpu_hostdev_find(more, plan->request->display.uuid.text))
		return refuse(err, "it has this vGPU twice", "take one <hostdev> out");
	for (xmlNode *at = first; plan->path.contents->ramfb && at;
	     at = vgpu_xml_next(at, "hostdev", NULL))
		if (at != own && vgpu_xml_is(at, "ramfb", "on"))
			return refuse(err, "another device has ramfb, and a VM can have one",
				      "take a path without ramfb, or ramfb='on' off the other");
	if (own && !vgpu_xml_is(own, "model", "vfio-pci"))
		return refuse(err, "its <hostdev> for this vGPU is not of model 'vfio-pci'",
			      "correct the model: a GPU is a PCI device");
	choose_alias(plan, own);
	if (own)
		adapt(plan, own);
	else
		vgpu_plan_add_beside(plan, "hostdev", vgpu_hostdev_fragment(plan));
	return 0;
}
