/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "figures.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

bool figures_of(char *const *argv, double *figures, size_t len)
{
	size_t read = 0;
	FILE *output;
	int pair[2];
	pid_t child;

	if (pipe2(pair, O_CLOEXEC))
		return false;
	child = fork();
	if (!child) {
		dup2(pair[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pair[1]);
	output = fdopen(pair[0], "r");
	while (output && read < len && fscanf(output, "%lf", &figures[read]) == 1)
		read++;
	if (output)
		fclose(output);
	waitpid(child, NULL, 0);
	return read == len;
}
