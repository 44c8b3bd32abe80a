/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * QEMU's machine protocol: one JSON object a line, commands answered in order, events in between.
 */

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct qt_qmp;

/**
 * Speaks QMP on @fd, a connected socket, which is taken over in any case: reads the greeting and
 * leaves capabilities negotiation behind. All traffic goes to @log (borrowed, may be NULL).
 * Source: QEMU docs/interop/qmp-spec
 */
int qt_qmp_create(int fd, FILE *log, int64_t deadline_ms, struct qt_qmp **out,
		  struct vgpu_error *err);
void qt_qmp_destroy(struct qt_qmp *qmp);
VGPU_DEFINE_DESTROYP(qt_qmp)

/** The process at the other end; 0 if the kernel does not tell. */
pid_t qt_qmp_peer(const struct qt_qmp *qmp);

/** QEMU's version as its greeting gave it: "7.2.22". */
const char *qt_qmp_version(const struct qt_qmp *qmp);

/**
 * Runs one command. @arguments (may be NULL) is released in any case. *@result (@result may be
 * NULL) is the value of "return", to be put by the caller.
 * 0; -EREMOTEIO if QEMU answered with an error, whose text is in @err; -ETIMEDOUT; -EPIPE if QEMU
 * went away; -EPROTO if what it says is no QMP.
 */
int qt_qmp_command(struct qt_qmp *qmp, const char *name, json_object *arguments,
		   int64_t deadline_ms, json_object **result, struct vgpu_error *err);

/**
 * Waits for the next event of that name; others, and what came before, are passed over. 0, -ETIMEDOUT, -EPIPE
 * or -EPROTO, as above.
 * Source: QEMU docs/interop/qmp-spec, "Asynchronous events"
 */
int qt_qmp_wait_event(struct qt_qmp *qmp, const char *name, int64_t deadline_ms,
		      struct vgpu_error *err);

/**
 * Gives QEMU a copy of @fd, which later commands call @name. Errors as above.
 * Source: QEMU qapi/misc.json, getfd
 */
int qt_qmp_give_fd(struct qt_qmp *qmp, const char *name, int fd, int64_t deadline_ms,
		   struct vgpu_error *err);
