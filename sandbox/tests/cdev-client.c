/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A VFIO client that takes the way of a QEMU with an iommufd object: /dev/iommu and the device's
 * own node. It runs inside `vgpulab run --kernel 6.6`, on a vGPU that is there already.
 * Source: QEMU 10.0, hw/vfio/iommufd.c, backends/iommufd.c, util/chardev_open.c
 *
 * usage: cdev-client check UUID GROUP      prints TAP
 *        cdev-client hold UUID             binds the device, prints "open", waits for its input's end
 */

#include <dirent.h>
#include <fakevfio/iommufd-abi.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"

/* The GGTT is the second half of BAR 0. Source: GVT-g, GTTMMADR of 16 MiB */
enum { RAM_LEN = 1 << 20, PAGE = 4096, GGTT_OFFSET = 8 << 20 };

struct client {
	char node[300]; /* /dev/vfio/devices/vfioN */
	dev_t devt; /* as sysfs says */
	int iommufd, device;
	uint32_t id, ioas;
};

/* sysfs tells the name and the number of the device's node. */
static bool find_node(struct client *client, const char *uuid)
{
	char path[PATH_MAX], dir[128];
	unsigned int major, minor;
	_autofclose_ FILE *file = NULL;
	struct dirent *entry;
	DIR *list;

	snprintf(dir, sizeof(dir), "/sys/bus/mdev/devices/%s/vfio-dev", uuid);
	list = opendir(dir);
	while (list && (entry = readdir(list)))
		if (!strncmp(entry->d_name, "vfio", 4)) {
			snprintf(path, sizeof(path), "%s/%s/dev", dir, entry->d_name);
			snprintf(client->node, sizeof(client->node), "/dev/vfio/devices/%s",
				 entry->d_name);
			file = fopen(path, "re");
		}
	if (list)
		closedir(list);
	if (!file || fscanf(file, "%u:%u", &major, &minor) != 2)
		return false;
	client->devt = makedev(major, minor);
	return true;
}

static int bind_device(struct client *client)
{
	struct fv_bind_iommufd bind = { sizeof(bind), 0, client->iommufd, 0 };
	int rc = ioctl(client->device, FV_DEVICE_BIND_IOMMUFD, &bind);

	client->id = bind.out_devid;
	return rc;
}

static bool client_open(struct client *client, const char *uuid)
{
	*client = (struct client){ .iommufd = -1, .device = -1 };
	if (!find_node(client, uuid))
		return false;
	client->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	client->device = open(client->node, O_RDWR | O_CLOEXEC);
	return client->iommufd >= 0 && client->device >= 0 && !bind_device(client);
}

static void client_close(struct client *client)
{
	if (client->device >= 0)
		close(client->device);
	if (client->iommufd >= 0)
		close(client->iommufd);
}

static void check_nodes(const char *uuid)
{
	struct client client = { .iommufd = -1, .device = -1 };
	char link[64], relative[320];
	_autoclose_ int dir = open("/dev/vfio", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat named, open_one;
	struct statx wide = { 0 };

	check(find_node(&client, uuid), "sysfs names the device's node");
	check(!stat(client.node, &named) && S_ISCHR(named.st_mode) &&
		      named.st_rdev == client.devt && (named.st_mode & 07777) == 0600,
	      "it is a character device of that number, root's alone");
	client.device = open(client.node, O_RDWR);
	check(client.device >= 0 && !fstat(client.device, &open_one) && S_ISCHR(open_one.st_mode) &&
		      open_one.st_rdev == client.devt,
	      "so is the open descriptor");
	check(open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev,
	      "by name and by descriptor it is the same file");
	check(!statx(client.device, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &wide) &&
		      S_ISCHR(wide.stx_mode) &&
		      makedev(wide.stx_rdev_major, wide.stx_rdev_minor) == client.devt,
	      "statx(2) says it, too");
	check(!fcntl(client.device, F_GETFD), "without O_CLOEXEC it stays open over exec(2)");
	close(client.device);
	snprintf(relative, sizeof(relative), "./devices/../devices//%s", strrchr(client.node, '/'));
	client.device = openat(dir, relative, O_RDWR | O_CLOEXEC);
	check(client.device >= 0 && fcntl(client.device, F_GETFD) == FD_CLOEXEC,
	      "it opens by a relative path, close-on-exec if so wanted");
	close(client.device);
	snprintf(link, sizeof(link), "/dev/char/%u:%u", major(client.devt), minor(client.devt));
	client.device = open(link, O_RDWR | O_CLOEXEC);
	check(client.device >= 0, "and by its number, where udev would link it");
	client_close(&client);
	strcat(link, "x");
	check(open(link, O_RDWR) < 0 && errno == ENOENT,
	      "something else behind the number: ENOENT");
	client.iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	check(client.iommufd >= 0 && !fstat(client.iommufd, &open_one) &&
		      S_ISCHR(open_one.st_mode) && major(open_one.st_rdev) == 10,
	      "/dev/iommu is a character device of major number 10");
	check(open("/dev/vfio/devices/vfio4095", O_RDWR) < 0 && errno == ENOENT,
	      "a device that is not there: ENOENT");
	client.device = open("/dev/null", O_RDWR | O_CLOEXEC);
	check(client.device >= 0 && !fstat(client.device, &open_one) &&
		      open_one.st_rdev == makedev(1, 3),
	      "another character device is the kernel's");
	client_close(&client);
}

static void check_group(struct client *client, const char *group_number)
{
	_autoclose_ int second = open(client->node, O_RDWR | O_CLOEXEC);
	char path[64];
	struct client other = *client;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group_number);
	check(open(path, O_RDWR) < 0 && errno == EBUSY,
	      "while the device is bound its group is busy");
	other.device = second;
	check(second >= 0 && bind_device(&other) && errno == EINVAL,
	      "it opens once more, and does not bind: EINVAL");
}

static void check_device(struct client *client)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info config = { .argsz = sizeof(config),
					   .index = VFIO_PCI_CONFIG_REGION_INDEX };
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };
	uint16_t vendor = 0;
	uint32_t *memory, seen = 0;

	check(!ioctl(client->device, VFIO_DEVICE_GET_INFO, &info) &&
		      info.flags & VFIO_DEVICE_FLAGS_PCI && info.num_regions >= 9,
	      "the bound device is a PCI device");
	check(!ioctl(client->device, VFIO_DEVICE_GET_REGION_INFO, &config) &&
		      pread(client->device, &vendor, 2, (off_t)config.offset) == 2 &&
		      vendor == 0x8086,
	      "its configuration space is Intel's");
	ioctl(client->device, VFIO_DEVICE_GET_REGION_INFO, &bar);
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, client->device,
		      (off_t)bar.offset + GGTT_OFFSET);
	if (check(memory != MAP_FAILED, "its GGTT can be mapped")) {
		memory[1] = 0x12345678;
		check(pread(client->device, &seen, 4, (off_t)bar.offset + GGTT_OFFSET + 4) == 4 &&
			      seen == 0x12345678,
		      "and read as it was written");
		munmap(memory, PAGE);
	}
	check(!ioctl(client->device, VFIO_DEVICE_RESET), "it is reset");
}

/* What a process copies itself is the device, too, and what a read goes on from is one place. */
static void check_copies(struct client *client)
{
	struct vfio_region_info config = { .argsz = sizeof(config),
					   .index = VFIO_PCI_CONFIG_REGION_INDEX };
	_autoclose_ int first = dup(client->device);
	_autoclose_ int second = fcntl(first, F_DUPFD_CLOEXEC, 5);
	const uint16_t memory = 2;
	uint16_t id[2] = { 0 }, command = 0;

	check(first >= 0 && second >= 5 && fcntl(second, F_GETFD) == FD_CLOEXEC,
	      "dup(2) and fcntl(2) copy a device's descriptor");
	check(!ioctl(second, VFIO_DEVICE_GET_REGION_INFO, &config), "a copy takes requests");
	check(pread(first, &id[0], 2, (off_t)config.offset) == 2 &&
		      pread(second, &id[1], 2, (off_t)config.offset + 2) == 2 && id[0] == 0x8086 &&
		      id[1] && id[1] != id[0],
	      "reads of copies are the device's");
	check(pwrite(first, &memory, 2, (off_t)config.offset + 4) == 2 &&
		      pread(second, &command, 2, (off_t)config.offset + 4) == 2 &&
		      command == memory,
	      "so are writes");
}

/* In QEMU's order: an address space, the device in it, what can be mapped, memory. */
static void check_memory(struct client *client)
{
	void *ram = mmap(NULL, RAM_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fv_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct fv_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct fv_detach_iommufd_pt detach = { .argsz = sizeof(detach) };
	struct fv_iova_range range = { 1, 2 };
	struct fv_ioas_iova_ranges ranges = { .size = sizeof(ranges) };
	struct fv_ioas_map map = { .size = sizeof(map), .flags = 7 };
	struct fv_ioas_unmap unmap = { .size = sizeof(unmap), .iova = 0x100000, .length = RAM_LEN };
	struct fv_iommu_destroy destroy = { .size = sizeof(destroy) };

	check(!ioctl(client->iommufd, FV_IOMMU_IOAS_ALLOC, &alloc), "an address space is made");
	attach.pt_id = ranges.ioas_id = map.ioas_id = unmap.ioas_id = destroy.id =
		alloc.out_ioas_id;
	check(!ioctl(client->device, FV_DEVICE_ATTACH_IOMMUFD_PT, &attach) &&
		      attach.pt_id == alloc.out_ioas_id,
	      "the device is attached to it");
	check(ioctl(client->iommufd, FV_IOMMU_IOAS_IOVA_RANGES, &ranges) && errno == EMSGSIZE &&
		      ranges.num_iovas == 1,
	      "there is one range to map into; no room for it: EMSGSIZE");
	ranges.allowed_iovas = (uintptr_t)&range;
	check(!ioctl(client->iommufd, FV_IOMMU_IOAS_IOVA_RANGES, &ranges) && !range.start &&
		      range.last == UINT64_MAX && ranges.out_iova_alignment == PAGE,
	      "it is everything, in pages");
	map.user_va = (uintptr_t)ram;
	map.iova = 0x100000;
	map.length = RAM_LEN;
	check(!ioctl(client->iommufd, FV_IOMMU_IOAS_MAP, &map), "memory is mapped");
	check(ioctl(client->iommufd, FV_IOMMU_IOAS_MAP, &map) && errno == EEXIST,
	      "the same again: EEXIST");
	check(ioctl(client->iommufd, FV_IOMMU_DESTROY, &destroy) && errno == EBUSY,
	      "with the device in it the address space cannot go: EBUSY");
	check(!ioctl(client->iommufd, FV_IOMMU_IOAS_UNMAP, &unmap) && unmap.length == RAM_LEN,
	      "memory is unmapped");
	check(!ioctl(client->device, FV_DEVICE_DETACH_IOMMUFD_PT, &detach) &&
		      !ioctl(client->iommufd, FV_IOMMU_DESTROY, &destroy),
	      "the device leaves, and the address space can go");
	munmap(ram, RAM_LEN);
}

/* Who is killed has closed all; who opens then must not find it bound. */
static bool die_and_reopen(const char *uuid)
{
	for (int i = 0; i < 20; i++) {
		struct client client;
		pid_t child;
		bool opened;

		fflush(stdout);
		child = fork();
		if (!child) {
			client_open(&client, uuid);
			kill(getpid(), SIGKILL);
		}
		waitpid(child, NULL, 0);
		opened = client_open(&client, uuid);
		client_close(&client);
		if (!opened)
			return false;
	}
	return true;
}

static int run_checks(const char *uuid, const char *group)
{
	struct client client;

	check_nodes(uuid);
	if (check(client_open(&client, uuid), "the device binds as QEMU does it")) {
		check_group(&client, group);
		check_device(&client);
		check_copies(&client);
		check_memory(&client);
	}
	client_close(&client);
	check(die_and_reopen(uuid), "kill -9 and open follow each other 20 times");
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int hold(const char *uuid)
{
	struct client client;

	if (!client_open(&client, uuid)) {
		perror("cdev-client: cannot open the vGPU");
		return EXIT_FAILURE;
	}
	hold_until_told();
	client_close(&client);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "check"))
		return run_checks(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	fputs("usage: cdev-client check UUID GROUP | hold UUID\n", stderr);
	return 2;
}
