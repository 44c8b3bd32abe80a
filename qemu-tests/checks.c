/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

static enum qt_fault judge_captured(const struct qt_frame *frame, const struct qt_image *images,
				    char *reason, size_t reason_size)
{
	if (!frame->shots_len) {
		snprintf(reason, reason_size, "nobody looked at it");
		return QT_FAULT_NO_PICTURE;
	}
	for (size_t i = 0; i < frame->shots_len; i++)
		if (!images[i].xrgb && !frame->shots[i].by_checksum) {
			snprintf(reason, reason_size, "%s gave no picture: %s",
				 frame->shots[i].capture, frame->shots[i].judgement.detail);
			return QT_FAULT_NO_PICTURE;
		}
	return QT_FAULT_NONE;
}

/* "qmp and vnc: red and blue exchanged", or what the first wrong one shows. */
static enum qt_fault judge_card(const struct qt_frame *frame, const struct qt_image *images,
				char *reason, size_t reason_size)
{
	const struct qt_shot *wrong = NULL;
	char who[80] = "";
	size_t who_len = 0, n = 0;

	for (size_t i = 0; i < frame->shots_len; i++) {
		const struct qt_shot *shot = &frame->shots[i];

		if (!shot->judgement.fault)
			continue;
		wrong = wrong ? wrong : shot;
		if (shot->judgement.fault != wrong->judgement.fault || who_len >= sizeof(who))
			continue;
		who_len += (size_t)snprintf(who + who_len, sizeof(who) - who_len, "%s%s",
					    n++ ? " and " : "", shot->capture);
	}
	if (!wrong)
		return QT_FAULT_NONE;
	snprintf(reason, reason_size, "%s: %s%s%s%s", who, qt_fault_meaning(wrong->judgement.fault),
		 *wrong->judgement.detail ? " (" : "", wrong->judgement.detail,
		 *wrong->judgement.detail ? ")" : "");
	return wrong->judgement.fault;
}

/* The frame is frozen: who took it when makes no difference, whatever it shows. */
static enum qt_fault judge_agreement(const struct qt_frame *frame, const struct qt_image *images,
				     char *reason, size_t reason_size)
{
	for (size_t i = 1; i < frame->shots_len; i++) {
		const struct qt_image *a = &images[0], *b = &images[i];

		if (!a->xrgb || !b->xrgb)
			continue;
		if (a->width_px == b->width_px && a->height_px == b->height_px &&
		    !memcmp(a->xrgb, b->xrgb,
			    (size_t)a->width_px * a->height_px * sizeof(*a->xrgb)))
			continue;
		snprintf(reason, reason_size, "%s and %s show different pictures of one frame",
			 frame->shots[0].capture, frame->shots[i].capture);
		return QT_FAULT_CAPTURES_DISAGREE;
	}
	return QT_FAULT_NONE;
}

/* The first that fails names the fault; later ones may rely on the earlier. */
const struct qt_check qt_checks[] = {
	{ "captured", "every capture of the path gives a picture", judge_captured },
	{ "card", "every picture is the card, bit for bit", judge_card },
	{ "agreement", "all captures of a frame are the same", judge_agreement },
};
const size_t qt_checks_len = VGPU_ARRAY_LEN(qt_checks);

void qt_frame_check(struct qt_frame *frame, const struct qt_image *images)
{
	frame->fault = QT_FAULT_NONE;
	for (size_t i = 0; i < qt_checks_len && !frame->fault; i++)
		frame->fault =
			qt_checks[i].judge(frame, images, frame->reason, sizeof(frame->reason));
	frame->passed = !frame->fault;
}

int qt_frames_check(const struct qt_result *result, struct vgpu_error *err)
{
	const struct qt_step *step;

	for (size_t i = 0; (step = qt_scenario_step(result->scenario, i)) != NULL; i++)
		if (step->width_px && !result->frames_len)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
					      "no picture was shown: the guest's display tells of "
					      "no mode or layout that was asked for");
	return 0;
}
