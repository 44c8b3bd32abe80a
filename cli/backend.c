/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <backends/backends.h>

#include "cli.h"

int cli_backend_open(const struct cli_globals *globals, struct vgpu_backend **out,
		     struct vgpu_error *err)
{
	return vgpu_backend_open(globals->backend, out, err);
}

void cli_backend_closep(struct vgpu_backend **backend)
{
	if (*backend)
		(*backend)->impl->destroy(*backend);
}
