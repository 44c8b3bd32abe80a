/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Captures that a program of its own takes, because it needs large libraries: viewers/.
 */
#include "argv.h"
#include "capture.h"
#include "clock.h"
#include "guest-files.h"
#include "image.h"
#include "launch.h"
#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PICTURE	 "viewer.ppm"
#define MESSAGES "viewer.log"
/* Where the viewer finds the connection it is given. */
#define VIEWER_FD 3
/* A viewer gives up by itself, and says why; this is for one that hangs. */
#define GRACE_MS 2000

/* In the child. Only async-signal-safe calls. */
static void become_viewer(char *const *argv, int dir_fd, int give_fd)
{
	int out = openat(dir_fd, PICTURE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int log = openat(dir_fd, MESSAGES, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int kept = give_fd < 0 ? -1 : fcntl(give_fd, F_DUPFD_CLOEXEC, VIEWER_FD + 1);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out < 0 || log < 0 || fchdir(dir_fd) || dup2(out, 1) < 0 || dup2(log, 2) < 0 ||
	    (give_fd >= 0 && dup2(kept, VIEWER_FD) < 0))
		_exit(126);
	execv(argv[0], argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Waits for the child: its status as waitpid(2) gives it, or -ETIMEDOUT after having killed it. */
static int wait_viewer(pid_t pid, int64_t deadline_ms)
{
	_autoclose_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int status, r;

	do
		r = poll(&fd, 1, qt_left_ms(deadline_ms));
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r <= 0 ? -ETIMEDOUT : status;
}

/* Runs viewer @name with @argument; its picture is *out. */
static int view(struct qt_vm *vm, const char *name, const char *argument, int give_fd,
		int64_t deadline_ms, struct qt_image *out, struct vgpu_error *err)
{
	_autofree_ char *program = qt_guest_program_find(name);
	char *argv[] = { program, (char *)argument, NULL, NULL };
	char timeout[16], line[200];
	int dir_fd = qt_vm_dir(vm), status, r;
	pid_t pid;

	if (!program)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "looking for %s", name);
	snprintf(timeout, sizeof(timeout), "%d", qt_left_ms(deadline_ms));
	argv[2] = timeout;
	pid = fork();
	if (pid < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "fork: %s", strerror(errno));
	if (pid == 0)
		become_viewer(argv, dir_fd, give_fd);
	status = wait_viewer(pid, deadline_ms + GRACE_MS);
	if (status == 0)
		r = qt_image_read(dir_fd, PICTURE, out, err);
	else
		r = vgpu_error_set(
			err, VGPU_ERROR_FAILED, status < 0 ? -status : EPIPE, "%s: %s", name,
			status < 0 ? "no picture in time"
				   : qt_log_last_line(dir_fd, MESSAGES, line, sizeof(line)));
	unlinkat(dir_fd, PICTURE, 0);
	unlinkat(dir_fd, MESSAGES, 0);
	return r;
}

int qt_capture_spice(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		     struct vgpu_error *err)
{
	return view(vm, "view-spice", QT_SPICE_SOCKET, -1, deadline_ms, out, err);
}

/* Each picture is a client of its own. Source: QEMU qapi/misc.json, add_client */
int qt_capture_dbus(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		    struct vgpu_error *err)
{
	json_object *arguments = json_object_new_object();
	_autoclose_ int ours = -1;
	char fd_text[16];
	int pair[2], r;

	json_object_object_add(arguments, "protocol", json_object_new_string("@dbus-display"));
	json_object_object_add(arguments, "fdname", json_object_new_string("viewer"));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		json_object_put(arguments);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "socketpair: %s",
				      strerror(errno));
	}
	ours = pair[0];
	r = qt_qmp_give_fd(qt_vm_qmp(vm), "viewer", pair[1], deadline_ms, err);
	close(pair[1]);
	if (r)
		json_object_put(arguments);
	else
		r = qt_qmp_command(qt_vm_qmp(vm), "add_client", arguments, deadline_ms, NULL, err);
	snprintf(fd_text, sizeof(fd_text), "%d", VIEWER_FD);
	return r ? r : view(vm, "view-dbus", fd_text, ours, deadline_ms, out, err);
}
