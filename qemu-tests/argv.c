/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argv.h"

#include "clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

/* Takes @item over. */
static void add_owned(struct qt_argv *argv, char *item)
{
	char **items = item ? reallocarray(argv->items, argv->len + 2, sizeof(*items)) : NULL;

	if (!items) {
		free(item);
		argv->error = -ENOMEM;
		return;
	}
	argv->items = items;
	items[argv->len++] = item;
	items[argv->len] = NULL;
}

void qt_argv_add(struct qt_argv *argv, const char *item)
{
	add_owned(argv, strdup(item));
}

void qt_argv_addf(struct qt_argv *argv, const char *format, ...)
{
	char *item = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&item, format, args) < 0)
		item = NULL;
	va_end(args);
	add_owned(argv, item);
}

void qt_argv_add_all(struct qt_argv *argv, const char *const *items)
{
	for (; items && *items; items++)
		qt_argv_add(argv, *items);
}

void qt_argv_finish(struct qt_argv *argv)
{
	for (size_t i = 0; i < argv->len; i++)
		free(argv->items[i]);
	free(argv->items);
	*argv = (struct qt_argv){ 0 };
}

/* Single quotes protect everything but themselves: ' becomes '\''. */
static void quote_item(FILE *f, const char *item)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./:,@%";

	if (*item && item[strspn(item, plain)] == '\0') {
		fputs(item, f);
		return;
	}
	fputc('\'', f);
	for (; *item; item++) {
		if (*item == '\'')
			fputs("'\\''", f);
		else
			fputc(*item, f);
	}
	fputc('\'', f);
}

char *qt_argv_quote(char *const *items)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; items[i]; i++) {
		if (i)
			fputc(' ', f);
		quote_item(f, items[i]);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* The display device under test. */
static void add_device(struct qt_argv *argv, const struct qt_qemu_argv *options)
{
	_autofree_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f) {
		argv->error = -ENOMEM;
		return;
	}
	fprintf(f, "%s,id=" QT_DEVICE_ID, options->device);
	if (options->sysfsdev)
		fprintf(f, ",sysfsdev=%s", options->sysfsdev);
	if (options->properties)
		fprintf(f, ",%s", options->properties);
	if (fclose(f)) {
		argv->error = -ENOMEM;
		return;
	}
	qt_argv_add(argv, "-device");
	qt_argv_add(argv, text);
}

/*
 * Sockets are servers that wait for nobody: the same command line then works when a person runs it
 * by hand from repeat.sh.
 */
static void add_channels(struct qt_argv *argv, const struct qt_qemu_argv *options)
{
	qt_argv_add(argv, "-chardev");
	qt_argv_add(argv, "socket,id=qmp,path=" QT_QMP_SOCKET ",server=on,wait=off");
	qt_argv_add(argv, "-mon");
	qt_argv_add(argv, "chardev=qmp,mode=control");
	qt_argv_add(argv, "-chardev");
	qt_argv_add(argv, "file,id=console,path=" QT_CONSOLE_LOG);
	qt_argv_add(argv, "-serial");
	qt_argv_add(argv, "chardev:console");
	if (options->remote)
		return; /* the program itself has the control socket */
	qt_argv_add(argv, "-chardev");
	qt_argv_add(argv, "socket,id=control,path=" QT_CONTROL_SOCKET ",server=on,wait=off");
	qt_argv_add(argv, "-serial");
	qt_argv_add(argv, "chardev:control");
}

static void add_front_end(struct qt_argv *argv, const struct qt_qemu_argv *options)
{
	for (const char *const *item = options->front_end; item && *item; item++) {
		const char *hole = strstr(*item, QT_RENDER_NODE);

		if (hole && options->render_node)
			qt_argv_addf(argv, "%.*s%s%s", (int)(hole - *item), *item,
				     options->render_node, hole + strlen(QT_RENDER_NODE));
		else
			qt_argv_add(argv, *item);
	}
}

/* Seconds: as many as the kernel takes by itself, and on a slow machine up to its most. Source: kernel/watchdog.c */
static unsigned int watchdog_s(void)
{
	enum { USUAL_S = 10, MOST_S = 60 };
	double wanted_s = USUAL_S * qt_patience();

	return wanted_s < USUAL_S ? USUAL_S : wanted_s > MOST_S ? MOST_S : (unsigned int)wanted_s;
}

/*
 * A loaded machine delivers an emulated timer's interrupts so late that the guest takes the timer
 * for broken, and panics; and a slow one is long at what a fast one does at once, which is no lockup.
 * Source: kernel-parameters.txt
 */
char *qt_kernel_arguments(const char *append)
{
	char *text;

	if (asprintf(
		    &text,
		    "console=ttyS0 quiet panic=-1 no_timer_check rcupdate.rcu_cpu_stall_suppress=1 "
		    "watchdog_thresh=%u%s%s",
		    watchdog_s(), append ? " " : "", append ? append : "") < 0)
		return NULL;
	return text;
}

static void add_machine(struct qt_argv *argv, const struct qt_qemu_argv *options)
{
	qt_argv_add(argv, "-machine");
	qt_argv_addf(argv, "%s%s", options->machine,
		     options->remote ? ",memory-backend=memory" : "");
	if (options->remote) {
		/* not stopped: then QEMU would draw nothing for SPICE */
		qt_argv_add(argv, "-bios");
		qt_argv_add(argv, QT_HALTED_BIOS);
		qt_argv_add(argv, "-qtest");
		qt_argv_add(argv, "unix:" QT_QTEST_SOCKET ",server=on,wait=off");
		qt_argv_add(argv, "-qtest-log");
		qt_argv_add(argv, "none");
		qt_argv_add(argv, "-object");
		qt_argv_addf(argv,
			     "memory-backend-file,id=memory,size=%uM,mem-path=" QT_MEMORY
			     ",share=on",
			     options->memory_mib);
	} else {
		qt_argv_add(argv, "-accel");
		qt_argv_add(argv,
			    !strcmp(options->accel, "tcg") ? "tcg,thread=multi" : options->accel);
		qt_argv_add(argv, "-cpu");
		qt_argv_add(argv, options->cpu ? options->cpu : "max");
	}
	qt_argv_add(argv, "-m");
	qt_argv_addf(argv, "%u", options->memory_mib);
}

/* A comma in a name is doubled. Source: QEMU, util/qemu-option.c, get_opt_value() */
char *qt_drive(const char *disk)
{
	size_t disk_len = strlen(disk), len = 0;
	bool cdrom = disk_len > 4 && !strcmp(disk + disk_len - 4, ".iso");
	_autofree_ char *file = malloc(2 * disk_len + 1);
	char *drive;

	if (!file)
		return NULL;
	for (; *disk; disk++) {
		if (*disk == ',')
			file[len++] = ',';
		file[len++] = *disk;
	}
	file[len] = '\0';
	return asprintf(&drive, "file=%s,snapshot=on%s", file, cdrom ? ",media=cdrom" : "") < 0
		       ? NULL
		       : drive;
}

int qt_qemu_argv_build(const struct qt_qemu_argv *options, struct qt_argv *out)
{
	_argv_ struct qt_argv argv = { 0 };
	_autofree_ char *arguments = qt_kernel_arguments(options->append);
	int error;

	qt_argv_add(&argv, options->qemu);
	qt_argv_add(&argv, "-nodefaults");
	qt_argv_add(&argv, "-no-reboot");
	add_machine(&argv, options);
	if (options->cpus) {
		qt_argv_add(&argv, "-smp");
		qt_argv_addf(&argv, "%u", options->cpus);
	}
	if (options->firmware) {
		qt_argv_add(&argv, "-bios");
		qt_argv_add(&argv, options->firmware);
	}
	if (options->boot_menu) {
		qt_argv_add(&argv, "-boot");
		qt_argv_add(&argv, "menu=on,splash-time=2500");
	}
	add_front_end(&argv, options);
	add_channels(&argv, options);
	if (options->kernel) {
		qt_argv_add(&argv, "-kernel");
		qt_argv_add(&argv, options->kernel);
		qt_argv_add(&argv, "-initrd");
		qt_argv_add(&argv, options->initrd);
		qt_argv_add(&argv, "-append");
		qt_argv_add(&argv, arguments ? arguments : "");
	}
	if (options->disk) {
		qt_argv_add(&argv, "-drive");
		add_owned(&argv, qt_drive(options->disk));
	}
	if (options->device)
		add_device(&argv, options);
	error = argv.error;
	if (error)
		return error;
	*out = argv;
	argv = (struct qt_argv){ 0 };
	return 0;
}
