/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * DMA-BUFs: what a client is told of a plane is an id; what the id stands for is made when it asks
 * for a descriptor. GVT-g's buffer *is* guest memory; ours is a copy, as no exporter takes another
 * process's memory: brought up to date whenever the plane is asked for, which viewers do before each
 * picture.
 * Source: drivers/gpu/drm/i915/gvt/dmabuf.c; samples/vfio-mdev/mbochs.c
 */

#include "machine-private.h"

#include <errno.h>
#include <stdlib.h>

/* Per device. A client that keeps descriptors, or a guest that shows many things, gets no further. */
enum { DMABUFS_MAX = 128 };
#define BYTES_MAX (UINT64_C(256) << 20)

/* Takes it out of the list at @at. */
static void drop(struct fv_open_device *device, struct fv_dmabuf **at)
{
	struct fv_dmabuf *dmabuf = *at;

	*at = dmabuf->next;
	if (dmabuf->buffer)
		device->machine->ops->destroy_buffer(device->machine->front_end, dmabuf->buffer);
	free(dmabuf);
}

void fv_dmabufs_finish(struct fv_open_device *device)
{
	while (device->dmabufs)
		drop(device, &device->dmabufs);
}

/* Nobody tells us when a descriptor is closed: we look before it matters. */
static void forget_unused(struct fv_open_device *device)
{
	struct fv_machine *machine = device->machine;

	if (!device->dev.model->dmabuf->ids_return)
		return;
	for (struct fv_dmabuf **at = &device->dmabufs; *at;) {
		struct fv_dmabuf *dmabuf = *at;

		if (!dmabuf->told && dmabuf->buffer &&
		    !machine->ops->buffer_used(machine->front_end, dmabuf->buffer))
			drop(device, at);
		else
			at = &dmabuf->next;
	}
}

/* Source: dmabuf.c, pick_dmabuf_by_info(): the stride and a cursor's place do not count */
static bool is_same(const struct fv_dmabuf_rules *rules, const struct fv_plane *a,
		    const struct fv_plane *b)
{
	return a->start == b->start && a->start_iova == b->start_iova &&
	       a->size_bytes == b->size_bytes && a->drm_modifier == b->drm_modifier &&
	       a->drm_format == b->drm_format && a->width_px == b->width_px &&
	       a->height_px == b->height_px &&
	       (!rules->strides_matter || a->stride_bytes == b->stride_bytes);
}

static bool is_taken(const struct fv_open_device *device, uint32_t id)
{
	for (const struct fv_dmabuf *dmabuf = device->dmabufs; dmabuf; dmabuf = dmabuf->next)
		if (dmabuf->id == id)
			return true;
	return false;
}

/* Source: idr_alloc(): the lowest that is free; mbochs counts on */
static uint32_t new_id(struct fv_open_device *device)
{
	uint32_t id = 1;

	if (!device->dev.model->dmabuf->ids_return)
		return ++device->last_dmabuf_id;
	while (is_taken(device, id))
		id++;
	return id;
}

/* What was only told of goes first: no one holds it. */
static int make_room(struct fv_open_device *device)
{
	struct fv_dmabuf **oldest = NULL;
	size_t len = 0;

	for (struct fv_dmabuf **at = &device->dmabufs; *at; at = &(*at)->next) {
		len++;
		if (!(*at)->buffer)
			oldest = at;
	}
	if (len < DMABUFS_MAX)
		return 0;
	if (!oldest)
		return -ENOMEM;
	drop(device, oldest);
	return 0;
}

static void refresh(struct fv_open_device *device, struct fv_dmabuf *dmabuf)
{
	if (dmabuf->buffer)
		device->dev.model->read_plane(&device->dev, &dmabuf->plane, dmabuf->memory,
					      dmabuf->plane.size_bytes);
}

int64_t fv_dmabuf_tell(struct fv_open_device *device, const struct fv_plane *plane)
{
	const struct fv_dmabuf_rules *rules = device->dev.model->dmabuf;
	struct fv_dmabuf **at = &device->dmabufs;
	struct fv_dmabuf *dmabuf;
	int err;

	forget_unused(device);
	while (*at && !is_same(rules, &(*at)->plane, plane))
		at = &(*at)->next;
	dmabuf = *at;
	if (dmabuf) {
		*at = dmabuf->next;
	} else {
		err = make_room(device);
		dmabuf = err ? NULL : calloc(1, sizeof(*dmabuf));
		if (!dmabuf)
			return -ENOMEM;
		dmabuf->id = new_id(device);
	}
	dmabuf->plane = *plane;
	dmabuf->told = true;
	dmabuf->next = device->dmabufs;
	device->dmabufs = dmabuf;
	refresh(device, dmabuf);
	return dmabuf->id;
}

static uint64_t exported_bytes(const struct fv_open_device *device)
{
	uint64_t sum = 0;

	for (const struct fv_dmabuf *dmabuf = device->dmabufs; dmabuf; dmabuf = dmabuf->next)
		sum += dmabuf->buffer ? dmabuf->plane.size_bytes : 0;
	return sum;
}

int fv_dmabuf_get(struct fv_open_device *device, uint32_t id)
{
	struct fv_machine *machine = device->machine;
	struct fv_dmabuf *dmabuf;
	int buffer;

	forget_unused(device);
	for (dmabuf = device->dmabufs; dmabuf && dmabuf->id != id;)
		dmabuf = dmabuf->next;
	if (!dmabuf)
		return device->dev.model->dmabuf->unknown_id;
	if (!dmabuf->buffer) {
		if (dmabuf->plane.size_bytes > BYTES_MAX - exported_bytes(device))
			return -ENOMEM;
		buffer = machine->ops->create_buffer(machine->front_end, dmabuf->plane.size_bytes,
						     &dmabuf->memory);
		if (buffer < 0)
			return buffer;
		dmabuf->buffer = buffer;
		refresh(device, dmabuf);
	}
	buffer = machine->ops->hold_buffer(machine->front_end, dmabuf->buffer);
	if (buffer > 0)
		dmabuf->told = false;
	return buffer;
}
