/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-steps.h"

#include "actions.h"
#include "clock.h"
#include "frame.h"
#include "guest-console.h"
#include "launch.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* The next picture: a new nonce for each mode, a new number for each frame. */
static struct qt_shown next_shown(struct qt_scenario_state *run, const struct qt_step *step,
				  uint64_t nonce)
{
	uint32_t number = (uint32_t)run->result->frames_len + 1;
	struct qt_shown shown = {
		.card = { step->width_px, step->height_px, nonce, number, -1, -1 },
	};

	snprintf(shown.format, sizeof(shown.format), "%s", step->format ? step->format : "XR24");
	if (step->cursor) {
		shown.card.cursor_x_px = (int)(number * 211 % (step->width_px - 64));
		shown.card.cursor_y_px = (int)(number * 97 % (step->height_px - 64));
	}
	return shown;
}

static int remember(struct qt_scenario_state *run, const struct qt_shown *shown)
{
	struct qt_shown *earlier =
		reallocarray(run->earlier, run->earlier_len + 1, sizeof(*earlier));

	if (!earlier)
		return -ENOMEM;
	memmove(earlier + 1, earlier, run->earlier_len * sizeof(*earlier));
	*earlier = *shown;
	run->earlier = earlier;
	run->earlier_len++;
	return 0;
}

/* A frame to be judged, of a picture yet to be shown, or once more of the one that was. */
static struct qt_frame *add_frame(struct qt_scenario_state *run, const struct qt_step *step,
				  uint64_t nonce)
{
	struct qt_shown shown = step->keep ? run->earlier[0] : next_shown(run, step, nonce);
	struct qt_frame *frame = qt_result_add_frame(run->result);

	if (!frame || (!step->keep && remember(run, &shown)))
		return NULL;
	if (!step->keep)
		snprintf(run->tiling, sizeof(run->tiling), "%s",
			 step->tiling ? step->tiling : "linear");
	frame->shown = shown;
	memcpy(frame->tiling, run->tiling, sizeof(frame->tiling));
	return frame;
}

static int run_frame(struct qt_scenario_state *run, const struct qt_step *step, uint64_t nonce,
		     struct vgpu_error *err)
{
	struct qt_frame *frame = add_frame(run, step, nonce);
	/* the first frame is always drawn well: "stale" needs something old to show */
	struct qt_frame_request request = {
		.vm = run->vm,
		.path = run->path,
		.keep = step->keep,
		.console = step->console,
		.blitter = step->blitter,
		.aperture = step->aperture,
		.sprite = step->sprite,
		.rotation = step->rotation,
		.tamper = run->result->frames_len > 1 ? run->runner->options->tamper : NULL,
		.earlier = run->earlier + 1,
		.earlier_len = run->earlier_len - 1,
		.number = (unsigned int)run->result->frames_len,
		.dir_fd = run->dir_fd,
	};
	int r;

	if (!frame)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "judging a frame");
	qt_progress_step(&run->runner->progress, "frame %u, %ux%u", request.number,
			 frame->shown.card.width_px, frame->shown.card.height_px);
	r = qt_frame_run(&request, frame, err);
	if (!r && !frame->passed) {
		struct vgpu_error wrong = { 0 };

		vgpu_error_set(&wrong, VGPU_ERROR_FAILED, 0, "frame %u: %s", request.number,
			       frame->reason);
		qt_result_fail(run->result, qt_fault_name(frame->fault), &wrong);
	}
	return r;
}

static int run_frames(struct qt_scenario_state *run, const struct qt_step *step,
		      struct vgpu_error *err)
{
	uint64_t nonce;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "getrandom: %s",
				      strerror(errno));
	for (unsigned int frame = 0; frame < (step->frames ? step->frames : 1); frame++) {
		int r = run_frame(run, step, nonce, err);

		if (r)
			return r;
	}
	return 0;
}

/* The step once for each size that the display tells of, the largest first. */
static int run_every_mode(struct qt_scenario_state *run, const struct qt_step *step,
			  struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN], *rest = answer;
	struct qt_step one = { .width_px = 0 };
	int r = qt_console_command(qt_vm_console(run->vm), "modes", qt_deadline_ms(QT_BOOT_MS),
				   answer, err);

	for (char *word; !r && (word = strsep(&rest, " "));) {
		unsigned int width_px, height_px;

		if (sscanf(word, "%ux%u", &width_px, &height_px) != 2 ||
		    width_px > step->width_px || height_px > step->height_px ||
		    (width_px == one.width_px && height_px == one.height_px))
			continue;
		one = *step;
		one.width_px = width_px;
		one.height_px = height_px;
		r = run_frames(run, &one, err);
	}
	if (!r && !one.width_px)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
				   "the guest's display tells of no mode up to %ux%u",
				   step->width_px, step->height_px);
	return r;
}

/* The step once for each format, and each tiling of it, that the display tells of and it wants. */
static int run_every_layout(struct qt_scenario_state *run, const struct qt_step *step,
			    struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN], *rest = answer;
	struct qt_step one = *step;
	unsigned int layouts = 0;
	int r = qt_console_command(qt_vm_console(run->vm), "layouts", qt_deadline_ms(QT_BOOT_MS),
				   answer, err);

	for (char *word; !r && (word = strsep(&rest, " "));) {
		char *tilings = strchr(word, '=');

		if (!tilings)
			continue;
		*tilings++ = '\0';
		if (step->format && !strstr(step->format, word))
			continue;
		one.format = word;
		while (!r && (one.tiling = strsep(&tilings, ",")) != NULL) {
			if (step->tiling && strcmp(step->tiling, one.tiling) != 0)
				continue;
			r = run_frames(run, &one, err);
			layouts++;
		}
	}
	if (!r && !layouts)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
				   "the guest's display tells of no layout that is asked for");
	if (!r)
		qt_result_note(run->result, "%u layouts at %ux%u", layouts, step->width_px,
			       step->height_px);
	return r;
}

static void take_log_line(void *data, const char *line)
{
	qt_guest_log_take(data, line);
}

/* What the guest's kernel has said since the last time. It says so once. */
static int read_guest_log(struct qt_scenario_state *run, struct vgpu_error *err)
{
	struct qt_console *console = qt_vm_console(run->vm);
	int r;

	if (!run->driver)
		return 0;
	qt_console_listen(console, take_log_line, &run->log);
	r = qt_console_command(console, "dmesg level=7 new=1", qt_deadline_ms(QT_BOOT_MS), NULL,
			       err);
	qt_console_listen(console, NULL, NULL);
	return r;
}

static int run_action(struct qt_scenario_state *run, const struct qt_step *step,
		      struct vgpu_error *err)
{
	const struct qt_action *action = qt_action_find(step->action);
	unsigned int repeat = run->runner->options->repeat;
	unsigned int times = (step->times ? step->times : 1) * (repeat ? repeat : 1);
	struct qt_action_run request = {
		.vm = run->vm,
		.result = run->result,
		.progress = &run->runner->progress,
		.width_px = step->width_px,
		.height_px = step->height_px,
		.times = times,
		.boot_ms = QT_BOOT_MS,
	};
	int64_t start_ms = qt_now_ms();
	int r = 0;

	run->runner->progress.waits = action->waits;
	for (unsigned int i = 0; i < (action->counts ? 1 : times) && !r; i++) {
		qt_progress_step(&run->runner->progress, "%s %u/%u", action->name, i + 1, times);
		/* a restart takes the log with it */
		r = read_guest_log(run, err);
		run->log.provoked = action->provokes;
		if (!r)
			r = action->run(&request, err);
		run->loads += action->loads;
	}
	run->runner->progress.waits = false;
	if (!r && !action->counts)
		qt_result_note(run->result, "%u x %s in %.1f s", times, action->name,
			       (double)(qt_now_ms() - start_ms) / 1000);
	return r;
}

int qt_steps_run(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const struct qt_scenario *scenario = run->result->scenario;
	const struct qt_step *step;
	int r = 0;

	for (size_t i = 0; !r && (step = qt_scenario_step(scenario, i)) != NULL; i++) {
		if (step->action)
			r = run_action(run, step, err);
		if (!r && step->width_px)
			r = step->every_mode	 ? run_every_mode(run, step, err)
			    : step->every_layout ? run_every_layout(run, step, err)
						 : run_frames(run, step, err);
	}
	return r;
}

int qt_steps_judge_driver(struct qt_scenario_state *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN];
	int r;

	if (!run->driver)
		return 0;
	r = read_guest_log(run, err);
	if (!r)
		r = qt_guest_log_judge(&run->log, run->loads, err);
	if (!r)
		r = qt_console_command(qt_vm_console(run->vm), "info", qt_deadline_ms(QT_BOOT_MS),
				       answer, err);
	for (size_t i = 0; i < QT_DRIVER_INFOS_MAX && run->driver->info[i] && !r; i++)
		if (!strstr(answer, run->driver->info[i]))
			r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
					   "the guest's driver does not say \"%s\" but: %s",
					   run->driver->info[i], answer);
	return r;
}

int qt_steps_show_again(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const struct qt_step again = { .keep = true };

	return run->beside ? run_frames(run, &again, err) : 0;
}
