/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The profiles there are. A new GPU is a row here and nothing else.
 */

#include <errno.h>
#include <fakesysfs/kernel.h>
#include <fakesysfs/profile.h>
#include <string.h>
#include <vgpulab/cleanup.h>

/*
 * GVT-g's types, in the order in which it registers them. V4 and V5 differ in name alone: 4 is
 * Broadwell's, 5 is that of everything later.
 * Source: drivers/gpu/drm/i915/gvt/vgpu.c, vgpu_types[]; kvmgt.c, intel_vgpu_show_description()
 */
#define GVTG_TYPE(name, low, high, weight, x, y)                                     \
	{                                                                            \
		name, low, high, 4, weight, x, y, NULL,                              \
			"low_gm_size: " #low "MB\nhigh_gm_size: " #high              \
			"MB\nfence: 4\nresolution: " #x "x" #y "\nweight: " #weight, \
			0                                                            \
	}
#define GVTG_TYPES(v)                                                         \
	{                                                                     \
		GVTG_TYPE("GVTg_" v "_8", 64, 384, 2, 1024, 768),             \
			GVTG_TYPE("GVTg_" v "_4", 128, 512, 4, 1920, 1200),   \
			GVTG_TYPE("GVTg_" v "_2", 256, 1024, 8, 1920, 1200),  \
			GVTG_TYPE("GVTg_" v "_1", 512, 2048, 16, 1920, 1200), \
	}

static const struct fake_type_profile gvtg_v4[] = GVTG_TYPES("V4");
static const struct fake_type_profile gvtg_v5[] = GVTG_TYPES("V5");

/*
 * What all of GVT-g's parents share. The aperture is the smallest that holds two vGPUs of
 * different types; most firmware sets 256 MiB until told otherwise.
 */
#define GVTG_PARENT                                                                         \
	.attributes = FAKE_VGPU_INTEL, .model = "i915", .driver = "i915",                   \
	.mdev_driver = "intel_vgpu_mdev", .mdev_module = "kvmgt", .device_api = "vfio-pci", \
	.vendor_id = 0x8086, .class_code = 0x030000, .aperture_mib = 512, .ggtt_mib = 4096

/*
 * The kernel's sample drivers.
 * Source: samples/vfio-mdev/mtty.c, mdpy.c, mbochs.c
 */
static const struct fake_type_profile mtty_types[] = {
	{ .name = "1", .pretty_name = "Single port serial", .units = 1 },
	{ .name = "2", .pretty_name = "Dual port serial", .units = 2 },
};

#define MDPY_TYPE(name_, x, y)                                                           \
	{                                                                                \
		.name = name_, .xres_px = x, .yres_px = y, .pretty_name = "mdpy-" name_, \
		.description = "virtual display, " #x "x" #y " framebuffer"              \
	}
static const struct fake_type_profile mdpy_types[] = {
	MDPY_TYPE("vga", 640, 480),
	MDPY_TYPE("xga", 1024, 768),
	MDPY_TYPE("hd", 1920, 1080),
};

#define MBOCHS_TYPE(name_, mib, x, y)                                      \
	{                                                                  \
		.name = name_, .xres_px = x, .yres_px = y, .units = mib,   \
		.pretty_name = "mbochs-" name_,                            \
		.description = "virtual display, " #mib " MB video memory" \
	}
static const struct fake_type_profile mbochs_types[] = {
	MBOCHS_TYPE("small", 4, 800, 600),
	MBOCHS_TYPE("medium", 16, 1920, 1440),
	MBOCHS_TYPE("large", 64, 0, 0),
};

#define SAMPLE(name_)                                                         \
	.name = name_, .model = name_, .driver = name_, .mdev_driver = name_, \
	.mdev_module = name_, .device_api = "vfio-pci", .kind = FAKE_PARENT_VIRTUAL

const struct fake_gpu_profile fake_gpu_profiles[] = {
	{
		GVTG_PARENT,
		.name = "broadwell",
		.first_kernel = FAKE_KERNEL(4, 10),
		.summary = "Intel HD Graphics 5500 (Broadwell), GVTg_V4",
		.device_id = 0x1616,
		.subsystem_vendor_id = 0x17aa,
		.subsystem_device_id = 0x5034,
		.revision = 0x09,
		.graphics_version = 8,
		.types = gvtg_v4,
		.types_len = VGPU_ARRAY_LEN(gvtg_v4),
	},
	{
		GVTG_PARENT,
		.name = "skylake",
		.first_kernel = FAKE_KERNEL(4, 10),
		.summary = "Intel HD Graphics 530 (Skylake), GVTg_V5",
		.device_id = 0x1912,
		.subsystem_vendor_id = 0x1028,
		.subsystem_device_id = 0x06b9,
		.revision = 0x06,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "kaby-lake",
		.first_kernel = FAKE_KERNEL(4, 13),
		.summary = "Intel HD Graphics 630 (Kaby Lake), GVTg_V5",
		.device_id = 0x5912,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x5912,
		.revision = 0x04,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "coffee-lake",
		.first_kernel = FAKE_KERNEL(5, 1),
		.summary = "Intel UHD Graphics 630 (Coffee Lake), GVTg_V5",
		.device_id = 0x3e92,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x3e92,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		GVTG_PARENT,
		.name = "comet-lake",
		.first_kernel = FAKE_KERNEL(5, 1),
		.summary = "Intel UHD Graphics 630 (Comet Lake), GVTg_V5",
		.device_id = 0x9bc5,
		.subsystem_vendor_id = 0x1849,
		.subsystem_device_id = 0x9bc5,
		.revision = 0x05,
		.graphics_version = 9,
		.types = gvtg_v5,
		.types_len = VGPU_ARRAY_LEN(gvtg_v5),
	},
	{
		SAMPLE("mtty"),
		.summary = "the kernel's sample serial ports",
		.attributes = FAKE_VGPU_MTTY,
		.capacity = FAKE_CAPACITY_UNITS,
		.units = 24,
		.types = mtty_types,
		.types_len = VGPU_ARRAY_LEN(mtty_types),
	},
	{
		SAMPLE("mdpy"),
		.summary = "the kernel's sample display, with a framebuffer",
		.attributes = FAKE_VGPU_MDPY,
		.capacity = FAKE_CAPACITY_INSTANCES,
		.full_errno = ENOMEM,
		.units = 4,
		.units_parameter = "count",
		.types = mdpy_types,
		.types_len = VGPU_ARRAY_LEN(mdpy_types),
	},
	{
		SAMPLE("mbochs"),
		.summary = "the kernel's sample display, QEMU's bochs-display",
		.attributes = FAKE_VGPU_MBOCHS,
		.capacity = FAKE_CAPACITY_UNITS,
		.units = 256,
		.units_parameter = "count",
		.types = mbochs_types,
		.types_len = VGPU_ARRAY_LEN(mbochs_types),
	},
};
const size_t fake_gpu_profiles_len = VGPU_ARRAY_LEN(fake_gpu_profiles);

const struct fake_gpu_profile *fake_gpu_profile_find(const char *name)
{
	for (size_t i = 0; i < fake_gpu_profiles_len; i++)
		if (!strcmp(fake_gpu_profiles[i].name, name))
			return &fake_gpu_profiles[i];
	return NULL;
}
