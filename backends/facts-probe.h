/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the real machine's facts must try out, each in a child that is killed when it takes long.
 */

/**
 * Runs the program that argv[0] names in PATH and takes what it prints on standard output. 0 with
 * *@out to free(), -ENOENT if there is no such program, -ENODEV if it failed, -ETIMEDOUT.
 */
int vgpu_probe_command(const char *const *argv, char **out);

/** Really runs a vCPU. 0 with *@out, to free(), "works" or what does not; or a negative errno. */
int vgpu_probe_kvm(char **out);
