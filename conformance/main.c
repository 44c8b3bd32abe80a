/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The suite as a program of its own: static, so that it runs in an initramfs, too.
 * Exit code: 0 all as the kernel, 1 something is different, 2 it could not run.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <conformance/report.h>

static const struct option options[] = {
	{ "sysfs", required_argument, NULL, 's' },
	{ "vfio", required_argument, NULL, 'v' },
	{ "parent", required_argument, NULL, 'p' },
	{ "only", required_argument, NULL, 'o' },
	{ "fake", no_argument, NULL, 'f' },
	{ "uevents", no_argument, NULL, 'u' },
	{ "page", no_argument, NULL, 'P' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int usage(FILE *to, int code)
{
	fputs("usage: vgpulab-conformance [--sysfs DIR] [--vfio DIR] [--parent NAME] [--only GLOB]\n"
	      "                           [--fake] [--uevents]\n"
	      "       vgpulab-conformance --page\n",
	      to);
	return code;
}

int main(int argc, char **argv)
{
	struct conformance_options run = { .sysfs = "/sys" };

	for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (id) {
		case 's':
			run.sysfs = optarg;
			break;
		case 'v':
			run.vfio = optarg;
			break;
		case 'p':
			run.parent = optarg;
			break;
		case 'o':
			run.only = optarg;
			break;
		case 'f':
			run.fake = true;
			break;
		case 'u':
			run.uevents = true;
			break;
		case 'P':
			conformance_page();
			return 0;
		default:
			return usage(id == 'h' ? stdout : stderr, id == 'h' ? 0 : 2);
		}
	if (optind < argc)
		return usage(stderr, 2);
	return conformance_report(&run);
}
