/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What an emulated register read costs, beside a seccomp-notify supervisor that does nothing but
 * answer: the same 4-byte pread(2), in turns, in one run. The first is the least any such design
 * can cost; the second goes through identification, the device model and the client's memory.
 *
 * usage: notify-round-trip [VGPULAB]
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "figures.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

enum { TURNS = 5, ROUNDS = 10, READS = 500, EMPTY_FD = 960 };

#define BENCH_UUID "0b5c81f6-5a5e-4f0c-9f5e-6d1f2b7c9a10"
#define PARENT	   "/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_8/create"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Microseconds a read, in the best round: what disturbs can only add. Negative if it fails. */
static double measure(int fd, off_t offset)
{
	double best = -1;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = seconds(), round;
		uint32_t value;

		for (int j = 0; j < READS; j++)
			if (pread(fd, &value, sizeof(value), offset) != sizeof(value))
				return -1;
		round = (seconds() - begin) / READS * 1e6;
		if (best < 0 || round < best)
			best = round;
	}
	return best;
}

static int install_empty_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_pread64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EMPTY_FD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { VGPU_ARRAY_LEN(filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &program);
}

static void send_fd(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS } };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	sendmsg(channel, &msg, 0);
}

static int receive_fd(int channel)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(channel, &msg, 0) != 1 || msg.msg_controllen < CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* Answers "4 bytes" until the client is killed. */
static _Noreturn void serve_nothing(int listener)
{
	union {
		struct seccomp_notif notif;
		char room[512];
	} call;

	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1);
	for (;;) {
		struct seccomp_notif_resp response = { .val = 4 };

		memset(&call, 0, sizeof(call));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call.notif))
			continue;
		response.id = call.notif.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

static double measure_empty(void)
{
	int pair[2], listener;
	pid_t supervisor;
	double result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	supervisor = fork();
	if (!supervisor) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_nothing(receive_fd(pair[1]));
	}
	listener = install_empty_filter();
	if (listener < 0)
		return -1;
	send_fd(pair[0], listener);
	close(listener);
	result = measure(EMPTY_FD, 0);
	kill(supervisor, SIGKILL);
	waitpid(supervisor, NULL, 0);
	return result;
}

static int write_text(const char *path, const char *text)
{
	_autoclose_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* The group of the vGPU: the last part of the link. */
static int open_group(void)
{
	char target[PATH_MAX], path[PATH_MAX];
	ssize_t len = readlink("/sys/bus/mdev/devices/" BENCH_UUID "/iommu_group", target,
			       sizeof(target) - 1);

	if (len < 0)
		return -1;
	target[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", basename(target));
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Runs inside `vgpulab run`: opens a vGPU as QEMU does, and reads a register of its BAR 0. */
static double measure_emulated(void)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_BAR0_REGION_INDEX };
	int container, group, device;

	if (write_text(PARENT, BENCH_UUID))
		return -1;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	group = open_group();
	if (group < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -1;
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, BENCH_UUID);
	if (device < 0 || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -1;
	return measure(device, (off_t)info.offset + 0x2000);
}

static double measure_elsewhere(char *const *argv)
{
	double figure;

	return figures_of(argv, &figure, 1) ? figure : -1;
}

/* The first figure, or a better one; a failure stays. */
static void take_best(double *best, double figure)
{
	if (!*best || figure < *best)
		*best = figure;
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], vgpulab[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	double empty = 0, emulated = 0;

	if (argc == 2 && !strcmp(argv[1], "--empty"))
		return printf("%f\n", measure_empty()) < 0;
	if (argc == 2 && !strcmp(argv[1], "--emulated"))
		return printf("%f\n", measure_emulated()) < 0;
	if (len < 0)
		return EXIT_FAILURE;
	self[len] = '\0';
	snprintf(vgpulab, sizeof(vgpulab), "%s/../cli/vgpulab", dirname(strdupa(self)));

	for (int i = 0; i < TURNS; i++) {
		take_best(&empty, measure_elsewhere((char *const[]){ self, "--empty", NULL }));
		take_best(&emulated,
			  measure_elsewhere((char *const[]){ argc > 1 ? argv[1] : vgpulab, "run",
							     "--", self, "--emulated", NULL }));
	}
	if (empty < 0 || emulated < 0) {
		fprintf(stderr, "notify-round-trip: %s could not be measured\n",
			empty < 0 ? "the empty supervisor" : "the emulated register");
		return EXIT_FAILURE;
	}
	printf("  %-42s %8.2f us\n", "empty seccomp-notify supervisor", empty);
	printf("  %-42s %8.2f us   %.2fx\n", "emulated register read", emulated, emulated / empty);
	return EXIT_SUCCESS;
}
