/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

#include "clock.h"

#include <stdarg.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* To the line's beginning, and clear it. */
#define REWRITE "\r\033[K"

void qt_progress_init(struct qt_progress *progress, FILE *out)
{
	*progress = (struct qt_progress){
		.out = out,
		.terminal = out && isatty(fileno(out)),
		.start_ms = qt_now_ms(),
	};
}

void qt_progress_subject(struct qt_progress *progress, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(progress->subject, sizeof(progress->subject), format, args);
	va_end(args);
}

/* In one piece: several processes write to one terminal. */
static void print(const struct qt_progress *progress, const char *format, ...)
{
	_autofree_ char *line = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	fputs(line ? line : "", progress->out);
	fflush(progress->out);
}

void qt_progress_step(struct qt_progress *progress, const char *format, ...)
{
	double seconds = (double)(qt_now_ms() - progress->start_ms) / 1000;
	char step[160];
	va_list args;

	const char beat = progress->waits ? QT_BEAT_WAITS : QT_BEAT_WORKS;
	/* a full or broken pipe is the reader's to find */
	if (progress->beat_fd && write(progress->beat_fd, &beat, 1) < 0)
		progress->beat_fd = 0;
	if (!progress->out)
		return;
	va_start(args, format);
	vsnprintf(step, sizeof(step), format, args);
	va_end(args);
	print(progress, "%s%5.1f s  %s: %s%s", progress->terminal ? REWRITE : "", seconds,
	      progress->subject, step, progress->terminal ? "" : "\n");
}

void qt_progress_line(struct qt_progress *progress, const char *format, ...)
{
	_autofree_ char *line = NULL;
	va_list args;

	if (!progress->out)
		return;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	print(progress, "%s%s\n", progress->terminal ? REWRITE : "", line ? line : "");
}
