/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life.h"

#include "modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The kernel's console holds the driver; it lets go when it is taken off the frame buffer. */
static void unbind_consoles(void)
{
	DIR *dir = opendir("/sys/class/vtconsole");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[320], name[64] = "";
		FILE *in;

		snprintf(path, sizeof(path), "/sys/class/vtconsole/%s/name", entry->d_name);
		in = fopen(path, "re");
		if (!in)
			continue;
		if (fgets(name, sizeof(name), in) && strstr(name, "frame buffer")) {
			snprintf(path, sizeof(path), "/sys/class/vtconsole/%s/bind", entry->d_name);
			(void)write_file(path, "0");
		}
		fclose(in);
	}
	if (dir)
		closedir(dir);
}

int guest_reload(struct guest *guest, struct guest_reply *reply)
{
	const struct guest_output_impl *impl = guest->output->impl;
	uint64_t begin_us = now_us(), unloaded_us;
	int rc;

	if (!impl->close)
		return guest_reply_fail(reply, EOPNOTSUPP, "reload: output %s has no driver",
					impl->name);
	if (!guest->closed)
		impl->close(guest->output);
	guest->closed = false;
	guest->shown = (struct qt_card){ 0 };
	unbind_consoles();
	rc = guest_modules_unload_last(reply);
	unloaded_us = now_us();
	if (rc == 0)
		rc = guest_modules_load(reply);
	if (rc == 0)
		rc = impl->open(NULL, &guest->output, reply);
	if (rc < 0)
		return rc;
	guest_reply_add(reply, "unload_us=%llu load_us=%llu",
			(unsigned long long)(unloaded_us - begin_us),
			(unsigned long long)(now_us() - unloaded_us));
	return 0;
}

int guest_suspend(struct guest_reply *reply)
{
	int rc = write_file("/sys/power/mem_sleep", "deep");

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "suspend: this machine knows no S3: %s",
					strerror(-rc));
	rc = write_file("/sys/power/state", "mem");
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "suspend: %s", strerror(-rc));
	return 0;
}

int guest_reboot(struct guest_reply *reply)
{
	sync();
	reboot(RB_AUTOBOOT);
	return guest_reply_fail(reply, errno, "reboot: %s", strerror(errno));
}
