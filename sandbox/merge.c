/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "merge.h"

#include <errno.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Directories that only hold other things' entries. A directory that is itself a thing (a device,
 * a module, a class of its own) is either the fake's or the real one's, never a mixture: so a real
 * device at the fake GPU's address is hidden. IOMMU groups are the fake's alone, as their numbers
 * are.
 */
static const char *const merge_points[] = {
	"",
	"bus",
	"bus/pci",
	"bus/pci/devices",
	"bus/pci/drivers",
	"class",
	"class/pci_bus",
	"dev",
	"dev/char",
	"devices",
	"devices/pci0000:00",
	"devices/virtual",
	"kernel",
	"module",
};

static int add_path(struct sandbox_merge *merge, const char *path)
{
	char **paths = realloc(merge->paths, (merge->paths_len + 1) * sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	merge->paths = paths;
	paths[merge->paths_len] = strdup(path);
	if (!paths[merge->paths_len])
		return -ENOMEM;
	merge->paths_len++;
	return 0;
}

static int add_link(struct fake_tree *tree, const char *tree_path, int dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

	if (len < 0)
		return 0; /* gone meanwhile */
	target[len] = '\0';
	return fake_tree_add_foreign(tree, tree_path, FAKE_NODE_LINK, target);
}

/* One entry of a real directory. -EEXIST: the fake has its own. */
static int merge_entry(struct sandbox_merge *merge, struct fake_tree *tree, const char *point,
		       int dir, const char *name)
{
	char path[PATH_MAX], tree_path[PATH_MAX + 4];
	struct stat st;
	int rc;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	snprintf(path, sizeof(path), "%s%s%s", point, *point ? "/" : "", name);
	snprintf(tree_path, sizeof(tree_path), "sys/%s", path);
	if (S_ISLNK(st.st_mode))
		return add_link(tree, tree_path, dir, name);
	rc = fake_tree_add_foreign(tree, tree_path,
				   S_ISDIR(st.st_mode) ? FAKE_NODE_DIR : FAKE_NODE_ATTR, NULL);
	return rc ? rc : add_path(merge, path);
}

static bool is_fake_dir(struct fake_tree *tree, const char *point)
{
	char tree_path[PATH_MAX];
	struct fake_node node;

	snprintf(tree_path, sizeof(tree_path), "sys%s%s", *point ? "/" : "", point);
	return !fake_tree_walk(tree, tree_path, &node) && node.kind == FAKE_NODE_DIR;
}

static int merge_directory(struct sandbox_merge *merge, struct fake_tree *tree, int sys,
			   const char *point)
{
	int fd = openat(sys, *point ? point : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_autoclosedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return 0; /* the real /sys has no such directory, or does not show it to us */
	while ((entry = readdir(dir))) {
		int rc;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		rc = merge_entry(merge, tree, point, dirfd(dir), entry->d_name);
		if (rc && rc != -EEXIST)
			return rc;
	}
	return 0;
}

int sandbox_merge_plan(const char *sys, struct fake_tree *tree, struct sandbox_merge *out)
{
	_autoclose_ int fd = open(sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sandbox_merge merge = { 0 };
	int rc = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(merge_points) && fd >= 0 && !rc; i++)
		if (is_fake_dir(tree, merge_points[i]))
			rc = merge_directory(&merge, tree, fd, merge_points[i]);
	if (rc)
		sandbox_merge_finish(&merge);
	else
		*out = merge;
	return rc;
}

void sandbox_merge_finish(struct sandbox_merge *merge)
{
	for (size_t i = 0; i < merge->paths_len; i++)
		free(merge->paths[i]);
	free(merge->paths);
	*merge = (struct sandbox_merge){ 0 };
}
