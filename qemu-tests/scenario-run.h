/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs one scenario, from a missing need to the last frame.
 */

#include "expectations.h"
#include "needs.h"
#include "progress.h"
#include "verdict.h"

/** Name of a guest's initramfs in the output directory: for its own program, or with a driver. */
#define QT_INITRAMFS_FORMAT "initramfs%s%s.cpio"

struct qt_runner {
	const struct qt_options *options;
	struct qt_needs needs;
	struct qt_progress progress;
	const char *accel;
	const char
		*packed_kernel; /* the kernel as the distribution packs it; NULL: there is none */
	struct qt_expectations expectations;
	int out_fd;
	int note_fd; /* where vGPUs are noted before they are made: scenario-keeper.h */
};

/** The failure of a scenario for which there was no room on the GPU. */
#define QT_FAULT_NO_ROOM "no-room"

/** Probes what the scenario needs, to know it already when it runs. */
void qt_scenario_probe_needs(struct qt_runner *runner, const struct qt_scenario *scenario);

/**
 * Fills @result, whose scenario is set; and @beside with that of the scenario beside it, if it has
 * one (else NULL). What goes wrong is part of the results.
 */
void qt_scenario_run(struct qt_runner *runner, struct qt_result *result, struct qt_result *beside);
