/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-run.h"

#include "boot-display.h"
#include "checks.h"
#include "clock.h"
#include "guest-console.h"
#include "guest-image.h"
#include "guest-log.h"
#include "host-watch.h"
#include "launch.h"
#include "paths.h"
#include "qmp.h"
#include "refusals.h"
#include "remote.h"
#include "scenario-argv.h"
#include "scenario-libvirt.h"
#include "scenario-steps.h"
#include "scenario-vgpu.h"
#include "vgpu-display.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define QEMU_MS 30000
/* libvirt starts QEMU twice before, to ask it what it can. */
#define LIBVIRT_MS 120000
/* How long a system of somebody's may take to start. */
#define IMAGE_MS     300000
#define POWER_OFF_MS 15000

/* More vGPUs than any GPU offers. */
#define VGPUS_MAX 64

static int64_t start_deadline_ms(const struct qt_scenario_state *run)
{
	return qt_deadline_ms(run->runner->options->through_libvirt ? LIBVIRT_MS : QEMU_MS);
}

static unsigned int since_ms(const struct qt_scenario_state *run)
{
	return (unsigned int)(qt_now_ms() - run->start_ms);
}

static bool need_is_met(struct qt_scenario_state *run, const char *name)
{
	const char *why;

	if (qt_needs_met(&run->runner->needs, name, &why))
		return true;
	run->result->outcome = QT_SKIPPED;
	snprintf(run->result->reason, sizeof(run->result->reason), "needs %s: %s", name, why);
	return false;
}

/* Tells @need each thing that the scenario needs, until that says no. */
static bool for_each_need(struct qt_scenario_state *run,
			  bool (*need)(struct qt_scenario_state *run, const char *name))
{
	static const char *const always[] = { "qemu", "guest-kernel", "guest-init" };
	const struct qt_scenario *scenario = run->result->scenario;
	/* what is refused needs no guest, one beside QEMU no kernel, and somebody's system neither */
	bool own_guest =
		!scenario->refused && !scenario->remote && !run->runner->options->guest_image;
	bool met = true;

	for (size_t i = 0; i < (own_guest ? VGPU_ARRAY_LEN(always) : 1) && met; i++)
		met = need(run, always[i]);
	if (run->driver && met)
		met = need(run, "guest-modules");
	if (run->runner->options->through_libvirt && met)
		met = need(run, "libvirt");
	for (size_t i = 0; i < QT_PATH_NEEDS_MAX && run->path->needs[i] && met; i++)
		met = need(run, run->path->needs[i]);
	for (size_t i = 0; i < QT_SCENARIO_NEEDS_MAX && scenario->needs[i] && met; i++)
		met = need(run, scenario->needs[i]);
	return met;
}

/* What an earlier run in the same place left would pass for this one's. */
static void remove_old_evidence(int dir_fd)
{
	static const char *const ours[] = { "frame-*.png",  "guest*.png",  "boot-display.png",
					    QT_QEMU_LOG,    QT_QMP_LOG,	   QT_CONTROL_LOG,
					    QT_CONSOLE_LOG, QT_KERNEL_LOG, QT_GUEST_LOG };
	int listed_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = listed_fd < 0 ? NULL : fdopendir(listed_fd);

	if (!dir && listed_fd >= 0)
		close(listed_fd);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		for (size_t i = 0; i < VGPU_ARRAY_LEN(ours); i++)
			if (!fnmatch(ours[i], entry->d_name, 0))
				unlinkat(dir_fd, entry->d_name, 0);
}

static int open_guest_log(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int fd = openat(run->dir_fd, QT_GUEST_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	run->log.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (run->log.file)
		return 0;
	if (fd >= 0)
		close(fd);
	return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s", QT_GUEST_LOG,
			      strerror(errno));
}

static int make_directory(struct qt_scenario_state *run, struct vgpu_error *err)
{
	struct qt_result *result = run->result;

	if (result->round > 1)
		snprintf(result->dir, sizeof(result->dir), "%s.%u", result->scenario->name,
			 result->round);
	else
		snprintf(result->dir, sizeof(result->dir), "%s", result->scenario->name);
	if (mkdirat(run->runner->out_fd, result->dir, 0777) && errno != EEXIST)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot make directory %s: %s",
				      result->dir, strerror(errno));
	run->dir_fd = openat(run->runner->out_fd, result->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->dir_fd < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot open %s: %s",
				      result->dir, strerror(errno));
	remove_old_evidence(run->dir_fd);
	return run->driver ? open_guest_log(run, err) : 0;
}

/* A vGPU that shows the largest of the scenario's modes. */
static struct qt_vgpu_wish wish_of(const struct qt_scenario_state *run)
{
	struct qt_vgpu_wish wish = {
		.parent = run->runner->options->parent,
		.type = run->runner->options->type,
		.note_fd = run->runner->note_fd,
		.glob = run->result->scenario->type,
	};

	for (size_t i = 0; i < QT_SCENARIO_STEPS_MAX; i++) {
		const struct qt_step *step = &run->result->scenario->steps[i];

		wish.width_px = step->width_px > wish.width_px ? step->width_px : wish.width_px;
		wish.height_px =
			step->height_px > wish.height_px ? step->height_px : wish.height_px;
	}
	return wish;
}

static int create_vgpu(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const struct qt_vgpu_wish wish = wish_of(run);
	int r;

	qt_progress_step(&run->runner->progress, "creating the vGPU");
	r = qt_vgpu_create(&wish, &run->vgpu, err);
	if (r)
		return r;
	snprintf(run->result->uuid, sizeof(run->result->uuid), "%s", qt_vgpu_uuid(run->vgpu));
	snprintf(run->result->type, sizeof(run->result->type), "%s", qt_vgpu_type(run->vgpu));
	snprintf(run->result->parent, sizeof(run->result->parent), "%s", qt_vgpu_parent(run->vgpu));
	return 0;
}

static void note_qemu(struct qt_scenario_state *run)
{
	qt_vm_set_device(run->vm, run->device);
	run->result->qemu_ms = since_ms(run);
	snprintf(run->result->qemu_version, sizeof(run->result->qemu_version), "%s",
		 qt_qmp_version(qt_vm_qmp(run->vm)));
}

/*
 * Processors start when libvirt has asked QEMU all it wants, which are hundreds of questions. Our
 * program would not wait for that, and a QEMU that draws with OpenGL answers one a second.
 */
static int start_remote(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int r = run->runner->options->through_libvirt ? qt_domain_await_start(run->vm, err) : 0;

	return r ? r : qt_remote_start(run->dir_fd, &run->remote, err);
}

static int start_qemu(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int64_t deadline_ms = start_deadline_ms(run);
	int r = qt_scenario_argv(run, err);

	if (!r)
		r = qt_vm_start(run->result->argv.items, run->dir_fd, deadline_ms, &run->vm, err);
	if (!r && run->result->scenario->remote)
		r = start_remote(run, err);
	if (!r)
		r = qt_vm_connect_console(run->vm, deadline_ms, err);
	if (!r)
		note_qemu(run);
	return r;
}

static int boot_guest(struct qt_scenario_state *run, struct vgpu_error *err)
{
	char line[QT_CONSOLE_LINE_LEN];
	int64_t deadline_ms = qt_deadline_ms(QT_BOOT_MS);
	int r;

	if (run->path->boot_display)
		r = qt_boot_display_watch(run->vm, deadline_ms, line, &run->result->boot_display,
					  err);
	else
		r = qt_console_wait_ready(qt_vm_console(run->vm), deadline_ms, line, err);
	if (r) {
		char last[160];

		qt_log_last_line(run->dir_fd, QT_CONSOLE_LOG, last, sizeof(last));
		vgpu_error_hint(err, "the guest's console ends with \"%s\"", last);
		return r;
	}
	run->result->guest_ms = since_ms(run);
	run->loads = 1;
	snprintf(run->result->guest, sizeof(run->result->guest), "%.199s", line);
	return 0;
}

static int end_steps(struct qt_scenario_state *run, struct vgpu_error *err)
{
	run->result->steps_ms = since_ms(run);
	return qt_frames_check(run->result, err);
}

static int start_image(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int r = qt_scenario_argv(run, err);

	if (!r)
		r = qt_vm_start(run->result->argv.items, run->dir_fd, start_deadline_ms(run),
				&run->vm, err);
	if (!r)
		note_qemu(run);
	return r;
}

static int watch_image(struct qt_scenario_state *run, struct vgpu_error *err)
{
	struct qt_image_guest guest;
	int r = qt_image_guest_watch(run->vm, run->path, IMAGE_MS, &guest, err);

	run->result->boot_display = guest.display;
	run->result->guest_ms = run->result->steps_ms = since_ms(run);
	if (!r)
		qt_result_note(run->result, "%ux%u at rest after %.1f s, %u picture%s, %s",
			       guest.display.width_px, guest.display.height_px,
			       guest.rest_ms / 1000.0, guest.display.pictures,
			       guest.display.pictures == 1 ? "" : "s",
			       guest.answers ? "answers a key" : "a key changes nothing");
	return r;
}

/* 0, or how QEMU ended instead of well. */
static int judge_end(struct qt_scenario_state *run, int status, struct vgpu_error *err)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : qt_vm_explain_end(run->vm, err);
}

/* A system without our program is not asked to power off: its disk is a throw-away. */
static int end_image(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int status, r = qt_vm_stop(run->vm, POWER_OFF_MS, &status);

	return r ? vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "QEMU does not end")
		 : judge_end(run, status, err);
}

static int judge_boot_display(struct qt_scenario_state *run, struct vgpu_error *err)
{
	return run->path->boot_display ? qt_boot_display_judge(&run->result->boot_display, err) : 0;
}

/* The guest powers off, QEMU ends by itself, and its status tells whether all was well. */
static int power_off(struct qt_scenario_state *run, struct vgpu_error *err)
{
	int status = 0;

	if (qt_console_send(qt_vm_console(run->vm), "quit", err))
		return -EPIPE;
	if (run->remote) /* there is no machine that could switch itself off */
		qt_vm_stop(run->vm, POWER_OFF_MS, NULL);
	if (qt_vm_wait(run->vm, qt_deadline_ms(POWER_OFF_MS), &status))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
				      "the guest did not power off within %d s",
				      POWER_OFF_MS / 1000);
	return judge_end(run, status, err);
}

static int remove_vgpu(struct qt_scenario_state *run, struct vgpu_error *err)
{
	return run->vgpu ? qt_vgpu_remove(run->vgpu, err) : 0;
}

/* What this GPU's types cannot do is skipped; so is what the type that was asked for cannot. */
static int create_vgpu_if_due(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const struct qt_vgpu_wish wish = wish_of(run);
	struct qt_result *result = run->result;
	char why[120];

	if (!run->path->vgpu)
		return 0;
	if (wish.type && wish.glob && fnmatch(wish.glob, wish.type, 0))
		snprintf(why, sizeof(why), "%.40s cannot do it, only %.40s", wish.type, wish.glob);
	else if (wish.type || qt_vgpu_possible(&wish, why, sizeof(why)))
		return create_vgpu(run, err);
	result->outcome = QT_SKIPPED;
	snprintf(result->reason, sizeof(result->reason), "needs vgpu-type: %s", why);
	return 0;
}

/* A vGPU has one path, and cannot be asked before it is there. */
static int check_display(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const char *wanted = run->path->display, *display;
	int r = run->vgpu && wanted ? qt_vgpu_display(run->result->uuid, &display, err) : 0;

	if (r || !run->vgpu || !wanted || !strcmp(display, wanted))
		return r;
	run->result->outcome = QT_SKIPPED;
	snprintf(run->result->reason, sizeof(run->result->reason),
		 "needs %s: this vGPU shows itself by %s%s", wanted, display,
		 !strcmp(wanted, "dmabuf")
			 ? " (a fake one by DMA-BUF with --gpu NAME,display=dmabuf, "
			   "where there is an exporter)"
			 : "");
	return 0;
}

/* When a GPU is full, the refusal must say so, and say what to do. */
static int refuse_another(struct qt_scenario_state *run, struct vgpu_error *err)
{
	struct qt_vgpu *more[VGPUS_MAX] = { NULL };
	const struct qt_vgpu_wish wish = { .parent = run->result->parent,
					   .type = run->result->type,
					   .note_fd = run->runner->note_fd };
	struct vgpu_error refusal = { 0 };
	size_t len = 0;
	int r = 0;

	if (!run->beside)
		return 0;
	while (!r && len < VGPUS_MAX)
		r = qt_vgpu_create(&wish, &more[len++], &refusal);
	for (size_t i = 0; i < len; i++)
		qt_vgpu_destroy(more[i]);
	if (r != -ENOSPC || !*refusal.hint)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, r ? -r : EBADMSG,
				      "a vGPU too many is not refused with ENOSPC and a hint: %s",
				      r ? refusal.message : "it was made");
	qt_result_note(run->result, "vGPU %zu refused: %.120s", len + 2, refusal.message);
	return 0;
}

static int be_refused(struct qt_scenario_state *run, struct vgpu_error *err)
{
	struct qt_refusal_request request = {
		.scenario = run->result->scenario,
		.dir_fd = run->dir_fd,
		.deadline_ms = start_deadline_ms(run),
		.through_libvirt = run->runner->options->through_libvirt,
	};
	int r = qt_scenario_argv(run, err);

	request.argv = run->result->argv.items;
	if (!r)
		r = qt_refusal_run(&request, &run->vm, err);
	/* the vGPU can go only when QEMU has gone */
	if (run->vm && qt_vm_stop(run->vm, 0, NULL))
		return r ? r
			 : vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
					  "it was refused as it must be");
	qt_vm_destroy(run->vm);
	run->vm = NULL;
	return r;
}

/* In this order, each for both guests if there are two. The name is the fault's if one fails. */
struct stage {
	const char *fault, *step;
	int (*run)(struct qt_scenario_state *run, struct vgpu_error *err);
};

static const struct stage refusal_stages[] = {
	{ "no-directory", NULL, make_directory }, { "no-vgpu", NULL, create_vgpu_if_due },
	{ "no-vgpu", NULL, check_display },	  { "not-refused", "being refused", be_refused },
	{ "no-removal", NULL, remove_vgpu },	  { 0 },
};

static const struct stage image_stages[] = {
	{ "no-directory", NULL, make_directory },
	{ "no-vgpu", NULL, create_vgpu_if_due },
	{ "no-qemu", "starting QEMU", start_image },
	{ "guest-display", "watching the guest", watch_image },
	{ "no-power-off", "ending QEMU", end_image },
	{ "no-removal", NULL, remove_vgpu },
	{ 0 },
};

static const struct stage guest_stages[] = {
	{ "no-directory", NULL, make_directory },
	{ "no-vgpu", NULL, create_vgpu_if_due },
	{ "no-vgpu", NULL, check_display },
	{ "no-refusal", NULL, refuse_another },
	{ "no-qemu", "starting QEMU", start_qemu },
	{ "no-boot", "booting the guest", boot_guest },
	{ "boot-display", NULL, judge_boot_display },
	{ "guest", NULL, qt_steps_run },
	{ "guest", NULL, qt_steps_show_again },
	{ "no-picture", NULL, end_steps },
	{ "driver", "reading the guest's kernel log", qt_steps_judge_driver },
	{ "no-power-off", "powering off", power_off },
	{ "no-removal", NULL, remove_vgpu },
	{ 0 },
};

/*
 * After an interruption every stage fails, but none of them is to blame; and if QEMU is gone, that
 * is more than what its going made fail.
 */
static void fail_stage(struct qt_scenario_state *run, const char *fault, struct vgpu_error *err)
{
	if (qt_interrupted()) {
		*err = (struct vgpu_error){ .message = "interrupted by a signal" };
		fault = "interrupted";
	} else if (err->kind == VGPU_ERROR_NO_ROOM && !strcmp(fault, "no-vgpu")) {
		fault = QT_FAULT_NO_ROOM;
	} else if (run->vm && err->errnum == EPIPE && qt_vm_explain_end(run->vm, err)) {
		fault = "qemu-ended";
	} else if (run->vm && (err->errnum == EPIPE || err->errnum == ETIMEDOUT) &&
		   qt_vm_is_wedged(run->vm, err)) {
		fault = "qemu-wedged";
	}
	qt_result_fail(run->result, fault, err);
}

/* Does the scenario go on after this stage? */
static bool run_stage(struct qt_scenario_state *run, const struct stage *stage)
{
	struct vgpu_error err = { 0 };

	if (stage->step)
		qt_progress_step(&run->runner->progress, "%s", stage->step);
	if (stage->run(run, &err)) {
		fail_stage(run, stage->fault, &err);
		return false;
	}
	return run->result->outcome != QT_SKIPPED;
}

static void run_init(struct qt_scenario_state *run, struct qt_runner *runner,
		     struct qt_result *result)
{
	*run = (struct qt_scenario_state){
		.runner = runner,
		.result = result,
		.path = qt_path_find(result->scenario->path),
		.driver = qt_guest_driver_find(result->scenario->driver),
		.dir_fd = -1,
		.device = QT_DEVICE_ID,
		.start_ms = qt_now_ms(),
	};
	run->log.driver = run->driver;
}

static void run_finish(struct qt_scenario_state *run)
{
	/* the vGPU can go only when QEMU has gone */
	qt_remote_stop(run->remote);
	if (run->vm && qt_vm_stop(run->vm, 0, NULL)) {
		struct vgpu_error err = { 0 };

		vgpu_error_set(
			&err, VGPU_ERROR_BUSY, EBUSY,
			"QEMU (process %d) does not die of SIGKILL; vGPU %s stays with it%s%.200s",
			qt_vm_pid(run->vm), run->result->uuid, *run->result->reason ? "; " : "",
			run->result->reason);
		run->result->outcome = QT_PASSED; /* what came before matters less */
		qt_result_fail(run->result, QT_FAULT_QEMU_STUCK, &err);
	} else {
		qt_vm_destroy(run->vm);
		qt_vgpu_destroy(run->vgpu);
	}
	free(run->earlier);
	if (run->log.file)
		fclose(run->log.file);
	if (run->dir_fd >= 0)
		close(run->dir_fd);
	run->result->total_ms = since_ms(run);
}

/* A guest without the one beside it is no proof of anything. */
static void blame_beside(struct qt_scenario_state *run)
{
	struct vgpu_error err = { 0 };

	if (run->result->outcome != QT_PASSED || run->beside->result->outcome == QT_PASSED)
		return;
	vgpu_error_set(&err, VGPU_ERROR_FAILED, 0, "beside it: %.300s",
		       run->beside->result->reason);
	if (run->beside->result->outcome == QT_FAILED)
		qt_result_fail(run->result, run->beside->result->fault, &err);
	run->result->outcome = run->beside->result->outcome;
	snprintf(run->result->reason, sizeof(run->result->reason), "%s", err.message);
}

static bool libvirt_can(struct qt_scenario_state *run)
{
	const char *why = qt_scenario_without_libvirt(run->result->scenario);

	if (!run->runner->options->through_libvirt || !why)
		return true;
	run->result->outcome = QT_SKIPPED;
	snprintf(run->result->reason, sizeof(run->result->reason), "needs qemu-alone: %s", why);
	return false;
}

static bool probe(struct qt_scenario_state *run, const char *name)
{
	qt_needs_met(&run->runner->needs, name, NULL);
	return true;
}

void qt_scenario_probe_needs(struct qt_runner *runner, const struct qt_scenario *scenario)
{
	struct qt_result result = { .scenario = scenario };
	struct qt_scenario_state run;

	run_init(&run, runner, &result);
	for_each_need(&run, probe);
}

void qt_scenario_run(struct qt_runner *runner, struct qt_result *result, struct qt_result *beside)
{
	const struct stage *stages = result->scenario->refused	    ? refusal_stages
				     : runner->options->guest_image ? image_stages
								    : guest_stages;
	struct qt_scenario_state run, second;
	bool going;

	run_init(&run, runner, result);
	if (beside) {
		run_init(&second, runner, beside);
		run.beside = &second;
	}
	going = libvirt_can(&run) && for_each_need(&run, need_is_met) &&
		(!beside || for_each_need(&second, need_is_met));
	for (size_t i = 0; stages[i].run && going; i++)
		going = run_stage(&run, &stages[i]) && (!beside || run_stage(&second, &stages[i]));
	run_finish(&run);
	if (beside) {
		run_finish(&second);
		blame_beside(&run);
	}
}
