/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `vgpulab test` as a user runs it, and what its verdict must be.
 *
 *   test-verb VGPULAB SCENARIOS FAULT [OPTION...]
 *
 * FAULT: "none"; what the guest draws wrong; or "scanout:" and what the vGPU shows wrong of what the
 * guest drew well, which an option --gpu GPU,scanout=... brings about. The verdict must name it.
 *
 * Exit code: 0, 1, 77.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <testing/need.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

/* Begins a fault that is not the guest's. */
#define SCANOUT "scanout:"

/* Runs the program and parses what it prints. NULL if that is no JSON. */
static json_object *run(char **argv, int *exit_code)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object = NULL;
	char text[65536];
	int pipe_fds[2], status = -1;
	ssize_t got;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	while ((got = read(pipe_fds[0], text, sizeof(text))) > 0)
		if (!object)
			object = json_tokener_parse_ex(tokener, text, (int)got);
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
	*exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	json_tokener_free(tokener);
	return object;
}

static const char *text_of(json_object *object, const char *key)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		return "";
	return json_object_get_string(value);
}

/* "needs guest-kernel: no guest kernel at ..." is a need of the test, too. */
static int skip(const char *reason)
{
	char need[32] = "";

	if (sscanf(reason, "needs %31[^:]", need) != 1) {
		fprintf(stderr, "FAIL: skipped for no need: %s\n", reason);
		return EXIT_FAILURE;
	}
	return need_missing(need, "%s", reason);
}

/* What a display shows wrong, its guest must not be blamed for; the cursor is not in its copy. */
static bool is_guest_blamed(json_object *result)
{
	json_object *frames = NULL;

	json_object_object_get_ex(result, "frames", &frames);
	for (size_t i = 0; frames && i < json_object_array_length(frames); i++)
		if (!strcmp(text_of(json_object_array_get_idx(frames, i), "guest_copy"), "wrong"))
			return true;
	return false;
}

/* A scenario with a guest beside it has two results; the one that was asked for is the first. */
static int judge(json_object *verdict, int exit_code, const char *fault)
{
	bool scanout = !strncmp(fault, SCANOUT, strlen(SCANOUT));
	bool tampered = strcmp(fault, "none");
	json_object *results = NULL;
	size_t results_len;

	fault += scanout ? strlen(SCANOUT) : 0;
	json_object_object_get_ex(verdict, "results", &results);
	results_len = results ? json_object_array_length(results) : 0;
	if (!results_len) {
		fprintf(stderr, "FAIL: no result\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < results_len; i++) {
		json_object *result = json_object_array_get_idx(results, i);

		if (!strcmp(text_of(result, "verdict"), "SKIP"))
			return skip(text_of(result, "reason"));
		fprintf(stderr, "%s\n", text_of(result, "notes"));
		if (exit_code == tampered &&
		    !strcmp(text_of(result, "fault"), tampered ? fault : "") &&
		    !(scanout && is_guest_blamed(result)))
			continue;
		fprintf(stderr, "FAIL: %s: exit code %d, fault '%s' (%s); must be fault '%s'\n",
			text_of(result, "scenario"), exit_code, text_of(result, "fault"),
			text_of(result, "reason"), fault);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	char out[] = "/tmp/vgpulab-verb-XXXXXX", remove_command[64];
	char *args[32] = { argv[1], "test", "--json", "--out", out, argv[2] };
	int n = 6, exit_code = -1, result;
	json_object *verdict;

	if (argc < 4 || argc > 20 || !mkdtemp(out))
		return EXIT_FAILURE;
	if (strcmp(argv[3], "none") && strncmp(argv[3], SCANOUT, strlen(SCANOUT))) {
		args[n++] = "--tamper";
		args[n++] = argv[3];
	}
	for (int i = 4; i < argc; i++)
		args[n++] = argv[i];
	verdict = run(args, &exit_code);
	if (!verdict) {
		fprintf(stderr, "FAIL: no verdict, exit code %d\n", exit_code);
		result = exit_code == VGPU_ERROR_NEED ? need_missing("userns", "no fake host here")
						      : EXIT_FAILURE;
	} else {
		result = judge(verdict, exit_code, argv[3]);
	}
	json_object_put(verdict);
	snprintf(remove_command, sizeof(remove_command), "rm -r %s", out);
	if (result == EXIT_FAILURE)
		fprintf(stderr, "results are kept in %s\n", out);
	else if (system(remove_command))
		return EXIT_FAILURE;
	return result;
}
