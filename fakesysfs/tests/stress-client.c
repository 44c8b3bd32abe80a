/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clients as a program, on a mount that somebody else serves.
 *
 * usage: stress-client MOUNTPOINT THREADS SECONDS PARENTS CAPACITY SEED [STOP-FILE]
 * exit code 1: wrong. They end after that many seconds, or when the file is there.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "stress-clients.h"

int main(int argc, char **argv)
{
	static struct stress stress;
	char why[512];
	const char *wrong;

	if (argc != 7 && argc != 8)
		return 2;
	stress.root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	stress.threads = (unsigned int)atoi(argv[2]);
	stress.seconds = (unsigned int)atoi(argv[3]);
	stress.parents = (unsigned int)atoi(argv[4]);
	stress.capacity = (unsigned int)atoi(argv[5]);
	stress.seed = (unsigned int)atoi(argv[6]);
	stress.stop_file = argc == 8 ? argv[7] : NULL;
	if (stress.root < 0)
		return 2;
	stress_run(&stress);
	wrong = stress_judge(&stress, why, sizeof(why));
	printf("%zu operations of %u clients on %u UUIDs: %s\n", stress.history.len, stress.threads,
	       stress.history.vgpus, wrong ? wrong : "all explained");
	if (wrong)
		history_print_wrong(&stress.history);
	stress_clean(&stress);
	return wrong != NULL;
}
