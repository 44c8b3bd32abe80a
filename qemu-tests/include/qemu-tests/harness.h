/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The harness: boots a guest with a vGPU, captures what each display path shows, and judges it.
 * It sees only what a host shows (/sys, /dev/vfio, QEMU), real or fake.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

#include "scenario.h"

struct json_object;
struct qt_verdict;

struct qt_options {
	const char *out_dir; /* pictures, logs, report.html, verdict.json; made if missing */
	const char
		*guest_dir; /* what guest/fetch-kernel filled; NULL: where one is, see README.md */
	const char *kernel; /* guest kernel image; NULL: the one in guest_dir */
	const char *guest_image; /* a disk of somebody's system, in the place of our guest; NULL */
	const char *init; /* static guest program; NULL: the one that came with us */
	const char *qemu; /* NULL: qemu-system-x86_64 in PATH */
	const char *accel; /* "tcg", "kvm"; NULL: kvm if a probe really ran on it, else tcg */
	const char *machine; /* "pc" or "q35"; NULL: pc */
	bool through_libvirt; /* domains that virsh starts, not command lines of ours */
	bool guarded; /* a real host: its kernel is watched, and nothing runs on an unsound one */
	const char *kernel_log; /* of that kernel; NULL: /dev/kmsg */
	double patience; /* times the time that steps may take; 0: as was measured */
	const char *parent; /* parent device; NULL: the only one */
	const char *type; /* mdev type; NULL: the smallest that has the scenario's modes */
	char *const *select; /* globs over scenario names */
	size_t select_len; /* 0: all but those on request */
	const char *need; /* only scenarios with this need; NULL: all */
	bool shuffle; /* in an order that follows from the seed */
	uint64_t seed;
	unsigned int rounds; /* of the whole selection; 0: one */
	unsigned int shard, shards; /* from 1; 0, 0: all */
	const char *expect; /* file of expected failures and flaky scenarios; NULL: none */
	bool only_failed; /* in the last run in out_dir */
	bool resume; /* that run, which was cut off */
	unsigned int jobs; /* scenarios at a time; 0: as many as the cores and the memory allow */
	unsigned int repeat; /* how many times as often scenarios do what they do; 0: once */
	const char *tamper; /* self-test: fault that the guest draws on purpose; NULL: none */
	const char *host; /* what this runs on, for the report: "fake kaby-lake", "this machine" */
	/* for repeat.sh, NULL-terminated; both may be NULL: */
	char *const *command; /* what repeats this run but for scenario and output directory */
	char *const *enter; /* what runs a program where this runs: "vgpulab", "run", ..., "--" */
	FILE *progress; /* where to say how far it is; NULL: nowhere */
};

/**
 * Runs the selected scenarios and writes verdict.json and report.html. 0 with *@out to be destroyed
 * by the caller, whatever the verdict; or a negative errno with @err filled if nothing could run:
 * VGPU_ERROR_USAGE if no scenario is selected or the tampering has no such name.
 */
int qt_run(const struct qt_options *options, struct qt_verdict **out, struct vgpu_error *err);

/**
 * From here on SIGINT, SIGTERM and SIGHUP end a running qt_run() soon: what it made is removed, what it
 * found is reported. SIGPIPE does nothing.
 */
void qt_catch_signals(void);
/** Which of them has come; 0: none. */
int qt_caught_signal(void);

void qt_verdict_destroy(struct qt_verdict *verdict);
VGPU_DEFINE_DESTROYP(qt_verdict)

struct qt_counts {
	unsigned int passed, failed, skipped;
	unsigned int known; /* failed as expected */
};

/** How many scenarios came out how. */
struct qt_counts qt_verdict_counts(const struct qt_verdict *verdict);
/** All of them in a word: "FAIL"; "PASS"; "SKIP" if none could run. */
const char *qt_counts_word(const struct qt_counts *counts);
/**
 * How long the run took, and how often what it would do if its guests just booted, on all cores: "138.0 s, 3 at a
 * time: 1.50 times its guests' boots (184.0 s) on 2 cores". Returns @buffer.
 */
const char *qt_verdict_time(const struct qt_verdict *verdict, char *buffer, size_t size);
/** The first skipped scenario's reason, "" if none was skipped. Valid as long as @verdict. */
const char *qt_verdict_skip_reason(const struct qt_verdict *verdict);
/** Is "NAME" or "NAME:FILE" a format for results? */
bool qt_format_exists(const char *wish);
/** Can it be written there? FILE is made if there is none. 0, or a negative errno with @err filled. */
int qt_format_check(const char *wish, struct vgpu_error *err);
/** Writes the results so, into FILE or to standard output. */
int qt_verdict_format(const struct qt_verdict *verdict, const char *wish, struct vgpu_error *err);
/** The verdict as verdict.json has it; put by the caller. */
struct json_object *qt_verdict_json(const struct qt_verdict *verdict);
