/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * I/O address spaces: what is mapped in them and where.
 * Source: drivers/iommu/iommufd/ioas.c, io_pagetable.c of Linux 6.6
 */

#include "iommufd-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

enum { HUGE_PAGE_SIZE = 2 << 20 };

static const uint32_t map_flags =
	FV_IOAS_MAP_FIXED_IOVA | FV_IOAS_MAP_WRITEABLE | FV_IOAS_MAP_READABLE;

static uint32_t prot_of(uint32_t flags)
{
	return (flags & FV_IOAS_MAP_WRITEABLE ? VFIO_DMA_MAP_FLAG_WRITE : 0) |
	       (flags & FV_IOAS_MAP_READABLE ? VFIO_DMA_MAP_FLAG_READ : 0);
}

int64_t fv_ioctl_ioas_alloc(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_ioas_alloc cmd;
	struct fv_ioas *ioas;
	int64_t result;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&iommufd->lock);
	result = fv_ioas_create(iommufd, &cmd.out_ioas_id, &ioas);
	pthread_mutex_unlock(&iommufd->lock);
	return result ? result : fv_call_respond(call, &cmd, sizeof(cmd));
}

/* A vGPU reserves nothing: all of it can be mapped. */
int64_t fv_ioctl_ioas_iova_ranges(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_iova_range all = { 0, UINT64_MAX };
	struct fv_ioas_iova_ranges cmd;
	struct fv_ioas *ioas;
	uint32_t room;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.reserved)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&iommufd->lock);
	ioas = fv_ioas_find(iommufd, cmd.ioas_id);
	if (ioas)
		cmd.out_iova_alignment = fv_ioas_alignment(ioas);
	pthread_mutex_unlock(&iommufd->lock);
	if (!ioas)
		return -ENOENT;
	room = cmd.num_iovas;
	cmd.num_iovas = 1;
	/* addresses of the call are relative to its argument */
	if (room && fv_call_copy_out(call, cmd.allowed_iovas - call->argument, &all, sizeof(all)))
		return -EFAULT;
	if (fv_call_respond(call, &cmd, sizeof(cmd)))
		return -EFAULT;
	return room ? 0 : -EMSGSIZE;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct fv_iova_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* Sorts, and joins what touches. 0, or -EINVAL if some overlap. */
static int order_ranges(struct fv_iova_range *ranges, size_t *len)
{
	size_t kept = 0;

	qsort(ranges, *len, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < *len; i++) {
		if (i && ranges[i].start <= ranges[i - 1].last)
			return -EINVAL;
		if (ranges[i].start >= ranges[i].last)
			return -EINVAL;
	}
	for (size_t i = 0; i < *len; i++)
		if (kept && ranges[kept - 1].last + 1 == ranges[i].start)
			ranges[kept - 1].last = ranges[i].last;
		else
			ranges[kept++] = ranges[i];
	*len = kept;
	return 0;
}

int64_t fv_ioctl_ioas_allow_iovas(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_iova_range *ranges, *old = NULL;
	struct fv_ioas_allow_iovas cmd;
	struct fv_ioas *ioas;
	int64_t result = 0;
	size_t len;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.reserved)
		return -EOPNOTSUPP;
	len = cmd.num_iovas;
	if (len > FV_ALLOWED_MAX)
		return -ENOMEM;
	ranges = calloc(len + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	if (len && fv_call_copy_in(call, cmd.allowed_iovas - call->argument, ranges,
				   len * sizeof(*ranges)))
		result = -EFAULT;
	if (!result)
		result = order_ranges(ranges, &len);
	pthread_mutex_lock(&iommufd->lock);
	ioas = fv_ioas_find(iommufd, cmd.ioas_id);
	if (!ioas)
		result = -ENOENT;
	if (!result) {
		old = ioas->allowed;
		ioas->allowed = ranges;
		ioas->allowed_len = len;
	}
	pthread_mutex_unlock(&iommufd->lock);
	free(result ? ranges : old);
	return result;
}

static uint64_t round_up_to_power_of_two(uint64_t value)
{
	return value <= 1 ? 1 : UINT64_C(1) << (64 - __builtin_clzll(value - 1));
}

/* A place for @len bytes of memory at @vaddr, aligned so that large pages remain large. */
static int find_place(const struct fv_ioas *ioas, uint64_t vaddr, uint64_t len, uint64_t *iova)
{
	const struct fv_iova_range all = { FV_PAGE_SIZE, UINT64_MAX - FV_PAGE_SIZE };
	uint64_t alignment, offset = vaddr % FV_PAGE_SIZE;

	if (len >= UINT64_MAX / 2)
		return -EOVERFLOW;
	alignment = round_up_to_power_of_two(len);
	if (vaddr && (vaddr & -vaddr) < alignment)
		alignment = vaddr & -vaddr;
	if (alignment > HUGE_PAGE_SIZE)
		alignment = HUGE_PAGE_SIZE;
	if (alignment < fv_ioas_alignment(ioas))
		return -EINVAL;
	for (size_t i = 0; i < (ioas->allowed_len ? ioas->allowed_len : 1); i++) {
		const struct fv_iova_range *range = ioas->allowed_len ? &ioas->allowed[i] : &all;
		uint64_t first = range->start < all.start ? all.start : range->start;
		uint64_t last = range->last > all.last ? all.last : range->last;

		if (fv_dma_find_hole(ioas->dma, first, last, len, alignment, offset, iova))
			return 0;
	}
	return -ENOSPC;
}

/* Is [iova, iova + len) right, and free? */
static int check_place(const struct fv_ioas *ioas, uint64_t iova, uint64_t len)
{
	if (iova & (fv_ioas_alignment(ioas) - 1))
		return -EINVAL;
	if (iova + len - 1 < iova)
		return -EOVERFLOW;
	return fv_dma_is_free(ioas->dma, iova, iova + len - 1) ? 0 : -EEXIST;
}

static int choose_place(const struct fv_ioas *ioas, bool fixed, uint64_t vaddr, uint64_t len,
			uint64_t *iova)
{
	if (len & (fv_ioas_alignment(ioas) - 1))
		return -EINVAL;
	return fixed ? check_place(ioas, *iova, len) : find_place(ioas, vaddr, len, iova);
}

static int map_at(struct fv_ioas *ioas, void *client, bool fixed, uint64_t *iova, uint64_t vaddr,
		  uint64_t len, uint32_t prot)
{
	int err;

	if (!len || len > UINT64_MAX - FV_PAGE_SIZE)
		return -EINVAL;
	if (vaddr + len < vaddr)
		return -EOVERFLOW;
	err = choose_place(ioas, fixed, vaddr, len, iova);
	if (!err && vaddr % FV_PAGE_SIZE & (fv_ioas_alignment(ioas) - 1))
		err = -EINVAL;
	return err ? err : fv_dma_insert(ioas->dma, client, *iova, vaddr, len, prot);
}

int fv_ioas_map(struct fv_ioas *ioas, void *client, uint64_t iova, uint64_t vaddr, uint64_t len,
		uint32_t prot)
{
	return map_at(ioas, client, true, &iova, vaddr, len, prot);
}

int64_t fv_ioctl_ioas_map(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_ioas_map cmd;
	struct fv_ioas *ioas;
	int64_t result = -ENOENT;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags & ~map_flags || cmd.reserved)
		return -EOPNOTSUPP;
	if (cmd.iova == UINT64_MAX || cmd.length == UINT64_MAX)
		return -EOVERFLOW;
	if (!prot_of(cmd.flags))
		return -EINVAL;
	pthread_mutex_lock(&iommufd->lock);
	ioas = fv_ioas_find(iommufd, cmd.ioas_id);
	if (ioas)
		result = map_at(ioas, call->client, cmd.flags & FV_IOAS_MAP_FIXED_IOVA, &cmd.iova,
				cmd.user_va, cmd.length, prot_of(cmd.flags));
	pthread_mutex_unlock(&iommufd->lock);
	return result ? result : fv_call_respond(call, &cmd, sizeof(cmd));
}

static int copy_to(struct fv_ioas *ioas, struct fv_ioas_copy *cmd, struct fv_dma_piece *pieces,
		   size_t len)
{
	bool fixed = cmd->flags & FV_IOAS_MAP_FIXED_IOVA;
	int err = choose_place(ioas, fixed, pieces[0].vaddr, cmd->length, &cmd->dst_iova);

	for (size_t i = 0; i < len && !err; i++)
		if (pieces[i].vaddr % FV_PAGE_SIZE & (fv_ioas_alignment(ioas) - 1))
			err = -EINVAL;
	if (err)
		return err;
	return fv_dma_insert_pieces(ioas->dma, cmd->dst_iova, prot_of(cmd->flags), pieces, len);
}

static int64_t copy(struct fv_iommufd *iommufd, struct fv_ioas_copy *cmd)
{
	struct fv_ioas *from = fv_ioas_find(iommufd, cmd->src_ioas_id);
	struct fv_ioas *to = fv_ioas_find(iommufd, cmd->dst_ioas_id);
	struct fv_dma_piece *pieces;
	int64_t result = -ENOENT;
	ssize_t len;

	if (!from)
		return -ENOENT;
	if (!cmd->length)
		return -EINVAL;
	if (cmd->src_iova + cmd->length - 1 < cmd->src_iova)
		return -EOVERFLOW;
	len = fv_dma_slice(from->dma, cmd->src_iova, cmd->src_iova + cmd->length - 1, &pieces);
	if (len < 0)
		return len;
	if (to)
		result = copy_to(to, cmd, pieces, len);
	fv_dma_drop_pieces(from->dma, pieces, len);
	return result;
}

int64_t fv_ioctl_ioas_copy(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_ioas_copy cmd;
	int64_t result;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags & ~map_flags)
		return -EOPNOTSUPP;
	if (cmd.length == UINT64_MAX || cmd.src_iova == UINT64_MAX || cmd.dst_iova == UINT64_MAX)
		return -EOVERFLOW;
	if (!prot_of(cmd.flags))
		return -EINVAL;
	pthread_mutex_lock(&iommufd->lock);
	result = copy(iommufd, &cmd);
	pthread_mutex_unlock(&iommufd->lock);
	return result ? result : fv_call_respond(call, &cmd, sizeof(cmd));
}

int fv_ioas_unmap_all(struct fv_ioas *ioas, uint64_t *unmapped)
{
	int err = fv_dma_unmap_whole(ioas->dma, 0, UINT64_MAX, unmapped);

	return err == -ENOENT ? 0 : err;
}

int fv_ioas_unmap(struct fv_ioas *ioas, uint64_t iova, uint64_t len, uint64_t *unmapped)
{
	*unmapped = 0;
	if (!len)
		return -EINVAL;
	if (iova + len - 1 < iova)
		return -EOVERFLOW;
	return fv_dma_unmap_whole(ioas->dma, iova, iova + len - 1, unmapped);
}

int64_t fv_ioctl_ioas_unmap(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_ioas_unmap cmd;
	struct fv_ioas *ioas;
	int64_t result = -ENOENT;
	uint64_t unmapped = 0;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	pthread_mutex_lock(&iommufd->lock);
	ioas = fv_ioas_find(iommufd, cmd.ioas_id);
	if (ioas && !cmd.iova && cmd.length == UINT64_MAX)
		result = fv_ioas_unmap_all(ioas, &unmapped);
	else if (ioas && (cmd.iova == UINT64_MAX || cmd.length == UINT64_MAX))
		result = -EOVERFLOW;
	else if (ioas)
		result = fv_ioas_unmap(ioas, cmd.iova, cmd.length, &unmapped);
	pthread_mutex_unlock(&iommufd->lock);
	cmd.length = unmapped;
	return result ? result : fv_call_respond(call, &cmd, sizeof(cmd));
}
