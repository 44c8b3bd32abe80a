/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "libvirt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* In the private /dev, where anyone can make a directory, and with room for a socket's path. */
#define BASE "/dev/libvirt"
#define LOG  BASE "/libvirtd.log"

enum { READY_MS = 60 * 1000, RETRY_MS = 20 };

/*
 * What a sandbox cannot have or does not need: cgroups, namespaces, labels, other users, virtlogd.
 * Disk images keep their owner: QEMU runs as the user who may open them anyway.
 */
static const char qemu_conf[] = "namespaces = []\n"
				"cgroup_controllers = []\n"
				"security_driver = \"none\"\n"
				"stdio_handler = \"file\"\n"
				"remember_owner = 0\n"
				"dynamic_ownership = 0\n";
static const char qemu_conf_system[] = "user = \"root\"\n"
				       "group = \"root\"\n";
/* No polkit here: who can reach the socket is inside the sandbox. */
static const char libvirtd_conf[] = "auth_unix_ro = \"none\"\n"
				    "auth_unix_rw = \"none\"\n";

/* Where the system's libvirtd keeps its things: compiled into it. */
static const struct {
	const char *path, *name;
} system_dirs[] = {
	{ "/etc/libvirt", "etc" },	   { "/var/lib/libvirt", "lib" },
	{ "/var/cache/libvirt", "cache" }, { "/var/log/libvirt", "log" },
	{ "/run/libvirt", "run" },
};

static const char *const run_dirs[] = { "/run/libvirt", "/run/udev" };

/* Below the XDG_* directories that a session's libvirtd is started with. */
static const char *const session_dirs[] = { "etc", "etc/libvirt", "cache", "data", "run" };

static int failed(struct vgpu_error *err, const char *what)
{
	int errnum = errno;

	return vgpu_error_set(err, VGPU_ERROR_NEED, errnum,
			      "cannot make libvirt's private directories: %s: %s", what,
			      strerror(errnum));
}

static int write_file(const char *path, const char *text, const char *more)
{
	_autofclose_ FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fputs(more, file) < 0 || fflush(file))
		return -errno;
	return 0;
}

/* Makes @name of the directory @real, an entry of a covered /run, appear in the new /run. */
static int show_again(int real, const struct dirent *entry)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t len;

	snprintf(target, sizeof(target), "/run/%s", entry->d_name);
	if (fstatat(real, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISLNK(st.st_mode)) {
		len = readlinkat(real, entry->d_name, source, sizeof(source) - 1);
		source[len < 0 ? 0 : len] = '\0';
		return len < 0 || symlink(source, target) ? -errno : 0;
	}
	if (S_ISDIR(st.st_mode) ? mkdir(target, 0755) : mknod(target, S_IFREG | 0644, 0))
		return -errno;
	snprintf(source, sizeof(source), "/proc/self/fd/%d/%s", real, entry->d_name);
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
}

/* The real /run lacks a place for us: one that has it, with all else of the real one in it. */
static int cover_run(void)
{
	int real = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = real < 0 ? NULL : fdopendir(real);
	const struct dirent *entry;
	int rc = 0;

	if (!dir || mount("vgpulab-run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
		return -errno;
	while (!rc && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			rc = show_again(real, entry);
	for (size_t i = 0; !rc && i < VGPU_ARRAY_LEN(run_dirs); i++)
		if (mkdir(run_dirs[i], 0755) && errno != EEXIST)
			rc = -errno;
	return rc;
}

static int make_run_dirs(void)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(run_dirs); i++)
		if (access(run_dirs[i], F_OK))
			return cover_run();
	return 0;
}

static int make_dirs(const char *const *names, size_t len, struct vgpu_error *err)
{
	for (size_t i = 0; i < len; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), BASE "/%s", names[i]);
		if (mkdir(path, 0755))
			return failed(err, path);
	}
	return 0;
}

static int mount_system_dirs(struct vgpu_error *err)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(system_dirs); i++) {
		char source[PATH_MAX];

		snprintf(source, sizeof(source), BASE "/%s", system_dirs[i].name);
		if (mkdir(source, 0755))
			return failed(err, source);
		if (!mount(source, system_dirs[i].path, NULL, MS_BIND, NULL))
			continue;
		failed(err, system_dirs[i].path);
		vgpu_error_hint(err, "install libvirt: apt install libvirt-daemon-system");
		return -err->errnum;
	}
	return 0;
}

int sandbox_libvirt_mount(bool session, struct vgpu_error *err)
{
	int rc;

	if (mkdir(BASE, 0755) ||
	    mount("vgpulab-libvirt", BASE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
		return failed(err, BASE);
	rc = make_run_dirs();
	if (rc) {
		errno = -rc;
		return failed(err, "/run");
	}
	if (mkdir(BASE "/udev", 0755) || mount(BASE "/udev", "/run/udev", NULL, MS_BIND, NULL))
		return failed(err, "/run/udev");
	rc = session ? make_dirs(session_dirs, VGPU_ARRAY_LEN(session_dirs), err)
		     : mount_system_dirs(err);
	if (rc)
		return rc;
	rc = write_file(session ? BASE "/etc/libvirt/qemu.conf" : BASE "/etc/qemu.conf", qemu_conf,
			session ? "" : qemu_conf_system);
	if (!rc)
		rc = write_file(BASE "/libvirtd.conf", libvirtd_conf, "");
	if (rc) {
		errno = -rc;
		return failed(err, "its configuration");
	}
	return 0;
}

/* What libvirtd and the programs that it starts shall see. */
static void set_daemon_environment(void)
{
	static const char more[] = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
	const char *path = getenv("PATH");
	char with_more[PATH_MAX];

	snprintf(with_more, sizeof(with_more), "%s%s%s", path ? path : "", path ? ":" : "", more);
	setenv("PATH", with_more, 1);
	/* The machine's logind, machined and firewalld are not to hear of what is not there. */
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" BASE "/no-bus", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=" BASE "/no-bus", 1);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_FDS");
}

static void set_session_directories(void)
{
	setenv("XDG_CONFIG_HOME", BASE "/etc", 1);
	setenv("XDG_CACHE_HOME", BASE "/cache", 1);
	setenv("XDG_DATA_HOME", BASE "/data", 1);
	setenv("XDG_RUNTIME_DIR", BASE "/run", 1);
}

/* Output to the log, and the defaults of whoever starts daemons. */
static void become_daemon(const char *log_path)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(EXIT_FAILURE);
	setsid();
	signal(SIGCHLD, SIG_DFL);
	set_daemon_environment();
}

int sandbox_libvirt_start_udevd(void)
{
	int status = 0;
	pid_t udevd = fork();

	if (!udevd) {
		become_daemon(BASE "/udevd.log");
		/* Its rules are the machine's: not to load modules for devices that are not there. */
		prctl(PR_CAPBSET_DROP, CAP_SYS_MODULE);
		execl("/lib/systemd/systemd-udevd", "systemd-udevd", "--daemon", (char *)NULL);
		_exit(127);
	}
	/* It returns when it listens. */
	while (udevd > 0 && waitpid(udevd, &status, 0) < 0 && errno == EINTR)
		;
	return udevd > 0 && !status ? 0 : -ENOENT;
}

static _Noreturn void become_libvirtd(bool session)
{
	become_daemon(LOG);
	if (session)
		set_session_directories();
	execlp("libvirtd", "libvirtd", "--config", BASE "/libvirtd.conf", "--pid-file",
	       BASE "/libvirtd.pid", (char *)NULL);
	dprintf(2, "cannot execute libvirtd: %s\n", strerror(errno));
	_exit(127);
}

static bool is_listening(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_autoclose_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/* The last line of libvirtd's log. */
static void read_last_words(char *out, size_t size)
{
	_autofclose_ FILE *file = fopen(LOG, "re");
	char line[256];

	snprintf(out, size, "it says nothing");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			snprintf(out, size, "%s", line);
	}
}

static int await_daemon(int pidfd, const char *socket_path, struct vgpu_error *err)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	char words[256];

	for (int ms = 0; ms < READY_MS && !is_listening(socket_path); ms += RETRY_MS) {
		if (poll(&ended, 1, RETRY_MS) <= 0)
			continue;
		read_last_words(words, sizeof(words));
		vgpu_error_set(err, VGPU_ERROR_NEED, ESRCH, "libvirtd ended: %s", words);
		vgpu_error_hint(err, "install libvirt: apt install libvirt-daemon-system "
				     "libvirt-clients");
		return -ESRCH;
	}
	if (is_listening(socket_path))
		return 0;
	read_last_words(words, sizeof(words));
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
			      "libvirtd does not listen on %s: %s", socket_path, words);
}

int sandbox_libvirt_start(bool session, struct vgpu_error *err)
{
	const char *path = session ? BASE "/run/libvirt/libvirt-sock" : "/run/libvirt/libvirt-sock";
	_autoclose_ int pidfd = -1;
	pid_t daemon;
	int rc;

	/* Not a child of the program's: that might wait for all of its children. */
	daemon = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (!daemon)
		become_libvirtd(session);
	pidfd = daemon < 0 ? -1 : syscall(SYS_pidfd_open, daemon, 0);
	if (pidfd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot start libvirtd: %s",
				      strerror(errno));
	rc = await_daemon(pidfd, path, err);
	if (!rc)
		setenv("LIBVIRT_DEFAULT_URI",
		       session ? "qemu+unix:///session?socket=" BASE "/run/libvirt/libvirt-sock"
			       : "qemu:///system",
		       1);
	return rc;
}
