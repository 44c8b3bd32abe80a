/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml-plan.h"

static void extra(struct vgpu_plan *plan, const char *name, const char *type, const char *value)
{
	plan->extras.items[plan->extras.len++] = (struct vgpu_extra){
		.name = name,
		.type = type,
		.text = value,
	};
}

static void extra_flag(struct vgpu_plan *plan, const char *name)
{
	extra(plan, name, "bool", NULL);
	strcpy(plan->extras.items[plan->extras.len - 1].value, "true");
}

static void extra_number(struct vgpu_plan *plan, const char *name, unsigned int value)
{
	struct vgpu_extra *item = &plan->extras.items[plan->extras.len];

	extra(plan, name, "unsigned", NULL);
	snprintf(item->value, sizeof(item->value), "%u", value);
}

int vgpu_plan_init(struct vgpu_plan *plan, const struct vgpu_libvirt_request *request,
		   struct vgpu_error *err)
{
	const struct vgpu_display_request *display = &request->display;
	int ret;

	*plan = (struct vgpu_plan){ .request = request };
	ret = vgpu_libvirt_decide(request, &plan->path, err);
	if (ret)
		return ret;
	plan->way = vgpu_libvirt_way(request->libvirt, display->qemu);
	plan->native_ramfb = vgpu_version_since(request->libvirt, 5, 10);
	if (plan->path.contents->ramfb && !plan->native_ramfb) {
		extra_flag(plan, "ramfb");
		extra(plan, "driver", "string", "vfio-pci-nohotplug");
	}
	/* QEMU 10.1 made it the default */
	if (plan->path.contents->opregion && !vgpu_version_since(display->qemu, 10, 1))
		extra_flag(plan, "x-igd-opregion");
	if (plan->path.contents->rom)
		extra(plan, "romfile", "string", display->romfile);
	if (display->xres_px)
		extra_number(plan, "xres", display->xres_px);
	if (display->yres_px)
		extra_number(plan, "yres", display->yres_px);
	snprintf(plan->alias, sizeof(plan->alias), "ua-vgpu-%.8s", display->uuid.text);
	plan->new_alias = plan->extras.len != 0;
	return 0;
}

void vgpu_plan_finish(struct vgpu_plan *plan)
{
	vgpu_xml_changes_finish(&plan->changes);
	free(plan->new_devices);
	plan->new_devices = NULL;
}

void vgpu_plan_add_device(struct vgpu_plan *plan, char *fragment)
{
	char *joined = NULL;

	if (!fragment || asprintf(&joined, "%s%s%s", plan->new_devices ? plan->new_devices : "",
				  plan->new_devices ? "\n" : "", fragment) < 0)
		plan->changes.failed = -ENOMEM;
	free(fragment);
	free(plan->new_devices);
	plan->new_devices = joined;
}

void vgpu_plan_add_beside(struct vgpu_plan *plan, const char *name, char *fragment)
{
	xmlNode *last = NULL;

	for (xmlNode *at = vgpu_xml_child(plan->devices, name, NULL); at;
	     at = vgpu_xml_next(at, name, NULL))
		last = at;
	if (!last || !fragment) {
		vgpu_plan_add_device(plan, fragment);
		return;
	}
	vgpu_xml_add_after(&plan->changes, last, fragment);
	free(fragment);
}

/* <devices> around the new devices, each of whose lines moves a level in. */
static char *print_devices(const char *fragment)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);

	if (!stream)
		return NULL;
	fputs("<devices>\n\t", stream);
	for (; *fragment; fragment++) {
		fputc(*fragment, stream);
		if (*fragment == '\n')
			fputc('\t', stream);
	}
	fputs("\n</devices>", stream);
	if (fclose(stream)) {
		free(out);
		return NULL;
	}
	return out;
}

static void place_new_devices(struct vgpu_plan *plan)
{
	_autofree_ char *devices = NULL;

	if (!plan->new_devices)
		return;
	if (plan->devices) {
		vgpu_xml_add_last(&plan->changes, plan->devices, plan->new_devices);
		return;
	}
	devices = print_devices(plan->new_devices);
	if (devices)
		vgpu_xml_add_last(&plan->changes, plan->root, devices);
	else
		plan->changes.failed = -ENOMEM;
}

int vgpu_plan_edit(struct vgpu_plan *plan, const struct vgpu_xml_text *text, struct vgpu_error *err)
{
	int ret;

	plan->changes.text = text;
	plan->root = xmlDocGetRootElement(text->doc);
	plan->devices = vgpu_xml_child(plan->root, "devices", NULL);
	if (!xmlFirstElementChild(plan->root) ||
	    (plan->devices && vgpu_xml_next(plan->devices, "devices", NULL))) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "cannot edit the domain: it %s",
			       plan->devices ? "has <devices> twice" : "is empty");
		return -EINVAL;
	}
	ret = vgpu_plan_hostdev(plan, err);
	if (ret)
		return ret;
	vgpu_plan_graphics(plan);
	place_new_devices(plan);
	vgpu_plan_extras(plan);
	if (plan->changes.failed)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -plan->changes.failed,
				      "cannot edit the domain: %s",
				      strerror(-plan->changes.failed));
	return 0;
}
