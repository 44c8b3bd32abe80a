/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An argument list that grows. No shell sees it; only repeat.sh shows it, quoted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>

struct qt_argv {
	char **items; /* NULL-terminated once it has an item */
	size_t len;
	int error; /* -ENOMEM after a failed addition: additions need not be checked one by one */
};

/** The variable is a struct qt_argv that is released at the end of its scope. */
#define _argv_ __attribute__((cleanup(qt_argv_finish)))

void qt_argv_add(struct qt_argv *argv, const char *item);
void qt_argv_addf(struct qt_argv *argv, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** Adds all of a NULL-terminated list, which may be NULL. */
void qt_argv_add_all(struct qt_argv *argv, const char *const *items);
void qt_argv_finish(struct qt_argv *argv);

/**
 * One line that a POSIX shell splits into exactly these items. Freed by the caller; NULL if memory
 * is short.
 */
char *qt_argv_quote(char *const *items);

/** What a QEMU command line is made of. */
struct qt_qemu_argv {
	const char *qemu; /* the program */
	const char *accel; /* "tcg" or "kvm" */
	const char *cpu; /* QEMU's model; NULL: "max" */
	const char *machine; /* "pc" */
	const char *firmware; /* a file; NULL: QEMU's own, SeaBIOS */
	unsigned int memory_mib;
	unsigned int cpus; /* 0: one */
	bool remote; /* no processor but a program at QT_QTEST_SOCKET, which has QT_MEMORY mapped */
	const char *kernel, *initrd; /* relative to QEMU's working directory, or absolute */
	const char *disk; /* an image that is not written to; NULL: none */
	const char *append; /* what the scenario adds to the kernel's command line; may be NULL */
	bool boot_menu; /* firmware waits a moment with its menu on the screen */
	const char *const *front_end; /* "-display", "none", ...: a path's row */
	const char *render_node; /* what QT_RENDER_NODE in it stands for; may be NULL */
	const char *device; /* "vfio-pci": the display device under test, id=hostdev0 */
	const char *properties; /* "display=on,rombar=0"; may be NULL */
	const char *sysfsdev; /* "/sys/bus/mdev/devices/UUID"; NULL: not a vGPU */
};

/** Stands in a front end's options for the render node. */
#define QT_RENDER_NODE "RENDER_NODE"

/** Names that the command line and the code that connects agree on, in QEMU's working directory. */
#define QT_QMP_SOCKET	  "qmp.sock"
#define QT_VNC_SOCKET	  "vnc.sock"
#define QT_SPICE_SOCKET	  "spice.sock"
#define QT_CONTROL_SOCKET "control.sock"
#define QT_QTEST_SOCKET	  "qtest.sock"
#define QT_MEMORY	  "memory"
#define QT_NVRAM	  "nvram" /* what UEFI firmware remembers, of a libvirt domain */
#define QT_HALTED_BIOS	  "halted.bin" /* firmware whose first instructions stop the processor */
#define QT_CONSOLE_LOG	  "console.log"
/** The display device's id, the one that libvirt gives, for QMP's screendump and -vnc display=. */
#define QT_DEVICE_ID	 "hostdev0"
#define QT_DEVICE_ID_LEN 40

/** The guest kernel's command line, with @append (may be NULL). Freed by the caller. */
char *qt_kernel_arguments(const char *append);

/** What -drive says of an image that is not written to. Heap; NULL without memory. */
char *qt_drive(const char *disk);

/** Builds QEMU's command line. 0 or -ENOMEM; on failure @out is empty. */
int qt_qemu_argv_build(const struct qt_qemu_argv *options, struct qt_argv *out);
