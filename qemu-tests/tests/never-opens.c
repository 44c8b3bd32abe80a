/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * never-opens [FUSE OPTION...] DIR: a file system with one file, "file", which nobody gets opened.
 * Who tries waits in the kernel; once he was sent SIGKILL not even that ends it, because the kernel
 * waits for an answer to what was asked. Our own end answers everything.
 * Source: Linux fs/fuse/dev.c, request_wait_answer()
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
	(void)file;
	if (strcmp(path, "/") && strcmp(path, "/file"))
		return -ENOENT;
	st->st_mode = path[1] ? S_IFREG | 0444 : S_IFDIR | 0555;
	st->st_nlink = 1;
	return 0;
}

static int never_open(const char *path, struct fuse_file_info *file)
{
	(void)path;
	(void)file;
	while (pause() < 0)
		;
	return -EIO;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations operations = { .getattr = get_attributes,
							   .open = never_open };

	return fuse_main(argc, argv, &operations, NULL);
}
