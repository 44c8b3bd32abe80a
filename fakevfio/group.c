/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source: drivers/vfio/vfio_main.c of Linux 6.1; the order of checks as recorded there */

#include "machine-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

/* takes the group out of its container */
static void detach_locked(struct fv_group *group, struct fv_remains *remains)
{
	struct fv_container *container = group->container;

	if (group->iommufd)
		remains->iommufd = group->iommufd;
	group->iommufd = NULL;
	if (!container)
		return;
	group->container = NULL;
	if (!--container->groups) {
		remains->dma = container->dma;
		container->dma = NULL;
	}
	fv_container_put_locked(container, remains);
}

/* closes the group once neither its file nor a device of it is open */
void fv_group_release_locked(struct fv_machine *machine, struct fv_group *group,
			     struct fv_remains *remains)
{
	struct fv_group **at;

	if (group->file_open || group->device_handles)
		return;
	detach_locked(group, remains);
	for (at = &machine->groups; *at; at = &(*at)->next)
		if (*at == group) {
			*at = group->next;
			break;
		}
}

void fv_group_destroy(struct fv_group *group)
{
	if (!group)
		return;
	pthread_mutex_destroy(&group->open_lock);
	free(group);
}

struct fv_group *fv_group_create(const struct fake_vgpu_info *vgpu)
{
	struct fv_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->refs = 1;
	group->file_open = true;
	group->uuid = vgpu->uuid;
	group->serial = vgpu->serial;
	group->number = vgpu->iommu_group;
	pthread_mutex_init(&group->open_lock, NULL);
	return group;
}

int fv_machine_open_group(struct fv_machine *machine, unsigned int number)
{
	struct fake_vgpu_info vgpu;
	struct fv_handle *handle = NULL;
	struct fv_group *group;
	int result = fake_host_find_group(machine->host, number, &vgpu);

	if (result)
		return result;
	group = fv_group_create(&vgpu);
	if (!group)
		return -ENOMEM;

	pthread_mutex_lock(&machine->lock);
	for (struct fv_group *other = machine->groups; other; other = other->next)
		if (other->serial == vgpu.serial)
			result = -EBUSY;
	if (!result) {
		handle = fv_handle_add_locked(machine, FV_GROUP);
		result = handle ? handle->number : -ENOMEM;
	}
	if (handle) {
		handle->group = group;
		group->next = machine->groups;
		machine->groups = group;
	}
	pthread_mutex_unlock(&machine->lock);
	if (!handle)
		fv_group_destroy(group);
	return result;
}

/* Is the vGPU that the group was opened for still there? Another may have its number by now. */
static bool group_alive(struct fv_machine *machine, struct fv_group *group)
{
	struct fake_vgpu_info vgpu;

	return !fake_host_find_group(machine->host, group->number, &vgpu) &&
	       vgpu.serial == group->serial;
}

int64_t fv_ioctl_group_get_status(struct fv_call *call)
{
	struct fv_group *group = call->handle->group;
	struct vfio_group_status status = {
		.argsz = call->argsz,
		.flags = VFIO_GROUP_FLAGS_VIABLE,
	};

	if (!group_alive(call->machine, group))
		return -ENODEV;
	pthread_mutex_lock(&call->machine->lock);
	if (group->container || group->iommufd)
		status.flags |= VFIO_GROUP_FLAGS_CONTAINER_SET;
	pthread_mutex_unlock(&call->machine->lock);
	return fv_call_copy_out(call, 0, &status, sizeof(status));
}

/* An iommufd in place of a container. Source: vfio_group_ioctl_set_container() of Linux 6.6 */
static int set_iommufd(struct fv_machine *machine, struct fv_group *group,
		       struct fv_iommufd *iommufd)
{
	uint32_t ioas;
	int err = 0;

	pthread_mutex_lock(&group->open_lock);
	pthread_mutex_lock(&machine->lock);
	if (group->container || group->iommufd)
		err = -EINVAL;
	pthread_mutex_unlock(&machine->lock);
	if (!err)
		err = fv_iommufd_compat_ioas(iommufd, &ioas);
	if (!err) {
		pthread_mutex_lock(&machine->lock);
		if (group->container || group->iommufd)
			err = -EINVAL;
		else
			group->iommufd = fv_iommufd_get(iommufd);
		pthread_mutex_unlock(&machine->lock);
	}
	pthread_mutex_unlock(&group->open_lock);
	return err;
}

int64_t fv_ioctl_group_set_container(struct fv_call *call)
{
	struct fv_machine *machine = call->machine;
	struct fv_group *group = call->handle->group;
	struct fv_handle *target;
	int64_t result = -EINVAL;
	int32_t fd;
	int number;

	if (fv_call_copy_in(call, 0, &fd, sizeof(fd)))
		return -EFAULT;
	if (fd < 0)
		return -EINVAL;
	number = machine->ops->identify(call->client, fd);
	if (number < 0)
		return number;
	target = fv_handle_get(machine, number);
	if (!target)
		return -EINVAL;

	if (target->kind == FV_IOMMUFD && group_alive(machine, group)) {
		result = set_iommufd(machine, group, target->iommufd);
	} else if (target->kind == FV_CONTAINER && group_alive(machine, group)) {
		pthread_mutex_lock(&machine->lock);
		if (!group->container && !group->iommufd) {
			group->container = target->container;
			group->container->refs++;
			group->container->groups++;
			result = 0;
		}
		pthread_mutex_unlock(&machine->lock);
	} else if (target->kind == FV_CONTAINER || target->kind == FV_IOMMUFD) {
		result = -ENODEV;
	}
	fv_handle_put(machine, target);
	return result;
}

int64_t fv_ioctl_group_unset_container(struct fv_call *call)
{
	struct fv_machine *machine = call->machine;
	struct fv_group *group = call->handle->group;
	struct fv_remains remains = { 0 };
	int64_t result = 0;

	pthread_mutex_lock(&machine->lock);
	if (!group->container && !group->iommufd)
		result = -EINVAL;
	else if (group->container && group->device_handles)
		result = -EBUSY;
	else
		detach_locked(group, &remains);
	pthread_mutex_unlock(&machine->lock);
	fv_remains_free(machine, &remains);
	return result;
}

/* Reads a string of the client's, of at most a page with its NUL. 0, -EFAULT or -EINVAL. */
static int copy_name(struct fv_call *call, char *name)
{
	size_t done = 0;

	while (done < FV_PAGE_SIZE) {
		/* never ask beyond a page that the string may end in */
		size_t chunk = FV_PAGE_SIZE - (call->argument + done) % FV_PAGE_SIZE;

		if (chunk > 64)
			chunk = 64;
		if (chunk > FV_PAGE_SIZE - done)
			chunk = FV_PAGE_SIZE - done;
		if (fv_call_copy_in(call, done, name + done, chunk))
			return -EFAULT;
		if (memchr(name + done, 0, chunk))
			return 0;
		done += chunk;
	}
	return -EINVAL;
}

/*
 * Counts one more open device, which keeps the group in its container, and gives the device if
 * it is open already.
 */
static int begin_open(struct fv_machine *machine, struct fv_group *group,
		      struct fv_device_source *source, struct fv_open_device **device)
{
	int result = -EINVAL;

	pthread_mutex_lock(&machine->lock);
	if (group->iommufd || (group->container && group->container->dma)) {
		group->device_handles++;
		if (group->iommufd)
			source->iommufd = fv_iommufd_get(group->iommufd);
		else
			source->dma = fv_dma_get(group->container->dma);
		*device = group->device;
		if (*device)
			(*device)->refs++;
		result = 0;
	}
	pthread_mutex_unlock(&machine->lock);
	return result;
}

/* Publishes the device, or on failure (@device NULL) takes back what begin_open() counted. */
static int end_open(struct fv_machine *machine, struct fv_group *group,
		    struct fv_open_device *device, int *backing)
{
	struct fv_remains remains = { 0 };
	struct fv_handle *handle = NULL;
	bool is_new = false;
	int number = 0;

	pthread_mutex_lock(&machine->lock);
	if (device)
		handle = fv_handle_add_locked(machine, FV_DEVICE);
	if (handle) {
		handle->device = device;
		number = handle->number;
		*backing = device->backing;
		is_new = !group->device;
		if (is_new) {
			group->device = device;
			device->next = machine->devices;
			machine->devices = device;
		}
	} else {
		if (!--group->device_handles)
			group->device = NULL;
		fv_group_release_locked(machine, group, &remains);
		if (device)
			fv_device_put_locked(device, &remains);
	}
	pthread_mutex_unlock(&machine->lock);
	fv_remains_free(machine, &remains);
	if (is_new)
		fv_device_take_monitor(device, false);
	return number;
}

static int64_t open_device(struct fv_call *call, struct fv_group *group)
{
	struct fv_machine *machine = call->machine;
	struct fv_open_device *device = NULL;
	struct fv_device_source source = { 0 };
	uint64_t serial;
	int err = begin_open(machine, group, &source, &device);
	int backing = 0;

	if (err)
		return err;
	err = fake_host_get_vgpu(machine->host, &group->uuid, &serial);
	if (!err && serial != group->serial) {
		fake_host_put_vgpu(machine->host, serial);
		err = -ENODEV;
	}
	if (err && device) {
		struct fv_remains remains = { 0 };

		pthread_mutex_lock(&machine->lock);
		fv_device_put_locked(device, &remains);
		pthread_mutex_unlock(&machine->lock);
		fv_remains_free(machine, &remains);
		device = NULL;
	}
	if (!err && !device) {
		err = fv_device_open(machine, group, &source, &device);
		if (err)
			fake_host_put_vgpu(machine->host, group->serial);
	}
	if (source.dma)
		fv_dma_put(source.dma);
	fv_iommufd_put(source.iommufd);

	call->result->device = end_open(machine, group, device, &backing);
	call->result->backing = backing;
	if (device && !call->result->device) {
		fake_host_put_vgpu(machine->host, group->serial);
		err = -EMFILE;
	}
	return err;
}

int64_t fv_ioctl_group_get_device_fd(struct fv_call *call)
{
	struct fv_group *group = call->handle->group;
	char name[FV_PAGE_SIZE];
	int64_t result = copy_name(call, name);

	if (result)
		return result;
	if (strcmp(name, group->uuid.text) || !group_alive(call->machine, group))
		return -ENODEV;
	pthread_mutex_lock(&group->open_lock);
	result = open_device(call, group);
	pthread_mutex_unlock(&group->open_lock);
	return result;
}
