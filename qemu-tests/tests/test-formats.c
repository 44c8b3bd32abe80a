/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "../formats.h"

static const char hostile[] = "50% of ]]> <b> & \"x\" # TODO none\nok 9 - forged\r\n::error::y"
			      " \xef\xbf\xbf \xff \x01";

/* One that passed, one that failed, one that was skipped, one that fails as expected. */
static struct qt_verdict *make_verdict(void)
{
	struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	struct qt_result *result;

	strcpy(verdict->started, "2026-01-02T03:04:05Z");
	strcpy(verdict->host, "a fake <kaby-lake>");
	verdict->total_ms = 4567;
	result = qt_verdict_add(verdict, qt_scenario_find("region-1024x768"));
	result->total_ms = 3661001;
	result = qt_verdict_add(verdict, qt_scenario_find("region-1920x1200"));
	result->outcome = QT_FAILED;
	strcpy(result->fault, "rb-swap");
	strcpy(result->reason, hostile);
	strcpy(result->dir, qt_scenario_find("region-1920x1200")->name);
	result = qt_verdict_add(verdict, qt_scenario_find("region-modes"));
	result->outcome = QT_SKIPPED;
	strcpy(result->reason, "needs vfio: # none");
	result = qt_verdict_add(verdict, qt_scenario_find("region-formats"));
	result->outcome = QT_FAILED;
	strcpy(result->fault, "stale");
	strcpy(result->reason, "frame 2");
	strcpy(result->known, "bug #12");
	return verdict;
}

/* What a format prints; freed by the caller. */
static char *print(const char *name)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = make_verdict();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(qt_format_find(name));
	qt_format_find(name)->print(f, verdict);
	assert_int_equal(0, fclose(f));
	return text;
}

/* What a reader of test lines makes of a text. */
struct tap {
	unsigned int planned, ok, not_ok, skipped, todo, others;
};

static void read_tap_line(struct tap *tap, const char *line, const char *todo)
{
	unsigned int number;
	bool good = !strncmp(line, "ok ", 3);
	const char *hash = NULL;

	if (!good && strncmp(line, "not ok ", 7)) {
		tap->others += !strncmp(line, "1..", 3) ? sscanf(line, "1..%u", &tap->planned) != 1
							: line[0] != ' ' && line[0] != '#';
		return;
	}
	assert_int_equal(1, sscanf(line + (good ? 3 : 7), "%u", &number));
	assert_int_equal(tap->ok + tap->not_ok + 1, number);
	tap->ok += good;
	tap->not_ok += !good;
	/* a '#' with a backslash before it is none */
	for (const char *at = line; *at; at++)
		if (*at == '\\')
			at++;
		else if (*at == '#') {
			assert_null(hash);
			hash = at;
		}
	tap->skipped += hash && !strncmp(hash, "# SKIP", 6);
	tap->todo += hash && !strncmp(hash, todo, strlen(todo));
}

static struct tap read_tap(char *text, const char *version, const char *todo)
{
	struct tap tap = { 0 };
	char *save, *line = strtok_r(text, "\n", &save);

	assert_string_equal(version, line);
	while ((line = strtok_r(NULL, "\n", &save)))
		read_tap_line(&tap, line, todo);
	return tap;
}

static void tap_counts_what_the_verdict_has_and_no_text_forges_a_line(void **state)
{
	_autofree_ char *tap = print("tap"), *ktap = print("ktap");
	const struct tap expected = { 4, 2, 2, 1, 1, 0 };
	struct tap read;

	assert_non_null(strstr(tap, "  fault: \"rb-swap\"\n"));
	read = read_tap(tap, "TAP version 14", "# TODO");
	assert_memory_equal(&expected, &read, sizeof(read));
	read = read_tap(ktap, "KTAP version 1", "# XFAIL");
	assert_memory_equal(&expected, &read, sizeof(read));
}

static void assert_xpath(xmlDoc *document, const char *path, double expected)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *value = xmlXPathEvalExpression((const xmlChar *)path, context);

	assert_non_null(value);
	assert_true(expected == value->floatval);
	xmlXPathFreeObject(value);
	xmlXPathFreeContext(context);
}

static void junit_is_xml_whose_sums_are_right(void **state)
{
	_autofree_ char *text = print("junit");
	xmlDoc *document = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NOERROR);

	assert_non_null(document);
	assert_xpath(document, "count(//testcase)", 4);
	assert_xpath(document, "number(/testsuites/@tests)", 4);
	assert_xpath(document, "count(//failure)", 1);
	assert_xpath(document, "number(//testsuite/@failures)", 1);
	assert_xpath(document, "count(//skipped)", 2);
	assert_xpath(document, "number(//testsuite/@skipped)", 2);
	assert_xpath(document, "count(//failure[@type='rb-swap'][contains(@message,'<b>')])", 1);
	xmlFreeDoc(document);
	xmlCleanupParser();
}

static void json_is_the_verdict(void **state)
{
	_autofree_ char *text = print("json");
	json_object *object = json_tokener_parse(text), *value;

	assert_true(json_object_object_get_ex(object, "failed", &value));
	assert_int_equal(1, json_object_get_int(value));
	assert_true(json_object_object_get_ex(object, "known", &value));
	assert_int_equal(1, json_object_get_int(value));
	assert_true(json_object_object_get_ex(object, "results", &value));
	assert_int_equal(4, json_object_array_length(value));
	json_object_put(object);
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int n = 0;

	for (text = strstr(text, part); text; text = strstr(text + 1, part))
		n++;
	return n;
}

static void signals_and_annotations_are_a_line_each(void **state)
{
	_autofree_ char *lava = print("lava"), *github = print("github"), *tmt = print("tmt");

	assert_int_equal(6, count(lava, "\n"));
	assert_int_equal(1, count(lava, " RESULT=fail "));
	assert_int_equal(2, count(lava, " RESULT=skip "));
	assert_int_equal(3, count(github, "\n"));
	assert_int_equal(1, count(github, "::error title="));
	assert_int_equal(1, count(github, "50%25 of "));
	assert_int_equal(1, count(github, "%0Aok 9"));
	assert_int_equal(4, count(tmt, "- name: /"));
	assert_int_equal(1, count(tmt, "  result: fail\n"));
	assert_int_equal(1, count(tmt, "  duration: \"01:01:02\"\n"));
	assert_int_equal(1, count(tmt, "\\nok 9"));
}

/* Readers merge cases of one name, and hide that one of them has failed. */
static void each_round_has_a_name_of_its_own(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));

	for (unsigned int round = 1; round <= 2; round++) {
		struct qt_result *result =
			qt_verdict_add(verdict, qt_scenario_find("region-modes"));

		result->round = round;
		result->outcome = QT_FAILED;
	}
	for (size_t i = 0; i < qt_formats_len; i++) {
		_autofree_ char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		qt_formats[i].print(f, verdict);
		fclose(f);
		if (qt_formats[i].print != qt_format_json)
			assert_true(strstr(text, "region-modes.2") > strstr(text, "region-modes"));
	}
}

static void wish_is_a_name_or_a_name_and_a_file(void **state)
{
	assert_non_null(qt_format_find("tap"));
	assert_non_null(qt_format_find("tap:a:b"));
	assert_ptr_equal(qt_format_find("ktap"), qt_format_find("ktap:"));
	assert_null(qt_format_find("ta"));
	assert_null(qt_format_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_counts_what_the_verdict_has_and_no_text_forges_a_line),
		cmocka_unit_test(junit_is_xml_whose_sums_are_right),
		cmocka_unit_test(json_is_the_verdict),
		cmocka_unit_test(signals_and_annotations_are_a_line_each),
		cmocka_unit_test(each_round_has_a_name_of_its_own),
		cmocka_unit_test(wish_is_a_name_or_a_name_and_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
