/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <conformance/conformance.h>

/**
 * Runs the suite and prints the fidelity report on standard output: as lines, or as the tables of
 * docs/fidelity.md. Returns the exit code: 0, 1 for differences, 2 if the suite could not run.
 */
int conformance_report(const struct conformance_options *options, bool markdown);
