/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An open /dev/iommu: its objects, and the devices that are bound to it.
 * Source: drivers/iommu/iommufd/main.c, device.c; drivers/vfio/iommufd.c of Linux 6.6
 */

#include "iommufd-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fv_machine_open_iommufd(struct fv_machine *machine, int *backing)
{
	struct fv_iommufd *iommufd = calloc(1, sizeof(*iommufd));
	struct fv_handle *handle;
	int number = -ENOMEM;

	if (!iommufd)
		return -ENOMEM;
	iommufd->machine = machine;
	atomic_init(&iommufd->refs, 1);
	pthread_mutex_init(&iommufd->lock, NULL);
	iommufd->backing = machine->ops->create_backing(machine->front_end, FV_PAGE_SIZE);
	if (iommufd->backing > 0) {
		pthread_mutex_lock(&machine->lock);
		handle = fv_handle_add_locked(machine, FV_IOMMUFD);
		if (handle) {
			handle->iommufd = iommufd;
			number = handle->number;
			*backing = iommufd->backing;
		}
		pthread_mutex_unlock(&machine->lock);
	} else if (iommufd->backing) {
		number = iommufd->backing;
	}
	if (number < 0)
		fv_iommufd_put(iommufd);
	return number;
}

struct fv_iommufd *fv_iommufd_get(struct fv_iommufd *iommufd)
{
	atomic_fetch_add(&iommufd->refs, 1);
	return iommufd;
}

static void destroy_object(struct fv_object *object)
{
	struct fv_ioas *ioas = object->ioas;

	if (ioas) {
		fv_dma_end(ioas->dma);
		fv_dma_put(ioas->dma);
		free(ioas->allowed);
		free(ioas);
	}
	free(object);
}

void fv_iommufd_put(struct fv_iommufd *iommufd)
{
	struct fv_object *next;

	if (!iommufd || atomic_fetch_sub(&iommufd->refs, 1) != 1)
		return;
	for (struct fv_object *object = iommufd->objects; object; object = next) {
		next = object->next;
		destroy_object(object);
	}
	if (iommufd->backing > 0)
		iommufd->machine->ops->destroy_backing(iommufd->machine->front_end,
						       iommufd->backing);
	pthread_mutex_destroy(&iommufd->lock);
	free(iommufd);
}

/* The lowest id that is free, as xa_alloc() gives it. */
static struct fv_object *add_object(struct fv_iommufd *iommufd)
{
	struct fv_object **at = &iommufd->objects;
	struct fv_object *object;
	uint32_t id = 1;

	if (iommufd->objects_len == FV_OBJECTS_MAX)
		return NULL;
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	for (; *at && (*at)->id == id; at = &(*at)->next)
		id++;
	object->id = id;
	object->next = *at;
	*at = object;
	iommufd->objects_len++;
	return object;
}

static struct fv_object **find_object(struct fv_iommufd *iommufd, uint32_t id)
{
	for (struct fv_object **at = &iommufd->objects; *at; at = &(*at)->next)
		if ((*at)->id == id)
			return at;
	return NULL;
}

static void remove_object(struct fv_iommufd *iommufd, struct fv_object **at)
{
	struct fv_object *object = *at;

	*at = object->next;
	iommufd->objects_len--;
	if (object->ioas && object->ioas == iommufd->vfio)
		iommufd->vfio = NULL;
	destroy_object(object);
}

struct fv_ioas *fv_ioas_find(struct fv_iommufd *iommufd, uint32_t id)
{
	struct fv_object **at = find_object(iommufd, id);

	return at ? (*at)->ioas : NULL;
}

uint32_t fv_ioas_id(struct fv_iommufd *iommufd, const struct fv_ioas *ioas)
{
	for (struct fv_object *object = iommufd->objects; object; object = object->next)
		if (object->ioas == ioas)
			return object->id;
	return 0;
}

int fv_ioas_create(struct fv_iommufd *iommufd, uint32_t *id, struct fv_ioas **out)
{
	struct fv_ioas *ioas = calloc(1, sizeof(*ioas));
	struct fv_object *object = NULL;

	if (ioas)
		ioas->dma = fv_dma_create(iommufd->machine, 0);
	if (ioas && ioas->dma)
		object = add_object(iommufd);
	if (!object) {
		if (ioas && ioas->dma)
			fv_dma_put(ioas->dma);
		free(ioas);
		return -ENOMEM;
	}
	object->ioas = ioas;
	*id = object->id;
	*out = ioas;
	return 0;
}

uint64_t fv_ioas_alignment(const struct fv_ioas *ioas)
{
	return ioas->devices || ioas->small_pages ? FV_PAGE_SIZE : 1;
}

static int check_alignment(const struct fv_ioas *ioas)
{
	if (fv_ioas_alignment(ioas) == FV_PAGE_SIZE || fv_dma_is_aligned(ioas->dma, FV_PAGE_SIZE))
		return 0;
	return -EADDRINUSE;
}

int fv_ioas_use_small_pages(struct fv_ioas *ioas)
{
	int err = check_alignment(ioas);

	if (!err)
		ioas->small_pages = true;
	return err;
}

int fv_iommufd_bind(struct fv_iommufd *iommufd, struct fv_attachment *attachment)
{
	struct fv_object *object;

	pthread_mutex_lock(&iommufd->lock);
	object = add_object(iommufd);
	if (object)
		*attachment = (struct fv_attachment){ fv_iommufd_get(iommufd), object->id, NULL };
	pthread_mutex_unlock(&iommufd->lock);
	return object ? 0 : -ENOMEM;
}

int fv_iommufd_attach(struct fv_attachment *attachment, uint32_t id, struct fv_dma **dma)
{
	struct fv_iommufd *iommufd = attachment->iommufd;
	struct fv_ioas *ioas;
	int err = -ENOENT;

	*dma = NULL;
	pthread_mutex_lock(&iommufd->lock);
	ioas = fv_ioas_find(iommufd, id);
	if (ioas)
		err = check_alignment(ioas);
	if (!err && ioas != attachment->ioas) {
		if (attachment->ioas)
			attachment->ioas->devices--;
		attachment->ioas = ioas;
		ioas->devices++;
		*dma = fv_dma_get(ioas->dma);
	}
	pthread_mutex_unlock(&iommufd->lock);
	return err;
}

void fv_iommufd_detach(struct fv_attachment *attachment)
{
	pthread_mutex_lock(&attachment->iommufd->lock);
	if (attachment->ioas)
		attachment->ioas->devices--;
	attachment->ioas = NULL;
	pthread_mutex_unlock(&attachment->iommufd->lock);
}

void fv_iommufd_unbind(struct fv_attachment *attachment)
{
	struct fv_iommufd *iommufd = attachment->iommufd;

	if (!iommufd)
		return;
	fv_iommufd_detach(attachment);
	pthread_mutex_lock(&iommufd->lock);
	remove_object(iommufd, find_object(iommufd, attachment->id));
	pthread_mutex_unlock(&iommufd->lock);
	fv_iommufd_put(iommufd);
	*attachment = (struct fv_attachment){ 0 };
}

int fv_iommufd_compat_ioas(struct fv_iommufd *iommufd, uint32_t *id)
{
	int err = 0;

	pthread_mutex_lock(&iommufd->lock);
	if (iommufd->vfio)
		*id = fv_ioas_id(iommufd, iommufd->vfio);
	else
		err = fv_ioas_create(iommufd, id, &iommufd->vfio);
	pthread_mutex_unlock(&iommufd->lock);
	return err;
}

/* A device is its driver's as long as it is bound, an IOAS its devices'. */
int64_t fv_ioctl_iommufd_destroy(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_iommu_destroy cmd;
	struct fv_object **at;
	int64_t result = 0;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	pthread_mutex_lock(&iommufd->lock);
	at = find_object(iommufd, cmd.id);
	if (!at)
		result = -ENOENT;
	else if (!(*at)->ioas || (*at)->ioas->devices)
		result = -EBUSY;
	else
		remove_object(iommufd, at);
	pthread_mutex_unlock(&iommufd->lock);
	return result;
}

/* How locked memory is counted is root's choice, outside of all user namespaces. */
static int rlimit_mode(struct fv_iommu_option *option)
{
	if (option->object_id)
		return -EOPNOTSUPP;
	if (option->op == FV_OPTION_SET)
		return -EPERM;
	if (option->op != FV_OPTION_GET)
		return -EOPNOTSUPP;
	option->val64 = 0;
	return 0;
}

static int huge_pages(struct fv_iommufd *iommufd, struct fv_iommu_option *option)
{
	struct fv_ioas *ioas = fv_ioas_find(iommufd, option->object_id);

	if (!ioas)
		return -ENOENT;
	if (option->op == FV_OPTION_GET) {
		option->val64 = !ioas->small_pages;
		return 0;
	}
	if (option->op != FV_OPTION_SET)
		return -EOPNOTSUPP;
	if (!option->val64)
		return fv_ioas_use_small_pages(ioas);
	if (option->val64 != 1)
		return -EINVAL;
	ioas->small_pages = false;
	return 0;
}

int64_t fv_ioctl_iommufd_option(struct fv_call *call)
{
	struct fv_iommufd *iommufd = call->handle->iommufd;
	struct fv_iommu_option option;
	int64_t result = -EOPNOTSUPP;

	memcpy(&option, call->in.bytes, sizeof(option));
	pthread_mutex_lock(&iommufd->lock);
	if (!option.reserved && option.option_id == FV_OPTION_RLIMIT_MODE)
		result = rlimit_mode(&option);
	else if (!option.reserved && option.option_id == FV_OPTION_HUGE_PAGES)
		result = huge_pages(iommufd, &option);
	pthread_mutex_unlock(&iommufd->lock);
	if (result)
		return result;
	return fv_call_copy_out(call, offsetof(struct fv_iommu_option, val64), &option.val64,
				sizeof(option.val64));
}

/*
 * A vGPU does its DMA past the CPU's IOMMU: it has no page table in hardware, and its id is not
 * one of a device that could get one.
 */
int64_t fv_ioctl_iommufd_hwpt_alloc(struct fv_call *call)
{
	struct fv_hwpt_alloc cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags & ~FV_HWPT_ALLOC_FLAGS || cmd.reserved)
		return -EOPNOTSUPP;
	if (!cmd.data_type != (!cmd.data_len && !cmd.data_uptr))
		return -EINVAL;
	return -ENOENT;
}

int64_t fv_ioctl_iommufd_hw_info(struct fv_call *call)
{
	struct fv_hw_info cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	return cmd.flags || cmd.reserved ? -EOPNOTSUPP : -ENOENT;
}

int64_t fv_ioctl_iommufd_dirty_tracking(struct fv_call *call)
{
	struct fv_hwpt_set_dirty_tracking cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	return cmd.flags & ~1u || cmd.reserved ? -EOPNOTSUPP : -ENOENT;
}

int64_t fv_ioctl_iommufd_dirty_bitmap(struct fv_call *call)
{
	struct fv_hwpt_get_dirty_bitmap cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	return cmd.flags & ~1u || cmd.reserved ? -EOPNOTSUPP : -ENOENT;
}

int64_t fv_ioctl_iommufd_invalidate(struct fv_call *call)
{
	struct fv_hwpt_invalidate cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.reserved)
		return -EOPNOTSUPP;
	if (cmd.entry_num && (!cmd.data_uptr || !cmd.entry_len))
		return -EINVAL;
	return -ENOENT;
}
