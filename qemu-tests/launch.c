/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "launch.h"

#include "argv.h"
#include "clock.h"
#include "guest-console.h"
#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

/* How long SIGKILL may take before QEMU counts as stuck in the kernel. */
#define KILL_MS 20000
/* How long QEMU may take to say how it is. */
#define ANSWER_MS 3000
/* From QEMU's closing its sockets to its end; run-domain's comes when libvirt has cleaned up. */
#define LAST_WORDS_MS 20000

struct qt_vm {
	int dir_fd;
	pid_t pid;
	int pidfd;
	bool ended;
	bool wedged; /* it runs, and does not answer */
	bool immortal; /* SIGKILL did not end it in time */
	int status;
	char device[QT_DEVICE_ID_LEN];
	FILE *qmp_log, *control_log;
	struct qt_qmp *qmp;
	struct qt_console *console;
};

struct qt_qmp *qt_vm_qmp(struct qt_vm *vm)
{
	return vm->qmp;
}

struct qt_console *qt_vm_console(struct qt_vm *vm)
{
	return vm->console;
}

int qt_vm_dir(const struct qt_vm *vm)
{
	return vm->dir_fd;
}

pid_t qt_vm_pid(const struct qt_vm *vm)
{
	return vm->pid;
}

const char *qt_vm_device(const struct qt_vm *vm)
{
	return vm->device;
}

void qt_vm_set_device(struct qt_vm *vm, const char *id)
{
	snprintf(vm->device, sizeof(vm->device), "%s", id);
}

const char *qt_directory_path(int dir_fd, char *buffer, size_t size)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir_fd);
	len = readlink(link, buffer, size - 1);
	if (len > 0)
		buffer[len] = '\0';
	else
		snprintf(buffer, size, ".");
	return buffer;
}

int qt_directory_make(const char *path)
{
	_autofree_ char *dir = strdup(path);
	int r = 0;

	if (!dir)
		return -ENOMEM;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(dir, 0777);
		*slash = '/';
	}
	if (mkdir(dir, 0777) && errno != EEXIST)
		r = -errno;
	return r;
}

const char *qt_log_tail(int dir_fd, const char *name, char *buffer, size_t size)
{
	_autoclose_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	off_t len = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	off_t start = len > (off_t)size - 1 ? len - ((off_t)size - 1) : 0;
	ssize_t got = len < 0 ? 0 : pread(fd, buffer, size - 1, start);
	char *newline;

	buffer[got > 0 ? got : 0] = '\0';
	newline = start ? strchr(buffer, '\n') : NULL;
	if (newline)
		memmove(buffer, newline + 1, strlen(newline));
	return buffer;
}

const char *qt_log_last_line(int dir_fd, const char *name, char *buffer, size_t size)
{
	size_t len;
	char *newline;

	qt_log_tail(dir_fd, name, buffer, size);
	for (len = strlen(buffer); len && strchr("\r\n ", buffer[len - 1]); len--)
		buffer[len - 1] = '\0';
	newline = strrchr(buffer, '\n');
	if (newline)
		memmove(buffer, newline + 1, strlen(newline));
	/* a guest may write anything to its console */
	for (char *at = buffer; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return buffer;
}

/* In the child. Only async-signal-safe calls. Ends in exec or _exit. */
static void become_qemu(char *const *argv, int dir_fd, int log_fd, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the parent may have died before the line above: then nobody would kill us */
	if (getppid() != parent)
		_exit(126);
	/* a group of its own: a Ctrl-C at the terminal is ours to act on */
	setpgid(0, 0);
	if (null < 0 || fchdir(dir_fd) || dup2(null, 0) < 0 || dup2(log_fd, 1) < 0 ||
	    dup2(log_fd, 2) < 0)
		_exit(126);
	execvp(argv[0], argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int spawn(struct qt_vm *vm, char *const *argv, struct vgpu_error *err)
{
	_autoclose_ int log_fd = openat(vm->dir_fd, QT_QEMU_LOG,
					O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	pid_t parent = getpid();

	if (log_fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s",
				      QT_QEMU_LOG, strerror(errno));
	vm->pid = fork();
	if (vm->pid < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "fork: %s", strerror(errno));
	if (vm->pid == 0)
		become_qemu(argv, vm->dir_fd, log_fd, parent);
	vm->pidfd = (int)syscall(SYS_pidfd_open, vm->pid, 0);
	if (vm->pidfd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "pidfd_open: %s",
				      strerror(errno));
	return 0;
}

int qt_vm_wait(struct qt_vm *vm, int64_t deadline_ms, int *status)
{
	struct pollfd fd = { .fd = vm->pidfd, .events = POLLIN };

	while (!vm->ended) {
		int r = poll(&fd, 1, qt_left_to_clean_up_ms(deadline_ms));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return -ETIMEDOUT;
		if (waitpid(vm->pid, &vm->status, 0) == vm->pid)
			vm->ended = true;
	}
	if (status)
		*status = vm->status;
	return 0;
}

int qt_vm_explain_end(struct qt_vm *vm, struct vgpu_error *err)
{
	char line[300], how[64];

	if (qt_vm_wait(vm, qt_deadline_ms(LAST_WORDS_MS), NULL))
		return 0;
	qt_log_last_line(vm->dir_fd, QT_QEMU_LOG, line, sizeof(line));
	if (WIFSIGNALED(vm->status))
		snprintf(how, sizeof(how), "was killed by signal %d (%s)", WTERMSIG(vm->status),
			 sigabbrev_np(WTERMSIG(vm->status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(vm->status));
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ECHILD, "QEMU %s%s%s", how, *line ? ": " : "",
			      line);
}

/* "stopped", "sleeping", "disk sleep"; "?" if the kernel does not tell. Source: proc(5), status */
static void read_state(pid_t pid, char state[32])
{
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	strcpy(state, "?");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "State: %*c (%31[^)]", state) == 1)
			break;
	if (f)
		fclose(f);
}

static void blame_wedge(const struct qt_vm *vm, struct vgpu_error *err)
{
	struct vgpu_error before = *err;
	pid_t pid = vm->qmp ? qt_qmp_peer(vm->qmp) : vm->pid;
	char state[32];

	read_state(pid, state);
	vgpu_error_set(err, before.kind, before.errnum, "QEMU (process %d, %s) does not answer: %s",
		       pid, state, before.message);
}

bool qt_vm_is_wedged(struct qt_vm *vm, struct vgpu_error *err)
{
	if (!vm->qmp || !qt_vm_wait(vm, 0, NULL))
		return false;
	if (!vm->wedged)
		vm->wedged = qt_qmp_command(vm->qmp, "query-status", NULL,
					    qt_deadline_ms(ANSWER_MS), NULL, NULL) == -ETIMEDOUT;
	if (vm->wedged && err)
		blame_wedge(vm, err);
	return vm->wedged;
}

int qt_vm_connect(struct qt_vm *vm, const char *name, int64_t deadline_ms, struct vgpu_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_autoclose_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "socket: %s", strerror(errno));
	/* the directory's own path may be longer than a socket address can be */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", vm->dir_fd,
		 name);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int64_t retry_ms = qt_now_ms() + 5;

		if (errno != ENOENT && errno != ECONNREFUSED && errno != EINTR)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
					      "cannot connect to QEMU's %s: %s", name,
					      strerror(errno));
		/* QEMU is still starting; or it ended, and that ends the wait at once */
		if (qt_vm_wait(vm, retry_ms < deadline_ms ? retry_ms : deadline_ms, NULL) == 0)
			return qt_vm_explain_end(vm, err);
		if (qt_left_ms(deadline_ms) == 0)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
					      "QEMU did not open %s in time", name);
	}
	return steal_fd(&fd);
}

static FILE *open_log(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *log = fd < 0 ? NULL : fdopen(fd, "w");

	if (!log && fd >= 0)
		close(fd);
	return log;
}

void qt_vm_remove_leftovers(int dir_fd)
{
	static const char *const names[] = { QT_QMP_SOCKET,   QT_CONTROL_SOCKET, QT_VNC_SOCKET,
					     QT_SPICE_SOCKET, QT_QTEST_SOCKET,	 QT_MEMORY,
					     QT_NVRAM };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++)
		unlinkat(dir_fd, names[i], 0);
}

/* Its process, and a conversation with that. */
static int start(struct qt_vm *vm, char *const *argv, int64_t deadline_ms, struct vgpu_error *err)
{
	struct vgpu_error trouble = { 0 };
	int fd, r;

	/* left by a run that was killed: nobody listens there */
	qt_vm_remove_leftovers(vm->dir_fd);
	vm->qmp_log = open_log(vm->dir_fd, QT_QMP_LOG);
	vm->control_log = open_log(vm->dir_fd, QT_CONTROL_LOG);
	r = spawn(vm, argv, err);
	if (r)
		return r;
	fd = qt_vm_connect(vm, QT_QMP_SOCKET, deadline_ms, err);
	if (fd < 0)
		return fd;
	r = qt_qmp_create(fd, vm->qmp_log, deadline_ms, &vm->qmp, &trouble);
	if (r) {
		/* a device that fails to start ends QEMU after QMP was opened: tell its reason */
		int ended = r == -EPIPE ? qt_vm_explain_end(vm, err) : 0;

		if (ended)
			return ended;
		if (err)
			*err = trouble;
	}
	return r;
}

int qt_vm_start(char *const *argv, int dir_fd, int64_t deadline_ms, struct qt_vm **out,
		struct vgpu_error *err)
{
	_destroy_(qt_vm) struct qt_vm *vm = calloc(1, sizeof(*vm));
	int r;

	if (!vm)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "starting QEMU");
	qt_vm_set_device(vm, QT_DEVICE_ID);
	vm->pidfd = -1;
	vm->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	if (vm->dir_fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "dup: %s", strerror(errno));
	r = start(vm, argv, deadline_ms, err);
	if (r == -ETIMEDOUT && err)
		blame_wedge(vm, err);
	if (!r || (vm->pidfd >= 0 && qt_vm_stop(vm, 0, NULL)))
		*out = steal(vm);
	return r;
}

int qt_vm_connect_console(struct qt_vm *vm, int64_t deadline_ms, struct vgpu_error *err)
{
	int fd = qt_vm_connect(vm, QT_CONTROL_SOCKET, deadline_ms, err);

	if (fd < 0)
		return fd;
	return qt_console_create(fd, vm->control_log, &vm->console, err);
}

int qt_vm_stop(struct qt_vm *vm, int grace_ms, int *status)
{
	int64_t deadline_ms = qt_now_ms() + grace_ms;

	if (qt_vm_wait(vm, 0, status) == 0)
		return 0;
	if (vm->qmp && grace_ms > 0) {
		/* QEMU may end before it has answered: only its end counts */
		qt_qmp_command(vm->qmp, "quit", NULL, deadline_ms, NULL, NULL);
		if (qt_vm_wait(vm, deadline_ms, status) == 0)
			return 0;
	}
	if (vm->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, vm->pidfd, SIGKILL, NULL, 0);
	/* who did not die then will hardly do so now */
	vm->immortal = qt_vm_wait(vm, vm->immortal ? 0 : qt_deadline_ms(KILL_MS), status) != 0;
	return vm->immortal ? -EBUSY : 0;
}

void qt_vm_destroy(struct qt_vm *vm)
{
	if (!vm)
		return;
	if (vm->pid > 0 && vm->pidfd >= 0)
		qt_vm_stop(vm, 0, NULL);
	else if (vm->pid > 0 && !kill(vm->pid, SIGKILL))
		waitpid(vm->pid, NULL, 0);
	qt_console_destroy(vm->console);
	qt_qmp_destroy(vm->qmp);
	if (vm->qmp_log)
		fclose(vm->qmp_log);
	if (vm->control_log)
		fclose(vm->control_log);
	if (vm->dir_fd >= 0) {
		qt_vm_remove_leftovers(vm->dir_fd);
		close(vm->dir_fd);
	}
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	free(vm);
}
