/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations that fill the parent, or do the same thing many times at once.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

enum { RACERS_MAX = 64 };

#define OP(name) static void name(struct suite_run *run, int argc, char **argv)

static void numbered_uuid(unsigned int number, char *out, size_t size)
{
	snprintf(out, size, "d%07x-0000-4000-8000-000000000000", number);
}

/* fill CREATE: vGPUs until one is refused: how many, and with what. */
OP(op_fill)
{
	unsigned int count = 0;
	ssize_t ret = 0;
	char uuid[64];

	for (; count < 10000; count++) {
		numbered_uuid(count, uuid, sizeof(uuid));
		ret = suite_put(run->parent, argv[0], uuid, strlen(uuid));
		if (ret < 0)
			break;
	}
	suite_say(run, "%u %s", count, strerrorname_np((int)-ret));
}

/* times N CREATE REMOVE-DIR: makes and removes a vGPU again and again; 0, or the first errno. */
OP(op_cycle)
{
	char remove[2 * PATH_LEN], uuid[64];
	ssize_t ret;

	numbered_uuid(9999, uuid, sizeof(uuid));
	snprintf(remove, sizeof(remove), "%s/%s/remove", run->parent->dir, uuid);
	for (long i = atol(argv[0]); i > 0; i--)
		if ((ret = suite_put(run->parent, argv[1], uuid, 36)) != 36 ||
		    (ret = suite_put(run->parent, remove, "1", 1)) != 1) {
			suite_say_result(run, ret);
			return;
		}
	suite_say(run, "0");
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	const struct suite_parent *parent;
	char path[PATH_LEN];
	char bytes[64];
	int fd; /* open already; -1: opens the path */
	int error; /* 0: all bytes were taken */
};

static void *race(void *data)
{
	struct racer *racer = data;
	size_t len = strlen(racer->bytes);
	ssize_t ret;

	pthread_barrier_wait(racer->start);
	if (racer->fd < 0)
		ret = suite_put(racer->parent, racer->path, racer->bytes, len);
	else if ((ret = write(racer->fd, racer->bytes, len)) < 0)
		ret = -errno;
	racer->error = ret == (ssize_t)len ? 0 : ret < 0 ? (int)-ret : EIO;
	return NULL;
}

/* "3 ok, 13 EEXIST": successes, then each errno in the order in which it was first met. */
static void say_race(struct suite_run *run, struct racer *racers, size_t len)
{
	size_t at = 0, count = 0;

	for (size_t i = 0; i < len; i++)
		count += !racers[i].error;
	at += (size_t)snprintf(run->out, sizeof(run->out), "%zu ok", count);
	for (size_t i = 0; i < len; i++) {
		int error = racers[i].error;

		if (!error)
			continue;
		count = 0;
		for (size_t j = i; j < len; j++) {
			count += racers[j].error == error;
			racers[j].error = racers[j].error == error ? 0 : racers[j].error;
		}
		at += (size_t)snprintf(run->out + at, sizeof(run->out) - at, ", %zu %s", count,
				       strerrorname_np(error));
	}
}

static void run_race(struct suite_run *run, struct racer *racers, size_t len)
{
	pthread_barrier_t start;
	size_t started = 0;

	pthread_barrier_init(&start, NULL, (unsigned int)len);
	for (; started < len; started++) {
		racers[started].start = &start;
		racers[started].parent = run->parent;
		if (pthread_create(&racers[started].thread, NULL, race, &racers[started]))
			abort(); /* the others would wait for ever */
	}
	for (size_t i = 0; i < started; i++)
		pthread_join(racers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	say_race(run, racers, len);
}

static size_t racers_of(const char *text)
{
	size_t len = strtoul(text, NULL, 10);

	return len < 1 ? 1 : len > RACERS_MAX ? RACERS_MAX : len;
}

static void aim(struct racer *racer, const char *path, const char *bytes)
{
	snprintf(racer->path, sizeof(racer->path), "%s", path);
	snprintf(racer->bytes, sizeof(racer->bytes), "%s", bytes);
	racer->fd = -1;
}

/* race N PATH BYTES [PATH]: all write the same; every other one to the second path. */
OP(op_race)
{
	struct racer racers[RACERS_MAX];
	size_t len = racers_of(argv[0]);

	for (size_t i = 0; i < len; i++)
		aim(&racers[i], argc > 3 && i % 2 ? argv[3] : argv[1], argv[2]);
	run_race(run, racers, len);
}

/* race-uuids N PATH [PATH]: each its own vGPU. */
OP(op_race_uuids)
{
	struct racer racers[RACERS_MAX];
	size_t len = racers_of(argv[0]);

	for (size_t i = 0; i < len; i++) {
		char uuid[64];

		numbered_uuid((unsigned int)i, uuid, sizeof(uuid));
		aim(&racers[i], argc > 2 && i % 2 ? argv[2] : argv[1], uuid);
	}
	run_race(run, racers, len);
}

/* race-open N PATH BYTES: the file is open before anyone writes. */
OP(op_race_open)
{
	struct racer racers[RACERS_MAX];
	size_t len = racers_of(argv[0]);

	for (size_t i = 0; i < len; i++) {
		aim(&racers[i], argv[1], argv[2]);
		racers[i].fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	}
	run_race(run, racers, len);
	for (size_t i = 0; i < len; i++)
		if (racers[i].fd >= 0)
			close(racers[i].fd);
}

const struct suite_op suite_race_ops[] = {
	{ "fill", 1, op_fill },
	{ "cycle", 2, op_cycle },
	{ "race", 3, op_race },
	{ "race-uuids", 2, op_race_uuids },
	{ "race-open", 3, op_race_open, CONFORMANCE_FILE_SYSTEM },
};
const size_t suite_race_ops_len = ARRAY_LEN(suite_race_ops);
