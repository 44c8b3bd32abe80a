/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "libvirt-lint-facts.h"

static void low_memtune(struct lint *lint)
{
	const xmlNode *memtune = vgpu_xml_child(lint->root, "memtune", NULL);
	const xmlNode *limit = memtune ? vgpu_xml_child(memtune, "hard_limit", NULL) : NULL;
	const xmlNode *memory = vgpu_xml_child(lint->root, "memory", NULL);
	uint64_t allowed_kib, needed_kib;

	if (!lint->mdevs_len || !limit || !memory || !lint_kib(limit, &allowed_kib) ||
	    !lint_kib(memory, &needed_kib))
		return;
	if (allowed_kib / 1024 < needed_kib / 1024 + 1024)
		lint_report(lint, limit, "hard_limit of %llu MiB for %llu MiB of RAM",
			    (unsigned long long)(allowed_kib / 1024),
			    (unsigned long long)(needed_kib / 1024));
}

static void tcg_domain(struct lint *lint)
{
	if (lint->mdevs_len && vgpu_xml_is(lint->root, "type", "qemu"))
		lint_report(lint, lint->root, "<domain type='qemu'>");
}

static void missing_namespace(struct lint *lint)
{
	for (xmlNode *at = lint->root->children; at; at = at->next) {
		const char *name = (const char *)at->name;

		if (at->type == XML_ELEMENT_NODE && !at->ns &&
		    (!strncmp(name, "qemu:", 5) || !strcmp(name, "commandline") ||
		     !strcmp(name, "override")))
			lint_report(lint, at, "<%s> without xmlns:qemu", name);
	}
}

static void wrong_namespace(struct lint *lint)
{
	for (xmlNode *at = lint->root->children; at; at = at->next)
		if (at->type == XML_ELEMENT_NODE && at->ns && at->ns->prefix &&
		    !strcmp((const char *)at->ns->prefix, "qemu") &&
		    strcmp((const char *)at->ns->href, VGPU_QEMU_NAMESPACE))
			lint_report(lint, at, "xmlns:qemu='%s'", (const char *)at->ns->href);
}

static void set_with_json(struct lint *lint)
{
	if (!lint_json(lint))
		return;
	for (size_t i = 0; i < lint->args_len; i++)
		if (lint->args[i].is_set && !strncmp(lint->args[i].value, "device.", 7))
			lint_report(lint, lint->args[i].node, "-set %s", lint->args[i].value);
}

static void set_of_nobody(struct lint *lint)
{
	for (size_t i = 0; i < lint->args_len; i++) {
		const struct lint_arg *arg = &lint->args[i];

		if (arg->is_set && lint->mdevs_len && !strncmp(arg->value, "device.hostdev", 14) &&
		    !lint_is_alias(lint, arg->value + 7))
			lint_report(lint, arg->node, "-set %s, and no mdev of that name",
				    arg->value);
	}
}

static void override_of_nobody(struct lint *lint)
{
	const xmlNode *override = vgpu_xml_child(lint->root, "override", VGPU_QEMU_NAMESPACE);
	const xmlNode *at =
		override ? vgpu_xml_child(override, "device", VGPU_QEMU_NAMESPACE) : NULL;

	for (; at; at = vgpu_xml_next(at, "device", VGPU_QEMU_NAMESPACE)) {
		_autofree_ char *alias = vgpu_xml_get(at, "alias");

		if (alias && lint->mdevs_len &&
		    (!strncmp(alias, "hostdev", 7) || !strncmp(alias, "ua-vgpu", 7)) &&
		    !lint_is_alias(lint, alias))
			lint_report(lint, at, "qemu:override for '%s', and no mdev of that name",
				    alias);
	}
}

static void old_override(struct lint *lint)
{
	const xmlNode *override = vgpu_xml_child(lint->root, "override", VGPU_QEMU_NAMESPACE);

	if (override && !vgpu_version_since(lint->libvirt, 8, 5))
		lint_report(lint, override, "qemu:override and libvirt %u.%u", lint->libvirt.major,
			    lint->libvirt.minor);
}

static void x_vga(struct lint *lint)
{
	const xmlNode *node = lint_property(lint, "x-vga");

	if (node)
		lint_report(lint, node, "x-vga for an mdev device");
}

static void romfile_without_ovmf(struct lint *lint)
{
	const xmlNode *node = lint_property(lint, "romfile");

	if (node && !lint->ovmf)
		lint_report(lint, node, "romfile, and firmware that is not UEFI");
}

static void ovmf_without_early_picture(struct lint *lint)
{
	if (lint->shown && lint->ovmf && !lint->shown->ramfb && !lint_property(lint, "romfile") &&
	    !lint_property(lint, "ramfb"))
		lint_report(lint, lint->shown->node, "UEFI, no ramfb and no romfile");
}

static void size_without_display(struct lint *lint)
{
	const xmlNode *node = lint_property(lint, "xres") ?: lint_property(lint, "yres");

	if (node && !lint->shown)
		lint_report(lint, node, "xres or yres without display='on'");
}

static void raw_device(struct lint *lint)
{
	for (size_t i = 0; i < lint->args_len; i++)
		if (!strncmp(lint->args[i].value, "vfio-pci", 8) &&
		    strstr(lint->args[i].value, "sysfsdev="))
			lint_report(lint, lint->args[i].node, "-device %.60s", lint->args[i].value);
}

static void unused_ramfb_property(struct lint *lint)
{
	const xmlNode *node = lint_property(lint, "ramfb");
	const xmlNode *driver = lint_property(lint, "driver");

	if (node && !driver)
		lint_report(lint, node, "ramfb, but the driver stays vfio-pci");
}

#define ERROR	VGPU_LINT_ERROR
#define WARNING VGPU_LINT_WARNING
#define NOTE	VGPU_LINT_NOTE

const struct lint_row lint_qemu_rows[] = {
	{ { "memtune-too-low", WARNING,
	    "the vGPU pins guest RAM: \"VFIO_MAP_DMA failed: Cannot allocate memory\", or the "
	    "guest's GPU hangs when the kernel says RLIMIT_MEMLOCK was exceeded",
	    "raise hard_limit to RAM and 1 GiB more, or take it out: libvirt then computes "
	    "it" },
	  low_memtune },
	{ { "no-kvm", WARNING,
	    "a GVT-g vGPU needs KVM: QEMU: \"error getting device from group N: No such "
	    "process\"",
	    "write <domain type='kvm'>, unless the vGPU is not GVT-g's" },
	  tcg_domain },
	{ { "no-qemu-namespace", WARNING,
	    "libvirt ignores QEMU's elements without their namespace, and drops them when "
	    "it stores the domain",
	    "write <domain ... xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>" },
	  missing_namespace },
	{ { "wrong-qemu-namespace", WARNING, "libvirt ignores elements of another namespace",
	    "the namespace is http://libvirt.org/schemas/domain/qemu/1.0" },
	  wrong_namespace },
	{ { "set-with-json", ERROR,
	    "libvirt 7.9 and later writes -device as JSON, which -set does not see: QEMU: "
	    "\"there is no device \"hostdev0\" defined\"",
	    "use qemu:override (libvirt 8.5 and later); before, "
	    "<qemu:capabilities><qemu:del capability='device.json'/> ('device.json+hotplug' "
	    "from 8.1)" },
	  set_with_json },
	{ { "set-of-nobody", ERROR,
	    "QEMU: \"there is no device \"hostdevN\" defined\", or another device gets the "
	    "property",
	    "name the vGPU's alias; hostdev devices count from 0, hostdev interfaces first" },
	  set_of_nobody },
	{ { "override-of-nobody", ERROR, "the properties reach no vGPU",
	    "name the alias of the vGPU's <hostdev>" },
	  override_of_nobody },
	{ { "override-too-early", ERROR,
	    "libvirt before 8.2 ignores qemu:override, 8.2 to 8.4 may crash on it",
	    "use qemu:commandline with -set, or libvirt 8.5" },
	  old_override },
	{ { "x-vga", ERROR,
	    "QEMU: \"device does not support requested feature x-vga\": a vGPU has no VGA "
	    "region",
	    "take x-vga out; for a picture before the driver's take ramfb='on'" },
	  x_vga },
	{ { "romfile-without-uefi", NOTE,
	    "the ROM files for vGPUs are UEFI drivers; SeaBIOS does not run them",
	    "take romfile out; SeaBIOS shows itself with ramfb='on'" },
	  romfile_without_ovmf },
	{ { "no-early-picture", NOTE,
	    "OVMF has no driver for the vGPU: nothing is shown until the guest's driver has "
	    "started",
	    "write ramfb='on' beside display='on', or give romfile" },
	  ovmf_without_early_picture },
	{ { "size-without-display", WARNING,
	    "xres and yres reach the guest by the EDID of a vGPU that is shown; without "
	    "display='on' there is none",
	    "write display='on', or take them out" },
	  size_without_display },
	{ { "device-behind-libvirt", WARNING,
	    "a vGPU in qemu:commandline: libvirt neither allows its nodes in the sandbox "
	    "nor raises the memory lock limit",
	    "write a <hostdev type='mdev'>" },
	  raw_device },
	{ { "ramfb-without-driver", ERROR,
	    "QEMU: \"Property 'vfio-pci.ramfb' not found\": only vfio-pci-nohotplug has it",
	    "write ramfb='on' in <hostdev> (libvirt 5.10 and later), or set "
	    "driver=vfio-pci-nohotplug too" },
	  unused_ramfb_property },
};
const size_t lint_qemu_rows_len = VGPU_ARRAY_LEN(lint_qemu_rows);
