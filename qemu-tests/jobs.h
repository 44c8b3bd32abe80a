/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs a plan, some scenarios at a time, each in a process of its own: one that hangs or dies takes
 * no other with it, and dies with us however we end.
 */

#include "plan.h"
#include "scenario-run.h"

/**
 * As many as the cores and the free memory allow; at least one. Where nobody has set a number, one that only waits
 * for a while makes room for another meanwhile.
 */
unsigned int qt_jobs_default(void);

/**
 * Runs the plan and adds its results to @verdict, in the plan's order, and each to the journal as
 * soon as it is there. 0, or a negative errno with @err filled if the run could not go on.
 */
int qt_jobs_run(struct qt_runner *runner, const struct qt_plan *plan, struct qt_verdict *verdict,
		struct vgpu_error *err);
