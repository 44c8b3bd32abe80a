/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a domain lacks for a display path, as changes to its text: devices, and the properties that
 * need QEMU's own words.
 */

#include <vgpulab/libvirt-xml.h>

#include "libvirt-xml-change.h"

#define VGPU_QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/** A device property beyond libvirt's words. */
struct vgpu_extra {
	const char *name, *type; /* type as in qemu:property */
	char value[32];
	const char *text; /* the value where it does not fit; NULL: @value */
};

struct vgpu_extras {
	struct vgpu_extra items[6];
	size_t len;
};

struct vgpu_plan {
	const struct vgpu_libvirt_request *request;
	struct vgpu_display_path path; /* as decided */
	enum vgpu_libvirt_way way;
	bool native_ramfb; /* libvirt has ramfb= */
	struct vgpu_extras extras;
	char alias[64]; /* of the vGPU's <hostdev> */
	bool new_alias; /* it must be written into <hostdev> */
	struct vgpu_xml_changes changes;
	char *new_devices; /* fragments, one a line, for the end of <devices> */
	xmlNode *root, *devices; /* devices NULL: the domain has none yet */
};

/** Decides, and lists the properties. */
int vgpu_plan_init(struct vgpu_plan *plan, const struct vgpu_libvirt_request *request,
		   struct vgpu_error *err);
void vgpu_plan_finish(struct vgpu_plan *plan);

/** Adds the changes that @text needs. 0, or a negative errno with @err filled. */
int vgpu_plan_edit(struct vgpu_plan *plan, const struct vgpu_xml_text *text,
		   struct vgpu_error *err);

/** A device for the end of <devices>. Takes @fragment; NULL: out of memory. */
void vgpu_plan_add_device(struct vgpu_plan *plan, char *fragment);
/** The same, behind the last device of that @name, if there is one. */
void vgpu_plan_add_beside(struct vgpu_plan *plan, const char *name, char *fragment);

/** Parts of vgpu_plan_edit(). */
int vgpu_plan_hostdev(struct vgpu_plan *plan, struct vgpu_error *err);
void vgpu_plan_graphics(struct vgpu_plan *plan);
void vgpu_plan_extras(struct vgpu_plan *plan);

/** Drops the -set arguments for that vGPU that the plan's properties contradict. */
void vgpu_plan_drop_sets(struct vgpu_plan *plan, const char *uuid);
/** Is it a property that a display path decides? */
bool vgpu_is_display_property(const char *name);

/** Fragments, for snippets. The element's text, to be freed; NULL if out of memory. */
char *vgpu_hostdev_fragment(const struct vgpu_plan *plan);
/** <graphics> elements; "" if there are none. */
char *vgpu_graphics_fragment(const struct vgpu_plan *plan);
/** qemu:override or qemu:commandline (and qemu:capabilities); "" if nothing is needed. */
char *vgpu_extras_fragment(const struct vgpu_plan *plan, const char *prefix);

/** The capability whose deletion switches JSON syntax of -device off, in this libvirt. */
const char *vgpu_json_capability(struct vgpu_version libvirt);

/**
 * The name that @hostdev has for QEMU: its alias, or "hostdevN" as libvirt counts. Heap. *@own is
 * set if the domain itself says so.
 */
char *vgpu_hostdev_alias(xmlNode *devices, const xmlNode *hostdev, bool *own);
/**
 * Parses a UUID as libvirt reads it: 32 digits, with or without hyphens. 0 or -EINVAL.
 * Source: libvirt, src/util/viruuid.c, virUUIDParse()
 */
int vgpu_libvirt_uuid_parse(const char *text, struct vgpu_uuid *out);
/** The mdev <hostdev> with that UUID at or after @from; NULL if there is none. */
xmlNode *vgpu_hostdev_find(xmlNode *from, const char *uuid);
/** Does the qemu:arg give the value "device.@alias.NAME=..." for -set? *@name then is NAME=... */
bool vgpu_set_argument(const char *value, const char *alias, const char **name);
