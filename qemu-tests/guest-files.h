/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the guest's program and kernel are: beside a program that was built, below the prefix of
 * one that was installed. No path of the machine that built it is in the program, so that builds
 * can be reproduced.
 */

#include <stdbool.h>

/** The file @name of our own in libexec: "guest-init", "fetch-kernel", "view-spice". Freed by the caller. */
char *qt_guest_program_find(const char *name);

/**
 * The directory that has what guest/fetch-kernel makes, freed by the caller. In this order:
 * the build directory's guest/, the place chosen by -Dguest_dir, the user's cache
 * ($XDG_CACHE_HOME/vgpulab/guest or ~/.cache/vgpulab/guest), /var/cache/vgpulab/guest. If none of
 * them has a kernel, the first one in which this user can put it.
 */
char *qt_guest_dir_find(void);

/** What to do if there is none in @guest_dir: "./dev demo ..." or the installed fetch-kernel. */
char *qt_guest_dir_cure(const char *guest_dir);
