/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /sys/module: the loaded modules that a GVT-g host has, as Debian 12 builds them. What comes out
 * of a module's ELF file (sections/, notes/) is not faked.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

struct parameter {
	const char *name, *value;
	unsigned int row; /* LEAF_PARAM_*: its mode */
};

struct fake_module_profile {
	const char *name;
	const char *coresize;
	const char *version, *srcversion; /* or NULL */
	const char *uses[6]; /* modules whose symbols it uses: their holders/ name it */
	struct parameter parameters[6];
	const char *taint; /* NULL: none */
};

/* Debian builds the samples not at all: who has them has built them, without Debian's key. */
#define OUT_OF_TREE "OE\n"

#define PROPRIETARY "POE\n"

static const struct fake_module_profile profiles[] = {
	{ "mdev", "20480\n", "0.1\n", "035CECCC76FD2AF8874053A\n", { NULL }, { { NULL } } },
	{ "vfio", "49152\n", "0.3\n", "F44179E11F19FFF994DDC6A\n", { NULL }, { { NULL } } },
	{ "vfio_iommu_type1",
	  "45056\n",
	  "0.2\n",
	  "96D811079CA7C719196A48A\n",
	  { "vfio" },
	  { { "allow_unsafe_interrupts", "N\n", LEAF_PARAM_0644 },
	    { "disable_hugepages", "N\n", LEAF_PARAM_0644 },
	    { "dma_entry_limit", "65535\n", LEAF_PARAM_0644 } } },
	{ "i915",
	  "3055616\n",
	  NULL,
	  NULL,
	  { NULL },
	  { { "enable_gvt", "Y\n", LEAF_PARAM_0400 },
	    { "enable_guc", "0\n", LEAF_PARAM_0400 },
	    { "modeset", "-1\n", LEAF_PARAM_0400 } } },
	{ "mtty",
	  "24576\n",
	  "0.1\n",
	  "43B83662CF2A38CCDEE7D52\n",
	  { "mdev", "vfio" },
	  { { NULL } },
	  OUT_OF_TREE },
	{ "mdpy",
	  "16384\n",
	  NULL,
	  NULL,
	  { "mdev", "vfio" },
	  { { "count", "4\n", LEAF_PARAM_0444 } },
	  OUT_OF_TREE },
	{ "mbochs",
	  "28672\n",
	  NULL,
	  NULL,
	  { "mdev", "vfio" },
	  { { "count", "256\n", LEAF_PARAM_0444 } },
	  OUT_OF_TREE },
	{ "nvidia", "56823808\n", "535.183.04\n", NULL, { NULL }, { { NULL } }, PROPRIETARY },
	{ "nvidia_vgpu_vfio",
	  "61440\n",
	  NULL,
	  NULL,
	  { "nvidia", "mdev", "vfio" },
	  { { NULL } },
	  PROPRIETARY },
	{ "vfio_ccw", "32768\n", NULL, NULL, { "mdev", "vfio" }, { { NULL } } },
	{ "vfio_ap", "40960\n", NULL, NULL, { "mdev", "vfio" }, { { NULL } } },
	{ "vfio_mdev", "16384\n", NULL, NULL, { "mdev", "vfio" }, { { NULL } } },
	{ "kvmgt", "393216\n", NULL, NULL, { "i915", "mdev", "vfio" }, { { NULL } } },
};

static const struct fake_module_profile *profile_of(const struct fake_object *object)
{
	return fake_named_of(object)->data;
}

static const char *module_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return fake_named_of(object)->name;
}

/* As it was found, or as it usually is. */
#define TEXT_OF(field)                                                                         \
	static const char *field##_of(const struct fake_object *object)                        \
	{                                                                                      \
		const struct fake_recorded_module *recorded = fake_named_of(object)->recorded; \
                                                                                               \
		return recorded ? recorded->field : profile_of(object)->field;                 \
	}

TEXT_OF(coresize)
TEXT_OF(version)
TEXT_OF(srcversion)
TEXT_OF(taint)

static bool has_version(const struct fake_object *object)
{
	return version_of(object) != NULL;
}

static bool has_srcversion(const struct fake_object *object)
{
	return srcversion_of(object) != NULL;
}

static ssize_t read_coresize(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s", coresize_of(access->object));
}

static ssize_t read_version(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s", version_of(access->object));
}

static ssize_t read_srcversion(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s", srcversion_of(access->object));
}

static ssize_t read_taint(const struct fake_access *access, char *page)
{
	const char *taint = taint_of(access->object);

	return fake_print(page, "%s", taint ? taint : "\n");
}

/* Each module that uses it counts, and each open VFIO device counts for its driver's module. */
static ssize_t read_refcnt(const struct fake_access *access, char *page)
{
	struct fake_tree *tree = access->tree;
	const struct fake_dir *holders =
		fake_dir_find(tree, fake_object_ino(access->object, MODULE_HOLDERS));
	size_t count = holders ? holders->len : 0;

	for (size_t i = 0; i < tree->gpus_len; i++)
		if (!strcmp(tree->gpus[i]->config->profile->mdev_module,
			    fake_named_of(access->object)->name))
			count += fake_host_users(tree->host, tree->gpus[i]->gpu);
	return fake_print(page, "%zu\n", count);
}

enum {
	MODULE_SECTIONS = MODULE_PARAMETERS + 1,
	MODULE_NOTES,
	MODULE_CORESIZE,
	MODULE_INITSIZE,
	MODULE_INITSTATE,
	MODULE_REFCNT,
	MODULE_TAINT,
	MODULE_UEVENT,
	MODULE_VERSION,
	MODULE_SRCVERSION,
	ROWS,
};

static const struct fake_row rows[ROWS] = {
	[MODULE_DIR] = { FAKE_DIR(0, NULL), .make_name = module_name, .anchor_row = ROOT_MODULE },
	[MODULE_HOLDERS] = { FAKE_DIR(MODULE_DIR, "holders") },
	[MODULE_DRIVERS] = { FAKE_DIR(MODULE_DIR, "drivers"), .glue = true },
	[MODULE_PARAMETERS] = { FAKE_DIR(MODULE_DIR, "parameters"), .glue = true },
	[MODULE_SECTIONS] = { FAKE_DIR(MODULE_DIR, "sections") },
	[MODULE_NOTES] = { FAKE_DIR(MODULE_DIR, "notes") },
	[MODULE_CORESIZE] = { FAKE_ATTR(MODULE_DIR, "coresize", 0444), .read = read_coresize },
	[MODULE_INITSIZE] = { FAKE_TEXT(MODULE_DIR, "initsize", "0\n") },
	[MODULE_INITSTATE] = { FAKE_TEXT(MODULE_DIR, "initstate", "live\n") },
	[MODULE_REFCNT] = { FAKE_ATTR(MODULE_DIR, "refcnt", 0444), .read = read_refcnt },
	[MODULE_TAINT] = { FAKE_ATTR(MODULE_DIR, "taint", 0444), .read = read_taint },
	[MODULE_UEVENT] = { FAKE_ATTR(MODULE_DIR, "uevent", 0200), .write = fake_write_uevent },
	[MODULE_VERSION] = { FAKE_ATTR(MODULE_DIR, "version", 0444), .present = has_version,
			     .read = read_version },
	[MODULE_SRCVERSION] = { FAKE_ATTR(MODULE_DIR, "srcversion", 0444),
				.present = has_srcversion, .read = read_srcversion },
};

const struct fake_kind fake_kind_module = { .name = "module", .rows = rows, .rows_len = ROWS };

static void add_uses(struct fake_tree *tree, const struct fake_named_object *module)
{
	const struct fake_module_profile *profile = module->data;

	for (size_t i = 0; profile->uses[i]; i++) {
		struct fake_named_object *used = fake_module_load(tree, profile->uses[i]);

		if (used)
			fake_leaf_add(tree, fake_object_ino(&used->base, MODULE_HOLDERS),
				      module->name, LEAF_LINK,
				      fake_object_ino(&module->base, MODULE_DIR), NULL);
	}
}

static const struct fake_recorded_module *find_recorded(struct fake_tree *tree, const char *name)
{
	const struct fake_gpu_config *gpu;

	for (size_t i = 0; (gpu = fake_host_gpu(tree->host, i)); i++)
		for (size_t m = 0; m < gpu->profile->modules_len; m++)
			if (!strcmp(gpu->profile->modules[m].name, name))
				return &gpu->profile->modules[m];
	return NULL;
}

/* A module that is not known is some driver of mediated devices. */
static const struct fake_module_profile *find_profile(const char *name)
{
	static const struct fake_module_profile unknown = { .coresize = "16384\n",
							    .uses = { "mdev", "vfio" } };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(profiles); i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return &unknown;
}

static void add_parameters(struct fake_tree *tree, const struct fake_named_object *module)
{
	const struct fake_module_profile *profile = module->data;
	uint64_t dir = fake_object_ino(&module->base, MODULE_PARAMETERS);

	for (size_t i = 0; i < VGPU_ARRAY_LEN(profile->parameters); i++)
		if (profile->parameters[i].name)
			fake_leaf_add(tree, dir, profile->parameters[i].name,
				      profile->parameters[i].row, 0, profile->parameters[i].value);
	for (size_t i = 0; module->recorded && i < module->recorded->parameters_len; i++) {
		const struct fake_attribute_text *parameter = &module->recorded->parameters[i];

		if (fake_entry_find(tree, dir, parameter->name))
			fake_module_set_parameter(tree, module->name, parameter->name,
						  parameter->text);
		else
			fake_leaf_add(tree, dir, parameter->name, LEAF_PARAM_0444, 0,
				      parameter->text);
	}
}

struct fake_named_object *fake_module_load(struct fake_tree *tree, const char *name)
{
	struct fake_entry *entry = fake_entry_find(tree, ROOT_MODULE, name);
	struct fake_named_object *module;

	if (entry)
		return fake_named_of(entry->object);
	module = calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	snprintf(module->name, sizeof(module->name), "%s", name);
	module->data = find_profile(name);
	module->recorded = find_recorded(tree, name);
	if (fake_object_add(tree, &module->base, &fake_kind_module, 0))
		return NULL;
	add_parameters(tree, module);
	add_uses(tree, module);
	return module;
}

void fake_module_add_driver(struct fake_tree *tree, uint64_t module, const char *bus,
			    const struct fake_named_object *driver)
{
	char name[2 * FAKE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s:%s", bus, driver->name);
	fake_leaf_add(tree, FAKE_INO(module, MODULE_DRIVERS), name, LEAF_LINK,
		      fake_object_ino(&driver->base, DRIVER_DIR), NULL);
}

/*
 * Leaves.
 */

void fake_module_set_parameter(struct fake_tree *tree, const char *module, const char *name,
			       const char *text)
{
	struct fake_entry *entry = fake_entry_find(tree, ROOT_MODULE, module);
	struct fake_leaf_object *leaf;
	char *copy;

	if (entry)
		entry = fake_entry_find(tree, fake_object_ino(entry->object, MODULE_PARAMETERS),
					name);
	copy = entry ? strdup(text) : NULL;
	if (!copy)
		return;
	leaf = fake_container(entry->object, struct fake_leaf_object, base);
	free(leaf->text);
	leaf->text = copy;
}

static struct fake_leaf_object *leaf_of(const struct fake_object *object)
{
	return fake_container(object, struct fake_leaf_object, base);
}

static const char *leaf_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return leaf_of(object)->name;
}

static uint64_t leaf_dir(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return leaf_of(object)->dir;
}

static uint64_t leaf_target(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return leaf_of(object)->target;
}

static ssize_t read_leaf(const struct fake_access *access, char *page)
{
	const char *text = leaf_of(access->object)->text;

	return fake_print(page, "%s", text ? text : "");
}

static void leaf_finish(struct fake_object *object)
{
	free(leaf_of(object)->text);
}

/* Source: lib/kstrtox.c, kstrtobool(). Returns 'Y', 'N' or 0. */
static char parse_bool(const char *text)
{
	switch (text[0] | 0x20) {
	case 'y':
	case 't':
		return 'Y';
	case 'n':
	case 'f':
		return 'N';
	case 'o':
		return (text[1] | 0x20) == 'n' ? 'Y' : (text[1] | 0x20) == 'f' ? 'N' : 0;
	default:
		return text[0] == '1' ? 'Y' : text[0] == '0' ? 'N' : 0;
	}
}

/* A parameter that is a bool by its default takes bools, any other takes numbers. */
static ssize_t write_parameter(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_leaf_object *leaf = leaf_of(access->object);
	char value[32], *copy, *old;
	unsigned long number;
	ssize_t ret = (ssize_t)len;

	pthread_rwlock_wrlock(&access->tree->lock);
	old = leaf->text;
	if (*old == 'Y' || *old == 'N')
		snprintf(value, sizeof(value), "%c\n", parse_bool(text));
	else if (!fake_text_number(text, &number))
		snprintf(value, sizeof(value), "%lu\n", number);
	else
		value[0] = '\0';
	copy = value[0] ? strdup(value) : NULL;
	if (copy)
		leaf->text = copy;
	else
		ret = value[0] ? -ENOMEM : -EINVAL;
	fake_tree_unlock(access->tree);
	if (copy)
		free(old);
	return ret;
}

/* A leaf is one of these rows: its state says which. */
#define LEAF(row) .states = FAKE_STATE(row), .make_name = leaf_name, .anchor = leaf_dir

static const struct fake_row leaf_rows[] = {
	[LEAF_LINK] = { FAKE_LINK(0, NULL), LEAF(LEAF_LINK), .target = leaf_target },
	[LEAF_DIR] = { FAKE_DIR(0, NULL), LEAF(LEAF_DIR) },
	[LEAF_FOREIGN_LINK] = { FAKE_LINK(0, NULL), LEAF(LEAF_FOREIGN_LINK) },
	[LEAF_FILE] = { FAKE_ATTR(0, NULL, 0444), LEAF(LEAF_FILE), .read = read_leaf },
	[LEAF_PARAM_0400] = { FAKE_ATTR(0, NULL, 0400), LEAF(LEAF_PARAM_0400), .read = read_leaf },
	[LEAF_PARAM_0444] = { FAKE_ATTR(0, NULL, 0444), LEAF(LEAF_PARAM_0444), .read = read_leaf },
	[LEAF_PARAM_0644] = { FAKE_ATTR(0, NULL, 0644), LEAF(LEAF_PARAM_0644), .read = read_leaf,
			      .write = write_parameter },
};

const struct fake_kind fake_kind_leaf = {
	.name = "leaf",
	.rows = leaf_rows,
	.rows_len = VGPU_ARRAY_LEN(leaf_rows),
	.finish = leaf_finish,
};

struct fake_leaf_object *fake_leaf_add(struct fake_tree *tree, uint64_t dir, const char *name,
				       unsigned int row, uint64_t target, const char *text)
{
	size_t size = strlen(name) + 1;
	struct fake_leaf_object *leaf = calloc(1, sizeof(*leaf) + size);

	if (!leaf)
		return NULL;
	leaf->dir = dir;
	leaf->target = target;
	memcpy(leaf->name, name, size);
	if (text && !(leaf->text = strdup(text))) {
		free(leaf);
		return NULL;
	}
	return fake_object_add(tree, &leaf->base, &fake_kind_leaf, row) ? NULL : leaf;
}
