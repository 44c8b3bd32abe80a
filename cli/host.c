/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>

#include "host.h"

/* Where packages put scripts, and where administrators put theirs: beside the definitions. */
#define PACKAGED_SCRIPTS "/usr/lib/mdevctl/scripts.d"

int cli_host_open(const struct cli_globals *globals, struct cli_host *out, struct vgpu_error *err)
{
	_cli_host_ struct cli_host host = { .callouts.ops = &cli_callout_ops };
	int ret = cli_backend_open(globals, &host.host.backend, err);

	if (ret == 0)
		ret = vgpu_store_open(globals->config_dir, &host.host.store, err);
	if (ret < 0)
		return ret;
	if (asprintf(&host.scripts, "%s/scripts.d", globals->config_dir) < 0) {
		host.scripts = NULL;
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	}
	*out = host;
	/* a directory of one's own comes with scripts of one's own */
	if (!strcmp(globals->config_dir, CLI_CONFIG_DIR))
		out->callouts.roots[0] = PACKAGED_SCRIPTS;
	out->callouts.roots[out->callouts.roots[0] ? 1 : 0] = out->scripts;
	out->host.callouts = &out->callouts;
	out->host.idempotent = !globals->mdevctl;
	host = (struct cli_host){ 0 };
	return 0;
}

void cli_host_close(struct cli_host *host)
{
	if (host->host.backend)
		host->host.backend->impl->destroy(host->host.backend);
	vgpu_store_destroy(host->host.store);
	free(host->scripts);
	*host = (struct cli_host){ 0 };
}

void cli_warn_broken(const struct cli_globals *globals, const struct vgpu_error *broken, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cli_fail(globals, &broken[i]);
}
