/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-files.h"
#include "guest-kernel.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

static bool is_there(const char *path)
{
	return path && access(path, F_OK) == 0;
}

static void cut_last_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

/* The directory of our program, or one above that; "" if the kernel does not tell. */
static void find_above(char *path, size_t size, int levels)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);

	path[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < levels; i++)
		cut_last_name(path);
}

/* "/usr" of "/usr/bin/PROGRAM" and of "/usr/libexec/vgpulab/PROGRAM". */
static void find_own_prefix(char *path, size_t size)
{
	static const char libexec[] = "/" QT_LIBEXECDIR_UNDER_PREFIX "/vgpulab";
	size_t len;

	find_above(path, size, 1);
	len = strlen(path);
	if (len >= strlen(libexec) && !strcmp(path + len - strlen(libexec), libexec))
		path[len - strlen(libexec)] = '\0';
	else
		cut_last_name(path);
}

/* The build directory that we run in, one or two levels above our own, else NULL. */
static char *find_build_directory(void)
{
	for (int levels = 2; levels <= 3; levels++) {
		char own[PATH_MAX], init[PATH_MAX + 64];

		find_above(own, sizeof(own), levels);
		snprintf(init, sizeof(init), "%s/qemu-tests/guest/guest-init", own);
		if (is_there(init))
			return strdup(own);
	}
	return NULL;
}

char *qt_guest_program_find(const char *name)
{
	static const char *const rooms[] = { "viewers", "lab-vm", "guest" };
	_autofree_ char *build = find_build_directory();
	char own[PATH_MAX];
	char *path = NULL;

	for (size_t i = 0; build && i < VGPU_ARRAY_LEN(rooms); i++) {
		if (asprintf(&path, "%s/qemu-tests/%s/%s", build, rooms[i], name) < 0)
			return NULL;
		if (is_there(path) || i == VGPU_ARRAY_LEN(rooms) - 1)
			return path;
		free(path);
	}
	/* beside us, or below the prefix, wherever that was moved to */
	find_above(own, sizeof(own), 1);
	if (asprintf(&path, "%s/%s", own, name) >= 0) {
		if (is_there(path))
			return path;
		free(path);
	}
	find_own_prefix(own, sizeof(own));
	if (QT_LIBEXECDIR_UNDER_PREFIX[0] != '/' &&
	    asprintf(&path, "%s/%s/vgpulab/%s", own, QT_LIBEXECDIR_UNDER_PREFIX, name) >= 0) {
		if (is_there(path))
			return path;
		free(path);
	}
	return asprintf(&path, "%s/vgpulab/%s", QT_LIBEXECDIR, name) < 0 ? NULL : path;
}

/* The places in order, by number; NULL with *end set behind the last, NULL alone to pass over. */
static char *place(size_t i, bool *end)
{
	_autofree_ char *build = NULL;
	char *path = NULL;
	const char *cache;

	switch (i) {
	case 0:
		build = find_build_directory();
		return build && asprintf(&path, "%s/guest", build) >= 0 ? path : NULL;
	case 1:
		return QT_GUEST_DIR[0] ? strdup(QT_GUEST_DIR) : NULL;
	case 2:
		cache = getenv("XDG_CACHE_HOME");
		if (cache && cache[0] == '/')
			return asprintf(&path, "%s/vgpulab/guest", cache) >= 0 ? path : NULL;
		cache = getenv("HOME");
		return cache && asprintf(&path, "%s/.cache/vgpulab/guest", cache) >= 0 ? path
										       : NULL;
	case 3:
		return strdup(QT_CACHEDIR "/vgpulab/guest");
	default:
		*end = true;
		return NULL;
	}
}

char *qt_guest_dir_find(void)
{
	_autofree_ char *first = NULL;
	bool end = false;

	for (size_t i = 0; !end; i++) {
		_autofree_ char *dir = place(i, &end);
		_autofree_ char *kernel = dir ? qt_guest_kernel_find(dir, false) : NULL;

		if (kernel)
			return steal(dir);
		if (!first)
			first = steal(dir);
	}
	return steal(first);
}

char *qt_guest_dir_cure(const char *guest_dir)
{
	_autofree_ char *build = find_build_directory();
	_autofree_ char *program = build ? NULL : qt_guest_program_find("fetch-kernel");
	char *cure = NULL;

	if (!program)
		return strdup("./dev demo unpacks Debian's, or give --kernel");
	return asprintf(&cure, "'%s %s' unpacks Debian's, or give --kernel", program, guest_dir) < 0
		       ? NULL
		       : cure;
}
