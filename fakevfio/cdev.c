/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A device's own node, /dev/vfio/devices/vfioN: it is opened, bound to an iommufd, and attached to
 * an address space there. Source: drivers/vfio/device_cdev.c, vfio_main.c, group.c of Linux 6.6
 */

#include "machine-private.h"

#include <errno.h>
#include <fakevfio/iommufd-abi.h>
#include <stdlib.h>
#include <string.h>

int fv_machine_open_cdev(struct fv_machine *machine, unsigned int number, int *backing)
{
	struct fv_cdev *cdev = calloc(1, sizeof(*cdev));
	struct fv_handle *handle = NULL;
	int err = cdev ? 0 : -ENOMEM, result = -ENOMEM;
	uint64_t serial;

	if (!err)
		err = fake_host_find_vfio_dev(machine->host, number, &cdev->vgpu);
	if (!err)
		err = fake_host_get_vgpu(machine->host, &cdev->vgpu.uuid, &serial);
	if (err) {
		free(cdev);
		return err;
	}
	cdev->vgpu.serial = serial;
	pthread_mutex_init(&cdev->lock, NULL);
	cdev->backing =
		machine->ops->create_backing(machine->front_end, FV_REGION_OFFSET(FV_REGIONS_MAX));
	if (cdev->backing < 0)
		result = cdev->backing;
	if (cdev->backing > 0) {
		pthread_mutex_lock(&machine->lock);
		handle = fv_handle_add_locked(machine, FV_CDEV);
		if (handle) {
			handle->cdev = cdev;
			result = handle->number;
			*backing = cdev->backing;
		}
		pthread_mutex_unlock(&machine->lock);
	}
	if (!handle) {
		fake_host_put_vgpu(machine->host, serial);
		fv_cdev_destroy(machine, cdev);
	}
	return result;
}

void fv_cdev_destroy(struct fv_machine *machine, struct fv_cdev *cdev)
{
	if (!cdev)
		return;
	if (cdev->backing > 0)
		machine->ops->destroy_backing(machine->front_end, cdev->backing);
	pthread_mutex_destroy(&cdev->lock);
	free(cdev);
}

/*
 * A group for the device, which no one can open meanwhile. -EBUSY if its node in /dev/vfio is
 * open, -EINVAL if the device is bound by another open of its own node.
 */
static int block_group(struct fv_machine *machine, const struct fv_cdev *cdev,
		       struct fv_group **out)
{
	struct fv_group *group = fv_group_create(&cdev->vgpu);
	int err = group ? 0 : -ENOMEM;

	if (err)
		return err;
	group->file_open = false;
	group->device_handles = 1;
	pthread_mutex_lock(&machine->lock);
	for (struct fv_group *other = machine->groups; other; other = other->next)
		if (other->serial == cdev->vgpu.serial)
			err = other->by_cdev ? -EINVAL : -EBUSY;
	if (!err) {
		group->by_cdev = true;
		group->next = machine->groups;
		machine->groups = group;
	}
	pthread_mutex_unlock(&machine->lock);
	if (err)
		fv_group_destroy(group);
	else
		*out = group;
	return err;
}

static void unblock_group(struct fv_machine *machine, struct fv_group *group)
{
	struct fv_remains remains = { 0 };

	pthread_mutex_lock(&machine->lock);
	group->device_handles = 0;
	fv_group_release_locked(machine, group, &remains);
	if (!--group->refs)
		remains.group = group;
	pthread_mutex_unlock(&machine->lock);
	fv_remains_free(machine, &remains);
}

/* Which iommufd the caller's descriptor is: a handle with a reference, or NULL with *err. */
static struct fv_handle *get_iommufd(struct fv_call *call, int fd, int *err)
{
	int number = call->machine->ops->identify(call->client, fd);
	struct fv_handle *handle = number > 0 ? fv_handle_get(call->machine, number) : NULL;

	*err = number == -EBADF ? -EBADF : -EBADFD;
	if (handle && handle->kind != FV_IOMMUFD) {
		fv_handle_put(call->machine, handle);
		handle = NULL;
	}
	return handle;
}

/* Its file becomes the device: from now on it answers, and can be read, written and mapped. */
static void publish(struct fv_call *call, struct fv_group *group, struct fv_open_device *device)
{
	struct fv_machine *machine = call->machine;

	pthread_mutex_lock(&machine->lock);
	group->device = device;
	device->next = machine->devices;
	machine->devices = device;
	/* the device has its own reference, the descriptor's is device_handles */
	if (!--group->refs)
		abort();
	pthread_mutex_unlock(&machine->lock);
	fv_device_take_monitor(device, false);
	atomic_store(&call->handle->device, device);
}

static int bind(struct fv_call *call, struct fv_iommufd *iommufd)
{
	struct fv_cdev *cdev = call->handle->cdev;
	struct fv_device_source source = { .iommufd = iommufd, .backing = cdev->backing };
	struct fv_open_device *device = NULL;
	struct fv_group *group;
	int err = block_group(call->machine, cdev, &group);

	if (err)
		return err;
	err = fv_device_open(call->machine, group, &source, &device);
	if (!err && fv_call_copy_out(call, offsetof(struct fv_bind_iommufd, out_devid),
				     &device->attachment.id, sizeof(device->attachment.id)))
		err = -EFAULT;
	if (!err) {
		publish(call, group, device);
		return 0;
	}
	if (device) {
		struct fv_remains remains = { 0 };

		pthread_mutex_lock(&call->machine->lock);
		fv_device_put_locked(device, &remains);
		pthread_mutex_unlock(&call->machine->lock);
		fv_remains_free(call->machine, &remains);
	}
	unblock_group(call->machine, group);
	return err;
}

int64_t fv_ioctl_cdev_bind(struct fv_call *call)
{
	struct fv_cdev *cdev = call->handle->cdev;
	struct fv_bind_iommufd cmd;
	struct fv_handle *target;
	int err;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags || cmd.iommufd < 0 || call->handle->kind != FV_CDEV)
		return -EINVAL;
	target = get_iommufd(call, cmd.iommufd, &err);
	pthread_mutex_lock(&cdev->lock);
	if (call->handle->device)
		err = -EINVAL;
	else if (target)
		err = bind(call, target->iommufd);
	pthread_mutex_unlock(&cdev->lock);
	if (target)
		fv_handle_put(call->machine, target);
	return err;
}

/* Gives the device other memory, NULL for none, between two calls of its model. */
static void set_dma(struct fv_open_device *device, struct fv_dma *dma)
{
	struct fv_dma *old;

	fv_device_lock(device);
	old = device->dma;
	device->dma = dma;
	fv_device_unlock(device);
	if (old)
		fv_dma_put(old);
}

static int attach(struct fv_open_device *device, uint32_t ioas)
{
	struct fv_dma *dma;
	int err = fv_iommufd_attach(&device->attachment, ioas, &dma);

	if (!err && dma)
		set_dma(device, dma);
	return err;
}

static void detach(struct fv_open_device *device)
{
	set_dma(device, NULL);
	fv_iommufd_detach(&device->attachment);
}

int64_t fv_ioctl_cdev_attach(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	struct fv_cdev *cdev = call->handle->cdev;
	struct fv_attach_iommufd_pt cmd;
	int err;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags)
		return -EINVAL;
	pthread_mutex_lock(&cdev->lock);
	err = attach(device, cmd.pt_id);
	if (!err && fv_call_copy_out(call, offsetof(struct fv_attach_iommufd_pt, pt_id), &cmd.pt_id,
				     sizeof(cmd.pt_id))) {
		detach(device);
		err = -EFAULT;
	}
	pthread_mutex_unlock(&cdev->lock);
	return err;
}

int64_t fv_ioctl_cdev_detach(struct fv_call *call)
{
	struct fv_cdev *cdev = call->handle->cdev;
	struct fv_detach_iommufd_pt cmd;

	memcpy(&cmd, call->in.bytes, sizeof(cmd));
	if (cmd.flags)
		return -EINVAL;
	pthread_mutex_lock(&cdev->lock);
	detach(call->handle->device);
	pthread_mutex_unlock(&cdev->lock);
	return 0;
}
