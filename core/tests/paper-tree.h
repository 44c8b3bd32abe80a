/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A /sys on paper: a backend whose nodes a test writes down, and whose "kernel" is a function of
 * the test. It can misbehave in ways that a true fake must not.
 */

#include <stdarg.h>
#include <stddef.h>
#include <vgpulab/backend-impl.h>

struct paper;

struct paper_kernel {
	/* a write to @path: 0 or a negative errno; NULL: the file takes anything */
	int (*write)(struct paper *paper, const char *path, const char *text);
	/* time goes by; returns what wait() shall. NULL: nothing ever happens */
	int (*wait)(struct paper *paper);
};

/** @kernel may be NULL. @data is the test's. Release it with backend->impl->destroy(). */
struct vgpu_backend *paper_create(const struct paper_kernel *kernel, void *data);
struct paper *paper_from_backend(struct vgpu_backend *backend);
void *paper_data(struct paper *paper);

/** Adds nodes; missing directories are made. Paths are printf formats where there is a "...". */
void paper_dir(struct paper *paper, const char *format, ...) __attribute__((format(printf, 2, 3)));
void paper_link(struct paper *paper, const char *path, const char *target);
void paper_file(struct paper *paper, const char *path, const char *text);
/** A file that gives @errnum when it is read. */
void paper_broken_file(struct paper *paper, const char *path, int errnum);
/** Takes a node away, with all below it. */
void paper_delete(struct paper *paper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** How many calls the backend has had. */
size_t paper_calls(const struct paper *paper);

/* The GVT-g world, as facts about the kernel say it looks. */

/** A parent with a driver and no types yet. */
void paper_add_gpu(struct paper *paper, const char *address);
/** An i915 type of it. */
void paper_add_type(struct paper *paper, const char *address, const char *id,
		    unsigned int available, const char *description);
/** A whole vGPU. */
void paper_add_vgpu(struct paper *paper, const char *address, const char *type, const char *uuid,
		    unsigned int group);
