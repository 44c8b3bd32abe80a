/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Outside judges: programs of others, run in the guest, whose findings about the vGPU must be sane.
 * Each is the function of an action.
 */

#include "compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_action_run;
struct qt_image;

/** Is this, pixel for pixel but for the launchers, Weston's desktop as it was configured? */
bool qt_judge_sees_desktop(const struct qt_image *image);
/** How a picture that is not that desktop is wrong; QT_FAULT_PIXELS if nothing is known of it. */
enum qt_fault qt_judge_desktop_fault(const struct qt_image *image, uint32_t width_px,
				     uint32_t height_px);
/** Are these modetest's colour bars? */
bool qt_judge_sees_bars(const struct qt_image *image);

/** Weston shows its panel and its background, in the colours that it was given, and ends well. */
int qt_judge_desktop(const struct qt_action_run *run, struct vgpu_error *err);
/** modetest lists one connected monitor whose preferred mode is the step's, at 60 Hz. */
int qt_judge_modes(const struct qt_action_run *run, struct vgpu_error *err);
/** modetest shows its colour bars, which QEMU's screendump must show exactly. */
int qt_judge_bars(const struct qt_action_run *run, struct vgpu_error *err);
/** modetest flips pages at 60 Hz. */
int qt_judge_flips(const struct qt_action_run *run, struct vgpu_error *err);
/** modetest moves a cursor. */
int qt_judge_cursor(const struct qt_action_run *run, struct vgpu_error *err);
/** modetest shows something on a sprite plane. */
int qt_judge_planes(const struct qt_action_run *run, struct vgpu_error *err);
/** intel_reg reads registers whose values are known. */
int qt_judge_registers(const struct qt_action_run *run, struct vgpu_error *err);
/** intel_gtt lists the GGTT. */
int qt_judge_ggtt(const struct qt_action_run *run, struct vgpu_error *err);
/** lsgpu finds the card. */
int qt_judge_cards(const struct qt_action_run *run, struct vgpu_error *err);
