/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The doctor: why vGPUs do not work on a machine and what to do about it, and what the messages of
 * QEMU, libvirt and the kernel mean.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/uuid.h>

struct doctor_host;
struct doctor_answer;
struct vgpu_backend;
struct vgpu_host_facts;

enum vgpu_doctor_severity {
	VGPU_DOCTOR_ERROR, /* no vGPU works, or not the one asked about */
	VGPU_DOCTOR_WARNING, /* something that many want does not work */
	VGPU_DOCTOR_NOTE, /* works, but has surprised others */
};

/** One thing that can be wrong. */
struct vgpu_doctor_rule {
	const char *id; /* "gvt-off" */
	enum vgpu_doctor_severity severity;
	const char *title; /* a sentence without its full stop */
	const char *why; /* the cause, in general */
	/* what to type or do; {parent}, {kernel}, {subject} ... stand for what was found */
	const char *remedy;
	/* ids of rules of which this is a mere consequence, if one of them holds; NULL-terminated */
	const char *const *consequence_of;
	/* Does it hold here? Then says what shows it. */
	bool (*holds)(const struct doctor_host *host, struct doctor_answer *answer);
};

/** A rule that holds. */
struct vgpu_doctor_finding {
	const struct vgpu_doctor_rule *rule;
	const struct vgpu_doctor_rule *cause; /* the first one's; NULL: it is a cause itself */
	enum vgpu_doctor_severity severity; /* of a cause: of the worst that it leads to */
	char evidence[400];
	char remedy[600];
};

struct vgpu_diagnosis {
	struct vgpu_doctor_finding *findings; /* causes by severity, each before its consequences */
	size_t findings_len;
	size_t rules_len; /* how many were tried */
	size_t causes[3]; /* how many of each severity, consequences not counted */
	char verdict[200]; /* a sentence without its full stop */
	char unseen[300]; /* what this user may not look at; empty: nothing */
};

struct vgpu_doctor_request {
	const char *parent; /* NULL: the one Intel GPU, or the first parent */
	const struct vgpu_uuid *uuid; /* NULL: none in particular */
};

/** The table of rules, @i from 0. NULL at its end. */
const struct vgpu_doctor_rule *vgpu_doctor_rule_at(size_t i);

/**
 * Examines the machine behind the two seams. 0 with *@out for the caller to destroy, or a negative
 * errno with @err filled if it cannot be examined at all.
 */
int vgpu_doctor_examine(struct vgpu_backend *sysfs, struct vgpu_host_facts *facts,
			const struct vgpu_doctor_request *request, struct vgpu_diagnosis **out,
			struct vgpu_error *err);
void vgpu_diagnosis_destroy(struct vgpu_diagnosis *diagnosis);
VGPU_DEFINE_DESTROYP(vgpu_diagnosis)

/** "error", "warning", "note". Never NULL. */
const char *vgpu_doctor_severity_name(enum vgpu_doctor_severity severity);

/** A message that is known, and what it means. */
struct vgpu_known_message {
	const char *id; /* "gvt-unsupported-device" */
	bool harmless;
	/* up to four texts, any of which may be in the line; '*' in one stands for anything */
	const char *patterns[4];
	const char *unless; /* not if this is anywhere in the log: another row explains it then */
	const char *cause, *remedy;
};

/** The table of messages, @i from 0. NULL at its end. */
const struct vgpu_known_message *vgpu_known_message_at(size_t i);

/** A line that was recognised. Pointers are valid during the call only. */
struct vgpu_explanation {
	const struct vgpu_known_message *message;
	const char *line; /* not NUL-terminated */
	size_t line_len;
	size_t number; /* of the first such line, from 1 */
	size_t count; /* lines that mean the same */
};

/**
 * Explains a log of QEMU, libvirt or the kernel: calls @each once for each known message in @text,
 * in the order of their first lines. Returns 0, or -ENOMEM.
 */
int vgpu_doctor_explain(const char *text, size_t len,
			void (*each)(void *data, const struct vgpu_explanation *explanation),
			void *data);
