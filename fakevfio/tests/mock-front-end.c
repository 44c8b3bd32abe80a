/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock-front-end.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const struct fake_type_profile probe_types[] = { { "probe", 64, 384, 4, 2, 640, 480 } };

const struct fake_gpu_profile mock_probe_profile = {
	.name = "probe",
	.model = "probe",
	.driver = "probe",
	.mdev_driver = "probe",
	.mdev_module = "probe",
	.aperture_mib = 1024,
	.ggtt_mib = 4096,
	.types = probe_types,
	.types_len = 1,
};

const struct fake_gpu_profile mock_planes_profile = {
	.name = "planes",
	.model = "planes",
	.driver = "planes",
	.mdev_driver = "planes",
	.mdev_module = "planes",
	.aperture_mib = 1024,
	.ggtt_mib = 4096,
	.types = probe_types,
	.types_len = 1,
};

/* what separates memory of the machine's from the next: an access beyond its end is a fault */
enum { GUARD_LEN = 4096 };

/*
 * Zeroed memory that costs nothing until it is touched (an aperture is large), with a guard behind
 * it. NULL on failure.
 */
static void *map_memory(size_t len)
{
	size_t rounded = (len + GUARD_LEN - 1) & ~(size_t)(GUARD_LEN - 1);
	char *memory = mmap(NULL, rounded + GUARD_LEN, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	mprotect(memory + rounded, GUARD_LEN, PROT_NONE);
	return memory;
}

static void unmap_memory(void *memory, size_t len)
{
	munmap(memory, ((len + GUARD_LEN - 1) & ~(size_t)(GUARD_LEN - 1)) + GUARD_LEN);
}

/* where @len bytes of client memory are, or NULL */
static void *client_memory(struct mock_client *client, uint64_t address, size_t len)
{
	if (address >= MOCK_SCRATCH && address - MOCK_SCRATCH <= MOCK_SCRATCH_LEN &&
	    len <= MOCK_SCRATCH_LEN - (address - MOCK_SCRATCH))
		return client->scratch + (address - MOCK_SCRATCH);
	if (address >= MOCK_RAM && address - MOCK_RAM <= MOCK_RAM_LEN &&
	    len <= MOCK_RAM_LEN - (address - MOCK_RAM))
		return client->mock->ram + (address - MOCK_RAM);
	return NULL;
}

static int read_client(void *client, uint64_t address, void *buffer, size_t len)
{
	void *memory = client_memory(client, address, len);

	if (!memory)
		return -EFAULT;
	memcpy(buffer, memory, len);
	return 0;
}

static int write_client(void *client, uint64_t address, const void *buffer, size_t len)
{
	void *memory = client_memory(client, address, len);

	if (!memory)
		return -EFAULT;
	memcpy(memory, buffer, len);
	return 0;
}

static int identify(void *client, int fd)
{
	return fd > 0 && fd < MOCK_EVENTFD ? fd : -EBADF;
}

static int take_eventfd(void *data, int fd)
{
	struct mock *mock = ((struct mock_client *)data)->mock;
	int limit = atomic_load(&mock->eventfd_limit);

	if (fd < MOCK_EVENTFD || fd >= MOCK_EVENTFD + MOCK_EVENTFDS)
		return -EBADF;
	if (limit && atomic_load(&mock->eventfds) >= limit)
		return -EMFILE;
	atomic_fetch_add(&mock->eventfds, 1);
	return fd - MOCK_EVENTFD + 1;
}

static void drop_eventfd(void *front_end, int eventfd)
{
	struct mock *mock = front_end;

	atomic_fetch_sub(&mock->eventfds, 1);
}

static void send_signal(void *front_end, int eventfd)
{
	struct mock *mock = front_end;

	atomic_fetch_add(&mock->signals[eventfd - 1], 1);
}

static int take_memory(void *data)
{
	struct mock *mock = ((struct mock_client *)data)->mock;

	atomic_fetch_add(&mock->memories, 1);
	return 1;
}

static void drop_memory(void *front_end, int memory)
{
	struct mock *mock = front_end;

	atomic_fetch_sub(&mock->memories, 1);
}

static void *ram_at(struct mock *mock, const struct fv_memory_iov *iov)
{
	if (iov->vaddr < MOCK_RAM || iov->vaddr - MOCK_RAM > MOCK_RAM_LEN ||
	    iov->len > MOCK_RAM_LEN - (iov->vaddr - MOCK_RAM))
		return NULL;
	return mock->ram + (iov->vaddr - MOCK_RAM);
}

static void share_memory(void *front_end, int memory)
{
	struct mock *mock = front_end;

	if (memory != 1)
		abort();
	atomic_fetch_add(&mock->memories, 1);
}

static int copy(struct mock *mock, const struct fv_memory_iov *iov, size_t iov_len, bool in)
{
	atomic_fetch_add(&mock->copies, 1);
	for (size_t i = 0; i < iov_len; i++) {
		void *ram = ram_at(mock, &iov[i]);

		if (!ram)
			return -EFAULT;
		memcpy(in ? iov[i].buffer : ram, in ? ram : iov[i].buffer, iov[i].len);
	}
	return 0;
}

static int copy_in(void *front_end, int memory, const struct fv_memory_iov *iov, size_t iov_len)
{
	return copy(front_end, iov, iov_len, true);
}

static int copy_out(void *front_end, int memory, const struct fv_memory_iov *iov, size_t iov_len)
{
	return copy(front_end, iov, iov_len, false);
}

static int create_backing(void *front_end, uint64_t file_len)
{
	struct mock *mock = front_end;

	if (atomic_load(&mock->fail_backing))
		return -ENOMEM;
	if (mock->opening)
		mock->opening(mock);
	atomic_fetch_add(&mock->backings, 1);
	return atomic_fetch_add(&mock->next_backing, 1) + 1;
}

static void *map_backing(void *front_end, int backing, uint64_t offset, size_t len)
{
	struct mock *mock = front_end;
	void *memory = NULL;

	if (atomic_load(&mock->fail_view))
		return NULL;
	pthread_mutex_lock(&mock->lock);
	for (size_t i = 0; i < MOCK_BACKING_VIEWS && !memory; i++) {
		struct mock_view *view = &mock->view_table[i];

		if (view->memory)
			continue;
		memory = map_memory(len);
		*view = (struct mock_view){ backing, offset, len, memory };
	}
	pthread_mutex_unlock(&mock->lock);
	if (memory)
		atomic_fetch_add(&mock->views, 1);
	return memory;
}

static void unmap_backing(void *front_end, void *memory, size_t len)
{
	struct mock *mock = front_end;

	pthread_mutex_lock(&mock->lock);
	for (size_t i = 0; i < MOCK_BACKING_VIEWS; i++)
		if (mock->view_table[i].memory == memory)
			mock->view_table[i].memory = NULL;
	pthread_mutex_unlock(&mock->lock);
	atomic_fetch_sub(&mock->views, 1);
	unmap_memory(memory, len);
}

static void destroy_backing(void *front_end, int backing)
{
	struct mock *mock = front_end;

	atomic_fetch_sub(&mock->backings, 1);
}

static bool can_export(void *front_end)
{
	return !atomic_load(&((struct mock *)front_end)->no_exporter);
}

static int create_buffer(void *front_end, uint64_t len, void **memory)
{
	struct mock *mock = front_end;
	int id = -ENOMEM;

	pthread_mutex_lock(&mock->lock);
	for (int i = 0; i < MOCK_BUFFERS && id < 0; i++) {
		if (mock->buffer_table[i].memory)
			continue;
		*memory = map_memory(len);
		mock->buffer_table[i] = (struct mock_buffer){ *memory, len, 0 };
		id = i + 1;
	}
	pthread_mutex_unlock(&mock->lock);
	if (id > 0)
		atomic_fetch_add(&mock->buffers, 1);
	return id;
}

static bool buffer_used(void *front_end, int buffer)
{
	struct mock *mock = front_end;
	bool used;

	pthread_mutex_lock(&mock->lock);
	used = mock->buffer_table[buffer - 1].users > 0;
	pthread_mutex_unlock(&mock->lock);
	return used;
}

/* its name is its id: the test's client closes it */
static int hold_buffer(void *front_end, int buffer)
{
	struct mock *mock = front_end;

	pthread_mutex_lock(&mock->lock);
	mock->buffer_table[buffer - 1].users++;
	pthread_mutex_unlock(&mock->lock);
	return buffer;
}

static void destroy_buffer(void *front_end, int buffer)
{
	struct mock *mock = front_end;
	struct mock_buffer old;

	pthread_mutex_lock(&mock->lock);
	old = mock->buffer_table[buffer - 1];
	mock->buffer_table[buffer - 1] = (struct mock_buffer){ 0 };
	pthread_mutex_unlock(&mock->lock);
	unmap_memory(old.memory, old.len);
	atomic_fetch_sub(&mock->buffers, 1);
}

static uint64_t now_ns(void *front_end)
{
	struct mock *mock = front_end;

	return atomic_load(&mock->now_ns);
}

static void deadline(void *front_end, uint64_t deadline_ns)
{
	struct mock *mock = front_end;

	atomic_store(&mock->deadline_ns, deadline_ns);
}

static void ignore_log(void *front_end, const char *line)
{
}

static const struct fv_machine_ops ops = {
	.read_client = read_client,
	.write_client = write_client,
	.identify = identify,
	.take_eventfd = take_eventfd,
	.drop_eventfd = drop_eventfd,
	.signal = send_signal,
	.take_memory = take_memory,
	.drop_memory = drop_memory,
	.share_memory = share_memory,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.create_backing = create_backing,
	.map_backing = map_backing,
	.unmap_backing = unmap_backing,
	.destroy_backing = destroy_backing,
	.can_export = can_export,
	.create_buffer = create_buffer,
	.buffer_used = buffer_used,
	.hold_buffer = hold_buffer,
	.destroy_buffer = destroy_buffer,
	.now_ns = now_ns,
	.deadline = deadline,
	.log = ignore_log,
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct mock *mock_create(void)
{
	struct mock *mock = must(calloc(1, sizeof(*mock)));

	mock->ram = must(map_memory(MOCK_RAM_LEN));
	mock->now_ns = 1;
	pthread_mutex_init(&mock->lock, NULL);
	mock->host = must(fake_host_create());
	mock->machine = must(fv_machine_create(mock->host, &ops, mock));
	return mock;
}

int mock_destroy(struct mock *mock)
{
	int held;

	fv_machine_destroy(mock->machine);
	fake_host_destroy(mock->host);
	held = mock->eventfds + mock->memories + mock->backings + mock->views + mock->buffers;
	pthread_mutex_destroy(&mock->lock);
	unmap_memory(mock->ram, MOCK_RAM_LEN);
	free(mock);
	return held;
}

/* A parent of this kind: of virtual ones a host has but one, with room for all that tests want. */
static int find_or_add_parent(struct mock *mock, const struct fake_gpu_profile *profile)
{
	struct fake_gpu_config config = { .profile = profile };
	struct vgpu_error err = { 0 };

	if (profile->kind == FAKE_PARENT_VIRTUAL) {
		config.units = 256;
		for (size_t i = 0; i < fake_host_gpus_len(mock->host); i++)
			if (fake_host_gpu(mock->host, i)->profile == profile)
				return (int)i;
	}
	return fake_host_add_gpu(mock->host, &config, &err);
}

int mock_add_vgpu(struct mock *mock, const struct fake_gpu_profile *profile, size_t type,
		  const char *uuid)
{
	struct fake_vgpu_info info;
	struct vgpu_uuid id;
	int gpu = find_or_add_parent(mock, profile);
	int ret;

	if (gpu < 0)
		return gpu;
	ret = vgpu_uuid_parse(uuid, &id);
	if (!ret)
		ret = fake_host_create_vgpu(mock->host, gpu, type, &id);
	if (!ret)
		ret = fake_host_find_vgpu(mock->host, &id, &info);
	return ret ? ret : (int)info.iommu_group;
}

struct mock_client *mock_client_create(struct mock *mock)
{
	struct mock_client *client = must(calloc(1, sizeof(*client)));

	client->mock = mock;
	return client;
}

/* what the caller would get: a new device's handle stands for its descriptor */
static int64_t value_of(const struct fv_ioctl_result *result)
{
	return result->device ? result->device : result->value;
}

int64_t mock_ioctl(struct mock_client *client, int handle, uint32_t request, uint64_t argument)
{
	struct fv_ioctl_result result =
		fv_machine_ioctl(client->mock->machine, handle, client, request, argument);

	return value_of(&result);
}

int64_t mock_ioctl_data(struct mock_client *client, int handle, uint32_t request, void *data,
			size_t len)
{
	uint8_t *at = client->scratch + MOCK_SCRATCH_LEN - len;
	int64_t value;

	memcpy(at, data, len);
	value = mock_ioctl(client, handle, request, MOCK_SCRATCH + MOCK_SCRATCH_LEN - len);
	memcpy(data, at, len);
	return value;
}

int64_t mock_get_device(struct mock_client *client, int group, const char *uuid)
{
	char name[256] = "";

	strncpy(name, uuid, sizeof(name) - 1);
	return mock_ioctl_data(client, group, VFIO_GROUP_GET_DEVICE_FD, name, strlen(name) + 1);
}

int mock_open(struct mock_client *client, int group, const char *uuid, struct mock_session *out)
{
	struct mock *mock = client->mock;
	struct mock_session session = { -1, -1, -1 };
	int64_t err;

	session.container = fv_machine_open_container(mock->machine);
	session.group = err = fv_machine_open_group(mock->machine, group);
	if (err > 0)
		err = mock_ioctl_data(client, session.group, VFIO_GROUP_SET_CONTAINER,
				      &(int32_t){ session.container }, sizeof(int32_t));
	if (!err)
		err = mock_ioctl(client, session.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	if (!err)
		session.device = err = mock_get_device(client, session.group, uuid);
	if (err < 0) {
		mock_close(mock, &session);
		return err;
	}
	*out = session;
	return 0;
}

void mock_close(struct mock *mock, const struct mock_session *session)
{
	fv_machine_close(mock->machine, session->device);
	fv_machine_close(mock->machine, session->group);
	fv_machine_close(mock->machine, session->container);
}
