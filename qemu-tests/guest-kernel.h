/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guest's kernel, as guest/fetch-kernel unpacks it.
 */

/**
 * The kernel in @guest_dir for QEMU's -kernel, freed by the caller: the decompressed one if it is
 * there, for under TCG decompression takes as long as all the rest of the boot; else the one that
 * the distribution packs, which firmware other than SeaBIOS needs in any case (@packed). NULL with
 * errno set: ENOENT if there is none.
 */
char *qt_guest_kernel_find(const char *guest_dir, int packed);
