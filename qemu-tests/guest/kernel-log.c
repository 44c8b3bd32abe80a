/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_MAX = 8192 };

/* A descriptor of its own has its own position: the one for news stays open. */
static int open_log(bool news)
{
	static int news_fd = -1;

	if (!news)
		return open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (news_fd < 0)
		news_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return news_fd < 0 ? -1 : dup(news_fd);
}

/* "6,339,5140900,-;text". Source: Documentation/ABI/testing/dev-kmsg */
static bool format_record(char *record, const struct guest_kernel_log_filter *filter, char *line,
			  size_t size)
{
	unsigned int priority;
	unsigned long long time_us;
	char *text = strchr(record, ';');

	if (!text || sscanf(record, "%u,%*u,%llu", &priority, &time_us) != 2)
		return false;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if ((int)(priority & 7) > filter->level_max ||
	    (filter->match && !strstr(text, filter->match)))
		return false;
	snprintf(line, size, "%u %llu.%06llu %.440s", priority & 7, time_us / 1000000,
		 time_us % 1000000, text);
	return true;
}

int guest_kernel_log_print(const struct guest_kernel_log_filter *filter,
			   void (*print)(void *data, const char *line), void *data)
{
	int fd = open_log(filter->news), count = 0;
	char record[RECORD_MAX], line[480];
	ssize_t len;

	if (fd < 0)
		return -errno;
	/* one record a read; EPIPE: some were overwritten before we came */
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		if (len < 0) {
			print(data, "3 0.0 kernel messages were lost");
		} else {
			record[len] = '\0';
			if (!format_record(record, filter, line, sizeof(line)))
				continue;
			print(data, line);
		}
		count++;
	}
	close(fd);
	return count;
}
