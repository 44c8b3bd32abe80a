/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#define TAINT_FILE "/proc/sys/kernel/tainted"

/* No record of the kernel's log is longer. Source: kernel/printk/printk.c, CONSOLE_EXT_LOG_MAX */
enum { RECORD_MAX = 8192 };

/* What a sound host does not say. */
static const char *const alarms[] = {
	"*BUG: *", /* among them soft lockups and bad accesses */
	"*Oops: *",
	"*general protection fault*",
	"*WARNING: CPU: *",
	"*blocked for more than * seconds*", /* khungtaskd */
	"*rcu*detected stalls*",
	"*GPU HANG*",
	"*Resetting chip for *",
	"*will enter failsafe mode*", /* Source: gvt/handlers.c, enter_failsafe_mode() */
	"*Kernel panic*",
};

static unsigned long long read_taint(void)
{
	_autoclose_ int fd = open(TAINT_FILE, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		return 0;
	text[got] = '\0';
	return strtoull(text, NULL, 10);
}

void qt_host_watch_init(struct qt_host_watch *watch, const char *log)
{
	const char *path = log ? log : "/dev/kmsg";

	*watch = (struct qt_host_watch){ .taint = read_taint() };
	watch->log_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (watch->log_fd < 0)
		snprintf(watch->trouble, sizeof(watch->trouble), "cannot read %s: %s", path,
			 strerror(errno));
	else
		lseek(watch->log_fd, 0, SEEK_END);
}

void qt_host_watch_finish(struct qt_host_watch *watch)
{
	if (watch->log_fd >= 0)
		close(watch->log_fd);
	watch->log_fd = -1;
}

/* The kernel keeps so much of its log as its buffer holds; what is dropped before it was read leaves a gap. */
static void tell_gap(struct qt_host_watch *watch, FILE *out, unsigned long long sequence)
{
	if (out && watch->next_sequence && sequence > watch->next_sequence)
		fprintf(out, "(%llu records are lost)\n", sequence - watch->next_sequence);
	watch->next_sequence = sequence + 1;
}

/* "6,339,5140900,-;text": the time and the text; any other line is text alone. */
static void take_line(struct qt_host_watch *watch, FILE *out, const char *line)
{
	unsigned int priority;
	unsigned long long sequence, us;
	const char *text = strchr(line, ';');

	if (text && sscanf(line, "%u,%llu,%llu,", &priority, &sequence, &us) == 3) {
		text++;
		tell_gap(watch, out, sequence);
		if (out)
			fprintf(out, "[%5llu.%06llu] %s\n", us / 1000000, us % 1000000, text);
	} else {
		text = line;
		if (out)
			fprintf(out, "%s\n", text);
	}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(alarms) && !*watch->alarm; i++)
		if (!fnmatch(alarms[i], text, 0))
			snprintf(watch->alarm, sizeof(watch->alarm), "%s", text);
}

static void take_log(struct qt_host_watch *watch, FILE *out)
{
	char record[RECORD_MAX + 1];
	ssize_t got;

	while (watch->log_fd >= 0) {
		char *rest = record, *line;

		got = read(watch->log_fd, record, RECORD_MAX);
		/* EPIPE: the next records are no longer there, and those after them come next */
		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (got <= 0)
			break;
		record[got] = '\0';
		while ((line = strsep(&rest, "\n")))
			if (*line && *line != ' ') /* a continuation is a record's dictionary */
				take_line(watch, out, line);
	}
}

void qt_host_watch_skip(struct qt_host_watch *watch)
{
	take_log(watch, NULL);
}

int qt_host_watch_take(struct qt_host_watch *watch, int dir_fd, struct vgpu_error *err)
{
	int fd = dir_fd < 0 || watch->log_fd < 0
			 ? -1
			 : openat(dir_fd, QT_KERNEL_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				  0666);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	unsigned long long taint = read_taint();
	char alarm[sizeof(watch->alarm)];

	take_log(watch, out);
	strcpy(alarm, watch->alarm);
	watch->alarm[0] = '\0';
	if (out)
		fclose(out);
	if (!*alarm && taint & ~watch->taint)
		snprintf(alarm, sizeof(alarm), "its taint went from %llu to %llu", watch->taint,
			 taint);
	watch->taint = taint;
	if (!*alarm)
		return 0;
	vgpu_error_set(err, VGPU_ERROR_FAILED, EIO, "the host's kernel is no longer sound: %.280s",
		       alarm);
	vgpu_error_hint(err, "see " QT_KERNEL_LOG "; reboot the host before further scenarios");
	return -EIO;
}

static bool is_virtual(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[4096];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
	if (f)
		fclose(f);
	return found;
}

/* Does GVT-g stand behind it? */
static bool is_gpu(const char *parent)
{
	char path[512], driver[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/class/mdev_bus/%s/driver", parent);
	len = readlink(path, driver, sizeof(driver) - 1);
	if (len <= 0)
		return false;
	driver[len] = '\0';
	return strrchr(driver, '/') && !strcmp(strrchr(driver, '/') + 1, "i915");
}

int qt_host_tier(const char *parent)
{
	_autoclosedir_ DIR *dir = parent ? NULL : opendir("/sys/class/mdev_bus");
	struct statfs fs;

	if (statfs("/sys/class/mdev_bus", &fs) || fs.f_type != SYSFS_MAGIC)
		return 2;
	for (struct dirent *entry; dir && !parent && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			parent = entry->d_name;
	return parent && is_gpu(parent) && !is_virtual() ? 4 : 3;
}
