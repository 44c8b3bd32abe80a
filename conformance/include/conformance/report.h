/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <conformance/conformance.h>

/**
 * Runs the suite and prints the fidelity report on standard output: what is not the same, and
 * counts. Returns the exit code: 0, 1 for differences, 2 if the suite could not run.
 */
int conformance_report(const struct conformance_options *options);

/** Prints docs/fidelity.md: every case, where its expectation comes from, and accepted differences. */
void conformance_page(void);
