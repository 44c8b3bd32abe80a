/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the parts of the import share: a tree to read, a recording to fill, and how to complain.
 */

#include <backends/facts.h>
#include <replay/replay.h>

#include "arena.h"

enum {
	PARENTS_MAX = 64,
	TYPES_MAX = 256,
	VGPUS_MAX = 4096,
	PATH_SIZE = 512,
	TEXT_SIZE = 8192, /* of an attribute; configuration space has 4096 bytes */
};

struct replay_recording {
	struct replay_arena arena;
	struct fake_gpu_config gpus[PARENTS_MAX];
	size_t len;
	unsigned int kernel;
	char *command_line; /* the kernel's; NULL: it does not say */
	char *kernel_log; /* likewise */
};

struct import {
	struct vgpu_backend *sysfs;
	struct replay_recording *recording;
	const char *file; /* for errors */
	struct vgpu_error *err;
	const struct fake_recorded_module *modules;
	size_t modules_len;
};

/** Fills the error: "FILE: PATH: what is wrong". Returns -EINVAL. */
int import_fail(struct import *import, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** @format makes a path. An attribute's text, in the arena; NULL if there is none. */
const char *import_text(struct import *import, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** The same as bytes. Their number, or a negative errno. */
ssize_t import_bytes(struct import *import, char bytes[TEXT_SIZE], const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** The last component of a link's text, in the arena; NULL if there is none. */
const char *import_link_name(struct import *import, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool import_exists(struct import *import, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** The names in a directory, sorted, in the arena. */
struct import_names {
	const char **names;
	size_t len;
};
/** At most @max of them. 0, or a negative errno: -ENOENT is no error here, -E2BIG is filled. */
int import_list(struct import *import, const char *path, size_t max, struct import_names *out);

/** Fills what a PCI function of @profile at @path says of itself. 0, or -EINVAL. */
int import_pci(struct import *import, const char *path, struct fake_gpu_profile *profile,
	       struct fake_gpu_config *config);
/** Fills types, capacity and recorded vGPUs; @base is the profile that is like it, or NULL. */
int import_types(struct import *import, const char *path, const struct fake_gpu_profile *base,
		 struct fake_gpu_profile *profile, struct fake_gpu_config *config);
/** Fills import->modules. */
int import_modules(struct import *import);

/** Makes a recording of a tree. @release is the kernel's, or NULL. */
int import_tree(struct vgpu_backend *sysfs, const char *file, const char *release,
		struct replay_recording **out, struct vgpu_error *err);
