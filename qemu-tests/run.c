/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"
#include "guest-drivers.h"
#include "guest-files.h"
#include "guest-kernel.h"
#include "guest-modules.h"
#include "guest-programs.h"
#include "host-watch.h"
#include "initramfs.h"
#include "jobs.h"
#include "journal.h"
#include "launch.h"
#include "plan.h"
#include "report.h"
#include "scenario-keeper.h"
#include "scenario-run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <vgpulab/cleanup.h>

/* What was killed is cleaned up after within this time. */
#define LOCK_MS 20000

static int open_out_dir(const char *path, struct vgpu_error *err)
{
	int r = qt_directory_make(path);
	int fd = r ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, r ? -r : errno,
				      "cannot open directory %s: %s", path,
				      strerror(r ? -r : errno));
	return fd;
}

static size_t list_files(const struct qt_guest_driver *driver, struct qt_initramfs_entry *entries)
{
	size_t len = 0;

	for (; len < QT_DRIVER_FILES_MAX && driver->files[len].path; len++) {
		const char *text = driver->files[len].text;

		entries[len] = (struct qt_initramfs_entry){
			.path = driver->files[len].path,
			.mode = text ? S_IFREG | 0644 : S_IFDIR | 0700,
			.data = text,
			.data_len = text ? strlen(text) : 0,
		};
	}
	return len;
}

/* One program is all that the guest needs, and what modules a stock driver has. */
static int write_initramfs(const struct qt_runner *runner, const struct qt_guest_driver *driver,
			   struct vgpu_error *err)
{
	static const char *const nothing[] = { NULL };
	_guest_modules_ struct qt_guest_modules modules = { 0 };
	_guest_programs_ struct qt_guest_programs programs = { 0 };
	_autofree_ struct qt_initramfs_entry *entries = NULL;
	_autoclose_ int fd = -1;
	char name[64];
	size_t len;
	int r = 0;

	snprintf(name, sizeof(name), QT_INITRAMFS_FORMAT, driver ? "-" : "",
		 driver ? driver->name : "");
	fd = openat(runner->out_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s", name,
				      strerror(errno));
	if (driver)
		r = qt_guest_modules_find(runner->needs.guest_dir,
					  driver->modules[0] ? driver->modules : nothing, &modules,
					  err);
	if (!r && driver)
		r = qt_guest_programs_find(driver->programs, &programs, err);
	if (r)
		return r;
	entries = calloc(modules.entries_len + programs.entries_len + 1 + QT_DRIVER_FILES_MAX,
			 sizeof(*entries));
	if (!entries)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "writing %s", name);
	entries[0] = (struct qt_initramfs_entry){ .path = "init",
						  .mode = S_IFREG | 0755,
						  .source = runner->needs.init };
	if (modules.entries_len)
		memcpy(entries + 1, modules.entries, modules.entries_len * sizeof(*entries));
	if (programs.entries_len)
		memcpy(entries + 1 + modules.entries_len, programs.entries,
		       programs.entries_len * sizeof(*entries));
	len = 1 + modules.entries_len + programs.entries_len;
	if (driver)
		len += list_files(driver, entries + len);
	return qt_initramfs_write(fd, entries, len, err);
}

static bool is_driver_selected(const struct qt_options *options,
			       const struct qt_guest_driver *driver)
{
	qt_for_each_scenario (scenario)
		if (scenario->driver && !strcmp(scenario->driver, driver->name) &&
		    qt_scenario_selected(scenario, options->select, options->select_len))
			return true;
	return false;
}

static int write_all_initramfs(struct qt_runner *runner, struct vgpu_error *err)
{
	int r = 0;

	/* who lacks these is told so by the scenarios */
	if (qt_needs_met(&runner->needs, "guest-init", NULL))
		r = write_initramfs(runner, NULL, err);
	for (size_t i = 0; i < qt_guest_drivers_len && !r; i++)
		if (is_driver_selected(runner->options, &qt_guest_drivers[i]) &&
		    (!qt_guest_drivers[i].programs[0] ||
		     qt_needs_met(&runner->needs, qt_guest_drivers[i].need, NULL)) &&
		    qt_needs_met(&runner->needs, "guest-init", NULL) &&
		    qt_needs_met(&runner->needs, "guest-modules", NULL))
			r = write_initramfs(runner, &qt_guest_drivers[i], err);
	return r;
}

static int check_options(const struct qt_options *options, struct vgpu_error *err)
{
	bool known = !options->tamper;

	/* on another console than its own a guest draws nothing */
	for (int fault = QT_FAULT_BLANK; fault < QT_FAULT_WRONG_CONSOLE && !known; fault++)
		known = !strcmp(options->tamper, qt_fault_name((enum qt_fault)fault));
	if (!known) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "no guest draws a fault named '%s'",
			       options->tamper);
		vgpu_error_hint(err, "some that are: rb-swap, stale, stride, blank, torn, tiling, "
				     "shift, vertical-flip, limited-range");
		return -EINVAL;
	}
	return 0;
}

static void choose_accel(struct qt_runner *runner)
{
	const char *why = "";

	runner->accel = runner->options->accel;
	if (runner->accel)
		return;
	runner->accel = qt_needs_met(&runner->needs, "qemu", NULL) &&
					qt_needs_met(&runner->needs, "kvm", &why)
				? "kvm"
				: "tcg";
}

/* One run at a time in a directory; what cleans up after one that was killed counts, too. */
static int lock_directory(int fd, struct vgpu_error *err)
{
	for (int64_t deadline_ms = qt_now_ms() + LOCK_MS; flock(fd, LOCK_EX | LOCK_NB);) {
		const struct timespec pause = { .tv_nsec = 50000000 };

		if (errno != EWOULDBLOCK || !qt_left_ms(deadline_ms)) {
			vgpu_error_set(err, VGPU_ERROR_BUSY, errno,
				       "another run has this output directory");
			vgpu_error_hint(err, "wait for it, or give another --out");
			return -EBUSY;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* While it goes on, somebody sees to it that no vGPU outlives us. */
static int run_plan(struct qt_runner *runner, const struct qt_plan *plan,
		    struct qt_verdict *verdict, struct vgpu_error *err)
{
	struct qt_keeper keeper;
	int r = qt_keeper_init(&keeper, runner->out_fd, err);

	runner->note_fd = keeper.note_fd;
	if (!r)
		r = qt_jobs_run(runner, plan, verdict, err);
	qt_keeper_finish(&keeper);
	return r;
}

/* @verdict gets what an earlier run has finished, if this one goes on with it. */
static int make_plan(struct qt_runner *runner, struct qt_verdict *verdict, struct qt_plan *plan,
		     struct vgpu_error *err)
{
	_destroy_(qt_verdict) struct qt_verdict *last = calloc(1, sizeof(*last));
	_destroy_(qt_verdict) struct qt_verdict *earlier = calloc(1, sizeof(*earlier));
	const struct qt_options *options = runner->options;
	int r = 0;

	if (!last || !earlier)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "running scenarios");
	if (options->expect)
		r = qt_expectations_read(options->expect, &runner->expectations, err);
	if (!r && options->only_failed)
		r = qt_journal_read(runner->out_fd, last, err);
	if (!r && options->resume)
		r = qt_journal_read(runner->out_fd, verdict, err);
	verdict->boots_before_ms = qt_verdict_boots_ms(verdict);
	if (r == -ENOENT)
		vgpu_error_hint(err, "nothing ran with --out %s before", options->out_dir);
	qt_journal_read(runner->out_fd, earlier, NULL);
	if (!r)
		r = qt_plan_make(options, options->only_failed ? last : NULL,
				 options->resume ? verdict : NULL, plan, err);
	/* not for a misspelt name: what failed would be forgotten */
	if (!r && !options->resume)
		r = qt_journal_begin(runner->out_fd, verdict, err);
	/* one at a time, they come in the order that was asked for */
	if (!r && !options->shuffle && (options->jobs ? options->jobs : qt_jobs_default()) > 1)
		qt_plan_estimate(plan, earlier);
	return r;
}

static void describe_run(struct qt_verdict *verdict, const struct qt_runner *runner)
{
	const struct qt_options *options = runner->options;
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(verdict->started, sizeof(verdict->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	snprintf(verdict->host, sizeof(verdict->host), "%s",
		 options->host ? options->host : "this machine");
	snprintf(verdict->kernel, sizeof(verdict->kernel), "%s",
		 runner->needs.kernel ? runner->needs.kernel : "none");
	verdict->tier = qt_host_tier(options->parent);
	verdict->cores = qt_cores();
	snprintf(verdict->machine, sizeof(verdict->machine), "%s",
		 options->machine ? options->machine : "pc");
	snprintf(verdict->through, sizeof(verdict->through), "%s",
		 options->through_libvirt ? "libvirt" : "qemu");
	snprintf(verdict->tamper, sizeof(verdict->tamper), "%s",
		 options->tamper ? options->tamper : "");
}

int qt_run(const struct qt_options *options, struct qt_verdict **out, struct vgpu_error *err)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	_autoclose_ int out_fd = -1;
	_autofree_ char *found_dir = options->guest_dir ? NULL : qt_guest_dir_find();
	_autofree_ char *found_init = options->init ? NULL : qt_guest_program_find("guest-init");
	const char *guest_dir = found_dir ? found_dir : options->guest_dir;
	_autofree_ char *kernel = guest_dir ? qt_guest_kernel_find(guest_dir, false) : NULL;
	_autofree_ char *packed_kernel = guest_dir ? qt_guest_kernel_find(guest_dir, true) : NULL;
	struct qt_runner runner = {
		.options = options,
		.packed_kernel = options->kernel ? NULL : packed_kernel,
		.needs = { .qemu = options->qemu ? options->qemu : "qemu-system-x86_64",
			   .kernel = options->kernel ? options->kernel : kernel,
			   .guest_dir = guest_dir,
			   .init = found_init ? found_init : options->init },
	};
	int64_t start_ms = qt_now_ms();
	struct qt_plan plan = { 0 };
	int r;

	if (!verdict || !guest_dir || !runner.needs.init)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "running scenarios");
	r = check_options(options, err);
	if (r)
		return r;
	out_fd = runner.out_fd = open_out_dir(options->out_dir, err);
	if (out_fd < 0)
		return out_fd;
	r = lock_directory(out_fd, err);
	if (r)
		return r;
	qt_progress_init(&runner.progress, options->progress);
	choose_accel(&runner);
	describe_run(verdict, &runner);
	r = make_plan(&runner, verdict, &plan, err);
	if (!r)
		r = write_all_initramfs(&runner, err);
	if (!r)
		r = run_plan(&runner, &plan, verdict, err);
	qt_plan_finish(&plan);
	qt_expectations_finish(&runner.expectations);
	verdict->total_ms = (unsigned int)(qt_now_ms() - start_ms);
	if (!r)
		r = qt_verdict_write(verdict, out_fd, err);
	if (!r)
		r = qt_report_write(verdict, out_fd, err);
	if (!r)
		*out = steal(verdict);
	return r;
}
