/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source: Documentation/trace/kprobetrace.rst, histogram.rst; intel_uncore.c */
#include "waits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
#define TRIGGER "hist:keys=ret"

static const char *const functions[] = { "__intel_wait_for_register",
					 "__intel_wait_for_register_fw" };

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static FILE *open_event(size_t i, const char *file, const char *mode)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/waits/w%zu/%s", i, file);
	return fopen(path, mode);
}

void guest_waits_watch(void)
{
	(void)mount("tracefs", TRACING, "tracefs", 0, NULL);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		char probe[128];
		FILE *trigger;

		snprintf(probe, sizeof(probe), "r:waits/w%zu i915:%s ret=$retval:s32\n", i,
			 functions[i]);
		if (write_file(TRACING "kprobe_events", probe) < 0)
			return;
		trigger = open_event(i, "trigger", "we");
		if (!trigger)
			return;
		fputs(TRIGGER "\n", trigger);
		fclose(trigger);
	}
}

/* "{ ret: -110 } hitcount: 3", and a line for each other value. */
static int count(size_t i, long *timed_out, long *all)
{
	FILE *hist = open_event(i, "hist", "re");
	char line[256];
	long value, hits;

	if (!hist)
		return -errno;
	while (fgets(line, sizeof(line), hist)) {
		if (sscanf(line, "{ ret: %ld } hitcount: %ld", &value, &hits) != 2)
			continue;
		*all += hits;
		if (value == -ETIMEDOUT)
			*timed_out += hits;
	}
	fclose(hist);
	return 0;
}

long guest_waits_timed_out(long *all)
{
	long timed_out = 0;

	*all = 0;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (count(i, &timed_out, all) < 0)
			return -1;
	return timed_out;
}
