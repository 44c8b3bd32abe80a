/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syslog(2), as dmesg(1) reads the kernel's log by it where there is no /dev/kmsg: what a recorded host's
 * kernel said, and nothing of the machine's own. Source: kernel/printk/printk.c, do_syslog()
 */

#include "kernel-log.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Source: syslog(2) */
enum { CLOSE, OPEN, READ_ALL = 3, SIZE_BUFFER = 10 };

/* The kernel's usual size of it: CONFIG_LOG_BUF_SHIFT is 17 in Debian. */
enum { BUFFER_LEN = 1 << 17 };

/* The last of @log's lines that fit into @len bytes, whole ones. */
static const char *last_lines(const char *log, size_t len)
{
	size_t log_len = strlen(log);
	const char *line = log_len > len ? strchr(log + log_len - len - 1, '\n') : NULL;

	if (log_len <= len)
		return log;
	return line ? line + 1 : log + log_len;
}

static int64_t read_all(struct fv_process *process, const char *log, uint64_t address, int len)
{
	const char *lines;

	if (!address || len < 0)
		return -EINVAL;
	lines = last_lines(log, (size_t)len);
	if (fv_process_write(process, address, lines, strlen(lines)))
		return -EFAULT;
	return (int64_t)strlen(lines);
}

/* Who reads the log need not be anybody; who would change or await it gets what a sandbox's root gets. */
int64_t fv_kernel_log_answer(struct fv_process *process, const char *log, int action,
			     uint64_t address, int len)
{
	size_t log_len = strlen(log);

	switch (action) {
	case CLOSE:
	case OPEN:
		return 0;
	case READ_ALL:
		return read_all(process, log, address, len);
	case SIZE_BUFFER:
		return log_len < BUFFER_LEN ? BUFFER_LEN
		       : log_len < INT_MAX  ? (int)log_len
					    : INT_MAX;
	default:
		return -EPERM;
	}
}
