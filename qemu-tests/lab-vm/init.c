/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process 1 of the lab VM: puts the host's root below a tmpfs, runs one command in it, passes its
 * output on, brings its results out, and powers off.
 */

#include "../guest/modules.h"
#include "../guest/reply.h"
#include "protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20, WORDS_MAX = 4096, GRACE_MS = 3000, EXIT_NOT_FOUND = 127 };

static int control = -1;

static _Noreturn void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* The console is what the launcher shows when no exit code comes. */
static _Noreturn void die(const char *what)
{
	printf("lab-vm: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	power_off();
}

static void mount_or_die(const char *source, const char *target, const char *type,
			 unsigned long flags, const char *options)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, options))
		die(target);
}

/* The whole of a small file, with a NUL behind it; NULL if it is not there. */
static char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(TEXT_MAX + 1);
	ssize_t got;

	*len = 0;
	while (text && (got = read(fd, text + *len, TEXT_MAX - *len)) > 0)
		*len += (size_t)got;
	if (text)
		text[*len] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static char *read_line(const char *path)
{
	size_t len;

	return read_file(path, &len);
}

static char **read_list(const char *path)
{
	char **words = calloc(WORDS_MAX + 1, sizeof(*words));
	size_t len, n = 0;
	char *text = read_file(path, &len);

	if (!text || !words)
		die(path);
	for (char *at = text; at < text + len && n < WORDS_MAX; at += strlen(at) + 1)
		words[n++] = at;
	return words;
}

/* Source: drivers/char/virtio_console.c, attribute "name" of class virtio-ports */
static int open_port(const char *wanted)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	int fd = -1;

	for (struct dirent *entry; dir && fd < 0 && (entry = readdir(dir));) {
		char path[400], *name;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		name = entry->d_name[0] == '.' ? NULL : read_line(path);
		if (name && !strncmp(name, wanted, strlen(wanted))) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
		free(name);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* Ports appear a moment after their driver was loaded. */
static int wait_for_port(const char *wanted)
{
	const struct timespec pause_time = { .tv_nsec = 10000000 };
	int fd = -1;

	for (int i = 0; i < 1000 && fd < 0; i++) {
		fd = open_port(wanted);
		if (fd < 0)
			nanosleep(&pause_time, NULL);
	}
	if (fd < 0)
		die(wanted);
	return fd;
}

static void prepare_kernel(void)
{
	struct guest_reply reply = { 0 };

	mount_or_die("dev", "/dev", "devtmpfs", 0, NULL);
	mount_or_die("proc", "/proc", "proc", 0, NULL);
	mount_or_die("sys", "/sys", "sysfs", 0, NULL);
	if (guest_modules_load(&reply)) {
		errno = EINVAL;
		die(reply.text);
	}
}

static void move(const char *from, const char *to)
{
	if (mount(from, to, NULL, MS_MOVE, NULL))
		die(to);
}

/* The machine's own root, as it is, with all changes kept in memory. */
static void enter_root(const char *guest_dir)
{
	char modules[4200], samples[4200];

	mount_or_die(LAB_SHARE_ROOT, "/lower", "9p", MS_RDONLY,
		     "trans=virtio,version=9p2000.L,cache=loose,msize=512000");
	mount_or_die("changes", "/changes", "tmpfs", 0, "mode=755,size=75%");
	mkdir("/changes/upper", 0755);
	mkdir("/changes/work", 0755);
	mount_or_die("root", "/root", "overlay", 0,
		     "lowerdir=/lower,upperdir=/changes/upper,workdir=/changes/work");
	move("/dev", "/root/dev");
	move("/proc", "/root/proc");
	move("/sys", "/root/sys");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("the new root");
	mount_or_die("pts", "/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
	mount_or_die("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_or_die("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount_or_die("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
	mkdir("/lib/modules", 0755);
	snprintf(modules, sizeof(modules), "%s/lib/modules", guest_dir);
	if (mount(modules, "/lib/modules", NULL, MS_BIND, NULL))
		die("/lib/modules");
	mkdir("/run/lab-vm", 0755);
	snprintf(samples, sizeof(samples), "%s/samples", guest_dir);
	if (symlink(samples, "/run/lab-vm/samples"))
		die("/run/lab-vm/samples");
}

/*
 * Mesa renders in software on vgem, for which it has to map dumb buffers; render nodes refuse that.
 * So the render node is the card's here: programs take it without being told, as with a GPU.
 */
static void make_vgem_render(void)
{
	if (!access("/sys/module/vgem", F_OK) && !access("/dev/dri/renderD128", F_OK) &&
	    mount("/dev/dri/card0", "/dev/dri/renderD128", NULL, MS_BIND, NULL))
		perror("/dev/dri/renderD128");
}

static void bring_loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		perror("lo");
	if (fd >= 0)
		close(fd);
}

static _Noreturn void become(char **argv, char **environment, const char *dir, int out, int error)
{
	int null = open("/dev/null", O_RDONLY);
	const char *path = NULL;

	for (char **entry = environment; *entry; entry++)
		if (!strncmp(*entry, "PATH=", 5))
			path = *entry + 5;
	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(error, 2);
	if (chdir(dir))
		dprintf(2, "lab-vm: %s: %s\n", dir, strerror(errno));
	setenv("PATH", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execvpe(argv[0], argv, environment);
	dprintf(2, "lab-vm: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_NOT_FOUND);
}

struct stream {
	int pipe[2], port;
};

static void open_stream(struct stream *stream, const char *name)
{
	stream->port = wait_for_port(name);
	if (pipe2(stream->pipe, O_CLOEXEC))
		die("pipe");
}

/* Passes on what there is. false at the end. */
static bool pass_on(struct stream *stream)
{
	char buffer[4096];
	ssize_t got = read(stream->pipe[0], buffer, sizeof(buffer));

	for (ssize_t done = 0, n; done < got; done += n) {
		n = write(stream->port, buffer + done, (size_t)(got - done));
		if (n <= 0)
			break;
	}
	return got > 0;
}

static void tell(const char *text)
{
	if (write(control, text, strlen(text)) < 0)
		die("control port");
}

/* Everything but us: the command may have left others. */
static void kill_all(void)
{
	const struct timespec pause_time = { .tv_nsec = 20000000 };

	kill(-1, SIGTERM);
	for (int waited_ms = 0; waited_ms < GRACE_MS; waited_ms += 20) {
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return;
		nanosleep(&pause_time, NULL);
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Reaps whatever has ended. The command's status if it is among them, else -1. */
static int reap(pid_t command)
{
	int status, found = -1;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		if (pid == command)
			found = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return found;
}

/* Until the command has ended, or the launcher wants it to. Its exit code. */
static int watch(pid_t command, struct stream *streams, size_t streams_len)
{
	struct pollfd fds[3] = { { .fd = control, .events = POLLIN } };
	int status = -1;

	while (status < 0) {
		for (size_t i = 0; i < streams_len; i++)
			fds[i + 1] = (struct pollfd){ streams[i].pipe[0], POLLIN, 0 };
		/* the end of a process tells nothing to poll(2); output usually does */
		poll(fds, streams_len + 1, 50);
		for (size_t i = 0; i < streams_len; i++)
			if (fds[i + 1].revents)
				pass_on(&streams[i]);
		if (fds[0].revents & POLLIN)
			return 128 + SIGTERM;
		status = reap(command);
	}
	return status;
}

static void finish_stream(struct stream *stream)
{
	fcntl(stream->pipe[0], F_SETFL, O_NONBLOCK);
	while (pass_on(stream))
		;
}

static int run_command(char **argv, char **environment, const char *dir, bool merge)
{
	struct stream streams[2];
	size_t streams_len = merge ? 1 : 2;
	pid_t pid;
	int status;

	open_stream(&streams[0], LAB_PORT_STDOUT);
	if (!merge)
		open_stream(&streams[1], LAB_PORT_STDERR);
	tell("up\n");
	pid = fork();
	if (pid == 0)
		become(argv, environment, dir, streams[0].pipe[1],
		       streams[streams_len - 1].pipe[1]);
	if (pid < 0)
		die("fork");
	status = watch(pid, streams, streams_len);
	kill_all();
	for (size_t i = 0; i < streams_len; i++)
		finish_stream(&streams[i]);
	return status;
}

/* Only what is newer: a file that was not changed is the very one that it would be copied to. */
static void bring_out(const char *dir)
{
	char from[4200];
	int status = -1;
	pid_t pid;

	snprintf(from, sizeof(from), "%s/.", dir);
	mount_or_die(LAB_SHARE_OUT, "/run/lab-out", "9p", 0,
		     "trans=virtio,version=9p2000.L,msize=512000");
	pid = fork();
	if (pid == 0) {
		execl("/bin/cp", "cp", "-au", "--no-preserve=ownership", from, "/run/lab-out",
		      NULL);
		_exit(EXIT_NOT_FOUND);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		tell("lost\n");
	umount("/run/lab-out");
}

int main(void)
{
	char *dir = read_line("/" LAB_FILE_DIRECTORY), *out = read_line("/" LAB_FILE_OUT);
	char *guest_dir = read_line("/" LAB_FILE_GUEST_DIR);
	char **argv = read_list("/" LAB_FILE_COMMAND);
	char **environment = read_list("/" LAB_FILE_ENVIRONMENT);
	bool merge = !access("/" LAB_FILE_MERGE, F_OK);
	char text[32];
	int status;

	umask(022);
	signal(SIGPIPE, SIG_IGN);
	prepare_kernel();
	control = wait_for_port(LAB_PORT_CONTROL);
	enter_root(guest_dir);
	bring_loopback_up();
	make_vgem_render();
	status = run_command(argv, environment, dir, merge);
	if (out)
		bring_out(out);
	snprintf(text, sizeof(text), "exit %d\n", status);
	tell(text);
	power_off();
}
