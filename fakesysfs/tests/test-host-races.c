/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many threads on one host, and many vGPUs in it.
 */

#include <fakesysfs/tree.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "host-fixture.h"

/* Many threads on few UUIDs: never more than fits, never two of a kind. */
enum { RACERS = 16, ROUNDS = 40 };
struct racer {
	struct fake_host *host;
	pthread_barrier_t *barrier;
	unsigned int n;
	unsigned int type;
	int result;
	pthread_t thread;
};

static void *race(void *data)
{
	struct racer *racer = data;

	pthread_barrier_wait(racer->barrier);
	racer->result = create(racer->host, racer->type, racer->n);
	return NULL;
}

static void run_race(struct racer *racers, bool same_uuid, int counts[2])
{
	pthread_barrier_t barrier;

	counts[0] = counts[1] = 0;
	pthread_barrier_init(&barrier, NULL, RACERS);
	for (unsigned int i = 0; i < RACERS; i++) {
		racers[i].barrier = &barrier;
		racers[i].n = same_uuid ? 0 : i;
		racers[i].type = V8;
		pthread_create(&racers[i].thread, NULL, race, &racers[i]);
	}
	for (unsigned int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		counts[0] += racers[i].result == 0;
		counts[1] += racers[i].result == (same_uuid ? -EEXIST : -ENOSPC);
	}
	pthread_barrier_destroy(&barrier);
}

static void racing_creators_never_overdraw_the_pool(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	struct racer racers[RACERS] = { 0 };
	int counts[2];

	(void)state;
	for (unsigned int i = 0; i < RACERS; i++)
		racers[i].host = host;
	for (int round = 0; round < ROUNDS; round++) {
		run_race(racers, true, counts);
		assert_int_equal(counts[0], 1);
		assert_int_equal(counts[1], RACERS - 1);
		assert_int_equal(remove_now(host, 0), 0);
		run_race(racers, false, counts);
		assert_int_equal(counts[0], 7);
		assert_int_equal(counts[1], RACERS - 7);
		for (unsigned int n = 0; n < RACERS; n++)
			assert_int_equal(remove_now(host, n), racers[n].result ? -ENODEV : 0);
		assert_int_equal(fake_host_available(host, 0, V8), 7);
	}
}

/*
 * Everybody at once on four UUIDs: creators, users, removers, unbinders. An observer keeps count of
 * what is bound and checks that no number is given twice.
 */

enum { GROUPS = 16 };
static struct {
	struct fake_host *host;
	atomic_int group_owners[GROUPS]; /* how many bound vGPUs say that they have the group */
	atomic_int bound, failures;
} churned;

static void count_groups(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	(void)data;
	switch (event) {
	case FAKE_HOST_VGPU_CREATED:
		atomic_fetch_add(&churned.bound, 1);
		if (vgpu->iommu_group >= GROUPS ||
		    atomic_fetch_add(&churned.group_owners[vgpu->iommu_group], 1) != 0)
			atomic_fetch_add(&churned.failures, 1);
		break;
	case FAKE_HOST_VGPU_UNBOUND:
	case FAKE_HOST_VGPU_REMOVED:
		if (!vgpu->bound)
			break;
		atomic_fetch_sub(&churned.bound, 1);
		if (atomic_fetch_sub(&churned.group_owners[vgpu->iommu_group], 1) != 1)
			atomic_fetch_add(&churned.failures, 1);
		break;
	default:
		break;
	}
}

static void use(const struct vgpu_uuid *uuid)
{
	struct fake_vgpu_info info;
	uint64_t serial, second;

	if (fake_host_get_vgpu(churned.host, uuid, &serial))
		return;
	/* whatever is asked of it meanwhile, it stays */
	if (fake_host_find_vgpu(churned.host, uuid, &info) || info.serial != serial || !info.bound)
		atomic_fetch_add(&churned.failures, 1);
	if (!fake_host_get_vgpu(churned.host, uuid, &second))
		fake_host_put_vgpu(churned.host, second);
	fake_host_put_vgpu(churned.host, serial);
}

static void *churn(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data;

	for (int i = 0; i < 400; i++) {
		struct vgpu_uuid uuid = uuid_of((unsigned int)rand_r(&seed) % 4);

		switch (rand_r(&seed) % 5) {
		case 0:
		case 1:
			fake_host_create_vgpu(churned.host, (size_t)rand_r(&seed) % 2,
					      (size_t)rand_r(&seed) % 2, &uuid);
			break;
		case 2:
			fake_host_remove_vgpu(churned.host, &uuid, NULL, NULL);
			break;
		case 3:
			if (rand_r(&seed) % 8 == 0)
				fake_host_unbind_vgpu(churned.host, &uuid, NULL, NULL);
			break;
		default:
			use(&uuid);
		}
	}
	return NULL;
}

static void racing_creators_users_and_removers_keep_the_host_whole(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=256M");
	pthread_t threads[8];

	(void)state;
	add_gpu(host, "broadwell,aperture=256M");
	churned.host = host;
	fake_host_observe(host, count_groups, NULL);
	for (size_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int n = 0; n < 4; n++)
		remove_now(host, n);
	assert_int_equal(atomic_load(&churned.failures), 0);
	assert_int_equal(atomic_load(&churned.bound), 0);
	assert_int_equal(fake_host_list_vgpus(host, SIZE_MAX, NULL, 0), 0);
	for (size_t gpu = 0; gpu < 2; gpu++)
		assert_int_equal(fake_host_available(host, gpu, V8), 2);
}

/*
 * A parent is put back while those who hear that it was taken out have not all heard of it. The first
 * to hear lets that begin and waits for it, but not for ever: it must not come first.
 */
static struct {
	struct fake_host *host;
	pthread_t thread;
	int result; /* of the thread */
	sem_t put_back;
	enum fake_host_event heard[2];
	size_t heard_len;
} slot;

static void *put_back(void *data)
{
	(void)data;
	slot.result = fake_host_plug_gpu(slot.host, 0, NULL, NULL);
	return NULL;
}

static void first_to_hear(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	struct timespec until;

	(void)data;
	(void)vgpu;
	if (event == FAKE_HOST_GPU_PLUGGED)
		sem_post(&slot.put_back);
	if (event != FAKE_HOST_GPU_UNPLUGGED)
		return;
	pthread_create(&slot.thread, NULL, put_back, NULL);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100 * 1000 * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	assert_int_equal(sem_timedwait(&slot.put_back, &until), -1);
}

static void second_to_hear(void *data, enum fake_host_event event,
			   const struct fake_vgpu_info *vgpu)
{
	(void)data;
	(void)vgpu;
	if (event == FAKE_HOST_GPU_PLUGGED || event == FAKE_HOST_GPU_UNPLUGGED)
		slot.heard[slot.heard_len++] = event;
}

static void all_hear_that_a_parent_is_out_before_it_is_put_back(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake");

	(void)state;
	slot.host = host;
	sem_init(&slot.put_back, 0, 0);
	fake_host_observe(host, first_to_hear, NULL);
	fake_host_observe(host, second_to_hear, NULL);
	assert_int_equal(fake_host_unregister_gpu(host, 0, NULL, NULL), 0);
	assert_int_equal(fake_host_unplug_gpu(host, 0, NULL, NULL), 0);
	pthread_join(slot.thread, NULL);
	assert_int_equal(slot.result, 0);
	assert_int_equal(slot.heard_len, 2);
	assert_int_equal(slot.heard[0], FAKE_HOST_GPU_UNPLUGGED);
	assert_int_equal(slot.heard[1], FAKE_HOST_GPU_PLUGGED);
	sem_destroy(&slot.put_back);
}

/*
 * Ten thousand vGPUs: what one costs in time and memory does not grow with their number.
 */

enum { MANY = 10000, SAMPLES = 2000 };

/* In processor time: the clock would count what others do meanwhile, and that in few milliseconds. */
static double create_and_remove_us(struct fake_host *host, size_t gpu)
{
	struct vgpu_uuid uuid = uuid_of(MANY + 1);
	struct timespec from, to;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < SAMPLES; i++) {
		assert_int_equal(fake_host_create_vgpu(host, gpu, V8, &uuid), 0);
		assert_int_equal(fake_host_remove_vgpu(host, &uuid, NULL, NULL), 0);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       SAMPLES / 1000;
}

static void ten_thousand_vgpus_cost_the_same_each(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	_destroy_(fake_tree) struct fake_tree *tree = fake_tree_create(host);
	double alone, among_many;
	size_t before, after;

	(void)state;
	assert_non_null(tree); /* its share of a vGPU's memory counts */
	alone = create_and_remove_us(host, 0);
	for (size_t gpu = 1; gpu < MANY / 7 + 2; gpu++)
		add_gpu(host, "skylake,aperture=1G");
	before = mallinfo2().uordblks;
	for (unsigned int n = 0; n < MANY; n++) {
		struct vgpu_uuid uuid = uuid_of(n);

		assert_int_equal(fake_host_create_vgpu(host, 1 + n / 7, V8, &uuid), 0);
	}
	after = mallinfo2().uordblks;
	among_many = create_and_remove_us(host, 0);
	print_message("# create and remove: %.2f us alone, %.2f us among %d; %zu bytes a vGPU\n",
		      alone, among_many, MANY, (after - before) / MANY);
	assert_int_equal(find(host, MANY - 1).iommu_group, MANY - 1);
	assert_true((after - before) / MANY < 4096);
	/* far from linear, and far from the noise of a cold cache */
	assert_true(among_many < 20 * alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(racing_creators_never_overdraw_the_pool),
		cmocka_unit_test(racing_creators_users_and_removers_keep_the_host_whole),
		cmocka_unit_test(all_hear_that_a_parent_is_out_before_it_is_put_back),
		cmocka_unit_test(ten_thousand_vgpus_cost_the_same_each),
	};

	return cmocka_run_group_tests_name("host-races", tests, NULL, NULL);
}
