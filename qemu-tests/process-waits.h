/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/**
 * For how long, all in all, threads of this process have been ready to run while others had the
 * processors; 0 if the kernel does not tell. Source: Documentation/scheduler/sched-stats.rst
 */
unsigned int qt_process_waited_ms(pid_t pid);

/** For how long this thread has run, all in all; 0 if the kernel does not tell. */
unsigned int qt_thread_ran_ms(pid_t thread);
