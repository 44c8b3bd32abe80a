/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_MAX = 8192 };

int guest_kernel_log_print(int level_max, const char *match,
			   void (*print)(void *data, const char *line), void *data)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), count = 0;
	char record[RECORD_MAX], line[480];
	ssize_t len;

	if (fd < 0)
		return -errno;
	/* one record a read; EPIPE: some were overwritten before we came. Source: ABI dev-kmsg */
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		unsigned int priority;
		unsigned long long time_us;
		char *text;

		if (len < 0)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u,%*u,%llu", &priority, &time_us) != 2)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if ((int)(priority & 7) > level_max || (match && !strstr(text, match)))
			continue;
		snprintf(line, sizeof(line), "%u %llu.%06llu %.440s", priority & 7,
			 time_us / 1000000, time_us % 1000000, text);
		print(data, line);
		count++;
	}
	close(fd);
	return count;
}
