/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/nearest.h>
#include <vgpulab/number.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/uuid.h>

#define UUID "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5"

static void number_is_digits_in_its_range(void **state)
{
	static const char *const none[] = { "",	  "-1", "+1",  " 1", "1 ",
					    "1x", "x",	"0x1", "9",  "18446744073709551616" };
	uint64_t number = 77;

	assert_int_equal(0, vgpu_number_parse("18446744073709551615", 0, UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_int_equal(0, vgpu_number_parse("007", 7, 7, &number));
	assert_int_equal(7, number);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(none); i++)
		assert_int_equal(-EINVAL, vgpu_number_parse(none[i], 0, 8, &number));
	assert_int_equal(-EINVAL, vgpu_number_parse("0", 1, 8, &number));
	assert_int_equal(7, number);
}

static void uuid_in_any_case_is_folded_to_lower_case(void **state)
{
	struct vgpu_uuid uuid;

	assert_int_equal(0, vgpu_uuid_parse("C7A7AD34-3b9a-4D34-8a5c-5d5a6ba5b3a5", &uuid));
	assert_string_equal(UUID, uuid.text);
}

static void uuid_of_any_version_and_variant_is_accepted(void **state)
{
	struct vgpu_uuid uuid;

	assert_int_equal(0, vgpu_uuid_parse("00000000-0000-0000-0000-000000000000", &uuid));
	assert_int_equal(0, vgpu_uuid_parse("ffffffff-ffff-ffff-ffff-ffffffffffff", &uuid));
}

static void malformed_uuid_is_refused_and_output_untouched(void **state)
{
	static const char *const malformed[] = {
		"",
		"c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a",
		UUID "0",
		UUID "\n",
		" " UUID,
		"{" UUID "}",
		"urn:uuid:" UUID,
		"c7a7ad343b9a4d348a5c5d5a6ba5b3a5",
		"c7a7ad343-b9a-4d34-8a5c-5d5a6ba5b3a5",
		"c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3ag",
		"c7a7ad34_3b9a_4d34_8a5c_5d5a6ba5b3a5",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(malformed); i++) {
		struct vgpu_uuid uuid = { "untouched" };

		assert_int_equal(-EINVAL, vgpu_uuid_parse(malformed[i], &uuid));
		assert_string_equal("untouched", uuid.text);
	}
}

static void generated_uuids_parse_and_differ(void **state)
{
	struct vgpu_uuid a, b, parsed;

	vgpu_uuid_generate(&a);
	vgpu_uuid_generate(&b);
	assert_false(vgpu_uuid_equal(&a, &b));
	assert_int_equal(0, vgpu_uuid_parse(a.text, &parsed));
	assert_true(vgpu_uuid_equal(&a, &parsed));
	assert_int_equal('4', a.text[14]);
}

static void pci_address_round_trips(void **state)
{
	static const char *const canonical[] = {
		"0000:00:02.0",
		"0000:ff:1f.7",
		"10000:e1:00.0",
		"ffffffff:ff:1f.7",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(canonical); i++) {
		struct vgpu_pci_address address;
		char text[VGPU_PCI_ADDRESS_TEXT_LEN];

		assert_int_equal(0, vgpu_pci_address_parse(canonical[i], &address));
		vgpu_pci_address_format(&address, text);
		assert_string_equal(canonical[i], text);
	}
}

static void pci_address_without_domain_is_in_domain_zero(void **state)
{
	struct vgpu_pci_address address;

	assert_int_equal(0, vgpu_pci_address_parse("3A:02.1", &address));
	assert_int_equal(0, address.domain);
	assert_int_equal(0x3a, address.bus);
	assert_int_equal(2, address.slot);
	assert_int_equal(1, address.function);
}

static void name_that_is_a_pci_address_gets_its_domain(void **state)
{
	char text[VGPU_PCI_ADDRESS_TEXT_LEN];

	assert_string_equal("0000:3a:02.1", vgpu_pci_address_canonical("3A:02.1", text));
	assert_string_equal("0001:00:02.0", vgpu_pci_address_canonical("0001:00:02.0", text));
	assert_string_equal("mtty", vgpu_pci_address_canonical("mtty", text));
}

static void malformed_pci_address_is_refused(void **state)
{
	static const char *const malformed[] = {
		"",
		"0000:00:02",
		"0000:00:02.8",
		"0000:00:20.0",
		"0000:00:2.0",
		"000:00:02.0",
		"0000:00:02.0 ",
		" 0000:00:02.0",
		"0000:0:02.0",
		"000000000:00:02.0",
		"0000:00:02.00",
		"0x00:00:02.0",
		"02.0",
		"0000:00:02.0\n",
		"mtty",
		"00:02.",
		":00:02.0",
		"0000:00:02.0:00:02",
		"-000:00:02.0",
		"0000::00:02.0",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(malformed); i++) {
		struct vgpu_pci_address address = { .domain = 7 };

		assert_int_equal(-EINVAL, vgpu_pci_address_parse(malformed[i], &address));
		assert_int_equal(7, address.domain);
	}
}

static void error_carries_message_hint_and_kind(void **state)
{
	struct vgpu_error err = { 0 };

	assert_int_equal(-ENOSPC,
			 vgpu_error_set(&err, VGPU_ERROR_NO_ROOM, ENOSPC, "no %s", "room"));
	vgpu_error_hint(&err, "remove %d", 1);
	assert_string_equal("no room", err.message);
	assert_string_equal("remove 1", err.hint);
	assert_int_equal(ENOSPC, err.errnum);
	assert_string_equal("no-room", vgpu_error_kind_name(err.kind));
}

static void error_set_again_from_its_own_message_drops_the_old_hint(void **state)
{
	struct vgpu_error err = { 0 };

	vgpu_error_set(&err, VGPU_ERROR_FAILED, 0, "inner");
	vgpu_error_hint(&err, "old");
	assert_int_equal(-EIO,
			 vgpu_error_set(&err, VGPU_ERROR_FAILED, 0, "outer: %s", err.message));
	assert_string_equal("outer: inner", err.message);
	assert_string_equal("", err.hint);
}

static void error_may_be_null_and_long_text_is_cut(void **state)
{
	struct vgpu_error err = { 0 };
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(-EPERM, vgpu_error_set(NULL, VGPU_ERROR_PERMISSION, EPERM, "%s", text));
	vgpu_error_hint(NULL, "%s", text);
	vgpu_error_set(&err, VGPU_ERROR_FAILED, 0, "%s", text);
	assert_int_equal(sizeof(err.message) - 1, strlen(err.message));
	assert_string_equal("failed", vgpu_error_kind_name((enum vgpu_error_kind)99));
}

static void edit_distance_counts_edits_and_swaps_without_case(void **state)
{
	assert_int_equal(0, vgpu_edit_distance("", ""));
	assert_int_equal(3, vgpu_edit_distance("", "abc"));
	assert_int_equal(3, vgpu_edit_distance("kitten", "sitting"));
	assert_int_equal(1, vgpu_edit_distance("create", "craete"));
	assert_int_equal(0, vgpu_edit_distance("GVTg_V5_4", "gvtG_v5_4"));
}

static const char *nearest_of(const char *wanted, const char *const *names, size_t len)
{
	struct vgpu_nearest nearest = { .wanted = wanted };

	for (size_t i = 0; i < len; i++)
		vgpu_nearest_offer(&nearest, names[i]);
	return nearest.name;
}

static void nearest_name_is_the_likely_one_or_none(void **state)
{
	static const char *const names[] = { "i915-GVTg_V5_4", "i915-GVTg_V5_8", "create", "list" };

	assert_string_equal("i915-GVTg_V5_8", nearest_of("i915-GVTg_V4_8", names, 4));
	assert_string_equal("i915-GVTg_V5_4", nearest_of("V5_4", names, 4));
	assert_string_equal("create", nearest_of("craete", names, 4));
	assert_string_equal("list", nearest_of("lsit", names, 4));
	assert_null(nearest_of("zzzz", names, 4));
	assert_null(nearest_of("", names, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_is_digits_in_its_range),
		cmocka_unit_test(uuid_in_any_case_is_folded_to_lower_case),
		cmocka_unit_test(uuid_of_any_version_and_variant_is_accepted),
		cmocka_unit_test(malformed_uuid_is_refused_and_output_untouched),
		cmocka_unit_test(generated_uuids_parse_and_differ),
		cmocka_unit_test(pci_address_round_trips),
		cmocka_unit_test(pci_address_without_domain_is_in_domain_zero),
		cmocka_unit_test(name_that_is_a_pci_address_gets_its_domain),
		cmocka_unit_test(malformed_pci_address_is_refused),
		cmocka_unit_test(error_carries_message_hint_and_kind),
		cmocka_unit_test(error_set_again_from_its_own_message_drops_the_old_hint),
		cmocka_unit_test(error_may_be_null_and_long_text_is_cut),
		cmocka_unit_test(edit_distance_counts_edits_and_swaps_without_case),
		cmocka_unit_test(nearest_name_is_the_likely_one_or_none),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
