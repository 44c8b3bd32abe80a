/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SET_IRQS with good, bad and hostile arguments, and who is signalled when. */

#include "device-fixture.h"
#include "irq-words.h"
#include "probe-model.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONFIG FV_REGION_OFFSET(FV_REGION_CONFIG)

static int set_up(void **state)
{
	return fixture_open(state, &mock_probe_profile, true);
}

/* @data are @len bytes behind the struct; argsz says so unless it is given */
static int64_t set_irqs_argsz(struct fixture *fixture, uint32_t argsz, uint32_t flags,
			      uint32_t index, uint32_t start, uint32_t count, const void *data,
			      size_t len)
{
	const uint32_t set[] = { argsz, flags, index, start, count };
	uint8_t bytes[sizeof(set) + 64];

	assert_true(len <= 64);
	memcpy(bytes, set, sizeof(set));
	memcpy(bytes + sizeof(set), data, len);
	return mock_ioctl_data(fixture->client, fixture->session.device, VFIO_DEVICE_SET_IRQS,
			       bytes, sizeof(set) + len);
}

static int64_t set_irqs(struct fixture *fixture, uint32_t flags, uint32_t index, uint32_t start,
			uint32_t count, const void *data, size_t len)
{
	return set_irqs_argsz(fixture, sizeof(struct vfio_irq_set) + len, flags, index, start,
			      count, data, len);
}

static int64_t set_eventfd(struct fixture *fixture, uint32_t index, uint32_t vector, int32_t fd)
{
	return set_irqs(fixture, EVENTFD | TRIGGER, index, vector, 1, &fd, sizeof(fd));
}

static void raise_vector(struct fixture *fixture, uint32_t index, uint32_t vector)
{
	uint32_t value = index << 16 | vector;

	assert_int_equal(fv_machine_write(fixture->mock->machine, fixture->session.device,
					  PROBE_REG_SIGNAL, &value, 4),
			 4);
}

static void write_config(struct fixture *fixture, uint64_t offset, uint32_t value, size_t len)
{
	assert_int_equal(fv_machine_write(fixture->mock->machine, fixture->session.device,
					  CONFIG + offset, &value, len),
			 len);
}

static void info_knows_the_indices_of_the_model(void **state)
{
	static const struct fixture_irq cases[] = {
		{ INTX, 7, 1, 0 },
		{ MSI, 9, 4, 0 },
		{ 2, 0, 0, -EINVAL },
		{ ERR, 0, 0, -EINVAL },
		{ REQ, 9, 1, 0 },
		{ 5, 0, 0, -EINVAL },
		{ UINT32_MAX, 0, 0, -EINVAL },
	};
	struct fixture *fixture = *state;

	fixture_expect_irqs(fixture, cases, VGPU_ARRAY_LEN(cases));
}

/* Source: vfio_set_irqs_validate_and_prepare() and vfio_pci_set_irqs_ioctl() */
static void hostile_requests_are_refused(void **state)
{
	static const struct {
		uint32_t argsz, flags, index, start, count;
		int result;
	} cases[] = {
		{ 19, NONE | TRIGGER, INTX, 0, 1, -EINVAL },
		{ 20, NONE | TRIGGER, 5, 0, 1, -EINVAL },
		{ 20, NONE | TRIGGER, UINT32_MAX, 0, 1, -EINVAL },
		{ 20, NONE | TRIGGER, ERR, 0, 0, -EINVAL },
		{ 20, NONE | TRIGGER | 0x40, INTX, 0, 1, -EINVAL },
		{ 20, TRIGGER, INTX, 0, 1, -EINVAL },
		{ 20, NONE | BOOL | TRIGGER, INTX, 0, 1, -EINVAL },
		{ 20, NONE | TRIGGER, INTX, 1, 0, -EINVAL },
		{ 20, NONE | TRIGGER, INTX, 0, 2, -EINVAL },
		{ 20, NONE | TRIGGER, MSI, 3, 2, -EINVAL },
		{ 20, NONE | TRIGGER, MSI, UINT32_MAX, 1, -EINVAL },
		{ 20, NONE | TRIGGER, MSI, 1, UINT32_MAX - 1, -EINVAL },
		{ 20, NONE | TRIGGER, MSI, 3, UINT32_MAX - 1, -EINVAL }, /* the sum is 1 */
		{ 20, EVENTFD | TRIGGER, MSI, 0, 0x40000000, -EINVAL },
		{ 23, EVENTFD | TRIGGER, INTX, 0, 1, -EINVAL }, /* data does not fit argsz */
		{ 24, EVENTFD | TRIGGER, INTX, 0, 1, -EFAULT }, /* and is not there */
		{ UINT32_MAX, BOOL | TRIGGER, MSI, 0, 4, -EFAULT },
		{ 20, NONE | MASK | UNMASK, INTX, 0, 1, -ENOTTY },
		{ 20, NONE, INTX, 0, 1, -ENOTTY },
		{ 20, NONE | MASK, MSI, 0, 1, -ENOTTY },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++)
		assert_int_equal(set_irqs_argsz(fixture, cases[i].argsz, cases[i].flags,
						cases[i].index, cases[i].start, cases[i].count, "",
						0),
				 cases[i].result);
	assert_int_equal(fixture->mock->eventfds, 0);
}

static void eventfds_are_taken_replaced_and_dropped(void **state)
{
	struct fixture *fixture = *state;
	const int32_t fds[4] = { MOCK_EVENTFD, -1, MOCK_EVENTFD + 2, MOCK_EVENTFD + 3 };

	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 0, 4, fds, sizeof(fds)), 0);
	assert_int_equal(fixture->mock->eventfds, 3);
	assert_int_equal(set_eventfd(fixture, MSI, 0, MOCK_EVENTFD + 9), 0);
	assert_int_equal(fixture->mock->eventfds, 3);
	assert_int_equal(set_eventfd(fixture, MSI, 0, -1), 0);
	assert_int_equal(fixture->mock->eventfds, 2);
	assert_int_equal(set_irqs(fixture, NONE | TRIGGER, MSI, 0, 0, "", 0), 0);
	assert_int_equal(fixture->mock->eventfds, 0);
	/* closing the device drops the rest: fixture_close() counts */
	assert_int_equal(set_eventfd(fixture, REQ, 0, MOCK_EVENTFD), 0);
	assert_int_equal(set_irqs(fixture, EVENTFD | UNMASK, INTX, 0, 1, fds, 4), 0);
	assert_int_equal(fixture->mock->eventfds, 2);
}

static void one_bad_eventfd_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	const int32_t bad[4] = { MOCK_EVENTFD + 4, MOCK_EVENTFD + 5, 7, MOCK_EVENTFD };
	const int32_t many[4] = { MOCK_EVENTFD, MOCK_EVENTFD, MOCK_EVENTFD, MOCK_EVENTFD };

	assert_int_equal(set_eventfd(fixture, MSI, 0, MOCK_EVENTFD + 1), 0);
	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 0, 4, bad, sizeof(bad)), -EBADF);
	assert_int_equal(fixture->mock->eventfds, 1);
	fixture->mock->eventfd_limit = 3;
	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 0, 4, many, sizeof(many)),
			 -EMFILE);
	assert_int_equal(fixture->mock->eventfds, 1);
	write_config(fixture, PROBE_MSI_OFFSET + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
	raise_vector(fixture, MSI, 0);
	assert_int_equal(fixture->mock->signals[1], 1);
}

static void client_may_trigger_by_itself(void **state)
{
	struct fixture *fixture = *state;
	const int32_t fds[4] = { MOCK_EVENTFD, MOCK_EVENTFD + 1, -1, MOCK_EVENTFD + 3 };

	assert_int_equal(set_irqs(fixture, EVENTFD | TRIGGER, MSI, 0, 4, fds, sizeof(fds)), 0);
	assert_int_equal(set_irqs(fixture, NONE | TRIGGER, MSI, 1, 3, "", 0), 0);
	assert_int_equal(set_irqs(fixture, BOOL | TRIGGER, MSI, 0, 4, "\1\0\1\1", 4), 0);
	assert_int_equal(fixture->mock->signals[0], 1);
	assert_int_equal(fixture->mock->signals[1], 1);
	assert_int_equal(fixture->mock->signals[3], 2);
}

static void msi_is_sent_only_while_the_guest_has_it_enabled(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_eventfd(fixture, MSI, 2, MOCK_EVENTFD), 0);
	raise_vector(fixture, MSI, 2);
	assert_int_equal(fixture->mock->signals[0], 0);
	write_config(fixture, PROBE_MSI_OFFSET + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
	raise_vector(fixture, MSI, 2);
	raise_vector(fixture, MSI, 3); /* nobody listens */
	raise_vector(fixture, MSI, 32);
	raise_vector(fixture, 4711, 0);
	assert_int_equal(fixture->mock->signals[0], 1);
}

static void masked_msi_is_pending_until_it_is_unmasked(void **state)
{
	struct fixture *fixture = *state;
	unsigned int mask = PROBE_MSI_OFFSET + PCI_MSI_MASK_64;

	assert_int_equal(set_eventfd(fixture, MSI, 1, MOCK_EVENTFD), 0);
	write_config(fixture, PROBE_MSI_OFFSET + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
	write_config(fixture, mask, 2, 4);
	raise_vector(fixture, MSI, 1);
	raise_vector(fixture, MSI, 1);
	assert_int_equal(fixture->mock->signals[0], 0);
	assert_int_equal(fv_config_get32(probe_last, mask + 4), 2);
	write_config(fixture, mask, 0, 4);
	assert_int_equal(fixture->mock->signals[0], 1);
	assert_int_equal(fv_config_get32(probe_last, mask + 4), 0);
}

static void intx_is_masked_until_the_client_unmasks_it(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_eventfd(fixture, INTX, 0, MOCK_EVENTFD), 0);
	raise_vector(fixture, INTX, 0);
	raise_vector(fixture, INTX, 0);
	assert_int_equal(fixture->mock->signals[0], 1);
	assert_int_equal(set_irqs(fixture, NONE | UNMASK, INTX, 0, 1, "", 0), 0);
	assert_int_equal(fixture->mock->signals[0], 2);
	assert_int_equal(set_irqs(fixture, BOOL | UNMASK, INTX, 0, 1, "\1", 1), 0);
	assert_int_equal(fixture->mock->signals[0], 2);
	assert_int_equal(set_irqs(fixture, NONE | MASK, INTX, 0, 1, "", 0), 0);
	raise_vector(fixture, INTX, 0);
	assert_int_equal(fixture->mock->signals[0], 2);
}

static void intx_waits_while_the_guest_has_it_disabled(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_eventfd(fixture, INTX, 0, MOCK_EVENTFD), 0);
	write_config(fixture, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
	raise_vector(fixture, INTX, 0);
	assert_int_equal(fixture->mock->signals[0], 0);
	write_config(fixture, PCI_COMMAND, 0, 2);
	assert_int_equal(fixture->mock->signals[0], 1);
}

/* KVM's resample eventfd never reaches us, so INTx must not wait for it */
static void intx_with_a_resample_eventfd_is_not_masked(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(set_eventfd(fixture, INTX, 0, MOCK_EVENTFD), 0);
	assert_int_equal(
		set_irqs(fixture, EVENTFD | UNMASK, INTX, 0, 1, &(int32_t){ MOCK_EVENTFD + 1 }, 4),
		0);
	raise_vector(fixture, INTX, 0);
	raise_vector(fixture, INTX, 0);
	assert_int_equal(fixture->mock->signals[0], 2);
}

static void interrupt_takes_the_way_the_guest_chose(void **state)
{
	struct fixture *fixture = *state;
	const uint32_t any = 1;

	assert_int_equal(set_eventfd(fixture, INTX, 0, MOCK_EVENTFD), 0);
	assert_int_equal(set_eventfd(fixture, MSI, 0, MOCK_EVENTFD + 1), 0);
	fv_machine_write(fixture->mock->machine, fixture->session.device, PROBE_REG_INTERRUPT, &any,
			 4);
	write_config(fixture, PROBE_MSI_OFFSET + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
	fv_machine_write(fixture->mock->machine, fixture->session.device, PROBE_REG_INTERRUPT, &any,
			 4);
	assert_int_equal(fixture->mock->signals[0], 1);
	assert_int_equal(fixture->mock->signals[1], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(info_knows_the_indices_of_the_model),
		TEST(hostile_requests_are_refused),
		TEST(eventfds_are_taken_replaced_and_dropped),
		TEST(one_bad_eventfd_changes_nothing),
		TEST(client_may_trigger_by_itself),
		TEST(msi_is_sent_only_while_the_guest_has_it_enabled),
		TEST(masked_msi_is_pending_until_it_is_unmasked),
		TEST(intx_is_masked_until_the_client_unmasks_it),
		TEST(intx_waits_while_the_guest_has_it_disabled),
		TEST(intx_with_a_resample_eventfd_is_not_masked),
		TEST(interrupt_takes_the_way_the_guest_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
