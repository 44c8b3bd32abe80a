/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stress-clients.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum {
	GROUP_SIZE = 4, /* clients that share UUIDs: few, so that all orders can be tried */
	GROUP_VGPUS = 3,
	THREADS_MAX = 256,
	PATH_SIZE = 256,
};

struct client {
	struct stress *stress;
	unsigned int group;
	uint64_t random;
	struct history history;
	pthread_t thread;
};

/* What each group of clients works on; a UUID that has become useless is replaced. */
static atomic_uint group_vgpus[THREADS_MAX / GROUP_SIZE + 1][GROUP_VGPUS];

void stress_uuid(unsigned int vgpu, char text[37])
{
	snprintf(text, 37, "5e5e5e5e-0000-4000-8000-%012x", vgpu);
}

long stress_vgpu_of(const char *text)
{
	const char *at = strstr(text, "5e5e5e5e-0000-4000-8000-");

	return at ? strtol(at + 24, NULL, 16) : -1;
}

static uint64_t next_random(struct client *client)
{
	client->random ^= client->random << 13;
	client->random ^= client->random >> 7;
	client->random ^= client->random << 17;
	return client->random >> 11;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static void complain(struct stress *stress,
							   const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&stress->is_wrong, true))
		return;
	va_start(args, format);
	vsnprintf(stress->wrong, sizeof(stress->wrong), format, args);
	va_end(args);
}

static void parent_path(unsigned int parent, const char *rest, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "sys/devices/pci0000:00/0000:00:%02x.0/%s", parent + 2, rest);
}

static long write_at(struct stress *stress, const char *path, const char *text)
{
	_autoclose_ int fd = openat(stress->root, path, O_WRONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = write(fd, text, strlen(text));
	if (len >= 0 && len != (ssize_t)strlen(text))
		complain(stress, "%s: %zd of %zu bytes written", path, len, strlen(text));
	return len < 0 ? -errno : 0;
}

static long read_at(struct stress *stress, const char *path, char *text, size_t size)
{
	_autoclose_ int fd = openat(stress->root, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return 0;
}

static bool is_one_of(long result, const int *errnos)
{
	for (; *errnos; errnos++)
		if (result == -*errnos)
			return true;
	return !result;
}

/*
 * Operations. Each fills in what came out of it.
 */

static void do_create(struct client *client, struct history_op *op)
{
	static const int known[] = { EEXIST, ENOSPC, 0 };
	char path[PATH_SIZE], uuid[37];

	stress_uuid(op->vgpu, uuid);
	parent_path(op->parent, "mdev_supported_types/i915-GVTg_V5_8/create", path);
	op->result = write_at(client->stress, path, uuid);
	if (!is_one_of(op->result, known))
		complain(client->stress, "create: %s", strerror((int)-op->result));
}

static void do_remove(struct client *client, struct history_op *op)
{
	static const int known[] = { ENOENT, ENODEV, EAGAIN, 0 };
	char path[PATH_SIZE], uuid[37];

	stress_uuid(op->vgpu, uuid);
	snprintf(path, sizeof(path), "sys/bus/mdev/devices/%s/remove", uuid);
	op->result = write_at(client->stress, path, "1");
	if (!is_one_of(op->result, known))
		complain(client->stress, "remove: %s", strerror((int)-op->result));
}

static void do_look(struct client *client, struct history_op *op)
{
	char path[PATH_SIZE], uuid[37];

	stress_uuid(op->vgpu, uuid);
	snprintf(path, sizeof(path), "sys/bus/mdev/devices/%s", uuid);
	op->result = !faccessat(client->stress->root, path, F_OK, AT_SYMLINK_NOFOLLOW);
	if (!op->result && errno != ENOENT)
		complain(client->stress, "%s: %s", path, strerror(errno));
}

static void do_available(struct client *client, struct history_op *op)
{
	char path[PATH_SIZE], text[4096], end;
	unsigned int count = 0;
	long ret;

	parent_path(op->parent, "mdev_supported_types/i915-GVTg_V5_8/available_instances", path);
	ret = read_at(client->stress, path, text, sizeof(text));
	if (ret || sscanf(text, "%u%c", &count, &end) != 2 || end != '\n')
		complain(client->stress, "available_instances: %s, '%s'", strerror((int)-ret),
			 text);
	op->result = count;
}

static const struct {
	enum history_kind kind;
	void (*run)(struct client *client, struct history_op *op);
	unsigned int percent;
} operations[] = {
	{ HISTORY_CREATE, do_create, 35 },
	{ HISTORY_REMOVE, do_remove, 35 },
	{ HISTORY_LOOK, do_look, 15 },
	{ HISTORY_AVAILABLE, do_available, 15 },
};

/* Contents are whole or not to be had: never a part of them, never another's. */
static void check_contents(struct client *client, unsigned int vgpu)
{
	static const int gone[] = { ENOENT, ENODEV, 0 };
	static const struct {
		const char *name, *text;
	} attributes[] = {
		{ "uevent", "DRIVER=intel_vgpu_mdev\n" },
		{ "mdev_type/device_api", "vfio-pci\n" },
		{ "mdev_type/description", "low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\n"
					   "resolution: 1024x768\nweight: 2\n" },
		{ "iommu_group/type", NULL },
	};
	size_t i = next_random(client) % VGPU_ARRAY_LEN(attributes);
	char path[PATH_SIZE], uuid[37], text[4096] = "";
	long ret;

	stress_uuid(vgpu, uuid);
	snprintf(path, sizeof(path), "sys/bus/mdev/devices/%s/%s", uuid, attributes[i].name);
	ret = read_at(client->stress, path, text, sizeof(text));
	if (!is_one_of(ret, gone))
		complain(client->stress, "%s: %s", path, strerror((int)-ret));
	if (!ret && attributes[i].text && strcmp(text, attributes[i].text))
		complain(client->stress, "%s: '%s'", path, text);
}

/* A removal that came too early has used up the file: nobody can remove this one any more. */
static void replace(struct client *client, atomic_uint *vgpu, unsigned int old)
{
	unsigned int expected = old;

	atomic_compare_exchange_strong(vgpu, &expected,
				       atomic_fetch_add(&client->stress->vgpus, 1));
}

static void do_something(struct client *client)
{
	atomic_uint *vgpu = &group_vgpus[client->group][next_random(client) % GROUP_VGPUS];
	struct history_op op = { .vgpu = atomic_load(vgpu) };
	unsigned int dice = next_random(client) % 100;
	size_t i = 0;

	/* a UUID stays with its parent: then what is known of the one is known of the other */
	op.parent = op.vgpu % client->stress->parents;
	while (dice >= operations[i].percent)
		dice -= operations[i++].percent;
	op.kind = operations[i].kind;
	op.begin_ns = now_ns();
	operations[i].run(client, &op);
	op.end_ns = now_ns();
	history_add(&client->history, &op);
	if (op.kind == HISTORY_REMOVE && op.result == -EAGAIN)
		replace(client, vgpu, op.vgpu);
	if (dice % 4 == 0)
		check_contents(client, op.vgpu);
}

static void *run_client(void *data)
{
	struct client *client = data;
	const char *stop_file = client->stress->stop_file;
	uint64_t end_ns = now_ns() + client->stress->seconds * UINT64_C(1000000000);

	while (now_ns() < end_ns && !atomic_load(&client->stress->is_wrong) &&
	       (!stop_file || access(stop_file, F_OK)))
		do_something(client);
	return NULL;
}

void stress_run(struct stress *stress)
{
	static struct client clients[THREADS_MAX];
	unsigned int groups = (stress->threads + GROUP_SIZE - 1) / GROUP_SIZE;

	atomic_store(&stress->vgpus, 0);
	for (unsigned int i = 0; i < groups; i++)
		for (unsigned int j = 0; j < GROUP_VGPUS; j++)
			atomic_store(&group_vgpus[i][j], atomic_fetch_add(&stress->vgpus, 1));
	for (unsigned int i = 0; i < stress->threads; i++) {
		clients[i] = (struct client){
			.stress = stress,
			.group = i / GROUP_SIZE,
			.random = (stress->seed + 1) * UINT64_C(0x9e3779b97f4a7c15) +
				  i * UINT64_C(0x632be59bd9b4e019),
		};
		if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]))
			abort();
	}
	for (unsigned int i = 0; i < stress->threads; i++) {
		pthread_join(clients[i].thread, NULL);
		history_append(&stress->history, &clients[i].history);
		history_finish(&clients[i].history);
	}
	stress->history.vgpus = atomic_load(&stress->vgpus);
	stress->history.parents = stress->parents;
	stress->history.capacity = stress->capacity;
}

/* Are the vGPUs there that must be, and no others? */
static const char *judge_end(struct stress *stress, char *why, size_t size)
{
	_autofree_ bool *there = calloc(stress->history.vgpus + 1, sizeof(bool));
	int fd = openat(stress->root, "sys/bus/mdev/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		long vgpu = stress_vgpu_of(entry->d_name);

		if (vgpu >= 0 && vgpu < (long)stress->history.vgpus)
			there[vgpu] = true;
	}
	if (dir)
		closedir(dir);
	for (unsigned int i = 0; i < stress->history.vgpus; i++) {
		if (there[i] == history_ends_present(&stress->history, i))
			continue;
		snprintf(why, size, "vGPU %u is %s at the end", i, there[i] ? "there" : "lost");
		return why;
	}
	return NULL;
}

const char *stress_judge(struct stress *stress, char *why, size_t size)
{
	const char *wrong = NULL;

	if (atomic_load(&stress->is_wrong)) {
		snprintf(why, size, "%s", stress->wrong);
		return why;
	}
	wrong = history_judge(&stress->history, why, size);
	return wrong ? wrong : judge_end(stress, why, size);
}

void stress_clean(struct stress *stress)
{
	struct client client = { .stress = stress };

	for (unsigned int i = 0; i < stress->history.vgpus; i++)
		do_remove(&client, &(struct history_op){ .vgpu = i });
	history_finish(&stress->history);
}
