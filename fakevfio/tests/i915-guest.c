// SPDX-License-Identifier: LGPL-2.1-or-later
#include "i915-guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../models/models.h"

static const struct fake_type_profile type = {
	.name = "GVTg_V4_4",
	.low_gm_mib = 64,
	.high_gm_mib = 384,
	.fences = 4,
	.weight = 4,
	.xres_px = 1920,
	.yres_px = 1200,
};

static const struct fake_gpu_profile profiles[] = {
	{
		.name = "broadwell",
		.model = "i915",
		.vendor_id = 0x8086,
		.device_id = 0x1616,
		.subsystem_vendor_id = 0x17aa,
		.subsystem_device_id = 0x5034,
		.revision = 9,
		.class_code = 0x030000,
		.graphics_version = 8,
		.aperture_mib = 256,
		.ggtt_mib = 4096,
		.types = &type,
		.types_len = 1,
	},
	{
		.name = "kaby-lake",
		.model = "i915",
		.vendor_id = 0x8086,
		.device_id = 0x5916,
		.revision = 2,
		.class_code = 0x030000,
		.graphics_version = 9,
		.aperture_mib = 256,
		.ggtt_mib = 4096,
		.types = &type,
		.types_len = 1,
	},
};

static struct {
	void *state;
	void *memory[FV_REGIONS_MAX];
	uint8_t *guest;
	uint64_t guest_len;
	unsigned int interrupts;
	uint64_t copies, copied; /* since i915_guest_begin_call() */
} bench;

void *fv_device_state(struct fv_device *dev)
{
	return bench.state;
}

void *fv_device_memory(struct fv_device *dev, unsigned int region)
{
	return region < FV_REGIONS_MAX ? bench.memory[region] : NULL;
}

void fv_device_use_often(struct fv_device *dev, unsigned int region, size_t len)
{
	(void)dev;
	(void)region;
	(void)len;
}

/* Every access of the model to guest memory comes through here. */
static bool mapped(uint64_t iova, size_t len)
{
	bench.copies++;
	bench.copied += len;
	return iova <= bench.guest_len && len <= bench.guest_len - iova;
}

int fv_guest_read(struct fv_device *dev, uint64_t iova, void *buffer, size_t len)
{
	if (!mapped(iova, len))
		return -EFAULT;
	memcpy(buffer, bench.guest + iova, len);
	return 0;
}

int fv_guest_write(struct fv_device *dev, uint64_t iova, const void *buffer, size_t len)
{
	if (!mapped(iova, len))
		return -EFAULT;
	memcpy(bench.guest + iova, buffer, len);
	return 0;
}

size_t fv_guest_readv(struct fv_device *dev, const struct fv_guest_iov *iov, size_t iov_len)
{
	size_t failed = 0;

	for (size_t i = 0; i < iov_len; i++) {
		if (fv_guest_read(dev, iov[i].iova, iov[i].buffer, iov[i].len) == 0)
			continue;
		memset(iov[i].buffer, 0, iov[i].len);
		failed++;
	}
	return failed;
}

void fv_device_signal(struct fv_device *dev, unsigned int irq, unsigned int vector)
{
	bench.interrupts++;
}

void fv_device_log(struct fv_device *dev, const char *format, ...)
{
	va_list args;

	if (!getenv("I915_LOG"))
		return;
	va_start(args, format);
	fprintf(stderr, "# ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* Pages that cost nothing until they are touched, which calloc(3) does under MALLOC_PERTURB_. */
static void *map_zeroes(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static struct fv_device *create(int graphics_version, enum fake_output output, bool mappable)
{
	struct fv_device *dev = must(calloc(1, sizeof(*dev)));

	dev->model = &fv_i915_model;
	dev->vgpu.profile = &profiles[graphics_version == 9];
	dev->vgpu.type = &type;
	dev->vgpu.aperture_mib = 256;
	dev->vgpu.ggtt_mib = 4096;
	dev->vgpu.output = output;
	dev->vgpu.mappable = mappable;
	dev->vgpu.aperture_offset_mib = 64;
	dev->vgpu.high_gm_offset_mib = 512;
	dev->vgpu.vgpu_id = 1;
	dev->now_ns = 1000000000;
	bench.state = map_zeroes(fv_i915_model.state_size);
	bench.guest = map_zeroes(GUEST_LEN);
	bench.guest_len = GUEST_LEN;
	bench.interrupts = 0;
	if (fv_i915_model.init(dev) < 0)
		abort();
	for (int i = 0; i < FV_REGIONS_MAX; i++) {
		if (dev->regions[i].memory.len)
			bench.memory[i] = map_zeroes(dev->regions[i].memory.len);
	}
	fv_i915_model.reset(dev);
	return dev;
}

struct fv_device *i915_guest_create(int graphics_version)
{
	return create(graphics_version, FAKE_OUTPUT_HDMI, false);
}

struct fv_device *i915_guest_create_output(int graphics_version, enum fake_output output)
{
	return create(graphics_version, output, false);
}

struct fv_device *i915_guest_create_mappable(int graphics_version, bool mappable)
{
	return create(graphics_version, FAKE_OUTPUT_HDMI, mappable);
}

struct fv_device *i915_guest_create_variant(int graphics_version, bool as_gvt)
{
	return create(graphics_version, as_gvt ? FAKE_OUTPUT_DP : FAKE_OUTPUT_HDMI, as_gvt);
}

void i915_guest_destroy(struct fv_device *dev)
{
	if (fv_i915_model.finish)
		fv_i915_model.finish(dev);
	for (int i = 0; i < FV_REGIONS_MAX; i++) {
		if (bench.memory[i])
			munmap(bench.memory[i], dev->regions[i].memory.len);
	}
	munmap(bench.guest, GUEST_LEN);
	munmap(bench.state, fv_i915_model.state_size);
	memset(&bench, 0, sizeof(bench));
	free(dev);
}

void i915_guest_begin_call(void)
{
	bench.copies = bench.copied = 0;
}

void i915_guest_end_call(void)
{
	if (bench.copies <= COPIES_MAX && bench.copied <= COPIED_MAX)
		return;
	fprintf(stderr, "one call copied %llu times, %llu bytes\n",
		(unsigned long long)bench.copies, (unsigned long long)bench.copied);
	abort();
}

uint8_t *i915_guest_memory(void)
{
	return bench.guest;
}

/* What is not mapped cannot even be touched. */
void i915_guest_limit(uint64_t len)
{
	if (mprotect(bench.guest, GUEST_LEN, PROT_NONE) < 0 ||
	    mprotect(bench.guest, len, PROT_READ | PROT_WRITE) < 0)
		abort();
	bench.guest_len = len;
}

uint64_t *i915_guest_entries(struct fv_device *dev)
{
	return bench.memory[FV_REGION_BAR0];
}

void i915_guest_map(struct fv_device *dev, uint64_t gma, uint64_t iova, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		i915_guest_entries(dev)[gma / 4096 + i] = (iova + i * 4096) | 1;
}

uint32_t i915_guest_read(struct fv_device *dev, uint32_t offset)
{
	return (uint32_t)dev->model->read(dev, FV_REGION_BAR0, offset, 4);
}

void i915_guest_write(struct fv_device *dev, uint32_t offset, uint32_t value)
{
	i915_guest_begin_call();
	dev->model->write(dev, FV_REGION_BAR0, offset, value, 4);
	i915_guest_end_call();
}

unsigned int i915_guest_interrupts(void)
{
	return bench.interrupts;
}
