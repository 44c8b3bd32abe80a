/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine-private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TICK_BATCH = 64, /* devices run by one fv_machine_tick(), told of by fv_machine_report() */
	BUSY_RETRY_NS = 100 * 1000, /* when a due device is in the middle of a call */
};

struct fv_machine *fv_machine_create(struct fake_host *host, const struct fv_machine_ops *ops,
				     void *front_end)
{
	struct fv_machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return NULL;
	machine->host = host;
	machine->ops = ops;
	machine->front_end = front_end;
	machine->next_handle = 1;
	pthread_mutex_init(&machine->lock, NULL);
	return machine;
}

void fv_machine_destroy(struct fv_machine *machine)
{
	if (!machine)
		return;
	for (unsigned int i = 0; i < FV_BUCKETS; i++)
		while (machine->handles[i])
			fv_machine_close(machine, machine->handles[i]->number);
	pthread_mutex_destroy(&machine->lock);
	free(machine);
}

/** A new open file with one reference, the table's. NULL if memory or numbers run out. */
struct fv_handle *fv_handle_add_locked(struct fv_machine *machine, enum fv_kind kind)
{
	struct fv_handle **bucket = &machine->handles[machine->next_handle % FV_BUCKETS];
	struct fv_handle *handle;

	/* numbers are never reused: a late call for a closed one must not reach another */
	if (machine->next_handle == INT_MAX)
		return NULL;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return NULL;
	handle->number = machine->next_handle++;
	handle->kind = kind;
	handle->refs = 1;
	handle->next = *bucket;
	*bucket = handle;
	return handle;
}

static struct fv_handle **find_handle_locked(struct fv_machine *machine, int number)
{
	struct fv_handle **at;

	if (number <= 0)
		return NULL;
	for (at = &machine->handles[number % FV_BUCKETS]; *at; at = &(*at)->next)
		if ((*at)->number == number)
			return at;
	return NULL;
}

struct fv_handle *fv_handle_get(struct fv_machine *machine, int number)
{
	struct fv_handle **at, *handle = NULL;

	pthread_mutex_lock(&machine->lock);
	at = find_handle_locked(machine, number);
	if (at) {
		handle = *at;
		handle->refs++;
	}
	pthread_mutex_unlock(&machine->lock);
	return handle;
}

void fv_container_put_locked(struct fv_container *container, struct fv_remains *remains)
{
	if (!--container->refs)
		remains->container = container;
}

/* a descriptor of the device has gone */
static void release_device_locked(struct fv_machine *machine, struct fv_open_device *device,
				  struct fv_remains *remains)
{
	if (!--device->group->device_handles)
		device->group->device = NULL; /* the next open starts afresh */
	fv_group_release_locked(machine, device->group, remains);
	fv_device_put_locked(device, remains);
}

/* the last reference to an open file has gone: what close(2) does */
static void release_locked(struct fv_machine *machine, struct fv_handle *handle,
			   struct fv_remains *remains)
{
	struct fv_open_device *device = handle->device;

	switch (handle->kind) {
	case FV_CONTAINER:
	case FV_IOMMU:
		fv_container_put_locked(handle->container, remains);
		break;
	case FV_IOMMUFD:
		remains->iommufd = handle->iommufd;
		break;
	case FV_GROUP:
		handle->group->file_open = false;
		fv_group_release_locked(machine, handle->group, remains);
		if (!--handle->group->refs)
			remains->group = handle->group;
		break;
	case FV_CDEV:
		remains->put = true;
		remains->put_serial = handle->cdev->vgpu.serial;
		remains->cdev = handle->cdev;
		if (device)
			release_device_locked(machine, device, remains);
		break;
	case FV_DEVICE:
		remains->put = true;
		remains->put_serial = device->group->serial;
		release_device_locked(machine, device, remains);
		break;
	}
}

void fv_remains_free(struct fv_machine *machine, struct fv_remains *remains)
{
	if (remains->device)
		fv_device_destroy(remains->device);
	if (remains->dma) {
		fv_dma_end(remains->dma);
		fv_dma_put(remains->dma);
	}
	free(remains->container);
	fv_group_destroy(remains->group);
	fv_group_destroy(remains->device_group);
	fv_cdev_destroy(machine, remains->cdev);
	fv_iommufd_put(remains->iommufd);
	if (remains->put)
		fake_host_put_vgpu(machine->host, remains->put_serial);
}

void fv_handle_put(struct fv_machine *machine, struct fv_handle *handle)
{
	struct fv_remains remains = { 0 };
	bool last;

	pthread_mutex_lock(&machine->lock);
	last = !--handle->refs;
	if (last)
		release_locked(machine, handle, &remains);
	pthread_mutex_unlock(&machine->lock);
	if (!last)
		return;
	fv_remains_free(machine, &remains);
	free(handle);
}

int fv_machine_open_container(struct fv_machine *machine)
{
	struct fv_container *container = calloc(1, sizeof(*container));
	struct fv_handle *handle;
	int number;

	if (!container)
		return -ENOMEM;
	container->refs = 1;
	pthread_mutex_lock(&machine->lock);
	handle = fv_handle_add_locked(machine, FV_CONTAINER);
	if (handle) {
		handle->container = container;
		number = handle->number;
	}
	pthread_mutex_unlock(&machine->lock);
	if (!handle) {
		free(container);
		return -ENOMEM;
	}
	return number;
}

void fv_machine_close(struct fv_machine *machine, int number)
{
	struct fv_handle **at, *handle = NULL;

	pthread_mutex_lock(&machine->lock);
	at = find_handle_locked(machine, number);
	if (at) {
		handle = *at;
		*at = handle->next;
	}
	pthread_mutex_unlock(&machine->lock);
	if (handle)
		fv_handle_put(machine, handle);
}

static struct fv_handle *get_device(struct fv_machine *machine, int number, int *err)
{
	struct fv_handle *handle = fv_handle_get(machine, number);

	*err = handle ? 0 : -EBADF;
	if (handle && !handle->device) {
		fv_handle_put(machine, handle);
		*err = -EINVAL;
		return NULL;
	}
	return handle;
}

ssize_t fv_machine_read(struct fv_machine *machine, int number, uint64_t offset, void *buffer,
			size_t len)
{
	int err;
	struct fv_handle *handle = get_device(machine, number, &err);
	ssize_t done;

	if (!handle)
		return err;
	done = fv_regions_access(handle->device, offset, buffer, len, false);
	fv_handle_put(machine, handle);
	return done;
}

ssize_t fv_machine_write(struct fv_machine *machine, int number, uint64_t offset,
			 const void *buffer, size_t len)
{
	int err;
	struct fv_handle *handle = get_device(machine, number, &err);
	ssize_t done;

	if (!handle)
		return err;
	/* a write does not change the buffer */
	done = fv_regions_access(handle->device, offset, (void *)buffer, len, true);
	fv_handle_put(machine, handle);
	return done;
}

bool fv_machine_stage_read(struct fv_machine *machine, int number, pid_t caller, bool write,
			   uint64_t offset, size_t len)
{
	int err;
	struct fv_handle *handle = get_device(machine, number, &err);
	bool staged;

	if (!handle)
		return false;
	staged = fv_regions_stage_read(handle->device, caller, write, offset, len);
	fv_handle_put(machine, handle);
	return staged;
}

int fv_machine_may_mmap(struct fv_machine *machine, int number, uint64_t offset, uint64_t len,
			int prot, int flags)
{
	int err;
	struct fv_handle *handle = get_device(machine, number, &err);

	if (!handle)
		return err;
	err = fv_regions_may_mmap(handle->device, offset, len, prot, flags);
	fv_handle_put(machine, handle);
	return err;
}

static void put_device(struct fv_machine *machine, struct fv_open_device *device)
{
	struct fv_remains remains = { 0 };

	pthread_mutex_lock(&machine->lock);
	fv_device_put_locked(device, &remains);
	pthread_mutex_unlock(&machine->lock);
	fv_remains_free(machine, &remains);
}

/* Runs one device if it is due and idle. Returns when it wants to be looked at again, 0: never. */
static uint64_t tick_device(struct fv_open_device *device, uint64_t now_ns)
{
	struct fv_device *dev = &device->dev;
	uint64_t next;

	/* its call in flight may be long; others must not wait for it */
	if (pthread_mutex_trylock(&device->lock))
		return now_ns + BUSY_RETRY_NS;
	if (dev->deadline_ns && dev->deadline_ns <= now_ns) {
		dev->now_ns = now_ns;
		dev->deadline_ns = 0;
		if (dev->model->tick)
			dev->model->tick(dev, now_ns);
	}
	next = dev->deadline_ns;
	atomic_store(&device->deadline_ns, next);
	pthread_mutex_unlock(&device->lock);
	return next;
}

uint64_t fv_machine_tick(struct fv_machine *machine, uint64_t now_ns)
{
	struct fv_open_device *due[TICK_BATCH];
	size_t due_len = 0;
	uint64_t next = UINT64_MAX;

	pthread_mutex_lock(&machine->lock);
	for (struct fv_open_device *device = machine->devices; device; device = device->next) {
		uint64_t deadline = atomic_load(&device->deadline_ns);

		if (deadline && deadline <= now_ns && due_len < TICK_BATCH) {
			device->refs++;
			due[due_len++] = device;
		} else if (deadline && deadline < next) {
			next = deadline;
		}
	}
	pthread_mutex_unlock(&machine->lock);

	for (size_t i = 0; i < due_len; i++) {
		uint64_t deadline = tick_device(due[i], now_ns);

		if (deadline && deadline < next)
			next = deadline;
		put_device(machine, due[i]);
	}
	return next == UINT64_MAX ? 0 : next;
}

struct report {
	const struct fv_device *dev;
	char *text;
	size_t size, len;
};

static void report_line(void *data, const char *line)
{
	struct report *report = data;
	size_t left = report->size - report->len;
	int len = snprintf(report->text + report->len, left, "%s %s\n", report->dev->vgpu.uuid.text,
			   line);

	if (len > 0 && (size_t)len < left)
		report->len += (size_t)len;
	else
		report->text[report->len] = '\0'; /* whole lines only */
}

size_t fv_machine_report(struct fv_machine *machine, char *text, size_t size)
{
	struct report report = { .text = text, .size = size };
	struct fv_open_device *open[TICK_BATCH];
	size_t open_len = 0;

	*text = '\0';
	pthread_mutex_lock(&machine->lock);
	for (struct fv_open_device *device = machine->devices; device && open_len < TICK_BATCH;
	     device = device->next) {
		device->refs++;
		open[open_len++] = device;
	}
	pthread_mutex_unlock(&machine->lock);
	for (size_t i = 0; i < open_len; i++) {
		report.dev = &open[i]->dev;
		fv_device_lock(open[i]);
		if (open[i]->dev.model->report)
			open[i]->dev.model->report(&open[i]->dev, report_line, &report);
		fv_device_unlock(open[i]);
		put_device(machine, open[i]);
	}
	return report.len;
}

void fv_machine_monitor_changed(struct fv_machine *machine, const struct fake_vgpu_info *vgpu)
{
	struct fv_open_device *device;

	pthread_mutex_lock(&machine->lock);
	device = machine->devices;
	while (device && device->dev.vgpu.serial != vgpu->serial)
		device = device->next;
	if (device)
		device->refs++;
	pthread_mutex_unlock(&machine->lock);
	if (!device)
		return;

	fv_device_take_monitor(device, true);
	put_device(machine, device);
}

bool fv_machine_is_for_kvm(struct fv_machine *machine, int number)
{
	struct fv_handle *handle = fv_handle_get(machine, number);
	bool known = handle && (handle->kind == FV_GROUP || handle->kind == FV_CDEV);

	if (handle)
		fv_handle_put(machine, handle);
	return known;
}

enum fv_node fv_machine_node(struct fv_machine *machine, int number, unsigned int *vfio_dev)
{
	struct fv_handle *handle = fv_handle_get(machine, number);
	enum fv_node node = FV_NODE_NONE;

	if (handle && handle->kind == FV_IOMMUFD)
		node = FV_NODE_IOMMUFD;
	if (handle && handle->kind == FV_CDEV) {
		node = FV_NODE_CDEV;
		*vfio_dev = handle->cdev->vgpu.vfio_dev;
	}
	if (handle)
		fv_handle_put(machine, handle);
	return node;
}
