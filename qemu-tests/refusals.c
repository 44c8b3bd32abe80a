/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "refusals.h"

#include "argv.h"
#include "capture.h"
#include "clock.h"
#include "image.h"
#include "launch.h"
#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <vgpulab/cleanup.h>

/* What is refused is not at once done: QEMU realizes its devices after it has opened QMP. */
static int provoke_start(const struct qt_refusal_request *request, struct qt_vm **vm,
			 struct vgpu_error *err)
{
	return qt_vm_start(request->argv, request->dir_fd, request->deadline_ms, vm, err);
}

static int provoke_screendump(const struct qt_refusal_request *request, struct qt_vm **vm,
			      struct vgpu_error *err)
{
	_image_ struct qt_image image = { 0 };
	int r = provoke_start(request, vm, err);

	if (!r)
		r = qt_capture_qmp_first(*vm, request->deadline_ms, &image, err);
	return r;
}

/* The device's own words, "vfio-pci,display=on,...", as device_add's arguments. */
static json_object *device_arguments(const char *words)
{
	json_object *arguments = json_object_new_object();
	_autofree_ char *copy = strdup(words);
	char *rest = copy, *word = strsep(&rest, ",");

	json_object_object_add(arguments, "driver", json_object_new_string(word ? word : ""));
	while (rest && (word = strsep(&rest, ","))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		/* a switch is a boolean here, but for the one that knows "auto" */
		if (strcmp(word, "display") && (!strcmp(value, "on") || !strcmp(value, "off")))
			json_object_object_add(arguments, word,
					       json_object_new_boolean(!strcmp(value, "on")));
		else if (!strcmp(word, "rombar"))
			json_object_object_add(arguments, word, json_object_new_int(atoi(value)));
		else
			json_object_object_add(arguments, word, json_object_new_string(value));
	}
	return arguments;
}

/* QEMU starts without the device, which is the last of its arguments; then it is plugged in. */
static int provoke_hotplug(const struct qt_refusal_request *request, struct qt_vm **vm,
			   struct vgpu_error *err)
{
	_argv_ struct qt_argv bare = { 0 };
	size_t len = 0;
	int r;

	while (request->argv[len])
		len++;
	for (size_t i = 0; i + 2 < len; i++)
		qt_argv_add(&bare, request->argv[i]);
	r = bare.error ? vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "plugging a device in")
		       : qt_vm_start(bare.items, request->dir_fd, request->deadline_ms, vm, err);
	if (r)
		return r;
	return qt_qmp_command(qt_vm_qmp(*vm), "device_add",
			      device_arguments(request->argv[len - 1]), request->deadline_ms, NULL,
			      err);
}

/* The same command line a second time, in a directory of its own for its sockets. */
static int provoke_second(const struct qt_refusal_request *request, struct qt_vm **vm,
			  struct vgpu_error *err)
{
	_destroy_(qt_vm) struct qt_vm *second = NULL;
	_autoclose_ int dir_fd = -1;
	int r = provoke_start(request, vm, err);

	if (r)
		return r;
	mkdirat(request->dir_fd, QT_SECOND_DIR, 0777);
	dir_fd = openat(request->dir_fd, QT_SECOND_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot open " QT_SECOND_DIR ": %s", strerror(errno));
	return qt_vm_start(request->argv, dir_fd, request->deadline_ms, &second, err);
}

const struct qt_refusal qt_refusals[] = {
	{ "start", "QEMU does not start", false, provoke_start },
	{ "absent", "QEMU does not start on a vGPU that is not there", true, provoke_start },
	{ "screendump", "QEMU starts, but has no picture", false, provoke_screendump },
	{ "hotplug", "a running QEMU does not get the device", false, provoke_hotplug },
	{ "second", "a second QEMU does not get the vGPU of the first", false, provoke_second },
};
const size_t qt_refusals_len = VGPU_ARRAY_LEN(qt_refusals);

const struct qt_refusal *qt_refusal_find(const char *name)
{
	for (size_t i = 0; i < qt_refusals_len; i++)
		if (!strcmp(qt_refusals[i].name, name))
			return &qt_refusals[i];
	return NULL;
}

/* Among the last words of the QEMU that @dir_fd is of: the reason may have a hint behind it. */
static bool is_in_log(int dir_fd, const char *words)
{
	char tail[2048];

	return strstr(qt_log_tail(dir_fd, QT_QEMU_LOG, tail, sizeof(tail)), words);
}

int qt_refusal_run(const struct qt_refusal_request *request, struct qt_vm **vm,
		   struct vgpu_error *err)
{
	const struct qt_scenario *scenario = request->scenario;
	struct vgpu_error said = { 0 };
	const char *words =
		request->through_libvirt ? scenario->libvirt_refusal : scenario->refusal;
	int r = qt_refusal_find(scenario->refused)->provoke(request, vm, &said);

	if (!r)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EPROTO,
				      "it was not refused; QEMU must say \"%s\"", words);
	if (strstr(said.message, words) || is_in_log(request->dir_fd, words))
		return 0;
	return vgpu_error_set(err, VGPU_ERROR_FAILED, EPROTO, "QEMU must say \"%s\": %.200s", words,
			      said.message);
}
