/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest program from end to end, on a display device that QEMU has of its own: it boots, draws
 * what it is told, with and without mistakes, and QEMU's screendump is judged.
 *
 *   test-guest GUEST_DIR GUEST_INIT OUTPUT      OUTPUT: "bochs" or "kms"
 *
 * Exit code: 0, 1, 77.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <testing/need.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../argv.h"
#include "../capture.h"
#include "../clock.h"
#include "../compare.h"
#include "../guest-console.h"
#include "../guest-kernel.h"
#include "../guest-modules.h"
#include "../image.h"
#include "../initramfs.h"
#include "../launch.h"

enum { BOOT_MS = 90000, COMMAND_MS = 20000 };

/* A module that does not exist must be named, not left out. */
static int check_modules(const char *guest_dir)
{
	static const char *const wanted[] = { "bochs", "nosuchmodule", NULL };
	_guest_modules_ struct qt_guest_modules modules = { 0 };
	struct vgpu_error err = { 0 };

	if (qt_guest_modules_find(guest_dir, wanted, &modules, &err) == -ENOENT &&
	    strstr(err.message, "nosuchmodule") && modules.entries_len == 0)
		return 0;
	fprintf(stderr, "FAIL: a missing module is not told: %s\n", err.message);
	return 1;
}

/* What is shown and what the judge must say about it. Steps are frames 1, 2, ... */
struct step {
	uint32_t width_px, height_px;
	int cursor_x_px, cursor_y_px;
	const char *tamper;
	enum qt_fault expected;
};

enum { FIRST_FRAME = 1 };
#define NONCE 0x5ca1ab1e00c0ffeeull

/* Modes that bochs-display's EDID offers, so that they serve both outputs. */
/* clang-format off */
static const struct step steps[] = {
	{ 1024, 768, -1, -1, NULL, QT_FAULT_NONE },
	{ 1024, 768, 300, 330, NULL, QT_FAULT_NONE },
	{ 1920, 1200, -1, -1, NULL, QT_FAULT_NONE },
	{ 640, 480, -20, 450, NULL, QT_FAULT_NONE },
	{ 1024, 768, 300, 330, "rb-swap", QT_FAULT_RB_SWAP },
	{ 1024, 768, -1, -1, "stale", QT_FAULT_STALE },
	{ 1024, 768, -1, -1, "stride", QT_FAULT_STRIDE },
	{ 1024, 768, -1, -1, "blank", QT_FAULT_BLANK },
	{ 1024, 768, -1, -1, "torn", QT_FAULT_TORN },
	{ 1024, 768, 300, 330, "cursor-missing", QT_FAULT_CURSOR_MISSING },
	{ 1024, 768, 300, 330, "cursor-offset", QT_FAULT_CURSOR_OFFSET },
	{ 1024, 768, -1, -1, "channels", QT_FAULT_CHANNELS },
	{ 1024, 768, -1, -1, "vertical-flip", QT_FAULT_VERTICAL_FLIP },
	{ 1024, 768, -1, -1, "horizontal-flip", QT_FAULT_HORIZONTAL_FLIP },
	{ 1024, 768, -1, -1, "rotated", QT_FAULT_ROTATED },
	{ 1024, 768, -1, -1, "limited-range", QT_FAULT_LIMITED_RANGE },
	{ 1024, 768, -1, -1, "depth", QT_FAULT_DEPTH },
	{ 1024, 768, -1, -1, "tiling", QT_FAULT_TILING },
	{ 1024, 768, -1, -1, "shift", QT_FAULT_SHIFT },
	{ 1024, 768, -1, -1, "scaled", QT_FAULT_SCALED },
	{ 1024, 768, -1, -1, NULL, QT_FAULT_NONE },
};
/* clang-format on */

/* Lines that no guest may take, and what it must answer. */
static const char *const refused[] = {
	"bogus",
	"show",
	"show nonce=0x",
	"show nonce=1 mode=1024",
	"show nonce=1 mode=0x768",
	"show nonce=1 mode=99999x768",
	"show nonce=1 format=ABCD",
	"show nonce=1 tiling=w",
	"show nonce=1 tamper=nothing",
	"show nonce=1 frame=4294967296",
	"show nonce=1 cursor=7",
	"show nonce=1 surprise=1",
	"off now",
	"a b c d e f g h i j k l m n o p q r s t",
};

struct boot {
	char dir[64];
	int dir_fd;
	struct qt_vm *vm;
};

static int fail(const char *what, const struct vgpu_error *err)
{
	fprintf(stderr, "FAIL: %s: %s\n", what, err->message);
	return 1;
}

static int write_initramfs(const struct boot *boot, const char *guest_dir, const char *init,
			   bool kms, struct vgpu_error *err)
{
	static const char *const wanted[] = { "bochs", NULL }, *const none[] = { NULL };
	_guest_modules_ struct qt_guest_modules modules = { 0 };
	_autoclose_ int fd = openat(boot->dir_fd, "initrd", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	_autofree_ struct qt_initramfs_entry *entries = NULL;
	int rc = qt_guest_modules_find(guest_dir, kms ? wanted : none, &modules, err);

	if (rc < 0)
		return rc;
	entries = calloc(modules.entries_len + 1, sizeof(*entries));
	entries[0] = (struct qt_initramfs_entry){ .path = "init",
						  .mode = S_IFREG | 0755,
						  .source = init };
	memcpy(entries + 1, modules.entries, modules.entries_len * sizeof(*entries));
	return qt_initramfs_write(fd, entries, modules.entries_len + 1, err);
}

static int start(struct boot *boot, const char *guest_dir, const char *output,
		 struct vgpu_error *err)
{
	static const char *const no_front_end[] = { "-display", "none", NULL };
	_autofree_ char *kernel = NULL, *append = NULL;
	_argv_ struct qt_argv argv = { 0 };
	struct qt_qemu_argv options = {
		.qemu = "qemu-system-x86_64",
		.accel = "tcg",
		.machine = "pc",
		.memory_mib = 512,
		.initrd = "initrd",
		.front_end = no_front_end,
		.device = "bochs-display",
		.properties = "vgamem=32M,xres=1024,yres=768,xmax=1920,ymax=1200",
	};
	int rc;

	kernel = qt_guest_kernel_find(guest_dir, false);
	if (!kernel || asprintf(&append, "qt.output=%s", output) < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "command line");
	options.kernel = kernel;
	options.append = append;
	if (qt_qemu_argv_build(&options, &argv) < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "command line");
	rc = qt_vm_start(argv.items, boot->dir_fd, qt_now_ms() + BOOT_MS, &boot->vm, err);
	if (rc == 0)
		rc = qt_vm_connect_console(boot->vm, qt_now_ms() + BOOT_MS, err);
	return rc;
}

static int command(const struct boot *boot, const char *text, char *answer, struct vgpu_error *err)
{
	return qt_console_command(qt_vm_console(boot->vm), text, qt_now_ms() + COMMAND_MS, answer,
				  err);
}

/* The command that makes the guest show the step. */
static void format_show(const struct step *step, const struct qt_card *card, char *line,
			size_t size)
{
	char cursor[32] = "";

	if (card->cursor_x_px != -1)
		snprintf(cursor, sizeof(cursor), " cursor=%d,%d", card->cursor_x_px,
			 card->cursor_y_px);
	snprintf(line, size, "show nonce=%016llx frame=%u mode=%ux%u%s%s%s",
		 (unsigned long long)card->nonce, card->frame, card->width_px, card->height_px,
		 cursor, step->tamper ? " tamper=" : "", step->tamper ? step->tamper : "");
}

static int run_step(const struct boot *boot, const struct step *step,
		    const struct qt_expectation *expectation)
{
	_image_ struct qt_image expected = { 0 }, actual = { 0 };
	struct qt_expectation with_picture = *expectation;
	struct qt_judgement judgement;
	char line[256], answer[QT_CONSOLE_LINE_LEN];
	struct vgpu_error err = { 0 };

	format_show(step, &expectation->shown.card, line, sizeof(line));
	if (command(boot, line, answer, &err) < 0)
		return fail(line, &err);
	if (qt_shown_draw(&expectation->shown, &expected) < 0 ||
	    qt_capture_qmp(boot->vm, qt_now_ms() + COMMAND_MS, &actual, &err) < 0)
		return fail("screendump", &err);
	with_picture.picture = &expected;
	qt_compare(&with_picture, &actual, &judgement);
	printf("%s\n  %s\n  judged %s %s\n", line, answer, qt_fault_name(judgement.fault),
	       judgement.detail);
	if (judgement.fault == step->expected)
		return 0;
	fprintf(stderr, "FAIL: %s: judged %s (%s), must be %s; %llu px differ\n", line,
		qt_fault_name(judgement.fault), judgement.detail, qt_fault_name(step->expected),
		(unsigned long long)judgement.differing_px);
	(void)qt_image_write_png(&actual, boot->dir_fd, "actual.png", &err);
	return 1;
}

static int run_steps(const struct boot *boot)
{
	struct qt_shown shown[VGPU_ARRAY_LEN(steps) + 1] = { 0 };
	int failures = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(steps); i++) {
		/* the latest first */
		struct qt_shown *now = &shown[VGPU_ARRAY_LEN(steps) - 1 - i];
		struct qt_expectation expectation = { .earlier = now + 1, .earlier_len = i };

		*now = (struct qt_shown){
			.card = { steps[i].width_px, steps[i].height_px, NONCE,
				  FIRST_FRAME + (uint32_t)i, steps[i].cursor_x_px,
				  steps[i].cursor_y_px },
			.format = "XR24",
		};
		expectation.shown = *now;
		failures += run_step(boot, &steps[i], &expectation);
	}
	return failures;
}

static int run_refused(const struct boot *boot)
{
	char answer[QT_CONSOLE_LINE_LEN];
	int failures = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(refused); i++) {
		struct vgpu_error err = { 0 };

		if (command(boot, refused[i], answer, &err) == -EREMOTEIO)
			continue;
		fprintf(stderr, "FAIL: \"%s\" was not refused\n", refused[i]);
		failures++;
	}
	return failures;
}

/* ISO 3309, bit by bit. */
static uint32_t crc32_of(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* What the guest reads back of its own screen must be the card of the last step. */
static int run_read(const struct boot *boot)
{
	const struct step *last = &steps[VGPU_ARRAY_LEN(steps) - 1];
	const struct qt_shown shown = {
		.card = { last->width_px, last->height_px, NONCE,
			  FIRST_FRAME + VGPU_ARRAY_LEN(steps) - 1, -1, -1 },
		.format = "XR24",
	};
	char answer[QT_CONSOLE_LINE_LEN], expected_answer[32];
	_image_ struct qt_image expected = { 0 };
	struct vgpu_error err = { 0 };

	if (qt_shown_draw(&shown, &expected) < 0 || command(boot, "read", answer, &err) < 0)
		return fail("read", &err);
	snprintf(expected_answer, sizeof(expected_answer), "crc32=%08x",
		 crc32_of(expected.xrgb, (size_t)last->width_px * last->height_px * 4));
	if (!strstr(answer, expected_answer)) {
		fprintf(stderr, "FAIL: the guest reads %s, must be %s\n", answer, expected_answer);
		return 1;
	}
	return 0;
}

static int run_off(const struct boot *boot)
{
	char answer[QT_CONSOLE_LINE_LEN];
	struct vgpu_error err = { 0 };

	if (command(boot, "info", answer, &err) < 0)
		return fail("info", &err);
	printf("%s\n", answer);
	if (command(boot, "off", answer, &err) < 0)
		return fail("off", &err);
	if (command(boot, "read", answer, &err) != -EREMOTEIO) {
		fprintf(stderr, "FAIL: something is read although nothing is shown\n");
		return 1;
	}
	return 0;
}

static int run_quit(const struct boot *boot)
{
	struct vgpu_error err = { 0 };
	int status;

	if (qt_console_send(qt_vm_console(boot->vm), "quit", &err) < 0)
		return fail("quit", &err);
	if (qt_vm_wait(boot->vm, qt_now_ms() + COMMAND_MS, &status) < 0 || status != 0) {
		fprintf(stderr, "FAIL: the guest does not power off\n");
		return 1;
	}
	return 0;
}

static int run(struct boot *boot, char **argv)
{
	char line[QT_CONSOLE_LINE_LEN];
	struct vgpu_error err = { 0 };
	int64_t begin_ms = qt_now_ms();
	int failures;

	if (check_modules(argv[1]))
		return 1;
	if (write_initramfs(boot, argv[1], argv[2], strcmp(argv[3], "kms") == 0, &err) < 0)
		return fail("initramfs", &err);
	if (start(boot, argv[1], argv[3], &err) < 0 ||
	    qt_console_wait_ready(qt_vm_console(boot->vm), qt_now_ms() + BOOT_MS, line, &err) < 0)
		return fail("boot", &err);
	printf("ready after %lld ms: %s\n", (long long)(qt_now_ms() - begin_ms), line);
	failures = run_steps(boot);
	failures += run_refused(boot);
	failures += run_read(boot);
	failures += run_off(boot);
	failures += run_quit(boot);
	return failures ? 1 : 0;
}

static void remove_files(const struct boot *boot)
{
	static const char *const names[] = { "initrd",	     QT_QEMU_LOG,    QT_QMP_LOG,
					     QT_CONTROL_LOG, QT_CONSOLE_LOG, "actual.png" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++)
		unlinkat(boot->dir_fd, names[i], 0);
	rmdir(boot->dir);
}

int main(int argc, char **argv)
{
	struct boot boot = { .dir = "/tmp/vgpulab-guest-XXXXXX" };
	_autofree_ char *kernel = NULL;
	int rc;

	if (argc != 4)
		return 2;
	kernel = qt_guest_kernel_find(argv[1], false);
	if (!kernel)
		return need_missing("guest-kernel", "none in %s; guest/fetch-kernel unpacks one",
				    argv[1]);
	if (system("command -v qemu-system-x86_64 >/dev/null") != 0)
		return need_missing("qemu", "no qemu-system-x86_64 in PATH");
	if (!mkdtemp(boot.dir))
		return 1;
	boot.dir_fd = open(boot.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = run(&boot, argv);
	qt_vm_destroy(boot.vm);
	if (rc == 0)
		remove_files(&boot);
	else
		fprintf(stderr, "logs are kept in %s\n", boot.dir);
	close(boot.dir_fd);
	return rc;
}
