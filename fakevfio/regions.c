/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The regions of a device: what they look like, and reading and writing them.
 * Source: samples/vfio-mdev/mdpy.c and drivers/gpu/drm/i915/gvt/kvmgt.c of Linux 6.1
 */

#include "machine-private.h"

#include <endian.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

enum {
	CONFIG_SPACE_LEN = 4096,
	CHUNK = 4096, /* bytes that one long access moves before others get their turn */
};

/* an earlier region at the same place with the same memory */
static int find_shared(const struct fv_device *dev, unsigned int index)
{
	const struct fv_region *region = &dev->regions[index];

	for (unsigned int i = 0; i < index; i++)
		if (dev->regions[i].len && dev->regions[i].file_offset == region->file_offset &&
		    dev->regions[i].memory.offset == region->memory.offset &&
		    dev->regions[i].memory.len == region->memory.len)
			return (int)i;
	return -1;
}

static uint64_t reach(const struct fv_region *region)
{
	return region->reach > region->len ? region->reach : region->len;
}

static bool valid(const struct fv_region *region)
{
	uint64_t end = region->file_offset + reach(region);

	return end >= region->file_offset && end <= INT64_MAX &&
	       region->memory.offset <= region->len &&
	       region->memory.len <= region->len - region->memory.offset;
}

/* Pages of it are there once something is read. */
static int map_staged(struct fv_open_device *device)
{
	const struct fv_region *bar0 = &device->dev.regions[FV_REGION_BAR0];
	struct fv_machine *machine = device->machine;

	if (!device->dev.model->reads_change_nothing || !bar0->memory.offset)
		return 0;
	device->staged = machine->ops->map_backing(machine->front_end, device->backing,
						   bar0->file_offset, bar0->memory.offset);
	return device->staged ? 0 : -ENOMEM;
}

/** Gives the regions their memory. On failure fv_regions_finish() cleans up. */
int fv_regions_init(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;
	struct fv_device *dev = &device->dev;
	uint64_t file_len = 0;
	int backing;

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++) {
		const struct fv_region *region = &dev->regions[i];

		if (!valid(region))
			return -EINVAL;
		if (region->len && region->file_offset + region->len > file_len)
			file_len = region->file_offset + region->len;
	}
	if (device->backing_borrowed && file_len > FV_REGION_OFFSET(FV_REGIONS_MAX))
		return -EINVAL;
	if (!device->backing_borrowed)
		device->backing = machine->ops->create_backing(machine->front_end, file_len);
	backing = device->backing;
	if (backing <= 0)
		return backing ? backing : -ENOMEM;

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++) {
		const struct fv_region *region = &dev->regions[i];
		int shared;

		if (!region->memory.len)
			continue;
		shared = find_shared(dev, i);
		if (shared >= 0) {
			device->memory[i] = device->memory[shared];
			device->memory_shared[i] = true;
			continue;
		}
		device->memory[i] = machine->ops->map_backing(
			machine->front_end, backing, region->file_offset + region->memory.offset,
			region->memory.len);
		if (!device->memory[i])
			return -ENOMEM;
	}
	return map_staged(device);
}

void fv_regions_finish(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;

	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++)
		if (device->memory[i] && !device->memory_shared[i])
			machine->ops->unmap_backing(machine->front_end, device->memory[i],
						    device->dev.regions[i].memory.len);
	if (device->staged)
		machine->ops->unmap_backing(machine->front_end, device->staged,
					    device->dev.regions[FV_REGION_BAR0].memory.offset);
	if (device->backing > 0 && !device->backing_borrowed)
		machine->ops->destroy_backing(machine->front_end, device->backing);
}

/* which region an offset of the descriptor lies in, or NULL */
static const struct fv_region *find_region(const struct fv_device *dev, uint64_t offset)
{
	for (unsigned int i = 0; i < FV_REGIONS_MAX; i++) {
		const struct fv_region *region = &dev->regions[i];

		if (offset >= region->file_offset && offset - region->file_offset < reach(region))
			return region;
	}
	return NULL;
}

/* The widest naturally aligned access that begins at @offset and fits. */
static unsigned int access_width(uint64_t offset, uint64_t len, unsigned int max)
{
	unsigned int width = max;

	while (width > len || offset % width)
		width /= 2;
	return width;
}

static void access_config(struct fv_open_device *device, uint64_t offset, void *buffer,
			  unsigned int width, bool write)
{
	struct fv_device *dev = &device->dev;
	const uint8_t *bytes = buffer;
	uint32_t old = 0;

	if (!write) {
		memcpy(buffer, dev->config + offset, width);
		return;
	}
	memcpy(&old, dev->config + offset, width);
	for (unsigned int i = 0; i < width; i++) {
		uint8_t mask = dev->config_writable[offset + i];

		dev->config[offset + i] = (dev->config[offset + i] & ~mask) | (bytes[i] & mask);
	}
	fv_irqs_config_written(device);
	if (dev->model->config_written)
		dev->model->config_written(dev, offset, width, le32toh(old));
}

static void access_registers(struct fv_device *dev, unsigned int index, uint64_t offset,
			     void *buffer, unsigned int width, bool write)
{
	uint64_t value = 0;

	if (write) {
		memcpy(&value, buffer, width);
		if (dev->model->write)
			dev->model->write(dev, index, offset, le64toh(value), width);
		return;
	}
	if (dev->model->read)
		value = htole64(dev->model->read(dev, index, offset, width));
	memcpy(buffer, &value, width);
}

/*
 * One step of a longer access: a run of memory, or one register. Returns its length or -EFAULT,
 * which is what drivers make of any trouble.
 */
static ssize_t access_step(struct fv_open_device *device, uint64_t at, void *buffer, size_t len,
			   bool write)
{
	struct fv_device *dev = &device->dev;
	const struct fv_region *region = find_region(dev, at);
	uint32_t need = write ? VFIO_REGION_INFO_FLAG_WRITE : VFIO_REGION_INFO_FLAG_READ;
	unsigned int index, width;
	uint64_t offset, left;

	if (!region || !(region->flags & need))
		return -EFAULT;
	index = region - dev->regions;
	offset = at - region->file_offset;

	if (index == FV_REGION_CONFIG) {
		/* the samples report one byte less than they let be read with its neighbours */
		if (offset >= CONFIG_SPACE_LEN)
			return -EFAULT;
		width = access_width(offset, len, 4);
		access_config(device, offset, buffer, width, write);
		return width;
	}
	if (offset >= region->memory.offset &&
	    offset - region->memory.offset < region->memory.len) {
		char *memory = device->memory[index];

		offset -= region->memory.offset;
		left = region->memory.len - offset;
		if (len > left)
			len = left;
		memcpy(write ? memory + offset : buffer, write ? buffer : memory + offset, len);
		return len;
	}
	left = reach(region) - offset;
	if (offset < region->memory.offset && left > region->memory.offset - offset)
		left = region->memory.offset - offset;
	width = access_width(offset, len < left ? len : left,
			     dev->habits.access_max ? dev->habits.access_max : 8);
	access_registers(dev, index, offset, buffer, width, write);
	return width;
}

ssize_t fv_regions_access(struct fv_open_device *device, uint64_t offset, void *buffer, size_t len,
			  bool write)
{
	size_t done = 0;

	if (offset > INT64_MAX)
		return -EINVAL;
	if (len > INT32_MAX) /* no read(2) is longer: MAX_RW_COUNT */
		len = INT32_MAX & ~(FV_PAGE_SIZE - 1);
	while (done < len) {
		size_t end = len - done > CHUNK ? done + CHUNK : len;
		ssize_t step = 0;

		fv_device_lock(device);
		while (done < end && step >= 0) {
			step = access_step(device, offset + done, (char *)buffer + done, end - done,
					   write);
			if (step > 0)
				done += step;
		}
		fv_device_unlock(device);
		if (step < 0)
			return step;
	}
	return done;
}

static bool can_stage(struct fv_open_device *device, uint64_t at, size_t len)
{
	const struct fv_region *bar0 = &device->dev.regions[FV_REGION_BAR0];
	uint64_t offset = at - bar0->file_offset;

	return device->staged && (len == 1 || len == 2 || len == 4) && at % len == 0 &&
	       at >= bar0->file_offset && offset < bar0->memory.offset &&
	       device->dev.model->reads_change_nothing(&device->dev, FV_REGION_BAR0, offset,
						       (unsigned int)len);
}

bool fv_regions_stage_read(struct fv_open_device *device, pid_t caller, bool write, uint64_t at,
			   size_t len)
{
	bool staged = false;

	if (!device->staged)
		return false;
	fv_device_lock(device);
	if (!device->staged_for || device->staged_for == caller) {
		staged = !write && can_stage(device, at, len);
		device->staged_for = staged ? caller : 0;
	}
	if (staged) {
		uint64_t offset = at - device->dev.regions[FV_REGION_BAR0].file_offset;

		access_registers(&device->dev, FV_REGION_BAR0, offset,
				 (char *)device->staged + offset, (unsigned int)len, false);
	}
	fv_device_unlock(device);
	return staged;
}

int fv_regions_may_mmap(const struct fv_open_device *device, uint64_t offset, uint64_t len,
			int prot, int flags)
{
	const struct fv_device *dev = &device->dev;
	const struct fv_region *region = find_region(dev, offset);
	uint64_t at;

	if (!region || !(region->flags & VFIO_REGION_INFO_FLAG_MMAP) || !(flags & MAP_SHARED))
		return -EINVAL;
	if (prot & PROT_WRITE && !(region->flags & VFIO_REGION_INFO_FLAG_WRITE))
		return -EINVAL;
	if (!len || len > UINT64_MAX - FV_PAGE_SIZE || offset % FV_PAGE_SIZE)
		return -EINVAL;
	len = (len + FV_PAGE_SIZE - 1) & ~(uint64_t)(FV_PAGE_SIZE - 1);
	at = offset - region->file_offset;
	if (dev->habits.maps_whole && at != region->memory.offset)
		return -EINVAL;
	if (at < region->memory.offset || at - region->memory.offset >= region->memory.len ||
	    len > region->memory.len - (at - region->memory.offset))
		return -EINVAL;
	return 0;
}

/* The capabilities behind a region's info, in the kernel's order: sparse areas, then the type. */
struct region_caps {
	uint8_t bytes[64];
	size_t len;
	size_t last; /* offset of the last header */
};

static void add_cap(struct region_caps *caps, const void *cap, size_t len, uint32_t info_len)
{
	struct vfio_info_cap_header header;

	if (caps->len) {
		memcpy(&header, caps->bytes + caps->last, sizeof(header));
		header.next = info_len + caps->len;
		memcpy(caps->bytes + caps->last, &header, sizeof(header));
	}
	caps->last = caps->len;
	memcpy(caps->bytes + caps->len, cap, len);
	caps->len += len;
}

static void build_caps(const struct fv_region *region, struct region_caps *caps)
{
	const uint32_t info_len = sizeof(struct vfio_region_info);
	struct vfio_region_info_cap_type type = {
		.header = { VFIO_REGION_INFO_CAP_TYPE, 1, 0 },
		.type = region->type,
		.subtype = region->subtype,
	};
	struct {
		struct vfio_info_cap_header header;
		uint32_t nr_areas, reserved;
		struct vfio_region_sparse_mmap_area area;
	} sparse = {
		.header = { VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0 },
		.nr_areas = 1,
		.area = { region->memory.offset, region->memory.len },
	};

	if (region->flags & VFIO_REGION_INFO_FLAG_MMAP && region->memory.len &&
	    region->memory.len < region->len)
		add_cap(caps, &sparse, sizeof(sparse), info_len);
	if (region->type || region->subtype)
		add_cap(caps, &type, sizeof(type), info_len);
}

/* Tells of capabilities in @info, and copies them out as far as the client has room. 0 or -EFAULT. */
static int copy_out_caps(struct fv_call *call, const struct region_caps *caps,
			 struct vfio_region_info *info)
{
	size_t room = info->argsz - sizeof(*info);
	bool one_struct = call->handle->device->dev.habits.one_region_info;

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	if (one_struct || room < caps->len)
		info->argsz = sizeof(*info) + caps->len;
	if (!one_struct && room < caps->len)
		return 0;
	info->cap_offset = sizeof(*info);
	return fv_call_copy_out(call, sizeof(*info), caps->bytes,
				room < caps->len ? room : caps->len);
}

int64_t fv_ioctl_device_get_region_info(struct fv_call *call)
{
	const struct fv_device *dev = &call->handle->device->dev;
	struct vfio_region_info info;
	struct region_caps caps = { .len = 0 };
	const struct fv_region *region;

	memcpy(&info, call->in.bytes, sizeof(info));
	if (info.index >= FV_REGIONS_MAX)
		return -EINVAL;
	if (dev->habits.one_region_info &&
	    info.argsz > sizeof(info) + sizeof(struct vfio_region_info_cap_type))
		return -EINVAL;
	region = &dev->regions[info.index];
	if (info.index >= dev->regions_len && !region->len)
		return -EINVAL;

	info.flags = region->flags;
	info.cap_offset = 0;
	info.size = region->len;
	info.offset = region->file_offset;
	if (region->len)
		build_caps(region, &caps);
	if (caps.len && copy_out_caps(call, &caps, &info))
		return -EFAULT;
	return fv_call_copy_out(call, 0, &info, sizeof(info));
}
