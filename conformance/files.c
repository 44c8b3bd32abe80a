/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations on open files. A handle is a letter from a to h.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "suite.h"

struct word {
	const char *name;
	int value;
};

static const struct word flags[] = {
	{ "r", O_RDONLY },	    { "w", O_WRONLY },		{ "rw", O_RDWR },
	{ "mode3", O_ACCMODE },	    { "trunc", O_TRUNC },	{ "append", O_APPEND },
	{ "creat", O_CREAT },	    { "excl", O_EXCL },		{ "dir", O_DIRECTORY },
	{ "direct", O_DIRECT },	    { "nonblock", O_NONBLOCK }, { "path", O_PATH },
	{ "nofollow", O_NOFOLLOW }, { "sync", O_SYNC },		{ "tmpfile", O_TMPFILE },
};

/* Words between commas, or-ed. */
static int or_words(const struct word *words, size_t len, const char *text)
{
	char copy[128], *rest = copy, *one;
	int value = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((one = strsep(&rest, ",")))
		for (size_t i = 0; i < len; i++)
			if (!strcmp(words[i].name, one))
				value |= words[i].value;
	return value;
}

static int parse_flags(const char *text)
{
	return or_words(flags, ARRAY_LEN(flags), text);
}

int *suite_handle(struct suite_run *run, const char *name)
{
	return &run->handles[(unsigned int)(name[0] - 'a') % HANDLES];
}

#define OP(name) static void name(struct suite_run *run, int argc, char **argv)
#define FD	 (*suite_handle(run, argv[0]))

static long number(const char *text)
{
	return strtol(text, NULL, 0);
}

static void keep(struct suite_run *run, const char *name, int fd)
{
	int *handle = suite_handle(run, name);

	suite_say_count(run, fd < 0 ? -1 : 0);
	if (fd < 0)
		return;
	if (*handle >= 0)
		close(*handle);
	*handle = fd;
}

OP(op_open)
{
	keep(run, argv[0], open(argv[1], parse_flags(argv[2]) | O_CLOEXEC, 0644));
}

OP(op_openat)
{
	int dir = *suite_handle(run, argv[1]);

	keep(run, argv[0], openat(dir, argv[2], parse_flags(argv[3]) | O_CLOEXEC, 0644));
}

/* Through /proc/self/fd, as a path that is no more a name. */
OP(op_reopen)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *suite_handle(run, argv[1]));
	keep(run, argv[0], open(path, parse_flags(argv[2]) | O_CLOEXEC));
}

OP(op_close)
{
	suite_say_count(run, close(FD));
	FD = -1;
}

OP(op_write)
{
	static struct suite_bytes bytes;

	suite_unescape(argc > 1 ? argv[1] : "", &bytes);
	suite_say_count(run, write(FD, bytes.data, bytes.len));
}

OP(op_pwrite)
{
	static struct suite_bytes bytes;

	suite_unescape(argv[1], &bytes);
	suite_say_count(run, pwrite(FD, bytes.data, bytes.len, number(argv[2])));
}

OP(op_writev)
{
	struct iovec parts[2] = {
		{ argv[1], strlen(argv[1]) },
		{ argv[2], strlen(argv[2]) },
	};

	suite_say_count(run, writev(FD, parts, 2));
}

OP(op_write_bad)
{
	suite_say_count(run, syscall(SYS_write, FD, 8, 36));
}

static void say_read(struct suite_run *run, const char *data, ssize_t len)
{
	if (len < 0)
		suite_say_count(run, -1);
	else
		suite_say_bytes(run, data, (size_t)len);
}

OP(op_read)
{
	char data[4200];
	size_t size = (size_t)number(argv[1]);

	say_read(run, data, read(FD, data, size < sizeof(data) ? size : sizeof(data)));
}

OP(op_pread)
{
	char data[4200];
	size_t size = (size_t)number(argv[1]);

	say_read(run, data,
		 pread(FD, data, size < sizeof(data) ? size : sizeof(data), number(argv[2])));
}

OP(op_seek)
{
	static const struct word origins[] = { { "set", SEEK_SET },
					       { "cur", SEEK_CUR },
					       { "end", SEEK_END },
					       { "data", SEEK_DATA },
					       { "hole", SEEK_HOLE } };
	int origin = or_words(origins, ARRAY_LEN(origins), argv[2]);

	suite_say_count(run, lseek(FD, number(argv[1]), origin));
}

OP(op_ftruncate)
{
	suite_say_count(run, ftruncate(FD, number(argv[1])));
}

OP(op_fsync)
{
	suite_say_count(run, fsync(FD));
}

OP(op_flock)
{
	suite_say_count(run, flock(FD, LOCK_EX | LOCK_NB));
}

OP(op_setlk)
{
	struct flock lock = { .l_type = (short)number(argv[1]), .l_whence = SEEK_SET };

	suite_say_count(run, fcntl(FD, F_SETLK, &lock));
}

OP(op_fallocate)
{
	suite_say_count(run, fallocate(FD, 0, 0, 4096));
}

OP(op_fchmod)
{
	suite_say_count(run, fchmod(FD, (mode_t)strtol(argv[1], NULL, 8)));
}

OP(op_poll)
{
	struct pollfd poll_fd = { .fd = FD, .events = POLLIN | POLLOUT | POLLPRI };

	if (poll(&poll_fd, 1, 0) < 0)
		suite_say_count(run, -1);
	else
		suite_say(run, "0x%x", poll_fd.revents);
}

OP(op_tcgets)
{
	struct termios unused;

	suite_say_count(run, ioctl(FD, TCGETS, &unused));
}

OP(op_fionread)
{
	int left = 0;

	suite_say_count(run, ioctl(FD, FIONREAD, &left) < 0 ? -1 : left);
}

OP(op_mmap)
{
	static const struct word words[] = {
		{ "r", PROT_READ }, { "w", PROT_WRITE }, { "shared", 0 }, { "private", 0 }
	};
	int prot = or_words(words, ARRAY_LEN(words), argv[1]);
	void *at =
		mmap(NULL, 4096, prot, strstr(argv[1], "shared") ? MAP_SHARED : MAP_PRIVATE, FD, 0);

	suite_say_count(run, at == MAP_FAILED ? -1 : 0);
	if (at != MAP_FAILED)
		munmap(at, 4096);
}

/* Bytes through a pipe into the file. */
OP(op_splice)
{
	static struct suite_bytes bytes;
	int ends[2];

	suite_unescape(argv[1], &bytes);
	if (pipe2(ends, O_CLOEXEC)) {
		suite_say_count(run, -1);
		return;
	}
	if (write(ends[1], bytes.data, bytes.len) < 0)
		suite_say_count(run, -1);
	else
		suite_say_count(run, splice(ends[0], NULL, FD, NULL, bytes.len, 0));
	close(ends[0]);
	close(ends[1]);
}

/* The file's bytes into a pipe. */
OP(op_sendfile)
{
	char data[256];
	int ends[2];
	ssize_t len;

	if (pipe2(ends, O_CLOEXEC)) {
		suite_say_count(run, -1);
		return;
	}
	len = sendfile(ends[1], FD, NULL, sizeof(data));
	say_read(run, data, len > 0 ? read(ends[0], data, sizeof(data)) : len);
	close(ends[0]);
	close(ends[1]);
}

OP(op_fstat)
{
	struct stat st;

	if (fstat(FD, &st))
		suite_say_count(run, -1);
	else
		suite_say(run, "0%o size=%lld nlink=%lu", st.st_mode & 07777, (long long)st.st_size,
			  (unsigned long)st.st_nlink);
}

OP(op_getdents)
{
	char data[4096];
	size_t size = (size_t)number(argv[1]);

	suite_say_count(
		run, syscall(SYS_getdents64, FD, data, size < sizeof(data) ? size : sizeof(data)));
}

const struct suite_op suite_file_ops[] = {
	{ "open", 3, op_open },		{ "openat", 4, op_openat },
	{ "reopen", 3, op_reopen },	{ "close", 1, op_close },
	{ "write", 1, op_write },	{ "pwrite", 3, op_pwrite },
	{ "writev", 3, op_writev },	{ "write-bad", 1, op_write_bad },
	{ "read", 2, op_read },		{ "pread", 3, op_pread },
	{ "seek", 3, op_seek },		{ "ftruncate", 2, op_ftruncate },
	{ "fsync", 1, op_fsync },	{ "flock", 1, op_flock },
	{ "setlk", 2, op_setlk },	{ "fallocate", 1, op_fallocate },
	{ "fchmod", 2, op_fchmod },	{ "poll", 1, op_poll },
	{ "tcgets", 1, op_tcgets },	{ "fionread", 1, op_fionread },
	{ "mmap", 2, op_mmap },		{ "splice", 2, op_splice },
	{ "sendfile", 1, op_sendfile }, { "fstat", 1, op_fstat },
	{ "getdents", 2, op_getdents },
};
const size_t suite_file_ops_len = ARRAY_LEN(suite_file_ops);
