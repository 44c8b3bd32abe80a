/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "remote.h"

#include "argv.h"
#include "guest-files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* In the child. Only async-signal-safe calls. */
static _Noreturn void become_remote(const char *program, int dir_fd, int log_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fchdir(dir_fd) || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(126);
	execl(program, program, QT_QTEST_SOCKET, QT_MEMORY, QT_CONTROL_SOCKET, (char *)NULL);
	dprintf(2, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

int qt_remote_start(int dir_fd, pid_t *pid, struct vgpu_error *err)
{
	_autofree_ char *program = qt_guest_program_find("guest-remote");
	_autoclose_ int log_fd =
		openat(dir_fd, QT_CONSOLE_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	pid_t child = program && log_fd >= 0 ? fork() : -1;

	if (child < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "starting guest-remote: %s",
				      strerror(errno));
	if (child == 0)
		become_remote(program, dir_fd, log_fd);
	*pid = child;
	return 0;
}

void qt_remote_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
