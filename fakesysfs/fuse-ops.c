/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FUSE requests, each answered as sysfs would.
 *
 * The kernel may cache names and attributes for ever: whatever changes in the tree without a
 * request is told to it (fake_fuse_watcher) before the change's cause returns, so that nobody who
 * has seen a vGPU go can still find it. What is not there is never cached.
 */

#include <errno.h>
#include <fakesysfs/journal.h>
#include <fakesysfs/vfio-nodes.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fuse-impl.h"

#define FOR_EVER 1e9 /* seconds */

enum { PAGE = 4096, WRITE_MAX = 1 << 20 };

static struct fake_fuse *fuse_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static uint64_t tree_ino(fuse_req_t req, fuse_ino_t ino)
{
	return fake_fuse_to_tree(fuse_of(req), ino);
}

mode_t fake_fuse_type(const struct fake_node *node)
{
	switch (node->kind) {
	case FAKE_NODE_DIR:
		return S_IFDIR;
	case FAKE_NODE_LINK:
		return S_IFLNK;
	case FAKE_NODE_VFIO_CDEV:
	case FAKE_NODE_IOMMUFD:
		return S_IFCHR;
	default:
		return S_IFREG;
	}
}

static void fill_stat(const struct fake_fuse *fuse, const struct fake_node *node, struct stat *st)
{
	*st = (struct stat){
		.st_ino = node->ino,
		.st_mode = fake_fuse_type(node) | node->mode,
		.st_nlink = node->nlink,
		.st_uid = node->uid ? node->uid : fuse->options.owner_uid,
		.st_gid = node->gid ? node->gid : fuse->options.owner_gid,
		.st_rdev = node->rdev,
		.st_size = (off_t)node->size,
		.st_blksize = PAGE,
		.st_atim = fuse->born,
		.st_mtim = fuse->born,
		.st_ctim = fuse->born,
	};
}

/*
 * Nodes.
 */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	if (conn->max_write > WRITE_MAX)
		conn->max_write = WRITE_MAX; /* for which a slot has room */
	/* a truncation is a request of its own, which sysfs ignores; small messages need no pipes */
	conn->want &= ~(unsigned int)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_SPLICE_READ |
				      FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fake_fuse *fuse = fuse_of(req);
	struct fuse_entry_param entry = { .attr_timeout = FOR_EVER, .entry_timeout = FOR_EVER };
	struct fake_node node;
	int ret;

	ret = fake_tree_lookup(fuse->options.tree, tree_ino(req, parent), name, &node);
	if (!ret)
		ret = fake_tree_hold(fuse->options.tree, node.ino);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	entry.ino = node.ino;
	fill_stat(fuse, &node, &entry.attr);
	if (fuse_reply_entry(req, &entry))
		fake_tree_forget(fuse->options.tree, node.ino, 1);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t times)
{
	if (ino != FUSE_ROOT_ID)
		fake_tree_forget(fuse_of(req)->options.tree, ino, times);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		if (forgets[i].ino != FUSE_ROOT_ID)
			fake_tree_forget(fuse_of(req)->options.tree, forgets[i].ino,
					 forgets[i].nlookup);
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_of(req);
	struct fake_node node;
	struct stat st;
	int ret;

	(void)fi;
	ret = fake_tree_get(fuse->options.tree, tree_ino(req, ino), &node);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	fill_stat(fuse, &node, &st);
	st.st_ino = ino;
	fuse_reply_attr(req, &st, FOR_EVER);
}

static int set_attributes(struct fake_fuse *fuse, uint64_t ino, mode_t mode, uid_t uid, gid_t gid)
{
	struct fake_node node;
	int ret = 0;

	if (mode == (mode_t)-1 && uid == (uid_t)-1 && gid == (gid_t)-1)
		return 0; /* a size or a time */
	if (!(fake_fuse_done(fuse) & FAKE_JOURNAL_WROTE))
		ret = fake_tree_setattr(fuse->options.tree, ino, mode, uid, gid);
	if (!ret && fuse->options.journal && !fake_tree_get(fuse->options.tree, ino, &node))
		fake_journal_attributes(fuse->options.journal, &node);
	return ret;
}

/* chmod and chown stick; a size or a time is taken and ignored. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_of(req);
	mode_t mode = to_set & FUSE_SET_ATTR_MODE ? attr->st_mode & 07777 : (mode_t)-1;
	uid_t uid = to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1;
	gid_t gid = to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1;
	int ret;

	if (uid == fuse->options.owner_uid)
		uid = 0;
	if (gid == fuse->options.owner_gid)
		gid = 0;
	ret = set_attributes(fuse, tree_ino(req, ino), mode, uid, gid);
	if (ret)
		fuse_reply_err(req, -ret);
	else
		op_getattr(req, ino, fi);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char text[PAGE];
	ssize_t len = fake_fuse_fault(req, ino, FAKE_OPERATION_READLINK);

	if (!len)
		len = fake_tree_readlink(fuse_of(req)->options.tree, tree_ino(req, ino), text,
					 sizeof(text));

	if (len < 0)
		fuse_reply_err(req, (int)-len);
	else
		fuse_reply_readlink(req, text);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st = { .f_bsize = PAGE, .f_frsize = PAGE, .f_namemax = 255 };

	(void)ino;
	fuse_reply_statfs(req, &st);
}

/*
 * Open attributes. sysfs fills a buffer when reading starts at 0 (or somewhere unexpected) and
 * hands that out until it is empty. Source: fs/seq_file.c, seq_read_iter()
 */

struct handle {
	struct fake_fuse_handle base;
	pthread_mutex_t lock;
	int vfio; /* > 0: an open VFIO node */
	bool was_read;
	off_t position; /* where the next read continues */
	char *content; /* the snapshot */
	size_t len;
};

/* Is the node gone? Access mode 3 needs no mode bits. */
static bool is_dead(struct fake_fuse *fuse, uint64_t ino)
{
	return fake_tree_open(fuse->options.tree, ino, O_ACCMODE) == -ENODEV;
}

static void destroy_handle(struct fake_fuse *fuse, struct fake_fuse_handle *base)
{
	struct handle *handle = fake_container(base, struct handle, base);

	/* the leader has not given up its lead yet: no open that follows has been read */
	pthread_mutex_lock(&fuse->lock);
	fuse->releasing += handle->vfio > 0;
	pthread_mutex_unlock(&fuse->lock);
	if (handle->vfio > 0) {
		fake_fuse_hand_over(fuse);
		fuse->options.vfio->release(fuse->options.vfio_data, handle->vfio);
		pthread_mutex_lock(&fuse->lock);
		fuse->releasing--;
		pthread_cond_broadcast(&fuse->released);
		pthread_mutex_unlock(&fuse->lock);
	}
	pthread_mutex_destroy(&handle->lock);
	free(handle->content);
	free(handle);
}

static struct handle *make_handle(struct fake_fuse *fuse, uint64_t id)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	pthread_mutex_init(&handle->lock, NULL);
	handle->base.destroy = destroy_handle;
	if (!fake_fuse_add_handle(fuse, &handle->base, id))
		return handle;
	destroy_handle(fuse, &handle->base);
	return NULL;
}

/*
 * Who has closed a node, or has waited for the end of a process that had it open, may open it: the
 * kernel queues the release before close(2) and exit(2) come back, so this thread's leader has read
 * it before the open. It must have been carried out, too.
 */
static void await_releases(struct fake_fuse *fuse)
{
	pthread_mutex_lock(&fuse->lock);
	while (fuse->releasing && !atomic_load(&fuse->stopping))
		pthread_cond_wait(&fuse->released, &fuse->lock);
	pthread_mutex_unlock(&fuse->lock);
}

/* What a process before us opened begins anew: its next read takes a snapshot, wherever it is. */
static struct handle *handle_of(fuse_req_t req, const struct fuse_file_info *fi)
{
	struct fake_fuse_handle *base = fake_fuse_find_handle(fuse_of(req), fi->fh);

	return base ? fake_container(base, struct handle, base) : make_handle(fuse_of(req), fi->fh);
}

static int open_vfio(struct fake_fuse *fuse, const struct fake_node *node, struct handle *handle)
{
	if (!fuse->options.vfio)
		return -ENODEV;
	fake_fuse_hand_over(fuse);
	await_releases(fuse);
	handle->vfio = fuse->options.vfio->open(fuse->options.vfio_data, node);
	return handle->vfio < 0 ? handle->vfio : 0;
}

/*
 * What fuse_reply_open() sends, and a flag that libfuse 3.14 has no name for: as in sysfs, a write that waits
 * does not hold up another one. Before Linux 6.2 it does.
 */
static int reply_open(fuse_req_t req, uint64_t id)
{
	struct fuse_open_out out = {
		.fh = id,
		.open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH | FOPEN_PARALLEL_DIRECT_WRITES,
	};

	return fuse_reply_buf(req, (const char *)&out, sizeof(out));
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_of(req);
	struct handle *handle;
	struct fake_node node;
	int ret;

	ret = fake_tree_open(fuse->options.tree, ino, fi->flags);
	if (!ret)
		ret = fake_fuse_fault(req, ino, FAKE_OPERATION_OPEN);
	if (!ret)
		ret = fake_tree_get(fuse->options.tree, ino, &node);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	handle = make_handle(fuse, 0);
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (node.kind != FAKE_NODE_ATTR)
		ret = open_vfio(fuse, &node, handle);
	if (ret) {
		fake_fuse_end_handle(fuse, &handle->base);
		fuse_reply_err(req, -ret);
		return;
	}
	if (reply_open(req, handle->base.id))
		fake_fuse_end_handle(
			fuse, &handle->base); /* the opener was interrupted: no release will come */
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fake_fuse_handle *handle = fake_fuse_find_handle(fuse_of(req), fi->fh);

	(void)ino;
	if (handle)
		fake_fuse_end_handle(fuse_of(req), handle);
	fuse_reply_err(req, 0);
}

/* Takes a new snapshot for a read at @offset. The caller holds the handle's lock. */
static int refill(struct fake_fuse *fuse, uint64_t ino, struct handle *handle, off_t offset)
{
	char page[PAGE];
	ssize_t len = fake_tree_read(fuse->options.tree, ino, page, sizeof(page));

	if (len < 0)
		return (int)len;
	free(handle->content);
	handle->content = malloc(len ? (size_t)len : 1);
	handle->len = handle->content ? (size_t)len : 0;
	if (!handle->content)
		return -ENOMEM;
	memcpy(handle->content, page, (size_t)len);
	handle->position = offset;
	handle->was_read = true;
	return 0;
}

/* A VFIO node can be read at one place alone: see FAKE_FUSE_IDENTIFY_OFFSET. */
static void read_vfio(fuse_req_t req, const struct handle *handle, size_t size, off_t offset)
{
	int64_t vfio = handle->vfio;

	if (offset == FAKE_FUSE_IDENTIFY_OFFSET && size == sizeof(vfio))
		fuse_reply_buf(req, (const char *)&vfio, sizeof(vfio));
	else
		fuse_reply_err(req, EINVAL);
}

/* Copies out what a read gets. Its length, or a negative errno. The caller holds the lock. */
static ssize_t read_locked(struct fake_fuse *fuse, uint64_t ino, struct handle *handle, char *out,
			   size_t size, off_t offset)
{
	size_t left = 0;
	int ret = 0;

	if (!offset || offset != handle->position)
		ret = refill(fuse, ino, handle, offset);
	else if (offset >= (off_t)handle->len) /* at its end the node must be alive, no more */
		ret = is_dead(fuse, ino) ? -ENODEV : 0;
	if (ret)
		return ret;
	if (offset < (off_t)handle->len) {
		left = handle->len - (size_t)offset;
		if (left > size)
			left = size;
		memcpy(out, handle->content + offset, left);
	}
	handle->position = offset + (off_t)left;
	return (ssize_t)left;
}

/* The reply comes last: the client may then close the file, and the handle be gone. */
static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct handle *handle = handle_of(req, fi);
	char page[PAGE];
	ssize_t len;

	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (handle->vfio) {
		read_vfio(req, handle, size, offset);
		return;
	}
	if (size > sizeof(page))
		size = sizeof(page);
	len = fake_fuse_fault(req, ino, FAKE_OPERATION_READ);
	pthread_mutex_lock(&handle->lock);
	if (!len)
		len = read_locked(fuse_of(req), ino, handle, page, size, offset);
	pthread_mutex_unlock(&handle->lock);
	if (len < 0)
		fuse_reply_err(req, (int)-len);
	else
		fuse_reply_buf(req, page, (size_t)len);
}

/* Asked by a write that blocks: has its process been interrupted, or are we ending? */
struct waiting {
	fuse_req_t req;
	struct fake_fuse *fuse;
};

static bool is_cancelled(void *data)
{
	const struct waiting *waiting = data;

	fake_fuse_hand_over(waiting->fuse);
	return atomic_load(&waiting->fuse->stopping) || fuse_req_interrupted(waiting->req);
}

static ssize_t write_now(struct waiting *waiting, uint64_t ino, const char *data, size_t size)
{
	int ret = fake_fuse_fault(waiting->req, ino, FAKE_OPERATION_WRITE);

	return ret ? ret
		   : fake_tree_write(waiting->fuse->options.tree, ino, data, size, is_cancelled,
				     waiting);
}

/*
 * The same, but a process before us may have done it and been killed before it could answer: it is
 * not done twice. What it had not finished is, and if there is nothing left of it to do, that is well.
 */
static ssize_t write_once(struct waiting *waiting, uint64_t ino, const char *data, size_t size)
{
	struct fake_fuse *fuse = waiting->fuse;
	unsigned int done = fake_fuse_done(fuse);
	enum fake_keep keep;
	unsigned int ends = fake_tree_write_ends(fuse->options.tree, ino, &keep);
	ssize_t whole = (ssize_t)(size < PAGE ? size : PAGE), ret = whole;

	if (fake_fuse_outcome(fuse, &ret))
		return ret;
	if (!(done & (ends | FAKE_JOURNAL_WROTE)))
		ret = write_now(waiting, ino, data, size);
	if (done)
		fake_fuse_flush_notices(fuse);
	if (done && ret < 0)
		ret = whole;
	if (!done && ret > 0 && keep != FAKE_KEEP_NOTHING)
		fake_journal_wrote(fuse->options.journal, ino, keep, data, size);
	fake_fuse_set_outcome(fuse, ret);
	return ret;
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	const struct handle *handle = handle_of(req, fi);
	struct waiting waiting = { req, fuse_of(req) };
	ssize_t ret;

	(void)offset;
	if (!handle)
		ret = -ENOMEM;
	else if (handle->vfio)
		ret = -EINVAL;
	else if (waiting.fuse->options.journal)
		ret = write_once(&waiting, ino, data, size);
	else
		ret = write_now(&waiting, ino, data, size);
	if (ret < 0)
		fuse_reply_err(req, (int)-ret);
	else
		fuse_reply_write(req, (size_t)ret);
}

static void op_lseek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence,
		     struct fuse_file_info *fi)
{
	struct fake_node node;
	int ret = fake_tree_get(fuse_of(req)->options.tree, ino, &node);

	(void)fi;
	if (!ret && (offset < 0 || offset >= (off_t)node.size))
		ret = -ENXIO;
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_lseek(req, whence == SEEK_HOLE ? (off_t)node.size : offset);
}

/* Source: fs/kernfs/file.c, kernfs_fop_poll(): what has not been read yet counts as news */
static void op_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
		    struct fuse_pollhandle *ph)
{
	struct handle *handle = handle_of(req, fi);
	unsigned int events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	bool dead = is_dead(fuse_of(req), ino);

	if (ph)
		fuse_pollhandle_destroy(ph); /* nothing is ever notified */
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	pthread_mutex_lock(&handle->lock);
	if (!handle->vfio && (dead || !handle->was_read))
		events |= POLLERR | POLLPRI;
	pthread_mutex_unlock(&handle->lock);
	fuse_reply_poll(req, events);
}

const struct fuse_lowlevel_ops fake_fuse_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.statfs = op_statfs,
	.mknod = fake_fuse_refuse_mknod,
	.create = fake_fuse_refuse_create,
	.mkdir = fake_fuse_refuse_mkdir,
	.unlink = fake_fuse_refuse_unlink,
	.rmdir = fake_fuse_refuse_unlink,
	.symlink = fake_fuse_refuse_symlink,
	.link = fake_fuse_refuse_link,
	.rename = fake_fuse_refuse_rename,
	.open = op_open,
	.release = op_release,
	.read = op_read,
	.write = op_write,
	.lseek = op_lseek,
	.poll = op_poll,
	.opendir = fake_fuse_opendir,
	.releasedir = fake_fuse_releasedir,
	.readdir = fake_fuse_readdir,
	.fsyncdir = fake_fuse_fsyncdir,
};
