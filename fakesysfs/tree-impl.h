/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How the tree is made. Nothing of it is stored node by node: an *object* (a GPU, an mdev type, a
 * vGPU, a module) is of a *kind*, and its kind is a table of *rows*, one a node. A node number is
 * the object's number and the row's index, so nodes cost no memory and are never reused.
 *
 * A row hangs below another row of its object or, if its parent is 0, is an *entry* of a directory
 * of some other object. Which rows exist depends on the object's state: what the kernel takes away
 * while a removal waits for its last user is a bit in a row's mask.
 */

#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <fakesysfs/uevent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "hash.h"

enum {
	FAKE_NAME_SIZE = 64, /* what a make_name function may write */
	FAKE_PAGE = 4096, /* an attribute's size, and the most that it can hold */
	FAKE_ROW_BITS = 8,
	FAKE_ROWS_MAX = 1 << FAKE_ROW_BITS,
};

struct fake_object;

/** What an attribute's functions get. */
struct fake_access {
	struct fake_tree *tree;
	struct fake_object *object;
	const struct fake_row *row;
	bool (*cancelled)(void *data); /* writes: see fake_host_remove_vgpu() */
	void *cancelled_data;
};

typedef ssize_t (*fake_read_fn)(const struct fake_access *access, char *page);
/* @text is NUL-terminated, as the kernel passes it to a store function. */
typedef ssize_t (*fake_write_fn)(const struct fake_access *access, const char *text, size_t len);

/** A node of every object of a kind. */
struct fake_row {
	uint8_t parent; /* row of the same kind; 0: an entry of another object's directory */
	uint8_t anchor_row; /* parent 0: which row of the root object, if there is no anchor() */
	uint8_t target_row; /* links: likewise, if there is no target() */
	uint8_t kind; /* enum fake_node_kind */
	uint16_t mode;
	uint8_t feature; /* enum fake_feature: kernels without it do not have the node */
	bool glue; /* a directory that exists only while it has entries */
	uint32_t size; /* files that are not of the usual 4096 bytes; or make_size() */
	uint32_t states; /* bit per state of the object; 0: all */
	uint32_t
		ends; /* writes that change the host: the events that say it is done, FAKE_ENDS() */
	const char *name; /* or make_name */
	const char *(*make_name)(const struct fake_object *object, char *scratch);
	uint64_t (*anchor)(struct fake_tree *tree, const struct fake_object *object);
	uint64_t (*target)(struct fake_tree *tree, const struct fake_object *object);
	bool (*present)(const struct fake_object *object); /* besides states; optional */
	uint64_t (*make_size)(const struct fake_object *object);
	const char *text; /* what it reads; or read() */
	fake_read_fn read;
	fake_write_fn write;
	long value; /* for the functions: a default, an index */
};

#define FAKE_ENDS(event) (1U << FAKE_HOST_##event)

struct fake_kind {
	const char *name;
	const struct fake_row *rows; /* row 0 is unused */
	size_t rows_len;
	void (*finish)(struct fake_object *object); /* frees what the object owns; optional */
};

/** What a client has changed of one node: chmod, chown, a value written. */
struct fake_override {
	struct fake_override *next;
	uint8_t row;
	bool has_mode, has_uid, has_gid, has_value;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	long value;
};

/** An object's place in a directory of another. */
struct fake_entry {
	struct fake_hash_node by_name;
	struct fake_entry *prev, *next; /* of the directory */
	struct fake_object *object;
	struct fake_dir *dir; /* NULL: not attached */
	uint8_t row;
};

/** A directory that has entries. */
struct fake_dir {
	struct fake_hash_node by_ino;
	uint64_t ino;
	struct fake_entry *first;
	size_t len, subdirs;
};

/** Every object begins with this. Guarded by the tree's lock but for the atomics. */
struct fake_object {
	const struct fake_kind *kind;
	uint64_t id;
	struct fake_hash_node by_id;
	uint8_t state;
	bool dead;
	_Atomic uint64_t holds; /* who has its nodes by number: the kernel, running writes */
	_Atomic uint64_t seen[FAKE_ROWS_MAX / 64]; /* rows that have been held */
	struct fake_override *overrides;
	struct fake_entry *entries;
	size_t entries_len;
};

struct fake_gpu_object {
	struct fake_object base;
	size_t gpu;
	const struct fake_gpu_config *config;
	size_t display; /* its number among its like, for DRM nodes, irqs and BARs */
	uint64_t home, subsystem; /* node numbers: the directory that it is in, its bus or class */
	uint64_t driver, mdev_driver; /* object numbers; 0: none */
	unsigned int registrations; /* each makes new types */
	struct fake_type_object **types; /* by index of the profile; NULL: not listed */
	char *driver_override; /* NULL: none */
};

struct fake_type_object {
	struct fake_object base;
	struct fake_gpu_object *parent;
	size_t type;
	const struct fake_type_profile *profile;
	bool has_name;
};

struct fake_vgpu_object {
	struct fake_object base;
	struct fake_hash_node by_serial;
	struct fake_vgpu_info info;
	uint64_t parent, type, driver; /* object numbers */
	bool remove_gone; /* its `remove` file is used up */
	struct fake_ap_matrix *matrix; /* of vfio_ap's; NULL: nothing is assigned */
	char *params; /* of NVIDIA's; NULL: none were set */
};

/** A driver, a bus, a PCI root bus, a module: things with a name. */
struct fake_named_object {
	struct fake_object base;
	char name[FAKE_NAME_SIZE];
	uint64_t module; /* drivers: the number of their module */
	uint64_t bus; /* drivers of a bus that is an object: its number */
	const void *data; /* a module's struct fake_module_profile */
	const struct fake_recorded_module *recorded; /* modules: as it was found, or NULL */
};

/** A link, file or directory that hangs somewhere: holders, parameters, what is foreign. */
struct fake_leaf_object {
	struct fake_object base;
	uint64_t dir; /* node number */
	uint64_t target; /* links inside the tree: node number */
	char *text; /* a foreign link's text, a parameter's value; may be NULL */
	char name[];
};

/** Told without the tree's lock, after the change. */
struct fake_notice {
	uint64_t dir, ino;
	char *name; /* NULL: the directory's attributes changed */
};

struct fake_tree {
	struct fake_host *host;
	unsigned int kernel; /* the host's */
	pthread_rwlock_t lock;
	struct fake_hash objects; /* by number */
	struct fake_hash entries; /* by directory and name */
	struct fake_hash dirs; /* by node number */
	struct fake_hash vgpus; /* by serial */
	struct fake_gpu_object **gpus;
	size_t gpus_len;
	uint64_t next_id;
	bool held; /* whatever is made now, a client may have seen: see fake_tree_create_held() */
	pthread_rwlock_t watcher_lock;
	const struct fake_tree_watcher *watcher; /* changed with both locks held */
	void *watcher_data;
	struct fake_notice *notices;
	size_t notices_len, notices_max;
	pthread_rwlock_t uevents_lock;
	fake_uevent_sink uevents; /* NULL: nobody listens */
	void *uevents_data;
	struct fake_faults *faults; /* NULL: none; not guarded, set once */
};

/* Node numbers. The root object is number 0: its rows are their own node numbers. */
#define FAKE_INO(id, row) ((uint64_t)(id) << FAKE_ROW_BITS | (row))

/*
 * Most objects are numbered as they come. Those that come and go have numbers that follow from what
 * they are, so that another process can make the same tree of the same host.
 */
#define FAKE_TYPE_IDS (UINT64_C(1) << 32)
#define FAKE_VGPU_IDS (UINT64_C(1) << 52)

static inline uint64_t fake_object_ino(const struct fake_object *object, unsigned int row)
{
	return FAKE_INO(object->id, row);
}

static inline struct fake_gpu_object *fake_gpu_of(const struct fake_object *object)
{
	return fake_container(object, struct fake_gpu_object, base);
}

static inline struct fake_vgpu_object *fake_vgpu_of(const struct fake_object *object)
{
	return fake_container(object, struct fake_vgpu_object, base);
}

static inline struct fake_named_object *fake_named_of(const struct fake_object *object)
{
	return fake_container(object, struct fake_named_object, base);
}

/** Directories of the root object that others hang their entries into. */
enum fake_root_row {
	ROOT = FAKE_TREE_ROOT,
	ROOT_SYS,
	ROOT_DEV_VFIO,
	ROOT_DEV_VFIO_DEVICES,
	ROOT_BUS,
	ROOT_BUS_MDEV,
	ROOT_MDEV_DEVICES,
	ROOT_MDEV_DRIVERS,
	ROOT_BUS_PCI,
	ROOT_PCI_DEVICES,
	ROOT_PCI_DRIVERS,
	ROOT_CLASS,
	ROOT_CLASS_MDEV_BUS,
	ROOT_CLASS_VFIO,
	ROOT_CLASS_VFIO_DEV,
	ROOT_CLASS_MISC,
	ROOT_CLASS_DRM,
	ROOT_DEV_CHAR,
	ROOT_DEVICES,
	ROOT_VIRTUAL,
	ROOT_VIRTUAL_VFIO,
	ROOT_MISC_VFIO,
	ROOT_IOMMU_GROUPS,
	ROOT_MODULE,
	ROOT_PRIVATE, /* rows from here on are the root table's own business */
};

/* States of a GPU's and of a vGPU's object. */
enum { GPU_BOUND, GPU_UNBOUND, GPU_UNPLUGGED, GPU_LEAVING /* bound, without DRM */ };
enum {
	VGPU_BOUND,
	VGPU_UNBINDING,
	VGPU_UNBOUND,
	VGPU_REMOVING,
	VGPU_REMOVING_UNBOUND,
	/* while it is created, by what was told last */
	VGPU_ADDED,
	VGPU_GROUPED,
	VGPU_DRIVEN,
};
#define FAKE_STATE(state) (1U << (state))

/* Rows that other tables point to. */
enum { GPU_DIR = 1, GPU_TYPES_DIR };
enum { TYPE_DIR = 1, TYPE_DEVICES_DIR };
enum { DRIVER_DIR = 1 };
enum { PCI_ROOT_DIR = 1 };
enum { BUS_DIR = 1, BUS_DEVICES, BUS_DRIVERS };
enum { MODULE_DIR = 1, MODULE_HOLDERS, MODULE_DRIVERS, MODULE_PARAMETERS };
enum { VGPU_DIR = 1, VGPU_GROUP_DIR, VGPU_VFIO_DIR, VGPU_VFIO_DEV_DIR };
/* A leaf has one row, by what it is. */
enum {
	LEAF_LINK = 1,
	LEAF_DIR,
	LEAF_FOREIGN_LINK,
	LEAF_FILE,
	LEAF_PARAM_0400,
	LEAF_PARAM_0444,
	LEAF_PARAM_0644
};

extern const struct fake_kind fake_kind_root, fake_kind_pci_root, fake_kind_gpu, fake_kind_virtual,
	fake_kind_css, fake_kind_ap, fake_kind_bus, fake_kind_bus_driver, fake_kind_type,
	fake_kind_pci_driver, fake_kind_mdev_driver, fake_kind_module, fake_kind_vgpu,
	fake_kind_leaf;

/* The beginnings of rows. */
#define FAKE_DIR(parent_, name_) \
	.parent = (parent_), .kind = FAKE_NODE_DIR, .mode = 0755, .name = (name_)
#define FAKE_LINK(parent_, name_) \
	.parent = (parent_), .kind = FAKE_NODE_LINK, .mode = 0777, .name = (name_)
#define FAKE_ATTR(parent_, name_, mode_) \
	.parent = (parent_), .kind = FAKE_NODE_ATTR, .mode = (mode_), .name = (name_)
#define FAKE_TEXT(parent_, name_, text_) FAKE_ATTR(parent_, name_, 0444), .text = (text_)

/*
 * The ten rows of a device's power/, from row @at on. Debian builds with PM_ADVANCED_DEBUG.
 * Source: drivers/base/power/sysfs.c
 */
enum { FAKE_POWER_ROWS = 10, FAKE_POWER_CONTROL = 2 };
#define FAKE_POWER(at, dir, states_, async_, on_, active_, usage_)                         \
	[at] = { FAKE_DIR(dir, "power"), .states = (states_) },                            \
	[(at) + 1] = { FAKE_ATTR(at, "async", 0644), .value = (async_),                    \
		       .read = fake_read_power_async, .write = fake_write_power_async },   \
	[(at) + FAKE_POWER_CONTROL] = { FAKE_ATTR(at, "control", 0644), .value = (on_),    \
					.read = fake_read_power_control,                   \
					.write = fake_write_power_control },               \
	[(at) + 3] = { FAKE_ATTR(at, "autosuspend_delay_ms", 0644), .read = fake_read_eio, \
		       .write = fake_write_eio },                                          \
	[(at) + 4] = { FAKE_ATTR(at, "runtime_enabled", 0444), .value = (active_),         \
		       .read = fake_read_power_enabled },                                  \
	[(at) + 5] = { FAKE_ATTR(at, "runtime_usage", 0444), .value = (usage_),            \
		       .read = fake_read_power_usage },                                    \
	[(at) + 6] = { FAKE_TEXT(at, "runtime_active_kids", "0\n") },                      \
	[(at) + 7] = { FAKE_TEXT(at, "runtime_active_time", "0\n") },                      \
	[(at) + 8] = { FAKE_TEXT(at, "runtime_status",                                     \
				 (active_) ? "active\n" : "unsupported\n") },              \
	[(at) + 9] = { FAKE_TEXT(at, "runtime_suspended_time", "0\n") }

ssize_t fake_read_power_async(const struct fake_access *access, char *page);
ssize_t fake_write_power_async(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_power_control(const struct fake_access *access, char *page);
ssize_t fake_write_power_control(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_power_enabled(const struct fake_access *access, char *page);
ssize_t fake_read_power_usage(const struct fake_access *access, char *page);
ssize_t fake_read_eio(const struct fake_access *access, char *page);
ssize_t fake_write_eio(const struct fake_access *access, const char *text, size_t len);

/* An attribute that holds a number which writes change; its default is the row's value. */
ssize_t fake_read_value(const struct fake_access *access, char *page);
ssize_t fake_write_value(const struct fake_access *access, const char *text, size_t len);
/* Writing to `uevent`: tells of the directory that it is in. tree-uevent.c */
ssize_t fake_write_uevent(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_empty(const struct fake_access *access, char *page);

/** printf into an attribute's page. Returns the length. */
ssize_t fake_print(char *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Of a struct fake_named_object: its name, and the directory of its module. nodes-bus.c */
const char *fake_object_name(const struct fake_object *object, char *scratch);
uint64_t fake_object_module(struct fake_tree *tree, const struct fake_object *object);

/* What parents of all kinds have; the object is a struct fake_gpu_object. nodes-virtual.c */
const char *fake_parent_object_name(const struct fake_object *object, char *scratch);
uint64_t fake_parent_home(struct fake_tree *tree, const struct fake_object *object);
uint64_t fake_parent_object(struct fake_tree *tree, const struct fake_object *object);
uint64_t fake_parent_bus(struct fake_tree *tree, const struct fake_object *object);
ssize_t fake_read_parent_uevent(const struct fake_access *access, char *page);

/* The same of a parent with a driver. */
uint64_t fake_parent_driver(struct fake_tree *tree, const struct fake_object *object);
/* A driver's `bind` and `unbind`, of parents: nodes-pci.c */
ssize_t fake_write_parent_bind(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_write_parent_unbind(const struct fake_access *access, const char *text, size_t len);
/* A bus's `drivers_autoprobe`; its `drivers_probe`, the row's value being the row of `devices`. */
ssize_t fake_write_autoprobe(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_write_probe(const struct fake_access *access, const char *text, size_t len);

/* A vfio_ap device's attributes, the row's value being what they are of: nodes-ap.c */
enum fake_ap_mask { FAKE_AP_ADAPTERS, FAKE_AP_DOMAINS, FAKE_AP_CONTROL_DOMAINS, FAKE_AP_MASKS };
ssize_t fake_write_ap_assign(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_write_ap_unassign(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_ap_matrix(const struct fake_access *access, char *page);
ssize_t fake_read_ap_control_domains(const struct fake_access *access, char *page);

/* `rescan` of the PCI bus, of a root bus or of a device: nodes-pci.c */
ssize_t fake_write_pci_rescan(const struct fake_access *access, const char *text, size_t len);
/** Sends the uevents of its DRM nodes, if it has any: "add" or "remove". No locks are held. nodes-gpu.c */
void fake_gpu_tell_drm(struct fake_tree *tree, struct fake_gpu_object *gpu, const char *action);
/**
 * Takes a GPU out of its slot: its driver unbinds, then the device goes. 0 if it is out, -ENODEV, or
 * -EINTR: it stays.
 */
int fake_gpu_unplug(const struct fake_access *access, struct fake_gpu_object *gpu);

/* Below "control": nodes-control.c */
ssize_t fake_read_faults(const struct fake_access *access, char *page);
ssize_t fake_write_faults(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_monitors(const struct fake_access *access, char *page);
ssize_t fake_write_monitors(const struct fake_access *access, const char *text, size_t len);
ssize_t fake_read_guests(const struct fake_access *access, char *page);
/* ... and in nodes-pci.c, which knows of slots */
ssize_t fake_write_hotplug(const struct fake_access *access, const char *text, size_t len);

/* The kernel's ways to read what was written. */
bool fake_text_equal(const char *text, const char *word); /* sysfs_streq() */
int fake_text_number(const char *text, unsigned long *out); /* kstrtoul(text, 0) */

/*
 * Objects. All of these want the tree's lock held for writing, but for the finders.
 */
int fake_object_add(struct fake_tree *tree, struct fake_object *object,
		    const struct fake_kind *kind, unsigned int state);
/** Takes an object out; it is freed once nobody holds it. */
void fake_object_kill(struct fake_tree *tree, struct fake_object *object);
/** Takes all of them out, at the tree's end. */
void fake_tree_kill_all(struct fake_tree *tree);
/** Rows come and go as the new state says. */
void fake_object_set_state(struct fake_tree *tree, struct fake_object *object, unsigned int state);
/** Lets one row go whose present() says no from now on. */
void fake_object_drop_row(struct fake_tree *tree, struct fake_object *object, unsigned int row);
struct fake_object *fake_object_find(struct fake_tree *tree, uint64_t id);
bool fake_object_has(struct fake_tree *tree, const struct fake_object *object, unsigned int row);
const char *fake_row_name(const struct fake_object *object, unsigned int row, char *scratch);
uint64_t fake_row_parent(struct fake_tree *tree, const struct fake_object *object,
			 unsigned int row);
/** The entry of that name in another object's directory, or NULL. */
struct fake_entry *fake_entry_find(struct fake_tree *tree, uint64_t dir, const char *name);
struct fake_dir *fake_dir_find(struct fake_tree *tree, uint64_t ino);
struct fake_override *fake_override_find(const struct fake_object *object, unsigned int row);
struct fake_override *fake_override_make(struct fake_object *object, unsigned int row);

/** A row's value, as written or by default; sets it. These take the lock as they need it. */
long fake_value_get(const struct fake_access *access, unsigned int row);
int fake_value_set(const struct fake_access *access, long value);
unsigned int fake_access_row(const struct fake_access *access);

/** Ends a change: unlocks, and tells the watcher what the kernel must forget. */
void fake_tree_unlock(struct fake_tree *tree);

/** A leaf below @dir. @text is copied. NULL when out of memory. */
struct fake_leaf_object *fake_leaf_add(struct fake_tree *tree, uint64_t dir, const char *name,
				       unsigned int row, uint64_t target, const char *text);

/** Sends a uevent of a device that is there, with what its `uevent` says. No locks are held. */
void fake_tree_tell_device(struct fake_tree *tree, struct fake_object *object, unsigned int row,
			   const char *action);
/** Sends the uevents that belong to what the host has told. No locks are held. */
void fake_tree_tell_host(struct fake_tree *tree, enum fake_host_event event,
			 enum fake_uevent_part part, const struct fake_vgpu_info *vgpu);

/* Making what a host has: tree-host.c. */
void fake_tree_follow_host(struct fake_tree *tree);
void fake_tree_unfollow_host(struct fake_tree *tree);
/** The module of that name, made with what it depends on if it is not there. */
struct fake_named_object *fake_module_load(struct fake_tree *tree, const char *name);
/** Sets the text of a module's parameter, if there is such a module and parameter. */
void fake_module_set_parameter(struct fake_tree *tree, const char *module, const char *name,
			       const char *text);
/** A module's drivers/ link to a driver of a bus: "pci:i915". */
void fake_module_add_driver(struct fake_tree *tree, uint64_t module, const char *bus,
			    const struct fake_named_object *driver);
