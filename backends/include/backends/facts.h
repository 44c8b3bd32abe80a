/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sources of host facts: the machine itself, and bundles, which hold what both seams said once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/host-facts.h>

/** The machine that this runs on. *@out is released with (*out)->impl->destroy(*out). */
int vgpu_facts_real_open(struct vgpu_host_facts **out, struct vgpu_error *err);

/** What was recorded: JSON with facts, nodes, files and sysfs (vgpulab-doctor(1) describes it). */
struct vgpu_bundle;

/** An empty bundle: a machine without anything. NULL without memory. */
struct vgpu_bundle *vgpu_bundle_create(void);
/**
 * Takes over what the JSON text says, as a merge patch: members are added or replaced, null removes
 * one. 0; -EINVAL with @err filled and the bundle as it was if it is no bundle.
 * Source: RFC 7396
 */
int vgpu_bundle_merge(struct vgpu_bundle *bundle, const char *text, size_t len,
		      struct vgpu_error *err);
/** Its two seams; they live as long as the bundle and must not be destroyed. */
struct vgpu_host_facts *vgpu_bundle_facts(struct vgpu_bundle *bundle);
struct vgpu_backend *vgpu_bundle_sysfs(struct vgpu_bundle *bundle);
/** Does it say anything of /sys? One that does not can go with another tree. */
bool vgpu_bundle_has_sysfs(const struct vgpu_bundle *bundle);
void vgpu_bundle_destroy(struct vgpu_bundle *bundle);
VGPU_DEFINE_DESTROYP(vgpu_bundle)

/** Two seams that pass everything on to others and keep the answers. */
struct vgpu_recording;

/** Records @facts and @sysfs, which must outlive it. NULL without memory. */
struct vgpu_recording *vgpu_recording_create(struct vgpu_host_facts *facts,
					     struct vgpu_backend *sysfs);
struct vgpu_host_facts *vgpu_recording_facts(struct vgpu_recording *recording);
struct vgpu_backend *vgpu_recording_sysfs(struct vgpu_recording *recording);
/** The bundle so far, valid until the next call or the end. NULL without memory. */
const char *vgpu_recording_text(struct vgpu_recording *recording);
void vgpu_recording_destroy(struct vgpu_recording *recording);
VGPU_DEFINE_DESTROYP(vgpu_recording)
