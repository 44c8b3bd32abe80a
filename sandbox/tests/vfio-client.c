/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A VFIO client that is not QEMU. It runs inside `vgpulab run`, on a vGPU that is there already.
 *
 * usage: vfio-client check UUID GROUP      prints TAP: what a client may rely on
 *        vfio-client hold UUID GROUP       opens the vGPU, prints "open", waits for its input's end
 *        vfio-client open GROUP            opens the group, or exits with the errno
 *        vfio-client storm UUID GROUP S    abuses all of it from several threads for S seconds
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"

/* Half of BAR 0 is registers, half the GGTT. Source: GVT-g, GTTMMADR of 16 MiB */
enum { BAR0_LEN = 16 << 20, GGTT_OFFSET = 8 << 20 };

struct client {
	const char *uuid;
	int container, group, device;
	uint64_t config, bar0; /* where the regions are in the device's file */
};

static int open_group(const char *number)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	return open(path, O_RDWR | O_CLOEXEC);
}

static uint64_t region_offset(int device, uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	return ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) ? UINT64_MAX : info.offset;
}

/* As QEMU does it. */
static bool client_open(struct client *client, const char *uuid, const char *group)
{
	*client = (struct client){ .uuid = uuid, .container = -1, .group = -1, .device = -1 };
	client->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	client->group = open_group(group);
	if (client->container < 0 || client->group < 0 ||
	    ioctl(client->group, VFIO_GROUP_SET_CONTAINER, &client->container) ||
	    ioctl(client->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return false;
	client->device = ioctl(client->group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (client->device < 0)
		return false;
	client->config = region_offset(client->device, VFIO_PCI_CONFIG_REGION_INDEX);
	client->bar0 = region_offset(client->device, VFIO_PCI_BAR0_REGION_INDEX);
	return true;
}

static void client_close(struct client *client)
{
	if (client->device >= 0)
		close(client->device);
	if (client->group >= 0)
		close(client->group);
	if (client->container >= 0)
		close(client->container);
}

static void check_container(const char *uuid, const char *group_number)
{
	_autoclose_ int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	_autoclose_ int group = open_group(group_number);
	_autoclose_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct vfio_group_status status = { .argsz = sizeof(status) };

	(void)uuid;
	check(container >= 0 && group >= 0, "container and group open");
	check(open_group(group_number) < 0 && errno == EBUSY, "a second open of the group: EBUSY");
	check(open_group("4095") < 0 && errno == ENOENT, "a group that is not there: ENOENT");
	check(ioctl(container, VFIO_GET_API_VERSION) == VFIO_API_VERSION, "the API version is 0");
	check(ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) == 1,
	      "type 1 v2 is there");
	check(ioctl(container, VFIO_CHECK_EXTENSION, VFIO_SPAPR_TCE_IOMMU) == 0, "SPAPR is not");
	check(!ioctl(group, VFIO_GROUP_GET_STATUS, &status) &&
		      status.flags == VFIO_GROUP_FLAGS_VIABLE,
	      "the group is viable and has no container yet");
	check(ioctl(group, VFIO_GROUP_GET_STATUS, 8) < 0 && errno == EFAULT,
	      "a pointer to nowhere: EFAULT");
	check(ioctl(group, VFIO_GROUP_SET_CONTAINER, &null) < 0, "/dev/null is no container");
	check(ioctl(null, VFIO_GET_API_VERSION) < 0 && errno == ENOTTY,
	      "a VFIO request on /dev/null is the kernel's business: ENOTTY");
	check(ioctl(1000000, VFIO_GET_API_VERSION) < 0 && errno == EBADF,
	      "a VFIO request on no descriptor: EBADF");
}

static void check_device(struct client *client)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	_autoclose_ int unknown = ioctl(client->group, VFIO_GROUP_GET_DEVICE_FD, "no-such-device");
	int second;

	check(unknown < 0 && errno == ENODEV, "a device that the group does not have: ENODEV");
	check(fcntl(client->device, F_GETFD) == FD_CLOEXEC, "a device descriptor is close-on-exec");
	check(!ioctl(client->device, VFIO_DEVICE_GET_INFO, &info) &&
		      (info.flags & VFIO_DEVICE_FLAGS_PCI) &&
		      (info.flags & VFIO_DEVICE_FLAGS_RESET),
	      "it is a PCI device that can be reset");
	check(info.num_regions >= VFIO_PCI_NUM_REGIONS && info.num_irqs == VFIO_PCI_NUM_IRQS,
	      "it has PCI's regions and interrupts");
	info.argsz = 4;
	check(ioctl(client->device, VFIO_DEVICE_GET_INFO, &info) < 0 && errno == EINVAL,
	      "argsz too small: EINVAL");
	check(ioctl(client->device, VFIO_DEVICE_GET_INFO, 1) < 0 && errno == EFAULT,
	      "argsz nowhere: EFAULT");
	check(ioctl(client->device, 0x3bff, 0) < 0 && errno == ENOTTY,
	      "an unknown request: ENOTTY");
	second = dup(client->device);
	check(!ioctl(second, VFIO_DEVICE_RESET), "a dup(2) of it takes requests too");
	close(second);
}

/* Another process is given the device's descriptor in a message, and has no other of it. */
static ssize_t pass(int socket, bool sending, int *fd)
{
	char room[CMSG_SPACE(sizeof(*fd))] = { 0 }, byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { NULL, 0, &data, 1, room, sizeof(room), 0 };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ssize_t len;

	*header = (struct cmsghdr){ CMSG_LEN(sizeof(*fd)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(header), fd, sizeof(*fd));
	len = sending ? sendmsg(socket, &message, 0) : recvmsg(socket, &message, 0);
	memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return len;
}

static int take_message(int socket)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int fd = -1;

	return close_range(960, 1023, 0) || pass(socket, false, &fd) != 1 || fd >= 960 ||
	       ioctl(fd, VFIO_DEVICE_GET_INFO, &info) || !(info.flags & VFIO_DEVICE_FLAGS_PCI);
}

static void check_message(struct client *client)
{
	int ends[2], status = 1;
	pid_t child;

	check(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "a pair of sockets");
	child = fork();
	if (!child)
		_exit(take_message(ends[1]));
	check(pass(ends[0], true, &client->device) == 1, "a device descriptor can be sent");
	check(waitpid(child, &status, 0) == child && !status, "its receiver may ask of it");
	close(ends[0]);
	close(ends[1]);
}

static void check_config(struct client *client)
{
	uint16_t id[2] = { 0 }, command = 2, value = 0, parts[2] = { 0 };
	struct iovec iov[] = { { &parts[0], 2 }, { &parts[1], 2 } };
	int device = client->device;
	uint64_t at = client->config;
	char large[8192];
	void *volatile nowhere = (void *)8;

	check(pread(device, id, 4, (off_t)at) == 4 && id[0] == 0x8086, "the vendor is Intel");
	check(preadv(device, iov, 2, (off_t)at) == 4 && !memcmp(parts, id, 4),
	      "preadv reads the same in pieces");
	check(read(device, parts, 4) == 0 && write(device, parts, 4) < 0 &&
		      preadv2(device, iov, 2, -1, 0) == 0 && pwritev2(device, iov, 2, -1, 0) < 0,
	      "without an offset nothing is read, and nothing can be written");
	check(pwrite(device, &command, 2, (off_t)at + 4) == 2 &&
		      pread(device, &value, 2, (off_t)at + 4) == 2 && value == command,
	      "the command register keeps its memory bit");
	value = 0xffff;
	check(pwrite(device, &value, 2, (off_t)at) == 2 &&
		      pread(device, parts, 2, (off_t)at) == 2 && parts[0] == id[0],
	      "the vendor cannot be overwritten");
	check(pread(device, large, sizeof(large), (off_t)at) <= 4096, "config space ends");
	check(pread(device, nowhere, 4, (off_t)at) < 0 && errno == EFAULT,
	      "a buffer nowhere: EFAULT");
	check(pread(device, large, 4, (off_t)0x7fff000000000000) < 0, "no region there: an error");
	check(preadv2(device, iov, 2, -2, 0) < 0 && errno == EINVAL, "a negative offset: EINVAL");
}

static void check_memory(struct client *client)
{
	int device = client->device;
	off_t ggtt = (off_t)client->bar0 + GGTT_OFFSET;
	uint32_t value = 0x12345678, seen = 0;
	volatile uint32_t *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, device, ggtt);

	if (!check(map != MAP_FAILED, "the GGTT half of BAR 0 can be mapped"))
		return;
	map[1] = value;
	check(pread(device, &seen, 4, ggtt + 4) == 4 && seen == value,
	      "what is written to the mapping is read through the descriptor");
	value = 0x9abcdef0;
	check(pwrite(device, &value, 4, ggtt + 8) == 4 && map[2] == value,
	      "and the other way round");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, device, (off_t)client->bar0) == MAP_FAILED &&
		      errno == EINVAL,
	      "the registers cannot be mapped: EINVAL");
	check(ftruncate(device, 0) < 0, "the file behind it cannot be cut short");
	munmap((void *)map, 4096);
}

static void check_dma(struct client *client)
{
	const size_t len = 1 << 20;
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = 0x100000,
		.size = len,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = 0x100000,
		.size = len,
	};

	check(!ioctl(client->container, VFIO_IOMMU_MAP_DMA, &map), "memory is mapped for DMA");
	check(ioctl(client->container, VFIO_IOMMU_MAP_DMA, &map) < 0 && errno == EEXIST,
	      "the same again: EEXIST");
	check(!ioctl(client->container, VFIO_IOMMU_UNMAP_DMA, &unmap) && unmap.size == len,
	      "and unmapped");
	munmap(memory, len);
}

static int set_irq(int device, int32_t fd)
{
	_autofree_ struct vfio_irq_set *set = calloc(1, sizeof(*set) + sizeof(fd));

	*set = (struct vfio_irq_set){
		.argsz = sizeof(*set) + sizeof(fd),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSI_IRQ_INDEX,
		.count = 1,
	};
	memcpy(set->data, &fd, sizeof(fd));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, set);
}

static void check_irqs(struct client *client)
{
	_autoclose_ int eventfd_fd = eventfd(0, EFD_CLOEXEC);
	_autoclose_ int file = open("/dev/zero", O_RDWR | O_CLOEXEC);

	check(!set_irq(client->device, eventfd_fd), "MSI takes an eventfd");
	check(set_irq(client->device, file) < 0, "MSI takes nothing but an eventfd");
	check(set_irq(client->device, 1000000) < 0, "MSI takes no descriptor that is not there");
}

/* A forked child has the descriptors too; they are the same open. */
enum { READERS = 4, READS = 2000 };

/* A reader: registers of its own that are memory, and what all read. */
struct reader {
	const struct client *client;
	uint32_t number;
	bool right;
};

static void *read_registers(void *data)
{
	struct reader *reader = data;
	const off_t own = (off_t)(reader->client->bar0 + 0x4f100 + 4 * reader->number);
	const off_t magic = (off_t)(reader->client->bar0 + 0x78000);
	int device = reader->client->device;

	reader->right = true;
	for (uint32_t i = 0; i < READS && reader->right; i++) {
		uint32_t value = reader->number << 24 | i, seen = 0, version = 0;

		/* one in eight: what a thread has read before must not come again */
		if (i % 8 == 0)
			reader->right = pwrite(device, &value, 4, own) == 4;
		else
			value -= i % 8;
		reader->right = reader->right && pread(device, &seen, 4, own) == 4 &&
				seen == value && pread(device, &version, 4, magic) == 4 &&
				version == 0x76544776;
	}
	return NULL;
}

/* Registers are read through the device's file, one thread at a time. */
static void check_readers(struct client *client)
{
	struct reader readers[READERS];
	pthread_t threads[READERS];
	bool right = true;

	for (uint32_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ client, i, false };
		pthread_create(&threads[i], NULL, read_registers, &readers[i]);
	}
	for (uint32_t i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		right = right && readers[i].right;
	}
	check(right, "threads that read registers at once get each its own");
}

static void check_fork(struct client *client)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		uint16_t vendor = 0;

		_exit(pread(client->device, &vendor, 2, (off_t)client->config) != 2 ||
		      vendor != 0x8086);
	}
	waitpid(child, &status, 0);
	check(!status, "a forked child reads the device");
}

/* The descriptor survives exec(2) if the client wants so; its memory does not. */
static void check_exec(struct client *client)
{
	char fd[16], offset[32];
	int status = -1;
	pid_t child;

	snprintf(fd, sizeof(fd), "%d", client->device);
	snprintf(offset, sizeof(offset), "%llu", (unsigned long long)client->config);
	fcntl(client->device, F_SETFD, 0);
	fflush(stdout);
	child = fork();
	if (!child) {
		uint32_t value;

		(void)!pread(client->device, &value, 4, (off_t)client->config);
		execl("/proc/self/exe", "vfio-client", "inherited", fd, offset, NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	check(!status, "a program that inherits it through exec reads the device");
}

/* Numbers that the client uses itself are left alone. */
static void check_numbers(const char *uuid, const char *group)
{
	_autoclose_ int file = memfd_create("mine", MFD_CLOEXEC);
	struct client client;
	struct rlimit limit, low;
	char text[8] = "";

	(void)!write(file, "mine", 4);
	dup2(file, 960);
	check(client_open(&client, uuid, group) && client.device != 960 &&
		      pread(960, text, 4, 0) == 4 && !strcmp(text, "mine"),
	      "a descriptor of the client's own at 960 stays, and is read by the kernel");
	client_close(&client);
	close(960);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ 256, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	check(!client_open(&client, uuid, group) && errno == EMFILE,
	      "with a limit of 256 descriptors there is none left: EMFILE");
	client_close(&client);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Who opens again at once must not be told that the group is busy. */
static bool reopen(const char *uuid, const char *group)
{
	for (int i = 0; i < 50; i++) {
		struct client client;
		bool opened = client_open(&client, uuid, group);

		client_close(&client);
		if (!opened)
			return false;
	}
	return true;
}

static bool die_and_reopen(const char *uuid, const char *group)
{
	for (int i = 0; i < 20; i++) {
		struct client client;
		pid_t child = fork();

		if (!child) {
			client_open(&client, uuid, group);
			kill(getpid(), SIGKILL);
		}
		waitpid(child, NULL, 0);
		if (!client_open(&client, uuid, group))
			return false;
		client_close(&client);
	}
	return true;
}

static int run_checks(const char *uuid, const char *group)
{
	struct client client;

	check_container(uuid, group);
	if (check(client_open(&client, uuid, group), "the vGPU opens as QEMU does it")) {
		check_device(&client);
		check_config(&client);
		check_memory(&client);
		check_dma(&client);
		check_irqs(&client);
		check_readers(&client);
		check_message(&client);
		check_fork(&client);
		check_exec(&client);
	}
	client_close(&client);
	check_numbers(uuid, group);
	check(reopen(uuid, group), "close and open follow each other 50 times");
	check(die_and_reopen(uuid, group), "so do kill -9 and open, 20 times");
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int hold(const char *uuid, const char *group)
{
	struct client client;

	if (!client_open(&client, uuid, group)) {
		perror("vfio-client: cannot open the vGPU");
		return EXIT_FAILURE;
	}
	hold_until_told();
	client_close(&client);
	return EXIT_SUCCESS;
}

enum { STORM_CALL_MAX = 70000 };

static struct {
	struct client client;
	atomic_bool stop;
	uint32_t words[64]; /* arguments that other threads overwrite all the time */
	char room[2 * STORM_CALL_MAX];
} storm;

static uint32_t random_of(unsigned int *seed)
{
	return (uint32_t)rand_r(seed) << 16 ^ (uint32_t)rand_r(seed);
}

static uintptr_t any_argument(unsigned int *seed)
{
	switch (random_of(seed) % 4) {
	case 0:
		return (uintptr_t)storm.words;
	case 1:
		return random_of(seed) % 4096;
	case 2:
		return UINTPTR_MAX - random_of(seed) % 64;
	default:
		return (uintptr_t)&storm.words[random_of(seed) % 64];
	}
}

/* By number: the C library's functions may look at the arguments first. */
static void *rage(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data;

	while (!atomic_load(&storm.stop)) {
		const int fds[] = { storm.client.container, storm.client.group,
				    storm.client.device };
		int fd = fds[random_of(&seed) % 3];
		uint64_t offset =
			(uint64_t)(random_of(&seed) % 12) << 40 | random_of(&seed) % BAR0_LEN;
		size_t len = random_of(&seed) % STORM_CALL_MAX;

		storm.words[random_of(&seed) % 64] = random_of(&seed) % 128;
		switch (random_of(&seed) % 5) {
		case 0:
			syscall(SYS_pread64, fd, storm.room, len, offset);
			break;
		case 1:
			syscall(SYS_pwrite64, fd, storm.room, len, offset);
			break;
		case 2:
			syscall(SYS_pwrite64, fd, any_argument(&seed), len, offset);
			break;
		default:
			syscall(SYS_ioctl, fd, 0x3b64 + random_of(&seed) % 24, any_argument(&seed));
		}
	}
	return NULL;
}

/* Whatever comes of it, who opens the vGPU afterwards must find it whole. */
static int run_storm(const char *uuid, const char *group, unsigned int seconds)
{
	pthread_t threads[4];

	if (!client_open(&storm.client, uuid, group))
		return EXIT_FAILURE;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(threads); i++)
		pthread_create(&threads[i], NULL, rage, (void *)(i + 1));
	sleep(seconds);
	atomic_store(&storm.stop, true);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	return EXIT_SUCCESS;
}

static int set_kvm_group(int device, uint64_t what, int32_t fd)
{
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_GROUP,
		.attr = what,
		.addr = (uintptr_t)&fd,
	};

	return ioctl(device, KVM_SET_DEVICE_ATTR, &attr) ? errno : 0;
}

/* As QEMU does for a KVM guest, with whatever KVM can do here. 77: not even that. */
static int run_kvm(const char *uuid, const char *group)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct client client;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0 || ioctl(vm, KVM_CREATE_DEVICE, &create))
		return 77;
	if (!check(client_open(&client, uuid, group), "the device opens"))
		return 1;
	check(!set_kvm_group(create.fd, KVM_DEV_VFIO_GROUP_ADD, client.group), "KVM takes a group");
	check(set_kvm_group(create.fd, KVM_DEV_VFIO_GROUP_ADD, client.container) == EINVAL,
	      "a container is no group");
	check(set_kvm_group(create.fd, KVM_DEV_VFIO_GROUP_ADD, kvm) == EINVAL,
	      "another file is no group");
	check(set_kvm_group(create.fd, KVM_DEV_VFIO_GROUP_ADD, -1) == EBADF, "none is none");
	check(set_kvm_group(client.group, KVM_DEV_VFIO_GROUP_ADD, client.group) == ENOTTY,
	      "a group is not KVM's device");
	check(!set_kvm_group(create.fd, KVM_DEV_VFIO_GROUP_DEL, client.group),
	      "KVM gives a group back");
	client_close(&client);
	return failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";
	uint16_t vendor = 0;

	if (!strcmp(verb, "check") && argc == 4)
		return run_checks(argv[2], argv[3]);
	if (!strcmp(verb, "kvm") && argc == 4)
		return run_kvm(argv[2], argv[3]);
	if (!strcmp(verb, "hold") && argc == 4)
		return hold(argv[2], argv[3]);
	if (!strcmp(verb, "open") && argc == 3)
		return open_group(argv[2]) < 0 ? errno : 0;
	if (!strcmp(verb, "inherited") && argc == 4)
		return pread(atoi(argv[2]), &vendor, 2, (off_t)strtoull(argv[3], NULL, 10)) != 2 ||
		       vendor != 0x8086;
	if (!strcmp(verb, "storm") && argc == 5)
		return run_storm(argv[2], argv[3], (unsigned int)atoi(argv[4]));
	fputs("usage: vfio-client check|hold|kvm UUID GROUP | open GROUP | storm UUID GROUP S\n",
	      stderr);
	return 2;
}
