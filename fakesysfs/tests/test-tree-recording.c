/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree against recordings of a real kernel: the same nodes, kinds, modes, sizes, link counts,
 * link texts and contents. What differs must be in the list below, with the reason.
 */

#include <errno.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define P "/sys/devices/pci0000:00/0000:00:02.0"

enum aspect { MISSING, EXTRA, MODE, SIZE, LINKS, TEXT, ASPECTS };

static const char *const aspect_names[ASPECTS] = {
	"the kernel has it, the fake does not",
	"the fake has it, the kernel does not",
	"mode",
	"size",
	"link count",
	"text",
};

/* The differences that are right. A row that explains nothing any more fails the test. */
static struct accepted {
	enum aspect aspect;
	const char *pattern; /* fnmatch(3); '*' goes across '/' */
	const char *why;
	bool used;
} of_gvtg[] = {
	/* one parent module, gvtshape, played both kvmgt and i915; mdpy was loaded, too */
	{ TEXT, "/sys/bus/mdev/drivers/intel_vgpu_mdev/module", "gvtshape is kvmgt here" },
	{ TEXT, "/sys/bus/pci/drivers/i915/module", "gvtshape is i915 here" },
	{ MISSING, "/sys/module/gvtshape*", "kvmgt and i915 are here" },
	{ MISSING, "/sys/module/*/holders/gvtshape", "kvmgt holds them here" },
	{ EXTRA, "/sys/module/*/holders/kvmgt", "gvtshape held them" },
	{ TEXT, "/sys/module/*/refcnt", "mdpy counted, too" },
	{ LINKS, "/sys/bus/mdev/drivers", "mdpy's driver" },
	/* pci-testdev is no graphics function: its ids, BARs and capabilities are others */
	{ TEXT, P "/class", "pci-testdev's" },
	{ TEXT, P "/config", "pci-testdev's" },
	{ SIZE, P "/config", "Intel's is PCI Express" },
	{ TEXT, P "/*dma_mask_bits", "i915 sets 39" },
	{ TEXT, P "/d3cold_allowed", "pci-testdev has no power management" },
	{ TEXT, P "/power_state", "pci-testdev has no power management" },
	{ TEXT, P "/device", "pci-testdev's" },
	{ TEXT, P "/vendor", "pci-testdev's" },
	{ TEXT, P "/subsystem_device", "pci-testdev's" },
	{ TEXT, P "/subsystem_vendor", "pci-testdev's" },
	{ TEXT, P "/revision", "pci-testdev's" },
	{ TEXT, P "/modalias", "pci-testdev's" },
	{ TEXT, P "/uevent", "pci-testdev's ids" },
	{ TEXT, P "/resource", "pci-testdev's" },
	{ SIZE, P "/resource0", "pci-testdev's" },
	{ MISSING, P "/resource1", "Intel's has none" },
	{ EXTRA, P "/resource[24]*", "Intel's has these" },
	{ EXTRA, P "/rom", "a shadow of the video BIOS" },
	{ EXTRA, P "/boot_vga", "for VGA-class functions alone" },
	{ EXTRA, P "/drm*", "i915 makes it" },
	{ EXTRA, P "/msi_irqs*", "i915 uses MSI" },
	{ EXTRA, P "/reset*", "Intel's can be reset" },
	{ TEXT, P "/irq", "i915 uses MSI" },
	{ TEXT, P "/enable", "i915 enables its device" },
	{ LINKS, P, "drm, msi_irqs" },
	/* machines differ */
	{ TEXT, P "/local_cpu*", "of the machine" },
	{ MISSING, P "/firmware_node", "ACPI is not faked" },
	{ TEXT, P "/power/runtime_active_time", "a clock" },
	{ 0 },
};

static struct accepted of_samples[] = {
	/* none */
	{ 0 },
};

static struct accepted *accepted; /* of this recording */
static struct fake_tree *tree;
static int failures;

static void differ(enum aspect aspect, const char *path, const char *recorded, const char *ours)
{
	for (size_t i = 0; accepted[i].pattern; i++) {
		if (accepted[i].aspect == aspect && !fnmatch(accepted[i].pattern, path, 0)) {
			accepted[i].used = true;
			return;
		}
	}
	print_error("%s: %s: recorded '%s', fake '%s'\n", path, aspect_names[aspect], recorded,
		    ours);
	failures++;
}

static void differ_number(enum aspect aspect, const char *path, uint64_t recorded, uint64_t ours)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), aspect == MODE ? "%04lo" : "%lu", (unsigned long)recorded);
	snprintf(b, sizeof(b), aspect == MODE ? "%04lo" : "%lu", (unsigned long)ours);
	if (recorded != ours)
		differ(aspect, path, a, b);
}

static const char *member(struct json_object *line, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(line, key, &value) ? json_object_get_string(value) : NULL;
}

static const char *kind_name(const struct fake_node *node)
{
	switch (node->kind) {
	case FAKE_NODE_DIR:
		return "dir";
	case FAKE_NODE_LINK:
		return "link";
	case FAKE_NODE_ATTR:
		return "file";
	default:
		return "chr"; /* a file that stands for a character device */
	}
}

static void compare_text(struct json_object *line, const char *path, const struct fake_node *node)
{
	const char *recorded = member(line, "data"), *error = member(line, "read_err");
	char text[4097] = "";
	ssize_t len;

	if (node->kind == FAKE_NODE_LINK) {
		recorded = member(line, "target");
		len = fake_tree_readlink(tree, node->ino, text, sizeof(text));
	} else {
		len = fake_tree_read(tree, node->ino, text, sizeof(text) - 1);
		text[len > 0 ? len : 0] = '\0';
	}
	if (len < 0)
		snprintf(text, sizeof(text), "%s", strerrorname_np((int)-len));
	if (error)
		recorded = error;
	if (recorded && strcmp(recorded, text))
		differ(TEXT, path, recorded, text);
}

static void compare_line(struct json_object *line, struct json_object *seen)
{
	const char *path = member(line, "path");
	struct fake_node node;

	json_object_object_add(seen, path, json_object_new_boolean(1));
	if (fake_tree_walk(tree, path + 1, &node)) {
		differ(MISSING, path, member(line, "type"), "");
		return;
	}
	assert_string_equal(member(line, "type"), kind_name(&node));
	differ_number(MODE, path, strtoul(member(line, "mode"), NULL, 8), node.mode);
	if (strcmp(path, "/dev/vfio")) /* a file system of its own sort */
		differ_number(SIZE, path, strtoul(member(line, "size"), NULL, 10), node.size);
	differ_number(LINKS, path, strtoul(member(line, "nlink"), NULL, 10), node.nlink);
	assert_int_equal(node.uid, 0);
	if (node.kind == FAKE_NODE_LINK || node.kind == FAKE_NODE_ATTR)
		compare_text(line, path, &node);
}

/* Everything below a recorded directory was recorded: what the fake has besides is too much. */
struct below {
	const char *path;
	struct json_object *seen;
};

static int compare_extra(void *data, const char *name, const struct fake_node *node)
{
	const struct below *below = data;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", below->path, name);
	if (!json_object_object_get_ex(below->seen, path, NULL))
		differ(EXTRA, path, "", kind_name(node));
	if (node->kind == FAKE_NODE_DIR)
		fake_tree_list(tree, node->ino, compare_extra,
			       &(struct below){ path, below->seen });
	return 0;
}

static void compare_with(const char *file)
{
	static const char *const roots[] = {
		"/sys/class/mdev_bus",
		"/sys/bus/mdev",
		"/sys/devices/virtual/vfio",
		"/sys/class/vfio",
		"/sys/class/vfio-dev",
		"/sys/kernel/iommu_groups",
		"/dev/vfio",
		P,
		"/sys/bus/pci/drivers/i915",
		"/sys/module/mdev",
		"/sys/module/vfio",
		"/sys/module/vfio_iommu_type1",
		"/sys/devices/virtual/misc/vfio",
		"/sys/devices/virtual/mtty",
		"/sys/devices/virtual/mdpy",
		"/sys/devices/virtual/mbochs",
		"/sys/class/mtty",
		"/sys/class/mdpy",
		"/sys/class/mbochs",
		"/sys/module/mtty",
		"/sys/module/mdpy",
		"/sys/module/mbochs",
	};
	struct json_object *seen = json_object_new_object();
	char text[65536];
	size_t lines = 0;
	FILE *recording = fopen(file, "re");
	struct fake_node node;

	assert_non_null(recording);
	while (fgets(text, sizeof(text), recording)) {
		struct json_object *line = json_tokener_parse(text);

		assert_non_null(line);
		compare_line(line, seen);
		json_object_put(line);
		lines++;
	}
	fclose(recording);
	assert_true(lines > 100);
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (!fake_tree_walk(tree, roots[i] + 1, &node))
			fake_tree_list(tree, node.ino, compare_extra,
				       &(struct below){ roots[i], seen });
	json_object_put(seen);
	assert_int_equal(failures, 0);
}

static struct fake_host *host_of(const char *const *gpus)
{
	struct fake_host *host = fake_host_create();
	struct fake_gpu_config config;

	for (int i = 0; gpus[i]; i++) {
		assert_int_equal(fake_gpu_config_parse(gpus[i], &config, NULL), 0);
		assert_int_equal(fake_host_add_gpu(host, &config, NULL), i);
	}
	tree = fake_tree_create(host);
	return host;
}

/* The n-th device of the recordings. */
static void create(struct fake_host *host, unsigned int n, size_t gpu, size_t type)
{
	struct vgpu_uuid uuid;

	snprintf(uuid.text, sizeof(uuid.text), "e0000000-0000-4000-8000-%012u", n);
	assert_int_equal(fake_host_create_vgpu(host, gpu, type, &uuid), 0);
}

static int make(void **state)
{
	static const char *const gpus[] = { "skylake,aperture=1G", NULL };
	struct fake_host *host = *state = host_of(gpus);

	accepted = of_gvtg;
	create(host, 1, 0, 1);
	create(host, 2, 0, 0);
	return 0;
}

static int make_samples(void **state)
{
	static const char *const gpus[] = { "mtty", "mdpy", "mbochs", NULL };
	struct fake_host *host = *state = host_of(gpus);

	accepted = of_samples;
	create(host, 1, 0, 0);
	create(host, 2, 0, 1);
	create(host, 3, 1, 0);
	create(host, 4, 1, 2);
	create(host, 5, 2, 0);
	return 0;
}

static int unmake(void **state)
{
	fake_tree_destroy(tree);
	fake_host_destroy(*state);
	return 0;
}

static void two_vgpus_look_like_a_real_kernels(void **state)
{
	(void)state;
	compare_with(FIXTURES "/linux-6.1-gvtg-two-vgpus.jsonl");
}

static void an_unbound_parent_looks_like_a_real_kernels(void **state)
{
	struct fake_node node;

	(void)state;
	assert_int_equal(fake_tree_walk(tree, "sys/bus/pci/drivers/i915/unbind", &node), 0);
	assert_int_equal(fake_tree_write(tree, node.ino, "0000:00:02.0\n", 13, NULL, NULL), 13);
	compare_with(FIXTURES "/linux-6.1-gvtg-parent-unbound.jsonl");
}

static void samples_look_like_a_real_kernels(void **state)
{
	(void)state;
	compare_with(FIXTURES "/linux-6.1-samples-five-devices.jsonl");
}

static void samples_leave_nothing_behind(void **state)
{
	char path[128];
	struct fake_node node;

	(void)state;
	for (int i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path),
			 "sys/devices/virtual/%s/e0000000-0000-4000-8000-%012d/remove",
			 i < 3	 ? "mtty/mtty"
			 : i < 5 ? "mdpy/mdpy"
				 : "mbochs/mbochs",
			 i);
		assert_int_equal(fake_tree_walk(tree, path, &node), 0);
		assert_int_equal(fake_tree_write(tree, node.ino, "1", 1, NULL, NULL), 1);
	}
	compare_with(FIXTURES "/linux-6.1-samples-all-removed.jsonl");
}

static void every_accepted_difference_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; of_gvtg[i].pattern; i++)
		if (!of_gvtg[i].used)
			fail_msg("%s: '%s' does not differ any more", of_gvtg[i].pattern,
				 aspect_names[of_gvtg[i].aspect]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_vgpus_look_like_a_real_kernels, make, unmake),
		cmocka_unit_test_setup_teardown(an_unbound_parent_looks_like_a_real_kernels, make,
						unmake),
		cmocka_unit_test_setup_teardown(samples_look_like_a_real_kernels, make_samples,
						unmake),
		cmocka_unit_test_setup_teardown(samples_leave_nothing_behind, make_samples, unmake),
		cmocka_unit_test(every_accepted_difference_is_one),
	};

	return cmocka_run_group_tests_name("tree-recording", tests, NULL, NULL);
}
