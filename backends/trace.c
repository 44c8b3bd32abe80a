/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <backends/backends.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <vgpulab/cleanup.h>

#include "trace.h"

/* Passes every call on to another backend and writes it down, one JSON object a line. */
struct trace {
	struct vgpu_backend base;
	struct vgpu_backend *inner;
	FILE *file;
};

/* One call that is under way. */
struct call {
	struct json_object *line;
	struct timespec begin;
};

static struct trace *trace_from_backend(struct vgpu_backend *backend)
{
	return (struct trace *)backend;
}

/* As a string where it is ASCII, else as hexadecimal under KEY_hex: JSON must be UTF-8. */
static void add_bytes(struct json_object *line, const char *key, const char *data, size_t len)
{
	_autofree_ char *hex = NULL;
	char hex_key[32];
	size_t i = 0;

	while (i < len && (unsigned char)data[i] < 0x80)
		i++;
	if (i == len) {
		json_object_object_add(line, key, json_object_new_string_len(data, (int)len));
		return;
	}
	hex = malloc(2 * len + 1);
	if (!hex)
		return;
	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)data[i]);
	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	json_object_object_add(line, hex_key, json_object_new_string(hex));
}

static struct call begin(const char *name, const char *path)
{
	struct call call = { .line = json_object_new_object() };

	json_object_object_add(call.line, "call", json_object_new_string(name));
	if (path)
		add_bytes(call.line, "path", path, strlen(path));
	clock_gettime(CLOCK_MONOTONIC, &call.begin);
	return call;
}

/* Takes the time before anything else is done. */
static void answered(struct call *call, int64_t result)
{
	struct timespec now;
	const char *name = result < 0 ? strerrorname_np((int)-result) : NULL;

	clock_gettime(CLOCK_MONOTONIC, &now);
	json_object_object_add(call->line, "result", json_object_new_int64(result));
	if (name)
		json_object_object_add(call->line, "errno", json_object_new_string(name));
	json_object_object_add(call->line, "us",
			       json_object_new_int64((now.tv_sec - call->begin.tv_sec) * 1000000 +
						     (now.tv_nsec - call->begin.tv_nsec) / 1000));
}

static void end(const struct trace *trace, struct call *call)
{
	fprintf(trace->file, "%s\n",
		json_object_to_json_string_ext(call->line, JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(call->line);
}

static ssize_t trace_read(struct vgpu_backend *backend, const char *path, char *buffer, size_t size)
{
	const struct trace *trace = trace_from_backend(backend);
	struct call call = begin("read", path);
	ssize_t ret = trace->inner->impl->read(trace->inner, path, buffer, size);

	answered(&call, ret);
	if (ret >= 0)
		add_bytes(call.line, "data", buffer, (size_t)ret);
	end(trace, &call);
	return ret;
}

static int trace_write(struct vgpu_backend *backend, const char *path, const void *data, size_t len)
{
	const struct trace *trace = trace_from_backend(backend);
	struct call call = begin("write", path);
	int ret;

	add_bytes(call.line, "data", data, len);
	ret = trace->inner->impl->write(trace->inner, path, data, len);
	answered(&call, ret);
	end(trace, &call);
	return ret;
}

static ssize_t trace_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			      size_t size)
{
	const struct trace *trace = trace_from_backend(backend);
	struct call call = begin("readlink", path);
	ssize_t ret = trace->inner->impl->readlink(trace->inner, path, buffer, size);

	answered(&call, ret);
	if (ret >= 0)
		add_bytes(call.line, "target", buffer, (size_t)ret);
	end(trace, &call);
	return ret;
}

struct listing {
	struct json_object *names;
	int (*each)(void *data, const char *name);
	void *data;
};

static int note_name(void *data, const char *name)
{
	const struct listing *listing = data;

	json_object_array_add(listing->names, json_object_new_string(name));
	return listing->each(listing->data, name);
}

static int trace_list(struct vgpu_backend *backend, const char *path,
		      int (*each)(void *data, const char *name), void *data)
{
	const struct trace *trace = trace_from_backend(backend);
	struct listing listing = { json_object_new_array(), each, data };
	struct call call = begin("list", path);
	int ret = trace->inner->impl->list(trace->inner, path, note_name, &listing);

	answered(&call, ret);
	json_object_object_add(call.line, "names", listing.names);
	end(trace, &call);
	return ret;
}

static int trace_exists(struct vgpu_backend *backend, const char *path)
{
	const struct trace *trace = trace_from_backend(backend);
	struct call call = begin("exists", path);
	int ret = trace->inner->impl->exists(trace->inner, path);

	answered(&call, ret);
	end(trace, &call);
	return ret;
}

static int trace_wait(struct vgpu_backend *backend, int timeout_ms)
{
	const struct trace *trace = trace_from_backend(backend);
	struct call call = begin("wait", NULL);
	int ret;

	json_object_object_add(call.line, "timeout_ms", json_object_new_int(timeout_ms));
	ret = trace->inner->impl->wait(trace->inner, timeout_ms);
	answered(&call, ret);
	end(trace, &call);
	return ret;
}

static void trace_destroy(struct vgpu_backend *backend)
{
	struct trace *trace = trace_from_backend(backend);

	if (trace->inner)
		trace->inner->impl->destroy(trace->inner);
	if (trace->file && trace->file != stderr)
		fclose(trace->file);
	free(trace);
}

const struct vgpu_backend_impl vgpu_backend_trace = {
	.name = "trace",
	.summary =
		"another backend; each call goes to FILE ('-': standard error) as a line of JSON",
	.read = trace_read,
	.write = trace_write,
	.readlink = trace_readlink,
	.list = trace_list,
	.exists = trace_exists,
	.wait = trace_wait,
	.destroy = trace_destroy,
};

static int open_file(struct trace *trace, const char *name, struct vgpu_error *err)
{
	trace->file = strcmp(name, "-") ? fopen(name, "we") : stderr;
	if (!trace->file)
		return vgpu_error_set(
			err, errno == EACCES ? VGPU_ERROR_PERMISSION : VGPU_ERROR_FAILED, errno,
			"backend trace: cannot write %s: %s", name, strerror(errno));
	/* what was asked last must be there when the program is killed */
	setlinebuf(trace->file);
	return 0;
}

int vgpu_trace_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err)
{
	const char *comma = argument ? strchr(argument, ',') : NULL;
	_autofree_ char *name = comma ? strndup(argument, (size_t)(comma - argument)) : NULL;
	struct trace *trace = calloc(1, sizeof(*trace));
	int ret;

	if (!trace || (comma && !name)) {
		free(trace);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "backend trace: %s",
				      strerror(ENOMEM));
	}
	trace->base.impl = &vgpu_backend_trace;
	if (!comma || !name[0])
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				     "backend trace: FILE,SPEC must follow the colon");
	else
		ret = vgpu_backend_open(comma + 1, &trace->inner, err);
	if (ret == 0)
		ret = open_file(trace, name, err);
	if (ret < 0) {
		trace_destroy(&trace->base);
		return ret;
	}
	memcpy(trace->base.root, trace->inner->root, sizeof(trace->base.root));
	*out = &trace->base;
	return 0;
}
