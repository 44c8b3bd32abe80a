/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the lab VM's process 1 and its launcher agree on. */

/** Virtio serial ports. Control: "up", then "exit CODE", to us; any byte from us ends the command. */
#define LAB_PORT_CONTROL "lab.control"
#define LAB_PORT_STDOUT	 "lab.stdout"
#define LAB_PORT_STDERR	 "lab.stderr"

/** 9p shares: the host's root, read-only; the directory that results go to. */
#define LAB_SHARE_ROOT "root"
#define LAB_SHARE_OUT  "out"

/** Files of the initramfs. Lists have a NUL behind each item. */
#define LAB_FILE_COMMAND     "lab/command"
#define LAB_FILE_ENVIRONMENT "lab/environment"
#define LAB_FILE_DIRECTORY   "lab/directory"
#define LAB_FILE_OUT	     "lab/out" /* the path of the results' directory; absent: none */
#define LAB_FILE_GUEST_DIR   "lab/guest-dir" /* where the kernel's lib/modules are */
#define LAB_FILE_MERGE	     "lab/merge" /* absent: standard output and error are two things */
