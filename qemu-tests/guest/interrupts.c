/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interrupts.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Behind the number: a count for each processor. *@at ends behind them. */
static unsigned long long sum(char **at)
{
	unsigned long long count = 0;

	for (char *end; *at += strspn(*at, " "), isdigit((unsigned char)**at); *at = end)
		count += strtoull(*at, &end, 10);
	return count;
}

unsigned long long guest_interrupts_sum(int irq)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[512];
	unsigned long long count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at;

		if (strtol(line, &at, 10) == irq && *at++ == ':')
			count = sum(&at);
	}
	if (file)
		fclose(file);
	return count;
}

/* A number, a count for each processor, the chip, how it is triggered, the driver. */
static void tell(char *line, struct guest_reply *reply)
{
	char *at = strchr(line, ':') + 1;
	unsigned long long count = sum(&at);

	at[strcspn(at, " ")] = '\0';
	guest_reply_add(reply, "interrupts=%llu chip=%s", count, at);
}

/* Source: kernel/irq/proc.c, show_interrupts() */
int guest_interrupts_count(const char *name, struct guest_reply *reply)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[512];
	bool found = false;

	while (!found && file && fgets(line, sizeof(line), file)) {
		const char *driver;

		line[strcspn(line, "\n")] = '\0';
		driver = strrchr(line, ' ');
		found = driver && !strcmp(driver + 1, name) && strchr(line, ':');
	}
	if (file)
		fclose(file);
	if (!found)
		return guest_reply_fail(reply, ENOENT, "interrupts: %s has none", name);
	tell(line, reply);
	return 0;
}
