/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A VFIO client that shows itself a vGPU's planes as DMA-BUFs, inside `vgpulab run`, on a vGPU of a
 * Skylake or later that is there already. It plays the guest, too: draws, and programs the plane.
 * Prints TAP.
 *
 * usage: dmabuf-client UUID GROUP
 */

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"

#define ENABLE (UINT32_C(1) << 31) /* of pipe and plane */

/* Source: gvt, struct vgt_if; Skylake PRM vol. 2c */
enum {
	GGTT_OFFSET = 8 << 20,
	PVINFO_HIGH_GM_BASE = 0x78048,
	PIPE_SOURCE = 0x6001c,
	PIPE_CONFIG = 0x70008,
	PLANE_CONTROL = 0x70180,
	PLANE_STRIDE = 0x70188,
	PLANE_SURFACE = 0x7019c,
	CURSOR_CONTROL = 0x70080,
	CURSOR_BASE = 0x70084,
	CURSOR_POSITION = 0x70088,
	CURSOR_ARGB = 0x27,
	CURSOR_PX = 64,
	XRGB = 4 << 24,
	WIDTH_PX = 640,
	HEIGHT_PX = 480,
	PICTURE_LEN = WIDTH_PX * HEIGHT_PX * 4,
	PICTURES = 4, /* in guest memory, one behind the other */
};
#define IOVA UINT64_C(0x100000)
#define XR24 0x34325258
#define AR24 0x34325241
/* Who has given a descriptor lets go of it a moment after its client has it. */
#define LET_GO_US 100000

struct vgpu {
	int container, group, device;
	uint64_t bar0;
	uint32_t gma; /* where the pictures are for the GPU */
	uint32_t *memory; /* and for us */
};

static void write32(const struct vgpu *vgpu, uint64_t offset, uint32_t value)
{
	if (pwrite(vgpu->device, &value, 4, (off_t)(vgpu->bar0 + offset)) != 4)
		perror("register");
}

static int open_vgpu(struct vgpu *vgpu, const char *uuid, const char *number)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_BAR0_REGION_INDEX };
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = IOVA,
		.size = PICTURES * PICTURE_LEN,
	};
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	vgpu->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	vgpu->group = open(path, O_RDWR | O_CLOEXEC);
	vgpu->memory =
		mmap(NULL, map.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map.vaddr = (uintptr_t)vgpu->memory;
	if (ioctl(vgpu->group, VFIO_GROUP_SET_CONTAINER, &vgpu->container) ||
	    ioctl(vgpu->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ||
	    ioctl(vgpu->container, VFIO_IOMMU_MAP_DMA, &map))
		return -1;
	vgpu->device = ioctl(vgpu->group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (vgpu->device < 0 || ioctl(vgpu->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -1;
	vgpu->bar0 = info.offset;
	return pread(vgpu->device, &vgpu->gma, 4, (off_t)(vgpu->bar0 + PVINFO_HIGH_GM_BASE)) == 4
		       ? 0
		       : -1;
}

/* Each picture has another content. */
static uint32_t pixel(unsigned int picture, size_t i)
{
	return (uint32_t)(i * 2654435761u) ^ (picture * 0x01010101u);
}

static void draw(struct vgpu *vgpu, unsigned int slot, unsigned int picture)
{
	for (size_t i = 0; i < PICTURE_LEN / 4; i++)
		vgpu->memory[slot * (PICTURE_LEN / 4) + i] = pixel(picture, i);
}

static void map_pictures(const struct vgpu *vgpu)
{
	for (uint32_t page = 0; page < PICTURES * PICTURE_LEN / 4096; page++) {
		uint64_t entry = (IOVA + page * UINT64_C(4096)) | 1;
		uint64_t at = vgpu->bar0 + GGTT_OFFSET + (vgpu->gma / 4096 + page) * UINT64_C(8);

		if (pwrite(vgpu->device, &entry, 8, (off_t)at) != 8)
			perror("GGTT");
	}
}

static void show(const struct vgpu *vgpu, unsigned int slot)
{
	write32(vgpu, PIPE_SOURCE, (WIDTH_PX - 1) << 16 | (HEIGHT_PX - 1));
	write32(vgpu, PIPE_CONFIG, ENABLE);
	write32(vgpu, PLANE_STRIDE, WIDTH_PX * 4 / 64);
	write32(vgpu, PLANE_CONTROL, ENABLE | XRGB);
	write32(vgpu, PLANE_SURFACE, vgpu->gma + slot * PICTURE_LEN);
}

/* The id of what a plane shows now, 0 if nothing, -1. */
static int ask_for(const struct vgpu *vgpu, uint32_t type, struct vfio_device_gfx_plane_info *info)
{
	*info = (struct vfio_device_gfx_plane_info){
		.argsz = sizeof(*info),
		.flags = VFIO_GFX_PLANE_TYPE_DMABUF,
		.drm_plane_type = type,
	};
	if (ioctl(vgpu->device, VFIO_DEVICE_QUERY_GFX_PLANE, info))
		return -1;
	return info->drm_format ? (int)info->dmabuf_id : 0;
}

static int ask(const struct vgpu *vgpu, struct vfio_device_gfx_plane_info *info)
{
	return ask_for(vgpu, 1, info);
}

static int ask_again(const struct vgpu *vgpu)
{
	struct vfio_device_gfx_plane_info info;

	return ask(vgpu, &info);
}

static int get(const struct vgpu *vgpu, uint32_t id)
{
	return ioctl(vgpu->device, VFIO_DEVICE_GET_GFX_DMABUF, &id);
}

static bool holds(const uint32_t *memory, unsigned int picture)
{
	for (size_t i = 0; i < PICTURE_LEN / 4; i++)
		if (memory[i] != pixel(picture, i))
			return false;
	return true;
}

static bool probe(const struct vgpu *vgpu, uint32_t display)
{
	struct vfio_device_gfx_plane_info info = { .argsz = sizeof(info),
						   .flags = VFIO_GFX_PLANE_TYPE_PROBE | display };

	return !ioctl(vgpu->device, VFIO_DEVICE_QUERY_GFX_PLANE, &info);
}

/* A driver that has imported it has it, whatever becomes of descriptors. */
static void check_import(struct vgpu *vgpu, int fd)
{
	_autoclose_ int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	struct drm_prime_handle prime = { .fd = fd };
	struct drm_gem_close end = { 0 };

	if (card < 0) {
		puts("# no card here: whether another driver can import it is not known");
		close(fd);
		return;
	}
	check(card >= 0 && !ioctl(card, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime),
	      "another driver can import it");
	close(fd);
	show(vgpu, 3);
	check(ask_again(vgpu) == 3, "while it has it, its id 2 is taken");
	end.handle = prime.handle;
	ioctl(card, DRM_IOCTL_GEM_CLOSE, &end);
	write32(vgpu, PIPE_SOURCE, (WIDTH_PX - 1) << 16 | (HEIGHT_PX / 2 - 1));
	check(ask_again(vgpu) == 2, "when it has let go, 2 is the next buffer's id");
}

static void check_planes(struct vgpu *vgpu)
{
	struct vfio_device_gfx_plane_info info;
	const uint32_t *memory;
	int first, second;

	check(ask(vgpu, &info) == 0, "a plane that is off is no error");
	map_pictures(vgpu);
	draw(vgpu, 0, 10);
	draw(vgpu, 1, 11);
	show(vgpu, 0);
	check(ask(vgpu, &info) == 1, "the first picture has id 1");
	check(info.drm_format == XR24 && !info.drm_format_mod && info.width == WIDTH_PX &&
		      info.height == HEIGHT_PX && info.stride == WIDTH_PX * 4 &&
		      info.size == PICTURE_LEN,
	      "format, modifier, size and stride are the plane's");
	check(get(vgpu, 2) < 0 && errno == EINVAL, "an id that nobody was told: EINVAL");
	first = get(vgpu, 1);
	check(first >= 0 && fcntl(first, F_GETFD) == FD_CLOEXEC, "its descriptor is close-on-exec");
	check(lseek(first, 0, SEEK_END) >= PICTURE_LEN, "it is as long as the picture");
	memory = mmap(NULL, PICTURE_LEN, PROT_READ, MAP_SHARED, first, 0);
	if (!check(memory != MAP_FAILED, "it can be mapped"))
		return;
	check(holds(memory, 10), "it holds what the guest drew");
	draw(vgpu, 0, 12);
	check(ask(vgpu, &info) == 1 && holds(memory, 12), "asked again, it holds what is new");
	munmap((void *)memory, PICTURE_LEN);
	show(vgpu, 1);
	check(ask(vgpu, &info) == 2, "after a flip the other picture has id 2");
	second = get(vgpu, 2);
	show(vgpu, 0);
	check(ask(vgpu, &info) == 1, "flipped back, the first has its id still");
	close(get(vgpu, 1));
	close(first);
	usleep(LET_GO_US);
	show(vgpu, 2);
	check(ask(vgpu, &info) == 1, "with the last descriptor closed, 1 is the next buffer's id");
	check_import(vgpu, second);
}

static void check_cursor(struct vgpu *vgpu)
{
	struct vfio_device_gfx_plane_info info;
	const uint32_t *memory;
	bool same = true;
	int fd;

	check(ask_for(vgpu, 2, &info) == 0, "a cursor that is off is no error");
	draw(vgpu, 2, 14);
	write32(vgpu, CURSOR_POSITION, 33 << 16 | 44);
	write32(vgpu, CURSOR_CONTROL, CURSOR_ARGB);
	write32(vgpu, CURSOR_BASE, vgpu->gma + 2 * PICTURE_LEN);
	fd = get(vgpu, (uint32_t)ask_for(vgpu, 2, &info));
	check(info.drm_format == AR24 && info.width == CURSOR_PX && info.height == CURSOR_PX &&
		      info.stride == CURSOR_PX * 4 && info.x_pos == 44 && info.y_pos == 33,
	      "a cursor's format, size and place are told");
	memory = mmap(NULL, CURSOR_PX * CURSOR_PX * 4, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < CURSOR_PX * CURSOR_PX; i++)
		same &= memory[i] == pixel(14, i);
	check(memory != MAP_FAILED && same, "its buffer holds it");
	close(fd);
}

int main(int argc, char **argv)
{
	struct vgpu vgpu = { 0 };
	uint32_t *memory;
	int fd;

	if (argc != 3 || open_vgpu(&vgpu, argv[1], argv[2])) {
		perror("dmabuf-client UUID GROUP");
		return EXIT_FAILURE;
	}
	check(probe(&vgpu, VFIO_GFX_PLANE_TYPE_DMABUF), "DMA-BUFs are offered");
	check(!probe(&vgpu, VFIO_GFX_PLANE_TYPE_REGION), "a region is not");
	check_planes(&vgpu);
	check_cursor(&vgpu);
	write32(&vgpu, PIPE_SOURCE, (WIDTH_PX - 1) << 16 | (HEIGHT_PX - 1));
	draw(&vgpu, 0, 13);
	show(&vgpu, 0);
	fd = get(&vgpu, (uint32_t)ask_again(&vgpu));
	close(vgpu.device);
	close(vgpu.group);
	close(vgpu.container);
	memory = mmap(NULL, PICTURE_LEN, PROT_READ, MAP_SHARED, fd, 0);
	check(memory != MAP_FAILED && holds(memory, 13), "a descriptor outlives its device");
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
