/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many threads on one machine. Built with -Db_sanitize=thread it finds races. */

#include "mock-front-end.h"
#include "probe-model.h"

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 300 };
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct worker {
	struct mock *mock;
	struct mock_client *client;
	int group;
	char uuid[VGPU_UUID_TEXT_LEN];
	struct mock_session session;
	pthread_t thread;
	int failures;
};

static void start(struct worker *worker, struct mock *mock, unsigned int n)
{
	worker->mock = mock;
	worker->client = mock_client_create(mock);
	snprintf(worker->uuid, sizeof(worker->uuid), "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a%02x", n);
	worker->group = mock_add_vgpu(
		mock, n % 2 ? &mock_probe_profile : fake_gpu_profile_find("mdpy"), 0, worker->uuid);
	assert_true(worker->group >= 0);
}

static int64_t map(struct worker *worker, int container, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = { sizeof(map), RW, MOCK_RAM, iova, 4096 };

	return mock_ioctl_data(worker->client, container, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));
}

/* a program's whole life with a vGPU of its own, again and again */
static void *live(void *data)
{
	struct worker *worker = data;

	for (int i = 0; i < ROUNDS; i++) {
		struct mock_session session;
		uint32_t value;

		if (mock_open(worker->client, worker->group, worker->uuid, &session)) {
			worker->failures++;
			continue;
		}
		worker->failures += map(worker, session.container, 0) != 0;
		worker->failures += fv_machine_read(worker->mock->machine, session.device, 4096,
						    &value, 4) != 4;
		mock_close(worker->mock, &session);
	}
	return NULL;
}

static void programs_with_vgpus_of_their_own_do_not_disturb_each_other(void **state)
{
	struct worker workers[THREADS] = { 0 };
	struct mock *mock = mock_create();

	for (unsigned int i = 0; i < THREADS; i++)
		start(&workers[i], mock, i);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_create(&workers[i].thread, NULL, live, &workers[i]);
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].failures, 0);
		free(workers[i].client);
	}
	assert_int_equal(mock_destroy(mock), 0);
}

/* what threads of one client do to one device at once */
static void *use(void *data)
{
	struct worker *worker = data;
	struct fv_machine *machine = worker->mock->machine;
	int n = worker->group; /* here: which of the threads */

	for (uint32_t i = 1; i <= ROUNDS; i++) {
		struct vfio_iommu_type1_dma_unmap unmap = { sizeof(unmap), 0, n * 4096, 4096 };
		/* struct vfio_irq_set of REQ with one eventfd */
		uint32_t irq[] = {
			24, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			4,  0,
			1,  MOCK_EVENTFD + n,
		};
		uint32_t signal = 4 << 16, dma = n * 4096, deadline = i;
		int device;

		map(worker, worker->session.container, n * 4096);
		fv_machine_write(machine, worker->session.device, PROBE_REG_DMA, &dma, 4);
		mock_ioctl_data(worker->client, worker->session.container, VFIO_IOMMU_UNMAP_DMA,
				&unmap, sizeof(unmap));
		mock_ioctl_data(worker->client, worker->session.device, VFIO_DEVICE_SET_IRQS, irq,
				sizeof(irq));
		fv_machine_write(machine, worker->session.device, PROBE_REG_SIGNAL, &signal, 4);
		fv_machine_write(machine, worker->session.device, PROBE_REG_DEADLINE, &deadline, 4);
		fv_machine_tick(machine, ROUNDS);
		device = mock_get_device(worker->client, worker->session.group, worker->uuid);
		worker->failures += device <= 0;
		fv_machine_close(machine, device);
	}
	return NULL;
}

static void threads_of_one_client_share_a_device(void **state)
{
	struct worker workers[THREADS] = { 0 };
	struct mock *mock = mock_create();
	struct worker owner = { 0 };

	start(&owner, mock, 1);
	assert_int_equal(mock_open(owner.client, owner.group, owner.uuid, &owner.session), 0);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = owner;
		workers[i].client = mock_client_create(mock);
		workers[i].group = i;
		pthread_create(&workers[i].thread, NULL, use, &workers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].failures, 0);
		free(workers[i].client);
	}
	mock_close(mock, &owner.session);
	free(owner.client);
	assert_int_equal(mock_destroy(mock), 0);
}

static void *sleep_in_model(void *data)
{
	struct worker *worker = data;

	fv_machine_write(worker->mock->machine, worker->session.device, PROBE_REG_SLEEP,
			 &(uint32_t){ 1 }, 4);
	return NULL;
}

/* if it did, this test would hang until meson ends it */
static void slow_model_holds_up_neither_other_devices_nor_the_registry(void **state)
{
	struct worker slow = { 0 }, quick = { 0 };
	struct mock *mock = mock_create();
	struct mock_session session;
	uint32_t value;

	atomic_store(&probe_gate, 0);
	start(&slow, mock, 1);
	start(&quick, mock, 3);
	assert_int_equal(mock_open(slow.client, slow.group, slow.uuid, &slow.session), 0);
	/* it is due too, but a tick must not wait for it */
	assert_int_equal(fv_machine_write(mock->machine, slow.session.device, PROBE_REG_DEADLINE,
					  &(uint32_t){ 5 }, 4),
			 4);
	pthread_create(&slow.thread, NULL, sleep_in_model, &slow);
	while (!atomic_load(&probe_sleeping))
		usleep(100);

	assert_int_equal(mock_open(quick.client, quick.group, quick.uuid, &session), 0);
	assert_int_equal(fv_machine_read(mock->machine, session.device, 0, &value, 4), 4);
	assert_int_equal(fv_machine_write(mock->machine, session.device, PROBE_REG_DEADLINE,
					  &(uint32_t){ 5 }, 4),
			 4);
	assert_int_equal(fv_machine_tick(mock->machine, 5), 1005);
	/* the slow device's own static answers come too */
	assert_int_equal(fv_machine_open_group(mock->machine, slow.group), -EBUSY);
	assert_int_equal(map(&slow, slow.session.container, 0), 0);
	mock_close(mock, &session);

	atomic_store(&probe_gate, 1);
	pthread_join(slow.thread, NULL);
	mock_close(mock, &slow.session);
	free(slow.client);
	free(quick.client);
	assert_int_equal(mock_destroy(mock), 0);
}

static void *tick(void *data)
{
	fv_machine_tick(((struct worker *)data)->mock->machine, 5);
	return NULL;
}

/* the tick holds the old device when its last descriptor goes; the next open must not revive it */
static void reopening_during_a_tick_gives_a_fresh_device(void **state)
{
	struct worker worker = { 0 };
	struct mock *mock = mock_create();
	int finishes = probe_finishes, second;

	atomic_store(&probe_gate, 0);
	atomic_store(&probe_tick_sleeps, 1);
	start(&worker, mock, 1);
	assert_int_equal(mock_open(worker.client, worker.group, worker.uuid, &worker.session), 0);
	assert_int_equal(fv_machine_write(mock->machine, worker.session.device, PROBE_REG_DEADLINE,
					  &(uint32_t){ 5 }, 4),
			 4);
	pthread_create(&worker.thread, NULL, tick, &worker);
	while (!atomic_load(&probe_sleeping))
		usleep(100);

	fv_machine_close(mock->machine, worker.session.device);
	assert_int_equal(probe_finishes, finishes);
	second = mock_get_device(worker.client, worker.session.group, worker.uuid);
	assert_true(second > 0);
	assert_int_equal(mock->backings, 2);

	atomic_store(&probe_gate, 1);
	pthread_join(worker.thread, NULL);
	atomic_store(&probe_tick_sleeps, 0);
	assert_int_equal(probe_finishes, finishes + 1);
	assert_int_equal(mock->backings, 1);
	worker.session.device = second;
	mock_close(mock, &worker.session);
	free(worker.client);
	assert_int_equal(mock_destroy(mock), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_with_vgpus_of_their_own_do_not_disturb_each_other),
		cmocka_unit_test(threads_of_one_client_share_a_device),
		cmocka_unit_test(slow_model_holds_up_neither_other_devices_nor_the_registry),
		cmocka_unit_test(reopening_during_a_tick_gives_a_fresh_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
