/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>

#include "instance-columns.h"

const struct cli_option cli_list_options[] = {
	{ 'o', "output", "COLUMN,...", "UUID PARENT TYPE DRIVER GROUP NODE PATH" },
	{ 0 },
};

static void add_row(struct cli_listing *listing, const struct vgpu_instance *instance)
{
	cli_listing_add(listing, &(struct cli_instance_row){ instance, listing->backend->root });
}

static int add_rows(struct cli_listing *listing, const struct vgpu_snapshot *snapshot,
		    const struct cli_arguments *args, struct vgpu_error *err)
{
	for (int i = 0; i < args->operands_len; i++) {
		const struct vgpu_instance *instance;
		struct vgpu_uuid uuid;

		if (vgpu_uuid_parse(args->operands[i], &uuid) < 0)
			return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "'%s' is no UUID",
					      args->operands[i]);
		instance = vgpu_snapshot_find_instance(snapshot, &uuid);
		if (!instance)
			return vgpu_error_set(err, VGPU_ERROR_NO_VGPU, ENOENT,
					      "there is no vGPU %s", uuid.text);
		add_row(listing, instance);
	}
	for (size_t i = 0; i < snapshot->instances_len && !args->operands_len; i++)
		add_row(listing, &snapshot->instances[i]);
	return 0;
}

int cli_verb_list(const struct cli_globals *globals, int argc, char **argv)
{
	const struct cli_listing_verb verb = {
		.columns = cli_instance_columns,
		.columns_len = cli_instance_columns_len,
		.add_rows = add_rows,
	};

	return cli_listing_verb_run(&verb, globals, argc, argv);
}
