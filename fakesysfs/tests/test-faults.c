/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fakesysfs/faults.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CREATE "/sys/devices/pci0000:00/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_4/create"

static struct fake_faults *with(const char *spec)
{
	struct fake_faults *faults = fake_faults_create();

	assert_non_null(faults);
	assert_int_equal(fake_faults_add(faults, spec, NULL), 0);
	return faults;
}

static int ask(struct fake_faults *faults, enum fake_operation operation, const char *path)
{
	return fake_faults_ask(faults, operation, path).errnum;
}

static void a_fault_is_of_its_operation_and_path(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = with("write:*V5_4/create,errno=ENOMEM");

	(void)state;
	assert_int_equal(ask(faults, FAKE_OPERATION_WRITE, CREATE), ENOMEM);
	assert_int_equal(ask(faults, FAKE_OPERATION_OPEN, CREATE), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_WRITE, "/sys/V5_8/create"), 0);
	assert_true(fake_faults_any(faults, FAKE_OPERATION_WRITE));
	assert_false(fake_faults_any(faults, FAKE_OPERATION_READ));
	assert_false(fake_faults_any(NULL, FAKE_OPERATION_WRITE));
}

static void create_and_remove_are_writes_there(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = with("create,errno=28");

	(void)state;
	assert_int_equal(fake_faults_add(faults, "remove,errno=EBUSY,delay=70", NULL), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_WRITE, CREATE), ENOSPC);
	assert_int_equal(ask(faults, FAKE_OPERATION_WRITE, "/sys/x/remove"), EBUSY);
	assert_int_equal(fake_faults_ask(faults, FAKE_OPERATION_WRITE, "/sys/x/remove").delay_ms,
			 70);
	assert_int_equal(ask(faults, FAKE_OPERATION_WRITE, "/sys/x/unbind"), 0);
}

static void the_first_n_that_match_go_well(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = with("read:*/a,errno=EIO,after=2");

	(void)state;
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/b"), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), EIO);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), EIO);
}

static void the_first_of_several_that_fires_says(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = with("read,errno=EIO,after=1");

	(void)state;
	assert_int_equal(fake_faults_add(faults, "read,errno=EPERM", NULL), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), EPERM);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), EIO);
}

/* 64 of them as bits: equal seeds give equal sequences. */
static uint64_t sequence(const char *spec)
{
	_destroy_(fake_faults) struct fake_faults *faults = with(spec);
	uint64_t bits = 0;

	for (int i = 0; i < 64; i++)
		bits = bits << 1 | (ask(faults, FAKE_OPERATION_READ, "/sys/a") != 0);
	return bits;
}

static void the_seed_alone_determines_the_sequence(void **state)
{
	uint64_t bits = sequence("read,errno=EIO,probability=0.25,seed=7");

	(void)state;
	assert_int_equal(sequence("read,errno=EIO,probability=0.25,seed=7"), bits);
	assert_int_not_equal(sequence("read,errno=EIO,probability=0.25,seed=8"), bits);
	/* 16 are expected, with a standard deviation of 3.5 */
	assert_in_range(__builtin_popcountll(bits), 4, 28);
	assert_int_equal(sequence("read,errno=EIO,probability=0"), 0);
	assert_int_equal(sequence("read,errno=EIO,probability=1"), UINT64_MAX);
}

static void nonsense_is_refused(void **state)
{
	static const char *const specs[] = {
		"",
		"read",
		"read,errno=",
		"read,errno=0",
		"read,errno=EVERYTHING",
		"read,errno=4096",
		"read,errno",
		"frobnicate,errno=EIO",
		"read,errno=EIO,after=-1",
		"read,errno=EIO,probability=1.5",
		"read,errno=EIO,probability=nan",
		"read,errno=EIO,delay=1e3",
		"read,errno=EIO,colour=red",
		"read,errno=EIO,",
	};
	_destroy_(fake_faults) struct fake_faults *faults = fake_faults_create();
	struct vgpu_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(specs); i++)
		if (fake_faults_add(faults, specs[i], &err) != -EINVAL)
			fail_msg("'%s' is taken", specs[i]);
	assert_false(fake_faults_any(faults, FAKE_OPERATION_READ));
}

static void assert_listed(struct fake_faults *faults, const char *expected)
{
	char text[FAKE_FAULTS_TEXT_MAX + 1];
	ssize_t len = fake_faults_print(faults, text);

	assert_true(len >= 0);
	text[len] = '\0';
	assert_string_equal(text, expected);
}

static void faults_can_be_listed_and_taken_back(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = with("read:*/a,errno=EIO,after=1");

	(void)state;
	assert_int_equal(fake_faults_command(faults, "add create,errno=ENOSPC\n"), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), 0);
	assert_int_equal(ask(faults, FAKE_OPERATION_READ, "/sys/a"), EIO);
	assert_listed(faults, "1 matched=2 fired=1 read:*/a,errno=EIO,after=1\n"
			      "2 matched=0 fired=0 create,errno=ENOSPC\n");
	assert_int_equal(fake_faults_command(faults, "clear 1"), 0);
	assert_int_equal(fake_faults_command(faults, "clear 1"), -ENOENT);
	assert_false(fake_faults_any(faults, FAKE_OPERATION_READ));
	assert_true(fake_faults_any(faults, FAKE_OPERATION_WRITE));
	/* numbers are not used again */
	assert_int_equal(fake_faults_command(faults, "add read,delay=1"), 0);
	assert_listed(faults, "2 matched=0 fired=0 create,errno=ENOSPC\n"
			      "3 matched=0 fired=0 read,delay=1\n");
	assert_int_equal(fake_faults_command(faults, "clear"), 0);
	assert_listed(faults, "");
	assert_false(fake_faults_any(faults, FAKE_OPERATION_WRITE));
}

static void commands_that_are_none_change_nothing(void **state)
{
	static const char *const nonsense[] = {
		"",	     "add",	"add ",
		"add x",     "clear 0", "clear x",
		"clear 1 2", "list",	"add read,errno=EIO,after"
	};
	_destroy_(fake_faults) struct fake_faults *faults = with("read,errno=EIO");

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(nonsense); i++)
		assert_int_equal(fake_faults_command(faults, nonsense[i]), -EINVAL);
	assert_listed(faults, "1 matched=0 fired=0 read,errno=EIO\n");
}

static void the_list_fits_in_an_attribute(void **state)
{
	_destroy_(fake_faults) struct fake_faults *faults = fake_faults_create();
	char spec[256], text[FAKE_FAULTS_TEXT_MAX];
	int count = 0;

	(void)state;
	snprintf(spec, sizeof(spec), "read:%0200d,errno=EIO", 0);
	while (!fake_faults_add(faults, spec, NULL))
		count++;
	assert_in_range(count, 10, 20);
	assert_in_range(fake_faults_print(faults, text), count * 200, FAKE_FAULTS_TEXT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_is_of_its_operation_and_path),
		cmocka_unit_test(create_and_remove_are_writes_there),
		cmocka_unit_test(the_first_n_that_match_go_well),
		cmocka_unit_test(the_first_of_several_that_fires_says),
		cmocka_unit_test(the_seed_alone_determines_the_sequence),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(faults_can_be_listed_and_taken_back),
		cmocka_unit_test(commands_that_are_none_change_nothing),
		cmocka_unit_test(the_list_fits_in_an_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
