/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-lint.h>
#include <vgpulab/libvirt-xml.h>
#include <vgpulab/number.h>

#include "display-request.h"
#include "listing.h"
#include "whole-file.h"

enum {
	OPTION_LIBVIRT = CLI_DISPLAY_OPTION_NEXT,
	OPTION_SNIPPET,
	OPTION_DOMAIN,
	OPTION_MEMORY,
	OPTION_VCPUS,
	OPTION_DISK,
	OPTION_EDIT,
	OPTION_REMOVE,
	OPTION_LINT,
	OPTION_NO_RECORD,
};

const struct cli_option cli_libvirt_xml_options[] = {
	{ OPTION_SNIPPET, "snippet", NULL, "print the pieces (the default)" },
	{ OPTION_DOMAIN, "domain", "NAME", "print a whole domain of that name" },
	{ OPTION_EDIT, "edit", "FILE", "put the vGPU into this domain ('-': standard input)" },
	{ OPTION_REMOVE, "remove", NULL, "with --edit: give back what was there before" },
	{ OPTION_LINT, "lint", "FILE", "say what is wrong with this domain's vGPU" },
	{ 'o', "output", "FILE", "with --edit: write here, '-' standard output" },
	{ OPTION_NO_RECORD, "no-record", NULL, "with --edit: note nothing in <metadata>" },
	CLI_DISPLAY_OPTIONS,
	{ OPTION_LIBVIRT, "libvirt", "VERSION", "libvirt's version; default: ask virsh" },
	{ OPTION_MEMORY, "memory", "MIB", "with --domain: RAM (default: 4096)" },
	{ OPTION_VCPUS, "vcpus", "NUMBER", "with --domain (default: 2)" },
	{ OPTION_DISK, "disk", "FILE", "with --domain: disk image" },
	{ 0 },
};

const char cli_libvirt_xml_details[] = CLI_DISPLAY_DETAILS
	"\n\n--edit changes only what it must, does nothing the second time, and notes in <metadata>\n"
	"what was there: --edit FILE --remove gives the file back byte for byte.";

struct verb {
	struct cli_arguments arguments;
	struct cli_display display;
	struct vgpu_libvirt_domain domain;
	struct vgpu_version libvirt;
	const char *edit, *output, *lint;
	bool snippet, removal, unrecorded, has_libvirt;
};

static int take_count(const char *value, unsigned int *out, struct vgpu_error *err)
{
	uint64_t n;

	if (vgpu_number_parse(value, 1, 1 << 24, &n))
		return cli_display_wrong(err, "number", value, "1 to 16777216");
	*out = (unsigned int)n;
	return 0;
}

static int take_option(struct verb *verb, int id, const char *value, struct vgpu_error *err)
{
	switch (id) {
	case OPTION_SNIPPET:
		verb->snippet = true;
		return 0;
	case OPTION_DOMAIN:
		verb->domain.name = value;
		return 0;
	case OPTION_EDIT:
		verb->edit = value;
		return 0;
	case OPTION_REMOVE:
		verb->removal = true;
		return 0;
	case OPTION_NO_RECORD:
		verb->unrecorded = true;
		return 0;
	case OPTION_LINT:
		verb->lint = value;
		return 0;
	case 'o':
		verb->output = value;
		return 0;
	case OPTION_MEMORY:
		return take_count(value, &verb->domain.memory_mib, err);
	case OPTION_VCPUS:
		return take_count(value, &verb->domain.vcpus, err);
	case OPTION_DISK:
		verb->domain.disk = value;
		return 0;
	case OPTION_LIBVIRT:
		verb->has_libvirt = true;
		if (!vgpu_version_parse(value, &verb->libvirt))
			return 0;
		return cli_display_wrong(err, "version", value, "a number like 9.0");
	default:
		return cli_display_option(&verb->display, id, value, err);
	}
}

static int complete(struct verb *verb, struct vgpu_libvirt_request *out, struct vgpu_error *err)
{
	int ret = cli_display_complete(&verb->display, err);

	if (ret == 0 && !verb->has_libvirt)
		ret = cli_ask_libvirt(&verb->libvirt, err);
	if (ret == 0)
		*out = (struct vgpu_libvirt_request){ verb->display.request, verb->libvirt,
						      verb->unrecorded };
	return ret;
}

/* libvirt hides passwords from those who may only read, but not <metadata>. */
static void warn_of_password(const char *edited)
{
	const char *record = strstr(edited, "<vgpulab:edit");
	const char *end = record ? strstr(record, "</vgpulab:edit>") : NULL;

	if (end && memmem(record, (size_t)(end - record), "passwd=", 7))
		fputs("vgpulab: warning: <metadata> now holds the password of a <graphics> that "
		      "was taken out; --no-record keeps none\n",
		      stderr);
}

static int edit(struct verb *verb, struct vgpu_error *err)
{
	_autofree_ char *text = NULL, *edited = NULL;
	const char *output = verb->output ? verb->output : verb->edit;
	struct vgpu_libvirt_request request;
	size_t len, edited_len;
	int ret = verb->removal ? 0 : complete(verb, &request, err);

	if (ret == 0)
		ret = cli_file_read(verb->edit, &text, &len, err);
	if (ret)
		return ret;
	if (verb->removal)
		ret = vgpu_libvirt_remove(text, len, &edited, &edited_len, err);
	else
		ret = vgpu_libvirt_edit(&request, text, len, &edited, &edited_len, err);
	if (ret < 0)
		return cli_file_blame(verb->edit, ret, err);
	if (ret > 0)
		fputs("vgpulab: warning: the domain was rewritten since; its devices are put back, "
		      "but not byte for byte\n",
		      stderr);
	warn_of_password(edited);
	/* in place, and nothing to do: the file is not touched */
	if (output == verb->edit && strcmp(output, "-") && len == edited_len &&
	    !memcmp(text, edited, len))
		return 0;
	return cli_file_write(output, edited, edited_len, err);
}

static int print(struct verb *verb, struct vgpu_error *err)
{
	_autofree_ char *text = NULL;
	struct vgpu_libvirt_request request;
	int ret = complete(verb, &request, err);

	if (ret)
		return ret;
	if (verb->domain.name)
		ret = vgpu_libvirt_domain(&request, &verb->domain, &text, err);
	else
		ret = vgpu_libvirt_snippet(&request, &text, err);
	if (ret == 0)
		fputs(text, stdout);
	return ret;
}

struct lint_report {
	const char *file;
	struct json_object *findings; /* NULL: print for people */
	bool wrong; /* an error or warning was found */
};

static void report(void *data, const struct vgpu_lint_finding *finding)
{
	struct lint_report *to = data;
	const struct vgpu_lint_rule *rule = finding->rule;
	const char *severity = vgpu_lint_severity_name(rule->severity);
	struct json_object *object;

	to->wrong |= rule->severity != VGPU_LINT_NOTE;
	if (!to->findings) {
		printf("%s:%d: %s: %s\n  why:    %s\n  remedy: %s\n", to->file, finding->line,
		       severity, finding->evidence, rule->cause, rule->remedy);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "rule", json_object_new_string(rule->id));
	json_object_object_add(object, "severity", json_object_new_string(severity));
	json_object_object_add(object, "line", json_object_new_int(finding->line));
	json_object_object_add(object, "evidence", json_object_new_string(finding->evidence));
	json_object_object_add(object, "cause", json_object_new_string(rule->cause));
	json_object_object_add(object, "remedy", json_object_new_string(rule->remedy));
	json_object_array_add(to->findings, object);
}

/* As lint programs do: 1 if something is wrong. Notes alone are fine. */
static int lint(struct verb *verb, int *exit_code, struct vgpu_error *err)
{
	_autofree_ char *text = NULL;
	struct lint_report to = { .file = strcmp(verb->lint, "-") ? verb->lint : "stdin" };
	size_t len;
	int ret = 0;

	if (!verb->display.has_qemu)
		ret = cli_ask_qemu(&verb->display.request.qemu, err);
	if (ret == 0 && !verb->has_libvirt)
		ret = cli_ask_libvirt(&verb->libvirt, err);
	if (ret == 0)
		ret = cli_file_read(verb->lint, &text, &len, err);
	if (ret)
		return ret;
	if (verb->arguments.globals.json)
		to.findings = json_object_new_array();
	ret = vgpu_libvirt_lint(text, len, verb->libvirt, verb->display.request.qemu, report, &to,
				err);
	if (ret >= 0 && to.findings)
		cli_json_print(to.findings);
	json_object_put(to.findings);
	*exit_code = to.wrong;
	return ret < 0 ? cli_file_blame(verb->lint, ret, err) : 0;
}

int cli_verb_libvirt_xml(const struct cli_globals *globals, int argc, char **argv)
{
	struct verb verb = { 0 };
	struct vgpu_error err = { 0 };
	int ret = 0, exit_code = 0;

	cli_arguments_init(&verb.arguments, globals, argc, argv);
	for (int id; ret == 0 && (id = cli_arguments_next(&verb.arguments)) >= 0;)
		ret = take_option(&verb, id, verb.arguments.value, &err);
	if (verb.arguments.ended)
		return verb.arguments.exit_code;
	if (ret < 0)
		return cli_fail(&verb.arguments.globals, &err);
	if (verb.arguments.operands_len)
		return cli_usage_fail(&verb.arguments, "what is '%s'?", verb.arguments.operands[0]);
	if (verb.snippet + !!verb.domain.name + !!verb.edit + !!verb.lint > 1)
		return cli_usage_fail(&verb.arguments,
				      "take one of --snippet, --domain, --edit and --lint");
	if ((verb.removal || verb.output || verb.unrecorded) && !verb.edit)
		return cli_usage_fail(&verb.arguments,
				      "--remove, --output and --no-record go with --edit");
	if ((verb.domain.memory_mib || verb.domain.vcpus || verb.domain.disk) && !verb.domain.name)
		return cli_usage_fail(&verb.arguments,
				      "--memory, --vcpus and --disk go with --domain");
	if (!verb.domain.memory_mib)
		verb.domain.memory_mib = 4096;
	if (verb.lint)
		ret = lint(&verb, &exit_code, &err);
	else if (verb.edit)
		ret = edit(&verb, &err);
	else
		ret = print(&verb, &err);
	return ret < 0 ? cli_fail(&verb.arguments.globals, &err) : exit_code;
}
