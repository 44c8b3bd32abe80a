/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

struct cli_device_request;
struct cli_host;
struct vgpu_error;

/**
 * Does what `modify` was asked for. With @checked a new type must be one that the GPU offers, if that is
 * there, and gets its full name. 0 or a negative errno.
 */
int cli_modify(const struct cli_host *host, const struct cli_device_request *request, bool checked,
	       struct vgpu_error *err);
