/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-preflight.h"

#include <backends/backends.h>
#include <backends/facts.h>
#include <stdio.h>
#include <vgpulab/doctor.h>

static void say(const struct vgpu_doctor_finding *finding)
{
	if (finding->cause || finding->severity == VGPU_DOCTOR_NOTE)
		return;
	fprintf(stderr, "preflight: %s: %s [%s]: %s\n           do this: %s\n",
		vgpu_doctor_severity_name(finding->severity), finding->rule->title,
		finding->rule->id, finding->evidence, finding->remedy);
}

static int examine(const char *parent, struct vgpu_diagnosis **out, struct vgpu_error *err)
{
	const struct vgpu_doctor_request request = { .parent = parent };
	struct vgpu_host_facts *facts = NULL;
	struct vgpu_backend *sysfs = NULL;
	int r = vgpu_backend_open("sysfs", &sysfs, err);

	if (!r)
		r = vgpu_facts_real_open(&facts, err);
	if (!r)
		r = vgpu_doctor_examine(sysfs, facts, &request, out, err);
	if (facts)
		facts->impl->destroy(facts);
	if (sysfs)
		sysfs->impl->destroy(sysfs);
	return r;
}

int cli_test_preflight(const struct cli_globals *globals, const char *parent)
{
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
	struct vgpu_error err = { 0 };

	if (examine(parent, &diagnosis, &err)) {
		if (err.kind == VGPU_ERROR_NO_GPU)
			vgpu_error_hint(
				&err,
				"'vgpulab types' lists this machine's, 'vgpulab fake profiles' "
				"those that it can play");
		return cli_fail(globals, &err);
	}
	for (size_t i = 0; i < diagnosis->findings_len; i++)
		say(&diagnosis->findings[i]);
	if (!diagnosis->causes[VGPU_DOCTOR_ERROR]) {
		fprintf(stderr, "preflight: %zu rules, no error\n", diagnosis->rules_len);
		return 0;
	}
	vgpu_error_set(&err, VGPU_ERROR_NEED, 0, "%s", diagnosis->verdict);
	vgpu_error_hint(&err,
			"`vgpulab doctor --parent %s` says it all; --no-preflight runs anyway",
			parent);
	return cli_fail(globals, &err);
}
