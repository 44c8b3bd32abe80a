/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

#include "clock.h"

#include <stdarg.h>
#include <unistd.h>

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

void qt_progress_step(struct qt_progress *progress, const char *format, ...)
{
	double seconds = (double)(qt_now_ms() - progress->start_ms) / 1000;
	va_list args;

	if (!progress->out)
		return;
	fprintf(progress->out, "%s%5.1f s  %s: ", progress->terminal ? REWRITE : "", seconds,
		progress->subject);
	va_start(args, format);
	vfprintf(progress->out, format, args);
	va_end(args);
	fputs(progress->terminal ? "" : "\n", progress->out);
	fflush(progress->out);
}

void qt_progress_line(struct qt_progress *progress, const char *format, ...)
{
	va_list args;

	if (!progress->out)
		return;
	if (progress->terminal)
		fputs(REWRITE, progress->out);
	va_start(args, format);
	vfprintf(progress->out, format, args);
	va_end(args);
	fputc('\n', progress->out);
	fflush(progress->out);
}
