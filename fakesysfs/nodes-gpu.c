/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A GPU: its PCI device directory as a machine with Intel graphics shows it, its DRM nodes, and the
 * links to it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pci-config.h"
#include "tree-impl.h"

/* What needs the driver: gone while the parent is unbound. */
#define BOUND	(SHOWN | FAKE_STATE(GPU_LEAVING))
#define SHOWN	FAKE_STATE(GPU_BOUND) /* to users of graphics: what goes first */
#define PLUGGED (BOUND | FAKE_STATE(GPU_UNBOUND))

enum {
	VGA_CLASS = 0x0300,
	DRM_MAJOR = 226,
	FIRST_RENDER = 128,
	FIRST_IRQ = 128,
	RESOURCE_ROWS = 13
};

static const struct fake_gpu_config *config_of(const struct fake_object *object)
{
	return fake_gpu_of(object)->config;
}

/*
 * What it reads.
 */

static ssize_t read_vendor(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%04x\n", config_of(access->object)->profile->vendor_id);
}

static ssize_t read_device(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%04x\n", config_of(access->object)->profile->device_id);
}

static ssize_t read_subsystem_vendor(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%04x\n",
			  config_of(access->object)->profile->subsystem_vendor_id);
}

static ssize_t read_subsystem_device(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%04x\n",
			  config_of(access->object)->profile->subsystem_device_id);
}

static ssize_t read_revision(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%02x\n", config_of(access->object)->profile->revision);
}

static ssize_t read_class(const struct fake_access *access, char *page)
{
	return fake_print(page, "0x%06x\n", config_of(access->object)->profile->class_code);
}

static ssize_t read_modalias(const struct fake_access *access, char *page)
{
	char modalias[FAKE_MODALIAS_SIZE];

	fake_uevent_modalias(config_of(access->object)->profile, modalias);
	return fake_print(page, "%s\n", modalias);
}

/* The BARs, the ROM and six resources of SR-IOV, one a line. */
static ssize_t read_resource(const struct fake_access *access, char *page)
{
	const struct fake_gpu_object *gpu = fake_gpu_of(access->object);
	ssize_t len = 0;

	for (unsigned int i = 0; i < RESOURCE_ROWS; i++) {
		struct fake_pci_resource r = fake_pci_resource(gpu->config, gpu->display, i);

		len += fake_print(page + len, "0x%016llx 0x%016llx 0x%016llx\n",
				  (unsigned long long)(r.len ? r.start : 0),
				  (unsigned long long)(r.len ? r.start + r.len - 1 : 0),
				  (unsigned long long)r.flags);
	}
	return len;
}

static ssize_t read_config(const struct fake_access *access, char *page)
{
	const struct fake_gpu_object *gpu = fake_gpu_of(access->object);

	fake_pci_config(gpu->config, gpu->display, (uint8_t *)page);
	return (ssize_t)fake_pci_config_size(gpu->config);
}

/* The machine's own configuration cycles: there is nothing behind them. */
static ssize_t write_config(const struct fake_access *access, const char *text, size_t len)
{
	(void)access;
	(void)text;
	return (ssize_t)len;
}

static uint64_t config_size(const struct fake_object *object)
{
	return fake_pci_config_size(config_of(object));
}

/*
 * A BAR's file; the row's value is its number. Memory cannot be read(2), ports want the right width.
 */

static struct fake_pci_resource resource_of(const struct fake_object *object, unsigned int number)
{
	return fake_pci_resource(config_of(object), fake_gpu_of(object)->display, number);
}

#define RESOURCE_FUNCTIONS(number)                                                \
	static bool has_resource##number(const struct fake_object *object)        \
	{                                                                         \
		return resource_of(object, number).len;                           \
	}                                                                         \
	static bool has_resource##number##_wc(const struct fake_object *object)   \
	{                                                                         \
		struct fake_pci_resource resource = resource_of(object, number);  \
                                                                                  \
		return resource.len && fake_pci_resource_is_prefetch(&resource);  \
	}                                                                         \
	static uint64_t resource##number##_size(const struct fake_object *object) \
	{                                                                         \
		return resource_of(object, number).len;                           \
	}

RESOURCE_FUNCTIONS(0)
RESOURCE_FUNCTIONS(1)
RESOURCE_FUNCTIONS(2)
RESOURCE_FUNCTIONS(3)
RESOURCE_FUNCTIONS(4)
RESOURCE_FUNCTIONS(5)

static ssize_t read_bar(const struct fake_access *access, char *page)
{
	struct fake_pci_resource resource =
		resource_of(access->object, (unsigned int)access->row->value);

	(void)page;
	return fake_pci_resource_is_io(&resource) ? -EINVAL : -EIO;
}

static ssize_t read_einval(const struct fake_access *access, char *page)
{
	(void)access;
	(void)page;
	return -EINVAL;
}

/* What was recorded of that attribute, or NULL. */
static const char *recorded_text(const struct fake_object *object, const char *name)
{
	const struct fake_pci_recorded *recorded = config_of(object)->profile->recorded;

	for (size_t i = 0; recorded && i < recorded->attributes_len; i++)
		if (!strcmp(recorded->attributes[i].name, name))
			return recorded->attributes[i].text;
	return NULL;
}

/* What only its machine can say: recorded, or as of a desktop with four processors. */
static const struct {
	const char *name, *intel, *card;
} machine[] = {
	{ "ari_enabled", "0\n", "0\n" },
	{ "consistent_dma_mask_bits", "39\n", "47\n" },
	{ "current_link_speed", NULL, "8.0 GT/s PCIe\n" },
	{ "current_link_width", NULL, "16\n" },
	{ "dma_mask_bits", "39\n", "47\n" },
	{ "local_cpulist", "0-3\n", "0-3\n" },
	{ "local_cpus", "f\n", "f\n" },
	{ "max_link_speed", NULL, "8.0 GT/s PCIe\n" },
	{ "max_link_width", NULL, "16\n" },
	{ "numa_node", "-1\n", "-1\n" },
	{ "power_state", "D0\n", "D0\n" },
};

static const char *machine_text(const struct fake_object *object, const char *name)
{
	const char *text = recorded_text(object, name);

	for (size_t i = 0; !text && i < VGPU_ARRAY_LEN(machine); i++)
		if (!strcmp(machine[i].name, name))
			text = config_of(object)->profile->graphics_version ? machine[i].intel
									    : machine[i].card;
	return text;
}

static ssize_t read_machine(const struct fake_access *access, char *page)
{
	const char *text = machine_text(access->object, access->row->name);

	return fake_print(page, "%s", text ? text : "");
}

/* Is it in a slot, with lanes? What is inside the processor has none. */
static bool has_link(const struct fake_object *object)
{
	return machine_text(object, "max_link_speed") != NULL;
}

static unsigned long irq_of(const struct fake_object *object)
{
	const char *text = recorded_text(object, "irq");
	unsigned long irq;

	return text && !fake_text_number(text, &irq) ? irq
						     : FIRST_IRQ + fake_gpu_of(object)->display;
}

static ssize_t read_irq(const struct fake_access *access, char *page)
{
	return fake_print(page, "%lu\n", irq_of(access->object));
}

static const char *irq_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%lu", irq_of(object));
	return scratch;
}

static bool is_vga(const struct fake_object *object)
{
	return config_of(object)->profile->class_code >> 8 == VGA_CLASS;
}

static bool has_drm(const struct fake_object *object)
{
	return config_of(object)->profile->drm;
}

static ssize_t read_boot_vga(const struct fake_access *access, char *page)
{
	return fake_print(page, "%d\n", fake_gpu_of(access->object)->display == 0);
}

/* Has GVT-g registered it as a parent? */
static bool has_types(const struct fake_object *object)
{
	return config_of(object)->gvt == FAKE_GVT_ON;
}

static bool has_rom(const struct fake_object *object)
{
	return resource_of(object, FAKE_PCI_BARS).len;
}

static uint64_t rom_size(const struct fake_object *object)
{
	return resource_of(object, FAKE_PCI_BARS).len;
}

static ssize_t read_reset_method(const struct fake_access *access, char *page)
{
	static const char *const methods[] = { [8] = "af_flr", [9] = "flr" };
	int version = config_of(access->object)->profile->graphics_version;
	const char *text = recorded_text(access->object, "reset_method");

	return text ? fake_print(page, "%s", text)
		    : fake_print(page, "%s\n", version ? methods[version] : "bus");
}

/* `reset` and `rom` take a number and do nothing that sysfs could show. */
static ssize_t write_number(const struct fake_access *access, const char *text, size_t len)
{
	unsigned long value;

	(void)access;
	return fake_text_number(text, &value) ? -EINVAL : (ssize_t)len;
}

static ssize_t write_remove(const struct fake_access *access, const char *text, size_t len)
{
	unsigned long value;
	int ret;

	if (fake_text_number(text, &value))
		return -EINVAL;
	if (!value)
		return (ssize_t)len;
	ret = fake_gpu_unplug(access, fake_gpu_of(access->object));
	return ret == -EINTR ? ret : (ssize_t)len;
}

static ssize_t read_override(const struct fake_access *access, char *page)
{
	const char *name = fake_gpu_of(access->object)->driver_override;

	return fake_print(page, "%s\n", name ? name : "(null)");
}

/* One line; an empty one takes it back. Source: drivers/base/driver.c, driver_set_override() */
static ssize_t write_override(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_gpu_object *gpu = fake_gpu_of(access->object);
	size_t line = strcspn(text, "\n");
	char *copy, *old;

	if (len >= FAKE_PAGE - 1)
		return -EINVAL;
	copy = line ? strndup(text, line) : NULL;
	if (line && !copy)
		return -ENOMEM;
	pthread_rwlock_wrlock(&access->tree->lock);
	old = gpu->driver_override;
	gpu->driver_override = copy;
	fake_tree_unlock(access->tree);
	free(old);
	return (ssize_t)len;
}

/*
 * DRM: a primary node and a render node.
 */

static const char *card_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "card%zu", fake_gpu_of(object)->display);
	return scratch;
}

static const char *render_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "renderD%zu",
		 FIRST_RENDER + fake_gpu_of(object)->display);
	return scratch;
}

static const char *card_char_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%d:%zu", DRM_MAJOR, fake_gpu_of(object)->display);
	return scratch;
}

static const char *render_char_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%d:%zu", DRM_MAJOR,
		 FIRST_RENDER + fake_gpu_of(object)->display);
	return scratch;
}

/* The row's value is the first minor of its kind of node. */
static ssize_t read_drm_dev(const struct fake_access *access, char *page)
{
	return fake_print(page, "%d:%zu\n", DRM_MAJOR,
			  (size_t)access->row->value + fake_gpu_of(access->object)->display);
}

static ssize_t read_drm_uevent(const struct fake_access *access, char *page)
{
	size_t minor = (size_t)access->row->value + fake_gpu_of(access->object)->display;
	const char *prefix = access->row->value ? "renderD" : "card";

	return fake_print(page, "MAJOR=%d\nMINOR=%zu\nDEVNAME=dri/%s%zu\nDEVTYPE=drm_minor\n",
			  DRM_MAJOR, minor, prefix, minor);
}

enum {
	DRIVER = GPU_TYPES_DIR + 1,
	SUBSYSTEM,
	CLASS_LINK,
	BUS_LINK,
	DRIVER_LINK,
	POWER,
	POWER_UNBOUND = POWER + FAKE_POWER_ROWS,
	ARI = POWER_UNBOUND + FAKE_POWER_ROWS,
	LINK_SPEED,
	LINK_WIDTH,
	LINK_SPEED_MAX,
	LINK_WIDTH_MAX,
	BOOT_VGA,
	PARITY,
	CLASS,
	CONFIG,
	CONSISTENT_DMA,
	D3COLD,
	DEVICE,
	DMA,
	DRIVER_OVERRIDE,
	ENABLE,
	IRQ,
	LINK_DIR,
	CPULIST,
	CPUS,
	MODALIAS,
	MSI_BUS,
	MSI_IRQS,
	MSI_IRQ,
	NUMA,
	POWER_STATE,
	REMOVE,
	RESCAN,
	RESET,
	RESET_METHOD,
	RESOURCE,
	RESOURCE0,
	RESOURCE0_WC = RESOURCE0 + FAKE_PCI_BARS,
	REVISION = RESOURCE0_WC + FAKE_PCI_BARS,
	ROM,
	SUBSYSTEM_DEVICE,
	SUBSYSTEM_VENDOR,
	UEVENT,
	VENDOR,
	DRM,
	CARD,
	CARD_DEV,
	CARD_DEVICE,
	CARD_SUBSYSTEM,
	CARD_UEVENT,
	CARD_POWER,
	CARD_CLASS = CARD_POWER + FAKE_POWER_ROWS,
	CARD_CHAR,
	RENDER,
	RENDER_DEV,
	RENDER_DEVICE,
	RENDER_SUBSYSTEM,
	RENDER_UEVENT,
	RENDER_POWER,
	RENDER_CLASS = RENDER_POWER + FAKE_POWER_ROWS,
	RENDER_CHAR,
	ROWS,
};

static uint64_t the_card(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, CARD);
}

static uint64_t the_render_node(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, RENDER);
}

#define RO(name, fn) FAKE_ATTR(GPU_DIR, name, 0444), .read = (fn)
/* A switch that keeps the number that is written to it. */
#define RW(name, initial)                                                            \
	FAKE_ATTR(GPU_DIR, name, 0644), .value = (initial), .read = fake_read_value, \
					.write = fake_write_value
#define CHAR_LINK(fn, node)                                                                   \
	FAKE_LINK(0, NULL), .make_name = (fn), .anchor_row = ROOT_DEV_CHAR, .target = (node), \
			    .states = SHOWN, .present = has_drm

#define BAR(number)                                                                          \
	[RESOURCE0 + (number)] = { FAKE_ATTR(GPU_DIR, "resource" #number, 0600),             \
				   .value = (number), .present = has_resource##number,       \
				   .make_size = resource##number##_size, .read = read_bar }, \
		     [RESOURCE0_WC + (number)] = {                                           \
			     FAKE_ATTR(GPU_DIR, "resource" #number "_wc", 0600),             \
			     .value = (number), .present = has_resource##number##_wc,        \
			     .make_size = resource##number##_size, .read = read_bar          \
		     }

/* What only its machine can say: recorded, or the row's. */
#define MACHINE(name_) FAKE_ATTR(GPU_DIR, name_, 0444), .read = read_machine

static const struct fake_row rows[ROWS] = {
	[GPU_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_parent_object_name,
		      .anchor = fake_parent_home, .states = PLUGGED },
	[GPU_TYPES_DIR] = { FAKE_DIR(GPU_DIR, "mdev_supported_types"), .states = BOUND,
			    .present = has_types },
	[DRIVER] = { FAKE_LINK(GPU_DIR, "driver"), .target = fake_parent_driver, .states = BOUND },
	[SUBSYSTEM] = { FAKE_LINK(GPU_DIR, "subsystem"), .target_row = ROOT_BUS_PCI },
	[CLASS_LINK] = { FAKE_LINK(0, NULL), .make_name = fake_parent_object_name,
			 .anchor_row = ROOT_CLASS_MDEV_BUS, .target = fake_parent_object,
			 .states = BOUND, .present = has_types },
	[BUS_LINK] = { FAKE_LINK(0, NULL), .make_name = fake_parent_object_name,
		       .anchor_row = ROOT_PCI_DEVICES, .target = fake_parent_object,
		       .states = PLUGGED },
	[DRIVER_LINK] = { FAKE_LINK(0, NULL), .make_name = fake_parent_object_name,
			  .anchor = fake_parent_driver, .target = fake_parent_object,
			  .states = BOUND },
	/* the driver holds a reference of its own */
	FAKE_POWER(POWER, GPU_DIR, BOUND, 1, 1, 1, 1),
	FAKE_POWER(POWER_UNBOUND, GPU_DIR, FAKE_STATE(GPU_UNBOUND), 1, 1, 1, 0),
	[ARI] = { MACHINE("ari_enabled") },
	[LINK_SPEED] = { MACHINE("current_link_speed"), .present = has_link },
	[LINK_WIDTH] = { MACHINE("current_link_width"), .present = has_link },
	[LINK_SPEED_MAX] = { MACHINE("max_link_speed"), .present = has_link },
	[LINK_WIDTH_MAX] = { MACHINE("max_link_width"), .present = has_link },
	[BOOT_VGA] = { RO("boot_vga", read_boot_vga), .present = is_vga },
	[PARITY] = { RW("broken_parity_status", 0) },
	[CLASS] = { RO("class", read_class) },
	[CONFIG] = { FAKE_ATTR(GPU_DIR, "config", 0644), .make_size = config_size,
		     .read = read_config, .write = write_config },
	[CONSISTENT_DMA] = { MACHINE("consistent_dma_mask_bits") },
	[D3COLD] = { RW("d3cold_allowed", 1) },
	[DEVICE] = { RO("device", read_device) },
	[DMA] = { MACHINE("dma_mask_bits") },
	[DRIVER_OVERRIDE] = { FAKE_ATTR(GPU_DIR, "driver_override", 0644), .read = read_override,
			      .write = write_override },
	[ENABLE] = { RW("enable", 1) },
	[IRQ] = { RO("irq", read_irq) },
	[LINK_DIR] = { FAKE_DIR(GPU_DIR, "link") },
	[CPULIST] = { MACHINE("local_cpulist") },
	[CPUS] = { MACHINE("local_cpus") },
	[MODALIAS] = { RO("modalias", read_modalias) },
	[MSI_BUS] = { RW("msi_bus", 1) },
	[MSI_IRQS] = { FAKE_DIR(GPU_DIR, "msi_irqs"), .states = BOUND },
	[MSI_IRQ] = { FAKE_ATTR(MSI_IRQS, NULL, 0444), .make_name = irq_name, .text = "msi\n" },
	[NUMA] = { FAKE_ATTR(GPU_DIR, "numa_node", 0644), .read = read_machine,
		   .write = fake_write_eio },
	[POWER_STATE] = { MACHINE("power_state") },
	[REMOVE] = { FAKE_ATTR(GPU_DIR, "remove", 0220), .write = write_remove,
		     .ends = FAKE_ENDS(GPU_UNPLUGGED) },
	[RESCAN] = { FAKE_ATTR(GPU_DIR, "rescan", 0200), .write = fake_write_pci_rescan,
		     .ends = FAKE_ENDS(GPU_PLUGGED) },
	[RESET] = { FAKE_ATTR(GPU_DIR, "reset", 0200), .write = write_number },
	[RESET_METHOD] = { FAKE_ATTR(GPU_DIR, "reset_method", 0644), .read = read_reset_method,
			   .write = fake_write_eio },
	[RESOURCE] = { RO("resource", read_resource) },
	BAR(0),
	BAR(1),
	BAR(2),
	BAR(3),
	BAR(4),
	BAR(5),
	[REVISION] = { RO("revision", read_revision) },
	[ROM] = { FAKE_ATTR(GPU_DIR, "rom", 0600), .make_size = rom_size, .present = has_rom,
		  .read = read_einval, .write = write_number },
	[SUBSYSTEM_DEVICE] = { RO("subsystem_device", read_subsystem_device) },
	[SUBSYSTEM_VENDOR] = { RO("subsystem_vendor", read_subsystem_vendor) },
	[UEVENT] = { FAKE_ATTR(GPU_DIR, "uevent", 0644), .read = fake_read_parent_uevent,
		     .write = fake_write_uevent },
	[VENDOR] = { RO("vendor", read_vendor) },

	[DRM] = { FAKE_DIR(GPU_DIR, "drm"), .states = SHOWN, .present = has_drm },
	[CARD] = { FAKE_DIR(DRM, NULL), .make_name = card_name },
	[CARD_DEV] = { FAKE_ATTR(CARD, "dev", 0444), .read = read_drm_dev },
	[CARD_DEVICE] = { FAKE_LINK(CARD, "device"), .target = fake_parent_object },
	[CARD_SUBSYSTEM] = { FAKE_LINK(CARD, "subsystem"), .target_row = ROOT_CLASS_DRM },
	[CARD_UEVENT] = { FAKE_ATTR(CARD, "uevent", 0644), .read = read_drm_uevent,
			  .write = fake_write_uevent },
	FAKE_POWER(CARD_POWER, CARD, 0, 0, 0, 0, 0),
	[CARD_CLASS] = { FAKE_LINK(0, NULL), .make_name = card_name, .anchor_row = ROOT_CLASS_DRM,
			 .target = the_card, .states = SHOWN, .present = has_drm },
	[CARD_CHAR] = { CHAR_LINK(card_char_name, the_card) },
	[RENDER] = { FAKE_DIR(DRM, NULL), .make_name = render_name },
	[RENDER_DEV] = { FAKE_ATTR(RENDER, "dev", 0444), .value = FIRST_RENDER,
			 .read = read_drm_dev },
	[RENDER_DEVICE] = { FAKE_LINK(RENDER, "device"), .target = fake_parent_object },
	[RENDER_SUBSYSTEM] = { FAKE_LINK(RENDER, "subsystem"), .target_row = ROOT_CLASS_DRM },
	[RENDER_UEVENT] = { FAKE_ATTR(RENDER, "uevent", 0644), .value = FIRST_RENDER,
			    .read = read_drm_uevent, .write = fake_write_uevent },
	FAKE_POWER(RENDER_POWER, RENDER, 0, 0, 0, 0, 0),
	[RENDER_CLASS] = { FAKE_LINK(0, NULL), .make_name = render_name,
			   .anchor_row = ROOT_CLASS_DRM, .target = the_render_node, .states = SHOWN,
			   .present = has_drm },
	[RENDER_CHAR] = { CHAR_LINK(render_char_name, the_render_node) },
};

static void gpu_finish(struct fake_object *object)
{
	free(fake_gpu_of(object)->types);
	free(fake_gpu_of(object)->driver_override);
}

/* Source: drivers/gpu/drm/drm_drv.c, drm_dev_register(), drm_dev_unregister() */
void fake_gpu_tell_drm(struct fake_tree *tree, struct fake_gpu_object *gpu, const char *action)
{
	bool first = !strcmp(action, "add");

	if (!gpu->config->profile->drm)
		return;
	fake_tree_tell_device(tree, &gpu->base, first ? RENDER : CARD, action);
	fake_tree_tell_device(tree, &gpu->base, first ? CARD : RENDER, action);
}

const struct fake_kind fake_kind_gpu = {
	.name = "gpu",
	.rows = rows,
	.rows_len = ROWS,
	.finish = gpu_finish,
};
