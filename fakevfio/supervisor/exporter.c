/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "exporter.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { CARDS_MAX = 16, PAGE_LEN = 4096 };

/* A way of making them. */
struct fv_exporter_impl {
	/* The device that does it: a descriptor, or a negative errno. */
	int (*open)(void);
	/* A DMA-BUF of @len bytes, whole pages, mapped at *@memory: its descriptor, or an errno. */
	int (*create)(int device, size_t len, void **memory);
};

static bool is_vgem(int card)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(card, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

/* The first card whose driver is vgem, or is not. */
static int open_card(bool vgem)
{
	for (int i = 0; i < CARDS_MAX; i++) {
		_autoclose_ int card = -1;
		char path[32];

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		card = open(path, O_RDWR | O_CLOEXEC);
		if (card >= 0 && is_vgem(card) == vgem)
			return steal_fd(&card);
	}
	return -ENODEV;
}

static int open_vgem(void)
{
	return open_card(true);
}

static int open_other_card(void)
{
	return open_card(false);
}

/* A picture as wide as a page: its layout is nobody's business but the plane's. */
static int export_dumb(int card, uint32_t handle, size_t len, void **memory)
{
	struct drm_mode_map_dumb map = { .handle = handle };
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	if (ioctl(card, DRM_IOCTL_MODE_MAP_DUMB, &map) ||
	    ioctl(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		return -errno;
	*memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, card, (off_t)map.offset);
	if (*memory != MAP_FAILED)
		return prime.fd;
	close(prime.fd);
	return -ENOMEM;
}

/* Source: drm-memory.rst, dumb buffers; drm-mm.rst, PRIME */
static int create_dumb(int card, size_t len, void **memory)
{
	struct drm_mode_create_dumb dumb = { .width = PAGE_LEN / 4,
					     .height = (uint32_t)(len / PAGE_LEN),
					     .bpp = 32 };
	struct drm_gem_close end;
	int fd;

	if (ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return -errno;
	fd = dumb.size < len ? -EINVAL : export_dumb(card, dumb.handle, len, memory);
	/* the DMA-BUF and the mapping keep it */
	end = (struct drm_gem_close){ .handle = dumb.handle };
	ioctl(card, DRM_IOCTL_GEM_CLOSE, &end);
	return fd;
}

static int open_udmabuf(void)
{
	int fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Source: drivers/dma-buf/udmabuf.c: a memfd that cannot shrink */
static int create_udmabuf(int device, size_t len, void **memory)
{
	_autoclose_ int memfd = memfd_create("vgpu plane", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct udmabuf_create create = { .memfd = (uint32_t)memfd,
					 .flags = UDMABUF_FLAGS_CLOEXEC,
					 .size = len };
	int fd;

	if (memfd < 0 || ftruncate(memfd, (off_t)len) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	fd = ioctl(device, UDMABUF_CREATE, &create);
	if (fd < 0)
		return -errno;
	*memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (*memory != MAP_FAILED)
		return fd;
	close(fd);
	return -ENOMEM;
}

static const struct fv_exporter_impl impls[] = {
	{ open_vgem, create_dumb },
	{ open_udmabuf, create_udmabuf },
	{ open_other_card, create_dumb },
};

void fv_exporter_init(struct fv_exporter *exporter)
{
	pthread_mutex_init(&exporter->lock, NULL);
	exporter->tried = false;
	exporter->impl = NULL;
	exporter->device = -1;
	for (size_t i = 0; i < FV_BUFFERS_MAX; i++)
		exporter->buffers[i].fd = -1;
}

static void release(struct fv_buffer *buffer)
{
	if (buffer->fd < 0)
		return;
	munmap(buffer->memory, buffer->len);
	close(buffer->fd);
	buffer->fd = -1;
}

void fv_exporter_finish(struct fv_exporter *exporter)
{
	for (size_t i = 0; i < FV_BUFFERS_MAX; i++)
		release(&exporter->buffers[i]);
	if (exporter->device >= 0)
		close(exporter->device);
	pthread_mutex_destroy(&exporter->lock);
}

/* It can when it has. */
static bool try_impl(const struct fv_exporter_impl *impl, int device)
{
	void *memory;
	int fd = impl->create(device, PAGE_LEN, &memory);

	if (fd < 0)
		return false;
	munmap(memory, PAGE_LEN);
	close(fd);
	return true;
}

static void find_impl(struct fv_exporter *exporter)
{
	exporter->tried = true;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(impls); i++) {
		int device = impls[i].open();

		if (device < 0)
			continue;
		if (try_impl(&impls[i], device)) {
			exporter->impl = &impls[i];
			exporter->device = device;
			return;
		}
		close(device);
	}
}

bool fv_exporter_can_export(struct fv_exporter *exporter)
{
	bool can;

	pthread_mutex_lock(&exporter->lock);
	if (!exporter->tried)
		find_impl(exporter);
	can = exporter->impl;
	pthread_mutex_unlock(&exporter->lock);
	return can;
}

/*
 * How many references there are of a DMA-BUF: descriptors, mappings, drivers that imported it.
 * Source: drivers/dma-buf/dma-buf.c, dma_buf_show_fdinfo(): "count:"
 */
static long count_references(int fd)
{
	char path[64], line[128];
	_autofclose_ FILE *info = NULL;
	long count = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && count < 0 && fgets(line, sizeof(line), info))
		if (sscanf(line, "count: %ld", &count) != 1)
			count = -1;
	return count;
}

int fv_exporter_create(struct fv_exporter *exporter, uint64_t len, void **memory)
{
	size_t rounded = (size_t)((len + PAGE_LEN - 1) & ~(uint64_t)(PAGE_LEN - 1));
	int id = -ENOMEM;

	pthread_mutex_lock(&exporter->lock);
	for (int i = 0; i < FV_BUFFERS_MAX && id == -ENOMEM && exporter->impl; i++) {
		struct fv_buffer *buffer = &exporter->buffers[i];
		int fd;

		if (buffer->fd >= 0)
			continue;
		fd = exporter->impl->create(exporter->device, rounded, &buffer->memory);
		id = fd < 0 ? fd : i + 1;
		if (fd < 0)
			break;
		buffer->fd = fd;
		buffer->len = rounded;
		buffer->references = count_references(fd);
		*memory = buffer->memory;
	}
	pthread_mutex_unlock(&exporter->lock);
	return id;
}

bool fv_exporter_used(struct fv_exporter *exporter, int buffer)
{
	const struct fv_buffer *row = &exporter->buffers[buffer - 1];

	return count_references(row->fd) > row->references;
}

void fv_exporter_destroy_buffer(struct fv_exporter *exporter, int buffer)
{
	pthread_mutex_lock(&exporter->lock);
	release(&exporter->buffers[buffer - 1]);
	pthread_mutex_unlock(&exporter->lock);
}

int fv_exporter_hold(struct fv_exporter *exporter, int buffer)
{
	int fd = fcntl(exporter->buffers[buffer - 1].fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}
