/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations on paths.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "suite.h"

#define OP(name) static void name(struct suite_run *run, int argc, char **argv)

static mode_t octal(const char *text)
{
	return (mode_t)strtol(text, NULL, 8);
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* What readdir says of the kind, which must be what lstat says. */
OP(op_dtype)
{
	struct dirent **entries;
	int len = scandir(argv[0], &entries, not_dots, NULL);

	suite_say(run, "ENOENT");
	for (int i = 0; i < len; i++) {
		if (!strcmp(entries[i]->d_name, argv[1]))
			suite_say(run, "%d", entries[i]->d_type);
		free(entries[i]);
	}
	if (len >= 0)
		free(entries);
}

OP(op_readlink)
{
	char target[PATH_LEN];
	ssize_t len = readlink(argv[0], target, (size_t)strtol(argv[1], NULL, 0));

	if (len < 0)
		suite_say_count(run, -1);
	else
		suite_say_bytes(run, target, (size_t)len);
}

OP(op_stat)
{
	static const char *const kinds[] = { [S_IFDIR >> 12] = "dir",
					     [S_IFREG >> 12] = "file",
					     [S_IFLNK >> 12] = "link",
					     [S_IFCHR >> 12] = "chr" };
	struct stat st;

	if (lstat(argv[0], &st))
		suite_say_count(run, -1);
	else
		suite_say(run, "%s %04o size=%lld", kinds[st.st_mode >> 12], st.st_mode & 07777,
			  (long long)st.st_size);
}

OP(op_nlink)
{
	struct stat st;

	suite_say_count(run, lstat(argv[0], &st) ? -1 : (long long)st.st_nlink);
}

OP(op_blocks)
{
	struct stat st;

	if (lstat(argv[0], &st))
		suite_say_count(run, -1);
	else
		suite_say(run, "%lld of %ld", (long long)st.st_blocks, (long)st.st_blksize);
}

OP(op_owner)
{
	struct stat st;

	if (lstat(argv[0], &st))
		suite_say_count(run, -1);
	else
		suite_say(run, "%u:%u", st.st_uid, st.st_gid);
}

OP(op_access)
{
	int mode = (strchr(argv[1], 'r') ? R_OK : 0) | (strchr(argv[1], 'w') ? W_OK : 0) |
		   (strchr(argv[1], 'x') ? X_OK : 0);

	suite_say_count(run, access(argv[0], mode));
}

OP(op_chmod)
{
	suite_say_count(run, chmod(argv[0], octal(argv[1])));
}

OP(op_chown)
{
	suite_say_count(run, lchown(argv[0], (uid_t)atoi(argv[1]), (gid_t)atoi(argv[1])));
}

OP(op_utimes)
{
	suite_say_count(run, utimensat(AT_FDCWD, argv[0], NULL, 0));
}

OP(op_truncate)
{
	suite_say_count(run, truncate(argv[0], atol(argv[1])));
}

OP(op_mkdir)
{
	suite_say_count(run, mkdir(argv[0], 0755));
}

OP(op_rmdir)
{
	suite_say_count(run, rmdir(argv[0]));
}

OP(op_unlink)
{
	suite_say_count(run, unlink(argv[0]));
}

OP(op_rename)
{
	suite_say_count(run, rename(argv[0], argv[1]));
}

OP(op_exchange)
{
	suite_say_count(run, renameat2(AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE));
}

OP(op_hardlink)
{
	suite_say_count(run, link(argv[0], argv[1]));
}

OP(op_symlink)
{
	suite_say_count(run, symlink(argv[0], argv[1]));
}

OP(op_mkfifo)
{
	suite_say_count(run, mknod(argv[0], S_IFIFO | 0644, 0));
}

OP(op_mkfile)
{
	suite_say_count(run, mknod(argv[0], S_IFREG | 0644, 0));
}

OP(op_setxattr)
{
	suite_say_count(run, setxattr(argv[0], argv[1], "x", 1, 0));
}

OP(op_getxattr)
{
	char value[64];

	suite_say_count(run, getxattr(argv[0], argv[1], value, sizeof(value)));
}

OP(op_statfs)
{
	struct statfs fs;

	if (statfs(argv[0], &fs))
		suite_say_count(run, -1);
	else
		suite_say(run, "%lx bsize=%ld blocks=%lu files=%lu namelen=%ld", (long)fs.f_type,
			  (long)fs.f_bsize, (unsigned long)fs.f_blocks, (unsigned long)fs.f_files,
			  (long)fs.f_namelen);
}

OP(op_watch)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	*suite_handle(run, argv[0]) = fd;
	suite_say_count(
		run, inotify_add_watch(fd, argv[1], IN_CREATE | IN_DELETE | IN_MOVE | IN_ATTRIB) < 0
			     ? -1
			     : 0);
}

OP(op_exec)
{
	char *const args[] = { argv[0], NULL };
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv(argv[0], args);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	suite_say_count(run, errno ? -1 : 0);
}

/* One operation as nobody. */
OP(op_user)
{
	int ends[2];
	ssize_t len = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		suite_say_count(run, -1);
		return;
	}
	pid = fork();
	if (!pid) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			suite_say_count(run, -1);
		else
			suite_step(run, argc, argv);
		_exit(write(ends[1], run->out, strlen(run->out)) < 0);
	}
	close(ends[1]);
	if (pid > 0) {
		len = read(ends[0], run->out, sizeof(run->out) - 1);
		waitpid(pid, NULL, 0);
	}
	run->out[len > 0 ? len : 0] = '\0';
	close(ends[0]);
}

const struct suite_op suite_name_ops[] = {
	{ "dtype", 2, op_dtype },	{ "readlink", 2, op_readlink },
	{ "stat", 1, op_stat },		{ "nlink", 1, op_nlink },
	{ "blocks", 1, op_blocks },	{ "owner", 1, op_owner },
	{ "access", 2, op_access },	{ "chmod", 2, op_chmod },
	{ "chown", 2, op_chown },	{ "utimes", 1, op_utimes },
	{ "truncate", 2, op_truncate }, { "mkdir", 1, op_mkdir },
	{ "rmdir", 1, op_rmdir },	{ "unlink", 1, op_unlink },
	{ "rename", 2, op_rename },	{ "exchange", 2, op_exchange },
	{ "hardlink", 2, op_hardlink }, { "symlink", 2, op_symlink },
	{ "mkfifo", 1, op_mkfifo },	{ "mkfile", 1, op_mkfile },
	{ "setxattr", 2, op_setxattr }, { "getxattr", 2, op_getxattr },
	{ "statfs", 1, op_statfs },	{ "watch", 2, op_watch },
	{ "exec", 1, op_exec },		{ "user", 2, op_user },
};
const size_t suite_name_ops_len = ARRAY_LEN(suite_name_ops);
