/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judges.h"

#include "actions.h"
#include "capture.h"
#include "clock.h"
#include "compare.h"
#include "flip-rate.h"
#include "guest-console.h"
#include "image.h"
#include "launch.h"
#include "process-waits.h"
#include "verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vgpulab/cleanup.h>

#define PROGRAM_MS  120000
#define LOOK_MS	    60000
#define SHOW_S	    90 /* who shows something goes on until it was looked at */
#define FAULT_LOOKS 20
#define HZ_MIN	    59.5
#define FLIP_TRIES  5
#define HZ_MAX	    60.5

typedef void take_line(void *data, const char *line);

/* "| text" between command and answer. */
static int finish_program(const struct qt_action_run *run, const char *command, take_line *take,
			  void *data, struct vgpu_error *err)
{
	struct qt_console *console = qt_vm_console(run->vm);
	char answer[QT_CONSOLE_LINE_LEN];
	int r;

	qt_console_listen(console, take, data);
	r = qt_console_wait_answer(console, command, qt_now_ms() + PROGRAM_MS, answer, err);
	qt_console_listen(console, NULL, NULL);
	if (!r && !strstr(answer, "status=0"))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "%s ended badly: %s", command,
				   answer);
	return r;
}

static int run_program(const struct qt_action_run *run, const char *command, take_line *take,
		       void *data, struct vgpu_error *err)
{
	int r = qt_console_send(qt_vm_console(run->vm), command, err);

	return r ? r : finish_program(run, command, take, data, err);
}

/* What was to be seen was, or will not be. To a guest in which no program runs, an empty line is nothing. */
static int end_program(const struct qt_action_run *run, struct vgpu_error *err)
{
	return qt_console_send(qt_vm_console(run->vm), "", err);
}

/* What modetest finds. */
struct resources {
	unsigned int connected; /* how many monitors */
	unsigned int connector_id, crtc_id, sprite_id;
	char mode[24]; /* the first of the monitor's modes */
	double hz;
	bool preferred;
	/* while reading */
	bool in_connected, in_crtcs, in_type;
	unsigned int plane_id, plane_crtcs;
};

/* Source: libdrm, tests/modetest/modetest.c, dump_connectors() */
static void take_connector(void *data, const char *line)
{
	struct resources *found = data;
	unsigned int id, encoder;
	char state[16], mode[24];
	double hz;

	if (sscanf(line, " %u %u %15s", &id, &encoder, state) == 3 &&
	    (!strcmp(state, "connected") || !strcmp(state, "disconnected"))) {
		found->in_connected = !strcmp(state, "connected");
		found->connected += found->in_connected;
		if (found->in_connected)
			found->connector_id = id;
	} else if (found->in_connected && !found->mode[0] &&
		   sscanf(line, " #0 %23s %lf", mode, &hz) == 2) {
		snprintf(found->mode, sizeof(found->mode), "%s", mode);
		found->hz = hz;
		found->preferred = strstr(line, "preferred");
	}
}

/* Source: the same, dump_crtcs() and dump_planes() */
static void take_plane(void *data, const char *line)
{
	struct resources *found = data;
	unsigned int id, crtc, fb, crtcs, value;

	if (strstr(line, "CRTCs:"))
		found->in_crtcs = true;
	if (strstr(line, "Planes:"))
		found->in_crtcs = false;
	if (found->in_crtcs && !found->crtc_id && sscanf(line, " %u %u (%*u,%*u)", &id, &fb) == 2 &&
	    strchr(line, '('))
		found->crtc_id = id;
	else if (sscanf(line, " %u %u %u %*u,%*u %*u,%*u %*u 0x%x", &id, &crtc, &fb, &crtcs) == 4) {
		found->plane_id = id;
		found->plane_crtcs = crtcs;
	} else if (strstr(line, " type:")) {
		found->in_type = true;
	} else if (found->in_type && sscanf(line, " value: %u", &value) == 1) {
		found->in_type = false;
		if (value == 0 && found->plane_crtcs & 1 && !found->sprite_id)
			found->sprite_id = found->plane_id;
	}
}

static int find_resources(const struct qt_action_run *run, struct resources *found,
			  struct vgpu_error *err)
{
	int r;

	*found = (struct resources){ 0 };
	r = run_program(run, "run modetest -M i915 -c", take_connector, found, err);
	return r ? r : run_program(run, "run modetest -M i915 -p", take_plane, found, err);
}

int qt_judge_modes(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct resources found;
	char mode[24];
	int r = find_resources(run, &found, err);

	snprintf(mode, sizeof(mode), "%ux%u", run->width_px, run->height_px);
	if (!r && (found.connected != 1 || strcmp(found.mode, mode) != 0 || !found.preferred ||
		   found.hz < HZ_MIN || found.hz > HZ_MAX))
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				   "modetest sees %u monitors, and first the mode \"%s\" at %.2f "
				   "Hz%s instead of %s, preferred",
				   found.connected, found.mode, found.hz,
				   found.preferred ? ", preferred" : "", mode);
	if (!r)
		qt_result_note(run->result, "modetest: %s at %.2f Hz preferred", found.mode,
			       found.hz);
	return r;
}

/* What modetest says while it shows something. */
struct said {
	struct qt_flip_rate rate;
	bool failed;
	char failure[120];
	const char *wanted; /* must be said */
	bool said;
};

static void take_said(void *data, const char *line)
{
	struct said *said = data;

	qt_flip_rate_take(&said->rate, line);
	said->said |= said->wanted && strstr(line, said->wanted);
	if (!said->failed && strstr(line, "failed")) {
		said->failed = true;
		snprintf(said->failure, sizeof(said->failure), "%s", line);
	}
}

static int show_with_modetest(const struct qt_action_run *run, unsigned int seconds,
			      const char *more, struct said *said,
			      int (*look)(const struct qt_action_run *run, struct vgpu_error *err),
			      struct vgpu_error *err)
{
	struct resources found;
	char command[160];
	int r = find_resources(run, &found, err), looked = 0;

	if (r)
		return r;
	snprintf(command, sizeof(command), "run seconds=%u crtc=%u modetest -M i915 -s %u:%ux%u%s",
		 seconds, found.crtc_id, found.connector_id, run->width_px, run->height_px, more);
	if (!strcmp(more, " -P")) {
		snprintf(command + strlen(command), sizeof(command) - strlen(command),
			 " %u@%u:320x240", found.sprite_id, found.crtc_id);
		if (!found.sprite_id)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOENT,
					      "modetest sees no sprite plane");
	}
	r = qt_console_send(qt_vm_console(run->vm), command, err);
	if (!r && look) {
		looked = look(run, err);
		r = end_program(run, looked ? NULL : err);
	}
	if (!r)
		r = finish_program(run, command, take_said, said, looked ? NULL : err);
	if (!r && !looked && said->failed)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "modetest: %s", said->failure);
	if (!r && !looked && said->wanted && !said->said)
		r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "modetest never said \"%s\"",
				   said->wanted);
	return looked ? looked : r;
}

/* Vertical blanks that a busy machine lets pass are told apart from a display that is slow. */
int qt_judge_flips(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct said said = { 0 };
	struct qt_flip_rate *rate = &said.rate;
	unsigned int waited_ms = 0;
	int r = 0;

	for (int i = 0; i < FLIP_TRIES && !r && !qt_flip_rate_is_complete(rate); i++) {
		unsigned int before_ms = qt_process_waited_ms(qt_vm_pid(run->vm)), now_ms;

		rate->last_us = 0;
		r = show_with_modetest(run, 8, " -v", &said, NULL, err);
		now_ms = qt_process_waited_ms(qt_vm_pid(run->vm));
		/* threads end, and take along what they have waited for */
		waited_ms += now_ms > before_ms ? now_ms - before_ms : 0;
	}
	if (!r)
		r = qt_flip_rate_judge(rate, waited_ms, err);
	if (!r)
		qt_result_note(run->result,
			       "modetest: %.2f Hz by its own clock; %u flips in %llu frames at "
			       "%.2f Hz, %u missed",
			       rate->said_hz, rate->flips, (unsigned long long)rate->frames,
			       qt_flip_rate_hz(rate), qt_flip_rate_missed(rate));
	return r;
}

int qt_judge_cursor(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct said said = { .wanted = "cursor" };

	return show_with_modetest(run, 2, " -C", &said, NULL, err);
}

int qt_judge_planes(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct said said = { .wanted = "overlay plane" };

	return show_with_modetest(run, 2, " -P", &said, NULL, err);
}

/* What a screen must show, and which fault it shows instead, if that can be told. */
struct wanted_picture {
	const char *what;
	bool (*shows)(const struct qt_image *image);
	enum qt_fault (*fault_of)(const struct qt_image *image, uint32_t width_px,
				  uint32_t height_px); /* NULL: it cannot */
};

/* A fault that stands. On its way to what it is to show, a screen may be anything. */
struct standing_fault {
	enum qt_fault now, found; /* QT_FAULT_NONE: none */
	unsigned int looks;
};

/* True when it is no use to look on. Blank is what a screen is that shows nothing yet, too. */
static bool note_fault(struct standing_fault *standing, enum qt_fault fault)
{
	standing->looks = fault == standing->now ? standing->looks + 1 : 1;
	standing->now = fault;
	if (standing->looks < FAULT_LOOKS || fault == QT_FAULT_PIXELS)
		return false;
	if (fault != QT_FAULT_BLANK || standing->found == QT_FAULT_NONE)
		standing->found = fault;
	return fault != QT_FAULT_BLANK;
}

static int blame(const struct qt_action_run *run, const char *what, enum qt_fault fault,
		 struct vgpu_error *err)
{
	int r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "%s not seen, or not exactly%s%s",
			       what, fault ? ": " : "", fault ? qt_fault_meaning(fault) : "");

	if (fault)
		qt_result_fail(run->result, qt_fault_name(fault), err);
	return r;
}

/* A screen, as QMP has it, that is the wanted one. */
static int look_for(const struct qt_action_run *run, const struct wanted_picture *wanted,
		    struct vgpu_error *err)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	const struct qt_capture *capture = qt_capture_find("qmp");
	struct standing_fault standing = { 0 };
	bool hopeless = false;

	for (int64_t deadline_ms = qt_now_ms() + LOOK_MS; !hopeless && qt_now_ms() < deadline_ms;) {
		_image_ struct qt_image image = { 0 };
		int r = capture->grab(run->vm, deadline_ms, &image, err);

		if (r)
			return r;
		if (image.width_px == run->width_px && image.height_px == run->height_px &&
		    wanted->shows(&image))
			return 0;
		if (wanted->fault_of)
			hopeless = note_fault(
				&standing, wanted->fault_of(&image, run->width_px, run->height_px));
		nanosleep(&pause, NULL);
	}
	return blame(run, wanted->what, standing.found, err);
}

static int look_for_bars(const struct qt_action_run *run, struct vgpu_error *err)
{
	static const struct wanted_picture bars = { "modetest's colour bars were",
						    qt_judge_sees_bars, NULL };

	return look_for(run, &bars, err);
}

int qt_judge_bars(const struct qt_action_run *run, struct vgpu_error *err)
{
	struct said said = { 0 };

	return show_with_modetest(run, SHOW_S, "", &said, look_for_bars, err);
}

/* Weston knows no end of its own. */
int qt_judge_desktop(const struct qt_action_run *run, struct vgpu_error *err)
{
	static const struct wanted_picture desktop = { "Weston's desktop was",
						       qt_judge_sees_desktop,
						       qt_judge_desktop_fault };
	char command[200];
	int r, looked = 0;

	snprintf(command, sizeof(command),
		 "run seconds=%d signal=%d env XDG_RUNTIME_DIR=/run/user weston "
		 "--backend=drm-backend.so --use-pixman --tty=1 --config=/etc/weston.ini",
		 SHOW_S, SIGTERM);
	r = qt_console_send(qt_vm_console(run->vm), command, err);
	if (!r)
		looked = look_for(run, &desktop, err);
	if (!r)
		r = end_program(run, looked ? NULL : err);
	if (!r)
		r = finish_program(run, command, NULL, NULL, looked ? NULL : err);
	return looked ? looked : r;
}

/* Each of some texts must be in some line. */
struct wanted {
	const char *const *texts; /* NULL-terminated */
	unsigned int found; /* a bit each */
};

static void take_wanted(void *data, const char *line)
{
	struct wanted *wanted = data;

	for (unsigned int i = 0; wanted->texts[i]; i++)
		wanted->found |= (unsigned int)(strstr(line, wanted->texts[i]) != NULL) << i;
}

static int want(const struct qt_action_run *run, const char *command, const char *const *texts,
		struct vgpu_error *err)
{
	struct wanted wanted = { .texts = texts };
	int r = run_program(run, command, take_wanted, &wanted, err);

	for (unsigned int i = 0; texts[i] && !r; i++)
		if (!(wanted.found >> i & 1))
			r = vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG, "%s: no \"%s\"",
					   command, texts[i]);
	return r;
}

/* PVINFO's magic and version; pipe A, which the kernel's console uses at the preferred mode. */
int qt_judge_registers(const struct qt_action_run *run, struct vgpu_error *err)
{
	char size[48];
	const char *const texts[] = { "(0x00078000): 0x76544776", "(0x00078008): 0x00000001",
				      "(0x00070008): 0xc0000000 (enabled, active", size, NULL };

	snprintf(size, sizeof(size), "(0x0006001c): 0x%04x%04x (%u, %u)", run->width_px - 1,
		 run->height_px - 1, run->width_px, run->height_px);
	return want(run, "run intel_reg read 0x78000 0x78008 0x70008 0x6001c", texts, err);
}

int qt_judge_ggtt(const struct qt_action_run *run, struct vgpu_error *err)
{
	static const char *const texts[] = { "constant 0x0", "linear from 0x", NULL };

	return want(run, "run intel_gtt", texts, err);
}

int qt_judge_cards(const struct qt_action_run *run, struct vgpu_error *err)
{
	static const char *const texts[] = { "drm:/dev/dri/card0", "Intel", "(Gen",
					     "drm:/dev/dri/renderD128", NULL };

	return want(run, "run lsgpu", texts, err);
}
