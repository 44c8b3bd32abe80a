/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no kernel has: a directory beside sys and dev, to break things with while clients are at work.
 */

#include <errno.h>
#include <fakesysfs/faults.h>
#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

void fake_tree_set_faults(struct fake_tree *tree, struct fake_faults *faults)
{
	tree->faults = faults;
}

ssize_t fake_read_faults(const struct fake_access *access, char *page)
{
	return access->tree->faults ? fake_faults_print(access->tree->faults, page) : 0;
}

ssize_t fake_write_faults(const struct fake_access *access, const char *text, size_t len)
{
	int ret = access->tree->faults ? fake_faults_command(access->tree->faults, text) : -ENODEV;

	return ret ? ret : (ssize_t)len;
}

static const char *describe_monitor(const struct fake_vgpu_info *vgpu, char *mode, size_t size)
{
	const struct fake_monitor *monitor = &vgpu->monitor;

	if (monitor->unplugged)
		return "unplugged";
	snprintf(mode, size, "%ux%u", monitor->xres_px ? monitor->xres_px : vgpu->type->xres_px,
		 monitor->yres_px ? monitor->yres_px : vgpu->type->yres_px);
	return mode;
}

ssize_t fake_read_monitors(const struct fake_access *access, char *page)
{
	enum { MAX = FAKE_PAGE / 48 };
	struct fake_vgpu_info vgpus[MAX];
	size_t count = fake_host_list_vgpus(access->tree->host, SIZE_MAX, vgpus, MAX), len = 0;

	for (size_t i = 0; i < count && i < MAX; i++) {
		char mode[24];

		if (!vgpus[i].type->xres_px)
			continue;
		len += (size_t)snprintf(page + len, FAKE_PAGE - len, "%s %s\n", vgpus[i].uuid.text,
					describe_monitor(&vgpus[i], mode, sizeof(mode)));
	}
	return (ssize_t)len;
}

/* "plugged" is the same monitor as before, "1280x720" another one. */
static int parse_monitor(const char *word, struct fake_monitor *monitor)
{
	char end;

	monitor->unplugged = !strcmp(word, "unplugged");
	if (monitor->unplugged || !strcmp(word, "plugged"))
		return 0;
	return sscanf(word, "%4ux%4u%c", &monitor->xres_px, &monitor->yres_px, &end) == 2 ? 0
											  : -EINVAL;
}

ssize_t fake_write_monitors(const struct fake_access *access, const char *text, size_t len)
{
	struct fake_vgpu_info vgpu;
	char line[64], *word = line;
	struct vgpu_uuid uuid;
	const char *name;
	int ret;

	snprintf(line, sizeof(line), "%s", text);
	line[strcspn(line, "\n")] = '\0';
	name = strsep(&word, " ");
	if (!word || vgpu_uuid_parse(name, &uuid))
		return -EINVAL;
	ret = fake_host_find_vgpu(access->tree->host, &uuid, &vgpu);
	if (!ret)
		ret = parse_monitor(word, &vgpu.monitor);
	if (!ret)
		ret = fake_host_set_monitor(access->tree->host, &uuid, &vgpu.monitor);
	return ret ? ret : (ssize_t)len;
}

ssize_t fake_read_guests(const struct fake_access *access, char *page)
{
	return (ssize_t)fake_host_report(access->tree->host, page, FAKE_PAGE);
}
