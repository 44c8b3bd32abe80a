/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What came out of a run: plain data, filled by those who run, read by those who report.
 */

#include "argv.h"
#include "boot-display.h"
#include "compare.h"

#include <json-c/json.h>
#include <qemu-tests/harness.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qt_outcome { QT_PASSED, QT_FAILED, QT_SKIPPED };

/** "PASS", "FAIL", "SKIP". */
const char *qt_outcome_name(enum qt_outcome outcome);

enum { QT_SHOTS_MAX = 6, QT_PICTURE_LEN = 64 };

/** What one capture saw of one frame. Pictures are files in the scenario's directory. */
struct qt_shot {
	const char *capture;
	struct qt_judgement judgement;
	unsigned int duration_ms;
	bool by_checksum; /* there was no picture to look at */
	char picture[QT_PICTURE_LEN]; /* what was captured; empty: it is the expected picture */
	char diff[QT_PICTURE_LEN]; /* empty if nothing differs */
};

/** Has the guest in its own memory what it was told to show? Tells who is to blame. */
enum qt_guest_copy { QT_GUEST_COPY_UNKNOWN, QT_GUEST_COPY_RIGHT, QT_GUEST_COPY_WRONG };

struct qt_frame {
	struct qt_shown shown;
	char tiling[8];
	bool passed;
	enum qt_fault fault;
	char reason[300]; /* what is wrong, for people */
	char expected[QT_PICTURE_LEN];
	struct qt_shot shots[QT_SHOTS_MAX];
	size_t shots_len;
	enum qt_guest_copy guest_copy;
	unsigned int show_ms; /* from the command to the guest's answer */
};

struct qt_result {
	const struct qt_scenario *scenario;
	enum qt_outcome outcome;
	char fault[32]; /* a fault's name, or the stage that failed: "no-boot" */
	char reason[400];
	char hint[400];
	char known[120]; /* why it is expected to fail, and does; such a failure is none */
	unsigned int round; /* of --rounds, from 1 */
	unsigned int attempts; /* how often it was tried, if more than once: it is flaky */
	char dir[80]; /* below the output directory; empty if nothing was started */
	struct qt_argv argv; /* QEMU's; empty if it was not started */
	char parent[64], type[64], uuid[40];
	char accel[8], qemu_version[32], guest[200];
	char notes[400]; /* what was measured on the way: "60.00 Hz, 2 x reload" */
	/* from the start to QMP, to the guest, to the last picture, to the end */
	unsigned int qemu_ms, guest_ms, steps_ms, total_ms;
	unsigned int reboots_ms; /* from each further reset to the guest, together */
	struct qt_boot_display boot_display; /* looks are 0 if the path has none */
	struct qt_frame *frames;
	size_t frames_len;
};

struct qt_verdict {
	char host[128], kernel[128], tamper[32];
	char machine[8], through[8]; /* "pc", "q35"; "qemu", "libvirt" */
	char started[40]; /* date and time, ISO 8601, UTC */
	unsigned int total_ms;
	unsigned int boots_before_ms; /* of a run that this one went on with: not in total_ms */
	int tier; /* what its results are worth: host-watch.h */
	unsigned int jobs; /* scenarios at a time, at most */
	unsigned int cores; /* that all of it may use */
	struct qt_result *results;
	size_t results_len;
};

/** How all of them came out: what qt_counts_word() says. */
enum qt_outcome qt_counts_outcome(const struct qt_counts *counts);
/** What all guests together took from QEMU's start, and from each further reset, to their own "ready". */
unsigned int qt_verdict_boots_ms(const struct qt_verdict *verdict);
/** Adds an empty result; NULL if memory is short. Valid until the next addition. */
struct qt_result *qt_verdict_add(struct qt_verdict *verdict, const struct qt_scenario *scenario);
/** Forgets what came out, to try again. */
void qt_result_reset(struct qt_result *result);
/** A result as verdict.json has it; put by the caller. */
json_object *qt_result_json(const struct qt_result *result);
/** The reverse. @out is overwritten; on failure (-EBADMSG, -ENOMEM) it is empty. */
int qt_result_parse(json_object *object, struct qt_result *out);
/** Releases what a result holds. */
void qt_result_finish(struct qt_result *result);
/** Adds an empty frame, likewise. */
struct qt_frame *qt_result_add_frame(struct qt_result *result);

/** Its QEMU cannot be killed: it hangs in the kernel, and so would whoever removed its vGPU. */
#define QT_FAULT_QEMU_STUCK "qemu-stuck"

/** Sets the outcome to failed, unless it has failed before: the first failure is the one to read. */
void qt_result_fail(struct qt_result *result, const char *fault, const struct vgpu_error *err);

/** Adds to what is told of a result beside its verdict; what does not fit is cut. */
void qt_result_note(struct qt_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Writes verdict.json below @dir_fd. */
int qt_verdict_write(const struct qt_verdict *verdict, int dir_fd, struct vgpu_error *err);
