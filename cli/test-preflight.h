/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/error.h>

#include "cli.h"

/**
 * Before anything is run on a real host: do vGPUs work there at all? Asks the doctor about @parent,
 * and says what it warns of. 0, or an exit code after it was said what is wrong.
 */
int cli_test_preflight(const struct cli_globals *globals, const char *parent);
