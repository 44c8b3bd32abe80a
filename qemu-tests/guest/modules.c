/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	char line[1024];
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
