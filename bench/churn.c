/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creates and removes vGPUs on a mounted fake host.
 *
 * usage: churn MOUNT fill VGPUS       that many, on the parents in turn, as far as they fit
 *        churn MOUNT cycle CYCLES [PID]   one vGPU again and again; beside it an attribute is read.
 *                                     PID serves the mount: in each placement
 */

#include "placement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { READS = 3 }; /* for each cycle */

static const char uuid[] = "7e7e7e7e-0000-4000-8000-000000000000";
static int root;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int put(const char *path, const char *text)
{
	_autoclose_ int fd = openat(root, path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int get(const char *path)
{
	_autoclose_ int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	char text[4096];

	return fd < 0 || read(fd, text, sizeof(text)) < 0 ? -errno : 0;
}

static unsigned int fill_parent(const char *parent, unsigned int made, unsigned int wanted)
{
	char path[512], name[64];

	snprintf(path, sizeof(path),
		 "sys/class/mdev_bus/%s/mdev_supported_types/i915-GVTg_V5_8/create", parent);
	for (; made < wanted; made++) {
		snprintf(name, sizeof(name), "6e6e6e6e-0000-4000-8000-%012x", made);
		if (put(path, name))
			break;
	}
	return made;
}

static int fill(unsigned int wanted)
{
	int fd = openat(root, "sys/class/mdev_bus", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int made = 0;

	while (dir && made < wanted && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			made = fill_parent(entry->d_name, made, wanted);
	if (dir)
		closedir(dir);
	printf("%u\n", made);
	return made != wanted;
}

static int cycle(unsigned int cycles)
{
	static const char type[] =
		"sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8";
	char create[256], available[256], destroy[256];
	uint64_t churn_ns = 0, read_ns = 0, start_ns;

	snprintf(create, sizeof(create), "%s/create", type);
	snprintf(available, sizeof(available), "%s/available_instances", type);
	snprintf(destroy, sizeof(destroy), "sys/bus/mdev/devices/%s/remove", uuid);
	for (unsigned int i = 0; i < cycles; i++) {
		start_ns = now_ns();
		if (put(create, uuid) || put(destroy, "1")) {
			fprintf(stderr, "churn: cycle %u: %s\n", i, strerror(errno));
			return 1;
		}
		churn_ns += now_ns() - start_ns;
		start_ns = now_ns();
		for (int j = 0; j < READS; j++)
			get(available);
		read_ns += now_ns() - start_ns;
	}
	printf("create and remove %.2f us, a read %.2f us: %.2fx\n",
	       (double)churn_ns / 1000 / cycles, (double)read_ns / 1000 / READS / cycles,
	       (double)churn_ns * READS / (double)read_ns);
	return 0;
}

static int cycle_placed(unsigned int cycles, const char *server)
{
	struct placement placements[PLACEMENTS_MAX];
	size_t len = placements_find(placements);
	int ret = 0;

	for (size_t i = 0; i < len && !ret; i++) {
		if (placement_take(&placements[i], server))
			return 1;
		printf("%-15s", placements[i].name);
		fflush(stdout);
		ret = cycle(cycles);
	}
	return ret;
}

int main(int argc, char **argv)
{
	unsigned int number = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;

	if (argc < 4 || argc > 5)
		return 2;
	root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return 2;
	if (!strcmp(argv[2], "fill"))
		return fill(number);
	return argc > 4 ? cycle_placed(number, argv[4]) : cycle(number);
}
