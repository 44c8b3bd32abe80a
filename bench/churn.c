/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Creates and removes vGPUs on a mounted fake host.
 *
 * usage: churn MOUNT fill VGPUS       that many, on the parents in turn, as far as they fit
 *        churn MOUNT cycle CYCLES     one vGPU again and again; beside it an attribute is read
 *        churn race CYCLES SERVERS AIM LABEL=MOUNT...   cycles on several mounts in turns, so that what else
 *                                     the machine does hits all alike; the processes SERVERS (PID,PID) serve
 *                                     them. Exit code 1: the last takes more than AIM times the first
 */

#include "placement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { READS = 3 /* for each cycle */, SUBJECTS_MAX = 8 };

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

/*
 * Cycles: one vGPU is made and removed, then an attribute is read.
 */

struct subject {
	const char *label;
	int root;
	double *cycle_us, *read_us; /* of each cycle */
};

static int run_cycle(struct subject *subject, size_t i)
{
	static const char type[] =
		"sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8";
	char create[256], available[256], destroy[256];
	uint64_t start_ns = now_ns();

	snprintf(create, sizeof(create), "%s/create", type);
	snprintf(available, sizeof(available), "%s/available_instances", type);
	snprintf(destroy, sizeof(destroy), "sys/bus/mdev/devices/%s/remove", uuid);
	root = subject->root;
	if (put(create, uuid) || put(destroy, "1")) {
		fprintf(stderr, "churn: cycle %zu: %s\n", i, strerror(errno));
		return -1;
	}
	subject->cycle_us[i] = (double)(now_ns() - start_ns) / 1000;
	start_ns = now_ns();
	for (int j = 0; j < READS; j++)
		get(available);
	subject->read_us[i] = (double)(now_ns() - start_ns) / 1000 / READS;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t len)
{
	qsort(values, len, sizeof(*values), compare);
	return values[len / 2];
}

/* True if the last one's cycle takes at most @aim times the first one's. */
static bool print(struct subject *subjects, size_t len, size_t cycles, double aim)
{
	double cycle_us, read_us, times = 1, peer_us = 1;

	for (size_t i = 0; i < len; i++) {
		cycle_us = median(subjects[i].cycle_us, cycles);
		read_us = median(subjects[i].read_us, cycles);
		peer_us = i ? peer_us : cycle_us;
		times = cycle_us / peer_us;
		printf("  %-36s %8.2f us %6.2fx    a read %8.2f us: %.2fx\n", subjects[i].label,
		       cycle_us, times, read_us, cycle_us / read_us);
	}
	if (aim > 0 && times > aim)
		printf("  more than the %.2fx that it should be\n", aim);
	return aim <= 0 || times <= aim;
}

static int take_turns(struct subject *subjects, size_t len, size_t cycles)
{
	for (size_t i = 0; i < cycles; i++)
		for (size_t j = 0; j < len; j++)
			if (run_cycle(&subjects[j], i))
				return -1;
	return 0;
}

static int open_subject(struct subject *subject, char *argument, size_t cycles)
{
	char *equals = strchr(argument, '=');

	if (!equals)
		return -1;
	*equals = '\0';
	subject->label = argument;
	subject->root = open(equals + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	subject->cycle_us = calloc(cycles, sizeof(double));
	subject->read_us = calloc(cycles, sizeof(double));
	return subject->root < 0 || !subject->cycle_us || !subject->read_us ? -1 : 0;
}

/* On one core the aim counts; on two, what else the machine does decides. */
static int race(size_t cycles, const char *servers, double aim, char **arguments, size_t len)
{
	struct subject subjects[SUBJECTS_MAX] = { 0 };
	struct placement placements[PLACEMENTS_MAX];
	size_t placements_len = placements_find(placements);
	bool met = true;

	for (size_t i = 0; i < len; i++)
		if (open_subject(&subjects[i], arguments[i], cycles))
			return 2;
	for (size_t i = 0; i < placements_len; i++) {
		if (placement_take(&placements[i], servers) || take_turns(subjects, len, cycles))
			return 1;
		printf("%s\n", placements[i].name);
		met &= print(subjects, len, cycles, i ? 0 : aim);
	}
	return !met;
}

static int cycle(size_t cycles)
{
	double sample[2];
	struct subject subject = { .root = root, .cycle_us = &sample[0], .read_us = &sample[1] };

	while (cycles--)
		if (run_cycle(&subject, 0))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int number = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;

	if (argc > 5 && argc - 5 <= SUBJECTS_MAX && !strcmp(argv[1], "race"))
		return race((size_t)atoi(argv[2]), argv[3], atof(argv[4]), argv + 5,
			    (size_t)argc - 5);
	if (argc != 4 || !number)
		return 2;
	root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return 2;
	return strcmp(argv[2], "fill") ? cycle(number) : fill(number);
}
