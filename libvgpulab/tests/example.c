/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program on the installed library: lists the types of the first GPU, and creates a vGPU of the
 * type that is asked for.
 *	example BACKEND TYPE
 */

#include <stdio.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/backends.h>
#include <vgpulab/manager.h>

static int fail(const struct vgpu_error *err)
{
	fprintf(stderr, "%s: %s\n%s\n", vgpu_error_kind_name(err->kind), err->message, err->hint);
	return err->kind;
}

static int show(struct vgpu_backend *backend, const char *type, struct vgpu_error *err)
{
	struct vgpu_create_request request = { .type = type };
	struct vgpu_snapshot *snapshot;
	struct vgpu_instance created;
	int ret = vgpu_snapshot_take(backend, &snapshot, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < snapshot->parents_len && i < 1; i++)
		for (size_t j = 0; j < snapshot->parents[i].types_len; j++)
			printf("%s %u\n", snapshot->parents[i].types[j].id,
			       snapshot->parents[i].types[j].available);
	vgpu_snapshot_destroy(snapshot);
	ret = vgpu_create(backend, &request, &created, err);
	if (ret == 0)
		printf("created a %s on %s\n", created.type, created.parent_name);
	return ret;
}

int main(int argc, char **argv)
{
	struct vgpu_error err = { 0 };
	struct vgpu_backend *backend;
	int ret;

	if (argc != 3)
		return VGPU_ERROR_USAGE;
	if (vgpu_backend_open(argv[1], &backend, &err) < 0)
		return fail(&err);
	ret = show(backend, argv[2], &err);
	backend->impl->destroy(backend);
	return ret < 0 ? fail(&err) : 0;
}
