/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many instances fit, on other parents than GVT-g's. What is expected of the kernel's samples
 * was recorded on Linux 6.1.
 */

#include "host-fixture.h"

enum { MTTY_1, MTTY_2 };
enum { MBOCHS_SMALL, MBOCHS_MEDIUM, MBOCHS_LARGE };

static void mttys_types_share_its_24_ports(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("mtty");

	(void)state;
	assert_int_equal(fake_host_available(host, 0, MTTY_1), 24);
	assert_int_equal(fake_host_available(host, 0, MTTY_2), 12);
	assert_int_equal(create(host, MTTY_2, 0), 0);
	assert_int_equal(fake_host_available(host, 0, MTTY_1), 22);
	assert_int_equal(create(host, MTTY_1, 1), 0);
	assert_int_equal(fake_host_available(host, 0, MTTY_2), 10);
	for (unsigned int i = 2; i < 12; i++)
		assert_int_equal(create(host, MTTY_2, i), 0);
	assert_int_equal(fake_host_available(host, 0, MTTY_1), 1);
	assert_int_equal(create(host, MTTY_2, 99), -ENOSPC);
	assert_int_equal(create(host, MTTY_1, 99), 0);
	assert_int_equal(create(host, MTTY_1, 100), -ENOSPC);
	assert_int_equal(remove_now(host, 0), 0);
	assert_int_equal(fake_host_available(host, 0, MTTY_1), 2);
}

static void mbochs_types_share_its_megabytes(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("mbochs");
	_destroy_(fake_host) struct fake_host *small = host_with("mbochs,count=20");

	(void)state;
	assert_int_equal(fake_host_available(host, 0, MBOCHS_SMALL), 64);
	assert_int_equal(create(host, MBOCHS_SMALL, 0), 0);
	assert_int_equal(fake_host_available(host, 0, MBOCHS_SMALL), 63);
	assert_int_equal(fake_host_available(host, 0, MBOCHS_MEDIUM), 15);
	assert_int_equal(fake_host_available(host, 0, MBOCHS_LARGE), 3);
	assert_int_equal(fake_host_available(small, 0, MBOCHS_SMALL), 5);
	assert_int_equal(fake_host_available(small, 0, MBOCHS_LARGE), 0);
	assert_int_equal(create(small, MBOCHS_LARGE, 0), -ENOSPC);
}

static void count_event(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	(void)event;
	(void)vgpu;
	++*(int *)data;
}

/* The mdev core counts them itself, and keeps the place of one that is unbound. */
static void mdpy_has_four_places_whatever_the_type(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("mdpy");
	struct vgpu_uuid uuid = uuid_of(0);
	int events = 0;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		for (size_t type = 0; type < 3; type++)
			assert_int_equal(fake_host_available(host, 0, type), 4 - i);
		assert_int_equal(create(host, i % 3, i), 0);
	}
	fake_host_observe(host, count_event, &events);
	assert_int_equal(create(host, 0, 0), -EEXIST);
	assert_int_equal(create(host, 0, 4), -EUSERS);
	assert_int_equal(events, 0);
	fake_host_unobserve(host, count_event, &events);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), 0);
	assert_int_equal(fake_host_available(host, 0, 0), 0);
	assert_int_equal(remove_now(host, 0), 0);
	assert_int_equal(fake_host_available(host, 0, 0), 1);
}

static void mdpys_driver_counted_before_6_1(void **state)
{
	_destroy_(fake_host) struct fake_host *host = fake_host_create();
	struct vgpu_uuid uuid = uuid_of(0);

	(void)state;
	fake_host_set_kernel(host, FAKE_KERNEL(5, 19));
	add_gpu(host, "mdpy,count=1");
	assert_int_equal(create(host, 0, 0), 0);
	assert_int_equal(create(host, 0, 1), -ENOMEM);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), 0);
	assert_int_equal(fake_host_available(host, 0, 0), 1);
}

static void a_module_makes_one_parent(void **state)
{
	_destroy_(fake_host) struct fake_host *host = host_with("mtty");
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };

	(void)state;
	assert_string_equal(fake_host_gpu(host, 0)->name, "mtty");
	assert_int_equal(fake_gpu_config_parse("mtty", &config, &err), 0);
	assert_int_equal(fake_host_add_gpu(host, &config, &err), -EEXIST);
	assert_non_null(strstr(err.message, "mtty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mttys_types_share_its_24_ports),
		cmocka_unit_test(mbochs_types_share_its_megabytes),
		cmocka_unit_test(mdpy_has_four_places_whatever_the_type),
		cmocka_unit_test(mdpys_driver_counted_before_6_1),
		cmocka_unit_test(a_module_makes_one_parent),
	};

	return cmocka_run_group_tests_name("capacity", tests, NULL, NULL);
}
