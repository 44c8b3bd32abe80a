/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vgpulab/host-facts.h>

static const char *const names[VGPU_FACTS_LEN] = {
	[VGPU_FACT_KERNEL_RELEASE] = "kernel-release",
	[VGPU_FACT_KERNEL_COMMAND_LINE] = "kernel-command-line",
	[VGPU_FACT_KERNEL_LOG] = "kernel-log",
	[VGPU_FACT_CPU_FLAGS] = "cpu-flags",
	[VGPU_FACT_KVM] = "kvm",
	[VGPU_FACT_MEMLOCK] = "memlock",
	[VGPU_FACT_USER] = "user",
	[VGPU_FACT_VFIO_USERS] = "vfio-users",
	[VGPU_FACT_QEMU_VERSION] = "qemu-version",
	[VGPU_FACT_QEMU_VFIO_PCI] = "qemu-vfio-pci",
	[VGPU_FACT_QEMU_VFIO_PCI_NOHOTPLUG] = "qemu-vfio-pci-nohotplug",
	[VGPU_FACT_QEMU_DISPLAYS] = "qemu-displays",
	[VGPU_FACT_LIBVIRT_VERSION] = "libvirt-version",
	[VGPU_FACT_MDEVCTL] = "mdevctl",
	[VGPU_FACT_VERIFY_SYSFS] = "verify-sysfs",
};

const char *vgpu_fact_name(enum vgpu_fact fact)
{
	return (unsigned int)fact < VGPU_FACTS_LEN ? names[fact] : "";
}
