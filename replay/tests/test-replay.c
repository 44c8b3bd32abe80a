/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fake host is recorded and played: the same tree. Recordings made by hand: what they say is what
 * there is, and what is wrong with them is told.
 */

#include <backends/backends.h>
#include <errno.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <replay/replay.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "../redact.h"
#include "tree-backend.h"

/*
 * A machine's facts.
 */

static const char *command_line = "i915.enable_gvt=1";
static const char *log_text = "[    1.3] i915 0000:00:02.0: MDEV: Registered\n";

static int fact_text(struct vgpu_host_facts *facts, enum vgpu_fact fact, char **out)
{
	(void)facts;
	if (fact == VGPU_FACT_KERNEL_RELEASE)
		*out = strdup("6.1.0-56-amd64");
	else if (fact == VGPU_FACT_KERNEL_COMMAND_LINE)
		*out = strdup(command_line);
	else if (fact == VGPU_FACT_KERNEL_LOG)
		*out = strdup(log_text);
	else
		return -ENOENT;
	return 0;
}

static const struct vgpu_host_facts_impl facts_impl = { .name = "test", .text = fact_text };
static struct vgpu_host_facts facts = { &facts_impl };

/*
 * Hosts and their recordings.
 */

struct host {
	struct fake_host *host;
	struct fake_tree *tree;
	struct replay_recording *recording;
};

static void finish(struct host *host)
{
	fake_tree_destroy(host->tree);
	fake_host_destroy(host->host);
	replay_recording_destroy(host->recording);
}

static const char *const uuids[] = { "f0000000-0000-4000-8000-000000000001",
				     "e0000000-0000-4000-8000-000000000002",
				     "d0000000-0000-4000-8000-000000000003" };

/* What is created, by the parent's and the type's number; in this order. */
struct created {
	size_t gpu, type;
};

/* "kaby-lake+mtty" with its vGPUs. */
static struct host make_host(const char *specs, const struct created *created, size_t len)
{
	struct host host = { .host = fake_host_create() };
	char copy[256], *rest = copy, *spec;
	struct fake_gpu_config config;

	snprintf(copy, sizeof(copy), "%s", specs);
	while ((spec = strsep(&rest, "+"))) {
		assert_int_equal(fake_gpu_config_parse(spec, &config, NULL), 0);
		assert_true(fake_host_add_gpu(host.host, &config, NULL) >= 0);
	}
	host.tree = fake_tree_create(host.host);
	for (size_t i = 0; i < len; i++) {
		struct vgpu_uuid uuid;

		assert_int_equal(vgpu_uuid_parse(uuids[i], &uuid), 0);
		assert_int_equal(
			fake_host_create_vgpu(host.host, created[i].gpu, created[i].type, &uuid),
			0);
	}
	return host;
}

static int walk(struct host *host, const char *path, struct fake_node *node)
{
	return tree_backend_walk(host->tree, path, node);
}

static char *record(struct host *host, bool redact)
{
	struct tree_backend backend = TREE_BACKEND(host->tree);
	struct vgpu_error err = { 0 };
	char *text = NULL;

	if (replay_record(&backend.base, &facts, redact, &text, &err))
		fail_msg("%s", err.message);
	return text;
}

/* A host of the recording, with its vGPUs or without. */
static struct host play(const char *text, bool vgpus)
{
	struct host host = { .host = fake_host_create() };
	const struct fake_gpu_config *recorded;
	struct fake_gpu_config configs[16];
	struct vgpu_error err = { 0 };
	size_t len;

	if (replay_recording_parse("host.json", text, strlen(text), &host.recording, &err))
		fail_msg("%s", err.message);
	recorded = replay_recording_gpus(host.recording, &len);
	assert_true(len <= 16);
	memcpy(configs, recorded, len * sizeof(*configs));
	for (size_t i = 0; i < len && !vgpus; i++)
		configs[i].vgpus_len = 0;
	if (fake_host_add_gpus(host.host, configs, len, &err))
		fail_msg("%s", err.message);
	host.tree = fake_tree_create(host.host);
	return host;
}

/*
 * Two trees are the same.
 */

struct pair {
	struct host *a, *b;
	char path[512];
	size_t nodes;
};

static void compare_node(struct pair *pair, const struct fake_node *a)
{
	char x[8192] = "", y[8192] = "";
	struct fake_node b;
	ssize_t x_len = 0, y_len = 0;

	if (fake_tree_walk(pair->b->tree, pair->path, &b))
		fail_msg("%s is not played", pair->path);
	if (a->kind != b.kind || a->mode != b.mode || a->size != b.size || a->nlink != b.nlink)
		fail_msg("%s: %o %zu %u, played as %o %zu %u", pair->path, a->mode, (size_t)a->size,
			 a->nlink, b.mode, (size_t)b.size, b.nlink);
	if (a->kind == FAKE_NODE_LINK) {
		x_len = fake_tree_readlink(pair->a->tree, a->ino, x, sizeof(x));
		y_len = fake_tree_readlink(pair->b->tree, b.ino, y, sizeof(y));
	} else if (a->kind == FAKE_NODE_ATTR) {
		x_len = fake_tree_read(pair->a->tree, a->ino, x, sizeof(x));
		y_len = fake_tree_read(pair->b->tree, b.ino, y, sizeof(y));
	}
	if (x_len != y_len || memcmp(x, y, sizeof(x)) != 0)
		fail_msg("%s: '%s', played as '%s'", pair->path, x, y);
	pair->nodes++;
}

static int compare_each(void *data, const char *name, const struct fake_node *node)
{
	struct pair *pair = data;
	size_t len = strlen(pair->path);

	snprintf(pair->path + len, sizeof(pair->path) - len, "%s%s", len ? "/" : "", name);
	compare_node(pair, node);
	if (node->kind == FAKE_NODE_DIR)
		fake_tree_list(pair->a->tree, node->ino, compare_each, pair);
	pair->path[len] = '\0';
	return 0;
}

static size_t compare_trees(struct host *a, struct host *b)
{
	struct pair pair = { a, b, "", 0 };

	fake_tree_list(a->tree, FAKE_TREE_ROOT, compare_each, &pair);
	return pair.nodes;
}

static void a_recorded_host_is_played_as_the_same_tree(void **state)
{
	static const struct {
		const char *specs;
		struct created created[3];
		size_t len;
	} cases[] = {
		{ "kaby-lake", { { 0 } }, 0 },
		{ "broadwell,aperture=1G", { { 0, 1 }, { 0, 0 } }, 2 },
		{ "comet-lake,aperture=256M,ggtt=2G", { { 0, 0 } }, 1 },
		{ "coffee-lake,aperture=128M", { { 0 } }, 0 },
		{ "skylake+broadwell", { { 0, 0 }, { 1, 2 }, { 0, 1 } }, 3 },
		{ "mtty", { { 0, 1 }, { 0, 0 } }, 2 },
		{ "mdpy,count=9", { { 0, 2 } }, 1 },
		{ "mbochs,count=100", { { 0, 1 }, { 0, 0 }, { 0, 2 } }, 3 },
		{ "tesla-p4", { { 0, 3 } }, 1 },
		{ "tesla-p4+tesla-p4", { { 0, 1 }, { 0, 1 }, { 1, 4 } }, 3 },
		{ "vfio-ccw+vfio-ap+vfio-ccw", { { 1, 0 }, { 0, 0 }, { 1, 0 } }, 3 },
		{ "kaby-lake,gvt=off", { { 0 } }, 0 },
		{ "kaby-lake,gvt=guc", { { 0 } }, 0 },
		{ "kaby-lake,gvt=no-module", { { 0 } }, 0 },
		{ "kaby-lake,gvt=unsupported", { { 0 } }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		struct host a = make_host(cases[i].specs, cases[i].created, cases[i].len);
		_autofree_ char *text = record(&a, false);
		struct host b = play(text, true);

		assert_true(compare_trees(&a, &b) > 100);
		assert_int_equal(compare_trees(&a, &b), compare_trees(&b, &a));
		assert_int_equal(replay_recording_kernel(b.recording), FAKE_KERNEL(6, 1));
		finish(&b);
		/* without its vGPUs it is as before them */
		b = play(text, false);
		finish(&a);
		a = make_host(cases[i].specs, NULL, 0);
		assert_int_equal(compare_trees(&a, &b), compare_trees(&b, &a));
		finish(&b);
		finish(&a);
	}
}

/* A doctor looks for it: without it the module mdev is not loaded. */
static void a_bus_without_vgpus_is_recorded(void **state)
{
	struct host host = make_host("kaby-lake", NULL, 0);
	_autofree_ char *text = record(&host, false);

	(void)state;
	assert_non_null(strstr(text, "\"bus/mdev/devices\""));
	finish(&host);
}

static void a_played_gpu_counts_as_the_recorded_one(void **state)
{
	static const struct created one = { 0, 1 };
	struct host a = make_host("kaby-lake,aperture=1G", &one, 1);
	_autofree_ char *text = record(&a, false);
	struct host b = play(text, true);
	struct vgpu_uuid uuid;

	(void)state;
	for (size_t type = 0; type < 4; type++)
		assert_int_equal(fake_host_available(b.host, 0, type),
				 fake_host_available(a.host, 0, type));
	assert_int_equal(vgpu_uuid_parse(uuids[1], &uuid), 0);
	assert_int_equal(fake_host_create_vgpu(b.host, 0, 2, &uuid), 0);
	assert_int_equal(fake_host_available(b.host, 0, 3), 0);
	assert_int_equal(fake_host_remove_vgpu(b.host, &uuid, NULL, NULL), 0);
	assert_int_equal(fake_host_available(b.host, 0, 3), fake_host_available(a.host, 0, 3));
	finish(&a);
	finish(&b);
}

/*
 * By hand.
 */

#define PARENT(name, driver)                                                                      \
	"\"class/mdev_bus/" name "\":{\"link\":\"../../devices/virtual/" driver "/" name "\"},"   \
	"\"devices/virtual/" driver "/" name "/subsystem\":{\"link\":\"../../../../class/" driver \
	"\"}"
#define TYPE(name, driver, type, available)                                            \
	",\"devices/virtual/" driver "/" name "/mdev_supported_types/" driver "-" type \
	"/available_instances\":\"" available "\\n\""

static void types_of_an_unknown_driver_share_a_pool(void **state)
{
	static const char text[] = "{\"sysfs\":{" PARENT("thing", "thing")
		TYPE("thing", "thing", "big", "4") TYPE("thing", "thing", "small", "12") "}}";
	struct host host = play(text, true);
	struct vgpu_uuid uuid;

	(void)state;
	assert_int_equal(fake_host_available(host.host, 0, 0), 4);
	assert_int_equal(fake_host_available(host.host, 0, 1), 12);
	assert_int_equal(vgpu_uuid_parse(uuids[0], &uuid), 0);
	assert_int_equal(fake_host_create_vgpu(host.host, 0, 0, &uuid), 0);
	assert_int_equal(fake_host_available(host.host, 0, 0), 3);
	assert_int_equal(fake_host_available(host.host, 0, 1), 9);
	assert_int_equal(vgpu_uuid_parse(uuids[1], &uuid), 0);
	assert_int_equal(fake_host_create_vgpu(host.host, 0, 1, &uuid), 0);
	assert_int_equal(fake_host_available(host.host, 0, 0), 2);
	assert_int_equal(replay_recording_kernel(host.recording), 0);
	finish(&host);
}

#define GPU                                                                                        \
	"\"class/mdev_bus/0000:00:02.0\":{\"link\":\"../../devices/pci0000:00/0000:00:02.0\"},"    \
	"\"devices/pci0000:00/0000:00:02.0/driver\":{\"link\":\"../../../bus/pci/drivers/i915\"}," \
	"\"devices/pci0000:00/0000:00:02.0/vendor\":\"0x8086\\n\","                                \
	"\"devices/pci0000:00/0000:00:02.0/class\":\"0x030000\\n\","
#define AT "\"devices/pci0000:00/0000:00:02.0/"

static void a_bad_recording_is_refused_with_place_and_cause(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "line 1, column 1: the JSON text ends too early" },
		{ "{\n  \"sysfs\": {\n", "line 3, column 1: the JSON text ends too early" },
		{ "{\n  \"sysfs\": {]}",
		  "line 2, column 13: quoted object property name expected" },
		{ "[1]", "it is no object" },
		{ "{} {}", "line 1, column 4: something follows the object" },
		{ "{\"facts\":{}}", "it has no object 'sysfs'" },
		{ "{\"sysfs\":[]}", "it has no object 'sysfs'" },
		{ "{\"sysfs\":{\"a/b\":7}}", "sysfs: a/b: it is neither a text" },
		{ "{\"sysfs\":{\"a\":[\"x\",null]}}", "sysfs: a: a line is no text" },
		{ "{\"sysfs\":{\"a\":{\"link\":1}}}", "sysfs: a: it is neither" },
		{ "{\"sysfs\":{}}", "class/mdev_bus: no parent of mediated devices" },
		{ "{\"sysfs\":{\"class/mdev_bus/x\":\"y\"}}", "class/mdev_bus/x: it is no link" },
		{ "{\"sysfs\":{\"class/mdev_bus/x\":{\"link\":\"x\"}}}", "'x' leads to no device" },
		{ "{\"sysfs\":{\"class/mdev_bus/x\":{\"link\":\"../../devices/../etc\"}}}",
		  "leads to no device" },
		{ "{\"sysfs\":{\"class/mdev_bus/x\":{\"link\":\"../../devices/usb/x\"}}}",
		  "devices/usb/x: parents there are not played" },
		{ "{\"sysfs\":{\"class/mdev_bus/x\":{\"link\":\"../../devices/virtual/x/x\"}}}",
		  "devices/virtual/x/x: it has neither driver nor subsystem" },
		{ "{\"sysfs\":{" PARENT("thing", "thing") "}}",
		  "devices/virtual/thing/thing/mdev_supported_types: there is none" },
		{ "{\"sysfs\":{" PARENT("thing", "thing") TYPE("thing", "thing", "a", "many") "}}",
		  "thing-a: available_instances: 'many' is no count" },
		{ "{\"sysfs\":{" PARENT("thing",
					"thing") ",\"devices/virtual/thing/thing/"
						 "mdev_supported_types/other-a/name\":\"a\"}}",
		  "other-a: its name does not begin with 'thing-'" },
		{ "{\"sysfs\":{" GPU AT "vendor\":\"0xzz\"}}",
		  "0000:00:02.0/vendor: '0xzz' is no number up to 0xffff" },
		{ "{\"sysfs\":{" GPU AT "x\":\"\"}}", "0000:00:02.0: no attribute 'device'" },
		{ "{\"sysfs\":{" GPU AT "device\":\"0x5912\"," AT "resource\":\"0x0 0x1\"}}",
		  "resource: line 1 is not START END FLAGS" },
		{ "{\"sysfs\":{" GPU AT "device\":\"0x5912\"," AT "config\":\"0123\"}}",
		  "config: 4 bytes: it has 64, 256 or 4096" },
		{ "{\"sysfs\":{" GPU AT "device\":\"0x5912\"," AT
		  "mdev_supported_types/i915-x/available_instances\":\"1\"," AT
		  "mdev_supported_types/i915-x/description\":\"fast\"}}",
		  "i915-x: its description is not GVT-g's" },
		{ "{\"sysfs\":{" GPU AT "device\":\"0x5912\"," AT
		  "mdev_supported_types/i915-x/available_instances\":\"1\"," AT
		  "mdev_supported_types/i915-x/description\":\"low_gm_size: 64MB\\nhigh_gm_size: "
		  "384MB\\nfence: 4\\nresolution: 0x0\\nweight: 2\\n\"}}",
		  "i915-x: its description is not GVT-g's" },
		{ "{\"sysfs\":{" GPU AT "device\":\"0x5912\"," AT
		  "mdev_supported_types/i915-x/available_instances\":\"1\"}}",
		  "i915-x: its description is not GVT-g's" },
	};

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		struct replay_recording *recording = NULL;
		struct vgpu_error err = { 0 };

		assert_int_equal(replay_recording_parse("host.json", cases[i].text,
							strlen(cases[i].text), &recording, &err),
				 -EINVAL);
		assert_null(recording);
		assert_int_equal(err.kind, VGPU_ERROR_USAGE);
		assert_memory_equal(err.message, "host.json: ", 11);
		if (!strstr(err.message, cases[i].says))
			fail_msg("'%s', wanted '%s'", err.message, cases[i].says);
	}
}

/*
 * Redaction.
 */

static void redaction_leaves_the_machine_and_takes_its_owner(void **state)
{
	static const struct created one = { 0, 1 };
	struct host a = make_host("kaby-lake", &one, 1), b;
	_autofree_ char *text = NULL;
	struct fake_node node;
	static char log[1024]; /* the tests after this one read it, too */
	struct utsname names;

	(void)state;
	uname(&names);
	snprintf(log, sizeof(log),
		 "[    1.0] i915 0000:00:02.0: MDEV: Registered\n"
		 "[    2.0] e1000e 0000:00:1f.6 eth0: 8c:ec:4b:5a:6b:7c at 192.168.178.23\n"
		 "[    3.0] DMI: Serial: 5CG1234XYZ, board\n[    4.0] %s login %s\n",
		 names.nodename, uuids[0]);
	log_text = log;
	command_line = "BOOT_IMAGE=/vmlinuz root=UUID=f0000000-0000-4000-8000-000000000009 "
		       "i915.enable_gvt=1 luks=secret intel_iommu=on quiet";
	text = record(&a, true);
	assert_non_null(strstr(text, "\"i915.enable_gvt=1 intel_iommu=on\""));
	assert_null(strstr(text, "vmlinuz"));
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, "8c:ec"));
	assert_null(strstr(text, "192.168"));
	assert_null(strstr(text, "5CG1234XYZ"));
	assert_null(strstr(text, uuids[0]));
	assert_non_null(strstr(text, "i915 0000:00:02.0: MDEV: Registered"));
	assert_non_null(strstr(text, "0000:00:1f.6"));
	b = play(text, true);
	assert_int_equal(walk(&b, "bus/mdev/devices/00000000-0000-4000-8000-000000000001", &node),
			 0);
	finish(&a);
	finish(&b);
}

/* A recording that somebody changed is redacted all the same, or refused, by whoever reads it. */
static void redaction_takes_any_document(void **state)
{
	static const char *const texts[] = { "{\"sysfs\":\"x\",\"facts\":[]}",
					     "{\"facts\":{\"kernel-log\":[null,1]}}",
					     "{\"sysfs\":{\"a/config\":{\"hex\":\"0\"}}}", "[]" };

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(texts); i++) {
		_autofree_ char *redacted = replay_redact(texts[i]);

		assert_non_null(redacted);
	}
}

/* Source: PCI Express Base Specification, Device Serial Number Extended Capability */
static void redaction_clears_the_cards_serial_number(void **state)
{
	static const char dsn[] = "0300010078563412efcdab90";
	struct host a = make_host("kaby-lake", NULL, 0);
	_autofree_ char *text = record(&a, false), *redacted = NULL;
	struct replay_recording *recording = NULL;
	const struct fake_gpu_config *configs;
	char *config = strstr(text, "\"hex\":\"");
	struct host b;
	size_t len;

	(void)state;
	assert_non_null(config);
	memcpy(config + 7 + 2 * 0x100, dsn, strlen(dsn));
	b = play(text, false);
	redacted = record(&b, true);
	assert_int_equal(replay_recording_parse("x", redacted, strlen(redacted), &recording, NULL),
			 0);
	configs = replay_recording_gpus(recording, &len);
	assert_int_equal(configs[0].profile->recorded->config[0x100], 3);
	for (int i = 4; i < 12; i++)
		assert_int_equal(configs[0].profile->recorded->config[0x100 + i], 0);
	replay_recording_destroy(recording);
	finish(&a);
	finish(&b);
}

static void a_host_without_a_gpu_is_not_recorded(void **state)
{
	struct host a = make_host("kaby-lake", NULL, 0);
	struct tree_backend backend = TREE_BACKEND(a.tree);
	struct vgpu_error err = { 0 };
	struct fake_node node;
	char *text = NULL;

	(void)state;
	assert_int_equal(walk(&a, "devices/pci0000:00/0000:00:02.0/remove", &node), 0);
	assert_int_equal(fake_tree_write(a.tree, node.ino, "1", 1, NULL, NULL), 1);
	assert_int_equal(replay_record(&backend.base, &facts, false, &text, &err), -ENODEV);
	assert_int_equal(err.kind, VGPU_ERROR_NO_GPU);
	assert_null(text);
	finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_host_is_played_as_the_same_tree),
		cmocka_unit_test(a_bus_without_vgpus_is_recorded),
		cmocka_unit_test(a_played_gpu_counts_as_the_recorded_one),
		cmocka_unit_test(types_of_an_unknown_driver_share_a_pool),
		cmocka_unit_test(a_bad_recording_is_refused_with_place_and_cause),
		cmocka_unit_test(redaction_leaves_the_machine_and_takes_its_owner),
		cmocka_unit_test(redaction_takes_any_document),
		cmocka_unit_test(redaction_clears_the_cards_serial_number),
		cmocka_unit_test(a_host_without_a_gpu_is_not_recorded),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
