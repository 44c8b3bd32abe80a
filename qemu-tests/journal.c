/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* False: a kill, or a full disk, has cut the last line off. */
static bool ends_with_line(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char last;

	return len <= 0 || pread(fd, &last, 1, len - 1) != 1 || last == '\n';
}

static int add_line(int dir_fd, json_object *object, struct vgpu_error *err)
{
	int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC;
	_autoclose_ int fd = openat(dir_fd, QT_JOURNAL, flags, 0666);
	_autofree_ char *line = NULL;
	int len = asprintf(&line, "%s%s\n", ends_with_line(fd) ? "" : "\n",
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

/* What all results of a run have in common. */
static json_object *run_json(const struct qt_verdict *verdict)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "host", json_object_new_string(verdict->host));
	json_object_object_add(object, "tier", json_object_new_int(verdict->tier));
	json_object_object_add(object, "machine", json_object_new_string(verdict->machine));
	json_object_object_add(object, "through", json_object_new_string(verdict->through));
	json_object_object_add(object, "tamper", json_object_new_string(verdict->tamper));
	return object;
}

int qt_journal_begin(int dir_fd, const struct qt_verdict *verdict, struct vgpu_error *err)
{
	unlinkat(dir_fd, QT_JOURNAL, 0);
	return add_line(dir_fd, run_json(verdict), err);
}

int qt_journal_add(int dir_fd, const struct qt_result *result, struct vgpu_error *err)
{
	return add_line(dir_fd, qt_result_json(result), err);
}

static int check_run(const struct qt_verdict *verdict, json_object *run, struct vgpu_error *err)
{
	json_object *ours = run_json(verdict);
	bool same = !*verdict->host || json_object_equal(run, ours);

	json_object_put(ours);
	if (same)
		return 0;
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "the last run was another: %.300s",
		       json_object_to_json_string_ext(run, JSON_C_TO_STRING_PLAIN));
	vgpu_error_hint(err, "go on with the options that it had, or give another --out");
	return -EINVAL;
}

static void take_result(struct qt_verdict *verdict, json_object *object)
{
	struct qt_result *result = qt_verdict_add(verdict, NULL);

	if (result && qt_result_parse(object, result))
		verdict->results_len--;
}

int qt_journal_read(int dir_fd, struct qt_verdict *verdict, struct vgpu_error *err)
{
	int fd = openat(dir_fd, QT_JOURNAL, O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!f) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, error,
				      "cannot read %s of an earlier run: %s", QT_JOURNAL,
				      strerror(error));
	}
	while (!r && getline(&line, &size, f) > 0) {
		json_object *object = json_tokener_parse(line);

		if (json_object_object_get_ex(object, "host", NULL))
			r = check_run(verdict, object, err);
		else if (object && json_object_is_type(object, json_type_object))
			take_result(verdict, object);
		json_object_put(object);
	}
	free(line);
	fclose(f);
	return r;
}
