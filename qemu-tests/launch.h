/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A QEMU process: started without a shell, in a directory of its own that holds its sockets and
 * logs, tied to our life (PR_SET_PDEATHSIG), and always ended by its own pid.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct qt_vm;
struct qt_qmp;
struct qt_console;

/** Where QEMU's own messages go, in its directory. */
#define QT_QEMU_LOG    "qemu.log"
#define QT_QMP_LOG     "qmp.log"
#define QT_CONTROL_LOG "control.log"

/**
 * Starts @argv with @dir_fd (borrowed) as working directory and connects its QMP. If QEMU ends
 * instead, @err has the last line that it said. The caller destroys *@out. On failure that is
 * untouched, unless QEMU does not die of SIGKILL: then it is the caller's, for qt_vm_stop() to tell.
 */
int qt_vm_start(char *const *argv, int dir_fd, int64_t deadline_ms, struct qt_vm **out,
		struct vgpu_error *err);

/** Connects the guest's control port; needs a QEMU that was told to have it. */
int qt_vm_connect_console(struct qt_vm *vm, int64_t deadline_ms, struct vgpu_error *err);

/** Both are borrowed and live as long as the vm; the console is NULL until it is connected. */
struct qt_qmp *qt_vm_qmp(struct qt_vm *vm);
struct qt_console *qt_vm_console(struct qt_vm *vm);
int qt_vm_dir(const struct qt_vm *vm);
pid_t qt_vm_pid(const struct qt_vm *vm);

/** The id of the device under test: QT_DEVICE_ID, unless it was set to another. */
const char *qt_vm_device(const struct qt_vm *vm);
void qt_vm_set_device(struct qt_vm *vm, const char *id);

/** Connects to a unix socket that this QEMU opens in its directory: a descriptor, or an error. */
int qt_vm_connect(struct qt_vm *vm, const char *socket, int64_t deadline_ms,
		  struct vgpu_error *err);

/**
 * Has QEMU ended, or does it within a moment? Then -ECHILD with @err saying how and with what last
 * words; else 0 and @err untouched. For telling why a conversation with it broke off.
 */
int qt_vm_explain_end(struct qt_vm *vm, struct vgpu_error *err);

/**
 * Does QEMU run, and not answer? Then @err (may be NULL), which tells what came of that, says so. For
 * telling whose fault it is that something did not come in time.
 */
bool qt_vm_is_wedged(struct qt_vm *vm, struct vgpu_error *err);

/** Waits until QEMU has ended by itself: 0 with *@status as waitpid(2) gives it, or -ETIMEDOUT. */
int qt_vm_wait(struct qt_vm *vm, int64_t deadline_ms, int *status);

/**
 * Ends QEMU: QMP's quit first, SIGKILL after @grace_ms. 0 with *@status (may be NULL) as waitpid(2)
 * gives it; -EBUSY if not even SIGKILL ended it in time: it hangs in the kernel.
 */
int qt_vm_stop(struct qt_vm *vm, int grace_ms, int *status);

/** Removes what a QEMU in this directory has left: sockets if it was killed, and its memory if that was a file. */
void qt_vm_remove_leftovers(int dir_fd);

/** Kills QEMU if it still runs, reaps it, removes what it leaves. */
void qt_vm_destroy(struct qt_vm *vm);
VGPU_DEFINE_DESTROYP(qt_vm)

/** Makes a directory, and those above it, that are not there. 0 or a negative errno. */
int qt_directory_make(const char *path);

/** The absolute path of an open directory; "." if the kernel does not tell. */
const char *qt_directory_path(int dir_fd, char *buffer, size_t size);

/**
 * The last line of a log that says something about failure, for messages: the last non-empty line
 * of file @name. Returns @buffer, empty if there is none.
 */
const char *qt_log_last_line(int dir_fd, const char *name, char *buffer, size_t size);
/** The last @size - 1 bytes of a log, from the beginning of a line; "" if there is none. */
const char *qt_log_tail(int dir_fd, const char *name, char *buffer, size_t size);
