/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules on the GPU, the CPU and KVM.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor-host.h"

#define HOLDS(name) static bool name(const struct doctor_host *host, struct doctor_answer *answer)

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || strchr(" \t\n", at[-1])) && strchr(" \t\n", at[len]))
			return true;
	return false;
}

HOLDS(no_gpu)
{
	if (host->gpu || host->parent)
		return false;
	if (!host->gpus_len)
		return doctor_says(answer, "no PCI device here is a display controller");
	return doctor_says(answer, "the display controller %s is %04x:%04x: not Intel's",
			   host->gpus[0].name, host->gpus[0].vendor_id, host->gpus[0].device_id);
}

/* A GPU of that kind that does not prove the table wrong by offering types. */
static bool is_kind(const struct doctor_host *host, struct doctor_answer *answer,
		    enum doctor_gpu_kind kind)
{
	const struct doctor_gpu *gpu = host->gpu;

	if (!gpu || !gpu->family || gpu->family->kind != kind || gpu->offers_types)
		return false;
	return doctor_says(answer, "%s is %04x:%04x: %s", gpu->name, gpu->vendor_id, gpu->device_id,
			   gpu->family->name);
}

HOLDS(gpu_too_old)
{
	return is_kind(host, answer, DOCTOR_GPU_OLD);
}

HOLDS(gpu_atom)
{
	return is_kind(host, answer, DOCTOR_GPU_ATOM);
}

HOLDS(gpu_gen11)
{
	return is_kind(host, answer, DOCTOR_GPU_GEN11);
}

HOLDS(gpu_sriov)
{
	return is_kind(host, answer, DOCTOR_GPU_SRIOV);
}

HOLDS(gpu_discrete)
{
	return is_kind(host, answer, DOCTOR_GPU_DISCRETE);
}

HOLDS(gpu_unknown)
{
	const struct doctor_gpu *gpu = host->gpu;

	if (!gpu || gpu->vendor_id != 0x8086 || gpu->family || gpu->offers_types)
		return false;
	return doctor_says(answer, "%s is %04x:%04x, which is in no table", gpu->name,
			   gpu->vendor_id, gpu->device_id);
}

HOLDS(kernel_before_gpu)
{
	const struct doctor_gpu *gpu = host->gpu;

	if (!gpu || !gpu->family || gpu->offers_types || gpu->family->kind ||
	    !doctor_version_before(host->kernel, gpu->family->since.major,
				   gpu->family->since.minor))
		return false;
	return doctor_says(answer, "%s is %s, for which GVT-g came with Linux %u.%u; this is %s",
			   gpu->name, gpu->family->name, gpu->family->since.major,
			   gpu->family->since.minor, host->text[VGPU_FACT_KERNEL_RELEASE]);
}

HOLDS(nomodeset)
{
	char value[32];

	if (doctor_command_line(host, "nomodeset", value, sizeof(value)))
		return doctor_says(answer, "the kernel's command line has nomodeset");
	if (doctor_command_line(host, "i915.modeset", value, sizeof(value)) && !strcmp(value, "0"))
		return doctor_says(answer, "the kernel's command line has i915.modeset=0");
	return false;
}

HOLDS(gpu_without_driver)
{
	if (!host->gpu || host->gpu->driver[0])
		return false;
	return doctor_says(answer, "%s is bound to no driver", host->gpu->name);
}

HOLDS(gpu_wrong_driver)
{
	if (!host->gpu || !host->gpu->driver[0] || !strcmp(host->gpu->driver, "i915"))
		return false;
	doctor_subject(answer, "%s", host->gpu->driver);
	return doctor_says(answer, "%s is bound to %s", host->gpu->name, host->gpu->driver);
}

HOLDS(several_gpus)
{
	const struct doctor_gpu *other = NULL;

	for (size_t i = 0; host->gpu && i < host->gpus_len; i++)
		if (&host->gpus[i] != host->gpu)
			other = &host->gpus[i];
	if (!other)
		return false;
	return doctor_says(answer, "%s (%04x:%04x) is here beside %s", other->name,
			   other->vendor_id, other->device_id, host->gpu->name);
}

HOLDS(apollo_lake)
{
	if (!host->gpu || !host->gpu->family || !strstr(host->gpu->family->name, "Broxton"))
		return false;
	return doctor_says(answer, "%s is %04x:%04x: %s", host->gpu->name, host->gpu->vendor_id,
			   host->gpu->device_id, host->gpu->family->name);
}

HOLDS(virtual_machine)
{
	if (!has_word(host->text[VGPU_FACT_CPU_FLAGS], "hypervisor"))
		return false;
	return doctor_says(answer, "the CPU has the flag 'hypervisor': this is a VM");
}

/* Some hypervisors give KVM to their guests without VT-x: what works, works. */
static bool kvm_works(const struct doctor_host *host)
{
	return !strcmp(host->text[VGPU_FACT_KVM], "works");
}

HOLDS(cpu_without_vmx)
{
	const char *flags = host->text[VGPU_FACT_CPU_FLAGS];
	struct vgpu_node_fact node;

	/* what this user may not try may work */
	if (!*flags || has_word(flags, "vmx") || has_word(flags, "svm") || kvm_works(host) ||
	    (doctor_node(host, "/dev/kvm", &node) && !(node.readable && node.writable)))
		return false;
	return doctor_says(answer, "the CPU's flags in /proc/cpuinfo have no vmx");
}

HOLDS(vmx_locked)
{
	const char *log = host->text[VGPU_FACT_KERNEL_LOG];
	char line[200];

	if (kvm_works(host) || (!doctor_line_with(log, "disabled by BIOS", line, sizeof(line)) &&
				!doctor_line_with(log, "disabled by bios", line, sizeof(line))))
		return false;
	return doctor_says(answer, "the kernel's log: %s", line);
}

HOLDS(kvm_node_missing)
{
	struct vgpu_node_fact node;

	if (doctor_node(host, "/dev/kvm", &node))
		return false;
	return doctor_says(answer, "there is no /dev/kvm");
}

HOLDS(kvm_not_permitted)
{
	struct vgpu_node_fact node;

	if (!doctor_node(host, "/dev/kvm", &node) || (node.readable && node.writable))
		return false;
	return doctor_says(answer, "/dev/kvm has mode %04o, owner %u, group %u: not for %s",
			   node.mode, node.uid, node.gid, host->text[VGPU_FACT_USER]);
}

HOLDS(kvm_not_working)
{
	if (!*host->text[VGPU_FACT_KVM] || kvm_works(host))
		return false;
	return doctor_says(answer, "%s", host->text[VGPU_FACT_KVM]);
}

HOLDS(laptop_suspend)
{
	if (!host->snapshot->instances_len || !doctor_sysfs_has(host, "class/power_supply/BAT0"))
		return false;
	return doctor_says(answer, "it has a battery (BAT0) and %zu vGPUs",
			   host->snapshot->instances_len);
}

HOLDS(dmar_faults)
{
	char line[200];

	if (!doctor_line_with(host->text[VGPU_FACT_KERNEL_LOG], "fault addr", line, sizeof(line)) ||
	    !strstr(line, host->parent_name + (strlen(host->parent_name) > 5 ? 5 : 0)))
		return false;
	return doctor_says(answer, "the kernel's log: %s", line);
}

HOLDS(gpu_hangs)
{
	char line[200];

	if (!doctor_line_with(host->text[VGPU_FACT_KERNEL_LOG], "GPU HANG", line, sizeof(line)))
		return false;
	return doctor_says(answer, "the kernel's log: %s", line);
}

#define NOT_FOR_GVTG "GVT-g ends with Comet Lake: Intel has declined to go on, so this is final"
#define KVM_CAUSES                                                                 \
	DOCTOR_CONSEQUENCE_OF("cpu-without-vmx", "vmx-locked", "kvm-node-missing", \
			      "kvm-not-permitted")

const struct vgpu_doctor_rule doctor_machine_rules[] = {
	{ "no-gpu", VGPU_DOCTOR_ERROR, "there is no GPU that could be divided",
	  "GVT-g needs an Intel GPU from Broadwell to Comet Lake that is not switched off",
	  "if the CPU has one, enable it in the firmware setup (\"iGPU\", \"IGD\"); without one: "
	  "vgpulab run -- CMD",
	  NULL, no_gpu },
	{ "gpu-too-old", VGPU_DOCTOR_ERROR, "the GPU is older than GVT-g",
	  "GVT-g begins with Broadwell (5th generation Core)",
	  "none for this GPU; it can be passed whole to one VM (vfio-pci)", NULL, gpu_too_old },
	{ "gpu-atom", VGPU_DOCTOR_ERROR, "this Atom's GPU has no GVT-g",
	  "of the small cores only Apollo Lake was enabled, in Linux 4.19",
	  "none for this GPU; it can be passed whole to one VM (vfio-pci)", NULL, gpu_atom },
	{ "gpu-gen11", VGPU_DOCTOR_ERROR, "the GPU is newer than GVT-g and older than SR-IOV",
	  NOT_FOR_GVTG "; Gen11 has no virtual functions either",
	  "none for sharing; pass it whole to one VM (vfio-pci), or use virtio-gpu with virgl",
	  NULL, gpu_gen11 },
	{ "gpu-sriov-instead", VGPU_DOCTOR_ERROR, "the GPU is newer than GVT-g", NOT_FOR_GVTG,
	  "use its SR-IOV virtual functions: the xe driver, or i915-sriov-dkms, then echo 2 > "
	  "/sys/bus/pci/devices/{parent}/sriov_numvfs (they have no display of their own)",
	  NULL, gpu_sriov },
	{ "gpu-discrete", VGPU_DOCTOR_ERROR, "Intel's graphics cards have no GVT-g", NOT_FOR_GVTG,
	  "none for sharing, but Flex cards have SR-IOV; pass the card whole to one VM (vfio-pci)",
	  NULL, gpu_discrete },
	{ "gpu-unknown", VGPU_DOCTOR_ERROR, "the GPU is not known, and offers no vGPUs",
	  "names on the box mislead: i915 goes by the PCI id alone",
	  "boot with i915.enable_gvt=1; 'dmesg | grep -i gvt' then says if i915 takes it", NULL,
	  gpu_unknown },
	{ "kernel-too-old-for-gpu", VGPU_DOCTOR_ERROR, "this kernel's GVT-g does not know the GPU",
	  "GVT-g was enabled for each generation some releases after i915 was",
	  "install a newer kernel (apt install linux-image-amd64) and reboot",
	  DOCTOR_CONSEQUENCE_OF("kernel-too-old"), kernel_before_gpu },
	{ "nomodeset", VGPU_DOCTOR_ERROR, "i915 is told not to drive the GPU",
	  "nomodeset and i915.modeset=0 keep i915 from binding to it",
	  "take it out of GRUB_CMDLINE_LINUX in /etc/default/grub; update-grub; reboot", NULL,
	  nomodeset },
	{ "gpu-without-driver", VGPU_DOCTOR_ERROR, "no driver is bound to the GPU",
	  "GVT-g is a part of i915", "modprobe i915; dmesg | grep i915",
	  DOCTOR_CONSEQUENCE_OF("nomodeset", "module-blacklisted", "modules-of-another-kernel",
				"guc-submission"),
	  gpu_without_driver },
	{ "gpu-wrong-driver", VGPU_DOCTOR_ERROR, "another driver than i915 has the GPU",
	  "vfio-pci passes it whole to one VM; xe has no GVT-g",
	  "remove its binding to {subject} (vfio-pci.ids= on the command line, /etc/modprobe.d), "
	  "then: echo {parent} > /sys/bus/pci/drivers/{subject}/unbind; echo {parent} > "
	  "/sys/bus/pci/drivers/i915/bind",
	  DOCTOR_CONSEQUENCE_OF("gpu-sriov-instead", "gpu-discrete"), gpu_wrong_driver },
	{ "several-gpus", VGPU_DOCTOR_NOTE, "there is another GPU besides",
	  "what opens 'the' render node may get the other one, which cannot import the vGPU's "
	  "screen",
	  "name it: rendernode=/dev/dri/by-path/pci-{parent}-render", NULL, several_gpus },
	{ "apollo-lake", VGPU_DOCTOR_NOTE, "Windows guests do not work on Apollo Lake",
	  "GVT-g on Broxton was made for Linux and Android guests", "use a Linux guest", NULL,
	  apollo_lake },
	{ "virtual-machine", VGPU_DOCTOR_NOTE, "this is itself a virtual machine",
	  "GVT-g needs the GPU whole and KVM inside KVM", "run it on the machine itself", NULL,
	  virtual_machine },
	{ "cpu-without-vmx", VGPU_DOCTOR_ERROR, "the CPU does not virtualize",
	  "KVM needs VT-x, which firmware can switch off and a hypervisor may hide",
	  "enable \"Intel Virtualization Technology\" in the firmware setup; in a VM: nested "
	  "virtualization on its host (kvm_intel.nested=1, -cpu host)",
	  DOCTOR_CONSEQUENCE_OF("vmx-locked"), cpu_without_vmx },
	{ "vmx-locked", VGPU_DOCTOR_ERROR, "the firmware has switched VT-x off", "KVM needs VT-x",
	  "enable \"Intel Virtualization Technology\" in the firmware setup and "
	  "power the machine off and on",
	  NULL, vmx_locked },
	{ "kvm-node-missing", VGPU_DOCTOR_ERROR, "KVM is not there",
	  "kvmgt gives a vGPU to a VM that runs on KVM only",
	  "modprobe kvm_intel; dmesg | grep kvm",
	  DOCTOR_CONSEQUENCE_OF("cpu-without-vmx", "vmx-locked", "modules-of-another-kernel"),
	  kvm_node_missing },
	{ "kvm-not-permitted", VGPU_DOCTOR_ERROR, "this user may not use KVM",
	  "/dev/kvm belongs to the group kvm",
	  "adduser {user} kvm, then log in again (libvirt's system VMs need no such thing)",
	  DOCTOR_CONSEQUENCE_OF("kvm-node-missing"), kvm_not_permitted },
	{ "kvm-not-working", VGPU_DOCTOR_ERROR, "/dev/kvm is there, but no vCPU runs",
	  "another hypervisor may hold VT-x, or nested virtualization is broken",
	  "stop VirtualBox or VMware; rmmod kvm_intel && modprobe kvm_intel; in a VM: check its "
	  "host",
	  KVM_CAUSES, kvm_not_working },
	{ "laptop-suspend", VGPU_DOCTOR_NOTE, "vGPUs do not survive suspend",
	  "GVT-g does not save them: guests freeze, or the host does not wake up",
	  "end the VMs and remove the vGPUs before suspend: vgpulab remove UUID", NULL,
	  laptop_suspend },
	{ "dmar-faults", VGPU_DOCTOR_WARNING, "the IOMMU stops the GPU's accesses",
	  "i915 with the IOMMU on has bugs on several generations; guests show garbage or hang",
	  "boot with intel_iommu=igfx_off (mdev vGPUs need no IOMMU)", NULL, dmar_faults },
	{ "gpu-hangs", VGPU_DOCTOR_WARNING, "the GPU has hung since boot",
	  "a guest's commands can hang the GPU for all; GVT-g's known hangs are not being fixed",
	  "cat /sys/class/drm/card0/error > gpu-error.txt; try another kernel or guest driver",
	  NULL, gpu_hangs },
};
const size_t doctor_machine_rules_len = VGPU_ARRAY_LEN(doctor_machine_rules);
