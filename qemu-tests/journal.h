/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a run has finished so far, a line of JSON each: a run that is cut off, however hard, can go
 * on from there.
 */

#include "verdict.h"

#define QT_JOURNAL "journal.jsonl"

/** Begins a new journal below @dir_fd, of the run that @verdict describes. */
int qt_journal_begin(int dir_fd, const struct qt_verdict *verdict, struct vgpu_error *err);

/** Adds a result to the journal below @dir_fd. */
int qt_journal_add(int dir_fd, const struct qt_result *result, struct vgpu_error *err);

/**
 * Adds what the journal has to @verdict. A line that was cut off, or that names no scenario, is
 * passed over: it was not finished. -ENOENT if there is no journal; -EINVAL if @verdict describes a
 * run, and that is another: results of a fake host and of a real one are never in one verdict.
 */
int qt_journal_read(int dir_fd, struct qt_verdict *verdict, struct vgpu_error *err);
