/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel broadcasts when devices come, go and change. Pure: messages are made here and
 * sent by somebody else. A message is "ACTION@DEVPATH" and KEY=VALUE strings, each with its NUL,
 * in the kernel's order; SEQNUM is missing, which the kernel adds when it broadcasts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host.h"

enum {
	FAKE_UEVENT_KEYS_MAX = 64, /* SEQNUM counts */
	FAKE_UEVENT_SIZE = 2048, /* of a whole message */
	FAKE_MODALIAS_SIZE = 64,
	FAKE_CDEV_MAJOR = 511, /* of vfio-dev's; the kernel takes the highest that is free */
	FAKE_MISC_MAJOR = 10, /* Source: linux/major.h */
	FAKE_IOMMU_MINOR = 124, /* of dev/iommu; the kernel takes one below 128 that is free */
};

/** The driver that a kernel binds vGPUs to: the parent's own, or vfio_mdev for all. */
const char *fake_mdev_driver(unsigned int kernel, const struct fake_gpu_profile *profile);

/** Gets a message. */
typedef void (*fake_uevent_sink)(void *data, const char *message, size_t len);

struct fake_uevent {
	const char *action; /* "add" */
	const char *devpath; /* without /sys */
	const char *subsystem;
	const char *extra; /* lines of KEY=VALUE that belong to this event; may be NULL */
	const char *keys; /* lines of KEY=VALUE that belong to the device; may be NULL */
};

/**
 * Makes a message. Returns its length, or -ENOMEM if it is longer than the kernel allows.
 * Source: lib/kobject_uevent.c, kobject_uevent_env(); an unbind has no MODALIAS: zap_modalias_env()
 */
ssize_t fake_uevent_format(const struct fake_uevent *event, char *buffer, size_t size);

/** The parts in which a creation, or a registration, is told: between them more of the device appears. */
enum fake_uevent_part {
	FAKE_UEVENTS_OF_DEVICE,
	FAKE_UEVENTS_OF_GROUP,
	FAKE_UEVENTS_OF_DRIVER,
	FAKE_UEVENT_PARTS,
};

/**
 * Makes the messages that belong to what the host has told, in order. @part: of a creation or a registration, else
 * FAKE_UEVENTS_OF_DEVICE. @parent is the GPU concerned.
 * Source: recordings of Linux 6.1, fixtures/uevents
 */
void fake_uevents_of_host(unsigned int kernel, enum fake_host_event event,
			  enum fake_uevent_part part, const struct fake_vgpu_info *vgpu,
			  const struct fake_gpu_config *parent, fake_uevent_sink sink, void *data);

/**
 * Reads what was written to a `uevent` file: "ACTION[ UUID[ KEY=VALUE]...]". 0 with the action and
 * the lines that it adds (SYNTH_UUID, SYNTH_ARG_KEY), or -EINVAL.
 * Source: lib/kobject_uevent.c, kobject_synth_uevent()
 */
int fake_uevent_parse_synthetic(const char *text, size_t len, const char **action, char *extra,
				size_t size);

/** "pci:v00008086d...": what modules are looked for with. Source: pci-sysfs.c, modalias_show() */
void fake_uevent_modalias(const struct fake_gpu_profile *profile, char text[FAKE_MODALIAS_SIZE]);
