/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many clients at once, with the server in the same process: for sanitizers, and to count uevents.
 * With BUG, the host misbehaves on purpose, and the checker must find it.
 *
 * usage: test-fuse-stress THREADS SECONDS [BUG]
 */

#include <fakesysfs/faults.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "mount-fixture.h"
#include "stress-clients.h"

enum { PARENTS = 4, CAPACITY = 7, VGPUS_MAX = 1 << 20, TICK_MS = 3 };

static struct stress stress;
static struct fake_faults *faults;
static const char *bug = "";
static atomic_bool over;

/*
 * Uevents: one each for what was done.
 */

enum { ADD, BIND, UNBIND, REMOVE, ACTIONS };

static const char *const actions[ACTIONS] = { "add@", "bind@", "unbind@", "remove@" };
static atomic_uint events[VGPUS_MAX][ACTIONS], events_len;

static void hear(void *data, const char *message, size_t len)
{
	const char *name = strrchr(message, '/');
	long vgpu = stress_vgpu_of(name ? name : "");

	(void)data;
	(void)len;
	if (vgpu < 0 || vgpu >= VGPUS_MAX)
		return; /* of a group or a vfio-dev */
	if (!strcmp(bug, "event") && atomic_fetch_add(&events_len, 1) % 100 == 99)
		return;
	for (size_t i = 0; i < ACTIONS; i++)
		if (!strncmp(message, actions[i], strlen(actions[i])))
			atomic_fetch_add(&events[vgpu][i], 1);
}

/* A creation that does not fit shows for a moment: add and remove. */
static const char *judge_events(char *why, size_t size)
{
	const struct history *history = &stress.history;

	for (unsigned int i = 0; i < history->vgpus && i < VGPUS_MAX; i++) {
		size_t created = history_count(history, HISTORY_CREATE, i, 0);
		size_t removed = history_count(history, HISTORY_REMOVE, i, 0);
		size_t refused = history_count(history, HISTORY_CREATE, i, -ENOSPC);
		const size_t wanted[ACTIONS] = { created + refused, created, removed,
						 removed + refused };

		for (size_t j = 0; j < ACTIONS; j++) {
			if (events[i][j] == wanted[j])
				continue;
			snprintf(why, size, "vGPU %u: %u uevents %.*s, not %zu", i, events[i][j],
				 (int)strlen(actions[j]) - 1, actions[j], wanted[j]);
			return why;
		}
	}
	return NULL;
}

/*
 * Bugs.
 */

static void lose(unsigned int vgpu)
{
	struct vgpu_uuid uuid;

	stress_uuid(vgpu, uuid.text);
	fake_host_remove_vgpu(m.host, &uuid, NULL, NULL);
}

static void make(unsigned int vgpu)
{
	struct vgpu_uuid uuid;

	stress_uuid(vgpu, uuid.text);
	fake_host_create_vgpu(m.host, vgpu % PARENTS, 0, &uuid);
}

static void *misbehave(void *data)
{
	unsigned int vgpu = 0;

	(void)data;
	while (!atomic_load(&over)) {
		nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000L }, NULL);
		vgpu = (vgpu + 1) % 8;
		if (!strcmp(bug, "lost"))
			lose(vgpu);
		if (!strcmp(bug, "doubled"))
			make(vgpu);
	}
	return NULL;
}

/* What a bug changes before anything runs. */
static bool prepare_bug(void)
{
	static const char *const known[] = { "", "lost", "doubled", "event", "capacity", "torn" };

	if (!strcmp(bug, "capacity")) /* the host lets in one more than the model allows */
		stress.capacity = CAPACITY - 1;
	if (!strcmp(bug, "torn"))
		fake_faults_add(faults, "read:*/uevent,errno=EIO,after=20", NULL);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(known); i++)
		if (!strcmp(bug, known[i]))
			return true;
	return false;
}

static void make_server(void)
{
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };
	struct fake_fuse_options options;

	m = (struct mounted){ .fd = -1 };
	m.host = fake_host_create();
	for (int i = 0; i < PARENTS; i++) {
		assert_int_equal(fake_gpu_config_parse("kaby-lake,aperture=1G", &config, NULL), 0);
		assert_int_equal(fake_host_add_gpu(m.host, &config, NULL), i);
	}
	m.tree = fake_tree_create(m.host);
	fake_tree_set_uevents(m.tree, hear, NULL);
	strcpy(m.dir, "/tmp/test-fuse-XXXXXX");
	assert_non_null(mkdtemp(m.dir));
	options = (struct fake_fuse_options){ .tree = m.tree, .subtree = "", .faults = faults };
	m.fuse = fake_fuse_create(&options, &err);
	if (!m.fuse || fake_fuse_mount(m.fuse, m.dir, &err) || fake_fuse_start(m.fuse, &err))
		fail_msg("%s; %s", err.message, err.hint);
	m.fd = open(m.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	stress.root = m.fd;
}

static const char *run(char *why, size_t size)
{
	const char *wrong;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, misbehave, NULL), 0);
	stress_run(&stress);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	wrong = stress_judge(&stress, why, size);
	if (!wrong)
		wrong = judge_events(why, size);
	printf("# %zu operations of %u clients on %u UUIDs: %s\n", stress.history.len,
	       stress.threads, stress.history.vgpus, wrong ? wrong : "all explained");
	if (wrong && !*bug)
		history_print_wrong(&stress.history);
	stress_clean(&stress);
	return wrong;
}

int main(int argc, char **argv)
{
	char why[512];
	const char *wrong;
	int need;

	if (argc != 3 && argc != 4)
		return 2;
	stress.threads = (unsigned int)atoi(argv[1]);
	stress.seconds = (unsigned int)atoi(argv[2]);
	stress.parents = PARENTS;
	stress.capacity = CAPACITY;
	stress.seed = (unsigned int)time(NULL);
	bug = argc == 4 ? argv[3] : "";
	need = enter_namespace();
	if (need)
		return need;
	faults = fake_faults_create();
	if (!prepare_bug())
		return 2;
	make_server();
	wrong = run(why, sizeof(why));
	unmake_mount(NULL);
	fake_faults_destroy(faults);
	if (!*bug)
		return wrong != NULL;
	printf("# the bug '%s' was %s\n", bug, wrong ? "found" : "not found");
	return wrong == NULL;
}
