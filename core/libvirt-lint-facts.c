/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "libvirt-lint-facts.h"

static size_t collect(xmlNode *devices, const char *name, const xmlNode **out)
{
	size_t len = 0;

	for (xmlNode *at = vgpu_xml_child(devices, name, NULL); at && len < LINT_DEVICES_MAX;
	     at = vgpu_xml_next(at, name, NULL))
		out[len++] = at;
	return len;
}

static void collect_mdevs(struct lint *lint)
{
	for (xmlNode *at = vgpu_xml_child(lint->devices, "hostdev", NULL);
	     at && lint->mdevs_len < LINT_MDEVS_MAX; at = vgpu_xml_next(at, "hostdev", NULL)) {
		struct lint_mdev *mdev = &lint->mdevs[lint->mdevs_len];
		const xmlNode *source = vgpu_xml_child(at, "source", NULL);
		bool own;

		if (!vgpu_xml_is(at, "type", "mdev"))
			continue;
		lint->mdevs_len++;
		mdev->node = at;
		mdev->uuid = vgpu_xml_get(vgpu_xml_child(source, "address", NULL), "uuid");
		mdev->alias = vgpu_hostdev_alias(lint->devices, at, &own);
		mdev->display = vgpu_xml_is(at, "display", "on");
		mdev->ramfb = vgpu_xml_is(at, "ramfb", "on");
	}
}

static void collect_args(struct lint *lint)
{
	xmlNode *commandline = vgpu_xml_child(lint->root, "commandline", VGPU_QEMU_NAMESPACE);
	bool after_set = false;

	for (xmlNode *at = vgpu_xml_child(commandline, "arg", VGPU_QEMU_NAMESPACE);
	     at && lint->args_len < LINT_ARGS_MAX;
	     at = vgpu_xml_next(at, "arg", VGPU_QEMU_NAMESPACE)) {
		struct lint_arg *arg = &lint->args[lint->args_len];

		arg->node = at;
		arg->value = vgpu_xml_get(at, "value");
		arg->is_set = after_set;
		after_set = arg->value && !strcmp(arg->value, "-set");
		lint->args_len += arg->value != NULL;
	}
}

static bool brings_gl(const xmlNode *graphics)
{
	const xmlNode *gl = vgpu_xml_child(graphics, "gl", NULL);

	return vgpu_xml_is(graphics, "type", "egl-headless") || vgpu_xml_is(gl, "enable", "yes");
}

static bool is_uefi(const xmlNode *root)
{
	const xmlNode *os = vgpu_xml_child(root, "os", NULL);
	const xmlNode *loader = vgpu_xml_child(os, "loader", NULL);

	return vgpu_xml_is(os, "firmware", "efi") || vgpu_xml_is(loader, "type", "pflash");
}

void lint_collect(struct lint *lint, const struct vgpu_xml_text *text)
{
	lint->root = xmlDocGetRootElement(text->doc);
	lint->devices = vgpu_xml_child(lint->root, "devices", NULL);
	collect_mdevs(lint);
	collect_args(lint);
	lint->graphics_len = collect(lint->devices, "graphics", lint->graphics);
	lint->videos_len = collect(lint->devices, "video", lint->videos);
	for (size_t i = 0; i < lint->graphics_len; i++)
		lint->gl |= brings_gl(lint->graphics[i]);
	lint->ovmf = is_uefi(lint->root);
	for (size_t i = 0; i < lint->mdevs_len && !lint->shown; i++)
		if (lint->mdevs[i].display)
			lint->shown = &lint->mdevs[i];
}

void lint_finish(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++) {
		free(lint->mdevs[i].uuid);
		free(lint->mdevs[i].alias);
	}
	for (size_t i = 0; i < lint->args_len; i++)
		free(lint->args[i].value);
}

void lint_report(struct lint *lint, const xmlNode *node, const char *format, ...)
{
	struct vgpu_lint_finding finding = {
		.rule = lint->rule,
		.line = (int)xmlGetLineNo((xmlNode *)node),
	};
	va_list list;

	va_start(list, format);
	vsnprintf(finding.evidence, sizeof(finding.evidence), format, list);
	va_end(list);
	lint->found++;
	lint->each(lint->data, &finding);
}

const xmlNode *lint_graphics(const struct lint *lint, const char *type)
{
	for (size_t i = 0; i < lint->graphics_len; i++)
		if (vgpu_xml_is(lint->graphics[i], "type", type))
			return lint->graphics[i];
	return NULL;
}

const xmlNode *lint_video(const struct lint *lint, const char *type)
{
	for (size_t i = 0; i < lint->videos_len; i++)
		if (vgpu_xml_is(vgpu_xml_child(lint->videos[i], "model", NULL), "type", type))
			return lint->videos[i];
	return NULL;
}

const xmlNode *lint_spice_gl(const struct lint *lint)
{
	const xmlNode *spice = lint_graphics(lint, "spice");

	return spice && brings_gl(spice) ? spice : NULL;
}

bool lint_is_alias(const struct lint *lint, const char *name)
{
	size_t len = strcspn(name, ".");

	for (size_t i = 0; i < lint->mdevs_len; i++)
		if (lint->mdevs[i].alias && strlen(lint->mdevs[i].alias) == len &&
		    !memcmp(lint->mdevs[i].alias, name, len))
			return true;
	return false;
}

static const xmlNode *override_property(const xmlNode *device, const char *name)
{
	const xmlNode *frontend = vgpu_xml_child(device, "frontend", VGPU_QEMU_NAMESPACE);
	const xmlNode *at = vgpu_xml_child(frontend, "property", VGPU_QEMU_NAMESPACE);

	while (at && !vgpu_xml_is(at, "name", name))
		at = vgpu_xml_next(at, "property", VGPU_QEMU_NAMESPACE);
	return at;
}

const xmlNode *lint_property(const struct lint *lint, const char *name)
{
	const xmlNode *override = vgpu_xml_child(lint->root, "override", VGPU_QEMU_NAMESPACE);
	size_t len = strlen(name);

	for (size_t i = 0; i < lint->args_len; i++) {
		const char *value = lint->args[i].value;
		const char *dot = strncmp(value, "device.", 7) ? NULL : strchr(value + 7, '.');

		if (lint->args[i].is_set && dot && lint_is_alias(lint, value + 7) &&
		    !strncmp(dot + 1, name, len) && dot[1 + len] == '=')
			return lint->args[i].node;
	}
	for (const xmlNode *at = vgpu_xml_child(override, "device", VGPU_QEMU_NAMESPACE); at;
	     at = vgpu_xml_next(at, "device", VGPU_QEMU_NAMESPACE)) {
		_autofree_ char *alias = vgpu_xml_get(at, "alias");
		const xmlNode *property =
			alias && lint_is_alias(lint, alias) ? override_property(at, name) : NULL;

		if (property)
			return property;
	}
	return NULL;
}

bool lint_json(const struct lint *lint)
{
	const xmlNode *capabilities =
		vgpu_xml_child(lint->root, "capabilities", VGPU_QEMU_NAMESPACE);

	for (const xmlNode *at = vgpu_xml_child(capabilities, "del", VGPU_QEMU_NAMESPACE); at;
	     at = vgpu_xml_next(at, "del", VGPU_QEMU_NAMESPACE))
		if (vgpu_xml_is(at, "capability", vgpu_json_capability(lint->libvirt)))
			return false;
	return vgpu_version_since(lint->libvirt, 7, 9) && vgpu_version_since(lint->qemu, 6, 2);
}

bool lint_kib(const xmlNode *node, uint64_t *out)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {
		{ "b", 1 },	     { "bytes", 1 },	    { "KB", 1000 },
		{ "k", 1 << 10 },    { "KiB", 1 << 10 },    { "MB", 1000000 },
		{ "M", 1 << 20 },    { "MiB", 1 << 20 },    { "GB", 1000000000 },
		{ "G", 1 << 30 },    { "GiB", 1 << 30 },    { "TB", 1000000000000 },
		{ "T", 1ULL << 40 }, { "TiB", 1ULL << 40 },
	};
	_autofree_ char *content = (char *)xmlNodeGetContent(node);
	_autofree_ char *unit = vgpu_xml_get(node, "unit");
	unsigned long long value;

	if (!content || sscanf(content, "%llu", &value) != 1 || value > 1ULL << 40)
		return false;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(units); i++)
		if (!strcmp(unit ? unit : "KiB", units[i].name)) {
			*out = value >= UINT64_MAX / units[i].bytes ? UINT64_MAX / 1024
								    : value * units[i].bytes / 1024;
			return true;
		}
	return false;
}
