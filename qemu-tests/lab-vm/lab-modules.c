/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab-modules.h"

#include "../argv.h"
#include "../guest-files.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <vgpulab/cleanup.h>

/* The root, the lines to us, and what programs expect of any machine. */
static const char *const always[] = { "virtio_pci", "virtio_console", "9pnet_virtio",
				      "9p",	    "overlay",	      "fuse",
				      "unix",	    "af_packet",      NULL };

/* The mdev samples and udmabuf, and what they need: they are in no index. */
static const char *const samples[] = { "mtty", "mdpy", "mbochs", "udmabuf" };
static const char *const below_samples[] = { "mdev", "vfio", "vfio_iommu_type1", NULL };

static bool is_sample(const char *name)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(samples); i++)
		if (!strcmp(samples[i], name))
			return true;
	return false;
}

/* Runs sample-modules, which does nothing if they are there. */
static int build_samples(const char *guest_dir, const char *dir, struct vgpu_error *err)
{
	_autofree_ char *program = qt_guest_program_find("sample-modules");
	char *const argv[] = { program, (char *)guest_dir, (char *)dir, NULL };
	int status;
	pid_t pid;

	if (program && !posix_spawn(&pid, program, NULL, NULL, argv, environ) &&
	    waitpid(pid, &status, 0) == pid && status == 0)
		return 0;
	return vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT,
			      "the mdev sample drivers are not there and cannot be built");
}

static int add_sample(struct qt_argv *names, const char *guest_dir, const char *name,
		      struct vgpu_error *err)
{
	char dir[512];
	int r;

	snprintf(dir, sizeof(dir), "%s/samples", guest_dir);
	r = build_samples(guest_dir, dir, err);
	if (r)
		return r;
	qt_argv_add_all(names, below_samples);
	qt_argv_addf(names, "%s/%s.ko", dir, name);
	return 0;
}

int qt_lab_modules_find(const char *guest_dir, const char *wanted, struct qt_guest_modules *out,
			struct vgpu_error *err)
{
	_autofree_ char *list = strdup(wanted ? wanted : "");
	_argv_ struct qt_argv names = { 0 };
	char *rest = list;
	int r = 0;

	qt_argv_add_all(&names, always);
	for (char *name; !r && (name = strsep(&rest, ","));) {
		if (is_sample(name))
			r = add_sample(&names, guest_dir, name, err);
		else if (*name)
			qt_argv_add(&names, name);
	}
	if (!r && names.error)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "the lab VM's drivers");
	return r ? r : qt_guest_modules_find(guest_dir, (const char *const *)names.items, out, err);
}
