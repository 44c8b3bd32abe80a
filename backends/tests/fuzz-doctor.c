/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any text as a bundle, and as a log: no rule and no row crashes, findings are complete, and a
 * recording of the examination is a bundle that can be examined.
 */

#include <assert.h>
#include <backends/facts.h>
#include <stdint.h>
#include <string.h>
#include <vgpulab/doctor.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *data, const struct vgpu_explanation *explanation)
{
	const char *text = data;

	assert(explanation->line >= text && explanation->count && explanation->number);
}

static struct vgpu_diagnosis *examine(struct vgpu_backend *sysfs, struct vgpu_host_facts *facts)
{
	static const struct vgpu_uuid uuid = { "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5" };
	const struct vgpu_doctor_request request = { .uuid = &uuid };
	struct vgpu_diagnosis *diagnosis = NULL;
	struct vgpu_error err;

	if (vgpu_doctor_examine(sysfs, facts, &request, &diagnosis, &err))
		return NULL;
	for (size_t i = 0; i < diagnosis->findings_len; i++)
		assert(diagnosis->findings[i].rule && diagnosis->findings[i].remedy[0]);
	return diagnosis;
}

static void replay(struct vgpu_bundle *bundle)
{
	_destroy_(vgpu_recording) struct vgpu_recording *recording =
		vgpu_recording_create(vgpu_bundle_facts(bundle), vgpu_bundle_sysfs(bundle));
	_destroy_(vgpu_bundle) struct vgpu_bundle *again = vgpu_bundle_create();
	const char *text;

	vgpu_diagnosis_destroy(
		examine(vgpu_recording_sysfs(recording), vgpu_recording_facts(recording)));
	text = vgpu_recording_text(recording);
	if (vgpu_bundle_merge(again, text, strlen(text), NULL))
		assert(!"a recording is a bundle");
	vgpu_diagnosis_destroy(examine(vgpu_bundle_sysfs(again), vgpu_bundle_facts(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = vgpu_bundle_create();

	vgpu_doctor_explain((const char *)data, size, check, (void *)data);
	if (vgpu_bundle_merge(bundle, (const char *)data, size, NULL))
		return 0;
	vgpu_diagnosis_destroy(examine(vgpu_bundle_sysfs(bundle), vgpu_bundle_facts(bundle)));
	replay(bundle);
	return 0;
}
