/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seccomp filter: which system calls stop and ask the supervisor. Kept apart from its
 * installation so that tests can run it over any call.
 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Device descriptors get numbers from this range, which the filter can compare: high, so that
 * programs do not come across them by themselves, and below the usual RLIMIT_NOFILE of 1024.
 */
#define FV_DEVICE_NUMBER_FIRST 960
#define FV_DEVICE_NUMBERS      64

#define FV_FILTER_MAX 64

/** Writes the filter's program, see fv_filter_install(). Its length, at most FV_FILTER_MAX. */
size_t fv_filter_program(bool nodes, struct sock_filter *out);
