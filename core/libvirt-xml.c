/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml-escape.h"
#include "libvirt-xml-plan.h"
#include "libvirt-xml-record.h"

static int out_of_memory(struct vgpu_error *err)
{
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
}

/* A fragment as text of its own, two blanks a level. */
static void print_fragment(FILE *stream, const char *fragment)
{
	if (!*fragment)
		return;
	for (; *fragment; fragment++)
		if (*fragment == '\t')
			fputs("  ", stream);
		else
			fputc(*fragment, stream);
	fputc('\n', stream);
}

int vgpu_libvirt_snippet(const struct vgpu_libvirt_request *request, char **out,
			 struct vgpu_error *err)
{
	_autofree_ char *hostdev = NULL, *graphics = NULL, *extras = NULL;
	struct vgpu_plan plan;
	char *text = NULL;
	size_t len;
	FILE *stream;
	int ret = vgpu_plan_init(&plan, request, err);

	if (ret)
		return ret;
	hostdev = vgpu_hostdev_fragment(&plan);
	graphics = vgpu_graphics_fragment(&plan);
	extras = vgpu_extras_fragment(&plan, "qemu");
	stream = hostdev && graphics && extras ? open_memstream(&text, &len) : NULL;
	if (!stream)
		return out_of_memory(err);
	fputs("<!-- in <devices>, in the place of all <graphics> and <video> -->\n", stream);
	print_fragment(stream, hostdev);
	print_fragment(stream, graphics);
	if (vgpu_version_since(request->libvirt, 4, 6))
		print_fragment(stream, "<video>\n\t<model type='none'/>\n</video>");
	if (*extras)
		fputs("<!-- before </domain>; and <domain xmlns:qemu='" VGPU_QEMU_NAMESPACE
		      "' ...> -->\n",
		      stream);
	print_fragment(stream, extras);
	if (fclose(stream)) {
		free(text);
		return out_of_memory(err);
	}
	*out = text;
	return 0;
}

/* 0 with the plan's changes applied, recorded if @recorded. No changes: a copy. */
static int apply(struct vgpu_plan *plan, bool recorded, char **out, size_t *out_len,
		 struct vgpu_error *err)
{
	char path[64];
	int ret;

	if (!plan->changes.len || !recorded) {
		ret = vgpu_xml_apply(&plan->changes, out, out_len);
		if (ret)
			vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot edit the domain: %s",
				       strerror(-ret));
		return ret;
	}
	snprintf(path, sizeof(path), "%s%s%s", plan->path.contents->name,
		 plan->path.viewer ? "," : "", plan->path.viewer ? plan->path.viewer->name : "");
	return vgpu_xml_record_apply(&plan->changes, path, plan->request->display.uuid.text, out,
				     out_len, err);
}

static int edit_text(const struct vgpu_libvirt_request *request, const struct vgpu_xml_text *text,
		     bool recorded, char **out, size_t *out_len, struct vgpu_error *err)
{
	struct vgpu_plan plan;
	int ret = vgpu_plan_init(&plan, request, err);
	xmlNode *record;

	if (ret)
		return ret;
	ret = vgpu_plan_edit(&plan, text, err);
	/* a record that no longer fits gives way to the new one, which remembers it */
	record = vgpu_xml_record_find(text);
	if (ret == 0 && record && plan.changes.len)
		vgpu_xml_drop(&plan.changes, record);
	if (ret == 0)
		ret = apply(&plan, recorded, out, out_len, err);
	vgpu_plan_finish(&plan);
	return ret;
}

int vgpu_libvirt_edit(const struct vgpu_libvirt_request *request, const char *xml, size_t len,
		      char **out, size_t *out_len, struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *original_text = NULL;
	_autofree_ char *original = NULL;
	size_t original_len;
	int ret = vgpu_xml_text_create(xml, len, &text, err);

	if (ret)
		return ret;
	/* from the original again, so that another path leaves nothing of the first behind */
	ret = vgpu_xml_record_undo(text, &original, &original_len, NULL);
	if (ret == -ENODATA || ret == -ESTALE)
		return edit_text(request, text, !request->unrecorded, out, out_len, err);
	if (ret == 0)
		ret = vgpu_xml_text_create(original, original_len, &original_text, err);
	else
		vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot edit the domain: %s",
			       strerror(-ret));
	return ret ?: edit_text(request, original_text, !request->unrecorded, out, out_len, err);
}

int vgpu_libvirt_remove(const char *xml, size_t len, char **out, size_t *out_len,
			struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	int ret = vgpu_xml_text_create(xml, len, &text, err);

	if (ret)
		return ret;
	ret = vgpu_xml_record_undo(text, out, out_len, err);
	if (ret != -ESTALE || vgpu_xml_revert(text, out, out_len))
		return ret;
	return 1;
}

static void print_domain(FILE *stream, const struct vgpu_libvirt_request *request,
			 const struct vgpu_libvirt_domain *domain)
{
	_autofree_ char *name = vgpu_xml_escape(domain->name);
	_autofree_ char *disk = domain->disk ? vgpu_xml_escape(domain->disk) : NULL;
	bool ovmf = request->display.firmware == VGPU_FIRMWARE_OVMF;
	bool automatic = vgpu_version_since(request->libvirt, 5, 2); /* firmware='efi' */

	fprintf(stream,
		"<domain type='kvm'>\n"
		"  <name>%s</name>\n"
		"  <memory unit='MiB'>%u</memory>\n"
		"  <vcpu>%u</vcpu>\n"
		"  <os%s>\n"
		"    <type arch='x86_64' machine='%s'>hvm</type>\n",
		name ? name : "", domain->memory_mib, domain->vcpus ? domain->vcpus : 2,
		ovmf && automatic ? " firmware='efi'" : "",
		request->display.machine == VGPU_MACHINE_Q35 ? "q35" : "pc");
	if (ovmf && !automatic)
		fputs("    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd"
		      "</loader>\n",
		      stream);
	fputs("  </os>\n"
	      "  <features>\n"
	      "    <acpi/>\n"
	      "    <apic/>\n"
	      "  </features>\n"
	      "  <cpu mode='host-passthrough'/>\n"
	      "  <devices>\n",
	      stream);
	if (disk)
		fprintf(stream,
			"    <disk type='file' device='disk'>\n"
			"      <driver name='qemu' type='%s'/>\n"
			"      <source file='%s'/>\n"
			"      <target dev='vda' bus='virtio'/>\n"
			"    </disk>\n",
			strstr(disk, ".qcow2") ? "qcow2" : "raw", disk);
	fputs("    <console type='pty'/>\n"
	      "    <input type='tablet' bus='usb'/>\n"
	      "    <memballoon model='none'/>\n"
	      "  </devices>\n"
	      "</domain>\n",
	      stream);
}

int vgpu_libvirt_domain(const struct vgpu_libvirt_request *request,
			const struct vgpu_libvirt_domain *domain, char **out,
			struct vgpu_error *err)
{
	_destroy_(vgpu_xml_text) struct vgpu_xml_text *text = NULL;
	_autofree_ char *bare = NULL;
	size_t len;
	FILE *stream = open_memstream(&bare, &len);
	int ret;

	if (!stream)
		return out_of_memory(err);
	print_domain(stream, request, domain);
	if (fclose(stream))
		return out_of_memory(err);
	ret = vgpu_xml_text_create(bare, len, &text, err);
	return ret ?: edit_text(request, text, false, out, &len, err);
}
