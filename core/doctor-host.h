/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the doctor's rules look at: everything that both seams say, read once. Pure rules follow.
 */

#include <stdint.h>
#include <vgpulab/doctor.h>
#include <vgpulab/host-facts.h>
#include <vgpulab/snapshot.h>
#include <vgpulab/version.h>

/** What can be done with a GPU of a family. */
enum doctor_gpu_kind {
	DOCTOR_GPU_GVTG, /* GVT-g */
	DOCTOR_GPU_OLD, /* before Broadwell: nothing but passing it whole */
	DOCTOR_GPU_ATOM, /* of that time, but left out */
	DOCTOR_GPU_GEN11, /* neither GVT-g nor SR-IOV */
	DOCTOR_GPU_SRIOV, /* virtual functions instead */
	DOCTOR_GPU_DISCRETE,
};

struct doctor_family {
	const char *name; /* "Coffee Lake" */
	enum doctor_gpu_kind kind;
	struct vgpu_version since; /* the first kernel whose GVT-g takes it */
	const uint16_t *ids; /* ends with 0; pairs FIRST, LAST if @ranges */
	bool ranges;
};

/** The family of an Intel device id, or NULL. Source: include/drm/i915_pciids.h */
const struct doctor_family *doctor_family_find(uint32_t device_id);

/** A PCI display device. */
struct doctor_gpu {
	char name[64]; /* "0000:00:02.0" */
	uint32_t vendor_id, device_id;
	char driver[64]; /* empty: none */
	const struct doctor_family *family; /* NULL: not Intel's, or unknown */
	unsigned int aperture_mib; /* BAR 2; 0: unknown */
	bool offers_types; /* mdev_supported_types is there */
};

/** A file of /etc/mdevctl.d. */
struct doctor_definition {
	char path[320], parent[64];
	struct vgpu_uuid uuid; /* empty: the name is none */
	char type[64];
	bool parsed, autostart;
	struct vgpu_node_fact node;
};

/** A UUID-named directory below a parent that is not on the mdev bus. */
struct doctor_ghost {
	char parent[64];
	struct vgpu_uuid uuid;
};

enum { DOCTOR_GPUS = 8, DOCTOR_DEFINITIONS = 256, DOCTOR_GHOSTS = 16 };

struct doctor_host {
	struct vgpu_backend *sysfs;
	struct vgpu_host_facts *facts;
	const struct vgpu_uuid *uuid; /* asked about; NULL: none */
	struct vgpu_snapshot *snapshot;
	const struct vgpu_instance *instance; /* of @uuid; NULL: not there, or none asked about */
	char *text[VGPU_FACTS_LEN]; /* never NULL; empty if unknown */
	int text_error[VGPU_FACTS_LEN]; /* 0 or the negative errno */
	char *modprobe, *boot_modules; /* all files of modprobe.d, and of what loads at boot */
	char *mounts;
	struct vgpu_version kernel, qemu, libvirt; /* all zero: unknown, or none */
	struct doctor_gpu gpus[DOCTOR_GPUS];
	size_t gpus_len;
	const struct doctor_gpu *gpu; /* the one to be divided; NULL: none */
	const struct vgpu_parent *parent; /* the same, or another kind of parent; NULL: none */
	char parent_name[64]; /* for messages: "0000:00:02.0" */
	char enable_gvt[8]; /* "Y", "N", "?" if unreadable, empty if i915 has no such parameter */
	char enable_guc[16]; /* empty: unknown */
	struct doctor_definition *definitions;
	size_t definitions_len;
	struct doctor_ghost ghosts[DOCTOR_GHOSTS];
	size_t ghosts_len;
};

/** Reads both seams. 0 with @host for doctor_host_finish(), or a negative errno. */
int doctor_host_init(struct doctor_host *host, struct vgpu_backend *sysfs,
		     struct vgpu_host_facts *facts, const struct vgpu_doctor_request *request,
		     struct vgpu_error *err);
void doctor_host_finish(struct doctor_host *host);

/** Reads /etc/mdevctl.d. 0 or -ENOMEM. */
int doctor_definitions_read(struct doctor_host *host);

/** What a rule that holds says of itself. */
struct doctor_answer {
	char evidence[400];
	char subject[320]; /* what {subject} in the remedy stands for */
};

/** Fills the evidence; returns true, so that a rule can end with it. */
bool doctor_says(struct doctor_answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** Fills the subject alone. */
void doctor_subject(struct doctor_answer *answer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Does the machine have that node? Fills @out if so. */
bool doctor_node(const struct doctor_host *host, const char *path, struct vgpu_node_fact *out);
/** Is there such a path below /sys? */
bool doctor_sysfs_has(const struct doctor_host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** Is the module loaded, or built in and visible? */
bool doctor_has_module(const struct doctor_host *host, const char *name);
/** The line of @text with @needle in it, for evidence. False if none has. */
bool doctor_line_with(const char *text, const char *needle, char *line, size_t size);
/** The value of the last NAME=VALUE on the kernel's command line, where - and _ are one. */
bool doctor_command_line(const struct doctor_host *host, const char *name, char *value,
			 size_t size);
/** The kernel is known and earlier than MAJOR.MINOR. */
bool doctor_kernel_before(const struct doctor_host *host, unsigned int major, unsigned int minor);
/** Is @program, a version that is known (not 0.0), earlier than MAJOR.MINOR? */
bool doctor_version_before(struct vgpu_version version, unsigned int major, unsigned int minor);

/** The rows, by what they are about. */
extern const struct vgpu_doctor_rule doctor_machine_rules[], doctor_kernel_rules[],
	doctor_vgpu_rules[], doctor_program_rules[], doctor_definition_rules[];
extern const size_t doctor_machine_rules_len, doctor_kernel_rules_len, doctor_vgpu_rules_len,
	doctor_program_rules_len, doctor_definition_rules_len;

/** consequence_of in a row. */
#define DOCTOR_CONSEQUENCE_OF(...) \
	(const char *const[])      \
	{                          \
		__VA_ARGS__, NULL  \
	}
