/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/manager.h>
#include <vgpulab/nearest.h>
#include <vgpulab/pci-address.h>

#include "attribute.h"
#include "names.h"

enum { VENDOR_INTEL = 0x8086, VENDOR_NVIDIA = 0x10de, CLASS_DISPLAY = 0x03 };

/* A PCI device that offers no mdev types, and what can be seen of why. */
struct candidate {
	const char *name;
	uint32_t vendor, class_code;
	char driver[64]; /* empty: none */
	char enable_gvt[8]; /* "Y", "N", "?" if only root may know, empty if i915 has no GVT-g */
	bool kvmgt;
};

static void look_at(struct vgpu_backend *backend, const char *name, struct candidate *out)
{
	ssize_t len;

	*out = (struct candidate){ .name = name };
	vgpu_attribute_read_u32(backend, &out->vendor, "bus/pci/devices/%s/vendor", name);
	vgpu_attribute_read_u32(backend, &out->class_code, "bus/pci/devices/%s/class", name);
	vgpu_attribute_link_name(backend, out->driver, sizeof(out->driver),
				 "bus/pci/devices/%s/driver", name);
	len = vgpu_attribute_read(backend, out->enable_gvt, sizeof(out->enable_gvt),
				  "module/i915/parameters/enable_gvt");
	/* mode 0400 */
	if (len == -EACCES || len == -EPERM)
		strcpy(out->enable_gvt, "?");
	else if (len < 0)
		out->enable_gvt[0] = '\0';
	out->kvmgt = vgpu_attribute_exists(backend, "module/kvmgt");
}

static bool is_display(const struct candidate *gpu)
{
	return gpu->class_code >> 16 == CLASS_DISPLAY;
}

static bool is_intel_display(const struct candidate *gpu)
{
	return gpu->vendor == VENDOR_INTEL && is_display(gpu);
}

static bool not_a_gpu(const struct candidate *gpu)
{
	return !is_display(gpu);
}

static bool from_nvidia(const struct candidate *gpu)
{
	return gpu->vendor == VENDOR_NVIDIA;
}

static bool from_others(const struct candidate *gpu)
{
	return gpu->vendor != VENDOR_INTEL;
}

static bool without_driver(const struct candidate *gpu)
{
	return !gpu->driver[0];
}

static bool with_other_driver(const struct candidate *gpu)
{
	return strcmp(gpu->driver, "i915") != 0;
}

static bool without_gvt(const struct candidate *gpu)
{
	return !gpu->enable_gvt[0];
}

static bool with_gvt_off(const struct candidate *gpu)
{
	return gpu->enable_gvt[0] == 'N';
}

static bool without_kvmgt_maybe_off(const struct candidate *gpu)
{
	return !gpu->kvmgt && gpu->enable_gvt[0] == '?';
}

static bool without_kvmgt(const struct candidate *gpu)
{
	return !gpu->kvmgt;
}

static bool otherwise(const struct candidate *gpu)
{
	return true;
}

/*
 * The first reason that holds. %s is the driver's name.
 * Source: drivers/gpu/drm/i915/intel_gvt.c, the order in which i915 itself gives up
 */
static const struct {
	bool (*holds)(const struct candidate *gpu);
	const char *hint;
} reasons[] = {
	{ not_a_gpu, "it is no GPU" },
	{ from_nvidia, "an NVIDIA GPU offers vGPUs only with NVIDIA's vGPU host driver" },
	{ from_others, "only Intel GPUs from Broadwell to Comet Lake have GVT-g" },
	{ without_driver, "no driver is bound to it: modprobe i915" },
	{ with_other_driver, "it is bound to %s: GVT-g needs the i915 driver" },
	{ without_gvt, "this kernel's i915 is built without GVT-g (CONFIG_DRM_I915_GVT_KVMGT): use "
		       "one with it, such as Debian's" },
	{ with_gvt_off, "GVT-g is off: add i915.enable_gvt=1 to the kernel command line, reboot, "
			"then modprobe kvmgt" },
	{ without_kvmgt_maybe_off,
	  "the module kvmgt is not loaded: modprobe kvmgt; if that does not "
	  "help, boot with i915.enable_gvt=1 (only root can see if it is on)" },
	{ without_kvmgt, "the module kvmgt is not loaded: modprobe kvmgt" },
	{ otherwise,
	  "boot with i915.enable_gvt=1; if it is there, i915 has refused: 'dmesg | grep -i "
	  "gvt' says why (only Broadwell to Comet Lake have GVT-g, and only without GuC "
	  "submission, i915.enable_guc=0)" },
};

static int fail_no_mdev(const struct candidate *gpu, struct vgpu_error *err)
{
	size_t i = 0;
	int ret = vgpu_error_set(err, VGPU_ERROR_NO_MDEV, ENOENT,
				 "%s offers no vGPUs: it has no mdev_supported_types", gpu->name);

	while (!reasons[i].holds(gpu))
		i++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	vgpu_error_hint(err, reasons[i].hint, gpu->driver);
#pragma GCC diagnostic pop
	return ret;
}

/* Nothing here can be divided. Is there a GPU that could be? */
static int fail_no_parents(struct vgpu_backend *backend, struct vgpu_error *err)
{
	_destroy_(vgpu_names) struct vgpu_names *devices = NULL;
	int ret = vgpu_names_list(backend, "bus/pci/devices", &devices);

	for (size_t i = 0; ret == 0 && i < devices->len; i++) {
		struct candidate gpu;

		look_at(backend, devices->items[i], &gpu);
		if (is_intel_display(&gpu))
			return fail_no_mdev(&gpu, err);
	}
	ret = vgpu_error_set(err, VGPU_ERROR_NO_GPU, ENODEV, "there is no GPU that offers vGPUs");
	vgpu_error_hint(err,
			"GVT-g needs an Intel GPU from Broadwell to Comet Lake; without one, try "
			"'vgpulab --backend mem:kaby-lake types' or 'vgpulab run --help'");
	return ret;
}

static int fail_no_such(const struct vgpu_snapshot *snapshot, const char *name,
			struct vgpu_error *err)
{
	struct vgpu_nearest nearest = { .wanted = name };
	char all[300] = "";
	int ret;

	for (size_t i = 0; i < snapshot->parents_len; i++) {
		vgpu_nearest_offer(&nearest, snapshot->parents[i].name);
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "",
			 snapshot->parents[i].name);
	}
	ret = vgpu_error_set(err, VGPU_ERROR_NO_GPU, ENODEV, "there is no device %s", name);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean %s?", nearest.name);
	else
		vgpu_error_hint(err, "devices that offer vGPUs: %s", all);
	return ret;
}

int vgpu_parent_find(struct vgpu_backend *backend, const struct vgpu_snapshot *snapshot,
		     const char *name, const struct vgpu_parent **out, struct vgpu_error *err)
{
	const struct vgpu_parent *found = snapshot->parents_len ? snapshot->parents : NULL;
	struct vgpu_pci_address address;
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];

	if (name)
		found = vgpu_snapshot_find_parent(snapshot, name);
	if (found) {
		*out = found;
		return 0;
	}
	if (name && !vgpu_pci_address_parse(name, &address)) {
		struct candidate gpu;

		vgpu_pci_address_format(&address, canonical);
		look_at(backend, canonical, &gpu);
		if (vgpu_attribute_exists(backend, "bus/pci/devices/%s", canonical))
			return fail_no_mdev(&gpu, err);
	}
	if (!snapshot->parents_len)
		return fail_no_parents(backend, err);
	return fail_no_such(snapshot, name, err);
}
