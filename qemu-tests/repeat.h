/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * repeat.sh: what a person needs to see a result again.
 */

#include "verdict.h"

/** Writes it into the scenario's directory @dir_fd. */
int qt_repeat_write(const struct qt_options *options, const struct qt_result *result, int dir_fd,
		    struct vgpu_error *err);
