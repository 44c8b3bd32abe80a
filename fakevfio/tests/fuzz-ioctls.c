/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hostile program: opens, ioctls, reads, writes, maps and closes in any order, with any argument,
 * on an i915, the kernel's samples and the probe model, by groups and by iommufd. Most ioctls start
 * from a template, right for the kind of descriptor, and are then spoilt: random bytes alone never
 * get past the first check. Nothing may crash, and nothing may be held once all is destroyed.
 */

#include "fuzz-input.h"
#include "mock-front-end.h"
#include "probe-model.h"

#include <fakevfio/device.h>
#include <fakevfio/iommufd-abi.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const uuids[] = {
	"6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a11", "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a12",
	"6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a13", "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a14",
	"6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a15",
};

enum { VGPUS = 5, KINDS = 5, HANDLES = VGPUS * KINDS, STEPS = 128 };
enum { CONTAINER, GROUP, DEVICE, IOMMUFD, CDEV };

struct program {
	struct mock *mock;
	struct mock_client *client;
	int groups[VGPUS];
	int handles[HANDLES]; /* what it has open, by vGPU and kind; 0 none */
	struct fuzz_input input;
};

static uint64_t take(struct program *program, size_t len)
{
	return fuzz_take(&program->input, len);
}

static void keep(struct program *program, uint8_t slot, int64_t handle)
{
	int *at = &program->handles[slot % HANDLES];

	if (handle <= 0)
		return;
	if (*at)
		fv_machine_close(program->mock->machine, *at);
	*at = handle;
}

/* Fills the argument of a template out of the input. Returns its length. */
typedef size_t (*filler)(struct program *program, unsigned int vgpu, uint32_t *words);

static size_t fill_number(struct program *program, unsigned int vgpu, uint32_t *words)
{
	return 0; /* the argument is no address */
}

static size_t fill_container(struct program *program, unsigned int vgpu, uint32_t *words)
{
	uint8_t which = take(program, 1);

	words[0] = program->handles[which % VGPUS * KINDS + (which & 128 ? IOMMUFD : CONTAINER)];
	return 4;
}

static size_t fill_name(struct program *program, unsigned int vgpu, uint32_t *words)
{
	strcpy((char *)words, uuids[vgpu]);
	return VGPU_UUID_TEXT_LEN;
}

/* argsz, flags, and whatever else: index, start, count */
static size_t fill_small(struct program *program, unsigned int vgpu, uint32_t *words)
{
	words[0] = 20 + take(program, 1);
	words[1] = take(program, 1) & 7;
	words[2] = take(program, 1) % 24;
	return words[0];
}

static size_t fill_map(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = take(program, 1) % 8,
		.vaddr = MOCK_RAM + take(program, 1) % 16 * 4096,
		.iova = take(program, 1) % 32 * 4096,
		.size = take(program, 1) % 8 * 4096,
	};

	memcpy(words, &map, sizeof(map));
	return sizeof(map);
}

static size_t fill_unmap(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = take(program, 1) % 8 ? 0 : take(program, 1) % 8,
		.iova = take(program, 1) % 32 * 4096,
		.size = take(program, 1) % 8 * 4096,
	};

	memcpy(words, &unmap, sizeof(unmap));
	return sizeof(unmap);
}

static size_t fill_dirty(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct vfio_iommu_type1_dirty_bitmap_get range = {
		.iova = take(program, 1) % 32 * 4096,
		.size = take(program, 1) * 4096,
		.bitmap = { 4096, 64, (void *)(uintptr_t)MOCK_RAM },
	};

	words[0] = 8 + sizeof(range);
	words[1] = 1U << take(program, 1) % 3;
	memcpy(words + 2, &range, sizeof(range));
	return words[0];
}

static size_t fill_irqs(struct program *program, unsigned int vgpu, uint32_t *words)
{
	static const uint32_t actions[] = { VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK,
					    VFIO_IRQ_SET_ACTION_TRIGGER,
					    VFIO_IRQ_SET_ACTION_TRIGGER };
	uint8_t shape = take(program, 1);

	words[0] = 36;
	words[1] = 1U << shape % 3 | actions[shape >> 2 & 3];
	words[2] = take(program, 1) % 6;
	words[3] = take(program, 1) % 4;
	words[4] = take(program, 1) % 5;
	for (unsigned int i = 5; i < 9; i++)
		words[i] = MOCK_EVENTFD - 1 + take(program, 1) % 8;
	return 36;
}

static size_t fill_plane(struct program *program, unsigned int vgpu, uint32_t *words)
{
	words[0] = sizeof(struct vfio_device_gfx_plane_info);
	words[1] = take(program, 1) % 8;
	words[2] = take(program, 1) % 4;
	return words[0];
}

/* An id that is likely to be one: of an address space, or of a device. */
static uint32_t take_id(struct program *program)
{
	return take(program, 1) % 5;
}

static size_t fill_bind(struct program *program, unsigned int vgpu, uint32_t *words)
{
	words[0] = 16;
	words[2] = program->handles[take(program, 1) % VGPUS * KINDS + IOMMUFD];
	return 16;
}

/* size, then words of which the first ones are flags and ids */
static size_t fill_ids(struct program *program, unsigned int vgpu, uint32_t *words)
{
	words[0] = 8 + take(program, 1) % 64;
	for (unsigned int i = 1; i < 4; i++)
		words[i] = take_id(program);
	words[4] = take(program, 1) % 3;
	return words[0];
}

/* size, id, op of 16 bits: IOMMU_VFIO_IOAS; or size, option, op, object, value: IOMMU_OPTION */
static size_t fill_option(struct program *program, unsigned int vgpu, uint32_t *words)
{
	words[0] = take(program, 1) % 2 ? 12 : 24;
	words[1] = take_id(program);
	words[2] = take(program, 1) % 4;
	words[3] = take_id(program);
	words[4] = take(program, 1) % 3;
	return words[0];
}

static uint64_t take_address(struct program *program)
{
	uint8_t unit = take(program, 1);

	return take(program, 1) % 32 * (unit % 4 ? 4096 : 1) + (unit == 255 ? UINT64_MAX - 40 : 0);
}

static size_t fill_ioas_map(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct fv_ioas_map map = {
		.size = sizeof(map),
		.flags = take(program, 1) % 8,
		.ioas_id = take_id(program),
		.user_va = MOCK_RAM + take_address(program),
		.length = take_address(program),
		.iova = take_address(program),
	};

	memcpy(words, &map, sizeof(map));
	return sizeof(map);
}

static size_t fill_ioas_copy(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct fv_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = take(program, 1) % 8,
		.dst_ioas_id = take_id(program),
		.src_ioas_id = take_id(program),
		.length = take_address(program),
		.dst_iova = take_address(program),
		.src_iova = take_address(program),
	};

	memcpy(words, &copy, sizeof(copy));
	return sizeof(copy);
}

static size_t fill_ioas_unmap(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct fv_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = take_id(program),
		.iova = take_address(program),
		.length = take(program, 1) % 8 ? take_address(program) : UINT64_MAX,
	};

	memcpy(words, &unmap, sizeof(unmap));
	return sizeof(unmap);
}

/* ranges lie in guest memory, which the input has filled as far as it likes */
static size_t fill_ranges(struct program *program, unsigned int vgpu, uint32_t *words)
{
	struct fv_ioas_iova_ranges ranges = {
		.size = sizeof(ranges),
		.ioas_id = take_id(program),
		.num_iovas = take(program, 1) % 6,
		.allowed_iovas = MOCK_RAM + take(program, 1) % 8 * 16,
	};

	for (unsigned int i = 0; i < 16; i++)
		memcpy(program->mock->ram + i * 8, &(uint64_t){ take_address(program) }, 8);
	memcpy(words, &ranges, sizeof(ranges));
	return take(program, 1) % 2 ? sizeof(ranges) : sizeof(struct fv_ioas_allow_iovas);
}

static const struct {
	unsigned int kind;
	uint32_t request;
	filler fill;
} templates[] = {
	{ CONTAINER, VFIO_CHECK_EXTENSION, fill_number },
	{ CONTAINER, VFIO_SET_IOMMU, fill_number },
	{ CONTAINER, VFIO_IOMMU_GET_INFO, fill_small },
	{ CONTAINER, VFIO_IOMMU_MAP_DMA, fill_map },
	{ CONTAINER, VFIO_IOMMU_MAP_DMA, fill_map },
	{ CONTAINER, VFIO_IOMMU_UNMAP_DMA, fill_unmap },
	{ CONTAINER, VFIO_IOMMU_DIRTY_PAGES, fill_dirty },
	{ GROUP, VFIO_GROUP_GET_STATUS, fill_small },
	{ GROUP, VFIO_GROUP_SET_CONTAINER, fill_container },
	{ GROUP, VFIO_GROUP_UNSET_CONTAINER, fill_number },
	{ GROUP, VFIO_GROUP_GET_DEVICE_FD, fill_name },
	{ DEVICE, VFIO_DEVICE_GET_INFO, fill_small },
	{ DEVICE, VFIO_DEVICE_GET_REGION_INFO, fill_small },
	{ DEVICE, VFIO_DEVICE_GET_IRQ_INFO, fill_small },
	{ DEVICE, VFIO_DEVICE_SET_IRQS, fill_irqs },
	{ DEVICE, VFIO_DEVICE_SET_IRQS, fill_irqs },
	{ DEVICE, VFIO_DEVICE_RESET, fill_number },
	{ DEVICE, VFIO_DEVICE_FEATURE, fill_small },
	{ DEVICE, VFIO_DEVICE_QUERY_GFX_PLANE, fill_plane },
	{ DEVICE, VFIO_DEVICE_GET_GFX_DMABUF, fill_small },
	{ CDEV, FV_DEVICE_BIND_IOMMUFD, fill_bind },
	{ CDEV, FV_DEVICE_ATTACH_IOMMUFD_PT, fill_ids },
	{ CDEV, FV_DEVICE_ATTACH_IOMMUFD_PT, fill_ids },
	{ CDEV, FV_DEVICE_DETACH_IOMMUFD_PT, fill_ids },
	{ CDEV, VFIO_DEVICE_SET_IRQS, fill_irqs },
	{ CDEV, VFIO_DEVICE_QUERY_GFX_PLANE, fill_plane },
	{ IOMMUFD, FV_IOMMU_DESTROY, fill_ids },
	{ IOMMUFD, FV_IOMMU_IOAS_ALLOC, fill_ids },
	{ IOMMUFD, FV_IOMMU_IOAS_ALLOW_IOVAS, fill_ranges },
	{ IOMMUFD, FV_IOMMU_IOAS_IOVA_RANGES, fill_ranges },
	{ IOMMUFD, FV_IOMMU_IOAS_COPY, fill_ioas_copy },
	{ IOMMUFD, FV_IOMMU_IOAS_MAP, fill_ioas_map },
	{ IOMMUFD, FV_IOMMU_IOAS_MAP, fill_ioas_map },
	{ IOMMUFD, FV_IOMMU_IOAS_UNMAP, fill_ioas_unmap },
	{ IOMMUFD, FV_IOMMU_OPTION, fill_option },
	{ IOMMUFD, FV_IOMMU_VFIO_IOAS, fill_option },
	{ IOMMUFD, FV_IOMMU_HWPT_ALLOC, fill_ids },
	{ IOMMUFD, FV_IOMMU_GET_HW_INFO, fill_ids },
	{ IOMMUFD, VFIO_SET_IOMMU, fill_number },
	{ IOMMUFD, VFIO_IOMMU_GET_INFO, fill_small },
	{ IOMMUFD, VFIO_IOMMU_MAP_DMA, fill_map },
	{ IOMMUFD, VFIO_IOMMU_UNMAP_DMA, fill_unmap },
};

static void do_ioctl(struct program *program, unsigned int vgpu, unsigned int kind,
		     uint32_t request, const void *bytes, size_t len, uint64_t number)
{
	uint64_t argument = len ? MOCK_SCRATCH + MOCK_SCRATCH_LEN - len : number;
	struct fv_ioctl_result result;

	memcpy(program->client->scratch + MOCK_SCRATCH_LEN - len, bytes, len);
	result = fv_machine_ioctl(program->mock->machine, program->handles[vgpu * KINDS + kind],
				  program->client, request, argument);
	keep(program, vgpu * KINDS + DEVICE, result.device);
}

static void template_ioctl(struct program *program, unsigned int vgpu)
{
	size_t which = take(program, 1) % VGPU_ARRAY_LEN(templates);
	uint8_t spoil = take(program, 1);
	uint32_t words[80] = { 0 };
	size_t len = templates[which].fill(program, vgpu, words);

	/* one time in four, up to three bytes are other ones */
	for (unsigned int i = 0; len && spoil % 4 == 3 && i < 3; i++)
		((uint8_t *)words)[take(program, 1) % len] ^= take(program, 1);
	do_ioctl(program, vgpu, templates[which].kind, templates[which].request, words, len,
		 take(program, spoil & 64 ? 8 : 1));
}

/* any request to any kind, on bytes that mean nothing */
static void random_ioctl(struct program *program, unsigned int vgpu)
{
	uint32_t request = _IO(VFIO_TYPE, VFIO_BASE + take(program, 1) % 48);
	unsigned int kind = take(program, 1) % KINDS;
	size_t len = take(program, 1);
	uint8_t bytes[256] = { 0 };

	for (size_t i = 0; i < len; i++)
		bytes[i] = take(program, 1);
	do_ioctl(program, vgpu, kind, request, bytes, len, take(program, 8));
}

/* an offset near something: a region, with a position in it */
static uint64_t random_offset(struct program *program)
{
	uint8_t region = take(program, 1);

	if (region >= 240)
		return take(program, 8);
	if (region >= 128) /* the probe model's registers that do something */
		return PROBE_REG_SIGNAL + region % 4 * 4;
	return (uint64_t)(region % 20) << FV_REGION_SHIFT | take(program, region & 64 ? 1 : 4);
}

static void access_device(struct program *program, unsigned int vgpu, bool write)
{
	int kind = program->handles[vgpu * KINDS + CDEV] ? CDEV : DEVICE;
	int handle = program->handles[vgpu * KINDS + kind];
	uint64_t offset = random_offset(program);
	uint8_t bytes[512] = { 0 };
	uint8_t shape = take(program, 1);
	size_t len = shape & 128 ? take(program, 2) % sizeof(bytes) : 1U << shape % 4;
	uint64_t value = take(program, shape & 64 ? 8 : 3);

	/* a word that a probe register takes for an interrupt or a guest address */
	if (offset >= PROBE_REG_SIGNAL && offset <= PROBE_REG_DMA && !(offset % 4)) {
		value &= 0x3ff1f;
		len = 4;
	}
	memcpy(bytes, &value, sizeof(value));
	/* as a front end does, for threads 1 to 8 */
	if (fv_machine_stage_read(program->mock->machine, handle, 1 + shape / 4 % 8, write, offset,
				  len))
		return;
	if (write)
		fv_machine_write(program->mock->machine, handle, offset, bytes, len);
	else
		fv_machine_read(program->mock->machine, handle, offset, bytes, len);
}

static void step(struct program *program)
{
	struct fv_machine *machine = program->mock->machine;
	uint8_t what = take(program, 1);
	unsigned int vgpu = take(program, 1) % VGPUS;
	int *handle = &program->handles[vgpu * KINDS + what / 16 % KINDS];
	uint64_t offset;
	int backing;

	switch (what % 16) {
	case 0:
		if (what & 64)
			keep(program, vgpu * KINDS + IOMMUFD,
			     fv_machine_open_iommufd(machine, &backing));
		else
			keep(program, vgpu * KINDS + CONTAINER, fv_machine_open_container(machine));
		break;
	case 1:
		if (what & 64)
			keep(program, vgpu * KINDS + CDEV,
			     fv_machine_open_cdev(machine, vgpu, &backing));
		else
			keep(program, vgpu * KINDS + GROUP,
			     fv_machine_open_group(machine, program->groups[vgpu]));
		break;
	case 2:
		fv_machine_close(machine, *handle);
		*handle = 0;
		break;
	case 3:
		random_ioctl(program, vgpu);
		break;
	case 4:
		offset = random_offset(program);
		fv_machine_may_mmap(machine, *handle, offset, take(program, 8), what, what >> 4);
		break;
	case 5:
		atomic_fetch_add(&program->mock->now_ns, take(program, 4));
		fv_machine_tick(machine, atomic_load(&program->mock->now_ns));
		break;
	case 6:
	case 7:
		access_device(program, vgpu, false);
		break;
	case 8:
	case 9:
	case 10:
		access_device(program, vgpu, true);
		break;
	default:
		template_ioctl(program, vgpu);
		break;
	}
}

/* what most of the table needs */
static void begin(struct program *program)
{
	uint8_t by_iommufd = take(program, 1);
	struct mock_session session;
	int backing;

	for (unsigned int i = 0; i < VGPUS; i++) {
		int *handles = &program->handles[i * KINDS];

		handles[IOMMUFD] = fv_machine_open_iommufd(program->mock->machine, &backing);
		if (by_iommufd >> i & 1) {
			handles[CDEV] = fv_machine_open_cdev(program->mock->machine, i, &backing);
			continue;
		}

		if (mock_open(program->client, program->groups[i], uuids[i], &session))
			abort();
		handles[CONTAINER] = session.container;
		handles[GROUP] = session.group;
		handles[DEVICE] = session.device;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program program = { .input = { data, size } };

	program.mock = mock_create();
	fake_host_set_kernel(program.mock->host, FAKE_KERNEL(6, 12));
	program.client = mock_client_create(program.mock);
	program.groups[0] =
		mock_add_vgpu(program.mock, fake_gpu_profile_find("kaby-lake"), 0, uuids[0]);
	program.groups[1] = mock_add_vgpu(program.mock, fake_gpu_profile_find("mdpy"), 0, uuids[1]);
	program.groups[2] = mock_add_vgpu(program.mock, &mock_probe_profile, 0, uuids[2]);
	program.groups[3] = mock_add_vgpu(program.mock, fake_gpu_profile_find("mtty"), 1, uuids[3]);
	program.groups[4] =
		mock_add_vgpu(program.mock, fake_gpu_profile_find("mbochs"), 0, uuids[4]);
	probe_gate = 1; /* PROBE_REG_SLEEP does not sleep */
	for (unsigned int i = 0; i < VGPUS; i++)
		if (program.groups[i] < 0)
			abort();
	begin(&program);
	for (int i = 0; i < STEPS && program.input.left; i++)
		step(&program);
	free(program.client);
	if (mock_destroy(program.mock))
		abort(); /* something was never given back */
	return 0;
}
