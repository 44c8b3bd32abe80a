/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vgpulab/backend-impl.h>
#include <vgpulab/snapshot.h>

#include "listing.h"

static int list(const struct cli_listing_verb *verb, struct cli_listing *listing,
		const struct cli_arguments *args, struct vgpu_error *err)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	int ret = cli_backend_open(&args->globals, &backend, err);

	if (ret == 0)
		ret = vgpu_snapshot_take(backend, &snapshot, err);
	if (ret == 0)
		listing->backend = backend;
	if (ret == 0)
		ret = verb->add_rows(listing, snapshot, args, err);
	if (ret == 0)
		ret = cli_listing_print(listing, args->globals.json, err);
	return ret;
}

int cli_listing_verb_show(const struct cli_listing_verb *verb, const struct cli_arguments *args,
			  const char *output)
{
	struct cli_listing listing;
	struct vgpu_error err = { 0 };
	int ret = 0;

	cli_listing_init(&listing, verb->columns, verb->columns_len);
	listing.data = verb->data;
	if (output)
		ret = cli_listing_choose(&listing, output, &err);
	if (ret == 0)
		ret = list(verb, &listing, args, &err);
	cli_listing_finish(&listing);
	return ret < 0 ? cli_fail(&args->globals, &err) : 0;
}
