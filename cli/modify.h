/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct cli_device_request;
struct cli_host;
struct vgpu_error;

/** Does what `modify` was asked for. 0 or a negative errno. */
int cli_modify(const struct cli_host *host, const struct cli_device_request *request,
	       struct vgpu_error *err);
