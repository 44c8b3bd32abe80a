/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process 1 of the lab VM: loads the modules that /modules/order lists, runs the suite on each
 * parent that the kernel command line names (parents=mtty,mdpy), and powers off. What the suite
 * prints goes to the second serial port, between "parent NAME" and "exit CODE".
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_all(void)
{
	static const char *const mounts[][2] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i][1], 0755);
		if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL))
			perror(mounts[i][1]);
	}
}

static void load(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		perror(path);
	if (fd >= 0)
		close(fd);
}

static void load_all(void)
{
	FILE *order = fopen("/modules/order", "re");
	char name[128];

	while (order && fscanf(order, "%127s", name) == 1)
		load(name);
	if (order)
		fclose(order);
}

static void run_suite(char *parent)
{
	char *const argv[] = {
		"/vgpulab-conformance", "--vfio", "/dev/vfio", "--uevents", "--parent", parent, NULL
	};
	int status = 0;
	pid_t pid;

	printf("parent %s\n", parent);
	pid = fork();
	if (!pid) {
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(2);
	}
	waitpid(pid, &status, 0);
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void run_parents(void)
{
	char line[1024] = "", *rest, *parent;
	FILE *file = fopen("/proc/cmdline", "re");

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		fclose(file);
	rest = strstr(line, "parents=");
	if (!rest)
		return;
	rest += strlen("parents=");
	rest[strcspn(rest, " \n")] = '\0';
	while ((parent = strsep(&rest, ",")))
		run_suite(parent);
}

int main(void)
{
	int port;

	mount_all();
	load_all();
	port = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	if (port >= 0) {
		dup2(port, 1);
		dup2(port, 2);
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	run_parents();
	puts("end");
	fsync(1);
	reboot(RB_POWER_OFF);
	return 0;
}
