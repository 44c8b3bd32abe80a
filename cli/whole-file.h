/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file as one text, for verbs that edit one.
 */

#include <stddef.h>
#include <vgpulab/error.h>

/** What messages call @path: "standard input" for "-". */
const char *cli_file_name(const char *path);
/** Reads @path ("-": standard input), at most 8 MiB. 0 with a heap text, NUL-terminated. */
int cli_file_read(const char *path, char **out, size_t *out_len, struct vgpu_error *err);
/** Puts the file's name before the message of what was found in it. Returns @ret. */
int cli_file_blame(const char *path, int ret, struct vgpu_error *err);
/** Writes @path ("-": standard output); what was there stays whole until the new one is. */
int cli_file_write(const char *path, const char *text, size_t len, struct vgpu_error *err);
