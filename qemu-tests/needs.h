/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a scenario needs of the machine. A need is a row with a probe that tries the thing; it is
 * probed when first asked for, and once.
 */

#include <stdbool.h>
#include <stddef.h>

enum { QT_NEEDS_MAX = 16 };

/** What probes look at, and what they found. Zero-initialise the states. */
struct qt_needs {
	const char *qemu; /* a program name or path */
	const char *kernel; /* a file; NULL: there is none in guest_dir */
	const char *guest_dir, *init;
	struct {
		bool probed, met;
		char why[200]; /* why it is not met, and the cure */
	} states[QT_NEEDS_MAX];
};

struct qt_need {
	const char *name;
	const char *summary;
	/** Tries it. If it fails, writes why and what to do. */
	bool (*probe)(const struct qt_needs *needs, char *why, size_t why_size);
};

extern const struct qt_need qt_need_rows[];
extern const size_t qt_need_rows_len;

/** Is the need met? If not, *why (may be NULL) says why not. */
bool qt_needs_met(struct qt_needs *needs, const char *name, const char **why);

/**
 * The render node that QEMU takes when it is told none, or why there is none that does.
 */
bool qt_drm_render_node(char *path, size_t size, char *why, size_t why_size);
/** The probe of "drm": such a node is there. */
bool qt_probe_drm(const struct qt_needs *needs, char *why, size_t why_size);

/**
 * The probe of "kvm": QEMU with -accel kvm runs the guest's kernel up to where it wants a root; without
 * a kernel, firmware. It is killed when that takes too long: KVM may be there and hang, early or late.
 */
bool qt_probe_kvm(const struct qt_needs *needs, char *why, size_t why_size);
