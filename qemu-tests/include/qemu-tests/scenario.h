/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the harness can run. A scenario is a row of a table: one guest boot on one display path, with
 * some pictures shown one after the other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { QT_SCENARIO_STEPS_MAX = 12, QT_SCENARIO_NEEDS_MAX = 4 };

/**
 * Some frames of one mode. Before them the guest may go through something: a row of actions.c, done
 * @times times the run's --repeat.
 */
struct qt_step {
	uint32_t width_px, height_px; /* 0: nothing is shown; without an action, no more steps */
	const char *format; /* DRM fourcc: "XR24"; NULL: that */
	const char *tiling; /* "linear", "x", "y", "yf"; NULL: linear */
	unsigned int frames; /* 0: one */
	bool cursor; /* a cursor that moves from frame to frame */
	bool every_mode; /* of the display, not larger than this one */
	bool every_layout; /* in each layout that the display has, of these formats and this tiling */
	bool keep; /* what was shown before the action must be there again */
	bool console; /* not the card, but text on the kernel's own console */
	bool blitter; /* the GPU draws the card, not the CPU */
	bool aperture; /* the CPU draws it through the GPU's aperture */
	bool sprite; /* its middle is on a sprite plane */
	unsigned int rotation; /* the plane turns it by so many degrees */
	const char *action; /* "reload"; NULL: none */
	unsigned int times; /* 0: once */
};

struct qt_scenario {
	const char *name; /* "region-1024x768" */
	const char *summary; /* one line: the spirit of it */
	const char *path; /* name of a display path */
	const char
		*driver; /* the guest's driver, a row of guest-drivers.c; NULL: its own program */
	bool remote; /* no kernel: the guest's own program runs beside QEMU, by qtest */
	bool packed_kernel; /* QEMU enters an unpacked one past what waking from S3 needs */
	unsigned int cpus; /* of the guest; 0: one */
	const char *needs[QT_SCENARIO_NEEDS_MAX]; /* beyond the path's */
	const char *type; /* glob over mdev types: others cannot do it; NULL: all can */
	const char *beside; /* a scenario whose guest runs at the same time; NULL: none */
	const char *refused; /* what must be refused, a row of refusals.c; NULL: it must work */
	const char *refusal; /* the words that QEMU must refuse it with */
	const char *libvirt_refusal; /* the same through libvirt */
	const char *without_libvirt; /* why it is not tried there, if its path has a domain */
	bool on_request; /* runs only if it is selected by its full name */
	struct qt_step steps[QT_SCENARIO_STEPS_MAX];
};

/** The scenario that is listed after @before, NULL behind the last; the first if @before is NULL. */
const struct qt_scenario *qt_scenario_next(const struct qt_scenario *before);

/** How many there are. */
size_t qt_scenario_count(void);

/** Goes through all of them, in the order in which they are listed. */
#define qt_for_each_scenario(scenario)                                              \
	for (const struct qt_scenario *scenario = qt_scenario_next(NULL); scenario; \
	     scenario = qt_scenario_next(scenario))

/** The scenario of that name, or NULL. */
const struct qt_scenario *qt_scenario_find(const char *name);

/** The step at @index, or NULL behind the last. */
const struct qt_step *qt_scenario_step(const struct qt_scenario *scenario, size_t index);

/** Does one of these globs select the scenario? No globs: all but those on request. */
bool qt_scenario_selected(const struct qt_scenario *scenario, char *const *globs, size_t globs_len);

/** Does this scenario, its display path included, need @need? */
bool qt_scenario_needs(const struct qt_scenario *scenario, const char *need);

/** Why it cannot run through libvirt, as a clause; NULL: it can. */
const char *qt_scenario_without_libvirt(const struct qt_scenario *scenario);

/** Tells all about it, for people. */
void qt_scenario_describe(FILE *f, const struct qt_scenario *scenario);

/**
 * How all of the selected scenarios want their vGPUs to show themselves, "dmabuf" or "region"; NULL
 * if some want this and some that, or none cares.
 */
const char *qt_selection_display(char *const *globs, size_t globs_len);

/** Does any of the selected scenarios need a vGPU? */
bool qt_selection_needs_vgpu(char *const *globs, size_t globs_len);
