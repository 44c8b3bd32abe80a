/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/lifecycle.h>
#include <vgpulab/mdev-type.h>

#include "attribute.h"
#include "definition-store.h"
#include "instance.h"

struct starting {
	const struct vgpu_host *host;
	const struct vgpu_definition *definition;
	const struct vgpu_setting *refused;
};

/* "a/b" is an attribute in a group; nothing may lead out of the vGPU's directory. */
static bool stays_inside(const char *name)
{
	for (const char *part = name; part; part = strchr(part, '/')) {
		part += part != name;
		if (!*part || *part == '/' || (part[0] == '.' && (!part[1] || part[1] == '/')) ||
		    (part[0] == '.' && part[1] == '.' && (!part[2] || part[2] == '/')))
			return false;
	}
	return true;
}

static int write_setting(struct vgpu_backend *backend, const char *path,
			 const struct vgpu_setting *setting, struct vgpu_error *err)
{
	int ret;

	if (!stays_inside(setting->name) ||
	    !vgpu_attribute_exists(backend, "%s/%s", path, setting->name)) {
		ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOENT,
				     "the vGPU has no attribute '%s'", setting->name);
		vgpu_error_hint(err, "'vgpulab modify --delattr' takes it out of the definition");
		return ret;
	}
	ret = vgpu_attribute_write(backend, setting->value, "%s/%s", path, setting->name);
	if (ret == 0)
		return 0;
	vgpu_error_set(err, VGPU_ERROR_FAILED, -ret,
		       "the kernel refuses '%s' for attribute %s (%s/%s/%s: %s)", setting->value,
		       setting->name, backend->root, path, setting->name, strerror(-ret));
	vgpu_error_hint(err, "dmesg may say why");
	return ret;
}

/* The first error is what the caller wants to know, unless the vGPU remains. */
static void roll_back(const struct starting *starting, struct vgpu_error *err)
{
	struct vgpu_error why = { 0 };

	if (vgpu_remove(starting->host->backend, &starting->definition->uuid, &why) < 0)
		vgpu_error_hint(err, "besides, the vGPU could not be removed again: %s",
				why.message);
}

/* Does @running, which has the UUID, look as @wanted would? */
static bool is_like(const struct vgpu_definition *running, const struct vgpu_definition *wanted)
{
	return !strcmp(running->parent, wanted->parent) &&
	       vgpu_mdev_type_id_is(running->type, wanted->type);
}

/* Has another program made a vGPU of this UUID? One without a type yet is ours. */
static bool is_of_another(const struct starting *starting)
{
	struct vgpu_definition running = { .uuid = starting->definition->uuid };

	return vgpu_definition_from_running(starting->host->backend, &running) == 0 &&
	       !is_like(&running, starting->definition);
}

static int create_and_set(struct starting *starting, struct vgpu_error *err)
{
	const struct vgpu_definition *definition = starting->definition;
	struct vgpu_backend *backend = starting->host->backend;
	struct vgpu_instance instance;
	int ret = vgpu_create(backend,
			      &(struct vgpu_create_request){
				      .parent = definition->parent,
				      .type = definition->type,
				      .uuid = &definition->uuid,
			      },
			      &instance, err);

	/* what cannot be observed is not left behind, if anything of it is there */
	if (ret == -ETIMEDOUT && err && err->kind == VGPU_ERROR_UNVERIFIED &&
	    vgpu_attribute_exists(backend, "bus/mdev/devices/%s", definition->uuid.text) &&
	    !is_of_another(starting))
		roll_back(starting, err);
	for (size_t i = 0; ret == 0 && i < definition->settings_len; i++) {
		ret = write_setting(backend, instance.path, &definition->settings[i], err);
		if (ret < 0) {
			starting->refused = &definition->settings[i];
			roll_back(starting, err);
		}
	}
	return ret;
}

static int check_running(const struct starting *starting, struct vgpu_error *err)
{
	struct vgpu_definition running = { .uuid = starting->definition->uuid };
	int ret;

	if (vgpu_definition_from_running(starting->host->backend, &running) < 0)
		return 0;
	if (is_like(&running, starting->definition)) {
		vgpu_error_set(err, VGPU_ERROR_EXISTS, EALREADY, "vGPU %s is running already",
			       running.uuid.text);
		return -EALREADY;
	}
	ret = vgpu_error_set(err, VGPU_ERROR_EXISTS, EEXIST,
			     "vGPU %s is running already, as %s on %s", running.uuid.text,
			     running.type, running.parent);
	vgpu_error_hint(err, "'vgpulab stop' stops it");
	return ret;
}

/* Between creation and its last attribute, a vGPU is not what was asked for: a mark says so. */
static int start_defined(struct starting *starting, struct vgpu_error *err)
{
	const struct vgpu_definition *definition = starting->definition;
	struct vgpu_store *store = starting->host->store;
	_autoclose_ int lock = -1;
	int ret = vgpu_store_lock(store, definition->parent, &lock, err);

	if (ret < 0)
		return ret;
	if (vgpu_store_start_marked(store, definition->parent, &definition->uuid) &&
	    check_running(starting, NULL) == -EALREADY) {
		ret = vgpu_remove(starting->host->backend, &definition->uuid, err);
		if (ret < 0)
			return ret;
	}
	ret = check_running(starting, err);
	if (ret < 0)
		return ret;
	if (definition->settings_len) {
		ret = vgpu_store_mark_start(store, definition->parent, &definition->uuid);
		if (ret < 0)
			return vgpu_store_fail(store, ret, "write into", NULL, NULL, err);
	}
	ret = create_and_set(starting, err);
	if (definition->settings_len)
		vgpu_store_unmark_start(store, definition->parent, &definition->uuid);
	return ret;
}

static int start(void *data, struct vgpu_error *err)
{
	struct starting *starting = data;
	const struct vgpu_definition *definition = starting->definition;
	int ret;

	if (vgpu_store_has(starting->host->store, definition->parent, &definition->uuid))
		return start_defined(starting, err);
	ret = check_running(starting, err);
	return ret < 0 ? ret : create_and_set(starting, err);
}

int vgpu_start(const struct vgpu_host *host, const struct vgpu_definition *definition,
	       const struct vgpu_setting **refused, struct vgpu_error *err)
{
	struct starting starting = { host, definition };
	struct vgpu_error own = { 0 };
	int ret;

	if (host->idempotent &&
	    !vgpu_store_start_marked(host->store, definition->parent, &definition->uuid) &&
	    check_running(&starting, NULL) == -EALREADY)
		return check_running(&starting, err);
	ret = vgpu_callout_around(host->callouts, definition, "start", start, &starting,
				  err ? err : &own);
	if (refused)
		*refused = starting.refused;
	return ret;
}

static int stop(void *data, struct vgpu_error *err)
{
	const struct starting *stopping = data;

	return vgpu_remove(stopping->host->backend, &stopping->definition->uuid, err);
}

int vgpu_stop(const struct vgpu_host *host, const struct vgpu_uuid *uuid, struct vgpu_error *err)
{
	struct vgpu_definition running = { .uuid = *uuid };
	struct starting stopping = { host, &running };

	/* for the scripts; of one that is not there they are told nothing */
	if (vgpu_definition_from_running(host->backend, &running) < 0)
		return vgpu_remove(host->backend, uuid, err);
	return vgpu_callout_around(host->callouts, &running, "stop", stop, &stopping, err);
}
