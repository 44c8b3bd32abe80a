/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include "list-tree.h"
#include "listing.h"

enum { NAME, FREE, GROUP };

static struct libscols_line *add_line(struct libscols_table *table, struct libscols_line *above,
				      const char *name, const char *free_text, const char *group)
{
	struct libscols_line *line = scols_table_new_line(table, above);

	if (line &&
	    (scols_line_set_data(line, NAME, name) || scols_line_set_data(line, FREE, free_text) ||
	     scols_line_set_data(line, GROUP, group)))
		return NULL;
	return line;
}

static int add_instances(struct libscols_table *table, struct libscols_line *above,
			 const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			 const char *type)
{
	for (size_t i = 0; i < snapshot->instances_len; i++) {
		const struct vgpu_instance *instance = &snapshot->instances[i];
		char group[16] = "";

		if (&snapshot->parents[instance->parent] != parent ||
		    strcmp(instance->type, type) != 0)
			continue;
		if (instance->iommu_group >= 0)
			snprintf(group, sizeof(group), "%d", instance->iommu_group);
		if (!add_line(table, above, instance->uuid.text, "", group))
			return -ENOMEM;
	}
	return 0;
}

static int add_parent(struct libscols_table *table, const struct vgpu_snapshot *snapshot,
		      const struct vgpu_parent *parent)
{
	struct libscols_line *top = add_line(table, NULL, parent->name, "", "");
	int ret = top ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < parent->types_len; i++) {
		struct libscols_line *line;
		char count[16];

		snprintf(count, sizeof(count), "%u", parent->types[i].available);
		line = add_line(table, top, parent->types[i].id, count, "");
		ret = line ? add_instances(table, line, snapshot, parent, parent->types[i].id)
			   : -ENOMEM;
	}
	/* one that is just being created has no type yet */
	return ret < 0 ? ret : add_instances(table, top, snapshot, parent, "");
}

int cli_list_tree_print(const struct vgpu_snapshot *snapshot, struct vgpu_error *err)
{
	struct libscols_table *table = cli_table_create();
	int ret = -ENOMEM;

	if (table && scols_table_new_column(table, "NAME", 0, SCOLS_FL_TREE) &&
	    scols_table_new_column(table, "FREE", 0, SCOLS_FL_RIGHT) &&
	    scols_table_new_column(table, "GROUP", 0, SCOLS_FL_RIGHT))
		ret = 0;
	for (size_t i = 0; ret == 0 && i < snapshot->parents_len; i++)
		ret = add_parent(table, snapshot, &snapshot->parents[i]);
	if (ret == 0 && snapshot->parents_len)
		ret = scols_print_table(table);
	scols_unref_table(table);
	return ret < 0 ? vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "cannot make the table: %s",
					strerror(-ret))
		       : 0;
}
