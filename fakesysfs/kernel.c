/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/kernel.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

const struct fake_kernel fake_kernels[] = {
	{ "4.16", FAKE_KERNEL(4, 16) }, { "5.10", FAKE_KERNEL(5, 10) },
	{ "5.19", FAKE_KERNEL(5, 19) }, { "6.1", FAKE_KERNEL(6, 1) },
	{ "6.6", FAKE_KERNEL(6, 6) },	{ "6.12", FAKE_KERNEL(6, 12) },
};
const size_t fake_kernels_len = VGPU_ARRAY_LEN(fake_kernels);

/*
 * First and last version that has it.
 * Source: drivers/vfio/mdev, drivers/vfio, drivers/gpu/drm/i915/gvt of these versions; 5.10, 6.1
 * and 6.12 were run.
 */
static const struct {
	unsigned int first, last;
} features[] = {
	[FAKE_FEATURE_ANY] = { 0, UINT_MAX },
	[FAKE_FEATURE_HW_ID] = { FAKE_KERNEL(4, 14), FAKE_KERNEL(5, 4) },
	[FAKE_FEATURE_VFIO_MDEV] = { 0, FAKE_KERNEL(5, 18) },
	[FAKE_FEATURE_VFIO_MDEV_MODULE] = { 0, FAKE_KERNEL(5, 12) },
	[FAKE_FEATURE_REMOVE_WAITS] = { FAKE_KERNEL(5, 2), UINT_MAX },
	[FAKE_FEATURE_MDEV_STATE] = { FAKE_KERNEL(5, 3), UINT_MAX },
	[FAKE_FEATURE_CREATE_FAILED_SHOWS] = { FAKE_KERNEL(5, 14), UINT_MAX },
	[FAKE_FEATURE_REMOVE_FIRST] = { FAKE_KERNEL(6, 1), UINT_MAX },
	[FAKE_FEATURE_GROUP_NAME] = { FAKE_KERNEL(5, 16), UINT_MAX },
	[FAKE_FEATURE_TYPE_NAME] = { FAKE_KERNEL(5, 18), UINT_MAX },
	[FAKE_FEATURE_INSTANCES_COUNTED] = { FAKE_KERNEL(6, 1), UINT_MAX },
	[FAKE_FEATURE_GUEST_MATRIX] = { FAKE_KERNEL(6, 0), UINT_MAX },
	[FAKE_FEATURE_PARENT_GROUPS] = { 0, FAKE_KERNEL(5, 15) },
	[FAKE_FEATURE_VFIO_DEV] = { FAKE_KERNEL(6, 1), UINT_MAX },
	[FAKE_FEATURE_VFIO_CDEV] = { FAKE_KERNEL(6, 6), UINT_MAX },
	[FAKE_FEATURE_GVT_PARAMETER_RESET] = { 0, FAKE_KERNEL(5, 8) },
	[FAKE_FEATURE_GUC_ENDS_PROBE] = { 0, FAKE_KERNEL(5, 18) },
};

int fake_kernel_parse(const char *name, unsigned int *version, struct vgpu_error *err)
{
	char names[128] = "";

	for (size_t i = 0; i < fake_kernels_len; i++) {
		size_t len = strlen(names);

		if (!strcmp(fake_kernels[i].name, name)) {
			*version = fake_kernels[i].version;
			return 0;
		}
		snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
			 fake_kernels[i].name);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--kernel: no kernel '%s' is played", name);
	vgpu_error_hint(err, "there are %s", names);
	return -EINVAL;
}

bool fake_kernel_has(unsigned int version, enum fake_feature feature)
{
	return version >= features[feature].first && version <= features[feature].last;
}
