/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run-domain FILE NAME STARTED [paused]: starts the transient domain NAME that FILE describes, its
 * processors too unless "paused" is said, makes the file STARTED when libvirt has started it, and ends
 * when it does: with 0 if it was shut down, with 1 and libvirt's words if it did not start or crashed.
 * The domain ends with us, however we end, because libvirt ends it with our connection.
 * Source: libvirt, virDomainCreateXML(), VIR_DOMAIN_START_AUTODESTROY
 */
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DOMAIN_XML_MAX = 65536 };

struct run {
	const char *name; /* others' domains end, too */
	const char *started; /* file */
	int ended, crashed;
};

static int fail(const char *what)
{
	const virError *error = virGetLastError();

	fprintf(stderr, "%s: %s\n", what, error && error->message ? error->message : "failed");
	return EXIT_FAILURE;
}

/* libvirt prints errors by itself, too. */
static void be_silent(void *data, virErrorPtr error)
{
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			void *data)
{
	struct run *run = data;

	if (!strcmp(virDomainGetName(domain), run->name) &&
	    (event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_CRASHED))
		run->ended = 1;
	else
		return 0;
	run->crashed = event == VIR_DOMAIN_EVENT_CRASHED ||
		       detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED ||
		       detail == VIR_DOMAIN_EVENT_STOPPED_FAILED;
	return 0;
}

static void on_close(virConnectPtr connection, int reason, void *data)
{
	struct run *run = data;

	fprintf(stderr, "libvirt has closed the connection\n");
	run->ended = run->crashed = 1;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, DOMAIN_XML_MAX);

	if (f && text)
		text[fread(text, 1, DOMAIN_XML_MAX - 1, f)] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* Who ends QEMU before that makes libvirt say that it did not start. */
static int say_started(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0) {
		perror(path);
		return -1;
	}
	return close(fd);
}

static int run_domain(virConnectPtr connection, const char *xml, struct run *run,
		      unsigned int flags)
{
	virDomainPtr domain;

	/* listened for before it is there: no event can be missed */
	if (virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
					     VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), run,
					     NULL) < 0 ||
	    virConnectRegisterCloseCallback(connection, on_close, run, NULL) < 0)
		return fail("cannot listen to libvirt");
	domain = virDomainCreateXML(connection, xml, VIR_DOMAIN_START_AUTODESTROY | flags);
	if (!domain)
		return fail("libvirt does not start the domain");
	if (say_started(run->started))
		run->ended = run->crashed = 1;
	while (!run->ended)
		if (virEventRunDefaultImpl() < 0)
			return fail("waiting for the domain's end");
	virDomainFree(domain);
	if (run->crashed)
		fprintf(stderr, "libvirt says that the domain crashed\n");
	return run->crashed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	virConnectPtr connection;
	char *xml = argc > 3 ? read_file(argv[1]) : NULL;
	bool paused = argc > 4 && !strcmp(argv[4], "paused");
	struct run run = { 0 };
	int status;

	if (argc < 4) {
		fputs("usage: run-domain FILE NAME STARTED [paused]\n", stderr);
		return EXIT_FAILURE;
	}
	virSetErrorFunc(NULL, be_silent);
	if (!xml || virEventRegisterDefaultImpl() < 0)
		return EXIT_FAILURE;
	connection = virConnectOpen(NULL);
	if (!connection)
		return fail("no connection to libvirt");
	run = (struct run){ .name = argv[2], .started = argv[3] };
	unlink(run.started); /* of an earlier domain here */
	status = run_domain(connection, xml, &run, paused ? VIR_DOMAIN_START_PAUSED : 0);
	virConnectClose(connection);
	free(xml);
	return status;
}
