/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe-model.h"

#include "../models/models.h"

#include <errno.h>
#include <fakevfio/config-space.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>

struct probe_access probe_accesses[64];
atomic_uint probe_accesses_len;
atomic_int probe_ticks, probe_resets, probe_finishes, probe_dma_errors;
atomic_int probe_sleeping;
atomic_int probe_gate;
atomic_int probe_tick_sleeps;
struct fv_device *_Atomic probe_last;
uint32_t probe_config_old;
unsigned int probe_config_writes;
int probe_init_error;

static int probe_init(struct fv_device *dev)
{
	static const struct fv_config_id id = { 0x8086, 0x5912, 0x8086, 0x2212, 4, 0x030000 };
	const uint32_t rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;

	if (probe_init_error)
		return probe_init_error;
	fv_config_init(dev, &id);
	fv_config_add_bar(dev, 0, PROBE_BAR0_LEN, FV_BAR_64);
	fv_config_add_bar(dev, 2, 0x10000, FV_BAR_64 | FV_BAR_PREFETCH);
	fv_config_add_msi(dev, PROBE_MSI_OFFSET, 4, FV_MSI_64 | FV_MSI_MASK);
	dev->config[PCI_INTERRUPT_PIN] = 1;
	dev->regions[FV_REGION_BAR0] = (struct fv_region){
		.len = PROBE_BAR0_LEN,
		.flags = rw | VFIO_REGION_INFO_FLAG_MMAP,
		.memory = { PROBE_MEMORY_OFFSET, PROBE_MEMORY_LEN },
		.file_offset = FV_REGION_OFFSET(0),
	};
	dev->regions[FV_REGION_CONFIG].len = 4096;
	dev->regions[FV_REGION_CONFIG].flags = rw;
	dev->regions[PROBE_READ_ONLY] = (struct fv_region){
		.len = 0x1000,
		.flags = VFIO_REGION_INFO_FLAG_READ,
		.memory = { 0, 0x1000 },
		.type = 0x80008086,
		.subtype = 1,
		.file_offset = FV_REGION_OFFSET(PROBE_READ_ONLY),
	};
	dev->regions[PROBE_BARE_REGION].len = 6;
	dev->regions[PROBE_BARE_REGION].flags = rw;
	dev->irqs[VFIO_PCI_INTX_IRQ_INDEX] = (struct fv_irq){
		VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED, 1, true
	};
	dev->irqs[VFIO_PCI_MSI_IRQ_INDEX] =
		(struct fv_irq){ VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 4, true };
	dev->irqs[VFIO_PCI_REQ_IRQ_INDEX] =
		(struct fv_irq){ VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, 1, true };
	dev->device_flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	dev->regions_len = VFIO_PCI_NUM_REGIONS + 2;
	dev->irqs_len = VFIO_PCI_NUM_IRQS;
	probe_last = dev;
	return 0;
}

static void probe_reset(struct fv_device *dev)
{
	uint32_t *runs = fv_device_state(dev);

	(*runs)++;
	atomic_fetch_add(&probe_resets, 1);
}

static void probe_finish(struct fv_device *dev)
{
	atomic_fetch_add(&probe_finishes, 1);
}

static void note(unsigned int region, uint64_t offset, unsigned int len, bool write)
{
	unsigned int at = atomic_fetch_add(&probe_accesses_len, 1);

	if (at < 64)
		probe_accesses[at] = (struct probe_access){ region, len, offset, write };
}

/* each register reads as its own offset, in every byte of it */
static uint64_t probe_read(struct fv_device *dev, unsigned int region, uint64_t offset,
			   unsigned int len)
{
	note(region, offset, len, false);
	return UINT64_C(0x0101010101010101) * (offset & 0xff);
}

static void copy_word(struct fv_device *dev, uint64_t iova)
{
	uint32_t word;

	if (fv_guest_read(dev, iova, &word, sizeof(word)) ||
	    fv_guest_write(dev, iova + 4, &word, sizeof(word)))
		atomic_fetch_add(&probe_dma_errors, 1);
}

static void wait_for_gate(void)
{
	atomic_fetch_add(&probe_sleeping, 1);
	while (!atomic_load(&probe_gate))
		usleep(100);
	atomic_fetch_sub(&probe_sleeping, 1);
}

static void probe_write(struct fv_device *dev, unsigned int region, uint64_t offset, uint64_t value,
			unsigned int len)
{
	note(region, offset, len, true);
	if (region != FV_REGION_BAR0 || len != 4)
		return;
	switch (offset) {
	case PROBE_REG_SIGNAL:
		fv_device_signal(dev, value >> 16, value & 0xffff);
		break;
	case PROBE_REG_INTERRUPT:
		fv_device_interrupt(dev);
		break;
	case PROBE_REG_DEADLINE:
		dev->deadline_ns = value;
		break;
	case PROBE_REG_DMA:
		copy_word(dev, value);
		break;
	case PROBE_REG_SLEEP:
		wait_for_gate();
		break;
	}
}

static void probe_config_written(struct fv_device *dev, unsigned int offset, unsigned int len,
				 uint32_t old)
{
	probe_config_writes++;
	probe_config_old = old;
}

static void probe_tick(struct fv_device *dev, uint64_t now_ns)
{
	atomic_fetch_add(&probe_ticks, 1);
	if (atomic_load(&probe_tick_sleeps))
		wait_for_gate();
	dev->deadline_ns = now_ns + 1000;
}

static const struct fv_model probe_model = {
	.name = "probe",
	.summary = "for tests",
	.state_size = sizeof(uint32_t),
	.init = probe_init,
	.reset = probe_reset,
	.finish = probe_finish,
	.read = probe_read,
	.write = probe_write,
	.config_written = probe_config_written,
	.tick = probe_tick,
};

struct fv_plane planes_shown[3];
uint8_t planes_content;
struct fv_dmabuf_rules planes_rules;

static int planes_query(struct fv_device *dev, uint32_t display, enum fv_plane_type type,
			struct fv_plane *out)
{
	if (display != VFIO_GFX_PLANE_TYPE_DMABUF ||
	    (type != FV_PLANE_PRIMARY && type != FV_PLANE_CURSOR))
		return -EINVAL;
	*out = planes_shown[type];
	return 0;
}

static void planes_read(struct fv_device *dev, const struct fv_plane *plane, void *buffer,
			size_t len)
{
	memset(buffer, planes_content, len);
}

static const struct fv_model planes_model = {
	.name = "planes",
	.summary = "for tests of DMA-BUFs",
	.state_size = sizeof(uint32_t),
	.init = probe_init,
	.query_plane = planes_query,
	.read_plane = planes_read,
	.dmabuf = &planes_rules,
};

/* in place of models.c */
const struct fv_model *fv_model_find(const char *name)
{
	static const struct fv_model *const models[] = {
		&probe_model,	  &planes_model,  &fv_i915_model,
		&fv_mbochs_model, &fv_mdpy_model, &fv_mtty_model,
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(models); i++)
		if (!strcmp(name, models[i]->name))
			return models[i];
	return NULL;
}
