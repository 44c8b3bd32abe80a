/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nobody makes, renames or deletes anything in sysfs.
 */

#include <errno.h>

#include "fuse-impl.h"

void fake_fuse_refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			    dev_t dev)
{
	(void)parent;
	(void)name;
	(void)dev;
	/* the VFS refuses regular files itself: sysfs has no create function */
	fuse_reply_err(req, S_ISREG(mode) ? EACCES : EPERM);
}

void fake_fuse_refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			     struct fuse_file_info *fi)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)fi;
	fuse_reply_err(req, EACCES);
}

void fake_fuse_refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)parent;
	(void)name;
	(void)mode;
	fuse_reply_err(req, EPERM);
}

void fake_fuse_refuse_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent;
	(void)name;
	fuse_reply_err(req, EPERM);
}

void fake_fuse_refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
			      const char *name)
{
	(void)target;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EPERM);
}

void fake_fuse_refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EPERM);
}

void fake_fuse_refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
			     fuse_ino_t new_parent, const char *new_name, unsigned int flags)
{
	(void)parent;
	(void)name;
	(void)new_parent;
	(void)new_name;
	fuse_reply_err(req, flags ? EINVAL : EPERM);
}
