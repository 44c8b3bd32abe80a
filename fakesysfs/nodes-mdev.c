/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mdev types, the mdev driver, and the vGPUs with all that they have around /sys and /dev/vfio.
 * Source: drivers/vfio/mdev/mdev_sysfs.c; Documentation/ABI/testing/sysfs-bus-vfio-mdev
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree-impl.h"

enum { VFIO_MAJOR = 246, UUID_LEN = VGPU_UUID_TEXT_LEN - 1 };

/*
 * A type.
 */

static struct fake_type_object *type_of(const struct fake_object *object)
{
	return fake_container(object, struct fake_type_object, base);
}

static const char *type_name(const struct fake_object *object, char *scratch)
{
	const struct fake_type_object *type = type_of(object);

	snprintf(scratch, FAKE_NAME_SIZE, "%s-%s", type->parent->config->profile->driver,
		 type->profile->name);
	return scratch;
}

static uint64_t in_types(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(&type_of(object)->parent->base, GPU_TYPES_DIR);
}

static ssize_t read_available(const struct fake_access *access, char *page)
{
	const struct fake_type_object *type = type_of(access->object);

	return fake_print(page, "%u\n",
			  fake_host_available(access->tree->host, type->parent->gpu, type->type));
}

static bool has_name(const struct fake_object *object)
{
	return type_of(object)->has_name;
}

static ssize_t read_type_name(const struct fake_access *access, char *page)
{
	const struct fake_type_profile *type = type_of(access->object)->profile;

	return fake_print(page, "%s\n", type->pretty_name ? type->pretty_name : type->name);
}

static bool has_description(const struct fake_object *object)
{
	return type_of(object)->profile->description;
}

static ssize_t read_description(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s\n", type_of(access->object)->profile->description);
}

static ssize_t read_device_api(const struct fake_access *access, char *page)
{
	return fake_print(page, "%s\n",
			  type_of(access->object)->parent->config->profile->device_api);
}

/*
 * 36 characters, and one more that the kernel does not look at.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, create_store()
 */
static ssize_t write_create(const struct fake_access *access, const char *text, size_t len)
{
	const struct fake_type_object *type = type_of(access->object);
	char first[UUID_LEN + 1] = "";
	struct vgpu_uuid uuid;
	int ret;

	if (len < UUID_LEN || len > UUID_LEN + 1)
		return -EINVAL;
	memcpy(first, text, UUID_LEN);
	if (vgpu_uuid_parse(first, &uuid))
		return -EINVAL;
	ret = fake_host_create_vgpu(access->tree->host, type->parent->gpu, type->type, &uuid);
	return ret ? ret : (ssize_t)len;
}

enum { AVAILABLE = TYPE_DEVICES_DIR + 1, CREATE, DESCRIPTION, DEVICE_API, NAME, TYPE_ROWS };

static const struct fake_row type_rows[TYPE_ROWS] = {
	[TYPE_DIR] = { FAKE_DIR(0, NULL), .make_name = type_name, .anchor = in_types },
	[TYPE_DEVICES_DIR] = { FAKE_DIR(TYPE_DIR, "devices") },
	[AVAILABLE] = { FAKE_ATTR(TYPE_DIR, "available_instances", 0444), .read = read_available },
	[CREATE] = { FAKE_ATTR(TYPE_DIR, "create", 0200), .write = write_create,
		     .ends = FAKE_ENDS(VGPU_CREATED) },
	[DESCRIPTION] = { FAKE_ATTR(TYPE_DIR, "description", 0444), .present = has_description,
			  .read = read_description },
	[DEVICE_API] = { FAKE_ATTR(TYPE_DIR, "device_api", 0444), .read = read_device_api },
	[NAME] = { FAKE_ATTR(TYPE_DIR, "name", 0444), .present = has_name, .read = read_type_name },
};

const struct fake_kind fake_kind_type = { .name = "type",
					  .rows = type_rows,
					  .rows_len = TYPE_ROWS };

/*
 * The driver of the mdev bus. It binds on creation alone: Linux 5.14 and later match nothing.
 */

static ssize_t write_bind(const struct fake_access *access, const char *text, size_t len)
{
	(void)access;
	(void)text;
	(void)len;
	return -ENODEV;
}

static ssize_t write_unbind(const struct fake_access *access, const char *text, size_t len)
{
	const struct fake_entry *entry = NULL;
	struct vgpu_uuid uuid;
	int ret = -ENODEV;

	snprintf(uuid.text, sizeof(uuid.text), "%s", text);
	if (fake_text_equal(text, uuid.text)) {
		pthread_rwlock_rdlock(&access->tree->lock);
		entry = fake_entry_find(access->tree, fake_object_ino(access->object, DRIVER_DIR),
					uuid.text);
		pthread_rwlock_unlock(&access->tree->lock);
	}
	if (entry)
		ret = fake_host_unbind_vgpu(access->tree->host, &uuid, access->cancelled,
					    access->cancelled_data);
	return ret ? ret : (ssize_t)len;
}

enum { BIND = DRIVER_DIR + 1, UNBIND, MODULE, DRIVER_UEVENT, DRIVER_ROWS };

static const struct fake_row driver_rows[DRIVER_ROWS] = {
	[DRIVER_DIR] = { FAKE_DIR(0, NULL), .make_name = fake_object_name,
			 .anchor_row = ROOT_MDEV_DRIVERS },
	[BIND] = { FAKE_ATTR(DRIVER_DIR, "bind", 0200), .write = write_bind },
	[UNBIND] = { FAKE_ATTR(DRIVER_DIR, "unbind", 0200), .write = write_unbind,
		     .ends = FAKE_ENDS(VGPU_UNBOUND) },
	[MODULE] = { FAKE_LINK(DRIVER_DIR, "module"), .target = fake_object_module },
	[DRIVER_UEVENT] = { FAKE_ATTR(DRIVER_DIR, "uevent", 0200), .write = fake_write_uevent },
};

const struct fake_kind fake_kind_mdev_driver = {
	.name = "mdev-driver",
	.rows = driver_rows,
	.rows_len = DRIVER_ROWS,
};

/*
 * A vGPU. What is left of it while its removal or unbinding waits for the last user was recorded
 * on a real kernel, 6.1.
 */

/* As it is created: what is there when it is told, then its driver and group, then the driver's attributes. */
#define ADDED	(PRESENT | FAKE_STATE(VGPU_ADDED) | DRIVEN)
#define DRIVEN	(BOUND | FAKE_STATE(VGPU_GROUPED))
#define GROUPED (DRIVEN | FAKE_STATE(VGPU_UNBINDING) | FAKE_STATE(VGPU_REMOVING))
#define BOUND	(FAKE_STATE(VGPU_BOUND) | FAKE_STATE(VGPU_DRIVEN))
/* at last, its links with its type */
#define PRESENT (FAKE_STATE(VGPU_BOUND) | FAKE_STATE(VGPU_UNBINDING) | FAKE_STATE(VGPU_UNBOUND))

static const char *uuid_name(const struct fake_object *object, char *scratch)
{
	(void)scratch;
	return fake_vgpu_of(object)->info.uuid.text;
}

static const char *group_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%u", fake_vgpu_of(object)->info.iommu_group);
	return scratch;
}

static const char *group_char_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%d:%u", VFIO_MAJOR,
		 fake_vgpu_of(object)->info.iommu_group);
	return scratch;
}

static const char *cdev_char_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "%d:%u", FAKE_CDEV_MAJOR,
		 fake_vgpu_of(object)->info.vfio_dev);
	return scratch;
}

static const char *vfio_dev_name(const struct fake_object *object, char *scratch)
{
	snprintf(scratch, FAKE_NAME_SIZE, "vfio%u", fake_vgpu_of(object)->info.vfio_dev);
	return scratch;
}

static uint64_t in_parent(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_vgpu_of(object)->parent, GPU_DIR);
}

static uint64_t in_type_devices(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_vgpu_of(object)->type, TYPE_DEVICES_DIR);
}

static uint64_t the_type(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_vgpu_of(object)->type, TYPE_DIR);
}

static uint64_t the_driver(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return FAKE_INO(fake_vgpu_of(object)->driver, DRIVER_DIR);
}

static uint64_t the_vgpu(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, VGPU_DIR);
}

static uint64_t the_group(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, VGPU_GROUP_DIR);
}

static uint64_t the_vfio_group(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, VGPU_VFIO_DIR);
}

static uint64_t the_vfio_dev(struct fake_tree *tree, const struct fake_object *object)
{
	(void)tree;
	return fake_object_ino(object, VGPU_VFIO_DEV_DIR);
}

static bool has_remove(const struct fake_object *object)
{
	return !fake_vgpu_of(object)->remove_gone;
}

static ssize_t read_uevent(const struct fake_access *access, char *page)
{
	const struct fake_vgpu_object *vgpu = fake_vgpu_of(access->object);

	if (access->object->state == VGPU_UNBOUND || access->object->state == VGPU_ADDED)
		return 0;
	return fake_print(page, "DRIVER=%s\n",
			  fake_mdev_driver(access->tree->kernel, vgpu->info.profile));
}

static ssize_t read_vgpu_id(const struct fake_access *access, char *page)
{
	return fake_print(page, "%d\n", fake_vgpu_of(access->object)->info.vgpu_id);
}

/*
 * What the drivers add to their vGPUs.
 */

#define HAS(name, value)                                                          \
	static bool name(const struct fake_object *object)                        \
	{                                                                         \
		return fake_vgpu_of(object)->info.profile->attributes == (value); \
	}

HAS(is_intel, FAKE_VGPU_INTEL)
HAS(is_mtty, FAKE_VGPU_MTTY)
HAS(is_mdpy, FAKE_VGPU_MDPY)
HAS(is_mbochs, FAKE_VGPU_MBOCHS)
HAS(is_nvidia, FAKE_VGPU_NVIDIA)
HAS(is_ap, FAKE_VGPU_AP)

static bool is_sample(const struct fake_object *object)
{
	return is_mtty(object) || is_mdpy(object) || is_mbochs(object);
}

/* Source: samples/vfio-mdev/mtty.c, sample_mdev_dev_show() */
static ssize_t read_sample(const struct fake_access *access, char *page)
{
	return fake_print(page, "This is MDEV %s\n", fake_vgpu_of(access->object)->info.uuid.text);
}

/* Source: samples/vfio-mdev/mdpy.c, resolution_show() */
static ssize_t read_resolution(const struct fake_access *access, char *page)
{
	const struct fake_type_profile *type = fake_vgpu_of(access->object)->info.type;

	return fake_print(page, "%ux%u\n", type->xres_px, type->yres_px);
}

/* Source: samples/vfio-mdev/mbochs.c, memory_show() */
static ssize_t read_memory(const struct fake_access *access, char *page)
{
	return fake_print(page, "%u MB\n", fake_vgpu_of(access->object)->info.type->units);
}

static ssize_t read_params(const struct fake_access *access, char *page)
{
	const char *params = fake_vgpu_of(access->object)->params;

	return fake_print(page, "%s\n", params ? params : "");
}

/* Plugin parameters: a line of KEY=VALUE, which a vGPU that is in use does not take any more. */
static ssize_t write_params(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_vgpu_object *vgpu = fake_vgpu_of(access->object);
	struct fake_vgpu_info info;
	char *copy, *old;

	if (!fake_host_find_vgpu(access->tree->host, &vgpu->info.uuid, &info) && info.users)
		return -EPERM;
	copy = strndup(text, strcspn(text, "\n"));
	if (!copy)
		return -ENOMEM;
	pthread_rwlock_wrlock(&access->tree->lock);
	old = vgpu->params;
	vgpu->params = copy;
	fake_tree_unlock(access->tree);
	free(old);
	return (ssize_t)len;
}

static ssize_t read_group_dev(const struct fake_access *access, char *page)
{
	return fake_print(page, "%d:%u\n", VFIO_MAJOR,
			  fake_vgpu_of(access->object)->info.iommu_group);
}

static ssize_t read_group_uevent(const struct fake_access *access, char *page)
{
	unsigned int group = fake_vgpu_of(access->object)->info.iommu_group;

	return fake_print(page, "MAJOR=%d\nMINOR=%u\nDEVNAME=vfio/%u\n", VFIO_MAJOR, group, group);
}

/* Source: drivers/vfio/device_cdev.c; minors are those of the vfio-dev's own number */
static ssize_t read_cdev(const struct fake_access *access, char *page)
{
	return fake_print(page, "%d:%u\n", FAKE_CDEV_MAJOR,
			  fake_vgpu_of(access->object)->info.vfio_dev);
}

static ssize_t read_cdev_uevent(const struct fake_access *access, char *page)
{
	unsigned int number = fake_vgpu_of(access->object)->info.vfio_dev;

	if (!fake_kernel_has(access->tree->kernel, FAKE_FEATURE_VFIO_CDEV))
		return 0;
	return fake_print(page, "MAJOR=%d\nMINOR=%u\nDEVNAME=vfio/devices/vfio%u\n",
			  FAKE_CDEV_MAJOR, number, number);
}

static ssize_t write_group_type(const struct fake_access *access, const char *text, size_t len)
{
	(void)access;
	(void)text;
	(void)len;
	return -EINVAL;
}

/*
 * The first to write takes the file away, before it knows whether the removal will succeed: if it
 * does not, because creation has not returned yet, the file is gone all the same.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, remove_store()
 */
static ssize_t write_remove(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_vgpu_object *vgpu = fake_vgpu_of(access->object);
	unsigned int row = fake_access_row(access);
	unsigned long value;
	bool waits = fake_kernel_has(access->tree->kernel, FAKE_FEATURE_REMOVE_WAITS), mine;
	int ret;

	if (fake_text_number(text, &value))
		return -EINVAL;
	if (!value)
		return (ssize_t)len;
	pthread_rwlock_wrlock(&access->tree->lock);
	mine = fake_object_has(access->tree, access->object, row);
	/* older kernels make the file anew when removal is refused: here it stays */
	if (mine && waits) {
		vgpu->remove_gone = true;
		fake_object_drop_row(access->tree, access->object, row);
	}
	fake_tree_unlock(access->tree);
	ret = mine ? fake_host_remove_vgpu(access->tree->host, &vgpu->info.uuid, access->cancelled,
					   access->cancelled_data)
		   : -ENODEV;
	return ret ? ret : (ssize_t)len;
}

enum {
	BUS_LINK = VGPU_VFIO_DEV_DIR + 1,
	TYPE_LINK,
	DRIVER_LINK,
	DRIVER,
	SUBSYSTEM,
	MDEV_TYPE,
	IOMMU_GROUP,
	UEVENT,
	REMOVE,
	POWER,
	INTEL_VGPU = POWER + FAKE_POWER_ROWS,
	VGPU_ID,
	HW_ID,
	VENDOR,
	SAMPLE_MDEV_DEV,
	RESOLUTION,
	MEMORY,
	NVIDIA,
	VGPU_PARAMS,
	VM_NAME,
	ASSIGN_ADAPTER,
	ASSIGN_DOMAIN,
	ASSIGN_CONTROL_DOMAIN,
	UNASSIGN_ADAPTER,
	UNASSIGN_DOMAIN,
	UNASSIGN_CONTROL_DOMAIN,
	MATRIX,
	CONTROL_DOMAINS,
	GUEST_MATRIX,
	VFIO_DEV,
	VFIO_DEV_DEVNUM,
	VFIO_DEV_CHAR,
	VFIO_DEV_DEVICE,
	VFIO_DEV_SUBSYSTEM,
	VFIO_DEV_UEVENT,
	VFIO_DEV_POWER,
	VFIO_DEV_CLASS = VFIO_DEV_POWER + FAKE_POWER_ROWS,
	GROUP_DEVICES,
	GROUP_DEVICE,
	GROUP_NAME,
	GROUP_RESERVED,
	GROUP_TYPE,
	VFIO_NODE,
	CDEV_NODE,
	VFIO_CLASS,
	VFIO_CHAR,
	VFIO_DEVNUM,
	VFIO_SUBSYSTEM,
	VFIO_UEVENT,
	VFIO_POWER,
	VGPU_ROWS = VFIO_POWER + FAKE_POWER_ROWS,
};

/* A link from another object's directory. */
#define LINK_IN(row_, name_, target_, states_)                                               \
	FAKE_LINK(0, NULL), .anchor_row = (row_), .make_name = (name_), .target = (target_), \
			    .states = (states_)

/* assign_X and unassign_X, three rows apart. */
#define AP_ASSIGN(row_, name_, mask_)                                                             \
	[row_] = { FAKE_ATTR(VGPU_DIR, "assign_" name_, 0200), .states = BOUND, .present = is_ap, \
		   .value = (mask_), .write = fake_write_ap_assign },                             \
	[(row_) + 3] = { FAKE_ATTR(VGPU_DIR, "unassign_" name_, 0200), .states = BOUND,           \
			 .present = is_ap, .value = (mask_), .write = fake_write_ap_unassign }

static const struct fake_row vgpu_rows[VGPU_ROWS] = {
	[VGPU_DIR] = { FAKE_DIR(0, NULL), .make_name = uuid_name, .anchor = in_parent },
	[BUS_LINK] = { LINK_IN(ROOT_MDEV_DEVICES, uuid_name, the_vgpu, ADDED) },
	[TYPE_LINK] = { FAKE_LINK(0, NULL), .anchor = in_type_devices, .make_name = uuid_name,
			.target = the_vgpu, .states = PRESENT },
	[DRIVER_LINK] = { FAKE_LINK(0, NULL), .anchor = the_driver, .make_name = uuid_name,
			  .target = the_vgpu, .states = DRIVEN },
	[DRIVER] = { FAKE_LINK(VGPU_DIR, "driver"), .target = the_driver, .states = DRIVEN },
	[SUBSYSTEM] = { FAKE_LINK(VGPU_DIR, "subsystem"), .target_row = ROOT_BUS_MDEV,
			.states = ADDED },
	[MDEV_TYPE] = { FAKE_LINK(VGPU_DIR, "mdev_type"), .target = the_type, .states = PRESENT },
	[IOMMU_GROUP] = { FAKE_LINK(VGPU_DIR, "iommu_group"), .target = the_group,
			  .states = GROUPED },
	[UEVENT] = { FAKE_ATTR(VGPU_DIR, "uevent", 0644), .read = read_uevent,
		     .write = fake_write_uevent, .states = ADDED },
	[REMOVE] = { FAKE_ATTR(VGPU_DIR, "remove", 0200), .write = write_remove,
		     .ends = FAKE_ENDS(VGPU_REMOVED), .present = has_remove, .states = ADDED },
	FAKE_POWER(POWER, VGPU_DIR, ADDED, 0, 0, 0, 0),
	[INTEL_VGPU] = { FAKE_DIR(VGPU_DIR, "intel_vgpu"), .states = BOUND, .present = is_intel },
	[VGPU_ID] = { FAKE_ATTR(INTEL_VGPU, "vgpu_id", 0444), .read = read_vgpu_id },
	[HW_ID] = { FAKE_ATTR(INTEL_VGPU, "hw_id", 0444), .feature = FAKE_FEATURE_HW_ID,
		    .read = read_vgpu_id },
	[VENDOR] = { FAKE_DIR(VGPU_DIR, "vendor"), .states = BOUND, .present = is_sample },
	[SAMPLE_MDEV_DEV] = { FAKE_ATTR(VENDOR, "sample_mdev_dev", 0444), .present = is_mtty,
			      .read = read_sample },
	[RESOLUTION] = { FAKE_ATTR(VENDOR, "resolution", 0444), .present = is_mdpy,
			 .read = read_resolution },
	[MEMORY] = { FAKE_ATTR(VENDOR, "memory", 0444), .present = is_mbochs, .read = read_memory },
	[NVIDIA] = { FAKE_DIR(VGPU_DIR, "nvidia"), .states = BOUND, .present = is_nvidia },
	[VGPU_PARAMS] = { FAKE_ATTR(NVIDIA, "vgpu_params", 0644), .read = read_params,
			  .write = write_params },
	[VM_NAME] = { FAKE_TEXT(NVIDIA, "vm_name", "\n") },
	AP_ASSIGN(ASSIGN_ADAPTER, "adapter", FAKE_AP_ADAPTERS),
	AP_ASSIGN(ASSIGN_DOMAIN, "domain", FAKE_AP_DOMAINS),
	AP_ASSIGN(ASSIGN_CONTROL_DOMAIN, "control_domain", FAKE_AP_CONTROL_DOMAINS),
	[MATRIX] = { FAKE_ATTR(VGPU_DIR, "matrix", 0444), .states = BOUND, .present = is_ap,
		     .read = fake_read_ap_matrix },
	[CONTROL_DOMAINS] = { FAKE_ATTR(VGPU_DIR, "control_domains", 0444), .states = BOUND,
			      .present = is_ap, .read = fake_read_ap_control_domains },
	[GUEST_MATRIX] = { FAKE_ATTR(VGPU_DIR, "guest_matrix", 0444), .states = BOUND,
			   .feature = FAKE_FEATURE_GUEST_MATRIX, .present = is_ap,
			   .read = fake_read_ap_matrix },

	[VFIO_DEV] = { FAKE_DIR(VGPU_DIR, "vfio-dev"), .feature = FAKE_FEATURE_VFIO_DEV,
		       .states = GROUPED },
	[VGPU_VFIO_DEV_DIR] = { FAKE_DIR(VFIO_DEV, NULL), .make_name = vfio_dev_name },
	[VFIO_DEV_DEVNUM] = { FAKE_ATTR(VGPU_VFIO_DEV_DIR, "dev", 0444),
			      .feature = FAKE_FEATURE_VFIO_CDEV, .read = read_cdev },
	[VFIO_DEV_CHAR] = { LINK_IN(ROOT_DEV_CHAR, cdev_char_name, the_vfio_dev, GROUPED),
			    .feature = FAKE_FEATURE_VFIO_CDEV },
	[VFIO_DEV_DEVICE] = { FAKE_LINK(VGPU_VFIO_DEV_DIR, "device"), .target = the_vgpu },
	[VFIO_DEV_SUBSYSTEM] = { FAKE_LINK(VGPU_VFIO_DEV_DIR, "subsystem"),
				 .target_row = ROOT_CLASS_VFIO_DEV },
	[VFIO_DEV_UEVENT] = { FAKE_ATTR(VGPU_VFIO_DEV_DIR, "uevent", 0644),
			      .read = read_cdev_uevent, .write = fake_write_uevent },
	FAKE_POWER(VFIO_DEV_POWER, VGPU_VFIO_DEV_DIR, 0, 0, 0, 0, 0),
	[VFIO_DEV_CLASS] = { LINK_IN(ROOT_CLASS_VFIO_DEV, vfio_dev_name, the_vfio_dev, GROUPED),
			     .feature = FAKE_FEATURE_VFIO_DEV },

	[VGPU_GROUP_DIR] = { FAKE_DIR(0, NULL), .make_name = group_name,
			     .anchor_row = ROOT_IOMMU_GROUPS, .states = GROUPED },
	[GROUP_DEVICES] = { FAKE_DIR(VGPU_GROUP_DIR, "devices") },
	[GROUP_DEVICE] = { FAKE_LINK(GROUP_DEVICES, NULL), .make_name = uuid_name,
			   .target = the_vgpu },
	[GROUP_NAME] = { FAKE_TEXT(VGPU_GROUP_DIR, "name", "vfio-noiommu\n"),
			 .feature = FAKE_FEATURE_GROUP_NAME },
	[GROUP_RESERVED] = { FAKE_ATTR(VGPU_GROUP_DIR, "reserved_regions", 0444),
			     .read = fake_read_empty },
	[GROUP_TYPE] = { FAKE_ATTR(VGPU_GROUP_DIR, "type", 0644), .text = "unknown\n",
			 .write = write_group_type },

	[VFIO_NODE] = { .kind = FAKE_NODE_VFIO_GROUP,
			.mode = 0600,
			.make_name = group_name,
			.anchor_row = ROOT_DEV_VFIO,
			.states = GROUPED },
	[CDEV_NODE] = { .kind = FAKE_NODE_VFIO_CDEV,
			.mode = 0600,
			.make_name = vfio_dev_name,
			.anchor_row = ROOT_DEV_VFIO_DEVICES,
			.states = GROUPED,
			.feature = FAKE_FEATURE_VFIO_CDEV },
	[VGPU_VFIO_DIR] = { FAKE_DIR(0, NULL), .make_name = group_name,
			    .anchor_row = ROOT_VIRTUAL_VFIO, .states = GROUPED },
	[VFIO_CLASS] = { LINK_IN(ROOT_CLASS_VFIO, group_name, the_vfio_group, GROUPED) },
	[VFIO_CHAR] = { LINK_IN(ROOT_DEV_CHAR, group_char_name, the_vfio_group, GROUPED) },
	[VFIO_DEVNUM] = { FAKE_ATTR(VGPU_VFIO_DIR, "dev", 0444), .read = read_group_dev },
	[VFIO_SUBSYSTEM] = { FAKE_LINK(VGPU_VFIO_DIR, "subsystem"), .target_row = ROOT_CLASS_VFIO },
	[VFIO_UEVENT] = { FAKE_ATTR(VGPU_VFIO_DIR, "uevent", 0644), .read = read_group_uevent,
			  .write = fake_write_uevent },
	FAKE_POWER(VFIO_POWER, VGPU_VFIO_DIR, 0, 0, 0, 0, 0),
};

static void vgpu_finish(struct fake_object *object)
{
	free(fake_vgpu_of(object)->params);
	free(fake_vgpu_of(object)->matrix);
}

const struct fake_kind fake_kind_vgpu = {
	.name = "vgpu",
	.rows = vgpu_rows,
	.rows_len = VGPU_ROWS,
	.finish = vgpu_finish,
};
