/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <testing/need.h>
#include <unistd.h>

#include <cmocka.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-xml.h>

#include "domain-fixtures.h"

#define UUID   "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5"
#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"

/* Every contents and viewer that libvirt knows, with each way to pass properties. */
static const struct {
	const char *path, *qemu, *libvirt, *rendernode, *romfile;
	uint32_t xres_px;
	uint16_t port;
} requests[] = {
	{ "dmabuf", "7.2", "9.0", NULL, NULL, 0, 0 },
	{ "dmabuf", "7.2", "9.0", "/dev/dri/renderD128", NULL, 1280, 0 },
	{ "dmabuf", "10.1", "11.3", NULL, NULL, 0, 0 },
	{ "dmabuf", "6.2", "8.0", NULL, NULL, 0, 0 },
	{ "dmabuf", "7.0", "8.4", NULL, NULL, 0, 0 },
	{ "dmabuf", "4.2", "6.0", NULL, NULL, 0, 0 },
	{ "dmabuf+rom", "7.2", "9.0", NULL, "/usr/share/vgabios/it's.rom", 0, 0 },
	{ "ramfb", "7.2", "9.0", NULL, NULL, 0, 0 },
	{ "ramfb", "3.1", "5.0", NULL, NULL, 0, 0 },
	{ "dmabuf+ramfb,vnc+egl-headless", "7.2", "9.0", "/dev/dri/renderD128", NULL, 0, 5903 },
	{ "spice-gl", "9.2", "10.9", "/dev/dri/renderD129", NULL, 0, 0 },
	{ "spice+egl-headless", "5.2", "7.0", "/dev/dri/renderD128", NULL, 0, 0 },
	{ "vnc+egl-headless", "8.2", "10.0", NULL, NULL, 0, 0 },
	{ "dbus", "9.0", "10.0", "/dev/dri/renderD128", NULL, 0, 0 },
	{ "region", "7.2", "9.0", NULL, NULL, 0, 0 },
	{ "region+ramfb,spice", "7.2", "9.0", NULL, NULL, 0, 5905 },
	{ "region,spice-gl", "7.2", "9.0", NULL, NULL, 0, 0 },
	{ "region,dbus", "7.2", "9.0", NULL, NULL, 0, 0 },
	{ "none", "7.2", "9.0", NULL, NULL, 0, 0 },
};

static struct vgpu_libvirt_request request_of(size_t index)
{
	struct vgpu_libvirt_request request = {
		.display = {
			.uuid = { UUID },
			.rendernode = requests[index].rendernode,
			.romfile = requests[index].romfile,
			.firmware = requests[index].romfile ? VGPU_FIRMWARE_OVMF : VGPU_FIRMWARE_SEABIOS,
			.xres_px = requests[index].xres_px,
			.port = requests[index].port,
		},
	};

	vgpu_version_parse(requests[index].qemu, &request.display.qemu);
	vgpu_version_parse(requests[index].libvirt, &request.libvirt);
	assert_int_equal(
		0, vgpu_display_path_parse(requests[index].path, &request.display.path, NULL));
	return request;
}

static char *edit(const struct vgpu_libvirt_request *request, const char *text, size_t len,
		  size_t *out_len)
{
	struct vgpu_error err = { 0 };
	char *out = NULL;

	if (vgpu_libvirt_edit(request, text, len, &out, out_len, &err))
		fail_msg("%s", err.message);
	return out;
}

static xmlRelaxNGValidCtxt *validator;
static int documents;

static void check_valid(const char *name, size_t index, const char *text, size_t len)
{
	xmlDoc *doc = xmlReadMemory(text, (int)len, name, NULL, XML_PARSE_NONET);

	if (!doc || (validator && xmlRelaxNGValidateDoc(validator, doc)))
		fail_msg("%s edited for %s is not valid:\n%s", name, requests[index].path, text);
	xmlFreeDoc(doc);
	documents++;
}

static void apply_twice_and_remove(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(requests); i++) {
		struct vgpu_libvirt_request request = request_of(i);
		_autofree_ char *once = NULL, *twice = NULL, *restored = NULL;
		size_t once_len, twice_len, restored_len;
		struct vgpu_error err = { 0 };
		int ret;

		once = edit(&request, text, len, &once_len);
		check_valid(name, i, once, once_len);
		assert_non_null(strcasestr(once, UUID));
		twice = edit(&request, once, once_len, &twice_len);
		if (once_len != twice_len || memcmp(once, twice, once_len))
			fail_msg("%s for %s: the second time changes:\n%s\n-- to --\n%s", name,
				 requests[i].path, once, twice);
		ret = vgpu_libvirt_remove(once, once_len, &restored, &restored_len, &err);
		if (ret == -ENODATA && once_len == len && !memcmp(once, text, len))
			continue; /* there was nothing to do */
		if (ret)
			fail_msg("%s for %s: %s", name, requests[i].path, err.message);
		if (restored_len != len || memcmp(restored, text, len))
			fail_msg("%s for %s: removal gives\n%s", name, requests[i].path, restored);
	}
}

static void every_domain_takes_every_path_twice_and_is_restored(void **state)
{
	assert_true(for_each_domain(apply_twice_and_remove) >= 30);
	assert_true(documents >= 30 * (int)VGPU_ARRAY_LEN(requests));
}

/* From one path to another leads to the same as the other alone, and back to the original. */
static void change_of_path(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(requests); i++) {
		size_t k = (i * 7 + 3) % VGPU_ARRAY_LEN(requests);
		struct vgpu_libvirt_request first = request_of(i), second = request_of(k);
		_autofree_ char *one = NULL, *direct = NULL, *over = NULL;
		size_t one_len, direct_len, over_len;

		one = edit(&first, text, len, &one_len);
		over = edit(&second, one, one_len, &over_len);
		direct = edit(&second, text, len, &direct_len);
		if (over_len != direct_len || memcmp(over, direct, over_len))
			fail_msg("%s: %s after %s differs from %s alone", name, requests[k].path,
				 requests[i].path, requests[k].path);
	}
}

static void another_path_leaves_nothing_of_the_first_behind(void **state)
{
	for_each_domain(change_of_path);
}

/* Everything that is not ours survives: the edit's lines contain the original's, but for ours. */
static void comments_and_strangers_survive_an_edit(void **state)
{
	static const char *const kept[] = {
		"<!-- before -->",
		"<!-- right here -->",
		"<!-- <graphics type='vnc'/> is below -->",
		"<!-- the name -->",
		"<?editor mode=\"nxml\"?>",
		"<!-- <video><model type='none'/></video> -->",
		"<!-- more > or < less & \"so\" -->",
		"<!-- last -->",
		"<!-- end of devices -->",
		"<!-- after -->",
	};
	size_t len, edited_len;
	_autofree_ char *text = read_domain("comments-everywhere.xml", &len);
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *edited = edit(&request, text, len, &edited_len);

	for (size_t i = 0; i < VGPU_ARRAY_LEN(kept); i++)
		if (!strstr(edited, kept[i]))
			fail_msg("%s is lost:\n%s", kept[i], edited);
}

static void line_breaks_tabs_and_quotes_are_the_documents_own(void **state)
{
	size_t len;
	_autofree_ char *crlf = read_domain("crlf.xml", &len), *crlf_edited = NULL;
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *tabs = NULL, *tabs_edited = NULL;

	crlf_edited = edit(&request, crlf, len, &len);
	for (size_t i = 0; i < len; i++)
		assert_true(crlf_edited[i] != '\n' || crlf_edited[i - 1] == '\r');
	assert_null(strchr(crlf_edited, '\''));
	tabs = read_domain("tabs.xml", &len);
	tabs_edited = edit(&request, tabs, len, &len);
	assert_null(strstr(tabs_edited, "\n "));
	assert_non_null(strstr(tabs_edited, "\n\t\t<hostdev mode='subsystem'"));
	assert_non_null(
		strstr(tabs_edited, "\n\t\t\t<source>\n\t\t\t\t<address uuid='" UUID "'/>"));
}

static void edits_elsewhere_survive_a_removal(void **state)
{
	size_t len, edited_len, restored_len;
	_autofree_ char *text = read_domain("q35-uefi.xml", &len);
	_autofree_ char *edited = NULL, *changed = NULL, *restored = NULL, *expected = NULL;
	struct vgpu_libvirt_request request = request_of(9);
	char *at;

	edited = edit(&request, text, len, &edited_len);
	/* a person gives the domain more memory and another disk afterwards */
	at = strstr(edited, "<memory unit='GiB'>8</memory>");
	assert_true(asprintf(&changed, "%.*s<memory unit='MiB'>16384</memory>%s",
			     (int)(at - edited), edited,
			     at + strlen("<memory unit='GiB'>8</memory>")) > 0);
	assert_int_equal(
		0, vgpu_libvirt_remove(changed, strlen(changed), &restored, &restored_len, NULL));
	at = strstr(text, "<memory unit='GiB'>8</memory>");
	assert_true(asprintf(&expected, "%.*s<memory unit='MiB'>16384</memory>%s", (int)(at - text),
			     text, at + strlen("<memory unit='GiB'>8</memory>")) > 0);
	assert_string_equal(expected, restored);
}

static void removal_from_a_rewritten_domain_puts_the_devices_back(void **state)
{
	size_t len, edited_len, restored_len;
	_autofree_ char *text = read_domain("windows10.xml", &len);
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *edited = edit(&request, text, len, &edited_len), *restored = NULL;

	memcpy(strstr(edited, "<listen type='none'"), "<listen type=\"none\"", 19);
	assert_int_equal(1,
			 vgpu_libvirt_remove(edited, edited_len, &restored, &restored_len, NULL));
	check_valid("windows10 restored", 0, restored, restored_len);
	assert_null(strstr(restored, UUID));
	assert_null(strstr(restored, "vgpulab"));
	assert_null(strstr(restored, "qemu:override"));
	assert_null(strstr(restored, "type='none'"));
	assert_non_null(strstr(restored, "libosinfo:libosinfo"));
	assert_non_null(strstr(restored, "<graphics type='spice' port='5900' tlsPort='-1' "));
	assert_non_null(strstr(restored, "<channel name='main' mode='secure'/>"));
	assert_non_null(strstr(restored, "<model type='qxl' ram='65536'"));
}

static void removal_from_a_rewritten_domain_keeps_a_vgpu_that_was_there_before(void **state)
{
	size_t len, edited_len, restored_len;
	_autofree_ char *text = read_domain("rom-and-boot-in-mdev.xml", &len);
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *edited = edit(&request, text, len, &edited_len), *restored = NULL;

	memcpy(strstr(edited, "<listen type='none'"), "<listen type=\"none\"", 19);
	assert_int_equal(1,
			 vgpu_libvirt_remove(edited, edited_len, &restored, &restored_len, NULL));
	check_valid("rom restored", 0, restored, restored_len);
	assert_non_null(strstr(restored, "managed='yes' model='vfio-pci'>"));
	assert_non_null(strstr(restored, "<rom bar='on'"));
	assert_null(strstr(restored, "<alias"));
}

static void the_capability_that_means_json_has_the_name_of_its_time(void **state)
{
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *early = NULL, *late = NULL;

	vgpu_version_parse("7.9", &request.libvirt);
	assert_int_equal(0, vgpu_libvirt_snippet(&request, &early, NULL));
	assert_non_null(strstr(early, "<qemu:del capability='device.json'/>"));
	vgpu_version_parse("8.4", &request.libvirt);
	assert_int_equal(0, vgpu_libvirt_snippet(&request, &late, NULL));
	assert_non_null(strstr(late, "<qemu:del capability='device.json+hotplug'/>"));
}

static void removal_of_a_vgpu_that_has_gone_is_refused(void **state)
{
	size_t len, edited_len, restored_len;
	_autofree_ char *text = read_domain("tabs.xml", &len);
	struct vgpu_libvirt_request request = request_of(0);
	_autofree_ char *edited = edit(&request, text, len, &edited_len);
	char *restored = NULL;
	struct vgpu_error err = { 0 };

	memcpy(strstr(edited, "<address uuid='" UUID "'/>") + 15, "00000000", 8);
	assert_int_equal(-ESTALE,
			 vgpu_libvirt_remove(edited, edited_len, &restored, &restored_len, &err));
	assert_null(restored);
	assert_non_null(strstr(err.message, "rewritten"));
}

static void removal_without_an_edit_is_refused(void **state)
{
	size_t len;
	_autofree_ char *text = read_domain("minimal.xml", &len);
	char *out = NULL;

	assert_int_equal(-ENODATA, vgpu_libvirt_remove(text, len, &out, &len, NULL));
	assert_null(out);
}

static void the_guides_set_arguments_give_way_to_an_override(void **state)
{
	size_t len;
	_autofree_ char *text = read_domain("guide-ramfb-set.xml", &len), *edited = NULL;
	struct vgpu_libvirt_request request = request_of(9);

	edited = edit(&request, text, len, &len);
	assert_null(strstr(strstr(edited, "</metadata>"), "-set"));
	assert_non_null(strstr(edited, "ramfb='on'"));
	assert_non_null(strstr(edited, "<qemu:property name='x-igd-opregion' type='bool' "
				       "value='true'/>"));
	/* as the guide wrote it is right for the libvirt that it was written for */
	request = request_of(5);
	free(text);
	text = read_domain("guide-dmabuf-set.xml", &len);
	free(edited);
	edited = edit(&request, text, len, &len);
	assert_string_equal(text, edited);
}

static void each_libvirt_gets_properties_its_own_way(void **state)
{
	static const struct {
		const char *libvirt, *qemu;
		enum vgpu_libvirt_way way;
	} rows[] = {
		{ "4.6", "2.12", VGPU_LIBVIRT_SET },
		{ "7.8", "6.2", VGPU_LIBVIRT_SET },
		{ "7.9", "6.1", VGPU_LIBVIRT_SET },
		{ "7.9", "6.2", VGPU_LIBVIRT_SET_WITHOUT_JSON },
		{ "8.4", "7.0", VGPU_LIBVIRT_SET_WITHOUT_JSON },
		{ "8.5", "7.0", VGPU_LIBVIRT_OVERRIDE },
		{ "8.5", "6.1", VGPU_LIBVIRT_OVERRIDE },
		{ "11.3", "10.0", VGPU_LIBVIRT_OVERRIDE },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct vgpu_version libvirt, qemu;

		vgpu_version_parse(rows[i].libvirt, &libvirt);
		vgpu_version_parse(rows[i].qemu, &qemu);
		assert_int_equal(rows[i].way, vgpu_libvirt_way(libvirt, qemu));
	}
}

static void what_a_libvirt_cannot_do_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *path, *qemu, *libvirt, *says;
	} rows[] = {
		{ "none", "2.12", "3.1", "3.2" },
		{ "dmabuf", "2.12", "4.5", "4.6" },
		{ "gtk", "7.2", "9.0", "window" },
		{ "region,sdl", "7.2", "9.0", "window" },
		{ "region,screendump", "7.2", "9.0", "<graphics>" },
		{ "dbus", "7.2", "8.3", "8.4" },
		{ "vnc+egl-headless", "9.0", "10.0", "DMABUF" },
		{ "spice+egl-headless", "7.2", "9.0", "DMABUF" },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct vgpu_libvirt_request request = { .display.uuid = { UUID } };
		struct vgpu_display_path path;
		struct vgpu_error err = { 0 };

		vgpu_version_parse(rows[i].qemu, &request.display.qemu);
		vgpu_version_parse(rows[i].libvirt, &request.libvirt);
		vgpu_display_path_parse(rows[i].path, &request.display.path, NULL);
		assert_int_equal(-ENOTSUP, vgpu_libvirt_decide(&request, &path, &err));
		if (!strstr(err.message, rows[i].says))
			fail_msg("%s: %s", rows[i].path, err.message);
		assert_true(err.hint[0]);
	}
}

static void a_second_ramfb_or_the_same_vgpu_twice_is_refused(void **state)
{
	struct vgpu_libvirt_request request = request_of(7);
	size_t len, out_len;
	_autofree_ char *text = read_domain("two-mdevs.xml", &len);
	char *out = NULL;
	struct vgpu_error err = { 0 };

	strcpy(request.display.uuid.text, "00000000-0000-4000-8000-000000000001");
	assert_int_equal(-EEXIST, vgpu_libvirt_edit(&request, text, len, &out, &out_len, &err));
	assert_non_null(strstr(err.message, "ramfb"));
	strcpy(request.display.uuid.text, UUID);
	memcpy(strstr(text, "5ee1a2b4-0f6d-4a0e-8f0b-2f5a4b7c9d01"), UUID, 36);
	assert_int_equal(-EEXIST, vgpu_libvirt_edit(&request, text, len, &out, &out_len, &err));
	assert_non_null(strstr(err.message, "twice"));
	assert_null(out);
}

static void a_uuid_without_hyphens_is_the_same_vgpu(void **state)
{
	static const char text[] =
		"<domain type='kvm'><name>x</name><devices><hostdev mode='subsystem' type='mdev' "
		"model='vfio-pci'><source><address uuid='C7A7AD343B9A4D348A5C5D5A6BA5B3A5'/>"
		"</source></hostdev></devices></domain>";
	struct vgpu_libvirt_request request = request_of(0);
	size_t len;
	_autofree_ char *edited = edit(&request, text, strlen(text), &len);

	assert_null(strstr(strstr(edited, "<hostdev ") + 1, "<hostdev "));
}

static void what_is_no_domain_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"domain",
		"<domain>",
		"<domain/>",
		"<network><name>default</name></network>",
		"<!DOCTYPE domain [<!ENTITY e 'x'>]><domain><name>&e;</name></domain>",
		"<domain><devices/><devices/></domain>",
		"<domain xmlns='urn:other'><name>x</name></domain>",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(texts); i++) {
		struct vgpu_libvirt_request request = request_of(0);
		struct vgpu_error err = { 0 };
		char *out = NULL;
		size_t len;

		assert_int_equal(-EINVAL, vgpu_libvirt_edit(&request, texts[i], strlen(texts[i]),
							    &out, &len, &err));
		assert_true(err.message[0]);
		assert_null(out);
	}
}

static void a_text_with_a_nul_byte_is_refused(void **state)
{
	static const char text[] = "<domain><name>x</name></domain>\n\0more";
	struct vgpu_libvirt_request request = request_of(0);
	char *out = NULL;
	size_t len;

	assert_int_equal(-EINVAL,
			 vgpu_libvirt_edit(&request, text, sizeof(text) - 1, &out, &len, NULL));
	assert_null(out);
}

static void new_domains_and_snippets_are_valid_and_need_no_edit(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(requests); i++) {
		struct vgpu_libvirt_request request = request_of(i);
		const struct vgpu_libvirt_domain domain = {
			.name = "new & <shiny>",
			.memory_mib = 4096,
			.disk = i % 2 ? "/srv/vm/disk.qcow2" : NULL,
		};
		_autofree_ char *text = NULL, *edited = NULL, *snippet = NULL;
		size_t len;

		assert_int_equal(0, vgpu_libvirt_domain(&request, &domain, &text, NULL));
		check_valid("new", i, text, strlen(text));
		edited = edit(&request, text, strlen(text), &len);
		assert_string_equal(text, edited);
		assert_int_equal(0, vgpu_libvirt_snippet(&request, &snippet, NULL));
		assert_non_null(strstr(snippet, UUID));
	}
}

static xmlRelaxNG *schema;

static int load_schema(void **state)
{
	xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(SCHEMA);

	schema = xmlRelaxNGParse(parser);
	xmlRelaxNGFreeParserCtxt(parser);
	validator = schema ? xmlRelaxNGNewValidCtxt(schema) : NULL;
	return validator ? 0 : -1;
}

static int free_schema(void **state)
{
	xmlRelaxNGFreeValidCtxt(validator);
	xmlRelaxNGFree(schema);
	xmlCleanupParser();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_domain_takes_every_path_twice_and_is_restored),
		cmocka_unit_test(another_path_leaves_nothing_of_the_first_behind),
		cmocka_unit_test(comments_and_strangers_survive_an_edit),
		cmocka_unit_test(line_breaks_tabs_and_quotes_are_the_documents_own),
		cmocka_unit_test(edits_elsewhere_survive_a_removal),
		cmocka_unit_test(removal_from_a_rewritten_domain_puts_the_devices_back),
		cmocka_unit_test(
			removal_from_a_rewritten_domain_keeps_a_vgpu_that_was_there_before),
		cmocka_unit_test(the_capability_that_means_json_has_the_name_of_its_time),
		cmocka_unit_test(removal_of_a_vgpu_that_has_gone_is_refused),
		cmocka_unit_test(removal_without_an_edit_is_refused),
		cmocka_unit_test(the_guides_set_arguments_give_way_to_an_override),
		cmocka_unit_test(each_libvirt_gets_properties_its_own_way),
		cmocka_unit_test(what_a_libvirt_cannot_do_is_refused_with_the_reason),
		cmocka_unit_test(a_second_ramfb_or_the_same_vgpu_twice_is_refused),
		cmocka_unit_test(a_uuid_without_hyphens_is_the_same_vgpu),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(a_text_with_a_nul_byte_is_refused),
		cmocka_unit_test(new_domains_and_snippets_are_valid_and_need_no_edit),
	};

	if (access(SCHEMA, R_OK))
		return need_missing("libvirt", "no schema " SCHEMA ": install libvirt0");
	return cmocka_run_group_tests_name("libvirt-edit", tests, load_schema, free_schema);
}
