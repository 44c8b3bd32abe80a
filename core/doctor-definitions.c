/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is defined in /etc/mdevctl.d, and what can be wrong with it.
 */

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "doctor-host.h"

#define ROOT "/etc/mdevctl.d"

struct reader {
	struct doctor_host *host;
	char parent[64];
	bool no_memory;
};

/* Source: mdevctl(8), "CONFIGURATION FILES" */
static void parse(const struct doctor_host *host, struct doctor_definition *definition)
{
	_autofree_ char *text = NULL;
	struct json_object *document, *member;
	struct json_tokener *tokener;

	if (host->facts->impl->read(host->facts, definition->path, &text)) {
		definition->parsed = true; /* unreadable is not broken */
		return;
	}
	tokener = json_tokener_new();
	if (!tokener)
		return;
	document = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	definition->parsed = json_tokener_get_error(tokener) == json_tokener_success &&
			     json_object_is_type(document, json_type_object);
	if (definition->parsed && json_object_object_get_ex(document, "mdev_type", &member))
		snprintf(definition->type, sizeof(definition->type), "%s",
			 json_object_is_type(member, json_type_string)
				 ? json_object_get_string(member)
				 : "");
	if (definition->parsed && json_object_object_get_ex(document, "start", &member))
		definition->autostart = json_object_is_type(member, json_type_string) &&
					!strcmp(json_object_get_string(member), "auto");
	json_object_put(document);
	json_tokener_free(tokener);
}

static int add_file(void *data, const char *name)
{
	struct reader *reader = data;
	struct doctor_host *host = reader->host;
	struct doctor_definition *definition;

	if (host->definitions_len == DOCTOR_DEFINITIONS || strlen(name) > 128)
		return 0;
	if (!host->definitions)
		host->definitions = calloc(DOCTOR_DEFINITIONS, sizeof(*host->definitions));
	if (!host->definitions) {
		reader->no_memory = true;
		return 1;
	}
	definition = &host->definitions[host->definitions_len];
	strcpy(definition->parent, reader->parent);
	snprintf(definition->path, sizeof(definition->path), ROOT "/%s/%s", reader->parent, name);
	if (host->facts->impl->node(host->facts, definition->path, &definition->node) ||
	    definition->node.kind != '-')
		return 0;
	vgpu_uuid_parse(name, &definition->uuid);
	parse(host, definition);
	host->definitions_len++;
	return 0;
}

static int add_directory(void *data, const char *name)
{
	struct reader *reader = data;
	char path[128];

	/* callouts, not definitions */
	if (!strcmp(name, "scripts.d") || strlen(name) >= sizeof(reader->parent))
		return 0;
	strcpy(reader->parent, name);
	snprintf(path, sizeof(path), ROOT "/%s", name);
	reader->host->facts->impl->list(reader->host->facts, path, add_file, reader);
	return reader->no_memory;
}

int doctor_definitions_read(struct doctor_host *host)
{
	struct reader reader = { .host = host };

	host->facts->impl->list(host->facts, ROOT, add_directory, &reader);
	return reader.no_memory ? -ENOMEM : 0;
}

typedef bool (*test)(const struct doctor_host *host, const struct doctor_definition *definition);

static const struct doctor_definition *first_that(const struct doctor_host *host, test is_so)
{
	for (size_t i = 0; i < host->definitions_len; i++)
		if (is_so(host, &host->definitions[i]))
			return &host->definitions[i];
	return NULL;
}

/* Of a definition that can be used at all. */
static bool usable(const struct doctor_definition *definition)
{
	return definition->parsed && definition->uuid.text[0];
}

static bool is_broken(const struct doctor_host *host, const struct doctor_definition *definition)
{
	return !definition->parsed;
}

static bool is_misnamed(const struct doctor_host *host, const struct doctor_definition *definition)
{
	return !definition->uuid.text[0];
}

static bool has_no_type(const struct doctor_host *host, const struct doctor_definition *definition)
{
	return usable(definition) && !definition->type[0] && definition->node.readable;
}

static bool has_no_parent(const struct doctor_host *host,
			  const struct doctor_definition *definition)
{
	return !vgpu_snapshot_find_parent(host->snapshot, definition->parent) &&
	       !doctor_sysfs_has(host, "bus/pci/devices/%s", definition->parent);
}

static bool has_unknown_type(const struct doctor_host *host,
			     const struct doctor_definition *definition)
{
	const struct vgpu_parent *parent =
		vgpu_snapshot_find_parent(host->snapshot, definition->parent);

	return parent && definition->type[0] && !vgpu_parent_find_type(parent, definition->type);
}

static bool is_twice(const struct doctor_host *host, const struct doctor_definition *definition)
{
	for (size_t i = 0; usable(definition) && i < host->definitions_len; i++)
		if (&host->definitions[i] != definition &&
		    vgpu_uuid_equal(&host->definitions[i].uuid, &definition->uuid))
			return true;
	return false;
}

static bool is_anybodys(const struct doctor_host *host, const struct doctor_definition *definition)
{
	return definition->node.uid != 0 || definition->node.mode & 022;
}

static bool differs(const struct doctor_host *host, const struct doctor_definition *definition)
{
	const struct vgpu_instance *instance =
		vgpu_snapshot_find_instance(host->snapshot, &definition->uuid);

	return usable(definition) && instance && instance->type[0] && definition->type[0] &&
	       strcmp(instance->type, definition->type) != 0;
}

static bool is_not_started(const struct doctor_host *host,
			   const struct doctor_definition *definition)
{
	return usable(definition) && definition->autostart &&
	       !vgpu_snapshot_find_instance(host->snapshot, &definition->uuid);
}

static bool says_file(const struct doctor_host *host, struct doctor_answer *answer, test is_so,
		      const char *what)
{
	const struct doctor_definition *definition = first_that(host, is_so);

	if (!definition)
		return false;
	doctor_subject(answer, "%s", definition->path);
	return doctor_says(answer, "%s %s", definition->path, what);
}

#define RULE(name, test, what)                                                         \
	static bool name(const struct doctor_host *host, struct doctor_answer *answer) \
	{                                                                              \
		return says_file(host, answer, test, what);                            \
	}

RULE(definition_broken, is_broken, "is no JSON object")
RULE(definition_misnamed, is_misnamed, "has a name that is no UUID")
RULE(definition_without_type, has_no_type, "has no mdev_type")
RULE(definition_without_parent, has_no_parent, "is for a GPU that is not there")
RULE(definition_twice, is_twice, "has a UUID that another GPU's definition has too")
RULE(definition_anybodys, is_anybodys, "can be changed by others than root")

static bool definition_unknown_type(const struct doctor_host *host, struct doctor_answer *answer)
{
	const struct doctor_definition *definition = first_that(host, has_unknown_type);

	if (!definition)
		return false;
	doctor_subject(answer, "%s", definition->uuid.text);
	return doctor_says(answer, "%s asks for %s, which %s does not offer", definition->path,
			   definition->type, definition->parent);
}

static bool definition_differs(const struct doctor_host *host, struct doctor_answer *answer)
{
	const struct doctor_definition *definition = first_that(host, differs);

	if (!definition)
		return false;
	doctor_subject(answer, "%s", definition->uuid.text);
	return doctor_says(answer, "%s says %s, the vGPU is %s", definition->path, definition->type,
			   vgpu_snapshot_find_instance(host->snapshot, &definition->uuid)->type);
}

static bool autostart_missed(const struct doctor_host *host, struct doctor_answer *answer)
{
	const struct doctor_definition *definition = first_that(host, is_not_started);

	if (!definition)
		return false;
	doctor_subject(answer, "%s", definition->uuid.text);
	return doctor_says(answer, "%s has start=auto, but there is no such vGPU",
			   definition->path);
}

const struct vgpu_doctor_rule doctor_definition_rules[] = {
	{ "definition-broken", VGPU_DOCTOR_WARNING, "a definition cannot be parsed",
	  "mdevctl stops at the first file that it cannot parse, names none, and starts nothing; "
	  "its first versions wrote KEY=VALUE lines, which are no JSON",
	  "move it away (mv '{subject}' /root/) and define the vGPU anew: mdevctl define", NULL,
	  definition_broken },
	{ "definition-misnamed", VGPU_DOCTOR_WARNING, "a definition's file name is no UUID",
	  "the name is the vGPU's UUID; editors' backups in that directory are taken for "
	  "definitions too",
	  "rm '{subject}', or rename it to a UUID (uuidgen)", NULL, definition_misnamed },
	{ "definition-without-type", VGPU_DOCTOR_WARNING, "a definition names no type",
	  "a vGPU cannot be started without mdev_type",
	  "mdevctl modify --uuid $(basename "
	  "'{subject}') --type TYPE ('vgpulab types' "
	  "lists them)",
	  NULL, definition_without_type },
	{ "definition-without-parent", VGPU_DOCTOR_WARNING, "a definition is for an absent GPU",
	  "PCI addresses change when cards or firmware settings do",
	  "move it to the directory of the GPU that is meant, or rm '{subject}'", NULL,
	  definition_without_parent },
	{ "definition-unknown-type", VGPU_DOCTOR_WARNING, "a definition's type is not offered",
	  "types depend on the GPU's generation (V4 or V5) and on the size of its aperture",
	  "mdevctl modify --uuid {subject} --type TYPE ('vgpulab types' lists them)",
	  DOCTOR_CONSEQUENCE_OF("aperture-too-small", "aperture-limits-types"),
	  definition_unknown_type },
	{ "definition-twice", VGPU_DOCTOR_WARNING, "a UUID is defined for two GPUs",
	  "a UUID can be in use once: the second start gives 'File exists'",
	  "rm one of the two: '{subject}'", NULL, definition_twice },
	{ "definition-writable", VGPU_DOCTOR_WARNING, "a definition can be changed by others",
	  "whoever can change it decides what root makes at the next boot",
	  "chown root:root '{subject}' && chmod 644 '{subject}'", NULL, definition_anybodys },
	{ "definition-differs", VGPU_DOCTOR_NOTE, "a running vGPU differs from its definition",
	  "a change of the definition takes effect when the vGPU is made the next time; libvirt "
	  "and mdevctl list shows the defined type until then",
	  "end the VM, then vgpulab remove {subject} && mdevctl start --uuid {subject}", NULL,
	  definition_differs },
	{ "autostart-missed", VGPU_DOCTOR_WARNING, "a vGPU that should start at boot did not",
	  "mdevctl starts it when the GPU's driver announces itself; that failed or was missed",
	  "mdevctl start --uuid {subject}; journalctl -b -t mdevctl says why",
	  DOCTOR_CONSEQUENCE_OF("autostart-program-missing", "autostart-rule-missing",
				"types-missing", "aperture-too-small", "definition-unknown-type",
				"definition-broken", "definition-without-type", "no-room",
				"host-holds-aperture", "definition-without-parent",
				"definition-twice", "mdevctl-missing", "no-gpu", "sysfs-read-only"),
	  autostart_missed },
};
const size_t doctor_definition_rules_len = VGPU_ARRAY_LEN(doctor_definition_rules);
