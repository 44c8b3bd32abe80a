/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

const char *qt_outcome_name(enum qt_outcome outcome)
{
	static const char *const names[] = { "PASS", "FAIL", "SKIP" };

	return names[outcome];
}

struct qt_result *qt_verdict_add(struct qt_verdict *verdict, const struct qt_scenario *scenario)
{
	struct qt_result *results =
		reallocarray(verdict->results, verdict->results_len + 1, sizeof(*results));

	if (!results)
		return NULL;
	verdict->results = results;
	results += verdict->results_len++;
	*results = (struct qt_result){ .scenario = scenario };
	return results;
}

void qt_result_finish(struct qt_result *result)
{
	qt_argv_finish(&result->argv);
	free(result->frames);
}

void qt_result_reset(struct qt_result *result)
{
	qt_result_finish(result);
	*result = (struct qt_result){ .scenario = result->scenario, .round = result->round };
}

struct qt_frame *qt_result_add_frame(struct qt_result *result)
{
	struct qt_frame *frames =
		reallocarray(result->frames, result->frames_len + 1, sizeof(*frames));

	if (!frames)
		return NULL;
	result->frames = frames;
	frames += result->frames_len++;
	*frames = (struct qt_frame){ 0 };
	return frames;
}

void qt_result_fail(struct qt_result *result, const char *fault, const struct vgpu_error *err)
{
	if (result->outcome == QT_FAILED)
		return;
	result->outcome = QT_FAILED;
	snprintf(result->fault, sizeof(result->fault), "%s", fault);
	snprintf(result->reason, sizeof(result->reason), "%s", err->message);
	snprintf(result->hint, sizeof(result->hint), "%s", err->hint);
}

void qt_result_note(struct qt_result *result, const char *format, ...)
{
	size_t len = strlen(result->notes);
	va_list args;

	if (len && len + 2 < sizeof(result->notes))
		len += (size_t)snprintf(result->notes + len, sizeof(result->notes) - len, ", ");
	va_start(args, format);
	vsnprintf(result->notes + len, sizeof(result->notes) - len, format, args);
	va_end(args);
}

void qt_verdict_destroy(struct qt_verdict *verdict)
{
	if (!verdict)
		return;
	for (size_t i = 0; i < verdict->results_len; i++)
		qt_result_finish(&verdict->results[i]);
	free(verdict->results);
	free(verdict);
}

struct qt_counts qt_verdict_counts(const struct qt_verdict *verdict)
{
	struct qt_counts counts = { 0 };

	for (size_t i = 0; i < verdict->results_len; i++) {
		counts.passed += verdict->results[i].outcome == QT_PASSED;
		if (*verdict->results[i].known)
			counts.known++;
		else
			counts.failed += verdict->results[i].outcome == QT_FAILED;
		counts.skipped += verdict->results[i].outcome == QT_SKIPPED;
	}
	return counts;
}

enum qt_outcome qt_counts_outcome(const struct qt_counts *counts)
{
	return counts->failed			 ? QT_FAILED
	       : counts->passed || counts->known ? QT_PASSED
						 : QT_SKIPPED;
}

const char *qt_counts_word(const struct qt_counts *counts)
{
	return qt_outcome_name(qt_counts_outcome(counts));
}

unsigned int qt_verdict_boots_ms(const struct qt_verdict *verdict)
{
	unsigned int sum_ms = 0;

	for (size_t i = 0; i < verdict->results_len; i++) {
		const struct qt_result *result = &verdict->results[i];

		if (!result->scenario->remote && result->guest_ms > result->qemu_ms)
			sum_ms += result->guest_ms - result->qemu_ms + result->reboots_ms;
	}
	return sum_ms;
}

const char *qt_verdict_time(const struct qt_verdict *verdict, char *buffer, size_t size)
{
	unsigned int boots_ms = qt_verdict_boots_ms(verdict) - verdict->boots_before_ms;
	unsigned int cores = verdict->cores ? verdict->cores : 1;
	int len = snprintf(buffer, size, "%.1f s", verdict->total_ms / 1000.0);

	if (boots_ms)
		snprintf(buffer + len, size - (size_t)len,
			 ", %u at a time: %.2f times its guests' boots (%.1f s) on %u core%s",
			 verdict->jobs, (double)verdict->total_ms * cores / boots_ms,
			 boots_ms / 1000.0, cores, cores == 1 ? "" : "s");
	return buffer;
}

const char *qt_verdict_skip_reason(const struct qt_verdict *verdict)
{
	for (size_t i = 0; i < verdict->results_len; i++)
		if (verdict->results[i].outcome == QT_SKIPPED)
			return verdict->results[i].reason;
	return "";
}

static void add_text(json_object *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static json_object *shot_json(const struct qt_shot *shot)
{
	const struct qt_judgement *judgement = &shot->judgement;
	json_object *object = json_object_new_object();

	add_text(object, "capture", shot->capture);
	add_text(object, "fault", judgement->fault ? qt_fault_name(judgement->fault) : NULL);
	add_text(object, "detail", judgement->detail);
	add_number(object, "differing_px", judgement->differing_px);
	if (judgement->differing_px) {
		json_object *box = json_object_new_array();
		const uint32_t sides[] = { judgement->box_x_px, judgement->box_y_px,
					   judgement->box_width_px, judgement->box_height_px };

		for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++)
			json_object_array_add(box, json_object_new_uint64(sides[i]));
		json_object_object_add(object, "differing_box_px", box);
	}
	add_number(object, "duration_ms", shot->duration_ms);
	if (shot->by_checksum)
		json_object_object_add(object, "by_checksum", json_object_new_boolean(true));
	add_text(object, "picture", shot->picture);
	add_text(object, "diff", shot->diff);
	return object;
}

static json_object *frame_json(const struct qt_frame *frame)
{
	const struct qt_card *card = &frame->shown.card;
	json_object *object = json_object_new_object(), *shots = json_object_new_array();
	char nonce[20];

	snprintf(nonce, sizeof(nonce), "%016llx", (unsigned long long)card->nonce);
	add_number(object, "frame", card->frame);
	add_text(object, "nonce", nonce);
	add_number(object, "width_px", card->width_px);
	add_number(object, "height_px", card->height_px);
	add_text(object, "format", frame->shown.format);
	add_text(object, "tiling", frame->tiling);
	json_object_object_add(object, "passed", json_object_new_boolean(frame->passed));
	add_text(object, "fault", frame->fault ? qt_fault_name(frame->fault) : NULL);
	add_text(object, "reason", frame->reason);
	add_text(object, "expected", frame->expected);
	add_text(object, "guest_copy",
		 frame->guest_copy == QT_GUEST_COPY_RIGHT   ? "right"
		 : frame->guest_copy == QT_GUEST_COPY_WRONG ? "wrong"
							    : NULL);
	add_number(object, "show_ms", frame->show_ms);
	for (size_t i = 0; i < frame->shots_len; i++)
		json_object_array_add(shots, shot_json(&frame->shots[i]));
	json_object_object_add(object, "captures", shots);
	return object;
}

static json_object *boot_display_json(const struct qt_boot_display *display)
{
	json_object *object = json_object_new_object(), *stages;
	char name[sizeof(display->picture)];

	add_number(object, "looks", display->looks);
	add_number(object, "pictures", display->pictures);
	add_number(object, "stood_ms", display->stood_ms);
	add_number(object, "width_px", display->width_px);
	add_number(object, "height_px", display->height_px);
	add_text(object, "picture", display->picture);
	if (!display->stages)
		return object;
	stages = json_object_new_array();
	for (unsigned int i = 1; i <= display->stages; i++) {
		snprintf(name, sizeof(name), QT_STAGE_FORMAT, i);
		json_object_array_add(stages, json_object_new_string(name));
	}
	json_object_object_add(object, "stages", stages);
	return object;
}

json_object *qt_result_json(const struct qt_result *result)
{
	json_object *object = json_object_new_object(), *timing = json_object_new_object();
	json_object *frames = json_object_new_array(), *argv = json_object_new_array();

	add_text(object, "scenario", result->scenario->name);
	add_text(object, "path", result->scenario->path);
	add_text(object, "verdict", qt_outcome_name(result->outcome));
	add_text(object, "fault", result->fault);
	add_text(object, "reason", result->reason);
	add_text(object, "hint", result->hint);
	add_text(object, "known", result->known);
	if (result->attempts)
		add_number(object, "attempts", result->attempts);
	if (result->round)
		add_number(object, "round", result->round);
	add_text(object, "directory", result->dir);
	add_text(object, "parent", result->parent);
	add_text(object, "type", result->type);
	add_text(object, "uuid", result->uuid);
	add_text(object, "accel", result->accel);
	add_text(object, "qemu", result->qemu_version);
	add_text(object, "guest", result->guest);
	add_text(object, "notes", result->notes);
	add_number(timing, "qemu", result->qemu_ms);
	add_number(timing, "guest", result->guest_ms);
	add_number(timing, "steps", result->steps_ms);
	add_number(timing, "total", result->total_ms);
	json_object_object_add(object, "after_ms", timing);
	if (result->reboots_ms)
		add_number(object, "reboots_ms", result->reboots_ms);
	if (result->boot_display.looks)
		json_object_object_add(object, "boot_display",
				       boot_display_json(&result->boot_display));
	for (size_t i = 0; i < result->frames_len; i++)
		json_object_array_add(frames, frame_json(&result->frames[i]));
	json_object_object_add(object, "frames", frames);
	for (size_t i = 0; i < result->argv.len; i++)
		json_object_array_add(argv, json_object_new_string(result->argv.items[i]));
	json_object_object_add(object, "argv", argv);
	return object;
}

json_object *qt_verdict_json(const struct qt_verdict *verdict)
{
	struct qt_counts counts = qt_verdict_counts(verdict);
	json_object *object = json_object_new_object(), *results = json_object_new_array();

	add_text(object, "verdict", qt_counts_word(&counts));
	add_number(object, "passed", counts.passed);
	add_number(object, "failed", counts.failed);
	add_number(object, "skipped", counts.skipped);
	if (counts.known)
		add_number(object, "known", counts.known);
	add_text(object, "host", verdict->host);
	add_text(object, "guest_kernel", verdict->kernel);
	add_text(object, "tamper", verdict->tamper);
	add_text(object, "machine", verdict->machine);
	add_text(object, "through", verdict->through);
	add_text(object, "started", verdict->started);
	add_number(object, "total_ms", verdict->total_ms);
	add_number(object, "boots_ms", qt_verdict_boots_ms(verdict));
	add_number(object, "jobs", verdict->jobs);
	add_number(object, "cores", verdict->cores);
	add_number(object, "tier", (uint64_t)verdict->tier);
	for (size_t i = 0; i < verdict->results_len; i++)
		json_object_array_add(results, qt_result_json(&verdict->results[i]));
	json_object_object_add(object, "results", results);
	return object;
}

int qt_verdict_write(const struct qt_verdict *verdict, int dir_fd, struct vgpu_error *err)
{
	_autoclose_ int fd =
		openat(dir_fd, "verdict.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	json_object *object = qt_verdict_json(verdict);
	int flags =
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	int r = fd < 0 ? -1 : json_object_to_fd(fd, object, flags);

	if (!r && write(fd, "\n", 1) != 1)
		r = -1;
	json_object_put(object);
	return r ? vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write verdict.json: %s",
				  strerror(errno))
		 : 0;
}
