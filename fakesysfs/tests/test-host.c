/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's arithmetic, numbers and life cycle. Expected numbers: GVT-g's formula worked out by
 * hand (gvt/vgpu.c) and, for the types, a recording of the same arithmetic in a real kernel.
 */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "host-fixture.h"

static void assert_available(struct fake_host *host, const int expected[TYPES], const char *what)
{
	for (size_t type = 0; type < TYPES; type++) {
		bool listed = fake_host_type_listed(host, 0, type);
		int available = listed ? (int)fake_host_available(host, 0, type) : NONE;

		if (available != expected[type])
			fail_msg("%s: type %zu: %d, expected %d", what, type, available,
				 expected[type]);
	}
}

/* What is available after each creation; a step with FULL must be refused and change nothing. */
#define FULL 100
struct step {
	int type; /* plus FULL */
	int available[TYPES];
};

static const struct sequence {
	const char *gpu;
	int fresh[TYPES];
	struct step steps[8];
	size_t steps_len;
} sequences[] = {
	{ "kaby-lake,aperture=128M", { NONE, NONE, NONE, NONE } },
	{ "kaby-lake,aperture=256M", { 2, 1, NONE, NONE } },
	{ "kaby-lake,aperture=512M", { 6, 3, 1, NONE } },
	{ "kaby-lake,aperture=1024M", { 7, 5, 2, 1 } },
	{ "kaby-lake,aperture=2G", { 4, 3, 1, 0 } },
	{ "broadwell,aperture=1G", { 7, 5, 2, 1 } },
	{ "kaby-lake,aperture=256M,ggtt=2G", { 2, 1, NONE, NONE } },
	{ "kaby-lake,aperture=512M,ggtt=2G", { 3, 2, 1, NONE } },
	{ "kaby-lake,aperture=1G,ggtt=2G", { 1, 1, 0, 0 } },
	/* the driver's 32 bits wrap: what looks free is not there */
	{ "kaby-lake,aperture=4G", { 7, 7, 3, 1 }, { { V8 + FULL, { 7, 7, 3, 1 } } }, 1 },
	{ "kaby-lake,aperture=256M",
	  { 2, 1, NONE, NONE },
	  { { V8, { 1, 0, NONE, NONE } },
	    { V4 + FULL, { 1, 0, NONE, NONE } },
	    { V8, { 0, 0, NONE, NONE } },
	    { V8 + FULL, { 0, 0, NONE, NONE } } },
	  4 },
	{ "kaby-lake,aperture=256M", { 2, 1, NONE, NONE }, { { V4, { 0, 0, NONE, NONE } } }, 1 },
	{ "kaby-lake,aperture=512M",
	  { 6, 3, 1, NONE },
	  { { V8, { 5, 2, 1, NONE } },
	    { V8, { 4, 2, 1, NONE } },
	    { V8, { 3, 1, 0, NONE } },
	    { V8, { 2, 1, 0, NONE } },
	    { V8, { 1, 0, 0, NONE } },
	    { V8, { 0, 0, 0, NONE } },
	    { V8 + FULL, { 0, 0, 0, NONE } } },
	  7 },
	{ "kaby-lake,aperture=512M",
	  { 6, 3, 1, NONE },
	  { { V4, { 4, 2, 1, NONE } },
	    { V4, { 2, 1, 0, NONE } },
	    { V4, { 0, 0, 0, NONE } },
	    { V4 + FULL, { 0, 0, 0, NONE } } },
	  4 },
	{ "kaby-lake,aperture=512M",
	  { 6, 3, 1, NONE },
	  { { V8, { 5, 2, 1, NONE } },
	    { V8, { 4, 2, 1, NONE } },
	    { V4, { 2, 1, 0, NONE } },
	    { V2 + FULL, { 2, 1, 0, NONE } } },
	  4 },
	{ "kaby-lake,aperture=512M",
	  { 6, 3, 1, NONE },
	  { { V2, { 2, 1, 0, NONE } },
	    { V4, { 0, 0, 0, NONE } },
	    { V8 + FULL, { 0, 0, 0, NONE } } },
	  3 },
	{ "kaby-lake,aperture=512M",
	  { 6, 3, 1, NONE },
	  { { V4, { 4, 2, 1, NONE } }, { V8, { 3, 1, 0, NONE } } },
	  2 },
	{ "broadwell,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V8, { 6, 4, 2, 1 } },
	    { V8, { 5, 3, 1, 0 } },
	    { V8, { 4, 3, 1, 0 } },
	    { V8, { 3, 2, 1, 0 } },
	    { V8, { 2, 1, 0, 0 } },
	    { V8, { 1, 0, 0, 0 } },
	    { V8, { 0, 0, 0, 0 } },
	    { V8 + FULL, { 0, 0, 0, 0 } } },
	  8 },
	{ "kaby-lake,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V4, { 5, 4, 2, 1 } },
	    { V4, { 4, 3, 1, 0 } },
	    { V4, { 3, 2, 1, 0 } },
	    { V4, { 1, 1, 0, 0 } },
	    { V4, { 0, 0, 0, 0 } },
	    { V4 + FULL, { 0, 0, 0, 0 } } },
	  6 },
	{ "kaby-lake,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V2, { 4, 3, 1, 0 } }, { V2, { 1, 1, 0, 0 } }, { V2 + FULL, { 1, 1, 0, 0 } } },
	  3 },
	{ "kaby-lake,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V1, { 1, 1, 0, 0 } }, { V8, { 0, 0, 0, 0 } } },
	  2 },
	{ "kaby-lake,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V8, { 6, 4, 2, 1 } },
	    { V8, { 5, 3, 1, 0 } },
	    { V4, { 3, 2, 1, 0 } },
	    { V2, { 1, 0, 0, 0 } } },
	  4 },
	/* recorded: trees of a real kernel with the same arithmetic */
	{ "kaby-lake,aperture=1G",
	  { 7, 5, 2, 1 },
	  { { V2, { 4, 3, 1, 0 } }, { V4, { 3, 2, 1, 0 } }, { V8, { 2, 1, 0, 0 } } },
	  3 },
	{ "kaby-lake,aperture=2G",
	  { 4, 3, 1, 0 },
	  { { V8, { 3, 2, 1, 0 } }, { V1 + FULL, { 3, 2, 1, 0 } } },
	  2 },
	{ "kaby-lake,aperture=2G", { 4, 3, 1, 0 }, { { V2, { 1, 1, 0, 0 } } }, 1 },
};

static void available_follows_gvt_g_after_each_creation_and_removal(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *sequence = &sequences[i];
		_destroy_(fake_host) struct fake_host *host = host_with(sequence->gpu);
		unsigned int created = 0;
		char what[80];

		assert_available(host, sequence->fresh, sequence->gpu);
		for (size_t n = 0; n < sequence->steps_len; n++) {
			int type = sequence->steps[n].type;
			int expected = type >= FULL ? -ENOSPC : 0;

			snprintf(what, sizeof(what), "sequence %zu (%s), step %zu", i,
				 sequence->gpu, n);
			assert_int_equal(create(host, (unsigned int)type % FULL, (unsigned int)n),
					 expected);
			assert_available(host, sequence->steps[n].available, what);
			created++;
		}
		for (unsigned int n = 0; n < created; n++)
			if (sequence->steps[n].type < FULL)
				assert_int_equal(remove_now(host, n), 0);
		assert_available(host, sequence->fresh, "after removing all");
	}
}

static void memory_is_placed_like_i915_does_and_fragments(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("kaby-lake,aperture=512M");

	(void)state;
	for (unsigned int n = 0; n < 3; n++)
		assert_int_equal(create(host, V4, n), 0);
	/* low: upwards behind the host's 128 MiB; high: downwards from the top */
	assert_int_equal(find(host, 0).aperture_offset_mib, 128);
	assert_int_equal(find(host, 1).aperture_offset_mib, 256);
	assert_int_equal(find(host, 2).aperture_offset_mib, 384);
	assert_int_equal(find(host, 0).high_gm_offset_mib, 3584);
	assert_int_equal(find(host, 1).high_gm_offset_mib, 3072);
	assert_int_equal(find(host, 2).high_gm_offset_mib, 2560);
	/* 256 MiB are free, but not in one piece: the number says 1, the creation fails */
	assert_int_equal(remove_now(host, 0), 0);
	assert_int_equal(remove_now(host, 2), 0);
	assert_int_equal(fake_host_available(host, 0, V2), 1);
	assert_int_equal(create(host, V2, 3), -ENOSPC);
	/* a hole is used again, lowest first */
	assert_int_equal(create(host, V8, 4), 0);
	assert_int_equal(find(host, 4).aperture_offset_mib, 128);
	assert_int_equal(find(host, 4).high_gm_offset_mib, 4096 - 384);
}

static void numbers_are_the_lowest_free_and_used_again(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");

	(void)state;
	for (unsigned int n = 0; n < 3; n++) {
		assert_int_equal(create(host, V8, n), 0);
		assert_int_equal(find(host, n).vgpu_id, n + 1);
		assert_int_equal(find(host, n).iommu_group, n);
		assert_int_equal(find(host, n).vfio_dev, n);
	}
	assert_int_equal(remove_now(host, 0), 0);
	assert_int_equal(create(host, V8, 7), 0);
	assert_int_equal(find(host, 7).vgpu_id, 1);
	assert_int_equal(find(host, 7).iommu_group, 0);
	assert_int_equal(find(host, 7).vfio_dev, 0);
	assert_true(find(host, 7).serial > find(host, 2).serial);
}

static void groups_are_numbered_over_all_gpus(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("broadwell");
	size_t second = add_gpu(host, "skylake");
	struct vgpu_uuid uuid = uuid_of(9);
	struct fake_vgpu_info info;

	(void)state;
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(fake_host_create_vgpu(host, second, V8, &uuid), 0);
	assert_int_equal(find(host, 9).iommu_group, 1);
	assert_int_equal(find(host, 9).vgpu_id, 1);
	assert_int_equal(fake_host_find_group(host, 1, &info), 0);
	assert_string_equal(info.uuid.text, uuid.text);
	assert_int_equal(fake_host_find_group(host, 2, &info), -ENODEV);
	assert_int_equal(fake_host_list_vgpus(host, SIZE_MAX, NULL, 0), 2);
	assert_int_equal(fake_host_list_vgpus(host, second, &info, 1), 1);
	assert_int_equal(info.gpu, second);
}

static void create_with_a_taken_uuid_returns_eexist_even_when_full(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=256M");
	size_t second = add_gpu(host, "skylake");
	struct vgpu_uuid uuid = uuid_of(0);

	(void)state;
	assert_int_equal(create(host, V4, 0), 0);
	assert_int_equal(create(host, V4, 0), -EEXIST);
	assert_int_equal(create(host, V8, 0), -EEXIST);
	assert_int_equal(fake_host_create_vgpu(host, second, V8, &uuid), -EEXIST);
	assert_int_equal(create(host, V4, 1), -ENOSPC);
	assert_int_equal(create(host, V2, 2), -ENODEV); /* not listed */
	assert_int_equal(create(host, TYPES, 2), -ENODEV);
	assert_int_equal(fake_host_create_vgpu(host, 7, V8, &uuid), -ENODEV);
}

static void remove_of_what_is_not_there_returns_enodev(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake");

	(void)state;
	assert_int_equal(remove_now(host, 0), -ENODEV);
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(remove_now(host, 0), 0);
	assert_int_equal(remove_now(host, 0), -ENODEV);
}

static void unbind_frees_everything_but_the_device(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=256M");
	struct vgpu_uuid uuid = uuid_of(0);
	struct fake_vgpu_info info;

	(void)state;
	assert_int_equal(create(host, V4, 0), 0);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), 0);
	assert_int_equal(fake_host_available(host, 0, V4), 1);
	assert_int_equal(fake_host_find_group(host, 0, &info), -ENODEV);
	assert_false(find(host, 0).bound);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, NULL), -ENODEV);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), -ENODEV);
	assert_int_equal(create(host, V8, 0), -EEXIST);
	assert_int_equal(remove_now(host, 0), 0);
}

/* A removal (or unbinding) in a thread of its own. */
struct blocked {
	struct fake_host *host;
	struct vgpu_uuid uuid;
	int (*call)(struct fake_host *host, const struct vgpu_uuid *uuid,
		    bool (*cancelled)(void *data), void *data);
	atomic_bool cancel, done;
	int result;
	pthread_t thread;
};

static bool is_cancelled(void *data)
{
	return atomic_load(&((struct blocked *)data)->cancel);
}

static void *run_blocked(void *data)
{
	struct blocked *blocked = data;

	blocked->result = blocked->call(blocked->host, &blocked->uuid, is_cancelled, blocked);
	atomic_store(&blocked->done, true);
	return NULL;
}

static void start_blocked(struct blocked *blocked)
{
	assert_int_equal(pthread_create(&blocked->thread, NULL, run_blocked, blocked), 0);
}

static void until_removing(struct fake_host *host, unsigned int n)
{
	while (!find(host, n).removing)
		sched_yield();
}

static void remove_in_use_blocks_until_the_last_user_has_gone(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	struct blocked blocked = { host, uuid_of(0), fake_host_remove_vgpu };
	struct fake_vgpu_info info;
	uint64_t first, second;

	(void)state;
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(fake_host_get_vgpu(host, &blocked.uuid, &first), 0);
	start_blocked(&blocked);
	until_removing(host, 0);
	/* counted, its UUID taken, its group there; others come and go; a new user gets in */
	assert_int_equal(fake_host_available(host, 0, V8), 6);
	assert_int_equal(create(host, V8, 0), -EEXIST);
	assert_int_equal(remove_now(host, 0), -ENODEV);
	assert_int_equal(fake_host_find_group(host, 0, &info), 0);
	assert_int_equal(create(host, V8, 1), 0);
	assert_int_equal(remove_now(host, 1), 0);
	assert_int_equal(fake_host_get_vgpu(host, &blocked.uuid, &second), 0);
	fake_host_put_vgpu(host, first);
	assert_false(atomic_load(&blocked.done));
	fake_host_put_vgpu(host, second);
	pthread_join(blocked.thread, NULL);
	assert_int_equal(blocked.result, 0);
	assert_int_equal(fake_host_available(host, 0, V8), 7);
	assert_int_equal(fake_host_find_vgpu(host, &blocked.uuid, &info), -ENODEV);
}

static void a_cancelled_removal_completes_on_its_own(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	struct blocked blocked = { host, uuid_of(0), fake_host_remove_vgpu };
	struct fake_vgpu_info info;
	uint64_t serial;

	(void)state;
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(fake_host_get_vgpu(host, &blocked.uuid, &serial), 0);
	atomic_store(&blocked.cancel, true);
	start_blocked(&blocked);
	pthread_join(blocked.thread, NULL);
	assert_int_equal(blocked.result, -EINTR);
	assert_true(find(host, 0).removing);
	fake_host_put_vgpu(host, serial);
	assert_int_equal(fake_host_find_vgpu(host, &blocked.uuid, &info), -ENODEV);
	assert_int_equal(fake_host_available(host, 0, V8), 7);
}

static void note_unbinding(void *data, enum fake_host_event event,
			   const struct fake_vgpu_info *vgpu)
{
	(void)vgpu;
	if (event == FAKE_HOST_VGPU_UNBINDING)
		atomic_store((atomic_bool *)data, true);
}

static void unbind_and_remove_in_use_both_complete_after_close(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	struct blocked unbind = { host, uuid_of(0), fake_host_unbind_vgpu };
	struct blocked removal = { host, uuid_of(0), fake_host_remove_vgpu };
	atomic_bool unbinding = false;
	uint64_t serial;

	(void)state;
	fake_host_observe(host, note_unbinding, &unbinding);
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(fake_host_get_vgpu(host, &unbind.uuid, &serial), 0);
	start_blocked(&unbind);
	while (!atomic_load(&unbinding))
		sched_yield();
	start_blocked(&removal);
	until_removing(host, 0);
	assert_int_equal(fake_host_available(host, 0, V8), 6);
	fake_host_put_vgpu(host, serial);
	pthread_join(unbind.thread, NULL);
	pthread_join(removal.thread, NULL);
	assert_int_equal(unbind.result, 0);
	assert_int_equal(removal.result, 0);
	assert_int_equal(fake_host_available(host, 0, V8), 7);
}

/* Writes what observers hear as letters. */
static void note(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	static const char letters[] = "CFURrumglsxGpP";
	char *log = data;

	(void)vgpu;
	log[strlen(log)] = letters[event];
}

static void observers_hear_events_in_the_kernels_order(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=256M");
	struct vgpu_uuid uuid = uuid_of(0);
	char log[64] = "";

	(void)state;
	fake_host_observe(host, note, log);
	assert_int_equal(create(host, V4, 0), 0);
	assert_int_equal(create(host, V4, 0), -EEXIST);
	assert_int_equal(create(host, V4, 1), -ENOSPC);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), 0);
	assert_int_equal(remove_now(host, 0), 0);
	assert_string_equal(log, "CFuUrR");
	memset(log, 0, sizeof(log));
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(create(host, V8, 1), 0);
	assert_int_equal(fake_host_unregister_gpu(host, 0, NULL, NULL), 0);
	assert_int_equal(create(host, V8, 2), -ENODEV);
	assert_int_equal(fake_host_unregister_gpu(host, 0, NULL, NULL), -ENODEV);
	assert_int_equal(fake_host_register_gpu(host, 0, NULL, NULL), 0);
	assert_int_equal(fake_host_register_gpu(host, 0, NULL, NULL), -ENODEV);
	assert_string_equal(log, "CClrRrRxG");
	fake_host_unobserve(host, note, log);
	assert_int_equal(create(host, V8, 2), 0);
	assert_string_equal(log, "CClrRrRxG");
}

/* An observer that removes what it hears of, while creation has not returned. */
static void remove_at_once(void *data, enum fake_host_event event,
			   const struct fake_vgpu_info *vgpu)
{
	struct {
		struct fake_host *host;
		int result;
	} *seen = data;

	if (event == FAKE_HOST_VGPU_CREATED)
		seen->result = fake_host_remove_vgpu(seen->host, &vgpu->uuid, NULL, NULL);
}

static void remove_while_creation_runs_returns_eagain(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake");
	struct {
		struct fake_host *host;
		int result;
	} seen = { host, 1 };

	(void)state;
	fake_host_observe(host, remove_at_once, &seen);
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(seen.result, -EAGAIN);
	assert_true(find(host, 0).bound);
	fake_host_unobserve(host, remove_at_once, &seen);
}

static void unregistering_waits_for_a_device_in_use(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("skylake,aperture=1G");
	struct vgpu_uuid uuid = uuid_of(0);
	struct blocked cancelled = { .cancel = true };
	uint64_t serial;

	(void)state;
	assert_int_equal(create(host, V8, 0), 0);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
	assert_int_equal(fake_host_users(host, 0), 1);
	assert_int_equal(fake_host_unregister_gpu(host, 0, is_cancelled, &cancelled), -EINTR);
	assert_true(fake_host_type_listed(host, 0, V8));
	fake_host_put_vgpu(host, serial);
	assert_int_equal(fake_host_users(host, 0), 0);
	assert_int_equal(fake_host_unregister_gpu(host, 0, NULL, NULL), 0);
	assert_false(fake_host_type_listed(host, 0, V8));
}

static void addresses_are_chosen_or_given_but_never_shared(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("broadwell");
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };
	size_t second = add_gpu(host, "skylake");
	char text[VGPU_PCI_ADDRESS_TEXT_LEN];

	(void)state;
	vgpu_pci_address_format(&fake_host_gpu(host, 0)->address, text);
	assert_string_equal(text, "0000:00:02.0");
	vgpu_pci_address_format(&fake_host_gpu(host, second)->address, text);
	assert_string_equal(text, "0000:00:03.0");
	assert_int_equal(fake_gpu_config_parse("skylake,address=0000:00:02.0", &config, &err), 0);
	assert_int_equal(fake_host_add_gpu(host, &config, &err), -EEXIST);
	assert_non_null(strstr(err.message, "0000:00:02.0"));
	assert_null(fake_host_gpu(host, 2));
	assert_int_equal(fake_host_gpus_len(host), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(available_follows_gvt_g_after_each_creation_and_removal),
		cmocka_unit_test(memory_is_placed_like_i915_does_and_fragments),
		cmocka_unit_test(numbers_are_the_lowest_free_and_used_again),
		cmocka_unit_test(groups_are_numbered_over_all_gpus),
		cmocka_unit_test(create_with_a_taken_uuid_returns_eexist_even_when_full),
		cmocka_unit_test(remove_of_what_is_not_there_returns_enodev),
		cmocka_unit_test(unbind_frees_everything_but_the_device),
		cmocka_unit_test(remove_in_use_blocks_until_the_last_user_has_gone),
		cmocka_unit_test(a_cancelled_removal_completes_on_its_own),
		cmocka_unit_test(unbind_and_remove_in_use_both_complete_after_close),
		cmocka_unit_test(observers_hear_events_in_the_kernels_order),
		cmocka_unit_test(remove_while_creation_runs_returns_eagain),
		cmocka_unit_test(unregistering_waits_for_a_device_in_use),
		cmocka_unit_test(addresses_are_chosen_or_given_but_never_shared),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
