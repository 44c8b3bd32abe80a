/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The DMA map of a container: what guest memory a device may reach.
 * Source: drivers/vfio/vfio_iommu_type1.c of Linux 6.1
 */

#include "machine-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRY_LIMIT = 65535, /* the module's parameter dma_entry_limit */
	BATCH = 1024, /* pieces in one call of the front end */
};

struct fv_mapping {
	uint64_t first, last; /* iova, inclusive: a mapping may end at 2^64 */
	uint64_t vaddr;
	uint32_t flags; /* VFIO_DMA_MAP_FLAG_READ | _WRITE */
	bool writable; /* iommufd: a copy of it may be written to */
	int memory;
};

struct fv_dma {
	struct fv_machine *machine;
	atomic_uint refs;
	uint32_t type; /* VFIO_TYPE1_IOMMU and the like */
	uint32_t limit; /* of mappings */
	pthread_rwlock_t lock; /* guards what follows */
	bool ended;
	bool dirty_tracking;
	void *tree; /* tsearch(3) of struct fv_mapping: disjoint intervals, overlap is equality */
	uint32_t len;
};

struct fv_dma *fv_dma_create(struct fv_machine *machine, uint32_t type)
{
	struct fv_dma *dma = calloc(1, sizeof(*dma));
	pthread_rwlockattr_t attr;

	if (!dma)
		return NULL;
	dma->machine = machine;
	dma->type = type;
	dma->limit = type ? ENTRY_LIMIT : UINT32_MAX;
	atomic_init(&dma->refs, 1);
	/* readers never nest, and a busy device must not keep UNMAP_DMA waiting for ever */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&dma->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return dma;
}

struct fv_dma *fv_dma_get(struct fv_dma *dma)
{
	atomic_fetch_add(&dma->refs, 1);
	return dma;
}

void fv_dma_put(struct fv_dma *dma)
{
	if (atomic_fetch_sub(&dma->refs, 1) != 1)
		return;
	fv_dma_end(dma);
	pthread_rwlock_destroy(&dma->lock);
	free(dma);
}

static int compare(const void *left, const void *right)
{
	const struct fv_mapping *a = left, *b = right;

	return a->last < b->first ? -1 : a->first > b->last;
}

/* any mapping that overlaps the interval */
static struct fv_mapping *find(struct fv_dma *dma, uint64_t first, uint64_t last)
{
	struct fv_mapping key = { .first = first, .last = last };
	void *node = tfind(&key, &dma->tree, compare);

	return node ? *(struct fv_mapping **)node : NULL;
}

static void drop(struct fv_dma *dma, struct fv_mapping *mapping)
{
	struct fv_machine *machine = dma->machine;

	tdelete(mapping, &dma->tree, compare);
	dma->len--;
	machine->ops->drop_memory(machine->front_end, mapping->memory);
	free(mapping);
}

void fv_dma_end(struct fv_dma *dma)
{
	struct fv_mapping *mapping;

	pthread_rwlock_wrlock(&dma->lock);
	dma->ended = true;
	while ((mapping = find(dma, 0, UINT64_MAX)))
		drop(dma, mapping);
	pthread_rwlock_unlock(&dma->lock);
}

uint32_t fv_dma_available(struct fv_dma *dma)
{
	uint32_t available;

	pthread_rwlock_rdlock(&dma->lock);
	available = dma->limit - dma->len;
	pthread_rwlock_unlock(&dma->lock);
	return available;
}

bool fv_dma_splits(const struct fv_dma *dma)
{
	return dma->type == VFIO_TYPE1_IOMMU;
}

bool fv_dma_dirty_tracking(struct fv_dma *dma)
{
	bool on;

	pthread_rwlock_rdlock(&dma->lock);
	on = dma->dirty_tracking;
	pthread_rwlock_unlock(&dma->lock);
	return on;
}

void fv_dma_track_dirty(struct fv_dma *dma, bool on)
{
	pthread_rwlock_wrlock(&dma->lock);
	dma->dirty_tracking = on;
	pthread_rwlock_unlock(&dma->lock);
}

/* the checks that need the lock, in the kernel's order */
static int insert_locked(struct fv_dma *dma, struct fv_mapping *mapping)
{
	if (dma->ended)
		return -EINVAL;
	if (find(dma, mapping->first, mapping->last))
		return -EEXIST;
	if (dma->len >= dma->limit)
		return -ENOSPC;
	if (!tsearch(mapping, &dma->tree, compare))
		return -ENOMEM;
	dma->len++;
	return 0;
}

/* VADDR without _READ or _WRITE gives an invalidated mapping a new address; none ever is. */
static int update_vaddr(struct fv_dma *dma, uint64_t first, uint64_t last)
{
	int result;

	pthread_rwlock_rdlock(&dma->lock);
	result = find(dma, first, last) ? -EINVAL : -ENOENT;
	pthread_rwlock_unlock(&dma->lock);
	return result;
}

int fv_dma_map(struct fv_dma *dma, void *client, uint64_t iova, uint64_t vaddr, uint64_t size,
	       uint32_t flags)
{
	uint32_t prot = flags & (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	bool set_vaddr = flags & VFIO_DMA_MAP_FLAG_VADDR;

	if (!prot == !set_vaddr || !size || (size | iova | vaddr) % FV_PAGE_SIZE)
		return -EINVAL;
	if (iova + size - 1 < iova || vaddr + size - 1 < vaddr)
		return -EINVAL;
	if (set_vaddr)
		return update_vaddr(dma, iova, iova + size - 1);
	return fv_dma_insert(dma, client, iova, vaddr, size, prot);
}

int fv_dma_insert(struct fv_dma *dma, void *client, uint64_t iova, uint64_t vaddr, uint64_t size,
		  uint32_t prot)
{
	struct fv_machine *machine = dma->machine;
	struct fv_mapping *mapping = calloc(1, sizeof(*mapping));
	int err;

	if (!mapping)
		return -ENOMEM;
	*mapping = (struct fv_mapping){
		iova, iova + size - 1, vaddr, prot, prot & VFIO_DMA_MAP_FLAG_WRITE, 0
	};
	mapping->memory = machine->ops->take_memory(client);
	err = mapping->memory > 0 ? 0 : mapping->memory ? mapping->memory : -EINVAL;
	if (!err) {
		pthread_rwlock_wrlock(&dma->lock);
		err = insert_locked(dma, mapping);
		pthread_rwlock_unlock(&dma->lock);
		if (err)
			machine->ops->drop_memory(machine->front_end, mapping->memory);
	}
	if (err)
		free(mapping);
	return err;
}

/* TYPE1v2 does not split a mapping; TYPE1 stops at one that begins before the range */
static int check_bounds(struct fv_dma *dma, uint64_t first, uint64_t last)
{
	struct fv_mapping *mapping = find(dma, first, first);

	if (mapping && mapping->first != first)
		return -EINVAL;
	mapping = find(dma, last, last);
	if (mapping && mapping->last != last)
		return -EINVAL;
	return 0;
}

int fv_dma_unmap(struct fv_dma *dma, uint64_t iova, uint64_t size, uint32_t flags,
		 uint64_t *unmapped)
{
	bool all = flags & VFIO_DMA_UNMAP_FLAG_ALL;
	uint64_t first = iova, last = iova + size - 1, sum = 0;
	struct fv_mapping *mapping;
	int err = 0;

	if (flags & VFIO_DMA_UNMAP_FLAG_VADDR) /* refused while there are mdevs */
		return -EBUSY;
	if (all ? iova || size : !size || (iova | size) % FV_PAGE_SIZE || last < first)
		return -EINVAL;
	if (all)
		last = UINT64_MAX;

	pthread_rwlock_wrlock(&dma->lock);
	if (!all && !fv_dma_splits(dma)) {
		err = check_bounds(dma, first, last);
	} else if (!all) {
		mapping = find(dma, first, first);
		if (mapping && mapping->first != first)
			goto unlock;
	}
	while (!err && (mapping = find(dma, first, last))) {
		sum += mapping->last - mapping->first + 1;
		drop(dma, mapping);
	}
unlock:
	pthread_rwlock_unlock(&dma->lock);
	if (!err)
		*unmapped = sum;
	return err;
}

/* the lowest overlap: halves the interval as long as its lower part has one */
static struct fv_mapping *find_lowest(struct fv_dma *dma, uint64_t first, uint64_t last)
{
	struct fv_mapping *mapping = NULL;

	for (struct fv_mapping *next; (next = find(dma, first, last)); mapping = next) {
		if (next->first <= first)
			return next;
		last = next->first - 1;
	}
	return mapping;
}

int fv_dma_each(struct fv_dma *dma, uint64_t first, uint64_t last,
		int (*each)(void *data, uint64_t from, uint64_t to, uint32_t flags), void *data)
{
	int err;

	pthread_rwlock_rdlock(&dma->lock);
	err = check_bounds(dma, first, last);
	while (!err) {
		struct fv_mapping *mapping = find_lowest(dma, first, last);

		if (!mapping)
			break;
		err = each(data, mapping->first, mapping->last, mapping->flags);
		if (mapping->last >= last)
			break;
		first = mapping->last + 1;
	}
	pthread_rwlock_unlock(&dma->lock);
	return err;
}

/* Source: drivers/iommu/iommufd/io_pagetable.c of Linux 6.6, as what follows */
int fv_dma_unmap_whole(struct fv_dma *dma, uint64_t first, uint64_t last, uint64_t *unmapped)
{
	struct fv_mapping *mapping;
	int err = 0;

	*unmapped = 0;
	pthread_rwlock_wrlock(&dma->lock);
	while (!err && (mapping = find_lowest(dma, first, last))) {
		if (mapping->first < first || mapping->last > last) {
			err = -ENOENT; /* those before it are gone all the same */
			continue;
		}
		*unmapped += mapping->last - mapping->first + 1;
		drop(dma, mapping);
	}
	pthread_rwlock_unlock(&dma->lock);
	return err || *unmapped ? err : -ENOENT;
}

int fv_dma_cut(struct fv_dma *dma, uint64_t last, uint64_t alignment)
{
	struct fv_machine *machine = dma->machine;
	struct fv_mapping *mapping, *rest = calloc(1, sizeof(*rest));
	int err = rest ? 0 : -ENOMEM;

	pthread_rwlock_wrlock(&dma->lock);
	mapping = find(dma, last, last);
	if (!mapping || mapping->last == last || err)
		goto out;
	*rest = *mapping;
	rest->first = last + 1;
	rest->vaddr += last + 1 - mapping->first;
	err = (rest->first | rest->vaddr) & (alignment - 1) ? -EINVAL : 0;
	if (err)
		goto out;
	machine->ops->share_memory(machine->front_end, rest->memory);
	mapping->last = last;
	err = insert_locked(dma, rest);
	if (err) {
		mapping->last = rest->last;
		machine->ops->drop_memory(machine->front_end, rest->memory);
		goto out;
	}
	rest = NULL;
out:
	pthread_rwlock_unlock(&dma->lock);
	free(rest);
	return err;
}

bool fv_dma_is_free(struct fv_dma *dma, uint64_t first, uint64_t last)
{
	bool is_free;

	pthread_rwlock_rdlock(&dma->lock);
	is_free = !find(dma, first, last);
	pthread_rwlock_unlock(&dma->lock);
	return is_free;
}

bool fv_dma_find_hole(struct fv_dma *dma, uint64_t first, uint64_t last, uint64_t size,
		      uint64_t alignment, uint64_t offset, uint64_t *iova)
{
	bool found = false;

	pthread_rwlock_rdlock(&dma->lock);
	while (!found && first <= last && last - first >= size - 1) {
		uint64_t at = ((first + alignment - 1) & ~(alignment - 1)) | offset;
		struct fv_mapping *mapping;

		if (at < first || at > last || last - at < size - 1)
			break;
		mapping = find_lowest(dma, at, at + size - 1);
		found = !mapping;
		*iova = at;
		if (mapping && mapping->last == UINT64_MAX)
			break;
		if (mapping)
			first = mapping->last + 1;
	}
	pthread_rwlock_unlock(&dma->lock);
	return found;
}

bool fv_dma_is_aligned(struct fv_dma *dma, uint64_t alignment)
{
	struct fv_mapping *mapping;
	uint64_t at = 0;
	bool aligned = true;

	pthread_rwlock_rdlock(&dma->lock);
	while (aligned && (mapping = find_lowest(dma, at, UINT64_MAX))) {
		aligned = !((mapping->first | (mapping->last + 1) | mapping->vaddr) &
			    (alignment - 1));
		at = mapping->last + 1;
		if (!at)
			break;
	}
	pthread_rwlock_unlock(&dma->lock);
	return aligned;
}

ssize_t fv_dma_slice(struct fv_dma *dma, uint64_t first, uint64_t last,
		     struct fv_dma_piece **pieces)
{
	struct fv_machine *machine = dma->machine;
	size_t len = 0;
	bool whole = false;

	*pieces = NULL;
	pthread_rwlock_rdlock(&dma->lock);
	for (struct fv_mapping *mapping; (mapping = find(dma, first, first)); len++) {
		struct fv_dma_piece *grown = reallocarray(*pieces, len + 1, sizeof(*grown));
		uint64_t end = mapping->last < last ? mapping->last : last;

		if (!grown)
			break;
		*pieces = grown;
		machine->ops->share_memory(machine->front_end, mapping->memory);
		grown[len] = (struct fv_dma_piece){ mapping->vaddr + (first - mapping->first),
						    end - first + 1, mapping->memory,
						    mapping->writable };
		first = end + 1;
		if (end == last) {
			whole = true;
			len++;
			break;
		}
	}
	pthread_rwlock_unlock(&dma->lock);
	if (whole)
		return (ssize_t)len;
	fv_dma_drop_pieces(dma, *pieces, len);
	return -ENOENT;
}

void fv_dma_drop_pieces(struct fv_dma *dma, struct fv_dma_piece *pieces, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (pieces[i].memory)
			dma->machine->ops->drop_memory(dma->machine->front_end, pieces[i].memory);
	free(pieces);
}

int fv_dma_insert_pieces(struct fv_dma *dma, uint64_t iova, uint32_t prot,
			 struct fv_dma_piece *pieces, size_t len)
{
	uint64_t at = iova;
	int err = 0;

	pthread_rwlock_wrlock(&dma->lock);
	for (size_t i = 0; i < len && !err; i++) {
		struct fv_mapping *mapping = calloc(1, sizeof(*mapping));

		err = mapping ? 0 : -ENOMEM;
		if (!err && prot & VFIO_DMA_MAP_FLAG_WRITE && !pieces[i].writable)
			err = -EPERM;
		if (!err) {
			*mapping = (struct fv_mapping){
				at,   at + pieces[i].len - 1, pieces[i].vaddr,
				prot, pieces[i].writable,     pieces[i].memory
			};
			err = insert_locked(dma, mapping);
		}
		if (err) {
			free(mapping);
			continue;
		}
		pieces[i].memory = 0; /* the mapping's now */
		at += pieces[i].len;
	}
	for (struct fv_mapping *mapping; err && at != iova;) {
		mapping = find(dma, at - 1, at - 1);
		at = mapping->first;
		drop(dma, mapping);
	}
	pthread_rwlock_unlock(&dma->lock);
	return err;
}

/* Pieces of one address space on their way to or from the client. */
struct batch {
	struct fv_dma *dma;
	bool write;
	int memory;
	size_t len;
	struct fv_memory_iov iov[BATCH];
	uint16_t owner[BATCH]; /* index of the guest piece */
	bool failed[BATCH]; /* by guest piece */
};

static int copy(struct batch *batch, const struct fv_memory_iov *iov, size_t len)
{
	const struct fv_machine *machine = batch->dma->machine;

	return (batch->write ? machine->ops->copy_out
			     : machine->ops->copy_in)(machine->front_end, batch->memory, iov, len);
}

static void flush(struct batch *batch)
{
	/* the answer does not say which piece is bad: only then ask for each */
	if (batch->len && copy(batch, batch->iov, batch->len))
		for (size_t i = 0; i < batch->len; i++)
			if (batch->len == 1 || copy(batch, &batch->iov[i], 1))
				batch->failed[batch->owner[i]] = true;
	batch->len = 0;
}

static void add_piece(struct batch *batch, const struct fv_guest_iov *piece, uint16_t owner,
		      struct fv_mapping **recent)
{
	uint32_t need = batch->write ? VFIO_DMA_MAP_FLAG_WRITE : VFIO_DMA_MAP_FLAG_READ;
	struct fv_mapping *mapping = *recent;

	if (piece->len && piece->iova + piece->len - 1 < piece->iova) {
		batch->failed[owner] = true;
		return;
	}
	for (size_t done = 0, part; done < piece->len; done += part) {
		uint64_t iova = piece->iova + done;

		if (!mapping || iova < mapping->first || iova > mapping->last)
			mapping = find(batch->dma, iova, iova);
		if (!mapping || !(mapping->flags & need)) {
			batch->failed[owner] = true;
			return;
		}
		*recent = mapping;
		part = piece->len - done;
		if (part - 1 > mapping->last - iova)
			part = mapping->last - iova + 1;
		if (batch->len == BATCH || (batch->len && batch->memory != mapping->memory))
			flush(batch);
		batch->memory = mapping->memory;
		batch->owner[batch->len] = owner;
		batch->iov[batch->len++] = (struct fv_memory_iov){
			.vaddr = mapping->vaddr + (iova - mapping->first),
			.buffer = (char *)piece->buffer + done,
			.len = part,
		};
	}
}

/* Up to BATCH pieces. Returns how many failed. */
static size_t transfer(struct fv_dma *dma, const struct fv_guest_iov *iov, size_t len, bool write)
{
	struct batch batch;
	struct fv_mapping *recent = NULL;
	size_t failed = 0;

	if (!dma) { /* bound to an iommufd, and attached to nothing */
		for (size_t i = 0; i < len && !write; i++)
			memset(iov[i].buffer, 0, iov[i].len);
		return len;
	}
	batch.dma = dma;
	batch.write = write;
	batch.len = 0;
	memset(batch.failed, 0, len * sizeof(batch.failed[0]));
	/* held until the copies are done: after UNMAP_DMA returns, nothing is touched */
	pthread_rwlock_rdlock(&dma->lock);
	for (size_t i = 0; i < len; i++)
		add_piece(&batch, &iov[i], i, &recent);
	flush(&batch);
	pthread_rwlock_unlock(&dma->lock);
	for (size_t i = 0; i < len; i++) {
		if (!batch.failed[i])
			continue;
		failed++;
		if (!write)
			memset(iov[i].buffer, 0, iov[i].len);
	}
	return failed;
}

static struct fv_dma *dma_of(struct fv_device *dev)
{
	return ((struct fv_open_device *)dev)->dma;
}

int fv_guest_read(struct fv_device *dev, uint64_t iova, void *buffer, size_t len)
{
	struct fv_guest_iov piece = { iova, buffer, len };

	return transfer(dma_of(dev), &piece, 1, false) ? -EFAULT : 0;
}

int fv_guest_write(struct fv_device *dev, uint64_t iova, const void *buffer, size_t len)
{
	struct fv_guest_iov piece = { iova, (void *)buffer, len };

	return transfer(dma_of(dev), &piece, 1, true) ? -EFAULT : 0;
}

size_t fv_guest_readv(struct fv_device *dev, const struct fv_guest_iov *iov, size_t iov_len)
{
	size_t failed = 0;

	for (size_t at = 0; at < iov_len; at += BATCH) {
		size_t len = iov_len - at < BATCH ? iov_len - at : BATCH;

		failed += transfer(dma_of(dev), iov + at, len, false);
	}
	return failed;
}
