/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree follows its host: what appears there gets objects here, what ends there loses them.
 */

#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

/* Cards without DRM nodes count from here, so that they take no number from a GPU. */
enum { FIRST_CARD = 32 };

/* The object of that name in a directory of the root object, made if it is not there. */
static struct fake_named_object *get_named(struct fake_tree *tree, const struct fake_kind *kind,
					   unsigned int dir, const char *name)
{
	struct fake_entry *entry = fake_entry_find(tree, dir, name);
	struct fake_named_object *object;

	if (entry)
		return fake_named_of(entry->object);
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	snprintf(object->name, sizeof(object->name), "%s", name);
	return fake_object_add(tree, &object->base, kind, 0) ? NULL : object;
}

static uint64_t get_driver(struct fake_tree *tree, const struct fake_kind *kind, const char *bus,
			   const char *name, const char *module_name)
{
	unsigned int dir = kind == &fake_kind_pci_driver ? ROOT_PCI_DRIVERS : ROOT_MDEV_DRIVERS;
	struct fake_named_object *module = fake_module_load(tree, module_name);
	bool is_new = !fake_entry_find(tree, dir, name);
	struct fake_named_object *driver = get_named(tree, kind, dir, name);

	if (!module || !driver)
		return 0;
	if (is_new) {
		driver->module = module->base.id;
		fake_module_add_driver(tree, module->base.id, bus, driver);
	}
	return driver->base.id;
}

static void add_types(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	const struct fake_gpu_profile *profile = gpu->config->profile;

	for (size_t i = 0; i < profile->types_len; i++) {
		struct fake_type_object *type;

		if (gpu->types[i] || !fake_host_type_listed(tree->host, gpu->gpu, i))
			continue;
		type = calloc(1, sizeof(*type));
		if (!type)
			return;
		type->parent = gpu;
		type->type = i;
		type->profile = &profile->types[i];
		type->base.id = FAKE_TYPE_IDS +
				((uint64_t)gpu->registrations << 24 | (uint64_t)gpu->gpu << 8 | i);
		type->has_name = profile->capacity != FAKE_CAPACITY_GVTG ||
				 fake_kernel_has(tree->kernel, FAKE_FEATURE_TYPE_NAME);
		if (!fake_object_add(tree, &type->base, &fake_kind_type, 0))
			gpu->types[i] = type;
	}
}

static void kill_types(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	for (size_t i = 0; i < gpu->config->profile->types_len; i++) {
		if (gpu->types[i])
			fake_object_kill(tree, &gpu->types[i]->base);
		gpu->types[i] = NULL;
	}
}

/* The kernel's one driver for all mdevs, or kvmgt's own. kvmgt is loaded in any case. */
static uint64_t get_mdev_driver(struct fake_tree *tree, const struct fake_gpu_profile *profile)
{
	const char *module = profile->mdev_module;

	if (!fake_module_load(tree, module))
		return 0;
	if (fake_kernel_has(tree->kernel, FAKE_FEATURE_VFIO_MDEV_MODULE))
		module = "vfio_mdev";
	else if (fake_kernel_has(tree->kernel, FAKE_FEATURE_VFIO_MDEV))
		module = "mdev";
	return get_driver(tree, &fake_kind_mdev_driver, "mdev",
			  fake_mdev_driver(tree->kernel, profile), module);
}

/* What i915 was loaded with, and what it makes of it. All GPUs share it: the last one says. */
static void set_parameters(struct fake_tree *tree, enum fake_gvt gvt)
{
	if (gvt == FAKE_GVT_OFF ||
	    (gvt == FAKE_GVT_UNSUPPORTED &&
	     fake_kernel_has(tree->kernel, FAKE_FEATURE_GVT_PARAMETER_RESET)))
		fake_module_set_parameter(tree, "i915", "enable_gvt", "N\n");
	if (gvt == FAKE_GVT_GUC)
		fake_module_set_parameter(tree, "i915", "enable_guc", "3\n");
}

/*
 * The surroundings of a parent, by its kind. True if they are there.
 */

static bool place_pci(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	const struct fake_gpu_profile *profile = gpu->config->profile;
	const char *address = gpu->config->name;
	struct fake_named_object *root;
	char name[FAKE_NAME_SIZE];

	/* "0000:00:02.0" lies below "pci0000:00" */
	snprintf(name, sizeof(name), "pci%.*s", (int)(strrchr(address, ':') - address), address);
	root = get_named(tree, &fake_kind_pci_root, ROOT_DEVICES, name);
	gpu->home = root ? fake_object_ino(&root->base, PCI_ROOT_DIR) : 0;
	gpu->subsystem = ROOT_BUS_PCI;
	gpu->driver =
		get_driver(tree, &fake_kind_pci_driver, "pci", profile->driver, profile->driver);
	gpu->display = profile->drm ? 0 : FIRST_CARD;
	for (size_t i = 0; i < tree->gpus_len; i++)
		gpu->display += tree->gpus[i]->base.kind == &fake_kind_gpu &&
				tree->gpus[i]->config->profile->drm == profile->drm;
	return gpu->driver;
}

/* A directory that holds nothing but what others hang into it. Its node number, or 0. */
static uint64_t get_dir(struct fake_tree *tree, uint64_t parent, const char *name)
{
	struct fake_entry *entry = fake_entry_find(tree, parent, name);
	struct fake_leaf_object *leaf;

	if (entry)
		return fake_object_ino(entry->object, entry->row);
	leaf = fake_leaf_add(tree, parent, name, LEAF_DIR, 0, NULL);
	return leaf ? fake_object_ino(&leaf->base, LEAF_DIR) : 0;
}

static bool place_virtual(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	const char *class = gpu->config->profile->driver;

	gpu->home = get_dir(tree, ROOT_VIRTUAL, class);
	gpu->subsystem = get_dir(tree, ROOT_CLASS, class);
	return gpu->subsystem;
}

/* A bus of its own, with the one driver; the device lies in @home. */
static bool place_on_bus(struct fake_tree *tree, struct fake_gpu_object *gpu, const char *bus_name,
			 uint64_t home)
{
	const char *name = gpu->config->profile->driver;
	struct fake_named_object *bus = get_named(tree, &fake_kind_bus, ROOT_BUS, bus_name);
	struct fake_named_object *module =
		fake_module_load(tree, gpu->config->profile->mdev_module);
	struct fake_named_object *driver;
	struct fake_entry *entry;

	if (!bus || !module)
		return false;
	gpu->home = home;
	gpu->subsystem = fake_object_ino(&bus->base, BUS_DIR);
	entry = fake_entry_find(tree, fake_object_ino(&bus->base, BUS_DRIVERS), name);
	if (entry) {
		gpu->driver = entry->object->id;
		return true;
	}
	driver = calloc(1, sizeof(*driver));
	if (!driver)
		return false;
	snprintf(driver->name, sizeof(driver->name), "%s", name);
	driver->bus = bus->base.id;
	driver->module = module->base.id;
	if (fake_object_add(tree, &driver->base, &fake_kind_bus_driver, 0))
		return false;
	gpu->driver = driver->base.id;
	fake_module_add_driver(tree, module->base.id, bus_name, driver);
	return true;
}

static bool place_css(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	return place_on_bus(tree, gpu, "css", get_dir(tree, ROOT_DEVICES, "css0"));
}

static bool place_ap(struct fake_tree *tree, struct fake_gpu_object *gpu)
{
	return place_on_bus(tree, gpu, "matrix", get_dir(tree, ROOT_DEVICES, "vfio_ap"));
}

static const struct {
	const struct fake_kind *kind;
	bool (*place)(struct fake_tree *tree, struct fake_gpu_object *gpu);
} parents[FAKE_PARENT_KINDS] = {
	[FAKE_PARENT_PCI] = { &fake_kind_gpu, place_pci },
	[FAKE_PARENT_VIRTUAL] = { &fake_kind_virtual, place_virtual },
	[FAKE_PARENT_CSS] = { &fake_kind_css, place_css },
	[FAKE_PARENT_AP] = { &fake_kind_ap, place_ap },
};

/* What its modules were loaded with. */
static void set_parent_parameters(struct fake_tree *tree, const struct fake_gpu_config *config)
{
	const struct fake_gpu_profile *profile = config->profile;
	char text[16];

	set_parameters(tree, config->gvt);
	snprintf(text, sizeof(text), "%u\n", config->units);
	if (profile->units_parameter)
		fake_module_set_parameter(tree, profile->mdev_module, profile->units_parameter,
					  text);
}

static struct fake_gpu_object *make_gpu(struct fake_tree *tree, size_t index)
{
	const struct fake_gpu_config *config = fake_host_gpu(tree->host, index);
	struct fake_gpu_object *gpu = calloc(1, sizeof(*gpu));
	bool placed;

	if (gpu)
		gpu->types = calloc(config->profile->types_len, sizeof(struct fake_type_object *));
	if (!gpu || !gpu->types) {
		free(gpu);
		return NULL;
	}
	gpu->gpu = index;
	gpu->config = config;
	placed = parents[config->profile->kind].place(tree, gpu) && gpu->home;
	if (config->gvt != FAKE_GVT_NO_MODULE)
		gpu->mdev_driver = get_mdev_driver(tree, config->profile);
	set_parent_parameters(tree, config);
	if (!placed || (!gpu->mdev_driver && config->gvt != FAKE_GVT_NO_MODULE)) {
		free(gpu->types);
		free(gpu);
		return NULL;
	}
	return gpu;
}

static void add_gpu(struct fake_tree *tree, size_t index)
{
	struct fake_gpu_object **gpus, *gpu;

	if (index != tree->gpus_len)
		return; /* it is there */
	gpus = realloc(tree->gpus, (index + 1) * sizeof(*gpus));
	if (!gpus)
		return;
	tree->gpus = gpus;
	fake_module_load(tree, "vfio_iommu_type1");
	gpu = make_gpu(tree, index);
	if (!gpu ||
	    fake_object_add(tree, &gpu->base, parents[gpu->config->profile->kind].kind,
			    fake_host_registered(tree->host, index) ? GPU_BOUND : GPU_UNBOUND))
		return;
	tree->gpus[tree->gpus_len++] = gpu;
	add_types(tree, gpu);
}

static struct fake_vgpu_object *find_vgpu(struct fake_tree *tree, uint64_t serial)
{
	fake_hash_each(node, &tree->vgpus, fake_hash_number(serial))
	{
		struct fake_vgpu_object *vgpu =
			fake_container(node, struct fake_vgpu_object, by_serial);

		if (vgpu->info.serial == serial)
			return vgpu;
	}
	return NULL;
}

static bool add_vgpu(struct fake_tree *tree, const struct fake_vgpu_info *info, unsigned int state)
{
	struct fake_gpu_object *gpu = info->gpu < tree->gpus_len ? tree->gpus[info->gpu] : NULL;
	struct fake_type_object *type =
		gpu ? gpu->types[info->type - gpu->config->profile->types] : NULL;
	struct fake_vgpu_object *vgpu;

	if (!type || find_vgpu(tree, info->serial))
		return false;
	vgpu = calloc(1, sizeof(*vgpu));
	if (!vgpu)
		return false;
	vgpu->info = *info;
	vgpu->parent = gpu->base.id;
	vgpu->type = type->base.id;
	vgpu->driver = gpu->mdev_driver;
	vgpu->remove_gone =
		state == VGPU_ADDED && !fake_kernel_has(tree->kernel, FAKE_FEATURE_REMOVE_FIRST);
	if (fake_hash_insert(&tree->vgpus, &vgpu->by_serial, fake_hash_number(info->serial))) {
		free(vgpu);
		return false;
	}
	vgpu->base.id = FAKE_VGPU_IDS + info->serial;
	return !fake_object_add(tree, &vgpu->base, &fake_kind_vgpu, state);
}

static unsigned int state_of(const struct fake_vgpu_info *info)
{
	if (!info->bound)
		return info->removing ? VGPU_REMOVING_UNBOUND : VGPU_UNBOUND;
	return info->removing ? VGPU_REMOVING : VGPU_BOUND;
}

/*
 * A vGPU appears in steps, and each uevent comes when what it tells of is there, and no more. Source:
 * drivers/vfio/mdev/mdev_core.c, mdev_device_create(); drivers/base/core.c, device_add();
 * recordings of 5.10 and 6.1
 */
static void create_vgpu(struct fake_tree *tree, const struct fake_vgpu_info *info)
{
	static const unsigned int states[FAKE_UEVENT_PARTS + 1] = { VGPU_ADDED, VGPU_GROUPED,
								    VGPU_DRIVEN, VGPU_BOUND };
	struct fake_vgpu_object *vgpu;
	bool added;

	pthread_rwlock_wrlock(&tree->lock);
	/* one that is made again may be without a driver */
	added = add_vgpu(tree, info, info->bound ? states[0] : state_of(info));
	fake_tree_unlock(tree);
	if (!added || !info->bound)
		return; /* it may have been there when the tree was made */
	for (unsigned int part = 0; part < FAKE_UEVENT_PARTS; part++) {
		fake_tree_tell_host(tree, FAKE_HOST_VGPU_CREATED, part, info);
		pthread_rwlock_wrlock(&tree->lock);
		vgpu = find_vgpu(tree, info->serial);
		if (part + 1 == FAKE_UEVENT_PARTS)
			vgpu->remove_gone = false;
		fake_object_set_state(tree, &vgpu->base, states[part + 1]);
		fake_tree_unlock(tree);
	}
}

static void change_vgpu(struct fake_tree *tree, uint64_t serial, enum fake_host_event event)
{
	struct fake_vgpu_object *vgpu = find_vgpu(tree, serial);
	bool removing, bound;

	if (!vgpu)
		return;
	if (event == FAKE_HOST_VGPU_REMOVED) {
		fake_hash_remove(&tree->vgpus, &vgpu->by_serial);
		fake_object_kill(tree, &vgpu->base);
		return;
	}
	removing = event == FAKE_HOST_VGPU_REMOVING || vgpu->base.state == VGPU_REMOVING ||
		   vgpu->base.state == VGPU_REMOVING_UNBOUND;
	bound = event != FAKE_HOST_VGPU_UNBOUND && vgpu->base.state != VGPU_UNBOUND &&
		vgpu->base.state != VGPU_REMOVING_UNBOUND;
	if (removing)
		fake_object_set_state(tree, &vgpu->base,
				      bound ? VGPU_REMOVING : VGPU_REMOVING_UNBOUND);
	else
		fake_object_set_state(tree, &vgpu->base, bound ? VGPU_UNBINDING : VGPU_UNBOUND);
}

static void change_gpu(struct fake_tree *tree, size_t index, bool registered)
{
	struct fake_gpu_object *gpu = index < tree->gpus_len ? tree->gpus[index] : NULL;

	if (!gpu)
		return;
	if (registered) {
		gpu->registrations++;
		fake_object_set_state(tree, &gpu->base, GPU_BOUND);
		add_types(tree, gpu);
	} else {
		kill_types(tree, gpu);
		fake_object_set_state(tree, &gpu->base, GPU_UNBOUND);
	}
}

/* What its driver shows to users of graphics, beside vGPUs: it goes before they do. */
static void show_drm(struct fake_tree *tree, size_t index, bool shown)
{
	struct fake_gpu_object *gpu = index < tree->gpus_len ? tree->gpus[index] : NULL;

	if (gpu && gpu->config->profile->drm)
		fake_object_set_state(tree, &gpu->base, shown ? GPU_BOUND : GPU_LEAVING);
}

/*
 * The uevents of what follow() has shown. Source: drivers/gpu/drm/i915/i915_driver.c, i915_driver_probe(),
 * which registers the parent before DRM's nodes; i915_driver_remove(); drivers/base/dd.c
 */
static void tell(struct fake_tree *tree, enum fake_host_event event,
		 const struct fake_vgpu_info *vgpu)
{
	struct fake_gpu_object *gpu = vgpu->gpu < tree->gpus_len ? tree->gpus[vgpu->gpu] : NULL;

	fake_tree_tell_host(tree, event, FAKE_UEVENTS_OF_DEVICE, vgpu);
	if (gpu && event == FAKE_HOST_GPU_UNREGISTERING)
		fake_gpu_tell_drm(tree, gpu, "remove");
	if (gpu && (event == FAKE_HOST_GPU_REGISTERED || event == FAKE_HOST_GPU_STAYS))
		fake_gpu_tell_drm(tree, gpu, "add");
	if (event == FAKE_HOST_GPU_REGISTERED)
		fake_tree_tell_host(tree, event, FAKE_UEVENTS_OF_DRIVER, vgpu);
}

static void follow(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	struct fake_tree *tree = data;

	if (event == FAKE_HOST_VGPU_CREATED) {
		create_vgpu(tree, vgpu);
		return;
	}
	pthread_rwlock_wrlock(&tree->lock);
	switch (event) {
	case FAKE_HOST_VGPU_CREATED:
		break;
	case FAKE_HOST_VGPU_CREATE_FAILED:
		break; /* the kernel shows it for less than anybody can look */
	case FAKE_HOST_VGPU_UNBOUND:
	case FAKE_HOST_VGPU_REMOVED:
	case FAKE_HOST_VGPU_REMOVING:
	case FAKE_HOST_VGPU_UNBINDING:
		change_vgpu(tree, vgpu->serial, event);
		break;
	case FAKE_HOST_VGPU_MONITOR:
		break; /* sysfs shows nothing of it */
	case FAKE_HOST_GPU_ADDED:
		add_gpu(tree, vgpu->gpu);
		break;
	case FAKE_HOST_GPU_UNREGISTERING:
	case FAKE_HOST_GPU_STAYS:
		show_drm(tree, vgpu->gpu, event == FAKE_HOST_GPU_STAYS);
		break;
	case FAKE_HOST_GPU_UNREGISTERED:
	case FAKE_HOST_GPU_REGISTERED:
		change_gpu(tree, vgpu->gpu, event == FAKE_HOST_GPU_REGISTERED);
		break;
	case FAKE_HOST_GPU_UNPLUGGED:
	case FAKE_HOST_GPU_PLUGGED:
		if (vgpu->gpu < tree->gpus_len)
			fake_object_set_state(tree, &tree->gpus[vgpu->gpu]->base,
					      event == FAKE_HOST_GPU_UNPLUGGED ? GPU_UNPLUGGED
									       : GPU_UNBOUND);
		break;
	}
	fake_tree_unlock(tree);
	tell(tree, event, vgpu);
}

void fake_tree_follow_host(struct fake_tree *tree)
{
	_autofree_ struct fake_vgpu_info *vgpus = NULL;
	size_t len, there;

	fake_host_observe(tree->host, follow, tree);
	pthread_rwlock_wrlock(&tree->lock);
	for (size_t i = 0; i < fake_host_gpus_len(tree->host); i++)
		add_gpu(tree, i);
	/* of those that come from here on, follow() hears, and waits for the lock */
	len = fake_host_list_vgpus(tree->host, SIZE_MAX, NULL, 0);
	vgpus = calloc(len ? len : 1, sizeof(*vgpus));
	there = vgpus ? fake_host_list_vgpus(tree->host, SIZE_MAX, vgpus, len) : 0;
	for (size_t i = 0; i < there && i < len; i++)
		add_vgpu(tree, &vgpus[i], state_of(&vgpus[i]));
	fake_tree_unlock(tree);
}

void fake_tree_unfollow_host(struct fake_tree *tree)
{
	fake_host_unobserve(tree->host, follow, tree);
}
