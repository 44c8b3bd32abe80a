/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor-host.h"

/*
 * What GVT-g takes, id by id. The names of families hide differences: "Coffee Lake" is in, Gemini
 * Lake of the same year is out.
 * Source: include/drm/i915_pciids.h, drivers/gpu/drm/i915/intel_gvt.c
 */
static const uint16_t broadwell[] = {
	0x1602, 0x1606, 0x160a, 0x160b, 0x160d, 0x160e, 0x1612, 0x1616, 0x161a,
	0x161b, 0x161d, 0x161e, 0x1622, 0x1626, 0x162a, 0x162b, 0x162d, 0x162e,
	0x1632, 0x1636, 0x163a, 0x163b, 0x163d, 0x163e, 0,
};
static const uint16_t skylake[] = {
	0x1902, 0x1906, 0x190a, 0x190b, 0x190e, 0x1912, 0x1913, 0x1915, 0x1916,
	0x1917, 0x191a, 0x191b, 0x191d, 0x191e, 0x1921, 0x1923, 0x1926, 0x1927,
	0x192a, 0x192b, 0x192d, 0x1932, 0x193a, 0x193b, 0x193d, 0,
};
static const uint16_t kaby_lake_server[] = { 0x591d, 0 };
static const uint16_t kaby_lake[] = {
	0x5902, 0x5906, 0x5908, 0x590a, 0x590b, 0x590e, 0x5912, 0x5913, 0x5915, 0x5916, 0x5917,
	0x591a, 0x591b, 0x591c, 0x591e, 0x5921, 0x5923, 0x5926, 0x5927, 0x593b, 0x87c0, 0,
};
static const uint16_t broxton[] = { 0x0a84, 0x1a84, 0x1a85, 0x5a84, 0x5a85, 0 };
static const uint16_t coffee_lake[] = {
	0x3e90, 0x3e91, 0x3e92, 0x3e93, 0x3e94, 0x3e96, 0x3e98, 0x3e99,
	0x3e9a, 0x3e9b, 0x3e9c, 0x3ea0, 0x3ea1, 0x3ea2, 0x3ea3, 0x3ea4,
	0x3ea5, 0x3ea6, 0x3ea7, 0x3ea8, 0x3ea9, 0x87ca, 0,
};
/* Linux 5.1 to 5.8 count these as Coffee Lake */
static const uint16_t comet_lake[] = {
	0x9b21, 0x9b41, 0x9ba2, 0x9ba4, 0x9ba5, 0x9ba8, 0x9baa, 0x9bac, 0x9bc2,
	0x9bc4, 0x9bc5, 0x9bc6, 0x9bc8, 0x9bca, 0x9bcc, 0x9be6, 0x9bf6, 0,
};

/* What it does not take: pairs FIRST, LAST, for which a wide net is good enough. */
static const uint16_t gemini_lake[] = { 0x3184, 0x3185, 0 };
static const uint16_t cherryview[] = { 0x22b0, 0x22b3, 0 };
static const uint16_t haswell[] = { 0x0402, 0x042e, 0x0a02, 0x0a2e, 0x0c02,
				    0x0c2e, 0x0d02, 0x0d2e, 0 };
static const uint16_t ivy_bridge[] = { 0x0102, 0x0126, 0x0152, 0x016a, 0x0f30, 0x0f33, 0 };
static const uint16_t cannon_lake[] = { 0x5a40, 0x5a5c, 0 };
static const uint16_t ice_lake[] = { 0x8a50, 0x8a71, 0 };
static const uint16_t elkhart_lake[] = { 0x4541, 0x4571, 0x4e51, 0x4e71, 0 };
static const uint16_t tiger_lake[] = { 0x9a40, 0x9af8, 0 };
static const uint16_t rocket_lake[] = { 0x4c80, 0x4c9a, 0 };
static const uint16_t alder_lake[] = { 0x4626, 0x462a, 0x4680, 0x46d4, 0 };
static const uint16_t raptor_lake[] = { 0xa720, 0xa7ad, 0 };
static const uint16_t meteor_lake[] = { 0x7d40, 0x7dd5, 0x6420, 0x64b0, 0xb080, 0xb0bf, 0 };
static const uint16_t arc[] = { 0x4905, 0x4909, 0x4f80, 0x4f88, 0x5690, 0x56c2, 0xe202, 0xe223, 0 };

static const struct doctor_family families[] = {
	{ "Broadwell", DOCTOR_GPU_GVTG, { 4, 10, 0 }, broadwell },
	{ "Skylake", DOCTOR_GPU_GVTG, { 4, 10, 0 }, skylake },
	{ "Kaby Lake", DOCTOR_GPU_GVTG, { 4, 12, 0 }, kaby_lake_server },
	{ "Kaby Lake", DOCTOR_GPU_GVTG, { 4, 13, 0 }, kaby_lake },
	{ "Apollo Lake (Broxton)", DOCTOR_GPU_GVTG, { 4, 19, 0 }, broxton },
	{ "Coffee Lake", DOCTOR_GPU_GVTG, { 5, 1, 0 }, coffee_lake },
	{ "Comet Lake", DOCTOR_GPU_GVTG, { 5, 1, 0 }, comet_lake },
	{ "Gemini Lake", DOCTOR_GPU_ATOM, .ids = gemini_lake, .ranges = true },
	{ "Cherryview", DOCTOR_GPU_ATOM, .ids = cherryview, .ranges = true },
	{ "Haswell", DOCTOR_GPU_OLD, .ids = haswell, .ranges = true },
	{ "Ivy Bridge or earlier", DOCTOR_GPU_OLD, .ids = ivy_bridge, .ranges = true },
	{ "Cannon Lake", DOCTOR_GPU_GEN11, .ids = cannon_lake, .ranges = true },
	{ "Ice Lake", DOCTOR_GPU_GEN11, .ids = ice_lake, .ranges = true },
	{ "Elkhart or Jasper Lake", DOCTOR_GPU_GEN11, .ids = elkhart_lake, .ranges = true },
	{ "Rocket Lake", DOCTOR_GPU_SRIOV, .ids = rocket_lake, .ranges = true },
	{ "Tiger Lake", DOCTOR_GPU_SRIOV, .ids = tiger_lake, .ranges = true },
	{ "Alder Lake", DOCTOR_GPU_SRIOV, .ids = alder_lake, .ranges = true },
	{ "Raptor Lake", DOCTOR_GPU_SRIOV, .ids = raptor_lake, .ranges = true },
	{ "Meteor Lake or later", DOCTOR_GPU_SRIOV, .ids = meteor_lake, .ranges = true },
	{ "Arc, Iris Xe MAX", DOCTOR_GPU_DISCRETE, .ids = arc, .ranges = true },
};

static bool has_id(const struct doctor_family *family, uint32_t device_id)
{
	for (const uint16_t *id = family->ids; *id; id += family->ranges ? 2 : 1)
		if (family->ranges ? device_id >= id[0] && device_id <= id[1] : device_id == *id)
			return true;
	return false;
}

const struct doctor_family *doctor_family_find(uint32_t device_id)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(families); i++)
		if (has_id(&families[i], device_id))
			return &families[i];
	return NULL;
}
