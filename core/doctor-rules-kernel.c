/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules on the kernel, its parameters and its modules.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor-host.h"

#define HOLDS(name) static bool name(const struct doctor_host *host, struct doctor_answer *answer)
#define RELEASE	    (host->text[VGPU_FACT_KERNEL_RELEASE])

static bool offers_types(const struct doctor_host *host)
{
	return host->gpu && host->gpu->offers_types;
}

/* An i915 GPU that could have types and has none: the only host on which their lack is a cause. */
static bool lacks_types(const struct doctor_host *host)
{
	return host->gpu && !host->gpu->offers_types && !strcmp(host->gpu->driver, "i915");
}

static bool is_release(const struct doctor_host *host, struct doctor_answer *answer,
		       unsigned int major, unsigned int first, unsigned int last)
{
	if (host->kernel.major != major || host->kernel.minor < first || host->kernel.minor > last)
		return false;
	return doctor_says(answer, "this is Linux %s", RELEASE);
}

HOLDS(kernel_too_old)
{
	return doctor_kernel_before(host, 4, 16) &&
	       doctor_says(answer, "this is Linux %s", RELEASE);
}

HOLDS(kernel_5_19)
{
	return lacks_types(host) && is_release(host, answer, 5, 19, 19);
}

HOLDS(kernel_5_19_warns)
{
	return offers_types(host) && is_release(host, answer, 5, 19, 19);
}

HOLDS(kernel_remove_leaks)
{
	return is_release(host, answer, 5, 19, 99) || is_release(host, answer, 6, 0, 1);
}

HOLDS(kernel_remove_blocks)
{
	return is_release(host, answer, 5, 2, 18);
}

HOLDS(kernel_broadwell_edid)
{
	return host->gpu && host->gpu->family && !strcmp(host->gpu->family->name, "Broadwell") &&
	       is_release(host, answer, 5, 7, 8);
}

HOLDS(kernel_4_19_tiling)
{
	return is_release(host, answer, 4, 19, 19);
}

HOLDS(kernel_without_opregion)
{
	return is_release(host, answer, 4, 16, 16);
}

HOLDS(kernel_without_edid)
{
	return doctor_kernel_before(host, 5, 0) && doctor_says(answer, "this is Linux %s", RELEASE);
}

HOLDS(modules_of_another_kernel)
{
	struct vgpu_node_fact node;
	char path[200];

	snprintf(path, sizeof(path), "/lib/modules/%.128s", RELEASE);
	/* without any modules at all it is a container, or a kernel that needs none */
	if (!*RELEASE || !doctor_node(host, "/lib/modules", &node) ||
	    doctor_node(host, path, &node))
		return false;
	return doctor_says(answer, "there is no %s", path);
}

HOLDS(kernel_without_gvt)
{
	if (!lacks_types(host) || host->enable_gvt[0])
		return false;
	return doctor_says(answer, "i915 has no parameter enable_gvt");
}

/* The last enable_gvt= on the command line; empty if there is none. */
static const char *asked(const struct doctor_host *host, char *value, size_t size)
{
	value[0] = '\0';
	doctor_command_line(host, "i915.enable_gvt", value, size);
	return value;
}

static bool is_yes(const char *value)
{
	return !strcmp(value, "1") || !strcasecmp(value, "y") || !strcasecmp(value, "on");
}

HOLDS(gvt_off_by_command_line)
{
	char value[32];

	if (offers_types(host) || !asked(host, value, sizeof(value))[0] || is_yes(value))
		return false;
	return doctor_says(answer, "the kernel's command line ends with i915.enable_gvt=%s", value);
}

HOLDS(gvt_in_modprobe_only)
{
	char line[200], value[32];

	if (host->enable_gvt[0] != 'N' || is_yes(asked(host, value, sizeof(value))) ||
	    !doctor_line_with(host->modprobe, "enable_gvt=1", line, sizeof(line)) ||
	    line[strspn(line, " \t")] == '#')
		return false;
	return doctor_says(answer, "/etc/modprobe.d has '%s', but the parameter is N", line);
}

HOLDS(gvt_off)
{
	if (host->enable_gvt[0] != 'N' || offers_types(host))
		return false;
	return doctor_says(answer, "/sys/module/i915/parameters/enable_gvt is N");
}

HOLDS(gvt_not_asked_for)
{
	char value[32];

	if (host->enable_gvt[0] != '?' || !lacks_types(host) ||
	    asked(host, value, sizeof(value))[0] || strstr(host->modprobe, "enable_gvt=1"))
		return false;
	return doctor_says(answer, "neither the kernel's command line nor /etc/modprobe.d has "
				   "i915.enable_gvt=1");
}

HOLDS(guc_submission)
{
	char value[32], line[200];

	if (offers_types(host))
		return false;
	if (doctor_line_with(host->text[VGPU_FACT_KERNEL_LOG], "not yet supported with GuC", line,
			     sizeof(line)))
		return doctor_says(answer, "the kernel's log: %s", line);
	if (!doctor_command_line(host, "i915.enable_guc", value, sizeof(value)))
		snprintf(value, sizeof(value), "%s", host->enable_guc);
	if (strcmp(value, "1") != 0 && strcmp(value, "3") != 0)
		return false;
	return doctor_says(answer, "i915.enable_guc is %s", value);
}

static bool in_log(const struct doctor_host *host, struct doctor_answer *answer, const char *text)
{
	char line[200];

	if (!doctor_line_with(host->text[VGPU_FACT_KERNEL_LOG], text, line, sizeof(line)))
		return false;
	return doctor_says(answer, "the kernel's log: %s", line);
}

HOLDS(i915_refused)
{
	return in_log(host, answer, "Unsupported device. GVT-g is disabled");
}

HOLDS(gvt_off_in_guest)
{
	return in_log(host, answer, "GVT-g is disabled for guest");
}

HOLDS(memlock_exceeded)
{
	char line[200];

	if (!doctor_line_with(host->text[VGPU_FACT_KERNEL_LOG], "RLIMIT_MEMLOCK", line,
			      sizeof(line)) ||
	    !strstr(line, "exceeded"))
		return false;
	return doctor_says(answer, "the kernel's log: %s", line);
}

HOLDS(guest_untracked)
{
	return in_log(host, answer, "handler to a non-tracked mmio");
}

static const char *blacklisted(const struct doctor_host *host, const char *module, char *line,
			       size_t size)
{
	char wanted[64], value[180];

	snprintf(wanted, sizeof(wanted), "blacklist %s", module);
	if (doctor_line_with(host->modprobe, wanted, line, size) &&
	    line[strspn(line, " \t")] != '#')
		return "/etc/modprobe.d";
	if ((doctor_command_line(host, "modprobe.blacklist", value, sizeof(value)) ||
	     doctor_command_line(host, "module_blacklist", value, sizeof(value))) &&
	    strstr(value, module)) {
		snprintf(line, size, "blacklist=%s", value);
		return "the kernel's command line";
	}
	return NULL;
}

HOLDS(module_blacklisted)
{
	static const char *const modules[] = { "i915", "kvmgt", "mdev", "vfio_iommu_type1" };
	char line[200];

	for (size_t i = 0; i < VGPU_ARRAY_LEN(modules); i++) {
		const char *where = blacklisted(host, modules[i], line, sizeof(line));

		if (where && !doctor_has_module(host, modules[i])) {
			doctor_subject(answer, "%s", modules[i]);
			return doctor_says(answer, "%s has '%s'", where, line);
		}
	}
	return false;
}

/* Since 5.19 kvmgt is made of several files, which moved it up. */
HOLDS(kvmgt_not_installed)
{
	static const char *const places[] = { "kvmgt.ko", "gvt/kvmgt.ko" };
	static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };
	struct vgpu_node_fact node;
	char path[320];

	snprintf(path, sizeof(path), "/lib/modules/%.128s/kernel", RELEASE);
	if (doctor_has_module(host, "kvmgt") || !doctor_node(host, path, &node))
		return false;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(places) * VGPU_ARRAY_LEN(suffixes); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%.128s/kernel/drivers/gpu/drm/i915/%s%s",
			 RELEASE, places[i % 2], suffixes[i / 2]);
		if (doctor_node(host, path, &node))
			return false;
	}
	return doctor_says(answer, "/lib/modules/%s has no kvmgt.ko", RELEASE);
}

HOLDS(kvmgt_not_loaded)
{
	if (!lacks_types(host) || doctor_has_module(host, "kvmgt"))
		return false;
	return doctor_says(answer, "there is no /sys/module/kvmgt");
}

HOLDS(mdev_not_loaded)
{
	if (doctor_sysfs_has(host, "bus/mdev"))
		return false;
	return doctor_says(answer, "there is no /sys/bus/mdev");
}

HOLDS(vfio_mdev_not_loaded)
{
	if (!doctor_kernel_before(host, 5, 13) || !host->kernel.major ||
	    doctor_has_module(host, "vfio_mdev"))
		return false;
	return doctor_says(answer, "this is Linux %s, and there is no /sys/module/vfio_mdev",
			   RELEASE);
}

HOLDS(type1_not_loaded)
{
	if (doctor_has_module(host, "vfio_iommu_type1"))
		return false;
	return doctor_says(answer, "there is no /sys/module/vfio_iommu_type1");
}

HOLDS(modules_not_at_boot)
{
	if (!*host->boot_modules || !doctor_has_module(host, "kvmgt") ||
	    strstr(host->boot_modules, "kvmgt"))
		return false;
	return doctor_says(answer, "kvmgt is loaded, but neither /etc/modules-load.d, /etc/modules "
				   "nor the initramfs has it");
}

/* The options of the mount at /sys, the last one winning. */
static bool sys_mount(const struct doctor_host *host, char *type, char *options, size_t size)
{
	bool found = false;

	for (const char *line = host->mounts; *line;) {
		char where[16], its_type[64], its_options[256];

		if (sscanf(line, "%*s %15s %63s %255s", where, its_type, its_options) == 3 &&
		    !strcmp(where, "/sys")) {
			snprintf(type, size, "%s", its_type);
			snprintf(options, size, "%s", its_options);
			found = true;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return found;
}

HOLDS(sysfs_read_only)
{
	char type[256], options[256];

	if (!sys_mount(host, type, options, sizeof(options)) || strncmp(options, "ro", 2) != 0 ||
	    (options[2] && options[2] != ','))
		return false;
	return doctor_says(answer, "/sys is mounted %s", options);
}

HOLDS(sysfs_unverified)
{
	char type[256], options[256];

	if (!sys_mount(host, type, options, sizeof(options)) || strncmp(type, "fuse", 4) != 0 ||
	    !strcmp(host->text[VGPU_FACT_VERIFY_SYSFS], "0"))
		return false;
	return doctor_says(answer, "/sys is of type %s, and SYSTEMD_DEVICE_VERIFY_SYSFS is not 0",
			   type);
}

#define GRUB(parameter) \
	"add " parameter " to GRUB_CMDLINE_LINUX_DEFAULT in /etc/default/grub; update-grub; reboot"
#define NEWER "install a newer kernel (apt install linux-image-amd64) and reboot"
#define NO_GVTG_GPUS \
	"no-gpu", "gpu-too-old", "gpu-atom", "gpu-gen11", "gpu-sriov-instead", "gpu-discrete"

const struct vgpu_doctor_rule doctor_kernel_rules[] = {
	{ "kernel-too-old", VGPU_DOCTOR_ERROR, "the kernel is older than usable GVT-g",
	  "before 4.16 a vGPU's screen cannot be had, and GVT-g crashed often", NEWER, NULL,
	  kernel_too_old },
	{ "kernel-5-19", VGPU_DOCTOR_ERROR, "Linux 5.19 loses all vGPU types",
	  "its GVT-g does not survive its own move out of i915", NEWER " (6.1 or later)", NULL,
	  kernel_5_19 },
	{ "kernel-5-19-warns", VGPU_DOCTOR_WARNING, "Linux 5.19 has the least stable GVT-g",
	  "warnings of kvmgt (\"handler to a non-tracked mmio\") and lost types were reported",
	  NEWER " (6.1 or later)", NULL, kernel_5_19_warns },
	{ "kernel-remove-leaks", VGPU_DOCTOR_NOTE, "removing a vGPU in use loses it",
	  "from 5.19 to 6.1 the removal succeeds while the VM still runs, and the vGPU's memory is "
	  "not given back until reboot",
	  "end the VM first; 'vgpulab doctor --uuid UUID' says who uses it",
	  DOCTOR_CONSEQUENCE_OF("kernel-5-19", "kernel-5-19-warns"), kernel_remove_leaks },
	{ "kernel-remove-blocks", VGPU_DOCTOR_NOTE, "removing a vGPU in use blocks, unkillably",
	  "from 5.2 to 5.18 the writer of 'remove' sleeps until the VM has ended",
	  "end the VM first", DOCTOR_CONSEQUENCE_OF("kernel-broadwell-edid"),
	  kernel_remove_blocks },
	{ "kernel-broadwell-edid", VGPU_DOCTOR_WARNING, "5.7 and 5.8 oops on Broadwell",
	  "their EDID emulation follows a wrong pointer there", NEWER, NULL,
	  kernel_broadwell_edid },
	{ "kernel-4-19-tiling", VGPU_DOCTOR_WARNING, "4.19 rejects some guests' screens",
	  "\"invalid tiling mode\": the guest's screen stays black", NEWER,
	  DOCTOR_CONSEQUENCE_OF("kernel-too-old-for-gpu"), kernel_4_19_tiling },
	{ "kernel-without-opregion", VGPU_DOCTOR_WARNING, "this kernel gives vGPUs no OpRegion",
	  "it came with 4.17; Windows drivers need it", NEWER ", or leave x-igd-opregion out",
	  DOCTOR_CONSEQUENCE_OF("kernel-too-old"), kernel_without_opregion },
	{ "kernel-without-edid", VGPU_DOCTOR_NOTE, "this kernel gives vGPUs no EDID",
	  "xres= and yres= of vfio-pci need it; it came with 5.0", NEWER,
	  DOCTOR_CONSEQUENCE_OF("kernel-too-old", "kernel-without-opregion", "kernel-4-19-tiling",
				"kernel-too-old-for-gpu", "vfio-mdev-not-loaded"),
	  kernel_without_edid },
	{ "modules-of-another-kernel", VGPU_DOCTOR_ERROR, "the running kernel's modules are gone",
	  "an upgrade has replaced them: the kernel that runs is not the one that is installed",
	  "reboot", NULL, modules_of_another_kernel },
	{ "kernel-without-gvt", VGPU_DOCTOR_ERROR, "this kernel's i915 is built without GVT-g",
	  "CONFIG_DRM_I915_GVT_KVMGT is off in some distributions' kernels",
	  "use a kernel that has it, as Debian's: grep GVT /boot/config-{kernel}",
	  DOCTOR_CONSEQUENCE_OF(NO_GVTG_GPUS, "kernel-too-old"), kernel_without_gvt },
	{ "gvt-off-by-command-line", VGPU_DOCTOR_ERROR, "the command line switches GVT-g off",
	  "of several the last one counts, and it goes before /etc/modprobe.d",
	  "change it to i915.enable_gvt=1 in /etc/default/grub; update-grub; reboot", NULL,
	  gvt_off_by_command_line },
	{ "gvt-in-modprobe-only", VGPU_DOCTOR_ERROR, "i915 was loaded without its options",
	  "i915 comes from the initramfs, which has an older copy of /etc/modprobe.d",
	  "update-initramfs -u && reboot",
	  DOCTOR_CONSEQUENCE_OF("gvt-off-by-command-line", "i915-refused"), gvt_in_modprobe_only },
	{ "gvt-off", VGPU_DOCTOR_ERROR, "GVT-g is off",
	  "i915 sets it up only if asked to when it is loaded", GRUB("i915.enable_gvt=1"),
	  DOCTOR_CONSEQUENCE_OF("gvt-off-by-command-line", "gvt-in-modprobe-only", NO_GVTG_GPUS,
				"i915-refused", "guc-submission", "gvt-off-in-guest",
				"kernel-too-old-for-gpu"),
	  gvt_off },
	{ "gvt-not-asked-for", VGPU_DOCTOR_ERROR, "nothing asks i915 for GVT-g",
	  "i915 sets it up only if asked to when it is loaded", GRUB("i915.enable_gvt=1"),
	  DOCTOR_CONSEQUENCE_OF(NO_GVTG_GPUS), gvt_not_asked_for },
	{ "guc-submission", VGPU_DOCTOR_ERROR, "GuC submission excludes GVT-g",
	  "i915 gives the GPU's scheduling to its firmware; GVT-g has to do it itself",
	  GRUB("i915.enable_guc=0"), DOCTOR_CONSEQUENCE_OF(NO_GVTG_GPUS), guc_submission },
	{ "i915-refused", VGPU_DOCTOR_ERROR, "i915 says that GVT-g does not support this GPU",
	  "i915 goes by the PCI id", "see the list in vgpulab-doctor(1); another GPU or kernel",
	  DOCTOR_CONSEQUENCE_OF(NO_GVTG_GPUS, "kernel-too-old-for-gpu", "gpu-unknown"),
	  i915_refused },
	{ "gvt-off-in-guest", VGPU_DOCTOR_ERROR, "this GPU is itself a vGPU",
	  "vGPUs cannot be divided again", "make the vGPU on the machine that has the GPU", NULL,
	  gvt_off_in_guest },
	{ "memlock-exceeded", VGPU_DOCTOR_WARNING, "a VM has met the limit of locked memory",
	  "the vGPU's accesses fail from then on: \"Bad address\", a hung guest driver",
	  "allow the guest's RAM and 1 GiB more: 'ulimit -l', LimitMEMLOCK=, or <memtune>"
	  "<hard_limit> in libvirt",
	  DOCTOR_CONSEQUENCE_OF("memlock-low"), memlock_exceeded },
	{ "guest-untracked", VGPU_DOCTOR_WARNING, "kvmgt warns of registers that it does not track",
	  "a regression of Linux 5.19", NEWER,
	  DOCTOR_CONSEQUENCE_OF("kernel-5-19", "kernel-5-19-warns"), guest_untracked },
	{ "module-blacklisted", VGPU_DOCTOR_ERROR, "a module that GVT-g needs is blacklisted",
	  "a blacklisted module is not loaded by itself",
	  "take '{subject}' out of it; update-initramfs -u; reboot", NULL, module_blacklisted },
	{ "kvmgt-not-installed", VGPU_DOCTOR_ERROR, "this kernel has no module kvmgt",
	  "kernels for clouds and some distributions leave it out",
	  "apt install linux-image-amd64 (not -cloud-amd64) and reboot",
	  DOCTOR_CONSEQUENCE_OF("kernel-without-gvt", "modules-of-another-kernel"),
	  kvmgt_not_installed },
	{ "kvmgt-not-loaded", VGPU_DOCTOR_ERROR, "the module kvmgt is not loaded",
	  "since Linux 5.1 i915 does not ask for it, and says nothing when it is missing",
	  "modprobe kvmgt && echo kvmgt > /etc/modules-load.d/kvmgt.conf",
	  DOCTOR_CONSEQUENCE_OF("module-blacklisted", "kvmgt-not-installed", NO_GVTG_GPUS,
				"modules-of-another-kernel", "kernel-without-gvt", "gvt-off",
				"gvt-not-asked-for", "guc-submission", "i915-refused"),
	  kvmgt_not_loaded },
	{ "mdev-not-loaded", VGPU_DOCTOR_ERROR, "there is no mdev bus",
	  "the module mdev, which kvmgt brings along, is not loaded", "modprobe kvmgt",
	  DOCTOR_CONSEQUENCE_OF("kvmgt-not-loaded", "kvmgt-not-installed", "module-blacklisted",
				"modules-of-another-kernel", "gpu-without-driver",
				"gpu-wrong-driver", NO_GVTG_GPUS),
	  mdev_not_loaded },
	{ "vfio-mdev-not-loaded", VGPU_DOCTOR_ERROR, "the module vfio_mdev is not loaded",
	  "before Linux 5.13 it is what gives a vGPU its IOMMU group",
	  "modprobe vfio-mdev && echo vfio-mdev > /etc/modules-load.d/vfio-mdev.conf, then make "
	  "the vGPU anew",
	  DOCTOR_CONSEQUENCE_OF("module-blacklisted", "modules-of-another-kernel",
				"mdev-not-loaded"),
	  vfio_mdev_not_loaded },
	{ "type1-not-loaded", VGPU_DOCTOR_ERROR, "the module vfio_iommu_type1 is not loaded",
	  "QEMU: \"No available IOMMU models\"; without it a vGPU cannot reach the VM's memory",
	  "modprobe vfio-iommu-type1 && echo vfio-iommu-type1 > /etc/modules-load.d/vfio.conf",
	  DOCTOR_CONSEQUENCE_OF("module-blacklisted", "modules-of-another-kernel", "no-gpu"),
	  type1_not_loaded },
	{ "modules-not-at-boot", VGPU_DOCTOR_WARNING, "kvmgt will be missing after a reboot",
	  "it was loaded by hand", "echo kvmgt > /etc/modules-load.d/kvmgt.conf", NULL,
	  modules_not_at_boot },
	{ "sysfs-read-only", VGPU_DOCTOR_ERROR, "/sys is mounted read-only",
	  "containers do that: no vGPU can be made or removed from here",
	  "run it on the host, or: mount -o remount,rw /sys", NULL, sysfs_read_only },
	{ "sysfs-unverified", VGPU_DOCTOR_WARNING, "libudev does not believe this /sys",
	  "since systemd 251 it refuses one whose file system is not sysfs: libvirt then sees no "
	  "devices",
	  "export SYSTEMD_DEVICE_VERIFY_SYSFS=0", NULL, sysfs_unverified },
};
const size_t doctor_kernel_rules_len = VGPU_ARRAY_LEN(doctor_kernel_rules);
