/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The front end of VFIO: a seccomp filter that stops a program's VFIO system calls, and the
 * supervisor that answers them in its place.
 */

#include <fakesysfs/host.h>
#include <fakesysfs/vfio-nodes.h>
#include <stdbool.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_tree;
struct fv_supervisor;

/** Answers VFIO for @host. It has no listener yet. NULL with @err filled on failure. */
struct fv_supervisor *fv_supervisor_create(struct fake_host *host, struct vgpu_error *err);

/** What the FUSE front end must call when VFIO's nodes are opened; data is the supervisor. */
extern const struct fake_fuse_vfio_ops fv_supervisor_fuse_ops;

/** Lets /dev/iommu and /dev/vfio/devices be opened, which @tree has. Call it before the start. */
void fv_supervisor_set_tree(struct fv_supervisor *supervisor, struct fake_tree *tree);

/**
 * What syslog(2) reads, so what dmesg(1) shows: lines of the kernel's log, each with its "<level>". It must
 * outlive the supervisor. Without it, it is the machine's own. Call it before the start.
 */
void fv_supervisor_set_kernel_log(struct fv_supervisor *supervisor, const char *log);

/** Told what clients and guests do wrong: one line without newline, a few a second at most. */
typedef void fv_log_function(void *data, const char *line);
/** Without it nothing is told. Call it before fv_supervisor_start(). */
void fv_supervisor_set_log(struct fv_supervisor *supervisor, fv_log_function *log, void *data);

/**
 * Starts answering what @listener (from fv_filter_install()) reports. Takes @listener over.
 * @nodes_dev is st_dev of the mount that has VFIO's nodes: no other file is taken for one. Their
 * owners are counted as in the user namespace of process @program.
 */
int fv_supervisor_start(struct fv_supervisor *supervisor, int listener, dev_t nodes_dev,
			pid_t program, struct vgpu_error *err);
/** Stops answering and frees. Programs still under the filter get ENOSYS. NULL is fine. */
void fv_supervisor_destroy(struct fv_supervisor *supervisor);
VGPU_DEFINE_DESTROYP(fv_supervisor)

/**
 * Installs the filter in the calling process, for it and all it will start. Returns the listener's
 * descriptor (O_CLOEXEC), to be sent to the supervisor; or a negative errno with @err filled
 * (-EBUSY: a filter with a listener is there already, as inside another `vgpulab run`).
 * With @nodes, opens of character devices stop: of all files that are opened to be read and written
 * and not to be created, and no others.
 */
int fv_filter_install(bool nodes, struct vgpu_error *err);
