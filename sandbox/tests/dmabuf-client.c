/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A VFIO client that shows itself a vGPU's planes as DMA-BUFs, inside `vgpulab run`, on a vGPU that is
 * there already. It plays the guest, too: draws, and programs the plane. Prints TAP.
 *
 * usage: dmabuf-client planes UUID GROUP             ids and lifetimes, on a Skylake or later
 *        dmabuf-client layouts UUID GROUP GENERATION each format that GVT-g decodes in each tiling, at
 *                                                    four resolutions; 8 is Broadwell, 9 later ones
 */

#include <drm.h>
#include <drm_fourcc.h>
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
	PAGE_LEN = 4096,
	MEMORY_PAGES = 4096, /* of the guest */
	PICTURE_PAGES_MAX = 7680 * 1216 / PAGE_LEN, /* 1920x1200, 4 bytes a pixel, whole tiles */
};
#define IOVA UINT64_C(0x100000)

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
		.size = MEMORY_PAGES * PAGE_LEN,
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

/* What the GPU sees as page @page of our memory: itself, or counted from the end. */
static uint32_t page_behind(uint32_t page, bool backwards)
{
	return backwards ? MEMORY_PAGES - 1 - page : page;
}

static void map_memory(const struct vgpu *vgpu, bool backwards)
{
	for (uint32_t page = 0; page < MEMORY_PAGES; page++) {
		uint64_t entry = (IOVA + page_behind(page, backwards) * UINT64_C(4096)) | 1;
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

/*
 * Is @id gone, now or soon? Who has given a descriptor lets go of it a moment after its client has it;
 * to ask gives another one, so each time there is a longer moment.
 */
static bool is_forgotten(const struct vgpu *vgpu, uint32_t id)
{
	for (useconds_t moment_us = 1000; moment_us < 20000000; moment_us *= 2) {
		int fd = get(vgpu, id);

		if (fd < 0)
			return errno == EINVAL;
		close(fd);
		usleep(moment_us);
	}
	return false;
}

static void check_planes(struct vgpu *vgpu)
{
	struct vfio_device_gfx_plane_info info;
	const uint32_t *memory;
	int first, second;

	check(ask(vgpu, &info) == 0, "a plane that is off is no error");
	map_memory(vgpu, false);
	draw(vgpu, 0, 10);
	draw(vgpu, 1, 11);
	show(vgpu, 0);
	check(ask(vgpu, &info) == 1, "the first picture has id 1");
	check(info.drm_format == DRM_FORMAT_XRGB8888 && !info.drm_format_mod &&
		      info.width == WIDTH_PX && info.height == HEIGHT_PX &&
		      info.stride == WIDTH_PX * 4 && info.size == PICTURE_LEN,
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
	close(first);
	check(is_forgotten(vgpu, 1), "with the last descriptor closed, it is forgotten");
	show(vgpu, 2);
	check(ask(vgpu, &info) == 1, "and 1 is the next buffer's id");
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
	check(info.drm_format == DRM_FORMAT_ARGB8888 && info.width == CURSOR_PX &&
		      info.height == CURSOR_PX && info.stride == CURSOR_PX * 4 &&
		      info.x_pos == 44 && info.y_pos == 33,
	      "a cursor's format, size and place are told");
	memory = mmap(NULL, CURSOR_PX * CURSOR_PX * 4, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < CURSOR_PX * CURSOR_PX; i++)
		same &= memory[i] == pixel(14, i);
	check(memory != MAP_FAILED && same, "its buffer holds it");
	close(fd);
}

/* Source: drivers/gpu/drm/i915/gvt/fb_decoder.c; Broadwell and Skylake PRM vol. 2c, plane control */
struct tiling {
	const char *name;
	uint32_t control;
	uint64_t modifier;
	uint32_t stride_unit, lines;
};
struct format {
	uint32_t fourcc, control, pixel_bytes;
};

static const struct generation {
	bool stride_in_bytes; /* the register; else in the tiling's unit */
	struct tiling tilings[4];
	struct format formats[12];
} generations[] = {
	{ true,
	  { { "linear", 0, 0, 64, 1 }, { "X-tiled", 1 << 10, I915_FORMAT_MOD_X_TILED, 512, 8 } },
	  { { DRM_FORMAT_C8, 2 << 26, 1 },
	    { DRM_FORMAT_RGB565, 5 << 26, 2 },
	    { DRM_FORMAT_XRGB8888, 6 << 26, 4 },
	    { DRM_FORMAT_XBGR8888, 14 << 26, 4 },
	    { DRM_FORMAT_XRGB2101010, 10 << 26, 4 },
	    { DRM_FORMAT_XBGR2101010, 8 << 26, 4 } } },
	{ false,
	  { { "linear", 0, 0, 64, 1 },
	    { "X-tiled", 1 << 10, I915_FORMAT_MOD_X_TILED, 512, 8 },
	    { "Y-tiled", 4 << 10, I915_FORMAT_MOD_Y_TILED, 128, 32 },
	    { "Yf-tiled", 5 << 10, I915_FORMAT_MOD_Yf_TILED, 128, 32 } },
	  { { DRM_FORMAT_C8, 12 << 24, 1 },
	    { DRM_FORMAT_RGB565, 14 << 24, 2 },
	    { DRM_FORMAT_XRGB8888, 4 << 24, 4 },
	    { DRM_FORMAT_XBGR8888, 4 << 24 | 1 << 20, 4 },
	    { DRM_FORMAT_ARGB8888, 4 << 24 | 2 << 4, 4 },
	    { DRM_FORMAT_ABGR8888, 4 << 24 | 1 << 20 | 2 << 4, 4 },
	    { DRM_FORMAT_XRGB2101010, 2 << 24, 4 },
	    { DRM_FORMAT_XBGR2101010, 2 << 24 | 1 << 20, 4 },
	    { DRM_FORMAT_YUYV, 0 << 16, 2 },
	    { DRM_FORMAT_UYVY, 1 << 16, 2 },
	    { DRM_FORMAT_YVYU, 2 << 16, 2 },
	    { DRM_FORMAT_VYUY, 3 << 16, 2 } } },
};
static const struct mode {
	uint32_t width_px, height_px;
} modes[] = { { 640, 480 }, { 800, 600 }, { 1024, 768 }, { 1920, 1200 } };

static uint32_t round_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Is the descriptor's memory the guest's, from page @first on, byte by byte? */
static bool is_guests(const struct vgpu *vgpu, int fd, uint32_t first, uint32_t len)
{
	const uint8_t *buffer = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	bool same = buffer != MAP_FAILED;

	for (uint32_t at = 0; same && at < len; at += PAGE_LEN)
		same = !memcmp(buffer + at,
			       (const uint8_t *)vgpu->memory +
				       PAGE_LEN * (size_t)page_behind(first + at / PAGE_LEN, true),
			       len - at < PAGE_LEN ? len - at : PAGE_LEN);
	if (buffer != MAP_FAILED)
		munmap((void *)buffer, len);
	return same;
}

/* Shows what lies at page @first as a picture of that layout, and looks at what a client gets. */
static bool shows(const struct vgpu *vgpu, const struct generation *generation,
		  const struct format *format, const struct tiling *tiling, const struct mode *mode,
		  uint32_t first)
{
	/* GVT-g's unit of a linear and a Yf-tiled stride of one byte a pixel */
	uint32_t unit = tiling->modifier == I915_FORMAT_MOD_Yf_TILED && format->pixel_bytes == 1
				? 64
				: tiling->stride_unit;
	uint32_t stride = round_up(mode->width_px * format->pixel_bytes, unit);
	uint32_t size = stride * round_up(mode->height_px, tiling->lines);
	struct vfio_device_gfx_plane_info info;
	_autoclose_ int fd = -1;

	write32(vgpu, PIPE_SOURCE, (mode->width_px - 1) << 16 | (mode->height_px - 1));
	write32(vgpu, PIPE_CONFIG, ENABLE);
	write32(vgpu, PLANE_STRIDE, generation->stride_in_bytes ? stride : stride / unit);
	write32(vgpu, PLANE_CONTROL, ENABLE | format->control | tiling->control);
	write32(vgpu, PLANE_SURFACE, vgpu->gma + first * PAGE_LEN);
	if (ask(vgpu, &info) <= 0 || info.drm_format != format->fourcc ||
	    info.drm_format_mod != tiling->modifier || info.width != mode->width_px ||
	    info.height != mode->height_px || info.stride != stride || info.size != size)
		return false;
	fd = get(vgpu, info.dmabuf_id);
	return fd >= 0 && is_guests(vgpu, fd, first, size);
}

static void check_format(const struct vgpu *vgpu, const struct generation *generation,
			 const struct format *format, const struct tiling *tiling)
{
	static uint32_t first; /* each picture begins at another page: no two have one content */
	char sentence[96];

	for (size_t i = 0; i < VGPU_ARRAY_LEN(modes); i++) {
		snprintf(sentence, sizeof(sentence),
			 "%.4s, %s, %ux%u: as GVT-g tells of it, and every byte the guest's",
			 (const char *)&format->fourcc, tiling->name, modes[i].width_px,
			 modes[i].height_px);
		check(shows(vgpu, generation, format, tiling, &modes[i], first), sentence);
		first = (first + 7) % (MEMORY_PAGES - PICTURE_PAGES_MAX);
	}
}

static void check_layouts(struct vgpu *vgpu, unsigned int version)
{
	const struct generation *generation = &generations[version > 8];

	for (size_t i = 0; i < MEMORY_PAGES * PAGE_LEN / 4; i++)
		vgpu->memory[i] = pixel(0, i);
	map_memory(vgpu, true);
	for (size_t i = 0; i < 4 && generation->tilings[i].name; i++)
		for (size_t k = 0; k < 12 && generation->formats[k].fourcc; k++)
			check_format(vgpu, generation, &generation->formats[k],
				     &generation->tilings[i]);
}

static void check_lifetimes(struct vgpu *vgpu)
{
	uint32_t *memory;
	int fd;

	check(probe(vgpu, VFIO_GFX_PLANE_TYPE_DMABUF), "DMA-BUFs are offered");
	check(!probe(vgpu, VFIO_GFX_PLANE_TYPE_REGION), "a region is not");
	check_planes(vgpu);
	check_cursor(vgpu);
	write32(vgpu, PIPE_SOURCE, (WIDTH_PX - 1) << 16 | (HEIGHT_PX - 1));
	draw(vgpu, 0, 13);
	show(vgpu, 0);
	fd = get(vgpu, (uint32_t)ask_again(vgpu));
	close(vgpu->device);
	close(vgpu->group);
	close(vgpu->container);
	memory = mmap(NULL, PICTURE_LEN, PROT_READ, MAP_SHARED, fd, 0);
	check(memory != MAP_FAILED && holds(memory, 13), "a descriptor outlives its device");
}

int main(int argc, char **argv)
{
	bool layouts = argc == 5 && !strcmp(argv[1], "layouts");
	struct vgpu vgpu = { 0 };

	if (!layouts && (argc != 4 || strcmp(argv[1], "planes") != 0)) {
		fputs("usage: dmabuf-client planes UUID GROUP | layouts UUID GROUP 8|9\n", stderr);
		return 2;
	}
	if (open_vgpu(&vgpu, argv[2], argv[3])) {
		perror("dmabuf-client: cannot open the vGPU");
		return EXIT_FAILURE;
	}
	if (layouts)
		check_layouts(&vgpu, (unsigned int)atoi(argv[4]));
	else
		check_lifetimes(&vgpu);
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
