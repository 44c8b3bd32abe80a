/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "owners.h"

static ssize_t read_file(int dir, const char *name, char *buffer, size_t size)
{
	_autoclose_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, buffer, size - 1);

	buffer[len < 0 ? 0 : len] = '\0';
	return len;
}

/*
 * The VM's name in a command line whose arguments end with NUL each; "" if there is none.
 * "-name NAME,...", "-name guest=NAME,..." with ",," for a comma in it. Source: qemu(1)
 */
static void find_vm_name(const char *command_line, size_t len, char *out, size_t size)
{
	const char *end = command_line + len, *at = command_line;
	size_t used = 0;

	out[0] = '\0';
	while (at < end && strcmp(at, "-name") && strcmp(at, "--name"))
		at += strnlen(at, (size_t)(end - at)) + 1;
	if (at >= end)
		return;
	at += strlen(at) + 1;
	if (at >= end)
		return;
	if (!strncmp(at, "guest=", 6))
		at += 6;
	for (; at < end && *at && used + 1 < size; at++) {
		if (*at == ',' && at[1] != ',')
			break;
		at += *at == ',';
		out[used++] = *at;
	}
	out[used] = '\0';
}

static void describe(int process, struct cli_owner *owner)
{
	char command_line[16384];
	const struct passwd *user;
	struct stat st;
	ssize_t len;

	owner->user[0] = '\0';
	if (fstat(process, &st) == 0) {
		user = getpwuid(st.st_uid);
		if (user)
			snprintf(owner->user, sizeof(owner->user), "%s", user->pw_name);
		else
			snprintf(owner->user, sizeof(owner->user), "%u", st.st_uid);
	}
	len = read_file(process, "comm", owner->program, sizeof(owner->program));
	if (len > 0 && owner->program[len - 1] == '\n')
		owner->program[len - 1] = '\0';
	len = read_file(process, "cmdline", command_line, sizeof(command_line));
	find_vm_name(command_line, len < 0 ? 0 : (size_t)len, owner->vm, sizeof(owner->vm));
}

static bool is_vfio_node(const char *path)
{
	return !strncmp(path, "/dev/vfio/", 10) && strcmp(path, "/dev/vfio/vfio") != 0;
}

static int add(struct cli_owners *owners, const char *node, pid_t pid, int process)
{
	struct cli_owner *items;

	for (size_t i = 0; i < owners->len; i++)
		if (owners->items[i].pid == pid && !strcmp(owners->items[i].node, node))
			return 0;
	items = reallocarray(owners->items, owners->len + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	owners->items = items;
	items[owners->len].pid = pid;
	snprintf(items[owners->len].node, sizeof(items[owners->len].node), "%s", node);
	describe(process, &items[owners->len++]);
	return 0;
}

static int look_at(struct cli_owners *owners, int proc, const char *name)
{
	_autoclose_ int process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds = process < 0 ? -1 : openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = fds < 0 ? NULL : fdopendir(fds);
	const struct dirent *entry;
	int ret = 0;

	if (fds >= 0 && !dir)
		close(fds);
	while (dir && ret == 0 && (entry = readdir(dir))) {
		char node[64];
		ssize_t len = readlinkat(fds, entry->d_name, node, sizeof(node) - 1);

		if (len <= 0)
			continue;
		node[len] = '\0';
		if (is_vfio_node(node))
			ret = add(owners, node, (pid_t)strtol(name, NULL, 10), process);
	}
	return ret;
}

int cli_owners_find(struct cli_owners *out)
{
	struct cli_owners owners = { 0 };
	_autoclosedir_ DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int ret = 0;

	while (proc && ret == 0 && (entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			ret = look_at(&owners, dirfd(proc), entry->d_name);
	if (ret < 0)
		cli_owners_finish(&owners);
	else
		*out = owners;
	return ret;
}

void cli_owners_finish(struct cli_owners *owners)
{
	free(owners->items);
	*owners = (struct cli_owners){ 0 };
}

const struct cli_owner *cli_owners_of(const struct cli_owners *owners, const char *node)
{
	for (size_t i = 0; owners && i < owners->len; i++)
		if (!strcmp(owners->items[i].node, node))
			return &owners->items[i];
	return NULL;
}
