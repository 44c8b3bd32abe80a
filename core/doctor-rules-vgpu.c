/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules on types, capacity, vGPUs and the nodes that a VM opens.
 */

#include <stdio.h>
#include <string.h>

#include "attribute.h"
#include "doctor-host.h"

#define HOLDS(name) static bool name(const struct doctor_host *host, struct doctor_answer *answer)

HOLDS(types_missing)
{
	if (!host->gpu || host->gpu->offers_types)
		return false;
	return doctor_says(answer, "there is no /sys/bus/pci/devices/%s/mdev_supported_types",
			   host->gpu->name);
}

HOLDS(aperture_too_small)
{
	if (!host->gpu || !host->parent || host->parent->types_len)
		return false;
	return doctor_says(answer, "%s/mdev_supported_types is empty; the aperture has %u MiB",
			   host->gpu->name, host->gpu->aperture_mib);
}

HOLDS(aperture_limits_types)
{
	unsigned int mib = host->gpu ? host->gpu->aperture_mib : 0;

	if (!host->parent || !host->parent->types_len || !mib || mib >= 1024 ||
	    host->parent->types_len >= 4)
		return false;
	return doctor_says(answer, "the aperture (BAR 2) has %u MiB: %zu of 4 types", mib,
			   host->parent->types_len);
}

/* How many more fit, in the type of which most do. */
static unsigned int room(const struct vgpu_parent *parent)
{
	unsigned int most = 0;

	for (size_t i = 0; i < parent->types_len; i++)
		if (parent->types[i].available > most)
			most = parent->types[i].available;
	return most;
}

static size_t instances_on(const struct doctor_host *host)
{
	size_t number = 0;

	for (size_t i = 0; i < host->snapshot->instances_len; i++)
		number += &host->snapshot->parents[host->snapshot->instances[i].parent] ==
			  host->parent;
	for (size_t i = 0; i < host->ghosts_len; i++)
		number += !strcmp(host->ghosts[i].parent, host->parent->name);
	return number;
}

HOLDS(no_room)
{
	if (!host->parent || !host->parent->types_len || room(host->parent) || !instances_on(host))
		return false;
	return doctor_says(answer, "available_instances is 0 for every type of %s, with %zu vGPUs",
			   host->parent->name, instances_on(host));
}

HOLDS(host_holds_aperture)
{
	if (!host->parent || !host->parent->types_len || room(host->parent) || instances_on(host))
		return false;
	return doctor_says(answer, "available_instances is 0 for every type of %s, with no vGPU",
			   host->parent->name);
}

/* The vGPUs to look at: the one asked about, or all. */
static const struct vgpu_instance *instance_that(const struct doctor_host *host,
						 bool (*is_so)(const struct doctor_host *host,
							       const struct vgpu_instance *vgpu))
{
	for (size_t i = 0; i < host->snapshot->instances_len; i++) {
		const struct vgpu_instance *vgpu = &host->snapshot->instances[i];

		if ((!host->uuid || vgpu == host->instance) && is_so(host, vgpu))
			return vgpu;
	}
	return NULL;
}

static bool is_unbound(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	return !vgpu->driver[0];
}

static bool is_half_made(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	return !vgpu->type[0];
}

static bool is_groupless(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	return vgpu->iommu_group < 0;
}

static bool is_small(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	const struct vgpu_mdev_type *type =
		vgpu_parent_find_type(&host->snapshot->parents[vgpu->parent], vgpu->type);

	return type && type->xres_px && type->xres_px < 1280;
}

static bool is_without_remove(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	return vgpu->type[0] && !doctor_sysfs_has(host, "%s/remove", vgpu->path);
}

static void node_path(const struct vgpu_instance *vgpu, char *path, size_t size)
{
	snprintf(path, size, "/dev/vfio/%d", vgpu->iommu_group);
}

static bool is_nodeless(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	struct vgpu_node_fact node;
	char path[64];

	node_path(vgpu, path, sizeof(path));
	return vgpu->iommu_group >= 0 && !doctor_node(host, path, &node);
}

static bool is_forbidden(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	struct vgpu_node_fact node;
	char path[64];

	node_path(vgpu, path, sizeof(path));
	return vgpu->iommu_group >= 0 && doctor_node(host, path, &node) &&
	       !(node.readable && node.writable);
}

/* A line "NODE PID PROGRAM" of who has the vGPU's node open. */
static bool used_by(const struct doctor_host *host, const struct vgpu_instance *vgpu, char *line,
		    size_t size)
{
	char start[64];

	snprintf(start, sizeof(start), "/dev/vfio/%d ", vgpu->iommu_group);
	return vgpu->iommu_group >= 0 &&
	       doctor_line_with(host->text[VGPU_FACT_VFIO_USERS], start, line, size);
}

static bool is_defined(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	for (size_t i = 0; i < host->definitions_len; i++)
		if (vgpu_uuid_equal(&host->definitions[i].uuid, &vgpu->uuid))
			return true;
	return false;
}

static bool is_stale(const struct doctor_host *host, const struct vgpu_instance *vgpu)
{
	char line[200];

	return !host->text_error[VGPU_FACT_VFIO_USERS] && !is_defined(host, vgpu) &&
	       vgpu->type[0] && !used_by(host, vgpu, line, sizeof(line));
}

static bool says_vgpu(struct doctor_answer *answer, const struct vgpu_instance *vgpu,
		      const char *what)
{
	if (!vgpu)
		return false;
	doctor_subject(answer, "%s", vgpu->uuid.text);
	return doctor_says(answer, "%s of %s %s", vgpu->uuid.text, vgpu->parent_name, what);
}

#define VGPU_RULE(name, is_so, what)                                        \
	HOLDS(name)                                                         \
	{                                                                   \
		return says_vgpu(answer, instance_that(host, is_so), what); \
	}

VGPU_RULE(vgpu_unbound, is_unbound, "is bound to no driver")
VGPU_RULE(vgpu_half_made, is_half_made, "has no mdev_type: its creation has not ended")
VGPU_RULE(vgpu_without_group, is_groupless, "has no iommu_group")
VGPU_RULE(vgpu_small, is_small, "is of a type with at most 1024x768")
VGPU_RULE(vgpu_without_remove, is_without_remove, "has lost its file 'remove'")
VGPU_RULE(vgpu_stale, is_stale, "is neither defined nor open by any program")

HOLDS(vgpu_missing)
{
	if (!host->uuid || host->instance)
		return false;
	for (size_t i = 0; i < host->ghosts_len; i++)
		if (vgpu_uuid_equal(&host->ghosts[i].uuid, host->uuid))
			return false;
	doctor_subject(answer, "%s", host->uuid->text);
	return doctor_says(answer, "there is no /sys/bus/mdev/devices/%s", host->uuid->text);
}

HOLDS(vgpu_going)
{
	if (!host->ghosts_len)
		return false;
	doctor_subject(answer, "%s", host->ghosts[0].uuid.text);
	return doctor_says(answer, "%s/%s is there, but off the mdev bus", host->ghosts[0].parent,
			   host->ghosts[0].uuid.text);
}

HOLDS(vgpu_in_use)
{
	char line[200];

	if (!host->instance || !used_by(host, host->instance, line, sizeof(line)))
		return false;
	return doctor_says(answer, "open: %s", line);
}

HOLDS(container_node_missing)
{
	struct vgpu_node_fact node;

	if (doctor_node(host, "/dev/vfio/vfio", &node))
		return false;
	return doctor_says(answer, "there is no /dev/vfio/vfio");
}

HOLDS(container_node_forbidden)
{
	struct vgpu_node_fact node;

	if (!doctor_node(host, "/dev/vfio/vfio", &node) || (node.readable && node.writable))
		return false;
	return doctor_says(answer, "/dev/vfio/vfio has mode %04o, owner %u, group %u: not for %s",
			   node.mode, node.uid, node.gid, host->text[VGPU_FACT_USER]);
}

HOLDS(group_node_missing)
{
	const struct vgpu_instance *vgpu = instance_that(host, is_nodeless);

	if (!vgpu)
		return false;
	doctor_subject(answer, "%d", vgpu->iommu_group);
	return doctor_says(answer, "%s is in IOMMU group %d, but there is no /dev/vfio/%d",
			   vgpu->uuid.text, vgpu->iommu_group, vgpu->iommu_group);
}

HOLDS(group_node_forbidden)
{
	const struct vgpu_instance *vgpu = instance_that(host, is_forbidden);

	if (!vgpu)
		return false;
	doctor_subject(answer, "/dev/vfio/%d", vgpu->iommu_group);
	return doctor_says(answer, "/dev/vfio/%d of %s cannot be opened by %s", vgpu->iommu_group,
			   vgpu->uuid.text, host->text[VGPU_FACT_USER]);
}

/* A guest of 1 GiB and what QEMU adds. */
HOLDS(memlock_low)
{
	const char *limit = host->text[VGPU_FACT_MEMLOCK];
	unsigned long long bytes = 0;

	if (sscanf(limit, "%llu", &bytes) != 1 || bytes >= 2ull << 30)
		return false;
	return doctor_says(answer, "%s may lock at most %llu KiB of memory",
			   host->text[VGPU_FACT_USER], bytes >> 10);
}

/* The lowest-numbered render node and its GPU's vendor; what "the" render node means to QEMU. */
static bool first_render_node(const struct doctor_host *host, char *path, size_t size,
			      uint32_t *vendor)
{
	struct vgpu_node_fact node;

	for (int minor = 128; minor < 144; minor++) {
		snprintf(path, size, "/dev/dri/renderD%d", minor);
		if (!doctor_node(host, path, &node))
			continue;
		*vendor = 0;
		vgpu_attribute_read_u32(host->sysfs, vendor, "class/drm/renderD%d/device/vendor",
					minor);
		return true;
	}
	return false;
}

HOLDS(render_node_missing)
{
	uint32_t vendor;
	char path[64];

	if (first_render_node(host, path, sizeof(path), &vendor))
		return false;
	return doctor_says(answer, "there is no /dev/dri/renderD*");
}

HOLDS(render_node_forbidden)
{
	struct vgpu_node_fact node;
	uint32_t vendor;
	char path[64];

	if (!first_render_node(host, path, sizeof(path), &vendor) ||
	    !doctor_node(host, path, &node) || (node.readable && node.writable))
		return false;
	return doctor_says(answer, "%s has mode %04o, owner %u, group %u: not for %s", path,
			   node.mode, node.uid, node.gid, host->text[VGPU_FACT_USER]);
}

HOLDS(render_node_of_other_gpu)
{
	uint32_t vendor;
	char path[64];

	if (!host->gpu || !first_render_node(host, path, sizeof(path), &vendor) || !vendor ||
	    vendor == host->gpu->vendor_id)
		return false;
	return doctor_says(answer, "%s, the first render node, is of a GPU with vendor id %04x",
			   path, vendor);
}

#define SETUP_CAUSES                                                                              \
	"gpu-too-old", "gpu-atom", "gpu-gen11", "gpu-sriov-instead", "gpu-discrete",              \
		"gpu-unknown", "kernel-too-old", "kernel-too-old-for-gpu", "gpu-without-driver",  \
		"gpu-wrong-driver", "kernel-5-19", "kernel-without-gvt", "gvt-off",               \
		"gvt-not-asked-for", "guc-submission", "gvt-off-by-command-line", "i915-refused", \
		"gvt-off-in-guest", "kvmgt-not-installed", "kvmgt-not-loaded", "mdev-not-loaded"

const struct vgpu_doctor_rule doctor_vgpu_rules[] = {
	{ "types-missing", VGPU_DOCTOR_ERROR, "the GPU offers no vGPU types",
	  "i915 registers them when GVT-g is on, the GPU is supported and kvmgt is loaded",
	  "dmesg | grep -i -e gvt -e mdev; then boot with drm.debug=2, which tells more",
	  DOCTOR_CONSEQUENCE_OF(SETUP_CAUSES), types_missing },
	{ "aperture-too-small", VGPU_DOCTOR_ERROR, "the GPU's aperture is too small for any type",
	  "the smallest type takes 64 MiB besides what the host keeps",
	  "set \"Aperture Size\" in the firmware setup to 512 MB or more", NULL,
	  aperture_too_small },
	{ "aperture-limits-types", VGPU_DOCTOR_NOTE,
	  "a larger aperture would give more and "
	  "larger vGPUs",
	  "with 256 MiB there are V5_4 and V5_8 alone, with 1 GiB all four types",
	  "set \"Aperture Size\" in the firmware setup to 1024 MB", NULL, aperture_limits_types },
	{ "no-room", VGPU_DOCTOR_WARNING, "no further vGPU fits",
	  "aperture and graphics memory are taken by those there are",
	  "vgpulab list; vgpulab remove UUID; or make smaller ones (V5_8)", NULL, no_room },
	{ "host-holds-aperture", VGPU_DOCTOR_ERROR, "no vGPU fits, though there is none",
	  "the host's desktop holds the aperture, or vGPUs were leaked by removal while in use",
	  "end the desktop once (systemctl isolate multi-user.target), make the vGPUs, start it "
	  "again; after a leak: reboot; a larger aperture in the firmware setup",
	  NULL, host_holds_aperture },
	{ "vgpu-missing", VGPU_DOCTOR_ERROR, "the vGPU is not there",
	  "vGPUs do not outlive a reboot unless they are defined with start=auto",
	  "mdevctl start --uuid {subject}, or vgpulab create --type TYPE {subject}",
	  DOCTOR_CONSEQUENCE_OF("types-missing", "aperture-too-small", "autostart-missed", "no-gpu",
				"host-holds-aperture"),
	  vgpu_missing },
	{ "vgpu-unbound", VGPU_DOCTOR_ERROR, "a vGPU is bound to no driver",
	  "it was unbound by hand; since 5.14 the kernel binds it at creation only",
	  "vgpulab remove {subject} && vgpulab create --type TYPE {subject}", NULL, vgpu_unbound },
	{ "vgpu-half-made", VGPU_DOCTOR_WARNING, "a vGPU is still being made",
	  "that takes milliseconds; if it stays so its creator hangs in the kernel",
	  "wait; do not write to its 'remove' now, on 6.1 and later it would be lost; dmesg", NULL,
	  vgpu_half_made },
	{ "vgpu-without-group", VGPU_DOCTOR_ERROR, "a vGPU has no IOMMU group",
	  "QEMU: \"no iommu_group found\"; VFIO's modules were not there when it was made",
	  "modprobe vfio-iommu-type1 (and vfio-mdev before Linux 5.13), then vgpulab remove "
	  "{subject} && vgpulab create --type TYPE {subject}",
	  DOCTOR_CONSEQUENCE_OF("vgpu-unbound", "vfio-mdev-not-loaded", "type1-not-loaded",
				"vgpu-half-made"),
	  vgpu_without_group },
	{ "vgpu-without-remove", VGPU_DOCTOR_WARNING, "a vGPU can no longer be removed",
	  "a write to 'remove' while it was being made takes that file away for ever",
	  "end all VMs; modprobe -r kvmgt && modprobe kvmgt", NULL, vgpu_without_remove },
	{ "vgpu-going", VGPU_DOCTOR_WARNING, "a removed vGPU waits for the end of its VM",
	  "it keeps its UUID and its memory until the program that has it open ends",
	  "end that program: fuser -v /dev/vfio/*", NULL, vgpu_going },
	{ "vgpu-stale", VGPU_DOCTOR_NOTE, "a vGPU seems to be left over",
	  "it holds graphics memory that others could have",
	  "vgpulab remove {subject}, or keep it over reboots: mdevctl define --auto --uuid "
	  "{subject}",
	  DOCTOR_CONSEQUENCE_OF("definition-misnamed", "definition-broken", "vgpu-unbound",
				"vgpu-without-group", "vgpu-half-made"),
	  vgpu_stale },
	{ "vgpu-small", VGPU_DOCTOR_NOTE, "a vGPU cannot have more than 1024x768",
	  "the smallest type's EDID says so; guests then offer nothing larger",
	  "use a larger type (V5_4), or set a mode in the guest by hand", NULL, vgpu_small },
	{ "vgpu-in-use", VGPU_DOCTOR_NOTE, "a program uses the vGPU",
	  "one program can have it at a time", "end it first if another one shall have the vGPU",
	  NULL, vgpu_in_use },
	{ "container-node-missing", VGPU_DOCTOR_ERROR, "VFIO's node is not there",
	  "libvirt: \"Mediated host device assignment requires VFIO support\"",
	  "modprobe vfio vfio_iommu_type1; in a container: hand /dev/vfio in",
	  DOCTOR_CONSEQUENCE_OF("type1-not-loaded", "modules-of-another-kernel", "no-gpu"),
	  container_node_missing },
	{ "container-node-forbidden", VGPU_DOCTOR_ERROR, "this user may not open VFIO's node",
	  "the kernel gives it mode 0666; some rule has changed that", "chmod 0666 /dev/vfio/vfio",
	  NULL, container_node_forbidden },
	{ "group-node-missing", VGPU_DOCTOR_ERROR, "a vGPU's VFIO node is not there",
	  "the kernel makes it in devtmpfs; a container has its own /dev",
	  "in a container: hand /dev/vfio/{subject} in",
	  DOCTOR_CONSEQUENCE_OF("container-node-missing"), group_node_missing },
	{ "group-node-forbidden", VGPU_DOCTOR_WARNING, "this user may not open a vGPU's VFIO node",
	  "it belongs to root with mode 0600; libvirt's system VMs get it from libvirt",
	  "echo 'SUBSYSTEM==\"vfio\", OWNER=\"root\", GROUP=\"kvm\", MODE=\"0660\"' > "
	  "/etc/udev/rules.d/10-vfio.rules; now: chown :kvm {subject}; chmod 660 {subject}",
	  NULL, group_node_forbidden },
	{ "memlock-low", VGPU_DOCTOR_WARNING, "the limit of locked memory is too low for a VM",
	  "what the vGPU uses of the guest's RAM stays in memory; libvirt's system VMs set their "
	  "own limit",
	  "in /etc/security/limits.conf: '{user} hard memlock 8388608' and the same with soft "
	  "(KiB: the guest's RAM and 1 GiB more), then log in again",
	  NULL, memlock_low },
	{ "render-node-missing", VGPU_DOCTOR_WARNING, "no GPU can draw: there is no render node",
	  "a vGPU's screen is a DMA-BUF, which only GL can show; without it, use region displays "
	  "or a server inside the guest",
	  "modprobe i915; in a container: hand /dev/dri in",
	  DOCTOR_CONSEQUENCE_OF("gpu-without-driver", "gpu-wrong-driver", "no-gpu", "nomodeset",
				"gpu-too-old"),
	  render_node_missing },
	{ "render-node-forbidden", VGPU_DOCTOR_WARNING, "this user may not use the render node",
	  "QEMU: \"egl: no drm render node available\"",
	  "adduser {user} render, then log in again; for libvirt's VMs: adduser libvirt-qemu render",
	  NULL, render_node_forbidden },
	{ "render-node-of-other-gpu", VGPU_DOCTOR_WARNING, "the first render node is another GPU's",
	  "QEMU takes the first; a DMA-BUF of the vGPU cannot be imported there "
	  "(\"eglCreateImageKHR failed\")",
	  "rendernode=/dev/dri/by-path/pci-{parent}-render",
	  DOCTOR_CONSEQUENCE_OF("several-gpus", "nomodeset", "gpu-without-driver"),
	  render_node_of_other_gpu },
};
const size_t doctor_vgpu_rules_len = VGPU_ARRAY_LEN(doctor_vgpu_rules);
