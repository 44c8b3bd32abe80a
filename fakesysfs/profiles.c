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

/* Registers, aperture, I/O ports. Source: lspci of such machines */
static const struct fake_pci_bar intel_bars[FAKE_PCI_BARS] = {
	[0] = { 16 << 20, FAKE_BAR_64 },
	[2] = { FAKE_BAR_APERTURE, FAKE_BAR_64 | FAKE_BAR_PREFETCH },
	[4] = { 64, FAKE_BAR_IO },
};

/*
 * What all of GVT-g's parents share. The aperture is the smallest that holds two vGPUs of
 * different types; most firmware sets 256 MiB until told otherwise.
 */
#define GVTG_PARENT                                                                      \
	.drm = true, .bars = intel_bars, .attributes = FAKE_VGPU_INTEL, .model = "i915", \
	.driver = "i915", .mdev_driver = "intel_vgpu_mdev", .mdev_module = "kvmgt",      \
	.device_api = "vfio-pci", .vendor_id = 0x8086, .class_code = 0x030000,           \
	.aperture_mib = 512, .ggtt_mib = 4096

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

/*
 * An NVIDIA card whose vGPU manager uses mdev: all vGPUs of a card have one size.
 * Source: the manager's documentation and `mdevctl types` of such hosts; nvidia-NN as its
 * vgpuConfig.xml numbers them
 */
#define NVIDIA_TYPE(number, name_, heads, rate, mib, x, y, instances)                          \
	{                                                                                      \
		.name = #number, .xres_px = x, .yres_px = y, .units = mib,                     \
		.pretty_name = "GRID " name_,                                                  \
		.description = "num_heads=" #heads ", frl_config=" #rate ", framebuffer=" #mib \
			       "M, max_resolution=" #x "x" #y ", max_instance=" #instances     \
	}
static const struct fake_type_profile tesla_p4_types[] = {
	NVIDIA_TYPE(63, "P4-1Q", 4, 60, 1024, 5120, 2880, 8),
	NVIDIA_TYPE(64, "P4-2Q", 4, 60, 2048, 7680, 4320, 4),
	NVIDIA_TYPE(65, "P4-4Q", 4, 60, 4096, 7680, 4320, 2),
	NVIDIA_TYPE(66, "P4-8Q", 4, 60, 8192, 7680, 4320, 1),
	NVIDIA_TYPE(67, "P4-1A", 1, 60, 1024, 1280, 1024, 8),
	NVIDIA_TYPE(68, "P4-2A", 1, 60, 2048, 1280, 1024, 4),
	NVIDIA_TYPE(69, "P4-4A", 1, 60, 4096, 1280, 1024, 2),
	NVIDIA_TYPE(70, "P4-8A", 1, 60, 8192, 1280, 1024, 1),
	NVIDIA_TYPE(71, "P4-1B", 4, 45, 1024, 5120, 2880, 8),
	NVIDIA_TYPE(157, "P4-2B", 4, 45, 2048, 5120, 2880, 4),
	NVIDIA_TYPE(214, "P4-2B4", 4, 45, 2048, 5120, 2880, 4),
	NVIDIA_TYPE(243, "P4-1B4", 4, 45, 1024, 5120, 2880, 8),
	NVIDIA_TYPE(288, "P4-4C", 1, 60, 4096, 4096, 2160, 2),
	NVIDIA_TYPE(289, "P4-8C", 1, 60, 8192, 4096, 2160, 1),
};
static const struct fake_pci_bar tesla_p4_bars[FAKE_PCI_BARS] = {
	[0] = { 16 << 20, 0 },
	[1] = { 256 << 20, FAKE_BAR_64 | FAKE_BAR_PREFETCH },
	[3] = { 32 << 20, FAKE_BAR_64 | FAKE_BAR_PREFETCH },
};

/*
 * s390. Source: drivers/s390/cio/vfio_ccw_ops.c, drivers/s390/crypto/vfio_ap_ops.c;
 * Documentation/s390/vfio-ccw.rst, vfio-ap.rst
 */
static const struct fake_type_profile vfio_ccw_types[] = {
	{ .name = "io", .pretty_name = "I/O subchannel (Non-QDIO)" },
};
static const struct fake_type_profile vfio_ap_types[] = {
	{ .name = "passthrough", .pretty_name = "VFIO AP Passthrough Device" },
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
	{
		.name = "tesla-p4",
		.summary = "NVIDIA Tesla P4, with its vGPU manager",
		.model = "none",
		.driver = "nvidia",
		.mdev_driver = "nvidia-vgpu-vfio",
		.mdev_module = "nvidia_vgpu_vfio",
		.device_api = "vfio-pci",
		.vendor_id = 0x10de,
		.device_id = 0x1bb3,
		.subsystem_vendor_id = 0x10de,
		.subsystem_device_id = 0x11d8,
		.revision = 0xa1,
		.class_code = 0x030200,
		.bars = tesla_p4_bars,
		.attributes = FAKE_VGPU_NVIDIA,
		.capacity = FAKE_CAPACITY_ALIKE,
		.units = 8192,
		.types = tesla_p4_types,
		.types_len = VGPU_ARRAY_LEN(tesla_p4_types),
	},
	{
		.name = "vfio-ccw",
		.summary = "s390: an I/O subchannel",
		.model = "none",
		.kind = FAKE_PARENT_CSS,
		.driver = "vfio_ccw",
		.mdev_driver = "vfio_ccw_mdev",
		.mdev_module = "vfio_ccw",
		.device_api = "vfio-ccw",
		.capacity = FAKE_CAPACITY_INSTANCES,
		.full_errno = EPERM,
		.units = 1,
		.types = vfio_ccw_types,
		.types_len = VGPU_ARRAY_LEN(vfio_ccw_types),
	},
	{
		.name = "vfio-ap",
		.summary = "s390: cryptographic adapters and domains",
		.model = "none",
		.kind = FAKE_PARENT_AP,
		.driver = "vfio_ap",
		.mdev_driver = "vfio_ap_mdev",
		.mdev_module = "vfio_ap",
		.device_api = "vfio-ap",
		.attributes = FAKE_VGPU_AP,
		.capacity = FAKE_CAPACITY_INSTANCES,
		.full_errno = EPERM,
		.units = 65536,
		.types = vfio_ap_types,
		.types_len = VGPU_ARRAY_LEN(vfio_ap_types),
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
