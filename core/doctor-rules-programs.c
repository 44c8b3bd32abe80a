/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules on QEMU, firmware, libvirt and mdevctl.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor-host.h"

#define HOLDS(name) static bool name(const struct doctor_host *host, struct doctor_answer *answer)

static bool has_qemu(const struct doctor_host *host)
{
	return host->qemu.major || host->qemu.minor;
}

static bool says_qemu(const struct doctor_host *host, struct doctor_answer *answer)
{
	return doctor_says(answer, "%.*s", (int)strcspn(host->text[VGPU_FACT_QEMU_VERSION], "\n"),
			   host->text[VGPU_FACT_QEMU_VERSION]);
}

static bool says_libvirt(const struct doctor_host *host, struct doctor_answer *answer)
{
	return doctor_says(answer, "this is libvirt %u.%u.%u", host->libvirt.major,
			   host->libvirt.minor, host->libvirt.micro);
}

HOLDS(qemu_missing)
{
	if (host->text_error[VGPU_FACT_QEMU_VERSION] != -ENOENT)
		return false;
	return doctor_says(answer, "there is no qemu-system-x86_64 in PATH");
}

HOLDS(qemu_too_old)
{
	return doctor_version_before(host->qemu, 2, 12) && says_qemu(host, answer);
}

HOLDS(qemu_without_vfio)
{
	if (!has_qemu(host) || host->text_error[VGPU_FACT_QEMU_VFIO_PCI] != -ENODEV)
		return false;
	return doctor_says(answer, "qemu-system-x86_64 has no device vfio-pci");
}

/* QEMU has the device, but not this property of it. */
static bool lacks(const struct doctor_host *host, struct doctor_answer *answer,
		  const char *property)
{
	char pattern[64];

	snprintf(pattern, sizeof(pattern), "%s=", property);
	if (!*host->text[VGPU_FACT_QEMU_VFIO_PCI] ||
	    strstr(host->text[VGPU_FACT_QEMU_VFIO_PCI], pattern))
		return false;
	return doctor_says(answer, "'-device vfio-pci,help' does not list %s", property);
}

HOLDS(qemu_without_display)
{
	return lacks(host, answer, "display");
}

HOLDS(qemu_without_opregion)
{
	return lacks(host, answer, "x-igd-opregion");
}

HOLDS(qemu_without_edid)
{
	return lacks(host, answer, "xres");
}

HOLDS(qemu_without_ramfb)
{
	if (!*host->text[VGPU_FACT_QEMU_VFIO_PCI] ||
	    strstr(host->text[VGPU_FACT_QEMU_VFIO_PCI_NOHOTPLUG], "ramfb="))
		return false;
	return doctor_says(answer,
			   "qemu-system-x86_64 has no device vfio-pci-nohotplug with ramfb");
}

static bool lacks_display(const struct doctor_host *host, struct doctor_answer *answer,
			  const char *name)
{
	const char *displays = host->text[VGPU_FACT_QEMU_DISPLAYS];
	char line[80];

	if (!*displays || doctor_line_with(displays, name, line, sizeof(line)))
		return false;
	return doctor_says(answer, "'-display help' does not list %s", name);
}

HOLDS(qemu_without_egl)
{
	return lacks_display(host, answer, "egl-headless");
}

HOLDS(qemu_without_spice)
{
	return lacks_display(host, answer, "spice-app");
}

HOLDS(qemu_without_dbus)
{
	return vgpu_version_since(host->qemu, 7, 0) && lacks_display(host, answer, "dbus");
}

HOLDS(qemu_without_gtk)
{
	return lacks_display(host, answer, "gtk");
}

HOLDS(qemu_vnc_binds)
{
	return vgpu_version_since(host->qemu, 9, 0) && says_qemu(host, answer);
}

HOLDS(qemu_opregion_trap)
{
	return vgpu_version_since(host->qemu, 10, 1) && says_qemu(host, answer);
}

/* QEMU and distributions disagree on where firmware is. */
static bool has_file(const struct doctor_host *host, const char *const *paths)
{
	struct vgpu_node_fact node;

	for (; *paths; paths++)
		if (doctor_node(host, *paths, &node))
			return true;
	return false;
}

HOLDS(ovmf_missing)
{
	static const char *const paths[] = {
		"/usr/share/OVMF/OVMF_CODE_4M.fd",	 "/usr/share/OVMF/OVMF_CODE.fd",
		"/usr/share/edk2/ovmf/OVMF_CODE.fd",	 "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
		"/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/qemu/ovmf-x86_64-code.bin",
		"/usr/share/qemu/edk2-x86_64-code.fd",	 NULL
	};

	return has_qemu(host) && !has_file(host, paths) &&
	       doctor_says(answer, "there is no OVMF_CODE*.fd where QEMU and libvirt look");
}

HOLDS(seabios_missing)
{
	static const char *const paths[] = { "/usr/share/seabios/bios-256k.bin",
					     "/usr/share/qemu/bios-256k.bin", NULL };

	return has_qemu(host) && !has_file(host, paths) &&
	       doctor_says(answer, "there is no bios-256k.bin in /usr/share/seabios or qemu");
}

HOLDS(ramfb_rom_missing)
{
	static const char *const paths[] = { "/usr/share/seabios/vgabios-ramfb.bin",
					     "/usr/share/qemu/vgabios-ramfb.bin", NULL };

	return vgpu_version_since(host->qemu, 3, 0) && !has_file(host, paths) &&
	       doctor_says(answer, "there is no vgabios-ramfb.bin in /usr/share/seabios or qemu");
}

HOLDS(libvirt_without_mdev)
{
	return doctor_version_before(host->libvirt, 3, 2) && says_libvirt(host, answer);
}

HOLDS(libvirt_without_display)
{
	return doctor_version_before(host->libvirt, 4, 6) && says_libvirt(host, answer);
}

HOLDS(libvirt_without_ramfb)
{
	return doctor_version_before(host->libvirt, 5, 10) && says_libvirt(host, answer);
}

HOLDS(libvirt_without_autostart)
{
	return doctor_version_before(host->libvirt, 7, 8) && says_libvirt(host, answer);
}

HOLDS(libvirt_set_trap)
{
	return vgpu_version_since(host->libvirt, 7, 9) &&
	       doctor_version_before(host->libvirt, 8, 2) && vgpu_version_since(host->qemu, 6, 2) &&
	       says_libvirt(host, answer);
}

HOLDS(libvirt_override_crash)
{
	return vgpu_version_since(host->libvirt, 8, 2) &&
	       doctor_version_before(host->libvirt, 8, 5) && says_libvirt(host, answer);
}

HOLDS(mdevctl_missing)
{
	if (host->text_error[VGPU_FACT_MDEVCTL] != -ENOENT ||
	    !(host->libvirt.major || host->definitions_len))
		return false;
	return doctor_says(answer, "there is no mdevctl in PATH, but %s",
			   host->libvirt.major ? "libvirt is here" : "/etc/mdevctl.d is");
}

static const char *const rule_paths[] = { "/etc/udev/rules.d/60-mdevctl.rules",
					  "/usr/lib/udev/rules.d/60-mdevctl.rules",
					  "/lib/udev/rules.d/60-mdevctl.rules" };

/* The rules file that udev takes: the first that is there. NULL if there is none. */
static const char *autostart_rule(const struct doctor_host *host, char **text)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rule_paths); i++)
		if (!host->facts->impl->read(host->facts, rule_paths[i], text))
			return rule_paths[i];
	return NULL;
}

HOLDS(autostart_rule_missing)
{
	_autofree_ char *text = NULL;

	if (!*host->text[VGPU_FACT_MDEVCTL] || autostart_rule(host, &text))
		return false;
	return doctor_says(answer, "%s is here, but no rule 60-mdevctl.rules",
			   host->text[VGPU_FACT_MDEVCTL]);
}

HOLDS(autostart_program_missing)
{
	_autofree_ char *text = NULL;
	const char *rule = autostart_rule(host, &text);
	const char *at = rule ? strstr(text, "mdevctl start-parent-mdevs") : NULL;
	struct vgpu_node_fact node;
	const char *start = at;
	char path[128];

	while (start && start > text && !strchr(" \"'\n\t{", start[-1]))
		start--;
	if (!at || *start != '/')
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(start, " "), start);
	if (doctor_node(host, path, &node))
		return false;
	doctor_subject(answer, "%s", path);
	return doctor_says(answer, "%s runs %s, which is not there", rule, path);
}

#define QEMU_MODULES "apt install qemu-system-common (Debian 13: qemu-system-modules-opengl)"
#define NO_VFIO	     DOCTOR_CONSEQUENCE_OF("qemu-too-old", "qemu-without-vfio")
#define NO_LIBVIRT   DOCTOR_CONSEQUENCE_OF("libvirt-without-mdev", "libvirt-without-display")

const struct vgpu_doctor_rule doctor_program_rules[] = {
	{ "qemu-missing", VGPU_DOCTOR_ERROR, "QEMU is not installed",
	  "a vGPU is used by a VM, and the doctor asks QEMU what it can do",
	  "apt install qemu-system-x86", NULL, qemu_missing },
	{ "qemu-too-old", VGPU_DOCTOR_ERROR, "QEMU is older than vGPU displays",
	  "the property display= came with 2.12", "install QEMU 2.12 or later", NULL,
	  qemu_too_old },
	{ "qemu-without-vfio", VGPU_DOCTOR_ERROR, "QEMU is built without VFIO",
	  "it is a build option", "install the distribution's own: apt install qemu-system-x86",
	  NULL, qemu_without_vfio },
	{ "qemu-without-display", VGPU_DOCTOR_WARNING, "QEMU cannot show vGPUs",
	  "vfio-pci has no property display", "install QEMU 2.12 or later", NO_VFIO,
	  qemu_without_display },
	{ "qemu-without-opregion", VGPU_DOCTOR_WARNING, "QEMU has no x-igd-opregion",
	  "Windows drivers, and firmware that draws, need the OpRegion",
	  "install QEMU with CONFIG_VFIO_IGD", NO_VFIO, qemu_without_opregion },
	{ "qemu-without-edid", VGPU_DOCTOR_NOTE, "QEMU cannot choose the vGPU's resolution",
	  "xres= and yres= came with 4.0", "install a newer QEMU, or choose it in the guest",
	  DOCTOR_CONSEQUENCE_OF("qemu-too-old", "qemu-without-vfio", "qemu-without-display"),
	  qemu_without_edid },
	{ "qemu-without-ramfb", VGPU_DOCTOR_WARNING, "QEMU cannot show a guest's start",
	  "ramfb= of vfio-pci-nohotplug came with 3.1; before the guest's driver runs there is no "
	  "picture otherwise",
	  "install a newer QEMU",
	  DOCTOR_CONSEQUENCE_OF("qemu-too-old", "qemu-without-vfio", "qemu-without-display"),
	  qemu_without_ramfb },
	{ "qemu-without-egl", VGPU_DOCTOR_WARNING, "QEMU's GL modules are missing",
	  "\"vfio-display-dmabuf: opengl not available\": a vGPU's screen needs GL", QEMU_MODULES,
	  DOCTOR_CONSEQUENCE_OF("qemu-too-old"), qemu_without_egl },
	{ "qemu-without-spice", VGPU_DOCTOR_NOTE, "QEMU has no SPICE",
	  "SPICE with GL is the fastest local path",
	  "apt install qemu-system-common (Debian 13: qemu-system-modules-spice)",
	  DOCTOR_CONSEQUENCE_OF("qemu-too-old"), qemu_without_spice },
	{ "qemu-without-dbus", VGPU_DOCTOR_NOTE, "QEMU has no D-Bus display",
	  "it hands each frame's DMA-BUF to another program", QEMU_MODULES, NULL,
	  qemu_without_dbus },
	{ "qemu-without-gtk", VGPU_DOCTOR_NOTE, "QEMU has no window of its own",
	  "GTK is a package of its own", "apt install qemu-system-gui",
	  DOCTOR_CONSEQUENCE_OF("qemu-too-old"), qemu_without_gtk },
	{ "qemu-vnc-binds", VGPU_DOCTOR_NOTE, "VNC cannot show a vGPU with this QEMU",
	  "since 9.0 VNC insists on pixels that it can read: \"requires display DMABUF support\"",
	  "use SPICE with GL, GTK or D-Bus: vgpulab qemu-args --path dmabuf --vgpu UUID", NULL,
	  qemu_vnc_binds },
	{ "qemu-opregion-trap", VGPU_DOCTOR_NOTE, "this QEMU insists on the OpRegion",
	  "since 10.1 x-igd-opregion is on by default, and an Intel mdev without that region, or "
	  "hot-plugged, crashes QEMU",
	  "hot-plug with x-igd-opregion=off; SeaBIOS needs use-legacy-x86-rom=on for ramfb", NULL,
	  qemu_opregion_trap },
	{ "ovmf-missing", VGPU_DOCTOR_NOTE, "UEFI guests cannot be started",
	  "OVMF is a package of its own", "apt install ovmf", NULL, ovmf_missing },
	{ "seabios-missing", VGPU_DOCTOR_WARNING, "BIOS guests cannot be started",
	  "QEMU's default firmware is missing", "apt install seabios", NULL, seabios_missing },
	{ "ramfb-rom-missing", VGPU_DOCTOR_NOTE, "BIOS guests draw nothing on ramfb",
	  "SeaBIOS needs vgabios-ramfb.bin, which came with SeaBIOS 1.12", "apt install seabios",
	  DOCTOR_CONSEQUENCE_OF("seabios-missing"), ramfb_rom_missing },
	{ "libvirt-without-mdev", VGPU_DOCTOR_WARNING, "libvirt is older than mdev devices",
	  "<hostdev type='mdev'> came with 3.2", "install libvirt 5.10 or later", NULL,
	  libvirt_without_mdev },
	{ "libvirt-without-display", VGPU_DOCTOR_WARNING, "libvirt cannot show vGPUs",
	  "display='on', egl-headless and <video><model type='none'/> came with 4.6",
	  "install libvirt 5.10 or later", DOCTOR_CONSEQUENCE_OF("libvirt-without-mdev"),
	  libvirt_without_display },
	{ "libvirt-without-ramfb", VGPU_DOCTOR_NOTE, "libvirt does not know ramfb",
	  "ramfb='on' came with 5.10", "vgpulab libvirt-xml does it with -set instead", NO_LIBVIRT,
	  libvirt_without_ramfb },
	{ "libvirt-without-autostart", VGPU_DOCTOR_NOTE, "libvirt cannot start vGPUs at boot",
	  "nodedev-autostart came with 7.8", "mdevctl modify --auto --uuid UUID",
	  DOCTOR_CONSEQUENCE_OF("libvirt-without-mdev", "libvirt-without-display",
				"libvirt-without-ramfb"),
	  libvirt_without_autostart },
	{ "libvirt-set-trap", VGPU_DOCTOR_WARNING,
	  "recipes with -set do not work with this libvirt",
	  "since 7.9 devices are JSON, and '-set device.hostdev0...' finds none: \"there is no "
	  "device defined\"; qemu:override came with 8.2",
	  "vgpulab libvirt-xml --edit FILE takes <qemu:capabilities> besides", NULL,
	  libvirt_set_trap },
	{ "libvirt-override-crash", VGPU_DOCTOR_WARNING, "this libvirt crashes on qemu:override",
	  "a bug of 8.2 to 8.4", "vgpulab libvirt-xml --edit FILE goes around it; or libvirt 8.5",
	  NULL, libvirt_override_crash },
	{ "mdevctl-missing", VGPU_DOCTOR_WARNING, "mdevctl is not installed",
	  "libvirt's node devices call it: \"Cannot find 'mdevctl' in path\"; definitions are "
	  "started by it",
	  "apt install mdevctl", NULL, mdevctl_missing },
	{ "autostart-rule-missing", VGPU_DOCTOR_WARNING, "nothing starts defined vGPUs at boot",
	  "mdevctl's udev rule does", "apt install --reinstall mdevctl",
	  DOCTOR_CONSEQUENCE_OF("mdevctl-missing"), autostart_rule_missing },
	{ "autostart-program-missing", VGPU_DOCTOR_WARNING, "vGPUs are not started at boot",
	  "the rule names a program that is not there, as Debian 12's mdevctl package does",
	  "ln -s /usr/bin/mdevctl {subject}", DOCTOR_CONSEQUENCE_OF("mdevctl-missing"),
	  autostart_program_missing },
};
const size_t doctor_program_rules_len = VGPU_ARRAY_LEN(doctor_program_rules);
