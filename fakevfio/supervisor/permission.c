/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "permission.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

enum { READ_WRITE = 6, LINE_LEN = 4096, GROUPS_MAX = 512 };

/* What /proc/TID/status tells, numbers as we count them. */
struct caller {
	uint32_t uid, gid; /* for the file system */
	uint32_t groups[GROUPS_MAX];
	size_t groups_len;
	uint64_t capabilities; /* in its own user namespace */
};

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

static int read_map(pid_t pid, const char *name, struct fv_id_map *out)
{
	_autofclose_ FILE *file = open_proc(pid, name);
	struct fv_id_range range;

	if (!file)
		return -errno;
	out->len = 0;
	while (out->len < VGPU_ARRAY_LEN(out->ranges) &&
	       fscanf(file, "%u %u %u", &range.inside, &range.outside, &range.len) == 3)
		out->ranges[out->len++] = range;
	return 0;
}

int fv_owners_read(pid_t pid, struct fv_owners *out)
{
	int rc = read_map(pid, "uid_map", &out->uids);

	return rc ? rc : read_map(pid, "gid_map", &out->gids);
}

static bool to_outside(const struct fv_id_map *map, uint32_t inside, uint32_t *outside)
{
	for (size_t i = 0; i < map->len; i++) {
		const struct fv_id_range *range = &map->ranges[i];

		if (inside >= range->inside && inside - range->inside < range->len) {
			*outside = range->outside + (inside - range->inside);
			return true;
		}
	}
	return false;
}

static bool has_outside(const struct fv_id_map *map, uint32_t outside)
{
	for (size_t i = 0; i < map->len; i++)
		if (outside >= map->ranges[i].outside &&
		    outside - map->ranges[i].outside < map->ranges[i].len)
			return true;
	return false;
}

static void take_groups(struct caller *caller, char *text)
{
	char *rest = text, *end;

	for (; caller->groups_len < GROUPS_MAX; rest = end) {
		unsigned long group = strtoul(rest, &end, 10);

		if (end == rest)
			return;
		caller->groups[caller->groups_len++] = (uint32_t)group;
	}
}

static bool read_caller(pid_t tid, struct caller *out)
{
	_autofclose_ FILE *file = open_proc(tid, "status");
	char line[LINE_LEN];
	unsigned int found = 0;

	*out = (struct caller){ 0 };
	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long capabilities;

		found += sscanf(line, "Uid: %*u %*u %*u %u", &out->uid) == 1;
		found += sscanf(line, "Gid: %*u %*u %*u %u", &out->gid) == 1;
		if (!strncmp(line, "Groups:", 7))
			take_groups(out, line + 7);
		if (sscanf(line, "CapEff: %llx", &capabilities) == 1) {
			out->capabilities = capabilities;
			found++;
		}
	}
	return found == 3;
}

static bool is_in_group(const struct caller *caller, uint32_t gid)
{
	for (size_t i = 0; i < caller->groups_len; i++)
		if (caller->groups[i] == gid)
			return true;
	return caller->gid == gid;
}

/* Root's power over files is over those alone whose owners its namespace knows. */
static bool may_override(const struct caller *caller, pid_t tid, uint32_t uid, uint32_t gid)
{
	struct fv_owners own;

	return caller->capabilities & 1u << CAP_DAC_OVERRIDE && !fv_owners_read(tid, &own) &&
	       has_outside(&own.uids, uid) && has_outside(&own.gids, gid);
}

bool fv_may_open(const struct fv_owners *owners, pid_t tid, const struct fake_node *node)
{
	struct caller caller;
	uint32_t uid, gid;
	unsigned int shift = 0;

	if (!read_caller(tid, &caller))
		return false;
	/* an owner that nobody is: the overflow user, whom no rule lets in but the last */
	if (!to_outside(&owners->uids, node->uid, &uid) ||
	    !to_outside(&owners->gids, node->gid, &gid))
		return (node->mode & READ_WRITE) == READ_WRITE;
	if (caller.uid == uid)
		shift = 6;
	else if (is_in_group(&caller, gid))
		shift = 3;
	return (node->mode >> shift & READ_WRITE) == READ_WRITE ||
	       may_override(&caller, tid, uid, gid);
}
