/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The smallest file system of libfuse's that can do what bench/churn does to a fake host: one GPU, one type,
 * one vGPU, at the fake's paths. It shows what the kernel's requests cost alone. Names and attributes are
 * cached for ever and taken back when they change, for which libfuse wants several threads: a name's directory
 * may be locked by a client that waits for an answer. Nothing else that a kernel does is played.
 *
 * usage: minimal-fuse [--bare] MOUNT
 * --bare: modes are not looked at and link counts are not kept: no GETATTR, the fewest requests there can be.
 */

#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOR_EVER 1e9 /* seconds */

/* Those behind DYNAMIC are made anew with each vGPU. */
enum {
	NONE,
	ROOT,
	MDEV_BUS = 4,
	GPU = 8,
	CREATE = 11,
	DEVICES = 15,
	DYNAMIC,
	VGPU = DYNAMIC,
	LINK
};

static const struct node {
	unsigned int parent;
	const char *name;
	mode_t mode;
	const char *text;
} nodes[] = {
	[ROOT] = { NONE, "", S_IFDIR | 0755 },
	{ ROOT, "sys", S_IFDIR | 0755 },
	{ 2, "class", S_IFDIR | 0755 },
	{ 3, "mdev_bus", S_IFDIR | 0755 },
	{ MDEV_BUS, "0000:00:02.0", S_IFLNK | 0777, "../../devices/pci0000:00/0000:00:02.0" },
	{ 2, "devices", S_IFDIR | 0755 },
	{ 6, "pci0000:00", S_IFDIR | 0755 },
	[GPU] = { 7, "0000:00:02.0", S_IFDIR | 0755 },
	{ GPU, "mdev_supported_types", S_IFDIR | 0755 },
	{ 9, "i915-GVTg_V5_8", S_IFDIR | 0755 },
	[CREATE] = { 10, "create", S_IFREG | 0200 },
	{ 10, "available_instances", S_IFREG | 0444, "1\n" },
	{ 2, "bus", S_IFDIR | 0755 },
	{ 13, "mdev", S_IFDIR | 0755 },
	[DEVICES] = { 14, "devices", S_IFDIR | 0755 },
	[VGPU] = { GPU, NULL, S_IFDIR | 0755 },
	[LINK] = { DEVICES, NULL, S_IFLNK | 0777 },
	{ VGPU, "remove", S_IFREG | 0200 },
};

enum { NODES = sizeof(nodes) / sizeof(nodes[0]), KINDS = NODES - DYNAMIC };

static struct fuse_session *session;
static bool bare;
static char uuid[37]; /* empty: there is no vGPU */
static fuse_ino_t generation;

static unsigned int kind_of(fuse_ino_t ino)
{
	return ino < DYNAMIC ? (unsigned int)ino : DYNAMIC + (unsigned int)(ino - DYNAMIC) % KINDS;
}

static fuse_ino_t number(unsigned int node)
{
	return node < DYNAMIC ? node : node + generation * KINDS;
}

static struct stat attributes(fuse_ino_t ino)
{
	unsigned int node = kind_of(ino);
	nlink_t links = S_ISDIR(nodes[node].mode) ? 2 : 1;

	for (unsigned int i = ROOT; i < NODES; i++)
		links += nodes[i].parent == node && S_ISDIR(nodes[i].mode) &&
			 (nodes[i].name || *uuid);
	return (struct stat){
		.st_ino = ino,
		.st_mode = nodes[node].mode,
		.st_nlink = links,
		.st_size = S_ISREG(nodes[node].mode) ? 4096 : 0,
	};
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .attr_timeout = FOR_EVER, .entry_timeout = FOR_EVER };

	for (unsigned int i = ROOT; i < NODES && !entry.ino; i++)
		if ((i < DYNAMIC || *uuid) && number(nodes[i].parent) == parent &&
		    !strcmp(nodes[i].name ? nodes[i].name : uuid, name))
			entry.ino = number(i);
	if (!entry.ino) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	entry.attr = attributes(entry.ino);
	fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	(void)fi;
	fuse_reply_attr(req, &st, FOR_EVER);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char text[128];

	snprintf(text, sizeof(text), "../../../devices/pci0000:00/0000:00:02.0/%s", uuid);
	fuse_reply_readlink(req, kind_of(ino) == LINK ? text : nodes[ino].text);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fi->noflush = 1;
	fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	const char *text = nodes[kind_of(ino)].text;

	(void)size;
	(void)fi;
	fuse_reply_buf(req, text, text && !offset ? strlen(text) : 0);
}

static void create_vgpu(const char *data, size_t size)
{
	snprintf(uuid, sizeof(uuid), "%.*s", (int)size, data);
	generation++;
	if (!bare)
		fuse_lowlevel_notify_inval_inode(session, GPU, -1, 0);
}

static void remove_vgpu(void)
{
	fuse_lowlevel_notify_inval_entry(session, DEVICES, uuid, strlen(uuid));
	fuse_lowlevel_notify_inval_entry(session, GPU, uuid, strlen(uuid));
	*uuid = '\0';
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	(void)offset;
	(void)fi;
	if (ino == CREATE)
		create_vgpu(data, size);
	else
		remove_vgpu();
	fuse_reply_write(req, size);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = op_lookup,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = op_open,
	.read = op_read,
	.write = op_write,
};

int main(int argc, char **argv)
{
	char *arguments[] = { argv[0], (char[]){ "-o" }, (char[]){ "default_permissions" }, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
	int ret;

	bare = argc == 3 && !strcmp(argv[1], "--bare");
	if (argc != 2 + bare)
		return 2;
	if (bare)
		args.argc = 1;
	session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!session || fuse_set_signal_handlers(session) ||
	    fuse_session_mount(session, argv[1 + bare]))
		return 1;
	ret = fuse_session_loop_mt(session, NULL);
	fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	fuse_session_destroy(session);
	return ret < 0;
}
