/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { UNLOAD_WAIT_MS = 10000, UNLOAD_POLL_MS = 20, LINE_LEN = 1024, NAME_LEN = 64 };

static int load(const char *path, const char *parameters, struct guest_reply *reply)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return guest_reply_fail(reply, errno, "cannot open module %s: %s", path,
					strerror(errno));
	rc = syscall(SYS_finit_module, fd, parameters, 0) < 0 ? -errno : 0;
	close(fd);
	if (rc < 0 && rc != -EEXIST)
		return guest_reply_fail(reply, -rc, "cannot load module %s: %s", path,
					strerror(-rc));
	return 0;
}

int guest_modules_load(struct guest_reply *reply)
{
	FILE *list = fopen("/modules.list", "re");
	char line[LINE_LEN];
	int rc = 0;

	if (!list)
		return errno == ENOENT
			       ? 0
			       : guest_reply_fail(reply, errno, "cannot read /modules.list: %s",
						  strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), list)) {
		char *parameters;

		line[strcspn(line, "\n")] = '\0';
		parameters = line + strcspn(line, " ");
		if (*parameters)
			*parameters++ = '\0';
		if (*line)
			rc = load(line, parameters, reply);
	}
	fclose(list);
	return rc;
}

/* Calls @found with the name of each module of the list. */
static void for_each_name(void (*found)(void *data, const char *name), void *data)
{
	FILE *list = fopen("/modules.list", "re");
	char line[LINE_LEN];

	while (list && fgets(line, sizeof(line), list)) {
		char *base;

		line[strcspn(line, " \n")] = '\0';
		base = strrchr(line, '/');
		if (!base)
			continue;
		base[strcspn(base, ".")] = '\0';
		found(data, base + 1);
	}
	if (list)
		fclose(list);
}

struct search {
	const char *name;
	bool found;
};

static void compare(void *data, const char *name)
{
	struct search *search = data;

	search->found |= !strcmp(name, search->name);
}

bool guest_modules_has(const char *name)
{
	struct search search = { .name = name };

	for_each_name(compare, &search);
	return search.found;
}

static void keep(void *data, const char *name)
{
	snprintf(data, NAME_LEN, "%s", name);
}

int guest_modules_unload_last(struct guest_reply *reply)
{
	const struct timespec pause = { .tv_nsec = UNLOAD_POLL_MS * 1000000L };
	char name[NAME_LEN] = "";

	/* others are what the last one needs */
	for_each_name(keep, name);
	if (!*name)
		return guest_reply_fail(reply, ENOENT, "there is no module to unload");
	/* what is being put away holds it for a moment longer */
	for (int waited_ms = 0; waited_ms < UNLOAD_WAIT_MS; waited_ms += UNLOAD_POLL_MS) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	return guest_reply_fail(reply, errno, "cannot unload module %s: %s", name, strerror(errno));
}
