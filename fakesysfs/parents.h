/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kinds of parents differ in: what they are called, where they lie, what their `uevent`
 * says. One table, by enum fake_parent_kind.
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Fills config->name, with the address that the user gave or the first one that the host may
 * choose. True if it was chosen, so that another one would do.
 */
bool fake_parent_first_name(struct fake_gpu_config *config);
/** The name after this one. False if the kind has one name alone. */
bool fake_parent_next_name(struct fake_gpu_config *config);

/** Reads the address that a user gives. 0, or -EINVAL: *@example is how one looks. */
int fake_parent_parse_address(struct fake_gpu_config *config, const char *text,
			      const char **example);
/** Has it one at all? */
bool fake_parent_has_address(const struct fake_gpu_profile *profile);

/** "/devices/pci0000:00/0000:00:02.0": below /sys. */
void fake_parent_path(const struct fake_gpu_config *config, char *path, size_t size);
/** Bus or class: "pci", "mtty". */
const char *fake_parent_subsystem(const struct fake_gpu_config *config);
/** What `uevent` reads; @bound: with DRIVER. Returns the length. */
ssize_t fake_parent_keys(const struct fake_gpu_config *config, bool bound, char *text, size_t size);
/** Does a driver bind to it, or is it there as long as its module? */
bool fake_parent_has_driver(const struct fake_gpu_config *config);
