/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

/* Source: Linux include/linux/kern_levels.h */
#define LEVEL_WARNING 4

/* About the machine around the vGPU, whenever it is said. */
static const struct qt_accepted_line of_machine[] = {
	{ "tsc: ", "an emulated processor's time is uneven" },
	{ "TSC", "an emulated processor's time is uneven" },
	{ "clocksource: ", "an emulated processor's time is uneven" },
	{ "hpet: ", "an emulated processor's time is uneven" },
	{ "hrtimer: interrupt took", "an emulated processor's time is uneven" },
	{ "Unstable clock detected", "an emulated processor's time is uneven" },
	{ "mtrr: your CPUs had inconsistent", "SeaBIOS sets them up on the first one only" },
};

/* Before the driver comes, warnings are the machine's own. */
static bool is_complaint(const struct qt_guest_log *log, const char *line)
{
	static const char *const words[] = { "ERROR",	 "WARNING", "timed out", "Call Trace",
					     "GPU HANG", "wedged",  NULL };

	if (atoi(line) <= (log->driver_seen ? LEVEL_WARNING : LEVEL_WARNING - 1))
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static bool is_accepted(const struct qt_guest_driver *driver, const char *line)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(of_machine); i++)
		if (strstr(line, of_machine[i].text))
			return true;
	for (size_t i = 0; i < QT_DRIVER_LINES_MAX && driver->accepted[i].text; i++)
		if (strstr(line, driver->accepted[i].text))
			return true;
	return false;
}

/* A driver that is built in comes in the midst of the kernel's start. Source: Linux, init/main.c */
static bool driver_comes(const struct qt_guest_driver *driver, const char *line)
{
	return strstr(line, driver->modules[0] ? driver->modules[0] : " as init process");
}

void qt_guest_log_take(struct qt_guest_log *log, const char *line)
{
	log->lines++;
	if (log->file)
		fprintf(log->file, "%s\n", line);
	for (size_t i = 0; i < QT_DRIVER_LINES_MAX && log->driver->expected[i]; i++)
		log->expected[i] += strstr(line, log->driver->expected[i]) != NULL;
	log->driver_seen |= driver_comes(log->driver, line);
	if (strstr(line, " Linux version "))
		log->driver_seen = false;
	if (!is_complaint(log, line))
		return;
	if (log->provoked && strstr(line, log->provoked))
		log->provoked_lines++;
	else if (is_accepted(log->driver, line))
		log->accepted++;
	else if (!*log->complaint)
		snprintf(log->complaint, sizeof(log->complaint), "%s", line);
}

int qt_guest_log_judge(const struct qt_guest_log *log, unsigned int loads, struct vgpu_error *err)
{
	if (*log->complaint)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				      "the guest's kernel complains: \"%s\"", log->complaint);
	if (log->provoked && !log->provoked_lines)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EBADMSG,
				      "the guest's kernel did not notice: no \"%s\"",
				      log->provoked);
	for (size_t i = 0; i < QT_DRIVER_LINES_MAX && log->driver->expected[i]; i++)
		if (log->expected[i] != loads)
			return vgpu_error_set(
				err, VGPU_ERROR_FAILED, EBADMSG,
				"the guest's kernel said \"%s\" %u times; %s was loaded %u times",
				log->driver->expected[i], log->expected[i], log->driver->name,
				loads);
	return 0;
}
