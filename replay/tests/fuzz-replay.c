/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any text as a recording. What is taken for one makes a host: its tree can be walked, every type
 * takes a vGPU or refuses it, and all of it can be recorded and redacted again.
 */

#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <replay/replay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../redact.h"

enum { NODES_MAX = 3000 };

struct walk {
	struct fake_tree *tree;
	unsigned int nodes, depth;
};

static int visit(void *data, const char *name, const struct fake_node *node)
{
	struct walk *walk = data;
	char text[4096];

	if (!*name || strchr(name, '/'))
		abort();
	if (++walk->nodes > NODES_MAX || walk->depth > 16)
		return 1;
	if (node->kind == FAKE_NODE_ATTR &&
	    fake_tree_read(walk->tree, node->ino, text, 4096) > 4096)
		abort();
	if (node->kind == FAKE_NODE_LINK)
		fake_tree_readlink(walk->tree, node->ino, text, sizeof(text));
	walk->depth++;
	if (node->kind == FAKE_NODE_DIR)
		fake_tree_list(walk->tree, node->ino, visit, walk);
	walk->depth--;
	return 0;
}

static void use(struct fake_host *host)
{
	struct fake_tree *tree = fake_tree_create(host);
	struct walk walk = { .tree = tree };

	for (size_t gpu = 0; gpu < fake_host_gpus_len(host); gpu++)
		for (size_t type = 0; type < fake_host_gpu(host, gpu)->profile->types_len; type++) {
			unsigned int left = fake_host_available(host, gpu, type);
			struct vgpu_uuid uuid;

			snprintf(uuid.text, sizeof(uuid.text), "%08zx-%04zx-4000-8000-000000000000",
				 gpu, type & 0xffff);
			if (!fake_host_create_vgpu(host, gpu, type, &uuid) && !left)
				abort(); /* nothing was left */
		}
	fake_tree_list(tree, FAKE_TREE_ROOT, visit, &walk);
	fake_tree_destroy(tree);
}

static void play(struct replay_recording *recording)
{
	const struct fake_gpu_config *configs;
	struct fake_host *host = fake_host_create();
	struct vgpu_error err = { 0 };
	size_t len;

	configs = replay_recording_gpus(recording, &len);
	if (!len)
		abort();
	if (!fake_host_add_gpus(host, configs, len, &err))
		use(host);
	else if (!err.message[0])
		abort();
	fake_host_destroy(host);
	replay_recording_destroy(recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay_recording *recording = NULL;
	struct vgpu_error err = { 0 };
	char *text = malloc(size + 1), *redacted;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!FUZZ_PARSE("input", text, size, &recording, &err))
		play(recording);
	else if (recording || err.kind != VGPU_ERROR_USAGE)
		abort();
	redacted = replay_redact(text);
	free(redacted);
	free(text);
	return 0;
}
