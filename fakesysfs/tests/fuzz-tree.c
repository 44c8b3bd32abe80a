/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any sequence of operations on a tree and its host, each followed by a look at what must always
 * hold: nothing given out twice, nothing lost, the numbers that are shown are the ones that follow
 * from what exists.
 *
 * The input is a program: one byte an operation, the bytes after it its arguments.
 */

#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

enum {
	UUIDS = 12,
	HELD_MAX = 16,
	USERS_MAX = 16,
	FOREIGN_MAX = 16,
	VGPUS_MAX = 14,
	PATH_MAX_LEN = 512
};

static const char *const addresses[] = { "0000:00:02.0", "0000:00:03.0" };

struct run {
	const uint8_t *data;
	size_t len;
	struct fake_host *host;
	struct fake_tree *tree;
	uint64_t held[HELD_MAX], users[USERS_MAX];
	size_t held_len, users_len, foreign_len;
};

static uint8_t take(struct run *run)
{
	if (!run->len)
		return 0;
	run->len--;
	return *run->data++;
}

static struct vgpu_uuid take_uuid(struct run *run)
{
	struct vgpu_uuid uuid;

	snprintf(uuid.text, sizeof(uuid.text), "%08x-0000-4000-8000-000000000000",
		 take(run) % UUIDS);
	return uuid;
}

/* Whoever would wait goes away: there is one thread. */
static bool away(void *data)
{
	(void)data;
	return true;
}

/* Every second node that there is can be reached: which way to go is in the input. */
struct step {
	unsigned int left;
	struct fake_node node;
};

static int count_down(void *data, const char *name, const struct fake_node *node)
{
	struct step *step = data;

	(void)name;
	step->node = *node;
	return !step->left--;
}

static struct fake_node take_node(struct run *run)
{
	struct step step;

	fake_tree_get(run->tree, FAKE_TREE_ROOT, &step.node);
	for (unsigned int depth = take(run) % 12; depth && step.node.kind == FAKE_NODE_DIR;
	     depth--) {
		step.left = take(run) % 64;
		MUST(!fake_tree_list(run->tree, step.node.ino, count_down, &step));
	}
	return step.node;
}

static void write_to(struct run *run, const char *path, const char *text, size_t len)
{
	struct fake_node node;

	if (!fake_tree_walk(run->tree, path, &node)) {
		ssize_t ret = fake_tree_write(run->tree, node.ino, text, len, away, NULL);

		MUST(ret <= (ssize_t)len);
	}
}

/*
 * The operations.
 */

static void op_create(struct run *run)
{
	static const char *const types[] = { "i915-GVTg_V5_8", "i915-GVTg_V5_4", "i915-GVTg_V4_2",
					     "i915-GVTg_V4_1", "i915-GVTg_V4_8" };
	char path[PATH_MAX_LEN];
	struct vgpu_uuid uuid;

	snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s/mdev_supported_types/%s/create",
		 addresses[take(run) % 2], types[take(run) % 5]);
	uuid = take_uuid(run);
	write_to(run, path, uuid.text, 36);
}

static void op_remove(struct run *run)
{
	struct vgpu_uuid uuid = take_uuid(run);
	char path[PATH_MAX_LEN];

	snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s/%s/remove",
		 addresses[take(run) % 2], uuid.text);
	write_to(run, path, "1", 1);
}

static void op_unbind(struct run *run)
{
	write_to(run, "sys/bus/mdev/drivers/intel_vgpu_mdev/unbind", take_uuid(run).text, 36);
}

static void op_parent(struct run *run)
{
	static const char *const files[] = { "sys/bus/pci/drivers/i915/unbind",
					     "sys/bus/pci/drivers/i915/bind" };
	const char *address = addresses[take(run) % 2];
	char path[PATH_MAX_LEN];
	uint8_t what = take(run) % 4;

	snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s/remove", address);
	if (what < 2)
		write_to(run, files[what], address, 12);
	else
		write_to(run, what == 2 ? path : "sys/bus/pci/rescan", "1", 1);
}

static void op_write(struct run *run)
{
	struct fake_node node = take_node(run);
	size_t len = take(run);
	char text[256];

	for (size_t i = 0; i < len; i++)
		text[i] = (char)take(run);
	MUST(fake_tree_write(run->tree, node.ino, text, len, away, NULL) <= (ssize_t)len);
}

static void op_read(struct run *run)
{
	struct fake_node node = take_node(run), again;
	char text[4096];

	MUST(!fake_tree_get(run->tree, node.ino, &again));
	MUST(again.ino == node.ino && again.kind == node.kind && again.nlink == node.nlink);
	MUST(fake_tree_read(run->tree, node.ino, text, sizeof(text)) <= (ssize_t)sizeof(text));
	if (node.kind == FAKE_NODE_LINK)
		MUST(fake_tree_readlink(run->tree, node.ino, text, sizeof(text)) > 0);
	fake_tree_open(run->tree, node.ino, take(run));
}

static void op_setattr(struct run *run)
{
	struct fake_node node = take_node(run), again;
	mode_t mode = take(run);

	MUST(!fake_tree_setattr(run->tree, node.ino, mode, take(run), (gid_t)-1));
	MUST(!fake_tree_get(run->tree, node.ino, &again));
	MUST(again.mode == mode && again.gid == node.gid);
}

static void op_hold(struct run *run)
{
	struct fake_node node = take_node(run);

	if (run->held_len < HELD_MAX) {
		MUST(!fake_tree_hold(run->tree, node.ino));
		run->held[run->held_len++] = node.ino;
	}
}

/* What is held answers, dead or alive. */
static void op_forget(struct run *run)
{
	struct fake_node node;
	size_t which;

	if (!run->held_len)
		return;
	which = take(run) % run->held_len;
	MUST(!fake_tree_get(run->tree, run->held[which], &node));
	fake_tree_forget(run->tree, run->held[which], 1);
	run->held[which] = run->held[--run->held_len];
}

static void op_get(struct run *run)
{
	struct vgpu_uuid uuid = take_uuid(run);

	if (run->users_len < USERS_MAX &&
	    !fake_host_get_vgpu(run->host, &uuid, &run->users[run->users_len]))
		run->users_len++;
}

static void op_put(struct run *run)
{
	size_t which;

	if (!run->users_len)
		return;
	which = take(run) % run->users_len;
	fake_host_put_vgpu(run->host, run->users[which]);
	run->users[which] = run->users[--run->users_len];
}

static void op_lookup(struct run *run)
{
	struct fake_node node = take_node(run), child;
	char name[256];
	size_t len = take(run);

	for (size_t i = 0; i < len; i++)
		name[i] = (char)take(run);
	name[len] = '\0';
	if (fake_tree_walk(run->tree, name, &child))
		fake_tree_lookup(run->tree, node.ino, name, &child);
	fake_tree_get(run->tree, (uint64_t)take(run) << 8 | take(run), &child);
}

static void op_foreign(struct run *run)
{
	char path[64] = "sys/";
	size_t len = take(run) % 32;

	if (run->foreign_len++ >= FOREIGN_MAX)
		return;
	for (size_t i = 0; i < len; i++)
		path[4 + i] = (char)(take(run) % 3 ? 'a' + take(run) % 3 : '/');
	fake_tree_add_foreign(run->tree, path, take(run) % 3, "../target");
}

static void (*const ops[])(struct run *run) = {
	op_create, op_remove, op_unbind, op_parent, op_write,  op_read,	   op_setattr,
	op_hold,   op_forget, op_get,	 op_put,    op_lookup, op_foreign, op_create,
};

/*
 * What must hold.
 */

static int count_entries(void *data, const char *name, const struct fake_node *node)
{
	(void)name;
	(void)node;
	++*(size_t *)data;
	return 0;
}

static void check_pair(const struct fake_vgpu_info *a, const struct fake_vgpu_info *b)
{
	MUST(!vgpu_uuid_equal(&a->uuid, &b->uuid));
	MUST(a->serial != b->serial);
	if (!a->bound || !b->bound)
		return;
	MUST(a->iommu_group != b->iommu_group && a->vfio_dev != b->vfio_dev);
	if (a->gpu != b->gpu)
		return;
	MUST(a->vgpu_id != b->vgpu_id);
	MUST(a->aperture_offset_mib + a->type->low_gm_mib <= b->aperture_offset_mib ||
	     b->aperture_offset_mib + b->type->low_gm_mib <= a->aperture_offset_mib);
	MUST(a->high_gm_offset_mib + a->type->high_gm_mib <= b->high_gm_offset_mib ||
	     b->high_gm_offset_mib + b->type->high_gm_mib <= a->high_gm_offset_mib);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static void check_gpu(struct run *run, size_t gpu, const struct fake_vgpu_info *vgpus, size_t len)
{
	const struct fake_gpu_config *config = fake_host_gpu(run->host, gpu);
	uint32_t low = config->aperture_mib - 128;
	uint32_t high = config->ggtt_mib - config->aperture_mib - 384, fences = 28;

	for (size_t i = 0; i < len; i++) {
		const struct fake_vgpu_info *vgpu = &vgpus[i];

		if (vgpu->gpu != gpu || !vgpu->bound)
			continue;
		low -= vgpu->type->low_gm_mib;
		high -= vgpu->type->high_gm_mib;
		fences -= 4;
		MUST(vgpu->vgpu_id >= 1 && vgpu->vgpu_id <= 7);
		MUST(vgpu->aperture_offset_mib >= 128);
		MUST(vgpu->aperture_offset_mib + vgpu->type->low_gm_mib <= config->aperture_mib);
		MUST(vgpu->high_gm_offset_mib >= config->aperture_mib + 384);
		MUST(vgpu->high_gm_offset_mib + vgpu->type->high_gm_mib <= config->ggtt_mib);
	}
	for (size_t type = 0; type < config->profile->types_len; type++) {
		const struct fake_type_profile *profile = &config->profile->types[type];

		MUST(fake_host_available(run->host, gpu, type) ==
		     least(least(low / profile->low_gm_mib, high / profile->high_gm_mib),
			   fences / 4));
	}
}

static void check(struct run *run)
{
	struct fake_vgpu_info vgpus[VGPUS_MAX + UUIDS];
	size_t len = fake_host_list_vgpus(run->host, SIZE_MAX, vgpus, VGPUS_MAX + UUIDS);
	size_t on_bus = 0, entries = 0;
	char path[PATH_MAX_LEN];
	struct fake_node node;

	MUST(len <= UUIDS);
	for (size_t i = 0; i < len; i++) {
		on_bus += !vgpus[i].removing;
		MUST(vgpus[i].users == 0 || vgpus[i].bound);
		MUST(!vgpus[i].removing || vgpus[i].users);
		snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s/%s",
			 addresses[vgpus[i].gpu], vgpus[i].uuid.text);
		MUST(!fake_tree_walk(run->tree, path, &node));
		snprintf(path, sizeof(path), "dev/vfio/%u", vgpus[i].iommu_group);
		MUST(!vgpus[i].bound || !fake_tree_walk(run->tree, path, &node));
		for (size_t k = 0; k < i; k++)
			check_pair(&vgpus[i], &vgpus[k]);
	}
	check_gpu(run, 0, vgpus, len);
	check_gpu(run, 1, vgpus, len);
	MUST(!fake_tree_walk(run->tree, "sys/bus/mdev/devices", &node));
	MUST(!fake_tree_list(run->tree, node.ino, count_entries, &entries));
	/* foreign nodes may have got in there */
	MUST(entries >= on_bus && entries <= on_bus + FOREIGN_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct run run = { .data = data, .len = len, .host = fake_host_create() };
	struct fake_gpu_config config;

	fake_gpu_config_parse("kaby-lake,aperture=256M", &config, NULL);
	fake_host_add_gpu(run.host, &config, NULL);
	fake_gpu_config_parse("broadwell,aperture=1G", &config, NULL);
	fake_host_add_gpu(run.host, &config, NULL);
	run.tree = fake_tree_create(run.host);
	while (run.len) {
		ops[take(&run) % (sizeof(ops) / sizeof(ops[0]))](&run);
		check(&run);
	}
	while (run.users_len)
		op_put(&run);
	check(&run);
	fake_tree_destroy(run.tree);
	fake_host_destroy(run.host);
	return 0;
}
