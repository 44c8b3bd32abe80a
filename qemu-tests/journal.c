/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int qt_journal_add(int dir_fd, const struct qt_result *result, struct vgpu_error *err)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	_autoclose_ int fd = openat(dir_fd, QT_JOURNAL, flags, 0666);
	json_object *object = qt_result_json(result);
	_autofree_ char *line = NULL;
	int len = asprintf(&line, "%s\n",
			   json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	ssize_t put = fd < 0 || len < 0 ? -1 : write(fd, line, (size_t)len);

	json_object_put(object);
	if (len < 0)
		line = NULL;
	return put < 0 || put != len
		       ? vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s",
					QT_JOURNAL, strerror(errno))
		       : 0;
}

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

/* Of a frame, what reports show. */
static void take_frame(struct qt_result *result, json_object *object)
{
	struct qt_frame *frame = qt_result_add_frame(result);
	char nonce[24] = "";
	json_object *value;

	if (!frame)
		return;
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
	frame->show_ms = take_number(object, "show_ms");
	frame->passed = json_object_object_get_ex(object, "passed", &value) &&
			json_object_get_boolean(value);
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

static void take_result(struct qt_verdict *verdict, json_object *object)
{
	struct qt_result result = { 0 }, *added;
	json_object *timing, *frames;
	char name[80] = "";

	take_text(object, "scenario", name, sizeof(name));
	result.scenario = qt_scenario_find(name);
	if (!result.scenario || take_outcome(object, &result.outcome))
		return;
	take_text(object, "fault", result.fault, sizeof(result.fault));
	take_text(object, "reason", result.reason, sizeof(result.reason));
	take_text(object, "hint", result.hint, sizeof(result.hint));
	take_text(object, "known", result.known, sizeof(result.known));
	take_text(object, "directory", result.dir, sizeof(result.dir));
	take_text(object, "parent", result.parent, sizeof(result.parent));
	take_text(object, "type", result.type, sizeof(result.type));
	take_text(object, "uuid", result.uuid, sizeof(result.uuid));
	take_text(object, "accel", result.accel, sizeof(result.accel));
	take_text(object, "qemu", result.qemu_version, sizeof(result.qemu_version));
	take_text(object, "guest", result.guest, sizeof(result.guest));
	take_text(object, "notes", result.notes, sizeof(result.notes));
	result.round = take_number(object, "round");
	result.attempts = take_number(object, "attempts");
	if (json_object_object_get_ex(object, "after_ms", &timing)) {
		result.qemu_ms = take_number(timing, "qemu");
		result.guest_ms = take_number(timing, "guest");
		result.total_ms = take_number(timing, "total");
	}
	added = qt_verdict_add(verdict, result.scenario);
	if (!added)
		return;
	*added = result;
	if (json_object_object_get_ex(object, "frames", &frames))
		for (size_t i = 0; i < json_object_array_length(frames); i++)
			take_frame(added, json_object_array_get_idx(frames, i));
}

int qt_journal_read(int dir_fd, struct qt_verdict *verdict, struct vgpu_error *err)
{
	int fd = openat(dir_fd, QT_JOURNAL, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	if (!f) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, error,
				      "cannot read %s of an earlier run: %s", QT_JOURNAL,
				      strerror(error));
	}
	while (getline(&line, &size, f) > 0) {
		json_object *object = json_tokener_parse(line);

		if (object && json_object_is_type(object, json_type_object))
			take_result(verdict, object);
		json_object_put(object);
	}
	free(line);
	fclose(f);
	return 0;
}
