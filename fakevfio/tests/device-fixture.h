/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What most tests of the machine begin with: one client that has one vGPU open. */

#include "mock-front-end.h"

#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define UUID "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a11"

struct fixture {
	struct mock *mock;
	struct mock_client *client;
	struct mock_session session;
	int group;
};

/** For cmocka's setup: 0, or the test cannot start. @profile is that of the vGPU's parent. */
static inline int fixture_open(void **state, const struct fake_gpu_profile *profile, bool exporter)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->mock = mock_create();
	fixture->mock->no_exporter = !exporter;
	fixture->client = mock_client_create(fixture->mock);
	fixture->group = mock_add_vgpu(fixture->mock, profile, 0, UUID);
	*state = fixture;
	return fixture->group < 0 ||
	       mock_open(fixture->client, fixture->group, UUID, &fixture->session);
}

/** For cmocka's teardown: 0, or what the machine still holds. */
static inline int fixture_close(void **state)
{
	struct fixture *fixture = *state;
	int held;

	mock_close(fixture->mock, &fixture->session);
	held = mock_destroy(fixture->mock);
	free(fixture->client);
	free(fixture);
	return held;
}

/** What VFIO_DEVICE_GET_IRQ_INFO must say of an index. */
struct fixture_irq {
	uint32_t index, flags, count;
	int result; /* 0, or a negative errno: then the rest stays 0 */
};

static inline void fixture_expect_irqs(struct fixture *fixture, const struct fixture_irq *wanted,
				       size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct vfio_irq_info info = { .argsz = sizeof(info), .index = wanted[i].index };

		assert_int_equal(mock_ioctl_data(fixture->client, fixture->session.device,
						 VFIO_DEVICE_GET_IRQ_INFO, &info, sizeof(info)),
				 wanted[i].result);
		assert_int_equal(info.flags, wanted[i].flags);
		assert_int_equal(info.count, wanted[i].count);
	}
}
