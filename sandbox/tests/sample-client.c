/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Tells how a vGPU of the kernel's samples behaves, a line a fact: of the real one and of the fake
 * one they must be the same lines. It looks at nothing that fakevfio/README.md lists as different.
 *
 * usage: sample-client mtty|mdpy|mbochs UUID GROUP
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/serial_reg.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

enum { REGIONS = 20, IRQS = 6, CONFIG_LEN = 256, DISPI = 0x500 };

static int device;

static const char *outcome(long result)
{
	return result < 0 ? strerrorname_np(errno) : "ok";
}

static struct vfio_region_info region(uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	(void)ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info);
	return info;
}

static uint32_t get(uint32_t index, uint64_t offset, size_t len)
{
	uint32_t value = 0;

	(void)!pread(device, &value, len, (off_t)(region(index).offset + offset));
	return value;
}

static void put(uint32_t index, uint64_t offset, size_t len, uint32_t value)
{
	(void)!pwrite(device, &value, len, (off_t)(region(index).offset + offset));
}

/* As QEMU does it. */
static void open_device(const char *uuid, const char *group_number)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), group;
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (container < 0 || group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		fprintf(stderr, "sample-client: group %s: %m\n", group_number);
		exit(1);
	}
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (device < 0) {
		fprintf(stderr, "sample-client: device %s: %m\n", uuid);
		exit(1);
	}
}

static void tell_device(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int r = ioctl(device, VFIO_DEVICE_GET_INFO, &info);

	printf("device %s flags=%x regions=%u irqs=%u\n", outcome(r), info.flags, info.num_regions,
	       info.num_irqs);
	for (uint32_t i = 0; i < REGIONS; i++)
		for (uint32_t argsz = 24; argsz <= 56; argsz += 8) {
			uint8_t bytes[64] = { 0 };
			struct vfio_region_info *of = (void *)bytes;

			of->argsz = argsz;
			of->index = i;
			r = ioctl(device, VFIO_DEVICE_GET_REGION_INFO, of);
			printf("region %u %u %s argsz=%u flags=%x size=%llx offset=%llx cap=%u\n",
			       i, argsz, outcome(r), of->argsz, of->flags,
			       (unsigned long long)of->size, (unsigned long long)of->offset,
			       of->cap_offset);
		}
	for (uint32_t i = 0; i < IRQS; i++) {
		struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = i };

		r = ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &irq);
		printf("irq %u %s flags=%x count=%u\n", i, outcome(r), irq.flags, irq.count);
	}
}

static void tell_config(void)
{
	for (unsigned int at = 0; at < CONFIG_LEN; at += 4)
		if (get(VFIO_PCI_CONFIG_REGION_INDEX, at, 4))
			printf("config %02x %08x\n", at, get(VFIO_PCI_CONFIG_REGION_INDEX, at, 4));
	for (unsigned int at = 4; at < 0x40; at += 4) {
		uint32_t old = get(VFIO_PCI_CONFIG_REGION_INDEX, at, 4);

		put(VFIO_PCI_CONFIG_REGION_INDEX, at, 4, UINT32_MAX);
		printf("config %02x after ones %08x\n", at,
		       get(VFIO_PCI_CONFIG_REGION_INDEX, at, 4));
		put(VFIO_PCI_CONFIG_REGION_INDEX, at, 4, old & 0xff ? old : 0);
	}
	printf("reset %s\n", outcome(ioctl(device, VFIO_DEVICE_RESET)));
}

static void tell_mapping(uint32_t index, uint64_t offset, uint64_t len, int flags)
{
	struct vfio_region_info info = region(index);
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, device,
			    (off_t)(info.offset + offset));

	printf("mmap %u +%llx %llx %x: %s\n", index, (unsigned long long)offset,
	       (unsigned long long)len, flags, memory == MAP_FAILED ? outcome(-1) : "ok");
	if (memory != MAP_FAILED)
		munmap(memory, len);
}

static void tell_mappings(void)
{
	uint64_t len = region(0).size;

	tell_mapping(0, 0, len, MAP_SHARED);
	tell_mapping(0, 0, len, MAP_PRIVATE);
	tell_mapping(0, 0, len + 4096, MAP_SHARED);
	tell_mapping(0, 0, 4096, MAP_SHARED);
	tell_mapping(0, 4096, 4096, MAP_SHARED);
	tell_mapping(VFIO_PCI_CONFIG_REGION_INDEX, 0, 4096, MAP_SHARED);
}

static void tell_plane(uint32_t flags, uint32_t type)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane),
		.flags = flags,
		.drm_plane_type = type,
	};
	int r = ioctl(device, VFIO_DEVICE_QUERY_GFX_PLANE, &plane);

	printf("plane %x %u %s %08x %ux%u stride=%u size=%u id=%u\n", flags, type, outcome(r),
	       plane.drm_format, plane.width, plane.height, plane.stride, plane.size,
	       plane.region_index);
}

static void tell_planes(void)
{
	for (uint32_t flags = 0; flags < 8; flags++)
		tell_plane(flags, 1);
}

static void listen_on(uint32_t index, int fd)
{
	/* struct vfio_irq_set, and its data */
	uint32_t set[] = { 0,	  VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			   index, 0,
			   1,	  (uint32_t)fd };

	set[0] = sizeof(set);
	printf("listen %u %s\n", index, outcome(ioctl(device, VFIO_DEVICE_SET_IRQS, set)));
}

static void tell_set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count)
{
	struct vfio_irq_set set = { sizeof(set), flags, index, start, count };
	int r = ioctl(device, VFIO_DEVICE_SET_IRQS, &set);

	printf("set_irqs flags=%x index=%u %u+%u %s\n", flags, index, start, count, outcome(r));
}

static unsigned long long drain(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* Every register of a port, by reads that change nothing; then what each kind of interrupt does. */
static void tell_port(uint32_t port, int intx, int msi)
{
	static const uint8_t script[][2] = {
		{ UART_LCR, UART_LCR_DLAB },
		{ UART_DLL, 0x0c },
		{ UART_DLM, 0x01 },
		{ UART_LCR, UART_LCR_WLEN8 },
		{ UART_FCR, 0x07 },
		{ UART_IER, UART_IER_RDI },
		{ UART_TX, 'a' },
		{ UART_TX, 'b' },
		{ UART_IER, 0x0f },
		{ UART_MCR, UART_MCR_DTR | UART_MCR_OUT2 },
		{ UART_SCR, 0x5a },
		{ UART_MCR, UART_MCR_AFE },
		{ UART_FCR, 0x00 },
		{ UART_TX, 'c' },
		{ UART_TX, 'd' },
		{ UART_IER, UART_IER_THRI },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(script); i++) {
		put(port, script[i][0], 1, script[i][1]);
		printf("port %u write %u=%02x: ier=%02x iir=%02x lcr=%02x mcr=%02x lsr=%02x "
		       "msr=%02x scr=%02x intx=%llu msi=%llu\n",
		       port, script[i][0], script[i][1], get(port, UART_IER, 1),
		       get(port, UART_IIR, 1), get(port, UART_LCR, 1), get(port, UART_MCR, 1),
		       get(port, UART_LSR, 1), get(port, UART_MSR, 1), get(port, UART_SCR, 1),
		       drain(intx), drain(msi));
	}
	for (int i = 0; i < 4; i++) {
		uint32_t byte = get(port, UART_RX, 1);

		printf("port %u read %02x lsr=%02x intx=%llu msi=%llu\n", port, i < 3 ? byte : 0,
		       get(port, UART_LSR, 1), drain(intx), drain(msi));
	}
}

static void tell_mtty(void)
{
	int intx = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int msi = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const uint32_t none = VFIO_IRQ_SET_DATA_NONE;

	listen_on(VFIO_PCI_INTX_IRQ_INDEX, intx);
	for (uint32_t port = 0; port < 2 && region(port).size; port++)
		tell_port(port, intx, msi);
	tell_set_irqs(none | VFIO_IRQ_SET_ACTION_MASK, VFIO_PCI_INTX_IRQ_INDEX, 0, 1);
	tell_port(0, intx, msi);
	tell_set_irqs(none | VFIO_IRQ_SET_ACTION_UNMASK, VFIO_PCI_INTX_IRQ_INDEX, 0, 1);
	listen_on(VFIO_PCI_MSI_IRQ_INDEX, msi);
	tell_port(0, intx, msi);
	for (uint32_t index = 0; index < IRQS; index++)
		for (uint32_t start = 0; start < 6; start += 5)
			tell_set_irqs(none | VFIO_IRQ_SET_ACTION_MASK, index, start, 1);
	tell_set_irqs(none | VFIO_IRQ_SET_ACTION_MASK, 0, 0, 6);
	tell_planes();
}

static void tell_mdpy(void)
{
	tell_planes();
	tell_plane(VFIO_GFX_PLANE_TYPE_REGION, 0);
	tell_plane(VFIO_GFX_PLANE_TYPE_REGION, 2);
	tell_mappings();
	tell_set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 0);
}

static void set_mode(const uint16_t *mode)
{
	static const uint8_t registers[] = { 1, 2, 3, 6, 8, 9, 4 };

	for (size_t i = 0; i < sizeof(registers); i++)
		put(2, DISPI + 2u * registers[i], 2, mode[i]);
	for (int i = 0; i < 2; i++)
		tell_plane(VFIO_GFX_PLANE_TYPE_DMABUF, 1);
	tell_plane(VFIO_GFX_PLANE_TYPE_DMABUF, 2);
}

static void tell_edid(void)
{
	const uint32_t edid = VFIO_PCI_NUM_REGIONS;

	for (unsigned int at = 0; at < 128; at += 4)
		put(edid, 0x800 + at, 4, 0x01020304 * (at + 1));
	put(edid, 8, 4, 128);
	for (uint32_t link = 0; link < 4; link++) {
		put(edid, 20, 4, link);
		printf("edid link=%u:", link);
		for (unsigned int at = 0; at < 136; at += 17)
			printf(" %02x", get(2, at, 1));
		printf(" %08x %04x\n", get(2, 8, 4), get(2, 8, 2));
	}
	for (unsigned int at = 0; at < 32; at += 4)
		printf("edid %02x %08x %04x\n", at, at < 24 ? get(edid, at, 4) : 0,
		       at < 24 ? get(edid, at, 4) & 0xffff : 0);
}

static void tell_mbochs(void)
{
	static const uint16_t modes[][7] = {
		{ 640, 480, 32, 640, 0, 0, 1 },	   { 640, 480, 32, 640, 0, 0, 0 },
		{ 640, 480, 24, 640, 0, 0, 1 },	   { 32, 480, 32, 640, 0, 0, 1 },
		{ 640, 32, 32, 640, 0, 0, 1 },	   { 640, 480, 32, 1024, 0, 0, 1 },
		{ 640, 480, 32, 640, 0, 32, 1 },   { 640, 480, 32, 640, 0, 5000, 1 },
		{ 800, 600, 32, 320, 0, 0, 0x41 }, { 640, 480, 32, 640, 0, 0, 1 },
	};
	uint32_t id = 12345;

	for (unsigned int index = 0; index < 12; index++)
		printf("dispi %u %04x\n", index, get(2, DISPI + 2 * index, 2));
	tell_edid();
	tell_planes();
	for (size_t i = 0; i < VGPU_ARRAY_LEN(modes); i++)
		set_mode(modes[i]);
	printf("get dmabuf %s\n", outcome(ioctl(device, VFIO_DEVICE_GET_GFX_DMABUF, &id)));
	tell_mappings();
	tell_set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 0);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: sample-client mtty|mdpy|mbochs UUID GROUP\n", stderr);
		return 2;
	}
	open_device(argv[2], argv[3]);
	tell_device();
	tell_config();
	if (!strcmp(argv[1], "mtty"))
		tell_mtty();
	else if (!strcmp(argv[1], "mdpy"))
		tell_mdpy();
	else
		tell_mbochs();
	return 0;
}
