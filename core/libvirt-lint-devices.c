/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <vgpulab/uuid.h>

#include "libvirt-lint-facts.h"

static void hostdev_without_uuid(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++)
		if (!lint->mdevs[i].uuid)
			lint_report(lint, lint->mdevs[i].node, "<hostdev type='mdev'> has no uuid");
}

static bool has_uuid(const struct lint_mdev *mdev, struct vgpu_uuid *out)
{
	return mdev->uuid && vgpu_libvirt_uuid_parse(mdev->uuid, out) == 0;
}

static void hostdev_malformed_uuid(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++) {
		struct vgpu_uuid uuid;

		if (lint->mdevs[i].uuid && !has_uuid(&lint->mdevs[i], &uuid))
			lint_report(lint, lint->mdevs[i].node, "uuid='%s'", lint->mdevs[i].uuid);
	}
}

static void duplicate_uuid(struct lint *lint)
{
	struct vgpu_uuid one, other;

	for (size_t i = 1; i < lint->mdevs_len; i++)
		for (size_t k = 0; k < i; k++)
			if (has_uuid(&lint->mdevs[i], &one) && has_uuid(&lint->mdevs[k], &other) &&
			    vgpu_uuid_equal(&one, &other)) {
				lint_report(lint, lint->mdevs[i].node, "uuid='%s' again",
					    lint->mdevs[i].uuid);
				break;
			}
}

static void wrong_model(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++) {
		const struct lint_mdev *mdev = &lint->mdevs[i];

		if ((mdev->display || mdev->ramfb) && !vgpu_xml_is(mdev->node, "model", "vfio-pci"))
			lint_report(lint, mdev->node, "display or ramfb, but not model='vfio-pci'");
	}
}

static void two_ramfb(struct lint *lint)
{
	bool had = false;

	for (size_t i = 0; i < lint->mdevs_len; i++) {
		if (lint->mdevs[i].ramfb && had)
			lint_report(lint, lint->mdevs[i].node, "a second ramfb='on'");
		had |= lint->mdevs[i].ramfb;
	}
}

static void ramfb_beside_video_ramfb(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++)
		if (lint->mdevs[i].ramfb && lint_video(lint, "ramfb"))
			lint_report(lint, lint_video(lint, "ramfb"),
				    "<model type='ramfb'/> beside ramfb='on'");
}

static void ramfb_without_display(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++)
		if (lint->mdevs[i].ramfb && !lint->mdevs[i].display)
			lint_report(lint, lint->mdevs[i].node, "ramfb='on' without display='on'");
}

static void display_without_graphics(struct lint *lint)
{
	if (lint->shown && !lint->graphics_len)
		lint_report(lint, lint->shown->node, "display='on', and no <graphics>");
}

static void display_without_gl(struct lint *lint)
{
	if (lint->shown && lint->graphics_len && !lint->gl)
		lint_report(lint, lint->shown->node, "display='on', and no <graphics> with GL");
}

static void egl_headless_alone(struct lint *lint)
{
	const xmlNode *headless = lint_graphics(lint, "egl-headless");

	if (headless && !lint_graphics(lint, "vnc") && !lint_graphics(lint, "spice"))
		lint_report(lint, headless, "egl-headless without VNC or SPICE beside it");
}

static void egl_headless_with_spice_gl(struct lint *lint)
{
	const xmlNode *headless = lint_graphics(lint, "egl-headless");

	if (headless && lint_spice_gl(lint))
		lint_report(lint, headless, "egl-headless beside SPICE with <gl enable='yes'/>");
}

static void vnc_egl_headless(struct lint *lint)
{
	const xmlNode *vnc = lint_graphics(lint, "vnc");

	if (lint->shown && vnc && lint->gl && vgpu_version_since(lint->qemu, 9, 0))
		lint_report(lint, vnc, "VNC, display='on' and QEMU %u.%u", lint->qemu.major,
			    lint->qemu.minor);
}

static void spice_egl_headless(struct lint *lint)
{
	const xmlNode *spice = lint_graphics(lint, "spice");

	if (lint->shown && spice && lint->gl && !lint_spice_gl(lint) &&
	    vgpu_version_since(lint->qemu, 6, 0))
		lint_report(lint, spice, "SPICE without GL, display='on' and QEMU %u.%u",
			    lint->qemu.major, lint->qemu.minor);
}

static void spice_gl_port(struct lint *lint)
{
	const xmlNode *spice = lint_spice_gl(lint);
	const xmlNode *listen = spice ? vgpu_xml_child(spice, "listen", NULL) : NULL;
	static const char *const attributes[] = { "port", "tlsPort", "autoport", "listen" };

	if (!spice)
		return;
	if (listen &&
	    (vgpu_xml_is(listen, "type", "none") || vgpu_xml_is(listen, "type", "socket")))
		return;
	if (listen) {
		lint_report(lint, listen, "<gl enable='yes'/> and a <listen> on the network");
		return;
	}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(attributes); i++) {
		_autofree_ char *value = vgpu_xml_get(spice, attributes[i]);

		if (value && strcmp(value, "no") && strcmp(value, "-1")) {
			lint_report(lint, spice, "<gl enable='yes'/> and %s='%s'", attributes[i],
				    value);
			return;
		}
	}
}

static void implicit_video(struct lint *lint)
{
	if (lint->shown && lint->graphics_len && !lint->videos_len)
		lint_report(lint, lint->shown->node, "display='on', and no <video>");
}

static void emulated_video(struct lint *lint)
{
	const xmlNode *video = lint->videos_len ? lint->videos[0] : NULL;
	_autofree_ char *type =
		video ? vgpu_xml_get(vgpu_xml_child(video, "model", NULL), "type") : NULL;

	if (lint->shown && video && (!type || strcmp(type, "none")))
		lint_report(lint, video, "<video> of type '%s' beside display='on'",
			    type ? type : "(default)");
}

static void video_none_beside_others(struct lint *lint)
{
	const xmlNode *none = lint_video(lint, "none");

	if (none && lint->videos_len > 1)
		lint_report(lint, none, "<model type='none'/>, and another <video>");
}

static void rom_of_mdev(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++) {
		const xmlNode *rom = vgpu_xml_child(lint->mdevs[i].node, "rom", NULL);

		if (rom)
			lint_report(lint, rom, "<rom> in an mdev <hostdev>");
	}
}

static void boot_order_of_mdev(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++) {
		const xmlNode *boot = vgpu_xml_child(lint->mdevs[i].node, "boot", NULL);

		if (boot)
			lint_report(lint, boot, "<boot> in an mdev <hostdev>");
	}
}

static void managed_mdev(struct lint *lint)
{
	for (size_t i = 0; i < lint->mdevs_len; i++)
		if (vgpu_xml_is(lint->mdevs[i].node, "managed", "yes"))
			lint_report(lint, lint->mdevs[i].node, "managed='yes'");
}

static void several_vgpus(struct lint *lint)
{
	if (lint->mdevs_len > 1)
		lint_report(lint, lint->mdevs[1].node, "%zu mdev devices", lint->mdevs_len);
}

static void sdl_window(struct lint *lint)
{
	const xmlNode *sdl = lint_graphics(lint, "sdl");

	if (lint->shown && sdl)
		lint_report(lint, sdl, "<graphics type='sdl'> beside display='on'");
}

#define ERROR	VGPU_LINT_ERROR
#define WARNING VGPU_LINT_WARNING
#define NOTE	VGPU_LINT_NOTE

const struct lint_row lint_device_rows[] = {
	{ { "no-uuid", ERROR, "libvirt: \"Missing 'uuid' attribute for element <address>\"",
	    "name the vGPU: <source><address uuid='...'/></source>; 'vgpulab list' shows "
	    "them" },
	  hostdev_without_uuid },
	{ { "bad-uuid", ERROR, "libvirt cannot parse the UUID, and no vGPU can have it",
	    "8-4-4-4-12 hexadecimal digits, as 'vgpulab list' shows" },
	  hostdev_malformed_uuid },
	{ { "same-uuid-twice", ERROR,
	    "libvirt: \"Hostdev already exists in the domain configuration\"",
	    "take one <hostdev> out" },
	  duplicate_uuid },
	{ { "display-needs-vfio-pci", ERROR,
	    "libvirt: \"<hostdev> attribute 'display' is only supported with "
	    "model='vfio-pci'\"",
	    "write model='vfio-pci'" },
	  wrong_model },
	{ { "two-ramfb", ERROR, "libvirt: \"Only one vgpu device can have 'ramfb' enabled\"",
	    "keep ramfb='on' on the vGPU that shows the boot" },
	  two_ramfb },
	{ { "ramfb-beside-video-ramfb", ERROR,
	    "two ramfb devices claim the same fw_cfg file; libvirt does not notice, QEMU "
	    "ends",
	    "write <video><model type='none'/></video>" },
	  ramfb_beside_video_ramfb },
	{ { "ramfb-without-display", ERROR,
	    "QEMU: \"ramfb=on requires display=on\"; libvirt does not notice",
	    "write display='on' too" },
	  ramfb_without_display },
	{ { "display-without-graphics", ERROR,
	    "libvirt: \"graphics device is needed for attribute value 'display=on' in "
	    "<hostdev>\"",
	    "add <graphics>; for a local viewer SPICE with <gl enable='yes'/>" },
	  display_without_graphics },
	{ { "display-without-gl", ERROR,
	    "QEMU: \"vfio-display-dmabuf: opengl not available\" for a GVT-g vGPU (a region "
	    "vGPU, as mdpy's, needs no GL)",
	    "add <gl enable='yes'/> to SPICE with <listen type='none'/>; before QEMU 9.0 "
	    "<graphics type='egl-headless'/> beside VNC works too" },
	  display_without_gl },
	{ { "egl-headless-alone", ERROR,
	    "libvirt: \"graphics type 'egl-headless' is only supported with one of\" VNC and "
	    "SPICE",
	    "add <graphics type='vnc'/>, or take SPICE with GL alone" },
	  egl_headless_alone },
	{ { "egl-headless-with-spice-gl", ERROR,
	    "libvirt: \"multiple OpenGL displays are not supported by QEMU\"",
	    "take egl-headless out, or <gl enable='no'/>" },
	  egl_headless_with_spice_gl },
	{ { "vnc-since-qemu-9", ERROR,
	    "since QEMU 9.0 VNC binds to the vGPU's console, and QEMU ends: \"The console "
	    "requires display DMABUF support\" (a region vGPU is not affected)",
	    "take SPICE with <listen type='none'/> and <gl enable='yes'/>, or QEMU 8.2" },
	  vnc_egl_headless },
	{ { "spice-without-gl-since-qemu-6", ERROR,
	    "since QEMU 6.0 SPICE without GL binds to the vGPU's console, and QEMU ends: "
	    "\"The console requires display DMABUF support\" (a region vGPU is not affected)",
	    "take SPICE with <listen type='none'/> and <gl enable='yes'/>; before QEMU 9.0 "
	    "VNC beside egl-headless works" },
	  spice_egl_headless },
	{ { "spice-gl-with-port", ERROR,
	    "QEMU: \"SPICE GL support is local-only for now and incompatible with -spice "
	    "port/tls-port\"",
	    "write <listen type='none'/> and no port; virt-viewer --attach connects" },
	  spice_gl_port },
	{ { "implicit-video", WARNING,
	    "libvirt adds an emulated VGA beside <graphics>; it is console 0, and viewers "
	    "show it in the vGPU's place",
	    "write <video><model type='none'/></video>" },
	  implicit_video },
	{ { "emulated-video", WARNING,
	    "the emulated VGA is console 0: viewers show it first, and the guest may use it "
	    "in the vGPU's place",
	    "write <video><model type='none'/></video> in its place" },
	  emulated_video },
	{ { "video-none-beside-others", ERROR,
	    "libvirt: \"a 'none' video type must be the only video device defined for the "
	    "domain\"",
	    "take the other <video> out" },
	  video_none_beside_others },
	{ { "rom-dropped", WARNING, "libvirt silently passes no <rom> of an mdev device to QEMU",
	    "give romfile as a property: qemu:override (libvirt 8.5 and later) or -set" },
	  rom_of_mdev },
	{ { "boot-order", ERROR, "libvirt refuses a boot order for an mdev device",
	    "take <boot> out" },
	  boot_order_of_mdev },
	{ { "managed-mdev", NOTE,
	    "managed='yes' means nothing for an mdev device: libvirt never creates the vGPU",
	    "create it beforehand: 'vgpulab create', or 'virsh nodedev-autostart'" },
	  managed_mdev },
	{ { "several-vgpus", WARNING,
	    "a VM can have one GVT-g vGPU: QEMU: \"error getting device from group N: File "
	    "exists\"",
	    "keep one, if these are GVT-g's" },
	  several_vgpus },
	{ { "sdl-window", ERROR,
	    "QEMU's SDL window cannot show a DMA-BUF: \"The console requires display DMABUF "
	    "support\" (a region vGPU is not affected)",
	    "take SPICE with <listen type='none'/> and <gl enable='yes'/>" },
	  sdl_window },
};
const size_t lint_device_rows_len = VGPU_ARRAY_LEN(lint_device_rows);
