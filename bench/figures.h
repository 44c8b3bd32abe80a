/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Figures that another program measures, for it must run somewhere else: in `vgpulab run`, for instance.
 */

#include <stdbool.h>
#include <stddef.h>

/** Runs @argv, which must print @len numbers first. False if it does not. */
bool figures_of(char *const *argv, double *figures, size_t len);
