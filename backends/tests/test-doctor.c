/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each rule with a machine that is broken in that way alone, out of fixtures/doctor; each known
 * message with a line that programs really write.
 */

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <backends/facts.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <vgpulab/doctor.h>

static char *read_fixture(const char *name)
{
	_autofclose_ FILE *file = NULL;
	char path[512], *text = calloc(1, 1 << 20);

	snprintf(path, sizeof(path), "%s/%s", DOCTOR_DIR, name);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	return text;
}

static void merge_text(struct vgpu_bundle *bundle, const char *text)
{
	struct vgpu_error err = { 0 };

	if (vgpu_bundle_merge(bundle, text, strlen(text), &err))
		fail_msg("%s", err.message);
}

/* A bundle of the healthy host, changed by the fixture @name (NULL: not at all). */
static struct vgpu_bundle *bundle_of(const char *name)
{
	struct vgpu_bundle *bundle = vgpu_bundle_create();
	_autofree_ char *healthy = read_fixture("healthy.json");
	_autofree_ char *delta = name ? read_fixture(name) : NULL;

	merge_text(bundle, healthy);
	if (delta)
		merge_text(bundle, delta);
	return bundle;
}

static struct vgpu_diagnosis *examine(struct vgpu_bundle *bundle, const char *uuid)
{
	struct vgpu_doctor_request request = { 0 };
	struct vgpu_diagnosis *diagnosis = NULL;
	struct vgpu_error err = { 0 };
	struct vgpu_uuid parsed;

	if (uuid && !vgpu_uuid_parse(uuid, &parsed))
		request.uuid = &parsed;
	if (vgpu_doctor_examine(vgpu_bundle_sysfs(bundle), vgpu_bundle_facts(bundle), &request,
				&diagnosis, &err))
		fail_msg("%s", err.message);
	return diagnosis;
}

static const struct vgpu_doctor_finding *finding_of(const struct vgpu_diagnosis *diagnosis,
						    const char *rule)
{
	for (size_t i = 0; i < diagnosis->findings_len; i++)
		if (!strcmp(diagnosis->findings[i].rule->id, rule))
			return &diagnosis->findings[i];
	return NULL;
}

static void healthy_host_triggers_no_rule(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of(NULL);
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = examine(bundle, NULL);

	if (diagnosis->findings_len)
		fail_msg("%s: %s", diagnosis->findings[0].rule->id,
			 diagnosis->findings[0].evidence);
	assert_string_equal(diagnosis->verdict,
			    "vGPUs work here: 0000:00:02.0, Coffee Lake is set up");
	assert_string_equal(diagnosis->unseen, "");
}

/* The members of a fixture that are for the test: "uuid", and "allow", causes that must go along. */
static bool allows(struct json_object *fixture, const char *rule)
{
	struct json_object *list;

	if (!json_object_object_get_ex(fixture, "allow", &list))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(list, i)), rule))
			return true;
	return false;
}

static int judge(const char *rule, struct json_object *fixture,
		 const struct vgpu_diagnosis *diagnosis)
{
	const struct vgpu_doctor_finding *found = finding_of(diagnosis, rule);
	int wrong = 0;

	if (!found || found->cause) {
		print_error("%s: %s\n", rule, found ? "a mere consequence" : "not found");
		wrong++;
	}
	for (size_t i = 0; i < diagnosis->findings_len; i++) {
		const struct vgpu_doctor_finding *finding = &diagnosis->findings[i];

		if (!finding->cause && finding != found && !allows(fixture, finding->rule->id)) {
			print_error("%s: names %s besides\n", rule, finding->rule->id);
			wrong++;
		}
		if (!finding->evidence[0] || strchr(finding->remedy, '{')) {
			print_error("%s: evidence '%s', remedy '%s'\n", finding->rule->id,
				    finding->evidence, finding->remedy);
			wrong++;
		}
	}
	return wrong;
}

static void each_fault_alone_is_named_with_only_consequences_besides(void **state)
{
	const struct vgpu_doctor_rule *rule;
	int wrong = 0;

	for (size_t i = 0; (rule = vgpu_doctor_rule_at(i)); i++) {
		_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = NULL;
		_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
		_autofree_ char *text = NULL;
		struct json_object *fixture;
		char name[128];

		snprintf(name, sizeof(name), "%s.json", rule->id);
		text = read_fixture(name);
		fixture = json_tokener_parse(text);
		bundle = bundle_of(name);
		diagnosis = examine(
			bundle, json_object_get_string(json_object_object_get(fixture, "uuid")));
		wrong += judge(rule->id, fixture, diagnosis);
		json_object_put(fixture);
	}
	assert_int_equal(wrong, 0);
}

static void no_fixture_is_without_its_rule(void **state)
{
	_autoclosedir_ DIR *dir = opendir(DOCTOR_DIR);
	const struct dirent *entry;
	size_t fixtures = 0, rules = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		fixtures += strstr(entry->d_name, ".json") && strcmp(entry->d_name, "healthy.json");
	while (vgpu_doctor_rule_at(rules))
		rules++;
	assert_int_equal(fixtures, rules);
	assert_true(rules >= 60);
}

static bool is_rule(const char *id)
{
	for (size_t i = 0; vgpu_doctor_rule_at(i); i++)
		if (!strcmp(vgpu_doctor_rule_at(i)->id, id))
			return true;
	return false;
}

static void consequences_name_rules_that_there_are(void **state)
{
	const struct vgpu_doctor_rule *rule;

	for (size_t i = 0; (rule = vgpu_doctor_rule_at(i)); i++) {
		for (const char *const *id = rule->consequence_of; id && *id; id++)
			if (!is_rule(*id) || !strcmp(*id, rule->id))
				fail_msg("%s: consequence of %s", rule->id, *id);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rule->id, vgpu_doctor_rule_at(k)->id);
	}
}

static void two_faults_are_two_causes(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of("gvt-off.json");
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
	const struct vgpu_doctor_finding *types;

	merge_text(bundle, "{ \"facts\": { \"kvm\": \"KVM failed at: KVM_RUN\" } }");
	diagnosis = examine(bundle, NULL);
	assert_int_equal(diagnosis->causes[VGPU_DOCTOR_ERROR], 2);
	types = finding_of(diagnosis, "types-missing");
	assert_non_null(types);
	assert_string_equal(types->cause->id, "gvt-off");
}

static void warning_that_leads_to_an_error_weighs_as_one(void **state)
{
	static const char uuid[] = "5ee1a2b4-0f6d-4a0e-8f0b-2f5a4b7c9d01";
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of("autostart-missed.json");
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = examine(bundle, uuid);
	const struct vgpu_doctor_finding *missing = finding_of(diagnosis, "vgpu-missing");

	assert_non_null(missing);
	assert_string_equal(missing->cause->id, "autostart-missed");
	assert_int_equal(diagnosis->findings[0].severity, VGPU_DOCTOR_ERROR);
	assert_int_equal(diagnosis->causes[VGPU_DOCTOR_ERROR], 1);
}

static void what_may_not_be_seen_is_said_and_no_fault(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of(NULL);
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;

	merge_text(bundle,
		   "{ \"facts\": { \"kernel-log\": { \"error\": \"EPERM\" } }, \"sysfs\": { "
		   "\"module/i915/parameters/enable_gvt\": { \"error\": \"EACCES\" } } }");
	diagnosis = examine(bundle, NULL);
	assert_int_equal(diagnosis->findings_len, 0);
	assert_non_null(strstr(diagnosis->unseen, "kernel-log"));
	assert_non_null(strstr(diagnosis->unseen, "enable_gvt"));
}

static void empty_machine_has_no_gpu(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = vgpu_bundle_create();
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = examine(bundle, NULL);

	assert_non_null(finding_of(diagnosis, "no-gpu"));
	assert_non_null(finding_of(diagnosis, "qemu-missing"));
}

static void parent_that_is_not_there_is_an_error(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of(NULL);
	struct vgpu_doctor_request request = { .parent = "00:03.0" };
	struct vgpu_diagnosis *diagnosis = NULL;
	struct vgpu_error err = { 0 };

	assert_int_equal(vgpu_doctor_examine(vgpu_bundle_sysfs(bundle), vgpu_bundle_facts(bundle),
					     &request, &diagnosis, &err),
			 -ENODEV);
	assert_null(diagnosis);
	assert_int_equal(err.kind, VGPU_ERROR_NO_GPU);
}

/* Ids of each generation and what i915 makes of them (include/drm/i915_pciids.h). */
static void pci_ids_tell_the_generation(void **state)
{
	static const struct {
		const char *id, *rule; /* NULL: GVT-g takes it, so that kvmgt is what is missing */
	} rows[] = {
		{ "0x1616", NULL },
		{ "0x193b", NULL },
		{ "0x5917", NULL },
		{ "0x591c", NULL },
		{ "0x5a84", NULL },
		{ "0x3ea0", NULL },
		{ "0x87ca", NULL },
		{ "0x9bc5", NULL },
		{ "0x9b41", NULL },
		{ "0x0412", "gpu-too-old" },
		{ "0x0162", "gpu-too-old" },
		{ "0x3184", "gpu-atom" },
		{ "0x22b1", "gpu-atom" },
		{ "0x5a52", "gpu-gen11" },
		{ "0x8a56", "gpu-gen11" },
		{ "0x4e61", "gpu-gen11" },
		{ "0x9a49", "gpu-sriov-instead" },
		{ "0x4c8a", "gpu-sriov-instead" },
		{ "0x46a6", "gpu-sriov-instead" },
		{ "0xa7a0", "gpu-sriov-instead" },
		{ "0x7d55", "gpu-sriov-instead" },
		{ "0x4905", "gpu-discrete" },
		{ "0x56a5", "gpu-discrete" },
		{ "0x1234", "gpu-unknown" },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		_destroy_(vgpu_bundle) struct vgpu_bundle *bundle =
			bundle_of("kvmgt-not-loaded.json");
		_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
		const char *expected = rows[i].rule ? rows[i].rule : "kvmgt-not-loaded";
		char text[200];

		snprintf(text, sizeof(text),
			 "{ \"sysfs\": { \"devices/pci0000:00/0000:00:02.0/device\": \"%s\" } }",
			 rows[i].id);
		merge_text(bundle, text);
		diagnosis = examine(bundle, NULL);
		if (!finding_of(diagnosis, expected) || finding_of(diagnosis, expected)->cause)
			fail_msg("%s: not %s", rows[i].id, expected);
	}
}

static void recording_replays_to_the_same_diagnosis(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of("gvt-off.json");
	_destroy_(vgpu_bundle) struct vgpu_bundle *again = vgpu_bundle_create();
	_destroy_(vgpu_recording) struct vgpu_recording *recording =
		vgpu_recording_create(vgpu_bundle_facts(bundle), vgpu_bundle_sysfs(bundle));
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *first = NULL, *second = NULL;
	struct vgpu_doctor_request request = { 0 };

	assert_int_equal(vgpu_doctor_examine(vgpu_recording_sysfs(recording),
					     vgpu_recording_facts(recording), &request, &first,
					     NULL),
			 0);
	merge_text(again, vgpu_recording_text(recording));
	second = examine(again, NULL);
	assert_true(first->findings_len > 1);
	assert_int_equal(first->findings_len, second->findings_len);
	for (size_t i = 0; i < first->findings_len; i++) {
		assert_ptr_equal(first->findings[i].rule, second->findings[i].rule);
		assert_string_equal(first->findings[i].evidence, second->findings[i].evidence);
	}
}

static void what_is_no_bundle_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",	    "[]",
		"{",	    "{ \"facts\": 1 }",
		"nonsense", "{ \"sysfs\": null }",
		"{} {}",    "{ \"facts\": {} }\nmore",
	};
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = bundle_of(NULL);
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(texts); i++) {
		struct vgpu_error err = { 0 };

		assert_int_equal(vgpu_bundle_merge(bundle, texts[i], strlen(texts[i]), &err),
				 -EINVAL);
		assert_int_equal(err.kind, VGPU_ERROR_USAGE);
	}
	diagnosis = examine(bundle, NULL);
	assert_int_equal(diagnosis->findings_len, 0);
}

static void links_in_a_bundle_lead_on_and_never_in_circles(void **state)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = vgpu_bundle_create();
	struct vgpu_backend *sysfs = vgpu_bundle_sysfs(bundle);
	char text[64];

	merge_text(bundle,
		   "{ \"sysfs\": { \"a/b/c\": \"x\\n\", \"bus/l\": { \"link\": \"../a/b\" }, "
		   "\"one\": { \"link\": \"two\" }, \"two\": { \"link\": \"one\" }, "
		   "\"gone\": { \"link\": \"nowhere\" }, \"up\": { \"link\": \"../../a\" } } }");
	assert_int_equal(sysfs->impl->read(sysfs, "bus/l/c", text, sizeof(text)), 2);
	assert_string_equal(text, "x\n");
	assert_int_equal(sysfs->impl->read(sysfs, "up/b/c", text, sizeof(text)), 2);
	assert_int_equal(sysfs->impl->readlink(sysfs, "bus/l", text, sizeof(text)), 6);
	assert_int_equal(sysfs->impl->read(sysfs, "one", text, sizeof(text)), -ELOOP);
	assert_int_equal(sysfs->impl->read(sysfs, "one/x", text, sizeof(text)), -ELOOP);
	assert_int_equal(sysfs->impl->exists(sysfs, "gone"), 0);
	assert_int_equal(sysfs->impl->read(sysfs, "gone", text, sizeof(text)), -ENOENT);
	assert_int_equal(sysfs->impl->read(sysfs, "a/b", text, sizeof(text)), -EISDIR);
	assert_int_equal(sysfs->impl->read(sysfs, "a/b/c", text, 2), -EFBIG);
	assert_int_equal(sysfs->impl->write(sysfs, "a/b/c", "1", 1), -EROFS);
}

static void real_facts_are_those_of_this_machine(void **state)
{
	struct vgpu_host_facts *facts = NULL;
	struct vgpu_node_fact node = { 0 };
	_autofree_ char *release = NULL;
	struct utsname name;

	assert_int_equal(vgpu_facts_real_open(&facts, NULL), 0);
	assert_int_equal(facts->impl->text(facts, VGPU_FACT_KERNEL_RELEASE, &release), 0);
	uname(&name);
	assert_string_equal(release, name.release);
	assert_int_equal(facts->impl->node(facts, "/dev/null", &node), 0);
	assert_int_equal(node.kind, 'c');
	assert_true(node.readable && node.writable);
	assert_int_equal(facts->impl->node(facts, "/nonexistent", &node), -ENOENT);
	facts->impl->destroy(facts);
}

struct heard {
	const struct vgpu_known_message *messages[64];
	size_t counts[64], lines[64], len;
};

static void hear(void *data, const struct vgpu_explanation *explanation)
{
	struct heard *heard = data;

	assert_true(heard->len < VGPU_ARRAY_LEN(heard->messages));
	heard->counts[heard->len] = explanation->count;
	heard->lines[heard->len] = explanation->number;
	heard->messages[heard->len++] = explanation->message;
}

static struct heard explain(const char *text)
{
	struct heard heard = { 0 };

	assert_int_equal(vgpu_doctor_explain(text, strlen(text), hear, &heard), 0);
	return heard;
}

static void each_known_message_is_recognised_in_a_line_of_its_program(void **state)
{
	_autofree_ char *text = read_fixture("logs/samples.json");
	struct json_object *samples = json_tokener_parse(text);
	size_t messages = 0, len = json_object_array_length(samples);

	for (size_t i = 0; i < len; i++) {
		struct json_object *sample = json_object_array_get_idx(samples, i);
		const char *id = json_object_get_string(json_object_object_get(sample, "message"));
		struct heard heard =
			explain(json_object_get_string(json_object_object_get(sample, "line")));

		if (heard.len != 1 || strcmp(heard.messages[0]->id, id))
			fail_msg("%s: %s", id, heard.len ? heard.messages[0]->id : "nothing");
		assert_true(heard.messages[0]->cause[0] && heard.messages[0]->remedy[0]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
				id, json_object_get_string(json_object_object_get(
					    json_object_array_get_idx(samples, k), "message")));
	}
	while (vgpu_known_message_at(messages))
		messages++;
	assert_int_equal(messages, len);
	json_object_put(samples);
}

static void clean_logs_raise_no_alarm(void **state)
{
	static const char *const logs[] = { "logs/clean-qemu.log", "logs/clean-dmesg.log" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(logs); i++) {
		_autofree_ char *text = read_fixture(logs[i]);
		struct heard heard = explain(text);

		if (heard.len)
			fail_msg("%s: line %zu is no %s", logs[i], heard.lines[0],
				 heard.messages[0]->id);
	}
}

static void bad_address_after_the_limit_of_locked_memory_is_no_guest_fault(void **state)
{
	static const char region[] =
		"vfio_region_write(u:region0+0x2230, 0x1,4) failed: Bad address\n"
		"vfio_region_write(u:region0+0x2230, 0x1,4) failed: Bad address\n";
	char both[400];
	struct heard heard = explain(region);

	assert_int_equal(heard.len, 1);
	assert_string_equal(heard.messages[0]->id, "region-write-failed");
	assert_int_equal(heard.counts[0], 2);
	snprintf(both, sizeof(both), "%sTask qemu (1) RLIMIT_MEMLOCK (65536) exceeded", region);
	heard = explain(both);
	assert_int_equal(heard.len, 1);
	assert_string_equal(heard.messages[0]->id, "memlock-exceeded");
	assert_int_equal(heard.lines[0], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_host_triggers_no_rule),
		cmocka_unit_test(each_fault_alone_is_named_with_only_consequences_besides),
		cmocka_unit_test(no_fixture_is_without_its_rule),
		cmocka_unit_test(consequences_name_rules_that_there_are),
		cmocka_unit_test(two_faults_are_two_causes),
		cmocka_unit_test(warning_that_leads_to_an_error_weighs_as_one),
		cmocka_unit_test(what_may_not_be_seen_is_said_and_no_fault),
		cmocka_unit_test(empty_machine_has_no_gpu),
		cmocka_unit_test(parent_that_is_not_there_is_an_error),
		cmocka_unit_test(pci_ids_tell_the_generation),
		cmocka_unit_test(recording_replays_to_the_same_diagnosis),
		cmocka_unit_test(what_is_no_bundle_changes_nothing),
		cmocka_unit_test(links_in_a_bundle_lead_on_and_never_in_circles),
		cmocka_unit_test(real_facts_are_those_of_this_machine),
		cmocka_unit_test(each_known_message_is_recognised_in_a_line_of_its_program),
		cmocka_unit_test(clean_logs_raise_no_alarm),
		cmocka_unit_test(bad_address_after_the_limit_of_locked_memory_is_no_guest_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
