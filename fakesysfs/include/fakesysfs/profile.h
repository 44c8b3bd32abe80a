/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What kinds of GPU (or other mdev parent) the fake host can hold. Pure data: one row each. A
 * *parent* is what the kernel calls an mdev parent; most are GPUs, and so they are called here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/uuid.h>

/** One mdev type of a parent, e.g. i915-GVTg_V5_4. What an instance takes out of the parent's pools. */
struct fake_type_profile {
	const char *name; /* without the driver's prefix: "GVTg_V5_4" */
	uint32_t low_gm_mib; /* mappable graphics memory (aperture) */
	uint32_t high_gm_mib; /* the rest of its GGTT share */
	uint32_t fences;
	uint32_t weight; /* 1..16, share of GPU time */
	uint32_t xres_px, yres_px; /* the largest mode its EDID offers; 0: any */
	const char *pretty_name; /* what `name` reads; NULL: the name */
	const char
		*description; /* what `description` reads, without the last newline; NULL: none */
	uint32_t
		units; /* of the parent's, what an instance takes: ports, MiB, ...; 0 counts as 1 */
};

/** Where a parent lives in /sys/devices, and what its directory has. */
enum fake_parent_kind {
	FAKE_PARENT_PCI, /* a PCI function with a driver */
	FAKE_PARENT_VIRTUAL, /* a device that a module makes: devices/virtual/mtty/mtty */
	FAKE_PARENT_CSS, /* s390: an I/O subchannel */
	FAKE_PARENT_AP, /* s390: the one matrix of cryptographic adapters and domains */
	FAKE_PARENT_KINDS,
};

/** How many instances fit: a row each in capacity.c. */
enum fake_capacity {
	FAKE_CAPACITY_GVTG, /* GVT-g's graphics memory, fences and ids */
	FAKE_CAPACITY_UNITS, /* a pool of units that all types take from */
	FAKE_CAPACITY_INSTANCES, /* a number of instances, whatever their types */
	FAKE_CAPACITY_ALIKE, /* a pool of units, for one type alone at a time */
	FAKE_CAPACITIES,
};

/** Which attributes the driver adds to its vGPUs: rows in nodes-mdev.c. */
enum fake_vgpu_attributes {
	FAKE_VGPU_NO_ATTRIBUTES,
	FAKE_VGPU_INTEL, /* intel_vgpu/vgpu_id */
	FAKE_VGPU_MTTY, /* vendor/sample_mdev_dev */
	FAKE_VGPU_MDPY, /* vendor/resolution */
	FAKE_VGPU_MBOCHS, /* vendor/memory */
	FAKE_VGPU_NVIDIA, /* nvidia/vgpu_params, nvidia/vm_name */
	FAKE_VGPU_AP, /* assign_adapter and its like, matrix */
};

/** A base address register. */
struct fake_pci_bar {
	uint64_t len; /* 0: there is none; FAKE_BAR_APERTURE: as the GPU's is set up */
	unsigned int flags; /* FAKE_BAR_* */
};
enum { FAKE_BAR_APERTURE = 1 };
enum { FAKE_BAR_IO = 1, FAKE_BAR_64 = 2, FAKE_BAR_PREFETCH = 4 };
/* Six BARs and the ROM. */
enum { FAKE_PCI_BARS = 6, FAKE_PCI_RESOURCES };

struct fake_pci_resource {
	uint64_t start, len, flags; /* flags as in linux/ioport.h; len 0: there is none */
};

/** What was read of a function that exists. */
struct fake_pci_recorded {
	const uint8_t *config;
	size_t config_len; /* 256 or 4096 */
	struct fake_pci_resource resources[FAKE_PCI_RESOURCES];
	const struct fake_attribute_text {
		char *name, *text;
	} * attributes;
	size_t attributes_len;
};

/** How a GPU's vGPUs are connected to their monitors. */
enum fake_output {
	FAKE_OUTPUT_HDMI, /* what a guest's driver asks least of */
	FAKE_OUTPUT_DP, /* what GVT-g itself presents */
};

/** What there is of GVT-g on a GPU, and why not: what a manager has to find out. */
enum fake_gvt {
	FAKE_GVT_ON,
	FAKE_GVT_OFF, /* i915.enable_gvt=0, its default */
	FAKE_GVT_UNSUPPORTED, /* not this GPU, or not with this kernel yet */
	FAKE_GVT_GUC, /* GuC submission is on, which excludes GVT-g */
	FAKE_GVT_NO_MODULE, /* enabled, but kvmgt is not loaded */
};

/** What a vGPU's display engine does wrong on purpose, whatever its guest draws: for testing viewers. */
enum fake_scanout_fault {
	FAKE_SCANOUT_RIGHT,
	FAKE_SCANOUT_BLANK, /* black */
	FAKE_SCANOUT_STALE, /* the surface before the last flip */
	FAKE_SCANOUT_TORN, /* its lower half */
	FAKE_SCANOUT_CURSOR_MISSING,
	FAKE_SCANOUT_CURSOR_OFFSET,
	FAKE_SCANOUT_RB_SWAP,
	FAKE_SCANOUT_CHANNELS, /* off by one byte */
	FAKE_SCANOUT_VERTICAL_FLIP,
	FAKE_SCANOUT_HORIZONTAL_FLIP,
	FAKE_SCANOUT_ROTATED, /* by 180 degrees */
	FAKE_SCANOUT_LIMITED_RANGE, /* 16..235 */
	FAKE_SCANOUT_DEPTH, /* RGB565's */
	FAKE_SCANOUT_STRIDE,
	FAKE_SCANOUT_TILING, /* linear is read as X, tiled as linear */
	FAKE_SCANOUT_SHIFT,
	FAKE_SCANOUT_CROPPED,
	FAKE_SCANOUT_SCALED,
	FAKE_SCANOUT_OFF, /* no plane at all: a viewer shows its own remark */
};

/** The word for it: "rb-swap"; of FAKE_SCANOUT_RIGHT "none". */
const char *fake_scanout_fault_name(enum fake_scanout_fault fault);
/** The fault of that name. 0, or -EINVAL with *@out untouched. */
int fake_scanout_fault_parse(const char *name, enum fake_scanout_fault *out);
/** A module as it was found: what is NULL is as usual. */
struct fake_recorded_module {
	const char *name;
	const char *coresize, *version, *srcversion, *taint; /* with their newlines */
	const struct fake_attribute_text *parameters;
	size_t parameters_len;
};

/** A vGPU that was there. */
struct fake_recorded_vgpu {
	struct vgpu_uuid uuid;
	size_t type; /* index of the profile */
	unsigned int group; /* they are made in this order */
};

/** One kind of parent device. */
struct fake_gpu_profile {
	const char *name; /* as in --gpu: "kaby-lake" */
	const char *summary; /* one line: "Intel HD Graphics 630 (Kaby Lake), GVTg_V5" */
	const char *model; /* name of the device model in fakevfio: "i915" */
	enum fake_parent_kind kind;
	enum fake_capacity capacity;
	uint32_t units; /* that it has, for capacities that count them */
	const char *units_parameter; /* the module's parameter that sets them, or NULL */
	enum fake_vgpu_attributes attributes;
	int full_errno; /* of a creation that does not fit, by the driver; 0: ENOSPC */
	/* bound driver, or else the class, of the parent; prefix of type names: "i915" */
	const char *driver;
	const char *mdev_driver; /* "intel_vgpu_mdev" */
	const char *mdev_module; /* "kvmgt" */
	const char *device_api; /* "vfio-pci" */
	uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
	uint8_t revision;
	uint32_t class_code; /* 0x030000 */
	unsigned int first_kernel; /* FAKE_KERNEL() of the first with GVT-g for it */
	int graphics_version; /* Intel's: 8 (Broadwell) or 9; 0: another's */
	bool drm; /* its driver makes DRM nodes */
	const struct fake_pci_bar *bars; /* FAKE_PCI_BARS of them */
	const struct fake_pci_recorded *recorded; /* NULL: nothing was */
	uint32_t aperture_mib; /* default size of PCI BAR 2 */
	uint32_t ggtt_mib; /* whole GGTT address space: 4096 with an 8 MiB GTT */
	const struct fake_type_profile *types; /* in the kernel's order of registration */
	size_t types_len;
	const struct fake_recorded_module *modules; /* of the recording that this is of */
	size_t modules_len;
};

enum { FAKE_PARENT_NAME_SIZE = 32 };

/** All profiles, in the order in which help texts list them. */
extern const struct fake_gpu_profile fake_gpu_profiles[];
extern const size_t fake_gpu_profiles_len;

/** The profile of that name, or NULL. */
const struct fake_gpu_profile *fake_gpu_profile_find(const char *name);

/** By which path a vGPU shows its picture. */
enum fake_display {
	FAKE_DISPLAY_REGION, /* composed into a VFIO region: any program can show it */
	FAKE_DISPLAY_DMABUF, /* planes as DMA-BUFs, as GVT-g has them */
	FAKE_DISPLAY_AUTO, /* as GVT-g if this machine can make DMA-BUFs */
};

/** A GPU to put into a fake host: a profile and what the user changed of it. */
struct fake_gpu_config {
	const struct fake_gpu_profile *profile;
	struct vgpu_pci_address address; /* of a PCI function */
	int address_given; /* 0: the host chooses; the first Intel GPU gets 0000:00:02.0 */
	char name[FAKE_PARENT_NAME_SIZE]; /* of its directory; final when it is in a host */
	uint32_t aperture_mib; /* PCI BAR 2; 0 for the host means the profile's */
	uint32_t ggtt_mib; /* GGTT address space; 0 for the host means the profile's */
	uint32_t units; /* 0 for the host means the profile's */
	const struct fake_recorded_vgpu *vgpus; /* there from the start: fake_host_add_gpus() */
	size_t vgpus_len;
	enum fake_gvt gvt;
	enum fake_scanout_fault scanout; /* of all its vGPUs */
	/*
	 * Guests reach their share of the aperture through PCI BAR 2, as with GVT-g, access by
	 * access. Otherwise it is ballooned away.
	 */
	bool mappable;
	enum fake_output output;
	enum fake_display display; /* of i915: others have one way */
};

/**
 * Parses "NAME[,aperture=512M][,ggtt=4G][,address=0000:00:02.0][,gvt=on][,mappable=no]
 * [,output=hdmi][,display=region][,count=N][,scanout=FAULT]". gvt is on, off, unsupported, guc or
 * no-module; mappable yes or no; output hdmi or dp; display region, dmabuf or auto; count is the
 * parameter of that name of mdpy's and mbochs' modules; scanout is a name of enum fake_scanout_fault. A
 * property that this kind of parent does not have is refused. Sizes end in M or G, or are MiB; an
 * aperture is a power of two from 128M to 4G, as the register MSAC allows, a GGTT 1G, 2G or 4G.
 * On failure fills @err (VGPU_ERROR_USAGE, with the nearest name) and returns -EINVAL.
 */
int fake_gpu_config_parse(const char *text, struct fake_gpu_config *out, struct vgpu_error *err);
