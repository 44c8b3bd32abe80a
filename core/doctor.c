/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the rules over a host, and tells causes from consequences.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor-host.h"

static const struct {
	const struct vgpu_doctor_rule *rules;
	const size_t *len;
} tables[] = {
	{ doctor_machine_rules, &doctor_machine_rules_len },
	{ doctor_kernel_rules, &doctor_kernel_rules_len },
	{ doctor_vgpu_rules, &doctor_vgpu_rules_len },
	{ doctor_program_rules, &doctor_program_rules_len },
	{ doctor_definition_rules, &doctor_definition_rules_len },
};

const struct vgpu_doctor_rule *vgpu_doctor_rule_at(size_t i)
{
	for (size_t t = 0; t < VGPU_ARRAY_LEN(tables); t++) {
		if (i < *tables[t].len)
			return &tables[t].rules[i];
		i -= *tables[t].len;
	}
	return NULL;
}

const char *vgpu_doctor_severity_name(enum vgpu_doctor_severity severity)
{
	static const char *const names[] = { "error", "warning", "note" };

	return (unsigned int)severity < VGPU_ARRAY_LEN(names) ? names[severity] : "";
}

struct filling {
	const char *name, *value;
};

/* Puts what was found into the remedy: "{parent}". A brace that names nothing stays. */
static void fill(const char *text, const struct filling *fillings, size_t len, char *out,
		 size_t size)
{
	size_t at = 0;

	while (*text && at + 1 < size) {
		const struct filling *found = NULL;

		for (size_t i = 0; *text == '{' && i < len && !found; i++)
			if (!strncmp(text + 1, fillings[i].name, strlen(fillings[i].name)) &&
			    text[1 + strlen(fillings[i].name)] == '}')
				found = &fillings[i];
		if (!found) {
			out[at++] = *text++;
			continue;
		}
		at += (size_t)snprintf(out + at, size - at, "%s", found->value);
		text += strlen(found->name) + 2;
	}
	out[at < size ? at : size - 1] = '\0';
}

static void examine_rule(const struct doctor_host *host, const struct vgpu_doctor_rule *rule,
			 struct vgpu_diagnosis *out)
{
	struct vgpu_doctor_finding *finding = &out->findings[out->findings_len];
	struct doctor_answer answer = { 0 };
	const struct filling fillings[] = {
		{ "parent", host->parent_name },
		{ "kernel", host->text[VGPU_FACT_KERNEL_RELEASE] },
		{ "user", host->text[VGPU_FACT_USER] },
		{ "subject", answer.subject },
	};

	if (!rule->holds(host, &answer))
		return;
	*finding = (struct vgpu_doctor_finding){ .rule = rule, .severity = rule->severity };
	memcpy(finding->evidence, answer.evidence, sizeof(finding->evidence));
	fill(rule->remedy, fillings, VGPU_ARRAY_LEN(fillings), finding->remedy,
	     sizeof(finding->remedy));
	out->findings_len++;
}

static struct vgpu_doctor_finding *find(const struct vgpu_diagnosis *diagnosis, const char *id)
{
	for (size_t i = 0; i < diagnosis->findings_len; i++)
		if (!strcmp(diagnosis->findings[i].rule->id, id))
			return &diagnosis->findings[i];
	return NULL;
}

/* Climbs from a consequence to what causes it; the tables have no circle, and a bound is cheap. */
static struct vgpu_doctor_finding *root_of(const struct vgpu_diagnosis *diagnosis,
					   struct vgpu_doctor_finding *finding)
{
	for (size_t steps = 0; steps < diagnosis->findings_len; steps++) {
		const char *const *id = finding->rule->consequence_of;
		struct vgpu_doctor_finding *cause = NULL;

		for (; id && *id && !cause; id++)
			cause = find(diagnosis, *id);
		if (!cause)
			break;
		finding = cause;
	}
	return finding;
}

/* A cause weighs as much as the worst that it leads to. */
static void tell_causes(struct vgpu_diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->findings_len; i++) {
		struct vgpu_doctor_finding *finding = &diagnosis->findings[i];
		struct vgpu_doctor_finding *root = root_of(diagnosis, finding);

		if (root == finding)
			continue;
		finding->cause = root->rule;
		if (finding->severity < root->severity)
			root->severity = finding->severity;
	}
}

/* Causes by weight, each before its consequences; within that, the order of the table. */
static int sort(struct vgpu_diagnosis *diagnosis)
{
	size_t len = diagnosis->findings_len, at = 0;
	struct vgpu_doctor_finding *sorted = calloc(len + 1, sizeof(*sorted));
	const struct vgpu_doctor_finding *all = diagnosis->findings;

	if (!sorted)
		return -ENOMEM;
	for (int severity = 0; severity < 3; severity++)
		for (size_t i = 0; i < len; i++) {
			if (all[i].cause || (int)all[i].severity != severity)
				continue;
			sorted[at++] = all[i];
			diagnosis->causes[severity]++;
			for (size_t k = 0; k < len; k++)
				if (all[k].cause == all[i].rule)
					sorted[at++] = all[k];
		}
	free(diagnosis->findings);
	diagnosis->findings = sorted;
	return 0;
}

static void add_unseen(struct vgpu_diagnosis *diagnosis, const char *what)
{
	size_t len = strlen(diagnosis->unseen);

	snprintf(diagnosis->unseen + len, sizeof(diagnosis->unseen) - len, "%s%s", len ? ", " : "",
		 what);
}

static void say_unseen(const struct doctor_host *host, struct vgpu_diagnosis *diagnosis)
{
	for (int i = 0; i < VGPU_FACTS_LEN; i++)
		if (host->text_error[i] && host->text_error[i] != -ENOENT &&
		    host->text_error[i] != -ENODEV)
			add_unseen(diagnosis, vgpu_fact_name(i));
	if (host->enable_gvt[0] == '?')
		add_unseen(diagnosis, "i915's parameter enable_gvt");
}

static void say_verdict(const struct doctor_host *host, struct vgpu_diagnosis *diagnosis)
{
	const size_t *causes = diagnosis->causes;
	char *verdict = diagnosis->verdict;
	size_t size = sizeof(diagnosis->verdict);

	if (causes[VGPU_DOCTOR_ERROR])
		snprintf(verdict, size, "vGPUs do not work here: %zu error%s, %zu warning%s",
			 causes[0], causes[0] == 1 ? "" : "s", causes[1],
			 causes[1] == 1 ? "" : "s");
	else if (causes[VGPU_DOCTOR_WARNING])
		snprintf(verdict, size, "vGPUs work here, but mind %zu warning%s", causes[1],
			 causes[1] == 1 ? "" : "s");
	else
		snprintf(verdict, size, "vGPUs work here: %s%s%s is set up", host->parent_name,
			 host->gpu && host->gpu->family ? ", " : "",
			 host->gpu && host->gpu->family ? host->gpu->family->name : "");
}

int vgpu_doctor_examine(struct vgpu_backend *sysfs, struct vgpu_host_facts *facts,
			const struct vgpu_doctor_request *request, struct vgpu_diagnosis **out,
			struct vgpu_error *err)
{
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));
	struct doctor_host host;
	size_t rules = 0;
	int ret;

	while (vgpu_doctor_rule_at(rules))
		rules++;
	if (diagnosis)
		diagnosis->findings = calloc(rules, sizeof(*diagnosis->findings));
	if (!diagnosis || !diagnosis->findings)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "doctor: %s",
				      strerror(ENOMEM));
	ret = doctor_host_init(&host, sysfs, facts, request, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < rules; i++)
		examine_rule(&host, vgpu_doctor_rule_at(i), diagnosis);
	tell_causes(diagnosis);
	ret = sort(diagnosis);
	diagnosis->rules_len = rules;
	say_unseen(&host, diagnosis);
	say_verdict(&host, diagnosis);
	doctor_host_finish(&host);
	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "doctor: %s", strerror(-ret));
	*out = steal(diagnosis);
	return 0;
}

void vgpu_diagnosis_destroy(struct vgpu_diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	free(diagnosis->findings);
	free(diagnosis);
}
