/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-modules.h"

#include <dirent.h>
#include <errno.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#define DIR_IN_GUEST "modules"
#define LIST	     "modules.list"

/* The list is the last entry while it grows. */
struct search {
	struct kmod_ctx *kmod;
	struct qt_guest_modules found;
	FILE *list;
	char *list_text;
	size_t list_len;
};

static void unref_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}

static void unref_module(struct kmod_module **module)
{
	if (*module)
		kmod_module_unref(*module);
}

/* "DIR/lib/modules/VERSION"; there is one version. */
static char *find_version(const char *guest_dir)
{
	_autofree_ char *modules = NULL;
	_autoclosedir_ DIR *dir = NULL;
	struct dirent *entry;
	char *path = NULL;

	if (asprintf(&modules, "%s/lib/modules", guest_dir) < 0)
		return NULL;
	dir = opendir(modules);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		return asprintf(&path, "%s/%s", modules, entry->d_name) < 0 ? NULL : path;
	}
	return NULL;
}

static int add_entry(struct qt_guest_modules *modules, const char *path, const char *source)
{
	struct qt_initramfs_entry *entries =
		reallocarray(modules->entries, modules->entries_len + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	modules->entries = entries;
	entries[modules->entries_len] = (struct qt_initramfs_entry){
		.path = strdup(path),
		.mode = S_IFREG | 0644,
		.source = source ? strdup(source) : NULL,
	};
	modules->entries_len++;
	return 0;
}

static bool has_entry(const struct qt_guest_modules *modules, const char *path)
{
	for (size_t i = 0; i < modules->entries_len; i++)
		if (strcmp(modules->entries[i].path, path) == 0)
			return true;
	return false;
}

static int add_module(struct search *search, struct kmod_module *module, const char *parameters)
{
	const char *source = kmod_module_get_path(module);
	char path[128];

	if (!source) /* built in */
		return 0;
	snprintf(path, sizeof(path), DIR_IN_GUEST "/%s.ko", kmod_module_get_name(module));
	if (has_entry(&search->found, path))
		return 0;
	fprintf(search->list, "/%s%s%s\n", path, *parameters ? " " : "", parameters);
	return add_entry(&search->found, path, source);
}

static int add_with_dependencies(struct search *search, struct kmod_module *module,
				 const char *parameters)
{
	__attribute__((cleanup(unref_list))) struct kmod_list *needed =
		kmod_module_get_dependencies(module);
	struct kmod_list *at;
	int rc = 0;

	kmod_list_foreach(at, needed)
	{ /* in the order of loading */
		__attribute__((cleanup(unref_module))) struct kmod_module *other =
			kmod_module_get_module(at);

		if (rc == 0)
			rc = add_module(search, other, "");
	}
	return rc < 0 ? rc : add_module(search, module, parameters);
}

/* A module that is in no index is a file. Its dependencies are the caller's business. */
static int add_file(struct search *search, const char *path, struct vgpu_error *err)
{
	__attribute__((cleanup(unref_module))) struct kmod_module *module = NULL;
	int rc = kmod_module_new_from_path(search->kmod, path, &module);

	if (rc >= 0)
		rc = add_module(search, module, "");
	return rc < 0 ? vgpu_error_set(err, VGPU_ERROR_NEED, -rc, "module %s: %s", path,
				       strerror(-rc))
		      : 0;
}

static int add_wanted(struct search *search, const char *wanted, struct vgpu_error *err)
{
	__attribute__((cleanup(unref_list))) struct kmod_list *list = NULL;
	size_t name_len = strcspn(wanted, " ");
	_autofree_ char *name = strndup(wanted, name_len);
	struct kmod_list *at;
	int rc = name ? kmod_module_new_from_lookup(search->kmod, name, &list) : -ENOMEM;

	if (rc >= 0 && !list)
		rc = -ENOENT;
	if (rc < 0)
		return vgpu_error_set(err, VGPU_ERROR_NEED, -rc,
				      "the guest's kernel has no module %s", name ? name : wanted);
	kmod_list_foreach(at, list)
	{
		__attribute__((cleanup(unref_module))) struct kmod_module *module =
			kmod_module_get_module(at);

		rc = add_with_dependencies(search, module,
					   wanted + name_len + (wanted[name_len] == ' '));
		if (rc < 0)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, -rc, "module %s", name);
	}
	return 0;
}

static int finish_list(struct search *search)
{
	struct qt_initramfs_entry *entry;
	int rc = add_entry(&search->found, LIST, NULL);

	if (fclose(steal(search->list)) != 0 || rc < 0)
		return -ENOMEM;
	entry = &search->found.entries[search->found.entries_len - 1];
	entry->data = steal(search->list_text);
	entry->data_len = search->list_len;
	return 0;
}

int qt_guest_modules_find(const char *guest_dir, const char *const *wanted,
			  struct qt_guest_modules *out, struct vgpu_error *err)
{
	static const char *const no_configuration[] = { NULL };
	_autofree_ char *version = find_version(guest_dir);
	struct search search = { 0 };
	int rc = 0;

	if (!version)
		return vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT, "no modules in %s/lib/modules",
				      guest_dir);
	search.kmod = kmod_new(version, no_configuration);
	search.list = open_memstream(&search.list_text, &search.list_len);
	if (!search.kmod || !search.list)
		rc = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "cannot read modules of %s",
				    version);
	for (; rc == 0 && *wanted; wanted++)
		rc = **wanted == '/' ? add_file(&search, *wanted, err)
				     : add_wanted(&search, *wanted, err);
	if (rc == 0 && finish_list(&search) < 0)
		rc = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "list of modules");
	if (search.list)
		fclose(search.list);
	free(search.list_text);
	if (search.kmod)
		kmod_unref(search.kmod);
	if (rc < 0) {
		qt_guest_modules_finish(&search.found);
		return rc;
	}
	*out = search.found;
	return 0;
}

void qt_guest_modules_finish(struct qt_guest_modules *modules)
{
	for (size_t i = 0; i < modules->entries_len; i++) {
		free((char *)modules->entries[i].path);
		free((char *)modules->entries[i].source);
		free((void *)modules->entries[i].data);
	}
	free(modules->entries);
	*modules = (struct qt_guest_modules){ 0 };
}
