/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <backends/facts.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/doctor.h>

#include "cli.h"
#include "listing.h"
#include "whole-file.h"

enum { OPTION_FACTS = 256, OPTION_RECORD, OPTION_RULES, WIDTH = 88, BUNDLES = 8 };

const struct cli_option cli_doctor_options[] = {
	{ 'p', "parent", "PARENT", "the GPU to look at (the Intel one)" },
	{ 'u', "uuid", "UUID", "look at this vGPU, too" },
	{ 'e', "explain", "FILE",
	  "explain a log of QEMU, libvirt or the kernel; -: standard input" },
	{ OPTION_FACTS, "facts", "BUNDLE", "examine what was recorded; a further one changes it" },
	{ OPTION_RECORD, "record", NULL, "print all that is looked at as a bundle" },
	{ OPTION_RULES, "list-rules", NULL, "list what is checked" },
	{ 0 },
};

const char cli_doctor_details[] =
	"Exit code 0: no error was found (warnings and notes may have been); 12: an error was.";

struct request {
	struct vgpu_doctor_request examine;
	struct vgpu_uuid uuid;
	const char *bundles[BUNDLES];
	size_t bundles_len;
	const char *log;
	bool record, rules;
};

/* Both seams, and who owns them. */
struct seams {
	struct vgpu_host_facts *facts;
	struct vgpu_backend *sysfs;
	struct vgpu_backend *backend; /* NULL: the bundle has the tree */
	struct vgpu_bundle *bundle; /* NULL: the facts are this machine's */
};

static void seams_finish(struct seams *seams)
{
	if (!seams->bundle && seams->facts)
		seams->facts->impl->destroy(seams->facts);
	cli_backend_closep(&seams->backend);
	vgpu_bundle_destroy(seams->bundle);
}

static int merge_file(struct vgpu_bundle *bundle, const char *path, struct vgpu_error *err)
{
	_autofree_ char *text = NULL;
	size_t len;
	int ret = cli_file_read(path, &text, &len, err);

	if (ret == 0 && vgpu_bundle_merge(bundle, text, len, err) < 0)
		ret = cli_file_blame(path, -EINVAL, err);
	return ret;
}

static int seams_open(const struct cli_globals *globals, const struct request *request,
		      struct seams *out, struct vgpu_error *err)
{
	int ret = 0;

	if (!request->bundles_len) {
		ret = cli_backend_open(globals, &out->backend, err);
		out->sysfs = out->backend;
		return ret ? ret : vgpu_facts_real_open(&out->facts, err);
	}
	out->bundle = vgpu_bundle_create();
	if (!out->bundle)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	for (size_t i = 0; !ret && i < request->bundles_len; i++)
		ret = merge_file(out->bundle, request->bundles[i], err);
	out->facts = vgpu_bundle_facts(out->bundle);
	if (ret || vgpu_bundle_has_sysfs(out->bundle))
		out->sysfs = vgpu_bundle_sysfs(out->bundle);
	else
		ret = cli_backend_open(globals, &out->backend, err);
	if (out->backend)
		out->sysfs = out->backend;
	return ret;
}

/* Logs and names from sysfs must not drive the terminal. */
static void put(char c)
{
	if ((unsigned char)c < 0x20 || c == 0x7f)
		printf("\\x%02x", (unsigned char)c);
	else
		putchar(c);
}

/* @label, then @text broken at blanks; further lines stand below its beginning. */
static void print_wrapped(const char *label, const char *text, size_t len)
{
	int indent = printf("%s", label), column = indent;

	for (size_t at = 0; at < len;) {
		size_t word = 0;

		while (at + word < len && text[at + word] != ' ')
			word++;
		if (column > indent && column + 1 + (int)word > WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		for (size_t i = 0; i < word; i++)
			put(text[at + i]);
		column += (int)word;
		at += word;
		while (at < len && text[at] == ' ')
			at++;
	}
	putchar('\n');
}

static void print_text(const char *label, const char *text)
{
	print_wrapped(label, text, strlen(text));
}

static void print_finding(const struct vgpu_doctor_finding *finding)
{
	char heading[600]; /* evidence is at most 400 */

	if (finding->cause) {
		snprintf(heading, sizeof(heading), "%s (%s)", finding->rule->title,
			 finding->evidence);
		print_text("  therefore  ", heading);
		return;
	}
	snprintf(heading, sizeof(heading), "%s [%s]", finding->rule->title, finding->rule->id);
	printf("\n%s: ", vgpu_doctor_severity_name(finding->severity));
	print_text("", heading);
	print_text("  evidence   ", finding->evidence);
	print_text("  why        ", finding->rule->why);
	print_text("  do this    ", finding->remedy);
}

static void print_diagnosis(const struct vgpu_diagnosis *diagnosis)
{
	printf("%s.\n", diagnosis->verdict);
	for (size_t i = 0; i < diagnosis->findings_len; i++)
		print_finding(&diagnosis->findings[i]);
	if (diagnosis->findings_len)
		putchar('\n');
	printf("%zu rules checked.\n", diagnosis->rules_len);
	if (diagnosis->unseen[0])
		printf("Not seen: %s. Run it as root to have that checked, too.\n",
		       diagnosis->unseen);
}

static struct json_object *text_or_null(const char *text)
{
	return text && text[0] ? json_object_new_string(text) : NULL;
}

static struct json_object *finding_object(const struct vgpu_doctor_finding *finding)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "rule", json_object_new_string(finding->rule->id));
	json_object_object_add(
		object, "severity",
		json_object_new_string(vgpu_doctor_severity_name(finding->severity)));
	json_object_object_add(object, "consequence_of",
			       finding->cause ? json_object_new_string(finding->cause->id) : NULL);
	json_object_object_add(object, "title", json_object_new_string(finding->rule->title));
	json_object_object_add(object, "evidence", json_object_new_string(finding->evidence));
	json_object_object_add(object, "why", json_object_new_string(finding->rule->why));
	json_object_object_add(object, "remedy", json_object_new_string(finding->remedy));
	return object;
}

static void print_diagnosis_json(const struct vgpu_diagnosis *diagnosis)
{
	struct json_object *document = json_object_new_object();
	struct json_object *findings = json_object_new_array();

	for (size_t i = 0; i < diagnosis->findings_len; i++)
		json_object_array_add(findings, finding_object(&diagnosis->findings[i]));
	json_object_object_add(document, "healthy",
			       json_object_new_boolean(!diagnosis->causes[VGPU_DOCTOR_ERROR]));
	json_object_object_add(document, "verdict", json_object_new_string(diagnosis->verdict));
	json_object_object_add(document, "rules",
			       json_object_new_int64((int64_t)diagnosis->rules_len));
	json_object_object_add(document, "unseen", text_or_null(diagnosis->unseen));
	json_object_object_add(document, "findings", findings);
	cli_json_print(document);
	json_object_put(document);
}

static int examine(const struct cli_globals *globals, const struct request *request,
		   const struct seams *seams, struct vgpu_error *err)
{
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
	int ret =
		vgpu_doctor_examine(seams->sysfs, seams->facts, &request->examine, &diagnosis, err);

	if (ret)
		return cli_fail(globals, err);
	if (globals->json)
		print_diagnosis_json(diagnosis);
	else
		print_diagnosis(diagnosis);
	return diagnosis->causes[VGPU_DOCTOR_ERROR] ? (int)VGPU_ERROR_NEED : 0;
}

/* A bundle holds what an examination asks for, so one is made. */
static int record(const struct cli_globals *globals, const struct request *request,
		  const struct seams *seams, struct vgpu_error *err)
{
	_destroy_(vgpu_recording) struct vgpu_recording *recording =
		vgpu_recording_create(seams->facts, seams->sysfs);
	_destroy_(vgpu_diagnosis) struct vgpu_diagnosis *diagnosis = NULL;
	const char *text;
	int ret;

	if (!recording) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
		return cli_fail(globals, err);
	}
	ret = vgpu_doctor_examine(vgpu_recording_sysfs(recording), vgpu_recording_facts(recording),
				  &request->examine, &diagnosis, err);
	text = ret ? NULL : vgpu_recording_text(recording);
	if (!text)
		return cli_fail(globals, err);
	puts(text);
	return 0;
}

static int list_rules(const struct cli_globals *globals)
{
	struct json_object *list = json_object_new_array();
	const struct vgpu_doctor_rule *rule;

	for (size_t i = 0; (rule = vgpu_doctor_rule_at(i)); i++) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "rule", json_object_new_string(rule->id));
		json_object_object_add(
			object, "severity",
			json_object_new_string(vgpu_doctor_severity_name(rule->severity)));
		json_object_object_add(object, "title", json_object_new_string(rule->title));
		json_object_array_add(list, object);
		if (!globals->json)
			printf("%-26s %-8s %s\n", rule->id,
			       vgpu_doctor_severity_name(rule->severity), rule->title);
	}
	if (globals->json)
		cli_json_print(list);
	json_object_put(list);
	return 0;
}

struct explaining {
	struct json_object *list; /* NULL: for people */
	size_t troubles, harmless;
};

static void explain_json(struct json_object *list, const struct vgpu_explanation *explanation)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "message", json_object_new_string(explanation->message->id));
	json_object_object_add(object, "harmless",
			       json_object_new_boolean(explanation->message->harmless));
	json_object_object_add(object, "line", json_object_new_int64((int64_t)explanation->number));
	json_object_object_add(object, "count", json_object_new_int64((int64_t)explanation->count));
	json_object_object_add(
		object, "text",
		json_object_new_string_len(explanation->line, (int)explanation->line_len));
	json_object_object_add(object, "cause",
			       json_object_new_string(explanation->message->cause));
	json_object_object_add(object, "remedy",
			       json_object_new_string(explanation->message->remedy));
	json_object_array_add(list, object);
}

static void explain(void *data, const struct vgpu_explanation *explanation)
{
	struct explaining *explaining = data;
	const struct vgpu_known_message *message = explanation->message;
	char label[64];

	explaining->harmless += message->harmless;
	explaining->troubles += !message->harmless;
	if (explaining->list) {
		explain_json(explaining->list, explanation);
		return;
	}
	snprintf(label, sizeof(label), "line %zu: ", explanation->number);
	print_wrapped(label, explanation->line, explanation->line_len);
	if (explanation->count > 1)
		printf("  (and %zu more like it)\n", explanation->count - 1);
	print_text("  cause      ", message->cause);
	print_text(message->harmless ? "  harmless   " : "  do this    ", message->remedy);
	putchar('\n');
}

static int explain_log(const struct cli_globals *globals, const char *path, struct vgpu_error *err)
{
	struct explaining explaining = { .list = globals->json ? json_object_new_array() : NULL };
	_autofree_ char *text = NULL;
	size_t len;
	int ret = cli_file_read(path, &text, &len, err);

	if (!ret)
		ret = vgpu_doctor_explain(text, len, explain, &explaining);
	if (!ret && explaining.list)
		cli_json_print(explaining.list);
	json_object_put(explaining.list);
	if (ret) {
		if (!err->message[0])
			vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "%s", strerror(-ret));
		return cli_fail(globals, err);
	}
	if (!globals->json)
		printf("%zu known trouble%s, %zu harmless message%s.\n", explaining.troubles,
		       explaining.troubles == 1 ? "" : "s", explaining.harmless,
		       explaining.harmless == 1 ? "" : "s");
	return explaining.troubles ? (int)VGPU_ERROR_NEED : 0;
}

/* One option. 0, or the exit code. */
static int take_option(const struct cli_arguments *args, int id, struct request *request)
{
	switch (id) {
	case 'p':
		request->examine.parent = args->value;
		return 0;
	case 'u':
		if (vgpu_uuid_parse(args->value, &request->uuid))
			return cli_usage_fail(args, "'%s' is no UUID", args->value);
		request->examine.uuid = &request->uuid;
		return 0;
	case 'e':
		request->log = args->value;
		return 0;
	case OPTION_FACTS:
		if (request->bundles_len == BUNDLES)
			return cli_usage_fail(args, "more than %d bundles", BUNDLES);
		request->bundles[request->bundles_len++] = args->value;
		return 0;
	case OPTION_RECORD:
		request->record = true;
		return 0;
	default:
		request->rules = true;
		return 0;
	}
}

int cli_verb_doctor(const struct cli_globals *globals, int argc, char **argv)
{
	__attribute__((cleanup(seams_finish))) struct seams seams = { 0 };
	struct request request = { 0 };
	struct cli_arguments args;
	struct vgpu_error err = { 0 };
	int code = 0;

	cli_arguments_init(&args, globals, argc, argv);
	for (int id; !code && (id = cli_arguments_next(&args)) >= 0;)
		code = take_option(&args, id, &request);
	if (args.ended)
		return args.exit_code;
	if (code)
		return code;
	if (args.operands_len)
		return cli_usage_fail(&args, "what is '%s'?", args.operands[0]);
	if (request.rules)
		return list_rules(&args.globals);
	if (request.log)
		return explain_log(&args.globals, request.log, &err);
	if (seams_open(&args.globals, &request, &seams, &err))
		return cli_fail(&args.globals, &err);
	return request.record ? record(&args.globals, &request, &seams, &err)
			      : examine(&args.globals, &request, &seams, &err);
}
