/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"
#include "host-watch.h"
#include "launch.h"
#include "paths.h"
#include "report.h"

#include <fcntl.h>
#include <string.h>

enum {
	PICTURE_MAX_PX = 1024,
	THUMBNAIL_MAX_PX = 640,
	STRIP_MAX_PX = 160,
	STRIP_MAX = 16,
	STAGE_MAX_PX = 320,
	TAIL_LEN = 8192,
	ENLARGED_PX = 96,
	ENLARGED_FACTOR = 6
};

const char *qt_report_class(enum qt_outcome outcome)
{
	static const char *const classes[] = { "pass", "fail", "skip" };

	return classes[outcome];
}

static void print_figure(FILE *f, int dir_fd, const char *file, const char *title,
			 const char *caption)
{
	fputs("<figure>", f);
	qt_html_picture(f, dir_fd, file, PICTURE_MAX_PX, title);
	fputs("<figcaption><b>", f);
	qt_html_text(f, title);
	fputs("</b> ", f);
	qt_html_text(f, caption);
	fputs("</figcaption></figure>\n", f);
}

/* Two captures with the same fault show the same: one picture stands for both. */
static bool shown_before(const struct qt_frame *frame, size_t shot)
{
	for (size_t i = 0; i < shot; i++)
		if (frame->shots[i].judgement.fault == frame->shots[shot].judgement.fault &&
		    frame->shots[i].judgement.differing_px ==
			    frame->shots[shot].judgement.differing_px)
			return true;
	return false;
}

static void list_captures(const struct qt_frame *frame, size_t shot, char *names, size_t size)
{
	size_t len = 0;

	names[0] = '\0';
	for (size_t i = shot; i < frame->shots_len && len < size; i++)
		if (i == shot ||
		    (frame->shots[i].judgement.fault == frame->shots[shot].judgement.fault &&
		     frame->shots[i].judgement.differing_px ==
			     frame->shots[shot].judgement.differing_px))
			len += (size_t)snprintf(names + len, size - len, "%s%s", len ? ", " : "",
						frame->shots[i].capture);
}

/* A difference of some pixels cannot be seen in a shrunken picture: it is shown enlarged. */
static void print_enlarged(FILE *f, const struct qt_frame *frame, const struct qt_shot *shot,
			   int dir_fd)
{
	const struct qt_judgement *judgement = &shot->judgement;
	struct qt_html_part part = { .width_px = ENLARGED_PX,
				     .height_px = ENLARGED_PX,
				     .factor = ENLARGED_FACTOR };
	const struct {
		const char *file, *title;
	} figures[] = { { frame->expected, "Expected, enlarged" },
			{ shot->picture, "Actual, enlarged" } };

	if (!judgement->differing_px || judgement->box_width_px > ENLARGED_PX - 8 ||
	    judgement->box_height_px > ENLARGED_PX - 8)
		return;
	part.x_px = judgement->box_x_px > 8 ? judgement->box_x_px - 8 : 0;
	part.y_px = judgement->box_y_px > 8 ? judgement->box_y_px - 8 : 0;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(figures); i++) {
		fputs("<figure>", f);
		qt_html_enlarged(f, dir_fd, figures[i].file, &part, figures[i].title);
		fprintf(f, "<figcaption><b>%s</b> %ux%u px at %u,%u</figcaption></figure>\n",
			figures[i].title, part.width_px, part.height_px, part.x_px, part.y_px);
	}
}

static void print_failed_frame(FILE *f, const struct qt_frame *frame, int dir_fd)
{
	char caption[160];

	snprintf(caption, sizeof(caption), "frame %u, %ux%u, nonce %016llx",
		 frame->shown.card.frame, frame->shown.card.width_px, frame->shown.card.height_px,
		 (unsigned long long)frame->shown.card.nonce);
	if (frame->guest_copy)
		fprintf(f, "<p>%s</p>\n",
			frame->guest_copy == QT_GUEST_COPY_RIGHT
				? "The guest's own copy of this frame is right: the display path "
				  "is to blame."
				: "The guest's own copy of this frame is wrong, too: it drew it so.");
	fputs("<div class=\"pictures\">\n", f);
	print_figure(f, dir_fd, frame->expected, "Expected", caption);
	for (size_t i = 0; i < frame->shots_len; i++) {
		const struct qt_judgement *judgement = &frame->shots[i].judgement;
		char names[64];

		if (!*frame->shots[i].picture || shown_before(frame, i))
			continue;
		list_captures(frame, i, names, sizeof(names));
		snprintf(caption, sizeof(caption), "%s: %s%s%s", names,
			 qt_fault_name(judgement->fault), *judgement->detail ? ", " : "",
			 judgement->detail);
		print_figure(f, dir_fd, frame->shots[i].picture, "Actual", caption);
		snprintf(caption, sizeof(caption), "%llu px, in %ux%u px at %u,%u",
			 (unsigned long long)judgement->differing_px, judgement->box_width_px,
			 judgement->box_height_px, judgement->box_x_px, judgement->box_y_px);
		print_figure(f, dir_fd, frame->shots[i].diff, "Difference", caption);
		print_enlarged(f, frame, &frame->shots[i], dir_fd);
	}
	fputs("</div>\n", f);
}

/* The picture at rest of a system that does not draw cards. */
static void print_rest(FILE *f, const struct qt_boot_display *display, int dir_fd)
{
	fputs("<figure>", f);
	qt_html_picture(f, dir_fd, display->picture, THUMBNAIL_MAX_PX,
			"what firmware or the guest's own system showed");
	fprintf(f,
		"<figcaption>firmware or the guest's own system, %ux%u: stood still for %.1f s, %u "
		"picture%s in all</figcaption></figure>\n",
		display->width_px, display->height_px, display->stood_ms / 1000.0,
		display->pictures, display->pictures == 1 ? "" : "s");
}

/* A good result is a small picture beside its facts, if it has one. */
static bool has_proof(const struct qt_result *result)
{
	return result->outcome == QT_PASSED &&
	       (result->frames_len || *result->boot_display.picture);
}

static void print_boot_display(FILE *f, const struct qt_result *result, int dir_fd)
{
	const struct qt_boot_display *display = &result->boot_display;
	char stage[sizeof(display->picture)];

	if (display->stages)
		fputs("<div class=\"pictures\">\n", f);
	for (unsigned int i = 1; i <= display->stages; i++) {
		snprintf(stage, sizeof(stage), QT_STAGE_FORMAT, i);
		fputs("<figure>", f);
		qt_html_picture(f, dir_fd, stage, STAGE_MAX_PX, "on the way");
		fprintf(f, "<figcaption>%u</figcaption></figure>\n", i);
	}
	if (display->stages)
		fputs("</div>\n", f);
	if (*display->picture && (result->frames_len || !has_proof(result)))
		print_rest(f, display, dir_fd);
}

/* What a frame showed: the picture that is wrong if one is. */
static const char *strip_picture(const struct qt_frame *frame)
{
	for (size_t i = 0; i < frame->shots_len && !frame->passed; i++)
		if (*frame->shots[i].picture)
			return frame->shots[i].picture;
	return frame->expected;
}

/* All frames in a row, as they were seen. */
static void print_strip(FILE *f, const struct qt_result *result, int dir_fd)
{
	if (result->frames_len < 2)
		return;
	fputs("<div class=\"strip\">\n", f);
	for (size_t i = 0; i < result->frames_len && i < STRIP_MAX; i++) {
		const struct qt_frame *frame = &result->frames[i];

		if (!*frame->expected)
			continue;
		fputs("<figure>", f);
		qt_html_picture(f, dir_fd, strip_picture(frame), STRIP_MAX_PX, "a frame");
		fprintf(f, "<figcaption>%u %s</figcaption></figure>\n", frame->shown.card.frame,
			frame->passed ? "exact" : qt_fault_name(frame->fault));
	}
	fputs("</div>\n", f);
}

/* What matters most: the first frame that failed; if all is well, the first one as a proof. */
static void print_pictures(FILE *f, const struct qt_result *result, int dir_fd)
{
	for (size_t i = 0; i < result->frames_len; i++)
		if (!result->frames[i].passed && *result->frames[i].expected) {
			print_failed_frame(f, &result->frames[i], dir_fd);
			return;
		}
	if (!has_proof(result))
		return;
	if (!result->frames_len) {
		print_rest(f, &result->boot_display, dir_fd);
		return;
	}
	fputs("<figure>", f);
	qt_html_picture(f, dir_fd, result->frames[result->frames_len - 1].expected,
			THUMBNAIL_MAX_PX, "the last frame, as every capture saw it");
	fputs("<figcaption>the last frame, as every capture saw it</figcaption></figure>\n", f);
}

static void print_shots(FILE *f, const struct qt_frame *frame)
{
	if (!frame->shots_len)
		fputs("<td class=\"bad\">none</td>", f);
	for (size_t i = 0; i < frame->shots_len; i++) {
		const struct qt_shot *shot = &frame->shots[i];
		bool good = !shot->judgement.fault;

		fprintf(f, "<td class=\"%s\">%s %s, %u ms</td>", good ? "good" : "bad",
			shot->capture, good ? "exact" : qt_fault_name(shot->judgement.fault),
			shot->duration_ms);
	}
}

static void print_frames(FILE *f, const struct qt_result *result)
{
	if (!result->frames_len)
		return;
	/* what each capture saw comes first: on a phone the rest is out of sight */
	fprintf(f,
		"<div class=\"scroll\"><table><tr><th>frame</th><th colspan=\"%zu\">captures</th>"
		"<th>mode</th><th>format</th><th>shown in</th><th>nonce</th></tr>\n",
		result->frames[0].shots_len ? result->frames[0].shots_len : 1);
	for (size_t i = 0; i < result->frames_len; i++) {
		const struct qt_frame *frame = &result->frames[i];
		const struct qt_card *card = &frame->shown.card;

		fprintf(f, "<tr><td>%u</td>", card->frame);
		print_shots(f, frame);
		fprintf(f, "<td>%ux%u</td><td>", card->width_px, card->height_px);
		qt_html_text(f, frame->shown.format); /* the guest's word */
		fputc(' ', f);
		qt_html_text(f, frame->tiling);
		fprintf(f, "</td><td>%u ms</td><td>%016llx</td></tr>\n", frame->show_ms,
			(unsigned long long)card->nonce);
	}
	fputs("</table></div>\n", f);
}

static void print_details(FILE *f, const char *title, const char *text)
{
	if (!text || !*text)
		return;
	fputs("<details><summary>", f);
	qt_html_text(f, title);
	fputs("</summary><pre>", f);
	qt_html_text(f, text);
	fputs("</pre></details>\n", f);
}

static void print_logs(FILE *f, const struct qt_result *result, int dir_fd)
{
	static const struct {
		const char *title, *file;
	} logs[] = {
		{ "The host's kernel log", QT_KERNEL_LOG },
		{ "QEMU's messages", QT_QEMU_LOG },
		{ "QMP", QT_QMP_LOG },
		{ "Guest's control port", QT_CONTROL_LOG },
		{ "Guest's console", QT_CONSOLE_LOG },
	};
	_autofree_ char *command = result->argv.len ? qt_argv_quote(result->argv.items) : NULL;
	char tail[TAIL_LEN];

	print_details(f, "QEMU's command line", command);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(logs); i++)
		print_details(f, logs[i].title,
			      qt_log_tail(dir_fd, logs[i].file, tail, sizeof(tail)));
	if (result->argv.len)
		fprintf(f,
			"<p class=\"dim\">All of it is in <code>%s/</code>; "
			"<code>%s/repeat.sh</code> runs it again.</p>\n",
			result->dir, result->dir);
}

static void print_facts(FILE *f, const struct qt_result *result)
{
	fputs("<p class=\"dim\">", f);
	qt_html_text(f, result->scenario->summary);
	if (result->scenario->refused) {
		fputs(". QEMU must say \"", f);
		qt_html_text(f, result->scenario->refusal);
		fputs("\"", f);
	}
	fprintf(f, ". Path %s", result->scenario->path);
	if (*result->type)
		fprintf(f, "; %s on %s", result->type, result->parent);
	if (*result->qemu_version)
		fprintf(f, "; QEMU %s, %s", result->qemu_version, result->accel);
	if (result->guest_ms)
		fprintf(f,
			"; QEMU up after %.1f s, guest after %.1f s, last picture after %.1f s, all "
			"done after %.1f s",
			result->qemu_ms / 1000.0, result->guest_ms / 1000.0,
			result->steps_ms / 1000.0, result->total_ms / 1000.0);
	else
		fprintf(f, "; ended after %.1f s", result->total_ms / 1000.0);
	if (*result->notes) {
		fputs("; ", f);
		qt_html_text(f, result->notes);
	}
	fputs(".</p>\n", f);
}

void qt_report_result(FILE *f, const struct qt_result *result, int out_fd)
{
	const char *class = qt_report_class(result->outcome);
	char name[QT_RESULT_NAME_LEN];
	_autoclose_ int dir_fd = -1;

	if (*result->dir)
		dir_fd = openat(out_fd, result->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	qt_result_name(result, name);
	fprintf(f, "<section class=\"%s\" id=\"%s\">\n<h2><span class=\"badge %s\">%s</span>%s",
		class, name, class, *result->known ? "KNOWN" : qt_outcome_name(result->outcome),
		name);
	if (*result->fault)
		fprintf(f, " <span class=\"fault\">%s</span>", result->fault);
	fputs("</h2>\n", f);
	if (*result->reason) {
		fputs("<p class=\"reason\">", f);
		qt_html_text(f, result->reason);
		fputs("</p>\n", f);
	}
	if (*result->known) {
		fputs("<p class=\"dim\">Expected: ", f);
		qt_html_text(f, result->known);
		fputs("</p>\n", f);
	}
	if (*result->hint) {
		fputs("<p class=\"dim\">", f);
		qt_html_text(f, result->hint);
		fputs("</p>\n", f);
	}
	fputs(dir_fd >= 0 && has_proof(result) ? "<div class=\"side\">\n" : "<div>\n", f);
	if (dir_fd >= 0)
		print_pictures(f, result, dir_fd);
	fputs("<div>\n", f);
	print_facts(f, result);
	if (dir_fd >= 0)
		print_boot_display(f, result, dir_fd);
	if (dir_fd >= 0)
		print_strip(f, result, dir_fd);
	print_frames(f, result);
	if (dir_fd >= 0)
		print_logs(f, result, dir_fd);
	fputs("</div></div>\n", f);
	fputs("</section>\n", f);
}
