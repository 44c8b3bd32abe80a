/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../argv.h"
#include "../clock.h"
#include "../guest-files.h"
#include "../guest-kernel.h"
#include "../guest-modules.h"
#include "../initramfs.h"
#include "../launch.h"
#include "protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <qemu-tests/lab.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <vgpulab/cleanup.h>

#include "directory.h"
#include "lab-modules.h"

enum {
	MEMORY_MIB = 2048,
	CPUS = 2,
	START_MS = 30000,
	BOOT_MS = 180000,
	POWER_OFF_MS = 120000, /* bringing the results out included */
	ENTRIES_MAX = 8,
};

#define INITRAMFS "initramfs"

enum { CONTROL, STDOUT, STDERR, PORTS };

static const struct {
	const char *name, *socket;
} ports[PORTS] = {
	[CONTROL] = { LAB_PORT_CONTROL, "control.port" },
	[STDOUT] = { LAB_PORT_STDOUT, "stdout.port" },
	[STDERR] = { LAB_PORT_STDERR, "stderr.port" },
};

/* One run. */
struct lab {
	const struct qt_lab_options *options;
	struct qt_lab_directory directory; /* the VM's own files */
	char out_dir[PATH_MAX]; /* absolute; "" if there is none */
	bool merge; /* our standard output and error are one: then their order shall stay */
	struct qt_vm *vm;
	int ports[PORTS];
	char said[64]; /* on the control port: the beginning of a line */
	int64_t start_ms, up_ms, end_ms;
	bool lost; /* results could not be brought out */
	int status; /* -1: not known yet */
	int ending; /* the errno for which the command is being ended */
};

static void finish(struct lab *lab)
{
	qt_vm_destroy(lab->vm);
	for (int i = 0; i < PORTS; i++)
		if (lab->ports[i] >= 0)
			close(lab->ports[i]);
	qt_lab_directory_remove(&lab->directory);
}

static bool is_same_file(int a, int b)
{
	struct stat first, second;

	return !fstat(a, &first) && !fstat(b, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static int prepare_directories(struct lab *lab, struct vgpu_error *err)
{
	const char *out = lab->options->out_dir;
	int r = qt_lab_directory_make(&lab->directory, err);

	if (r)
		return r;
	r = out ? qt_directory_make(out) : 0;
	if (!r && out && !realpath(out, lab->out_dir))
		r = -errno;
	if (r)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "cannot make %s: %s", out,
				      strerror(-r));
	/* QEMU's options end at commas, unless they are doubled */
	if (strchr(lab->out_dir, ','))
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "%s: no commas, please: QEMU takes them for ends",
				      lab->out_dir);
	return 0;
}

/* Each item with a NUL behind it. */
static char *join(char *const *items, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	for (; items && *items; items++)
		fwrite(*items, 1, strlen(*items) + 1, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static struct qt_initramfs_entry text_entry(const char *path, const char *text, size_t len)
{
	return (struct qt_initramfs_entry){
		.path = path, .mode = S_IFREG | 0600, .data = text, .data_len = len
	};
}

/* Behind the modules in @all: what the VM's first program is told. Returns how many. */
static int write_initramfs(struct lab *lab, const struct qt_guest_modules *modules,
			   const char *guest_dir, struct vgpu_error *err)
{
	_autofree_ struct qt_initramfs_entry *all =
		calloc(modules->entries_len + ENTRIES_MAX, sizeof(*all));
	_autofree_ char *init = qt_guest_program_find("lab-init");
	size_t n = modules->entries_len, command_len = 0, environment_len = 0;
	_autofree_ char *command = join(lab->options->command, &command_len);
	_autofree_ char *environment = join(lab->options->environment, &environment_len);
	_autofree_ char *directory = getcwd(NULL, 0);
	_autoclose_ int fd =
		openat(lab->directory.fd, INITRAMFS, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (!all || !init || !command || !environment || !directory || fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot make the lab VM's initramfs: %s", strerror(errno));
	memcpy(all, modules->entries, n * sizeof(*all));
	all[n++] = (struct qt_initramfs_entry){ .path = "init",
						.mode = S_IFREG | 0755,
						.source = init };
	all[n++] = text_entry(LAB_FILE_COMMAND, command, command_len);
	all[n++] = text_entry(LAB_FILE_ENVIRONMENT, environment, environment_len);
	all[n++] = text_entry(LAB_FILE_DIRECTORY, directory, strlen(directory));
	all[n++] = text_entry(LAB_FILE_GUEST_DIR, guest_dir, strlen(guest_dir));
	if (*lab->out_dir)
		all[n++] = text_entry(LAB_FILE_OUT, lab->out_dir, strlen(lab->out_dir));
	if (lab->merge)
		all[n++] = text_entry(LAB_FILE_MERGE, NULL, 0);
	return qt_initramfs_write(fd, all, n, err);
}

static void add_share(struct qt_argv *argv, const char *tag, const char *path, const char *more)
{
	qt_argv_add(argv, "-virtfs");
	qt_argv_addf(argv, "local,path=%s,mount_tag=%s,security_model=none,multidevs=remap%s", path,
		     tag, more);
}

static int start(struct lab *lab, const char *kernel, struct vgpu_error *err)
{
	const struct qt_lab_options *options = lab->options;
	const struct qt_qemu_argv machine = {
		.qemu = options->qemu ? options->qemu : "qemu-system-x86_64",
		.accel = "tcg",
		/*
		 * With AVX2 as QEMU 7.2's TCG emulates it, Mesa's software renderer samples textures
		 * whose sides are powers of two wrongly if it filters them: QEMU's cursor, for one.
		 */
		.cpu = "max,-avx2",
		.machine = "q35",
		.memory_mib = options->memory_mib ? options->memory_mib : MEMORY_MIB,
		.cpus = options->cpus ? options->cpus : CPUS,
		.kernel = kernel,
		.initrd = INITRAMFS,
		.front_end = (const char *const[]){ "-display", "none", NULL },
	};
	int64_t deadline_ms = qt_deadline_ms(START_MS);
	_argv_ struct qt_argv argv = { 0 };
	int r;

	if (qt_qemu_argv_build(&machine, &argv))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "building QEMU's arguments");
	qt_argv_add(&argv, "-device");
	qt_argv_add(&argv, "virtio-serial-pci");
	for (int i = 0; i < PORTS; i++) {
		qt_argv_add(&argv, "-chardev");
		qt_argv_addf(&argv, "socket,id=port%d,path=%s,server=on,wait=off", i,
			     ports[i].socket);
		qt_argv_add(&argv, "-device");
		qt_argv_addf(&argv, "virtserialport,chardev=port%d,name=%s", i, ports[i].name);
	}
	add_share(&argv, LAB_SHARE_ROOT, "/", ",readonly=on");
	if (*lab->out_dir)
		add_share(&argv, LAB_SHARE_OUT, lab->out_dir, "");
	if (argv.error)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "building QEMU's arguments");
	r = qt_vm_start(argv.items, lab->directory.fd, deadline_ms, &lab->vm, err);
	for (int i = 0; i < PORTS && !r; i++) {
		lab->ports[i] = qt_vm_connect(lab->vm, ports[i].socket, deadline_ms, err);
		if (lab->ports[i] < 0)
			r = lab->ports[i];
	}
	return r;
}

static void take_line(struct lab *lab, const char *line)
{
	if (!strcmp(line, "up"))
		lab->up_ms = qt_now_ms();
	else if (!strcmp(line, "lost"))
		lab->lost = true;
	else if (sscanf(line, "exit %d", &lab->status) == 1 && !lab->end_ms)
		lab->end_ms = qt_now_ms();
}

/* false: the port is closed. */
static bool take_control(struct lab *lab)
{
	size_t len = strlen(lab->said);
	ssize_t got = recv(lab->ports[CONTROL], lab->said + len, sizeof(lab->said) - 1 - len, 0);
	char *end;

	if (got <= 0)
		return false;
	lab->said[len + (size_t)got] = '\0';
	while ((end = strchr(lab->said, '\n'))) {
		*end = '\0';
		take_line(lab, lab->said);
		memmove(lab->said, end + 1, strlen(end + 1) + 1);
	}
	if (strlen(lab->said) == sizeof(lab->said) - 1)
		*lab->said = '\0';
	return true;
}

static bool pass_on(int from, int to)
{
	char buffer[16384];
	ssize_t got = recv(from, buffer, sizeof(buffer), 0);

	for (ssize_t done = 0, n; done < got; done += n) {
		n = write(to, buffer + done, (size_t)(got - done));
		if (n < 0 && errno != EINTR)
			break; /* nobody listens any more */
		if (n < 0)
			n = 0;
	}
	return got > 0;
}

/* What we wait for now: the VM's start, the command's end, the VM's end. */
static int64_t deadline(const struct lab *lab, int64_t ending_ms)
{
	if (ending_ms)
		return ending_ms + POWER_OFF_MS;
	if (!lab->up_ms)
		return lab->start_ms + (int64_t)(BOOT_MS * qt_patience());
	if (lab->status >= 0)
		return lab->end_ms + POWER_OFF_MS;
	return lab->options->timeout_s ? lab->up_ms + lab->options->timeout_s * INT64_C(1000)
				       : INT64_MAX;
}

static int poll_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - qt_now_ms();

	return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
}

/* Until the VM is gone. 0, or -ETIMEDOUT if it does not go. */
static int attend(struct lab *lab)
{
	struct pollfd fds[PORTS];
	int64_t ending_ms = 0;
	int open = PORTS;

	for (int i = 0; i < PORTS; i++)
		fds[i] = (struct pollfd){ lab->ports[i], POLLIN, 0 };
	while (open) {
		int64_t now = deadline(lab, ending_ms);

		poll(fds, PORTS, poll_ms(now));
		for (int i = 0; i < PORTS; i++) {
			bool goes_on = !fds[i].revents ||
				       (i == CONTROL ? take_control(lab)
						     : pass_on(fds[i].fd, i == STDOUT ? 1 : 2));

			if (goes_on)
				continue;
			fds[i].fd = -1;
			open--;
		}
		if (!qt_interrupted() && qt_now_ms() < now)
			continue;
		if (ending_ms && qt_now_ms() >= now)
			return -ETIMEDOUT;
		if (ending_ms)
			continue;
		ending_ms = qt_now_ms();
		lab->ending = qt_interrupted() ? EINTR : ETIMEDOUT;
		if (!lab->up_ms || lab->status >= 0)
			return -lab->ending; /* nothing to bring out, or it is stuck */
		(void)!send(lab->ports[CONTROL], "end\n", 4, MSG_NOSIGNAL);
	}
	return 0;
}

static int explain(struct lab *lab, int r, struct vgpu_error *err)
{
	char last[200];

	if (lab->ending == EINTR)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINTR, "interrupted by a signal");
	if (lab->ending && lab->up_ms)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
				      "the command did not end within %u s",
				      lab->options->timeout_s);
	qt_log_last_line(lab->directory.fd, QT_CONSOLE_LOG, last, sizeof(last));
	if (r || lab->status < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, r ? -r : ECHILD,
				      "the lab VM %s; its console ends with \"%s\"",
				      !lab->up_ms ? "did not start" : "ended before the command",
				      last);
	if (lab->lost)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EIO,
				      "not all of %s could be brought out of the lab VM",
				      lab->out_dir);
	return 0;
}

static int run(struct lab *lab, struct vgpu_error *err)
{
	const struct qt_lab_options *options = lab->options;
	_autofree_ char *found = options->guest_dir ? NULL : qt_guest_dir_find();
	const char *wanted_dir = options->guest_dir ? options->guest_dir : found;
	_autofree_ char *guest_dir = wanted_dir ? realpath(wanted_dir, NULL) : NULL;
	_autofree_ char *kernel = guest_dir ? qt_guest_kernel_find(guest_dir, false) : NULL;
	_guest_modules_ struct qt_guest_modules modules = { 0 };
	int r;

	if (!kernel)
		return vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT,
				      "the lab VM has no kernel in %s: fetch-kernel unpacks it",
				      wanted_dir ? wanted_dir : "this build");
	r = qt_lab_modules_find(guest_dir, options->modules, &modules, err);
	if (!r)
		r = prepare_directories(lab, err);
	if (!r)
		r = write_initramfs(lab, &modules, guest_dir, err);
	if (!r)
		r = start(lab, kernel, err);
	if (r)
		return r;
	r = attend(lab);
	if (!r)
		qt_vm_wait(lab->vm, qt_now_ms() + START_MS, NULL);
	return explain(lab, r, err);
}

int qt_lab_run(const struct qt_lab_options *options, int *status, struct qt_lab_times *times,
	       struct vgpu_error *err)
{
	struct lab lab = {
		.options = options,
		.directory = { .fd = -1, .life_fd = -1 },
		.ports = { -1, -1, -1 },
		.status = -1,
		.start_ms = qt_now_ms(),
		.merge = is_same_file(1, 2),
	};
	int r;

	qt_patience_measure(1);
	r = run(&lab, err);
	finish(&lab);
	if (times)
		*times = (struct qt_lab_times){
			.boot_ms = lab.up_ms ? lab.up_ms - lab.start_ms : 0,
			.command_ms = lab.end_ms ? lab.end_ms - lab.up_ms : 0,
			.total_ms = qt_now_ms() - lab.start_ms,
		};
	if (!r)
		*status = lab.status;
	return r;
}
