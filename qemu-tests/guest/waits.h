/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's own word on whether its driver waited in vain for hardware: every return of i915's
 * two functions that wait for a register is looked at.
 */

/** Begins to look, before the driver is loaded. Kernels that cannot are left alone. */
void guest_waits_watch(void);

/** How many waits ran into their timeout, -1 if nobody looks; @all is how many there were. */
long guest_waits_timed_out(long *all);
