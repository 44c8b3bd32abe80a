/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-lint.h>
#include <vgpulab/libvirt-xml.h>

#include "domain-fixtures.h"

#define UUID	   "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5"
#define QEMU_XMLNS " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"

#define HEAD		"<name>x</name><memory unit='GiB'>4</memory>"
#define DOMAIN(devices) "<domain type='kvm'>" HEAD "<devices>" devices "</devices></domain>"
#define QEMU_DOMAIN(devices, qemu) \
	"<domain type='kvm'" QEMU_XMLNS ">" HEAD "<devices>" devices "</devices>" qemu "</domain>"

#define MDEV_WITH(attributes, uuid, children)                               \
	"<hostdev mode='subsystem' type='mdev' model='vfio-pci'" attributes \
	"><source><address uuid='" uuid "'/></source>" children "</hostdev>"
#define MDEV(attributes)  MDEV_WITH(attributes, UUID, "")
#define SHOWN		  MDEV(" display='on'")
#define OTHER(attributes) MDEV_WITH(attributes, "5ee1a2b4-0f6d-4a0e-8f0b-2f5a4b7c9d01", "")
#define SPICE_GL	  "<graphics type='spice'><listen type='none'/><gl enable='yes'/></graphics>"
#define HEADLESS	  "<graphics type='egl-headless'/>"
#define NO_VIDEO	  "<video><model type='none'/></video>"
#define SET(text) \
	"<qemu:commandline><qemu:arg value='-set'/><qemu:arg value='" text "'/></qemu:commandline>"
#define OVERRIDE(alias, name, type, value)                                                        \
	"<qemu:override><qemu:device alias='" alias "'><qemu:frontend><qemu:property name='" name \
	"' type='" type "' value='" value "'/></qemu:frontend></qemu:device></qemu:override>"

static const char clean[] = DOMAIN(SHOWN SPICE_GL NO_VIDEO);

static const struct {
	const char *rule, *qemu, *libvirt, *xml;
} rows[] = {
	{ "no-uuid", "7.2", "9.0",
	  DOMAIN("<hostdev type='mdev' model='vfio-pci'><source/></hostdev>") },
	{ "bad-uuid", "7.2", "9.0", DOMAIN(MDEV_WITH("", "c7a7ad34", "")) },
	{ "same-uuid-twice", "7.2", "9.0", DOMAIN(MDEV("") MDEV("")) },
	{ "same-uuid-twice", "7.2", "9.0",
	  DOMAIN(MDEV("") MDEV_WITH("", "C7A7AD343B9A4D348A5C5D5A6BA5B3A5", "")) },
	{ "display-needs-vfio-pci", "7.2", "9.0",
	  DOMAIN("<hostdev type='mdev' model='vfio-ap' display='on'><source><address uuid='" UUID
		 "'/></source></hostdev>") },
	{ "two-ramfb", "7.2", "9.0",
	  DOMAIN(MDEV(" display='on' ramfb='on'") OTHER(" display='on' ramfb='on'")
			 SPICE_GL NO_VIDEO) },
	{ "ramfb-beside-video-ramfb", "7.2", "9.0",
	  DOMAIN(MDEV(" display='on' ramfb='on'") SPICE_GL
		 "<video><model type='ramfb'/></video>") },
	{ "ramfb-without-display", "7.2", "9.0", DOMAIN(MDEV(" ramfb='on'") SPICE_GL NO_VIDEO) },
	{ "display-without-graphics", "7.2", "9.0", DOMAIN(SHOWN NO_VIDEO) },
	{ "display-without-gl", "7.2", "9.0", DOMAIN(SHOWN "<graphics type='vnc'/>" NO_VIDEO) },
	{ "egl-headless-alone", "7.2", "9.0", DOMAIN(SHOWN HEADLESS NO_VIDEO) },
	{ "egl-headless-with-spice-gl", "7.2", "9.0", DOMAIN(SHOWN SPICE_GL HEADLESS NO_VIDEO) },
	{ "vnc-since-qemu-9", "9.0", "10.0",
	  DOMAIN(SHOWN "<graphics type='vnc'/>" HEADLESS NO_VIDEO) },
	{ "spice-without-gl-since-qemu-6", "6.0", "9.0",
	  DOMAIN(SHOWN "<graphics type='spice' autoport='yes'/>" HEADLESS NO_VIDEO) },
	{ "spice-gl-with-port", "7.2", "9.0",
	  DOMAIN(SHOWN
		 "<graphics type='spice' autoport='yes'><gl enable='yes'/></graphics>" NO_VIDEO) },
	{ "spice-gl-with-port", "7.2", "9.0",
	  DOMAIN(SHOWN
		 "<graphics type='spice'><listen type='address'/><gl enable='yes'/></graphics>" NO_VIDEO) },
	{ "implicit-video", "7.2", "9.0", DOMAIN(SHOWN SPICE_GL) },
	{ "emulated-video", "7.2", "9.0",
	  DOMAIN(SHOWN SPICE_GL "<video><model type='qxl'/></video>") },
	{ "video-none-beside-others", "7.2", "9.0",
	  DOMAIN(SHOWN SPICE_GL NO_VIDEO "<video><model type='vga'/></video>") },
	{ "rom-dropped", "7.2", "9.0", DOMAIN(MDEV_WITH("", UUID, "<rom file='/x.rom'/>")) },
	{ "boot-order", "7.2", "9.0", DOMAIN(MDEV_WITH("", UUID, "<boot order='1'/>")) },
	{ "managed-mdev", "7.2", "9.0", DOMAIN(MDEV(" managed='yes'")) },
	{ "several-vgpus", "7.2", "9.0", DOMAIN(MDEV("") OTHER("")) },
	{ "sdl-window", "7.2", "9.0", DOMAIN(SHOWN "<graphics type='sdl'/>" NO_VIDEO) },
	{ "memtune-too-low", "7.2", "9.0",
	  "<domain type='kvm'>" HEAD
	  "<memtune><hard_limit unit='KiB'>4194304</hard_limit></memtune>"
	  "<devices>" MDEV("") "</devices></domain>" },
	{ "no-kvm", "7.2", "9.0",
	  "<domain type='qemu'>" HEAD "<devices>" MDEV("") "</devices></domain>" },
	{ "no-qemu-namespace", "7.2", "9.0",
	  "<domain type='kvm'>" HEAD "<devices>" MDEV("") "</devices><commandline><arg value='-S'/>"
							  "</commandline></domain>" },
	{ "wrong-qemu-namespace", "7.2", "9.0",
	  "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/2.0'>" HEAD
	  "<devices/>" SET("device.hostdev0.ramfb=on") "</domain>" },
	{ "set-with-json", "7.2", "9.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, SET("device.hostdev0.x-igd-opregion=on")) },
	{ "set-of-nobody", "4.2", "6.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, SET("device.hostdev1.x-igd-opregion=on")) },
	{ "override-of-nobody", "7.2", "9.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO,
		      OVERRIDE("hostdev1", "x-igd-opregion", "bool", "true")) },
	{ "override-too-early", "6.2", "8.4",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO,
		      OVERRIDE("hostdev0", "x-igd-opregion", "bool", "true")) },
	{ "x-vga", "7.2", "9.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, OVERRIDE("hostdev0", "x-vga", "bool", "true")) },
	{ "x-vga", "4.2", "6.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, SET("device.hostdev0.x-vga=on")) },
	{ "romfile-without-uefi", "7.2", "9.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO,
		      OVERRIDE("hostdev0", "romfile", "string", "/x.rom")) },
	{ "no-early-picture", "7.2", "9.0",
	  "<domain type='kvm'>" HEAD "<os firmware='efi'/><devices>" SHOWN SPICE_GL NO_VIDEO
	  "</devices></domain>" },
	{ "size-without-display", "7.2", "9.0",
	  QEMU_DOMAIN(MDEV(""), OVERRIDE("hostdev0", "xres", "unsigned", "1280")) },
	{ "device-behind-libvirt", "7.2", "9.0",
	  QEMU_DOMAIN("", "<qemu:commandline><qemu:arg value='-device'/><qemu:arg "
			  "value='vfio-pci,sysfsdev=/sys/bus/mdev/devices/" UUID
			  "'/></qemu:commandline>") },
	{ "ramfb-without-driver", "4.2", "5.0",
	  QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, SET("device.hostdev0.ramfb=on")) },
};

/* What lint said of one domain. */
struct heard {
	const char *ids[64];
	enum vgpu_lint_severity severities[64];
	size_t len;
};

static void hear(void *data, const struct vgpu_lint_finding *finding)
{
	struct heard *heard = data;

	assert_true(finding->line > 0 && finding->evidence[0]);
	if (heard->len < VGPU_ARRAY_LEN(heard->ids)) {
		heard->severities[heard->len] = finding->rule->severity;
		heard->ids[heard->len++] = finding->rule->id;
	}
}

static struct heard lint(const char *xml, const char *libvirt, const char *qemu)
{
	struct vgpu_version libvirt_version, qemu_version;
	struct heard heard = { 0 };
	int found;

	assert_int_equal(0, vgpu_version_parse(libvirt, &libvirt_version));
	assert_int_equal(0, vgpu_version_parse(qemu, &qemu_version));
	found = vgpu_libvirt_lint(xml, strlen(xml), libvirt_version, qemu_version, hear, &heard,
				  NULL);
	assert_int_equal(found, heard.len);
	return heard;
}

static bool has(const struct heard *heard, const char *id)
{
	for (size_t i = 0; i < heard->len; i++)
		if (!strcmp(heard->ids[i], id))
			return true;
	return false;
}

static void each_rule_finds_its_domain_and_not_the_clean_one(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct heard wrong = lint(rows[i].xml, rows[i].libvirt, rows[i].qemu);
		struct heard right = lint(clean, rows[i].libvirt, rows[i].qemu);

		if (!has(&wrong, rows[i].rule))
			fail_msg("%s is not found in %s", rows[i].rule, rows[i].xml);
		if (has(&right, rows[i].rule))
			fail_msg("%s is found in the clean domain", rows[i].rule);
	}
}

static void every_rule_has_a_domain_here_and_says_what_to_do(void **state)
{
	const struct vgpu_lint_rule *rule;

	for (size_t i = 0; (rule = vgpu_lint_rule(i)); i++) {
		bool covered = false;

		for (size_t k = 0; k < VGPU_ARRAY_LEN(rows) && !covered; k++)
			covered = !strcmp(rows[k].rule, rule->id);
		if (!covered)
			fail_msg("no domain triggers %s", rule->id);
		assert_true(rule->cause[0] && rule->remedy[0]);
	}
}

static void a_clean_domain_has_no_findings(void **state)
{
	static const struct {
		const char *xml, *libvirt, *qemu;
	} domains[] = {
		{ clean, "9.0", "7.2" },
		{ clean, "11.3", "10.0" },
		{ DOMAIN(SHOWN "<graphics type='vnc'/>" HEADLESS NO_VIDEO), "9.0", "8.2" },
		{ DOMAIN(SHOWN "<graphics type='spice' autoport='yes'/>" HEADLESS NO_VIDEO), "6.0",
		  "5.2" },
		{ DOMAIN(MDEV(" display='off'")), "9.0", "7.2" },
		{ DOMAIN("<graphics type='vnc'/><video><model type='qxl'/></video>"), "9.0",
		  "9.0" },
		{ QEMU_DOMAIN(SHOWN SPICE_GL NO_VIDEO, SET("device.hostdev0.x-igd-opregion=on")),
		  "7.8", "6.0" },
		{ QEMU_DOMAIN(
			  SHOWN SPICE_GL NO_VIDEO,
			  SET("device.hostdev0.x-igd-opregion=on") "<qemu:capabilities><qemu:del "
								   "capability='device.json'/></qemu:capabilities>"),
		  "8.0", "6.2" },
		{ "<domain type='kvm'>" HEAD
		  "<memtune><hard_limit unit='GiB'>5</hard_limit></memtune>"
		  "<devices>" MDEV("") "</devices></domain>",
		  "9.0", "7.2" },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(domains); i++) {
		struct heard heard = lint(domains[i].xml, domains[i].libvirt, domains[i].qemu);

		if (heard.len)
			fail_msg("%s in %s", heard.ids[0], domains[i].xml);
	}
}

static void hostdev_interfaces_count_before_hostdevs(void **state)
{
	struct heard heard = lint(QEMU_DOMAIN("<interface type='hostdev'/>" SHOWN SPICE_GL NO_VIDEO,
					      SET("device.hostdev1.x-igd-opregion=on")),
				  "6.0", "4.2");

	assert_int_equal(0, heard.len);
}

static const char *const edits[][3] = {
	{ "dmabuf", "7.2", "9.0" },
	{ "dmabuf", "10.1", "11.3" },
	{ "dmabuf", "6.2", "8.0" },
	{ "ramfb", "4.2", "5.0" },
	{ "dmabuf+ramfb,vnc+egl-headless", "7.2", "9.0" },
	{ "dbus", "9.0", "10.0" },
	{ "spice+egl-headless", "5.2", "7.0" },
	{ "none", "7.2", "9.0" },
};

static void edit_and_lint(const char *name, const char *text, size_t len)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(edits); i++) {
		struct vgpu_libvirt_request request = { .display.uuid = { UUID } };
		_autofree_ char *edited = NULL;
		struct heard heard;
		size_t edited_len;

		vgpu_display_path_parse(edits[i][0], &request.display.path, NULL);
		vgpu_version_parse(edits[i][1], &request.display.qemu);
		vgpu_version_parse(edits[i][2], &request.libvirt);
		assert_int_equal(
			0, vgpu_libvirt_edit(&request, text, len, &edited, &edited_len, NULL));
		heard = lint(edited, edits[i][2], edits[i][1]);
		for (size_t k = 0; k < heard.len; k++)
			/* what somebody wrote for another libvirt is theirs */
			if (heard.severities[k] == VGPU_LINT_ERROR &&
			    strcmp(heard.ids[k], "override-too-early"))
				fail_msg("%s for %s: %s in\n%s", name, edits[i][0], heard.ids[k],
					 edited);
	}
}

static void an_edited_domain_has_no_errors(void **state)
{
	assert_true(for_each_domain(edit_and_lint) >= 30);
}

static void what_is_no_domain_is_refused(void **state)
{
	struct vgpu_version version = { 9, 0, 0 };
	struct heard heard = { 0 };
	struct vgpu_error err = { 0 };

	assert_int_equal(-EINVAL,
			 vgpu_libvirt_lint("<pool/>", 7, version, version, hear, &heard, &err));
	assert_non_null(strstr(err.message, "domain"));
	assert_int_equal(0, heard.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_its_domain_and_not_the_clean_one),
		cmocka_unit_test(every_rule_has_a_domain_here_and_says_what_to_do),
		cmocka_unit_test(a_clean_domain_has_no_findings),
		cmocka_unit_test(hostdev_interfaces_count_before_hostdevs),
		cmocka_unit_test(an_edited_domain_has_no_errors),
		cmocka_unit_test(what_is_no_domain_is_refused),
	};

	return cmocka_run_group_tests_name("libvirt-lint", tests, NULL, NULL);
}
