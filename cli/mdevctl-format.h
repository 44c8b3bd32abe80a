/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Listings as mdevctl 1.2.0 prints them. Programs read these: libvirt does.
 */

#include <stdbool.h>

struct vgpu_devices;
struct vgpu_snapshot;

/** @single: one device alone is printed as its definition file. */
void cli_mdevctl_print_devices_json(const struct vgpu_devices *devices, bool single);
/** @active: what is listed is what runs, so that what is defined is marked; else the other way. */
void cli_mdevctl_print_devices(const struct vgpu_devices *devices, bool active, bool verbose);
/** Of one parent, or of all if @parent is NULL. */
void cli_mdevctl_print_types_json(const struct vgpu_snapshot *snapshot, const char *parent);
void cli_mdevctl_print_types(const struct vgpu_snapshot *snapshot, const char *parent);
