/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "actions.h"

#include "argv.h"
#include "capture.h"
#include "clock.h"
#include "flip-rate.h"
#include "guest-console.h"
#include "judges.h"
#include "launch.h"
#include "monitor-control.h"
#include "progress.h"
#include "qmp.h"
#include "verdict.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QMP_MS	      10000
#define ANSWER_MS     60000
#define SLEEP_MS      30000
#define FLIP_CHUNK    600
#define MODESET_CHUNK 50
#define POLL_MS	      10
#define MONITOR_MS    30000

static int ask(const struct qt_action_run *run, const char *command, char *answer,
	       struct vgpu_error *err)
{
	return qt_console_command(qt_vm_console(run->vm), command, qt_deadline_ms(ANSWER_MS),
				  answer, err);
}

/* The number behind "key=" in an answer; 0 if it is not there. */
static unsigned long long number_in(const char *answer, const char *key)
{
	const char *at = strstr(answer, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static int run_flips(const struct qt_action_run *run, struct vgpu_error *err)
{
	unsigned long long frames = 0, us = 0, longest_us = 0;

	for (unsigned int left = run->times; left;) {
		unsigned int count = left < FLIP_CHUNK ? left : FLIP_CHUNK;
		char command[40], answer[QT_CONSOLE_LINE_LEN];
		unsigned long long longest;
		int r;

		qt_progress_step(run->progress, "flip %u/%u", run->times - left + 1, run->times);
		snprintf(command, sizeof(command), "flip count=%u", count);
		r = ask(run, command, answer, err);
		if (r)
			return r;
		frames += number_in(answer, "frames=");
		us += number_in(answer, " us=");
		longest = number_in(answer, "longest_us=");
		longest_us = longest > longest_us ? longest : longest_us;
		left -= count;
	}
	qt_result_note(run->result, "%u flips in %llu frames at %.2f Hz, longest %.1f ms",
		       run->times, frames, us ? (double)frames * 1e6 / (double)us : 0,
		       (double)longest_us / 1000);
	return qt_flip_rate_check(run->times, frames, us, err);
}

static int run_modesets(const struct qt_action_run *run, struct vgpu_error *err)
{
	int64_t start_ms = qt_now_ms();

	for (unsigned int left = run->times; left;) {
		unsigned int count = left < MODESET_CHUNK ? left : MODESET_CHUNK;
		char command[40];
		int r;

		qt_progress_step(run->progress, "modeset %u/%u", run->times - left + 1, run->times);
		snprintf(command, sizeof(command), "cycle count=%u", count);
		r = ask(run, command, NULL, err);
		if (r)
			return r;
		left -= count;
	}
	qt_result_note(run->result, "%u modesets in %.1f s", run->times,
		       (double)(qt_now_ms() - start_ms) / 1000);
	return 0;
}

/* Flips bring an interrupt each, as messages: GVT-g knows no other. Source: gvt/interrupt.c */
static int run_msi(const struct qt_action_run *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN], command[40];
	unsigned long long before, after;
	int r = ask(run, "interrupts", answer, err);

	if (r)
		return r;
	before = number_in(answer, "interrupts=");
	snprintf(command, sizeof(command), "flip count=%u", run->times);
	r = ask(run, command, NULL, err);
	if (!r)
		r = ask(run, "interrupts", answer, err);
	if (r)
		return r;
	after = number_in(answer, "interrupts=");
	qt_result_note(run->result, "%llu MSIs in %u flips", after > before ? after - before : 0,
		       run->times);
	if (after >= before + run->times && strstr(answer, "chip=PCI-MSI"))
		return 0;
	return vgpu_error_set(
		err, VGPU_ERROR_FAILED, EBADMSG,
		"%u flips did not bring as many MSIs: %llu interrupts before, then %s", run->times,
		before, answer);
}

struct watching {
	int fd;
	atomic_bool stop;
	unsigned int updates;
	double rate_hz;
	struct vgpu_error err;
	int rc;
};

static void *watch(void *data)
{
	struct watching *watching = data;

	watching->rc = qt_vnc_count(watching->fd, &watching->stop, &watching->updates,
				    &watching->rate_hz, &watching->err);
	return NULL;
}

/* How many of the pictures that a guest shows reach a viewer. A figure, for benchmarks. */
static int run_stream(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct watching watching = { 0 };
	char command[40], answer[QT_CONSOLE_LINE_LEN];
	pthread_t thread;
	int r;

	watching.fd = qt_vm_connect(run->vm, QT_VNC_SOCKET, qt_now_ms() + QMP_MS, err);
	if (watching.fd < 0)
		return watching.fd;
	if (pthread_create(&thread, NULL, watch, &watching)) {
		close(watching.fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EAGAIN, "cannot start a thread");
	}
	snprintf(command, sizeof(command), "stream count=%u", run->times);
	r = ask(run, command, answer, err);
	atomic_store(&watching.stop, true);
	pthread_join(thread, NULL);
	if (!r && watching.rc) {
		*err = watching.err;
		r = watching.rc;
	}
	if (!r)
		qt_result_note(run->result, "%u of %u pictures over VNC, %.2f a second",
			       watching.updates, run->times, watching.rate_hz);
	return r;
}

/* Source: i915 resets a GPU whose heartbeat has stopped, and counts it */
static int run_hang(const struct qt_action_run *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN];
	int r = ask(run, "hang", answer, err);

	if (!r && !number_in(answer, "guilty="))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				   "a batch that never ends was not reset: %s", answer);
	return r;
}

/* Every message is at least one interrupt, for the driver waits for each. */
static int run_talk(const struct qt_action_run *run, struct vgpu_error *err)
{
	char command[40], answer[QT_CONSOLE_LINE_LEN], *rest = answer;
	unsigned int ports = 0;
	int r;

	snprintf(command, sizeof(command), "talk count=%u", run->times);
	r = ask(run, command, answer, err);
	for (char *port; !r && (port = strstr(rest, "port=")) != NULL; ports++) {
		unsigned long long bytes = number_in(port, " bytes=");
		unsigned long long interrupts = number_in(port, " interrupts=");

		if (number_in(port, " rx=") != bytes || interrupts < run->times)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
					      "%u messages of %llu bytes came back with %llu "
					      "interrupts: %s",
					      run->times, bytes, interrupts, answer);
		qt_result_note(
			run->result, "%.*s: %u messages, %llu bytes and back, %llu interrupts",
			(int)strcspn(port + 5, " "), port + 5, run->times, bytes, interrupts);
		rest = port + 5;
	}
	if (!r && !ports)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "no port has talked: %s",
				   answer);
	return r;
}

static int run_reload(const struct qt_action_run *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN];

	return ask(run, "reload", answer, err);
}

static int run_off(const struct qt_action_run *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN];

	return ask(run, "off", answer, err);
}

/* QEMU was told to end at a reset, so that a guest that panics does not start over unseen. */
static int set_reset(const struct qt_action_run *run, const char *action, struct vgpu_error *err)
{
	json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, "reboot", json_object_new_string(action));
	return qt_qmp_command(qt_vm_qmp(run->vm), "set-action", arguments, qt_deadline_ms(QMP_MS),
			      NULL, err);
}

static int wait_boot(const struct qt_action_run *run, struct vgpu_error *err)
{
	int64_t start_ms = qt_now_ms();
	int r = qt_console_wait_ready(qt_vm_console(run->vm), qt_deadline_ms(run->boot_ms), NULL,
				      err);

	run->result->reboots_ms += (unsigned int)(qt_now_ms() - start_ms);
	return r ? r : set_reset(run, "shutdown", err);
}

static int run_reboot(const struct qt_action_run *run, struct vgpu_error *err)
{
	int r = set_reset(run, "reset", err);

	if (!r)
		r = qt_console_send(qt_vm_console(run->vm), "reboot", err);
	if (!r)
		r = qt_qmp_wait_event(qt_vm_qmp(run->vm), "RESET", qt_deadline_ms(ANSWER_MS), err);
	return r ? r : wait_boot(run, err);
}

static int run_reset(const struct qt_action_run *run, struct vgpu_error *err)
{
	int r = set_reset(run, "reset", err);

	if (!r)
		r = qt_qmp_command(qt_vm_qmp(run->vm), "system_reset", NULL, qt_deadline_ms(QMP_MS),
				   NULL, err);
	return r ? r : wait_boot(run, err);
}

/* Asks until the machine is in that state. */
static int wait_state(const struct qt_action_run *run, const char *state, struct vgpu_error *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	for (int64_t deadline_ms = qt_deadline_ms(SLEEP_MS); qt_now_ms() < deadline_ms;) {
		json_object *status = NULL, *value = NULL;
		int r = qt_qmp_command(qt_vm_qmp(run->vm), "query-status", NULL, deadline_ms,
				       &status, err);
		bool there = !r && json_object_object_get_ex(status, "status", &value) &&
			     !strcmp(json_object_get_string(value), state);

		json_object_put(status);
		if (r || there)
			return r;
		nanosleep(&pause, NULL);
	}
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT, "the machine did not become %s",
			      state);
}

static int run_suspend(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct qt_console *console = qt_vm_console(run->vm);
	int r = qt_console_send(console, "suspend", err);

	if (!r)
		r = wait_state(run, "suspended", err);
	if (!r)
		r = qt_qmp_command(qt_vm_qmp(run->vm), "system_wakeup", NULL,
				   qt_deadline_ms(QMP_MS), NULL, err);
	return r ? r
		 : qt_console_wait_answer(console, "suspend", qt_deadline_ms(ANSWER_MS), NULL, err);
}

/* Asks until the guest's driver has noticed by itself: the question does not make it look. */
static int wait_monitor(const struct qt_action_run *run, const char *state, struct vgpu_error *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	char answer[QT_CONSOLE_LINE_LEN], wanted[32];

	snprintf(wanted, sizeof(wanted), "monitor=%s", state);
	for (int64_t deadline_ms = qt_deadline_ms(MONITOR_MS); qt_now_ms() < deadline_ms;) {
		int r = ask(run, "info", answer, err);

		if (r || strstr(answer, wanted))
			return r;
		nanosleep(&pause, NULL);
	}
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
			      "the guest's driver did not find its monitor %s: %s", state, answer);
}

static int run_unplug(const struct qt_action_run *run, struct vgpu_error *err)
{
	char answer[QT_CONSOLE_LINE_LEN];
	struct vgpu_error refusal = { 0 };
	int r = qt_monitor_control(run->result->uuid, "unplugged", err);

	if (!r)
		r = wait_monitor(run, "disconnected", err);
	if (!r && !ask(run, "modes", answer, &refusal))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				   "a display without a monitor has modes: %s", answer);
	return r;
}

static int run_plug(const struct qt_action_run *run, struct vgpu_error *err)
{
	int r = qt_monitor_control(run->result->uuid, "plugged", err);

	return r ? r : wait_monitor(run, "connected", err);
}

/* The driver must see the old monitor go, and prefer the new one's mode, which is the step's. */
static int follow_monitor(const struct qt_action_run *run, struct vgpu_error *err)
{
	char mode[24], answer[QT_CONSOLE_LINE_LEN];
	int r = wait_monitor(run, "disconnected", err);

	snprintf(mode, sizeof(mode), "%ux%u@", run->width_px, run->height_px);
	if (!r)
		r = wait_monitor(run, "connected", err);
	if (!r)
		r = ask(run, "modes", answer, err);
	if (!r && strncmp(answer, mode, strlen(mode)) != 0)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				   "the guest does not prefer its new monitor's mode %s: %s", mode,
				   answer);
	return r;
}

static int run_resize(const struct qt_action_run *run, struct vgpu_error *err)
{
	char mode[24];
	int r;

	snprintf(mode, sizeof(mode), "%ux%u", run->width_px, run->height_px);
	r = qt_monitor_control(run->result->uuid, mode, err);
	return r ? r : follow_monitor(run, err);
}

/* QEMU makes a monitor of a window. Source: QEMU, hw/vfio/display.c, vfio_display_edid_ui_info() */
static int run_window(const struct qt_action_run *run, struct vgpu_error *err)
{
	int64_t deadline_ms = qt_deadline_ms(QMP_MS);
	int fd = qt_vm_connect(run->vm, QT_VNC_SOCKET, deadline_ms, err);
	int r = fd < 0 ? fd : qt_vnc_resize(fd, run->width_px, run->height_px, deadline_ms, err);

	return r ? r : follow_monitor(run, err);
}

const struct qt_action qt_actions[] = {
	{ "judge-modes", "modetest lists the monitor and its modes", .takes_ms = 800,
	  .run = qt_judge_modes },
	{ "judge-bars", "modetest shows its colour bars", .takes_ms = 1500, .run = qt_judge_bars },
	{ "judge-flips", "modetest flips pages at 60 Hz", .waits = true, .takes_ms = 9000,
	  .run = qt_judge_flips },
	{ "judge-cursor", "modetest moves a cursor", .waits = true, .takes_ms = 3000,
	  .run = qt_judge_cursor },
	{ "judge-planes", "modetest shows a sprite plane", .waits = true, .takes_ms = 3000,
	  .run = qt_judge_planes },
	{ "judge-registers", "intel_reg reads what is known", .takes_ms = 800,
	  .run = qt_judge_registers },
	{ "judge-ggtt", "intel_gtt lists the GGTT", .takes_ms = 500, .run = qt_judge_ggtt },
	{ "judge-desktop", "Weston shows its desktop", .takes_ms = 3000, .run = qt_judge_desktop },
	{ "judge-cards", "lsgpu finds the card", .takes_ms = 800, .run = qt_judge_cards },
	{ "unplug", "somebody pulls the monitor's plug", .takes_ms = 1500, .run = run_unplug },
	{ "plug", "and puts it in again", .takes_ms = 1500, .run = run_plug },
	{ "resize", "another monitor is plugged in: of the step's size", .takes_ms = 1500,
	  .run = run_resize },
	{ "window", "a VNC viewer's window gets the step's size", .takes_ms = 1500,
	  .run = run_window },
	{ "flip", "page flips at every vertical blank, 60.0 Hz", .waits = true, .counts = true,
	  .takes_ms = 17, .run = run_flips },
	{ "msi", "flips bring interrupts, as messages", .counts = true, .takes_ms = 17,
	  .run = run_msi },
	{ "stream", "a picture sixty times a second, all pixels of it new, seen over VNC",
	  .counts = true, .takes_ms = 17, .run = run_stream },
	{ "modeset", "each mode of the display in turn", .counts = true, .takes_ms = 40,
	  .run = run_modesets },
	{ "talk", "messages through each port, with interrupts", .counts = true, .takes_ms = 100,
	  .run = run_talk },
	{ "hang", "a batch never ends; the driver resets the GPU", .waits = true,
	  .provokes = "GPU HANG", .takes_ms = 15000, .run = run_hang },
	{ "reload", "the driver is unloaded and loaded", .loads = true, .takes_ms = 3000,
	  .run = run_reload },
	{ "reboot", "the guest restarts", .loads = true, .takes_ms = 8000, .run = run_reboot },
	{ "reset", "the machine is reset from outside", .loads = true, .takes_ms = 8000,
	  .run = run_reset },
	{ "suspend", "the guest sleeps (S3) and is woken", .takes_ms = 500, .run = run_suspend },
	{ "off", "the display is switched off", .takes_ms = 500, .run = run_off },
};
const size_t qt_actions_len = VGPU_ARRAY_LEN(qt_actions);

const struct qt_action *qt_action_find(const char *name)
{
	for (size_t i = 0; name && i < qt_actions_len; i++)
		if (!strcmp(qt_actions[i].name, name))
			return &qt_actions[i];
	return NULL;
}
