/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>

#include "host.h"
#include "mdevctl.h"

/* mdevctl's words for errors: people search for them, programs match them. */

static int print(int errnum, const char *format, va_list args)
{
	fflush(stdout);
	fputs("Error: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	if (errnum)
		fprintf(stderr, "\nCaused by:\n    %s (os error %d)\n", strerror(errnum), errnum);
	return 1;
}

int cli_mdevctl_fail(const char *format, ...)
{
	va_list args;
	int code;

	va_start(args, format);
	code = print(0, format, args);
	va_end(args);
	return code;
}

int cli_mdevctl_fail_errno(int errnum, const char *format, ...)
{
	va_list args;
	int code;

	va_start(args, format);
	code = print(errnum, format, args);
	va_end(args);
	return code;
}

int cli_mdevctl_fail_error(const struct vgpu_error *err)
{
	/* mdevctl's own words, which come from core */
	if (err->errnum == ECANCELED)
		return cli_mdevctl_fail("%s", err->message);
	return cli_mdevctl_fail("%s%s%s", err->message, err->hint[0] ? "\n       " : "", err->hint);
}

static int fail_exists(const struct cli_host *host, const struct vgpu_definition *definition)
{
	struct vgpu_definition running = { .uuid = definition->uuid };

	if (vgpu_definition_from_running(host->host.backend, &running) == 0) {
		if (strcmp(running.parent, definition->parent) != 0)
			return cli_mdevctl_fail("Device exists under different parent");
		if (strcmp(running.type, definition->type) != 0)
			return cli_mdevctl_fail("Device exists with different type");
	}
	return cli_mdevctl_fail("Device already exists");
}

static int fail_parent(const struct cli_host *host, const char *parent)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	int ret = vgpu_snapshot_take_names(host->host.backend, &snapshot, NULL);

	for (size_t i = 0; ret == 0 && i < snapshot->parents_len; i++)
		if (!strcasecmp(snapshot->parents[i].name, parent))
			return cli_mdevctl_fail(
				"Unable to find parent device '%s'. Did you mean '%s'?", parent,
				snapshot->parents[i].name);
	return cli_mdevctl_fail("Unable to find parent device '%s'", parent);
}

static bool exists(const struct cli_host *host, const char *parent, const char *below)
{
	char path[512];

	snprintf(path, sizeof(path), "class/mdev_bus/%s/%s", parent, below);
	return host->host.backend->impl->exists(host->host.backend, path) == 0;
}

int cli_mdevctl_fail_start(const struct cli_host *host, const struct vgpu_definition *definition,
			   const struct vgpu_setting *refused, const struct vgpu_error *err)
{
	const char *parent = definition->parent, *type = definition->type;

	if (refused && err->errnum == ENOENT)
		return cli_mdevctl_fail("Invalid attribute '%s'", refused->name);
	if (refused)
		return cli_mdevctl_fail_errno(err->errnum, "Failed to write %s to attribute %s",
					      refused->value, refused->name);
	switch (err->kind) {
	case VGPU_ERROR_EXISTS:
		return fail_exists(host, definition);
	case VGPU_ERROR_NO_GPU:
	case VGPU_ERROR_NO_MDEV:
		return fail_parent(host, parent);
	case VGPU_ERROR_NO_TYPE:
		if (!exists(host, parent, "mdev_supported_types"))
			return cli_mdevctl_fail(
				"Parent %s is not currently registered for mdev support", parent);
		return cli_mdevctl_fail("Parent %s does not support mdev type %s", parent, type);
	case VGPU_ERROR_NO_ROOM:
		return cli_mdevctl_fail("No available instances of %s on %s", type, parent);
	case VGPU_ERROR_UNVERIFIED:
	case VGPU_ERROR_USAGE:
		return cli_mdevctl_fail_error(err);
	default:
		break;
	}
	if (err->errnum == ECANCELED)
		return cli_mdevctl_fail_error(err);
	return cli_mdevctl_fail_errno(err->errnum, "Failed to create mdev %s, type %s on %s",
				      definition->uuid.text, type, parent);
}
