/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fakesysfs/profile.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void every_profile_is_complete_and_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < fake_gpu_profiles_len; i++) {
		const struct fake_gpu_profile *profile = &fake_gpu_profiles[i];

		assert_ptr_equal(fake_gpu_profile_find(profile->name), profile);
		assert_non_null(profile->summary);
		assert_non_null(profile->model);
		assert_non_null(profile->driver);
		assert_non_null(profile->mdev_driver);
		assert_non_null(profile->mdev_module);
		assert_non_null(profile->device_api);
		assert_true(profile->types_len > 0);
		assert_int_equal(profile->vendor_id != 0, profile->kind == FAKE_PARENT_PCI);
	}
}

static void gvt_gs_types_are_its_own(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < fake_gpu_profiles_len; i++) {
		const struct fake_gpu_profile *profile = &fake_gpu_profiles[i];
		char prefix[8];

		if (profile->capacity != FAKE_CAPACITY_GVTG)
			continue;
		found++;
		assert_int_equal(profile->vendor_id, 0x8086);
		assert_int_equal(profile->types_len, 4);
		/* V4 is Broadwell's, V5 that of all later ones. Source: gvt/vgpu.c */
		snprintf(prefix, sizeof(prefix), "GVTg_V%d",
			 profile->graphics_version == 8 ? 4 : 5);
		for (size_t type = 0; type < profile->types_len; type++) {
			const struct fake_type_profile *row = &profile->types[type];

			assert_memory_equal(row->name, prefix, strlen(prefix));
			assert_int_equal(row->weight * (unsigned int)(row->name[8] - '0'), 16);
		}
	}
	assert_true(found >= 5);
}

static void a_spec_sets_what_it_names_and_the_profile_the_rest(void **state)
{
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };

	(void)state;
	assert_int_equal(fake_gpu_config_parse("broadwell", &config, &err), 0);
	assert_string_equal(config.profile->name, "broadwell");
	assert_int_equal(config.aperture_mib, config.profile->aperture_mib);
	assert_int_equal(config.ggtt_mib, 4096);
	assert_false(config.address_given);
	assert_int_equal(fake_gpu_config_parse("kaby-lake,aperture=1G,ggtt=2048,address=01:00.0",
					       &config, &err),
			 0);
	assert_int_equal(config.aperture_mib, 1024);
	assert_int_equal(config.ggtt_mib, 2048);
	assert_true(config.address_given);
	assert_int_equal(config.address.bus, 1);
}

static void a_bad_spec_is_refused_and_the_nearest_name_told(void **state)
{
	static const struct {
		const char *spec, *says;
	} specs[] = {
		{ "kabylake", "kaby-lake" },
		{ "broadwel", "broadwell" },
		{ "", "fake profiles" },
		{ "zzzzzzzzzz", "fake profiles" },
		{ "skylake,apertur=1G", "aperture" },
		{ "skylake,aperture", "needs a value" },
		{ "skylake,aperture=", "needs a value" },
		{ "skylake,aperture=300M", "power of two" },
		{ "skylake,aperture=64M", "128M" },
		{ "skylake,aperture=8G", "4096M" },
		{ "skylake,aperture=99999999999999999999", "power of two" },
		{ "skylake,aperture=-512M", "power of two" },
		{ "skylake,aperture=1T", "power of two" },
		{ "skylake,ggtt=512M", "1024M" },
		{ "skylake,address=nonsense", "0000:00:02.0" },
		{ "skylake,scanout=upside-down", "rb-swap" },
		{ "skylake,,", "property" },
		{ "skylake,count=4", "aperture=, ggtt=, address=, gvt=" },
		{ "mtty,aperture=1G", "it has none" },
		{ "mdpy,aperture=1G", "it has count=" },
		{ "mdpy,cuont=1", "did you mean 'count'" },
		{ "mdpy,count=0", "from 1 to 65535" },
		{ "mdpy,count=-1", "from 1 to 65535" },
		{ "mdpy,count=4x", "from 1 to 65535" },
		{ "mbochs,count=65536", "from 1 to 65535" },
		{ "mbochs,gvt=off", "it has count=" },
	};
	struct fake_gpu_config config = { .aperture_mib = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct vgpu_error err = { 0 };
		char all[900];

		assert_int_equal(fake_gpu_config_parse(specs[i].spec, &config, &err), -EINVAL);
		assert_int_equal(err.kind, VGPU_ERROR_USAGE);
		snprintf(all, sizeof(all), "%s; %s", err.message, err.hint);
		if (!strstr(all, specs[i].says))
			fail_msg("'%s' gives '%s'", specs[i].spec, all);
		assert_int_equal(config.aperture_mib, 77);
	}
}

static void every_scanout_fault_is_found_by_its_name(void **state)
{
	(void)state;
	for (int i = FAKE_SCANOUT_RIGHT; i <= FAKE_SCANOUT_OFF; i++) {
		struct fake_gpu_config config = { 0 };
		char spec[64];

		snprintf(spec, sizeof(spec), "skylake,scanout=%s",
			 fake_scanout_fault_name((enum fake_scanout_fault)i));
		assert_int_equal(fake_gpu_config_parse(spec, &config, NULL), 0);
		assert_int_equal(config.scanout, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_is_complete_and_found_by_its_name),
		cmocka_unit_test(gvt_gs_types_are_its_own),
		cmocka_unit_test(a_spec_sets_what_it_names_and_the_profile_the_rest),
		cmocka_unit_test(every_scanout_fault_is_found_by_its_name),
		cmocka_unit_test(a_bad_spec_is_refused_and_the_nearest_name_told),
	};

	return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
