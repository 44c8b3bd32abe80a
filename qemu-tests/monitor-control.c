/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor-control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

int qt_monitor_control(const char *uuid, const char *what, struct vgpu_error *err)
{
	_autoclose_ int fd = open(QT_MONITOR_CONTROL, O_WRONLY | O_CLOEXEC);
	char line[80];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s %s", uuid, what);

	if (fd >= 0 && write(fd, line, len) == (ssize_t)len)
		return 0;
	return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
			      "the monitor of %s cannot become %s: %s: %s", uuid, what,
			      QT_MONITOR_CONTROL, strerror(errno));
}
