/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What most tests of the machine begin with: one client that has one vGPU open. */

#include "mock-front-end.h"

#include <stdlib.h>

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
