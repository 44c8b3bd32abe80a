/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time as the harness uses it: points of CLOCK_MONOTONIC in milliseconds. Everything that waits
 * takes such a point as its deadline, so that nested waits share one budget.
 */

#include <stdbool.h>
#include <stdint.h>

int64_t qt_now_ms(void);

/** How many cores this process may use. */
unsigned int qt_cores(void);

/**
 * What is left until @deadline_ms, for poll(2): never negative. 0 once the run is interrupted, so
 * that all waiting ends.
 */
int qt_left_ms(int64_t deadline_ms);
/** The same for cleaning up, which an interruption does not cut short. */
int qt_left_to_clean_up_ms(int64_t deadline_ms);

/**
 * Measures how slow this machine is now, for qt_deadline_ms(): a loaded or emulated one gets more
 * time. @jobs is how many scenarios will share its cores.
 */
void qt_patience_measure(unsigned int jobs);
/** Sets it, instead. */
void qt_patience_set(double factor);
/** What was measured: 1 for a machine that is as fast as time spans are made for; never less. */
double qt_patience(void);
/** The point of time in @span_ms, or later on a slow machine. */
int64_t qt_deadline_ms(int64_t span_ms);

/** Has one of the signals come that qt_catch_signals() catches? */
bool qt_interrupted(void);
