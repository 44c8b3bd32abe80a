/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program that tries to reach beyond itself through the supervisor, which may do more than it:
 * other processes' memory, files, descriptors. It runs inside `vgpulab run`, on a Kaby Lake vGPU.
 *
 * usage: escape-client check UUID GROUP FILE   prints TAP; FILE is one that it may not open
 *        escape-client secret                  has another memory at the same address, and waits
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "client-check.h"

/* Registers of the vGPU. Source: Intel PRM, Skylake vol. 2c; i915_pvinfo.h of Linux 6.1 */
enum {
	GGTT = 8 << 20,
	PVINFO_HIGH_BASE = 0x78048,
	PIPE_TIMINGS = 0x60000,
	PIPESRC = 0x6001c,
	PIPECONF = 0x70008,
	PLANE_CTL = 0x70180,
	PLANE_STRIDE = 0x70188,
	PLANE_SIZE = 0x70190,
	PLANE_SURF = 0x7019c,
};

enum { WIDTH = 640, HEIGHT = 480, PAGE = 4096, PAGES = WIDTH * HEIGHT * 4 / PAGE };
enum { MINE = 0x11111111, SECRET = 0x53535353 };

/* Where the memory lies in every process of this test; ASan has nothing there. */
static uint32_t *const memory = (uint32_t *)0x300000000000;
#define IOVA UINT64_C(0x100000)

static struct {
	int container, group, device;
	uint64_t bar0, config;
} vgpu;

static void map_memory(uint32_t value)
{
	uint32_t *got = mmap(memory, PAGES * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != memory)
		_exit(98);
	for (size_t i = 0; i < (size_t)PAGES * PAGE / 4; i++)
		memory[i] = value;
}

static uint64_t region_offset(uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	return ioctl(vgpu.device, VFIO_DEVICE_GET_REGION_INFO, &info) ? UINT64_MAX : info.offset;
}

static bool open_vgpu(const char *uuid, const char *group)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	vgpu.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	vgpu.group = open(path, O_RDWR | O_CLOEXEC);
	if (ioctl(vgpu.group, VFIO_GROUP_SET_CONTAINER, &vgpu.container) ||
	    ioctl(vgpu.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return false;
	vgpu.device = ioctl(vgpu.group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	vgpu.bar0 = region_offset(VFIO_PCI_BAR0_REGION_INDEX);
	vgpu.config = region_offset(VFIO_PCI_CONFIG_REGION_INDEX);
	return vgpu.device >= 0;
}

static void write_register(uint32_t offset, uint32_t value)
{
	(void)!pwrite(vgpu.device, &value, sizeof(value), (off_t)(vgpu.bar0 + offset));
}

/* The screen is guest memory at IOVA: so what the vGPU may read can be looked at. */
static void show_memory(void)
{
	uint16_t command = 7;
	uint32_t base = 0;

	(void)!pwrite(vgpu.device, &command, sizeof(command), (off_t)vgpu.config + 4);
	(void)!pread(vgpu.device, &base, sizeof(base), (off_t)(vgpu.bar0 + PVINFO_HIGH_BASE));
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t entry = (IOVA + i * PAGE) | 1;

		(void)!pwrite(vgpu.device, &entry, sizeof(entry),
			      (off_t)(vgpu.bar0 + GGTT + (base / PAGE + i) * sizeof(entry)));
	}
	for (uint32_t i = 0; i < 6; i++)
		write_register(PIPE_TIMINGS + 4 * i, i < 3 ? (WIDTH + 159) << 16 | (WIDTH - 1)
							   : (HEIGHT + 29) << 16 | (HEIGHT - 1));
	write_register(PIPESRC, (WIDTH - 1) << 16 | (HEIGHT - 1));
	write_register(PIPECONF, 1u << 31);
	write_register(PLANE_STRIDE, WIDTH * 4 / 64);
	write_register(PLANE_SIZE, (HEIGHT - 1) << 16 | (WIDTH - 1));
	write_register(PLANE_CTL, 1u << 31 | 4u << 24);
	write_register(PLANE_SURF, base);
}

/* The first pixel of what the screen shows now; 0 if there is none. */
static uint32_t look(void)
{
	struct vfio_device_gfx_plane_info plane = { .argsz = sizeof(plane),
						    .flags = VFIO_GFX_PLANE_TYPE_REGION };
	uint32_t pixel = 0;

	if (ioctl(vgpu.device, VFIO_DEVICE_QUERY_GFX_PLANE, &plane) || !plane.size)
		return 0;
	(void)!pread(vgpu.device, &pixel, sizeof(pixel),
		     (off_t)region_offset(plane.region_index) + WIDTH * 4);
	return pixel & 0xffffff;
}

static bool shows(uint32_t value)
{
	for (int i = 0; i < 3000; i++) {
		if (look() == (value & 0xffffff))
			return true;
		usleep(20000);
	}
	return false;
}

/* Never, in a while: a picture lasts 17 ms. */
static bool never_shows(uint32_t value)
{
	for (int i = 0; i < 20; i++) {
		if (look() == (value & 0xffffff))
			return false;
		usleep(20000);
	}
	return true;
}

/* fork(2) with a number of our choice, 0: any. Source: pid_namespaces(7), ns_last_pid */
static pid_t fork_as(pid_t pid)
{
	for (int i = 0; i < 100; i++) {
		_autofclose_ FILE *last = pid ? fopen("/proc/sys/kernel/ns_last_pid", "we") : NULL;
		pid_t child;

		if (last) {
			fprintf(last, "%d", pid - 1);
			fflush(last);
		}
		child = fork();
		if (!child || !pid || child == pid)
			return child;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return -1;
}

static int map_for_dma(void)
{
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map),
						.flags = VFIO_DMA_MAP_FLAG_READ |
							 VFIO_DMA_MAP_FLAG_WRITE,
						.vaddr = (uintptr_t)memory,
						.iova = IOVA,
						.size = (uint64_t)PAGES * PAGE };

	return ioctl(vgpu.container, VFIO_IOMMU_MAP_DMA, &map);
}

static void unmap_for_dma(void)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap),
						    .iova = IOVA,
						    .size = (uint64_t)PAGES * PAGE };

	ioctl(vgpu.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

/* Says that it is ready, and waits for its end. */
static _Noreturn void stay(int ready)
{
	(void)!write(ready, "r", 1);
	for (;;)
		pause();
}

/* A process that gives its memory to the vGPU; on SIGUSR1 it becomes another program. */
static void become_another(int signal)
{
	(void)signal;
	execl("/proc/self/exe", "escape-client", "secret", NULL);
	_exit(97);
}

static _Noreturn void give_memory(int ready)
{
	map_memory(MINE);
	signal(SIGUSR1, become_another);
	if (map_for_dma())
		_exit(96);
	stay(ready);
}

static _Noreturn void hold_secret(int ready)
{
	map_memory(SECRET);
	stay(ready);
}

static pid_t start(void (*run)(int ready), pid_t pid)
{
	int pair[2];
	pid_t child;
	char byte;

	if (pipe2(pair, O_CLOEXEC))
		return -1;
	child = fork_as(pid);
	if (!child)
		run(pair[1]);
	close(pair[1]);
	if (read(pair[0], &byte, 1) != 1)
		child = -1;
	close(pair[0]);
	return child;
}

static void stop(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void check_memory_of_others(void)
{
	pid_t giver = start(give_memory, 0), other;

	if (!check(giver > 0, "a process gives its memory to the vGPU"))
		return;
	show_memory();
	check(shows(MINE), "the vGPU shows it");
	kill(giver, SIGUSR1);
	sleep(1); /* it is another program then, with a secret where its memory was */
	check(never_shows(SECRET), "not what the process has there after exec(2)");
	stop(giver);
	other = start(hold_secret, giver);
	check(other == giver, "another process gets the number of the first, which has ended");
	check(never_shows(SECRET), "nor what that one has there");
	stop(other);
	unmap_for_dma();
}

/* Reads the vGPU into its memory without end. */
static _Noreturn void read_always(int ready)
{
	map_memory(MINE);
	(void)!write(ready, "r", 1);
	for (;;)
		(void)!pread(vgpu.device, memory, 64 * PAGE, (off_t)vgpu.bar0);
}

static _Noreturn void watch_memory(int ready)
{
	map_memory(SECRET);
	(void)!write(ready, "r", 1);
	usleep(3000);
	for (size_t i = 0; i < 64 * PAGE / 4; i++)
		if (memory[i] != SECRET)
			_exit(1);
	_exit(0);
}

/* Killed in the middle of a read, its number at once another's: answers must go nowhere. */
static void check_answers_to_the_dead(void)
{
	unsigned int harmed = 0, rounds = 0;

	for (; rounds < 100; rounds++) {
		pid_t reader = start(read_always, 0), watcher;
		int status = 0;

		usleep((useconds_t)(rounds * 37 % 2000));
		stop(reader);
		watcher = start(watch_memory, reader);
		waitpid(watcher, &status, 0);
		harmed += !WIFEXITED(status) || WEXITSTATUS(status) == 1;
	}
	check(!harmed, "what was read for a process that died is not written to its successor");
}

/* Descriptors that would block, or be written to, if they were taken for an eventfd. */
static void check_descriptors(void)
{
	char storage[sizeof(struct vfio_irq_set) + sizeof(int32_t)] __attribute__((aligned(8)));
	struct vfio_irq_set *set = (struct vfio_irq_set *)storage;
	int fds[6] = { -1, -1, -1, -1, -1, -1 };
	bool refused = true;
	DIR *list;

	if (pipe2(fds, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds + 2))
		return;
	fds[4] = open("/dev/tty", O_RDWR | O_CLOEXEC);
	fds[5] = vgpu.device;
	for (size_t i = 0; i < 6; i++) {
		*set = (struct vfio_irq_set){ .argsz = sizeof(storage),
					      .flags = VFIO_IRQ_SET_DATA_EVENTFD |
						       VFIO_IRQ_SET_ACTION_TRIGGER,
					      .index = VFIO_PCI_MSI_IRQ_INDEX,
					      .count = 1 };
		memcpy(set->data, &fds[i], sizeof(int32_t));
		if (fds[i] >= 0)
			refused = ioctl(vgpu.device, VFIO_DEVICE_SET_IRQS, set) < 0 && refused;
		if (fds[i] >= 0)
			refused =
				ioctl(vgpu.group, VFIO_GROUP_SET_CONTAINER, &fds[i]) < 0 && refused;
	}
	check(refused, "pipes, sockets and devices are no eventfds and no containers");
	for (size_t i = 0; i < 5; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	refused = true;
	list = opendir("/proc");
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (atoi(entry->d_name) > 1 && atoi(entry->d_name) != getpid() &&
		    atoi(entry->d_name) != getppid())
			refused = false;
	if (list)
		closedir(list);
	check(refused, "no process outside is to be seen");
}

/* The supervisor opens no path for anyone, and its files lead nowhere else. */
static void check_paths(const char *file)
{
	char link[64], text[256] = "", path[512];
	struct stat st;

	check(open(file, O_RDWR) < 0 && (errno == EACCES || errno == EROFS),
	      "a file that is not ours");
	snprintf(path, sizeof(path), "/dev/vfio/../..%s", file);
	check(open(path, O_RDWR) < 0, "nor by a path through our nodes");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", vgpu.device);
	check(readlink(link, text, sizeof(text) - 1) > 0 && !strncmp(text, "/memfd:", 7),
	      "a device descriptor is a file in memory");
	check(!fstat(vgpu.device, &st) && ftruncate(vgpu.device, 0) < 0 &&
		      ftruncate(vgpu.device, st.st_size + PAGE) < 0 &&
		      fcntl(vgpu.device, F_ADD_SEALS, F_SEAL_WRITE) < 0,
	      "it cannot be cut, grown or sealed");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "secret")) {
		map_memory(SECRET);
		for (;;)
			pause();
	}
	if (argc != 5 || strcmp(argv[1], "check")) {
		fputs("usage: escape-client check UUID GROUP FILE | secret\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	if (check(open_vgpu(argv[2], argv[3]), "the vGPU opens")) {
		check_descriptors();
		check_paths(argv[4]);
		check_memory_of_others();
		check_answers_to_the_dead();
	}
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
