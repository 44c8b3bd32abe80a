/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "process.h"

/** The result of syslog(2) in @process, whose kernel's log is @log: a value or a negative errno. */
int64_t fv_kernel_log_answer(struct fv_process *process, const char *log, int action,
			     uint64_t address, int len);
