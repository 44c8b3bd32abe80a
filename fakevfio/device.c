/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine-private.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The public part comes first in it. */
static struct fv_open_device *open_device_of(struct fv_device *dev)
{
	return (struct fv_open_device *)dev;
}

void *fv_device_state(struct fv_device *dev)
{
	return open_device_of(dev)->state;
}

void *fv_device_memory(struct fv_device *dev, unsigned int region)
{
	return region < FV_REGIONS_MAX ? open_device_of(dev)->memory[region] : NULL;
}

void fv_device_use_often(struct fv_device *dev, unsigned int region, size_t len)
{
	const struct fv_machine *machine = ((struct fv_open_device *)dev)->machine;

	if (machine->ops->use_often)
		machine->ops->use_often(machine->front_end, fv_device_memory(dev, region), len);
}

void fv_device_log(struct fv_device *dev, const char *format, ...)
{
	struct fv_open_device *device = open_device_of(dev);
	char text[256], line[320];
	va_list args;

	if (!device->machine->ops->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "guest: %s: %s", dev->vgpu.uuid.text, text);
	device->machine->ops->log(device->machine->front_end, line);
}

void fv_device_lock(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;

	pthread_mutex_lock(&device->lock);
	device->dev.now_ns = machine->ops->now_ns(machine->front_end);
}

void fv_device_unlock(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;
	uint64_t deadline = device->dev.deadline_ns;

	/* told with the lock held, so that an older deadline cannot overtake this one */
	if (deadline != atomic_load(&device->deadline_ns)) {
		atomic_store(&device->deadline_ns, deadline);
		if (deadline && machine->ops->deadline)
			machine->ops->deadline(machine->front_end, deadline);
	}
	pthread_mutex_unlock(&device->lock);
}

static int power_on(struct fv_open_device *device)
{
	struct fv_device *dev = &device->dev;
	int err;

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++)
		dev->regions[i].file_offset = FV_REGION_OFFSET(i);
	fv_device_lock(device);
	err = dev->model->init(dev);
	device->initialised = !err;
	if (!err)
		err = fv_regions_init(device);
	if (!err) {
		memcpy(device->config_initial, dev->config, sizeof(dev->config));
		if (dev->model->reset)
			dev->model->reset(dev);
	}
	fv_device_unlock(device);
	return err;
}

/*
 * A group whose container is an iommufd: its devices get the address space of VFIO's ioctls.
 * Source: vfio_iommufd_compat_attach_ioas() of Linux 6.6
 */
static int attach_compat(struct fv_open_device *device)
{
	uint32_t ioas;
	int err = fv_iommufd_compat_ioas(device->attachment.iommufd, &ioas);

	return err ? err : fv_iommufd_attach(&device->attachment, ioas, &device->dma);
}

/** Makes the device of a group that nobody has open yet. Its reference is the caller's. */
int fv_device_open(struct fv_machine *machine, struct fv_group *group,
		   const struct fv_device_source *source, struct fv_open_device **out)
{
	struct fake_vgpu_info vgpu;
	const struct fv_model *model;
	struct fv_open_device *device;
	int err = fake_host_find_group(machine->host, group->number, &vgpu);

	if (err)
		return err;
	model = fv_model_find(vgpu.profile->model);
	if (!model || vgpu.serial != group->serial)
		return -ENODEV;
	device = calloc(1, sizeof(*device) + model->state_size);
	if (!device)
		return -ENOMEM;
	device->refs = 1;
	device->machine = machine;
	device->group = group;
	if (source->dma)
		device->dma = fv_dma_get(source->dma);
	device->backing = source->backing;
	device->backing_borrowed = source->backing;
	device->dev.model = model;
	device->dev.vgpu = vgpu;
	fv_display_init(device);
	pthread_mutex_init(&device->lock, NULL);
	pthread_mutex_lock(&machine->lock);
	group->refs++;
	pthread_mutex_unlock(&machine->lock);

	if (source->iommufd)
		err = fv_iommufd_bind(source->iommufd, &device->attachment);
	if (!err)
		err = power_on(device);
	if (!err && source->iommufd && !source->backing)
		err = attach_compat(device);
	if (err) {
		/* the caller's handle keeps the group alive */
		pthread_mutex_lock(&machine->lock);
		group->refs--;
		pthread_mutex_unlock(&machine->lock);
		fv_device_destroy(device);
		return err;
	}
	*out = device;
	return 0;
}

/*
 * What the host has now counts, not what it told: of two changes the first may be told last, and none
 * is told to a device that is being opened.
 */
void fv_device_take_monitor(struct fv_open_device *device, bool anyway)
{
	struct fv_device *dev = &device->dev;
	struct fake_monitor *monitor = &dev->vgpu.monitor;
	struct fake_vgpu_info now;

	fv_device_lock(device);
	if (!fake_host_find_vgpu(device->machine->host, &dev->vgpu.uuid, &now) &&
	    now.serial == dev->vgpu.serial &&
	    (anyway || now.monitor.unplugged != monitor->unplugged ||
	     now.monitor.xres_px != monitor->xres_px || now.monitor.yres_px != monitor->yres_px)) {
		*monitor = now.monitor;
		if (dev->model->set_monitor)
			dev->model->set_monitor(dev, monitor);
	}
	fv_device_unlock(device);
}

void fv_device_put_locked(struct fv_open_device *device, struct fv_remains *remains)
{
	struct fv_machine *machine = device->machine;
	struct fv_group *group = device->group;

	if (--device->refs)
		return;
	for (struct fv_open_device **at = &machine->devices; *at; at = &(*at)->next)
		if (*at == device) {
			*at = device->next;
			break;
		}
	if (group->device == device)
		group->device = NULL;
	remains->device = device;
	if (!--group->refs)
		remains->device_group = group;
}

void fv_device_destroy(struct fv_open_device *device)
{
	pthread_mutex_lock(&device->lock);
	if (device->initialised && device->dev.model->finish)
		device->dev.model->finish(&device->dev);
	fv_irqs_finish(device);
	fv_dmabufs_finish(device);
	fv_regions_finish(device);
	pthread_mutex_unlock(&device->lock);
	if (device->dma)
		fv_dma_put(device->dma);
	fv_iommufd_unbind(&device->attachment);
	pthread_mutex_destroy(&device->lock);
	free(device);
}

int64_t fv_ioctl_device_get_info(struct fv_call *call)
{
	const struct fv_device *dev = &call->handle->device->dev;
	struct vfio_device_info info = {
		.argsz = call->argsz,
		.flags = dev->device_flags,
		.num_regions = dev->regions_len,
		.num_irqs = dev->irqs_len,
	};

	/* cap_offset is newer than mdevs, which leave it alone */
	return fv_call_copy_out(call, 0, &info, offsetof(struct vfio_device_info, cap_offset));
}

/* Answers 0 without VFIO_DEVICE_FLAGS_RESET too; then config space stays. Source: as recorded */
int64_t fv_ioctl_device_reset(struct fv_call *call)
{
	struct fv_open_device *device = call->handle->device;
	struct fv_device *dev = &device->dev;

	fv_device_lock(device);
	if (dev->device_flags & VFIO_DEVICE_FLAGS_RESET)
		memcpy(dev->config, device->config_initial, sizeof(dev->config));
	fv_irqs_reset(device);
	if (dev->model->reset)
		dev->model->reset(dev);
	fv_device_unlock(device);
	return 0;
}

/*
 * The VFIO core knows the migration features, which no device here offers; others it gives to
 * the driver, which has no such function. Source: vfio_ioctl_device_feature() of Linux 6.1
 */
int64_t fv_ioctl_device_feature(struct fv_call *call)
{
	const uint32_t known = VFIO_DEVICE_FEATURE_MASK | VFIO_DEVICE_FEATURE_SET |
			       VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_PROBE;
	const uint32_t both = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_GET;
	struct vfio_device_feature feature;

	memcpy(&feature, call->in.bytes, sizeof(feature));
	if (feature.flags & ~known)
		return -EINVAL;
	if (!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) && (feature.flags & both) == both)
		return -EINVAL;
	switch (feature.flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		return -ENOTTY;
	default:
		return -EINVAL;
	}
}
