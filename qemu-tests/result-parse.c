/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture.h"
#include "verdict.h"

#include <errno.h>
#include <string.h>

/*
 * A result out of its JSON: of an earlier run's journal, or of the process that a scenario ran in.
 * What is not there stays empty.
 */

static void take_text(json_object *object, const char *key, char *out, size_t size)
{
	json_object *value;

	if (json_object_object_get_ex(object, key, &value))
		snprintf(out, size, "%s", json_object_get_string(value));
}

static unsigned int take_number(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value)
		       ? (unsigned int)json_object_get_uint64(value)
		       : 0;
}

static bool take_flag(json_object *object, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(object, key, &value) && json_object_get_boolean(value);
}

static enum qt_fault take_fault(json_object *object)
{
	char name[32] = "";

	take_text(object, "fault", name, sizeof(name));
	for (int fault = QT_FAULT_NONE; fault < QT_FAULTS_LEN; fault++)
		if (!strcmp(name, qt_fault_name((enum qt_fault)fault)))
			return (enum qt_fault)fault;
	return QT_FAULT_NONE;
}

static void take_box(json_object *object, struct qt_judgement *judgement)
{
	uint32_t *const sides[] = { &judgement->box_x_px, &judgement->box_y_px,
				    &judgement->box_width_px, &judgement->box_height_px };
	json_object *box;

	if (!json_object_object_get_ex(object, "differing_box_px", &box) ||
	    json_object_array_length(box) != VGPU_ARRAY_LEN(sides))
		return;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sides); i++)
		*sides[i] = (uint32_t)json_object_get_uint64(json_object_array_get_idx(box, i));
}

static void take_shot(json_object *object, struct qt_frame *frame)
{
	struct qt_shot *shot = &frame->shots[frame->shots_len];
	const struct qt_capture *capture;
	char name[32] = "";

	take_text(object, "capture", name, sizeof(name));
	capture = qt_capture_find(name);
	if (!capture || frame->shots_len == QT_SHOTS_MAX)
		return;
	shot->capture = capture->name;
	shot->judgement.fault = take_fault(object);
	shot->judgement.differing_px = take_number(object, "differing_px");
	take_text(object, "detail", shot->judgement.detail, sizeof(shot->judgement.detail));
	take_box(object, &shot->judgement);
	shot->duration_ms = take_number(object, "duration_ms");
	shot->by_checksum = take_flag(object, "by_checksum");
	take_text(object, "picture", shot->picture, sizeof(shot->picture));
	take_text(object, "diff", shot->diff, sizeof(shot->diff));
	frame->shots_len++;
}

static enum qt_guest_copy take_guest_copy(json_object *object)
{
	char word[8] = "";

	take_text(object, "guest_copy", word, sizeof(word));
	return !strcmp(word, "right")	? QT_GUEST_COPY_RIGHT
	       : !strcmp(word, "wrong") ? QT_GUEST_COPY_WRONG
					: QT_GUEST_COPY_UNKNOWN;
}

static int take_frame(json_object *object, struct qt_result *result)
{
	struct qt_frame *frame = qt_result_add_frame(result);
	json_object *shots;
	char nonce[24] = "";

	if (!frame)
		return -ENOMEM;
	take_text(object, "nonce", nonce, sizeof(nonce));
	frame->shown.card = (struct qt_card){ take_number(object, "width_px"),
					      take_number(object, "height_px"),
					      strtoull(nonce, NULL, 16),
					      take_number(object, "frame"),
					      -1,
					      -1 };
	take_text(object, "format", frame->shown.format, sizeof(frame->shown.format));
	take_text(object, "tiling", frame->tiling, sizeof(frame->tiling));
	take_text(object, "reason", frame->reason, sizeof(frame->reason));
	take_text(object, "expected", frame->expected, sizeof(frame->expected));
	frame->fault = take_fault(object);
	frame->guest_copy = take_guest_copy(object);
	frame->show_ms = take_number(object, "show_ms");
	frame->passed = take_flag(object, "passed");
	if (json_object_object_get_ex(object, "captures", &shots))
		for (size_t i = 0; i < json_object_array_length(shots); i++)
			take_shot(json_object_array_get_idx(shots, i), frame);
	return 0;
}

static int take_outcome(json_object *object, enum qt_outcome *out)
{
	char word[8] = "";

	take_text(object, "verdict", word, sizeof(word));
	for (int outcome = QT_PASSED; outcome <= QT_SKIPPED; outcome++)
		if (!strcmp(word, qt_outcome_name((enum qt_outcome)outcome))) {
			*out = (enum qt_outcome)outcome;
			return 0;
		}
	return -EBADMSG;
}

static void take_boot_display(json_object *object, struct qt_boot_display *out)
{
	json_object *stages;

	out->looks = take_number(object, "looks");
	out->pictures = take_number(object, "pictures");
	out->stood_ms = take_number(object, "stood_ms");
	out->width_px = take_number(object, "width_px");
	out->height_px = take_number(object, "height_px");
	take_text(object, "picture", out->picture, sizeof(out->picture));
	if (json_object_object_get_ex(object, "stages", &stages) &&
	    json_object_is_type(stages, json_type_array))
		out->stages = (unsigned int)json_object_array_length(stages);
}

static void take_texts(json_object *object, struct qt_result *out)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
	} texts[] = {
		{ "fault", out->fault, sizeof(out->fault) },
		{ "reason", out->reason, sizeof(out->reason) },
		{ "hint", out->hint, sizeof(out->hint) },
		{ "known", out->known, sizeof(out->known) },
		{ "directory", out->dir, sizeof(out->dir) },
		{ "parent", out->parent, sizeof(out->parent) },
		{ "type", out->type, sizeof(out->type) },
		{ "uuid", out->uuid, sizeof(out->uuid) },
		{ "accel", out->accel, sizeof(out->accel) },
		{ "qemu", out->qemu_version, sizeof(out->qemu_version) },
		{ "guest", out->guest, sizeof(out->guest) },
		{ "notes", out->notes, sizeof(out->notes) },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(texts); i++)
		take_text(object, texts[i].key, texts[i].text, texts[i].size);
}

static int take_lists(json_object *object, struct qt_result *out)
{
	json_object *list;
	int r = 0;

	if (json_object_object_get_ex(object, "frames", &list))
		for (size_t i = 0; i < json_object_array_length(list) && !r; i++)
			r = take_frame(json_object_array_get_idx(list, i), out);
	if (json_object_object_get_ex(object, "argv", &list))
		for (size_t i = 0; i < json_object_array_length(list); i++)
			qt_argv_add(&out->argv,
				    json_object_get_string(json_object_array_get_idx(list, i)));
	return r ? r : out->argv.error;
}

int qt_result_parse(json_object *object, struct qt_result *out)
{
	struct qt_result result = { 0 };
	json_object *part;
	char name[80] = "";
	int r;

	*out = (struct qt_result){ 0 };
	take_text(object, "scenario", name, sizeof(name));
	result.scenario = qt_scenario_find(name);
	if (!result.scenario || take_outcome(object, &result.outcome))
		return -EBADMSG;
	take_texts(object, &result);
	result.round = take_number(object, "round");
	result.attempts = take_number(object, "attempts");
	result.reboots_ms = take_number(object, "reboots_ms");
	if (json_object_object_get_ex(object, "after_ms", &part)) {
		result.qemu_ms = take_number(part, "qemu");
		result.guest_ms = take_number(part, "guest");
		result.steps_ms = take_number(part, "steps");
		result.total_ms = take_number(part, "total");
	}
	if (json_object_object_get_ex(object, "boot_display", &part))
		take_boot_display(part, &result.boot_display);
	r = take_lists(object, &result);
	if (r)
		qt_result_finish(&result);
	else
		*out = result;
	return r;
}
