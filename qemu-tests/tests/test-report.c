/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../report.h"
#include "../verdict.h"

/* A run of three scenarios in a directory of its own. */
struct fixture {
	char path[32];
	int dir_fd;
	struct qt_verdict *verdict;
};

static const char hostile[] =
	"</pre><script>alert(1)</script> & \"quotes\" \x1b[31mred\x1b[0m \x80\xff";

static void write_file(int dir_fd, const char *name, const char *text)
{
	_autoclose_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(strlen(text), write(fd, text, strlen(text)));
}

static void write_picture(int dir_fd, const char *name, uint32_t width_px)
{
	_image_ struct qt_image image = { 0 };

	assert_int_equal(0, qt_image_init(&image, width_px, 48));
	assert_int_equal(0, qt_image_write_png(&image, dir_fd, name, NULL));
}

static void add_failed(struct fixture *fixture)
{
	struct qt_result *result =
		qt_verdict_add(fixture->verdict, qt_scenario_find("region-modes"));
	struct vgpu_error wrong = { .message = "frame 1: <b>vnc</b> shows stride", .hint = "hint" };
	_autoclose_ int dir_fd = -1;
	struct qt_frame *frame;

	assert_int_equal(0, mkdirat(fixture->dir_fd, "failed", 0700));
	dir_fd = openat(fixture->dir_fd, "failed", O_RDONLY | O_CLOEXEC);
	strcpy(result->dir, "failed");
	qt_argv_add(&result->argv, "qemu");
	qt_argv_add(&result->argv, "-append");
	qt_argv_add(&result->argv, "a b <c>");
	write_file(dir_fd, "qemu.log", hostile);
	write_file(dir_fd, "console.log", "Linux version 6.1\nKernel panic\n");
	write_picture(dir_fd, "expected.png", 64);
	write_picture(dir_fd, "actual.png", 1920);
	write_picture(dir_fd, "diff.png", 64);
	frame = qt_result_add_frame(result);
	frame->shown = (struct qt_shown){ { 64, 48, 0xabcdef0123456789, 7, -1, -1 }, "XR24" };
	strcpy(frame->expected, "expected.png");
	frame->fault = QT_FAULT_STRIDE;
	frame->shots_len = 2;
	frame->shots[0] = (struct qt_shot){ .capture = "qmp" };
	frame->shots[1] = (struct qt_shot){
		.capture = "vnc",
		.judgement = { .fault = QT_FAULT_STRIDE, .differing_px = 3 },
		.picture = "actual.png",
		.diff = "diff.png",
	};
	qt_result_fail(result, "stride", &wrong);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct qt_result *result;

	strcpy(fixture->path, "/tmp/test-report-XXXXXX");
	assert_non_null(mkdtemp(fixture->path));
	fixture->dir_fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture->verdict = calloc(1, sizeof(*fixture->verdict));
	strcpy(fixture->verdict->host, "a <fake> & host");
	qt_verdict_add(fixture->verdict, qt_scenario_find("region-1024x768"));
	result = qt_verdict_add(fixture->verdict, qt_scenario_find("region-1920x1200"));
	result->outcome = QT_SKIPPED;
	strcpy(result->reason, "needs vfio: none");
	add_failed(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", fixture->path);
	assert_int_equal(0, system(command));
	close(fixture->dir_fd);
	qt_verdict_destroy(fixture->verdict);
	free(fixture);
	return 0;
}

static char *read_back(const struct fixture *fixture, const char *name)
{
	_autoclose_ int fd = openat(fixture->dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	assert_true(fd >= 0);
	assert_int_equal(0, fstat(fd, &st));
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(st.st_size, read(fd, text, (size_t)st.st_size));
	return text;
}

/* How many nodes of the page an XPath expression finds. */
static int count(htmlDocPtr page, const char *expression)
{
	xmlXPathContextPtr context = xmlXPathNewContext(page);
	xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)expression, context);
	int n = found->nodesetval ? found->nodesetval->nodeNr : 0;

	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	return n;
}

static void ignore(void *data, const char *format, ...)
{
}

/* libxml2 knows HTML 4: "header", "main", ... are news to it, anything else is an error. */
static int real_errors;
static void note_error(void *data, xmlErrorPtr error)
{
	if (error->code == XML_HTML_UNKNOWN_TAG)
		return;
	real_errors++;
	print_message("line %d: %s", error->line, error->message);
}

static htmlDocPtr parse(const char *text)
{
	xmlSetGenericErrorFunc(NULL, ignore);
	xmlSetStructuredErrorFunc(NULL, note_error);
	real_errors = 0;
	return htmlReadDoc((const xmlChar *)text, NULL, "utf-8", 0);
}

static void page_is_well_formed_and_complete(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;
	struct vgpu_error err = { 0 };
	htmlDocPtr page;

	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, &err));
	text = read_back(fixture, "report.html");
	page = parse(text);
	assert_int_equal(0, real_errors);
	assert_int_equal(1, count(page, "//header[@class='fail']/h1[b='FAIL']"));
	assert_int_equal(3, count(page, "//section"));
	assert_int_equal(1, count(page, "//section[1][@class='fail']"));
	assert_int_equal(3, count(page, "//section[1]//img"));
	assert_int_equal(1, count(page, "//section[1]//figcaption[contains(., 'vnc: stride')]"));
	assert_int_equal(1, count(page, "//pre[contains(., \"-append 'a b <c>'\")]"));
	assert_int_equal(1, count(page, "//pre[contains(., 'Kernel panic')]"));
	assert_int_equal(1, count(page, "//meta[@name='viewport']"));
	xmlFreeDoc(page);
}

static void nothing_in_a_log_becomes_markup(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;
	htmlDocPtr page;

	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "report.html");
	page = parse(text);
	assert_int_equal(1, count(page, "//script")); /* the page's own */
	assert_int_equal(0, count(page, "//script[contains(., 'alert')]"));
	assert_int_equal(0, count(page, "//section//b[.='vnc']"));
	assert_int_equal(1, count(page, "//pre[contains(., '<script>alert(1)</script> & \"')]"));
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\x80"));
	xmlFreeDoc(page);
}

static void page_needs_nothing_from_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;
	htmlDocPtr page;

	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "report.html");
	page = parse(text);
	assert_int_equal(0, count(page, "//*[@src and not(starts-with(@src, 'data:'))]"));
	assert_int_equal(0,
			 count(page, "//link | //iframe | //*[@href[not(starts-with(., '#'))]]"));
	assert_null(strstr(text, "http:"));
	assert_null(strstr(text, "https:"));
	assert_null(strstr(text, "url("));
	xmlFreeDoc(page);
}

/* Every link leads to a section, every section has one, and of its class. */
static void overview_leads_to_every_result(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;
	htmlDocPtr page;

	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "report.html");
	page = parse(text);
	assert_int_equal(fixture->verdict->results_len, count(page, "//nav//a"));
	assert_int_equal(fixture->verdict->results_len,
			 count(page, "//section[concat('#', @id) = //nav//a/@href]"));
	for (size_t i = 0; i < 3; i++) {
		static const char *const classes[] = { "pass", "fail", "skip" };
		char path[80];

		snprintf(path, sizeof(path), "//section[@class='%s']", classes[i]);
		assert_int_equal(1, count(page, path));
		snprintf(path, sizeof(path), "//nav//a[@class='%s']", classes[i]);
		assert_int_equal(1, count(page, path));
		snprintf(path, sizeof(path), "//input[@id='show-%s'][@type='radio']", classes[i]);
		assert_int_equal(1, count(page, path));
	}
	xmlFreeDoc(page);
}

static void missing_picture_is_said_and_no_more(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;

	unlinkat(fixture->dir_fd, "failed/diff.png", 0);
	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "report.html");
	assert_non_null(strstr(text, "picture diff.png: No such file or directory"));
}

static json_object *get(json_object *object, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static void verdict_file_says_what_failed_and_why(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;
	json_object *verdict, *result, *frame, *shot;

	assert_int_equal(0, qt_verdict_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "verdict.json");
	verdict = json_tokener_parse(text);
	assert_string_equal("FAIL", json_object_get_string(get(verdict, "verdict")));
	assert_int_equal(1, json_object_get_int(get(verdict, "passed")));
	assert_int_equal(1, json_object_get_int(get(verdict, "failed")));
	assert_int_equal(1, json_object_get_int(get(verdict, "skipped")));
	result = json_object_array_get_idx(get(verdict, "results"), 2);
	assert_string_equal("stride", json_object_get_string(get(result, "fault")));
	frame = json_object_array_get_idx(get(result, "frames"), 0);
	assert_string_equal("abcdef0123456789", json_object_get_string(get(frame, "nonce")));
	shot = json_object_array_get_idx(get(frame, "captures"), 1);
	assert_string_equal("stride", json_object_get_string(get(shot, "fault")));
	assert_int_equal(3, json_object_get_int(get(shot, "differing_px")));
	json_object_put(verdict);
}

/* What fails as expected has run, and is no failure. */
static void run_is_told_in_a_word(void **state)
{
	static const struct {
		struct qt_counts counts;
		const char *word;
	} rows[] = { { { .passed = 1, .skipped = 1 }, "PASS" },
		     { { .passed = 1, .failed = 1 }, "FAIL" },
		     { { .skipped = 1 }, "SKIP" },
		     { { .known = 1, .skipped = 1 }, "PASS" } };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++)
		assert_string_equal(rows[i].word, qt_counts_word(&rows[i].counts));
}

/* The second run boots one guest; what the first one's took is in the results, not in its time. */
static void time_is_told_by_what_guests_boots_take(void **state)
{
	struct fixture *fixture = *state;
	struct qt_verdict *verdict = fixture->verdict;
	char text[96];

	verdict->total_ms = 3000;
	verdict->jobs = 3;
	verdict->cores = 2;
	assert_string_equal("3.0 s", qt_verdict_time(verdict, text, sizeof(text)));
	verdict->results[0].qemu_ms = 500;
	verdict->results[0].guest_ms = 4500;
	assert_string_equal("3.0 s, 3 at a time: 1.50 times its guests' boots (4.0 s) on 2 cores",
			    qt_verdict_time(verdict, text, sizeof(text)));
	verdict->boots_before_ms = qt_verdict_boots_ms(verdict);
	verdict->results[2].qemu_ms = 1000;
	verdict->results[2].guest_ms = 3000;
	verdict->cores = 1;
	assert_string_equal("3.0 s, 3 at a time: 1.50 times its guests' boots (2.0 s) on 1 core",
			    qt_verdict_time(verdict, text, sizeof(text)));
	verdict->results[2].reboots_ms = 4000;
	assert_string_equal("3.0 s, 3 at a time: 0.50 times its guests' boots (6.0 s) on 1 core",
			    qt_verdict_time(verdict, text, sizeof(text)));
}

static void failure_that_was_expected_is_counted(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ char *text = NULL;

	strcpy(fixture->verdict->results[2].known, "bug 12");
	assert_int_equal(0, qt_report_write(fixture->verdict, fixture->dir_fd, NULL));
	text = read_back(fixture, "report.html");
	assert_non_null(strstr(text, "1 passed, 0 failed, 1 skipped, 1 failed as expected</h1>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failure_that_was_expected_is_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(page_is_well_formed_and_complete, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nothing_in_a_log_becomes_markup, set_up, tear_down),
		cmocka_unit_test_setup_teardown(page_needs_nothing_from_elsewhere, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(overview_leads_to_every_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_picture_is_said_and_no_more, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(verdict_file_says_what_failed_and_why, set_up,
						tear_down),
		cmocka_unit_test(run_is_told_in_a_word),
		cmocka_unit_test_setup_teardown(time_is_told_by_what_guests_boots_take, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
