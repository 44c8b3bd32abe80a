/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * kill -9 at random steps of define, modify, start and undefine: at the entry or the exit of one of
 * the program's system calls. After each, no definition is lost or torn, no vGPU runs without one,
 * and doing it again completes it. Runs on a fake host, in a mount namespace.
 * usage: kill-steps VGPULAB DIRECTORY     KILLS in the environment: how many (200)
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GPU "0000:00:02.0"

enum { ARGS_MAX = 16 };

static const char *program, *directory;
static unsigned int failures;

struct round {
	char uuid[40], file[512];
};

static const char *const contents[] = {
	"{\n  \"mdev_type\": \"i915-GVTg_V5_8\",\n  \"start\": \"manual\",\n  \"attrs\": []\n}",
	"{\n  \"mdev_type\": \"i915-GVTg_V5_8\",\n  \"start\": \"manual\",\n  \"attrs\": [\n    {\n"
	"      \"power/control\": \"on\"\n    }\n  ]\n}",
};

static pid_t spawn(const char *const *args, bool traced)
{
	const char *argv[ARGS_MAX + 4] = { program, "--config-dir", directory };
	pid_t pid;

	for (size_t i = 0; args[i]; i++)
		argv[3 + i] = args[i];
	pid = fork();
	if (pid)
		return pid;
	if (!freopen("/dev/null", "w", stdout) || (traced && !freopen("/dev/null", "w", stderr)))
		_exit(99);
	if (traced)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execv(program, (char *const *)argv);
	_exit(99);
}

static int run(const char *const *args)
{
	int status;
	pid_t pid = spawn(args, false);

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Lets the program take @steps steps (0: all), then kills it. Returns how many it took. */
static unsigned int run_steps(const char *const *args, unsigned int steps)
{
	pid_t pid = spawn(args, true);
	unsigned int taken = 0;
	int status;

	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (steps && taken == steps) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return taken;
		}
		taken++;
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	return taken;
}

/* Most of the first third is the dynamic linker's. */
static void run_and_kill(const char *const *args, unsigned int all)
{
	unsigned int from = all / 3;

	run_steps(args, from + 1 + (unsigned int)random() % (all - from));
}

static const char *read_file(const char *path)
{
	static char text[512];
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (!file)
		return NULL;
	fclose(file);
	text[len] = '\0';
	return text;
}

static void expect(bool holds, const struct round *round, const char *what)
{
	if (holds)
		return;
	failures++;
	printf("not so for %s: %s\n", round->uuid, what);
}

/* The file is whole: absent, or one of the contents that @allowed has a bit for. */
static void expect_file(const struct round *round, unsigned int allowed, bool may_lack,
			const char *when)
{
	const char *text = read_file(round->file);
	bool good = !text && may_lack;

	for (unsigned int i = 0; text && i < 2; i++)
		good |= (allowed & 1U << i) && !strcmp(text, contents[i]);
	if (!good)
		printf("%s is %s\n", round->file, text ? text : "gone");
	expect(good, round, when);
}

static bool runs(const struct round *round)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", round->uuid);
	return access(path, F_OK) == 0;
}

static void expect_owners(const struct round *round)
{
	DIR *dir = opendir("/sys/bus/mdev/devices");
	const struct dirent *entry;
	char path[600];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/" GPU "/%s", directory, entry->d_name);
		expect(access(path, F_OK) == 0, round, "each vGPU that runs is defined");
	}
	if (dir)
		closedir(dir);
}

enum { DEFINE, MODIFY, START, STOP, UNDEFINE, VERBS };

static void do_round(const struct round *round, const unsigned int *steps)
{
	const char *const verbs[VERBS][ARGS_MAX] = {
		[DEFINE] = { "define", "-p", GPU, "-t", "i915-GVTg_V5_8", round->uuid },
		[MODIFY] = { "modify", "--addattr", "power/control", "--value", "on", round->uuid },
		[START] = { "start", round->uuid },
		[STOP] = { "stop", round->uuid },
		[UNDEFINE] = { "undefine", round->uuid },
	};
	char attribute[128];
	const char *text;
	int code;

	run_and_kill(verbs[DEFINE], steps[DEFINE]);
	expect_file(round, 1, true, "define makes all of the file or nothing");
	code = run(verbs[DEFINE]);
	expect(code == 0 || code == 7, round, "define completes, or has completed");
	expect_file(round, 1, false, "it is defined");

	run_and_kill(verbs[MODIFY], steps[MODIFY]);
	expect_file(round, 3, false, "modify leaves the old file or the new one");
	text = read_file(round->file);
	if (text && !strcmp(text, contents[0]))
		expect(run(verbs[MODIFY]) == 0, round, "modify completes");
	expect_file(round, 2, false, "it is modified");

	run_and_kill(verbs[START], steps[START]);
	expect_owners(round);
	expect(run(verbs[START]) == 0, round, "start completes");
	expect(runs(round), round, "it runs");
	snprintf(attribute, sizeof(attribute), "/sys/bus/mdev/devices/%s/power/control",
		 round->uuid);
	text = read_file(attribute);
	expect(text && !strcmp(text, "on\n"), round, "its attribute is written");

	run(verbs[STOP]);
	expect(!runs(round), round, "it is stopped");
	run_and_kill(verbs[UNDEFINE], steps[UNDEFINE]);
	expect_file(round, 2, true, "undefine takes the file away or leaves it");
	code = run(verbs[UNDEFINE]);
	expect(code == 0 || code == 8, round, "undefine completes, or has completed");
	expect_file(round, 0, true, "it is undefined");
}

static void measure(const struct round *round, unsigned int *steps)
{
	const char *const define[] = { "define",	 "-p",	      GPU, "-t",
				       "i915-GVTg_V5_8", round->uuid, NULL };
	const char *const modify[] = { "modify",    "--addattr", "power/control", "--value", "on",
				       round->uuid, NULL };
	const char *const start[] = { "start", round->uuid, NULL };
	const char *const stop[] = { "stop", round->uuid, NULL };
	const char *const undefine[] = { "undefine", round->uuid, NULL };

	steps[DEFINE] = run_steps(define, 0);
	steps[MODIFY] = run_steps(modify, 0);
	steps[START] = run_steps(start, 0);
	steps[STOP] = run_steps(stop, 0);
	steps[UNDEFINE] = run_steps(undefine, 0);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("KILLS");
	unsigned int kills = wanted ? (unsigned int)strtoul(wanted, NULL, 10) : 200;
	unsigned int steps[VERBS] = { 0 };
	struct round round;

	if (argc != 3)
		return 99;
	program = argv[1];
	directory = argv[2];
	srandom((unsigned int)getpid());
	for (unsigned int i = 0; i < (kills + 3) / 4 + 1; i++) {
		snprintf(round.uuid, sizeof(round.uuid), "22222222-0000-4000-8000-%012u", i);
		snprintf(round.file, sizeof(round.file), "%s/" GPU "/%s", directory, round.uuid);
		if (i)
			do_round(&round, steps);
		else
			measure(&round, steps);
	}
	printf("%u kills at random among define %u, modify %u, start %u, undefine %u steps: "
	       "%u violations\n",
	       (kills + 3) / 4 * 4, steps[DEFINE], steps[MODIFY], steps[START], steps[UNDEFINE],
	       failures);
	return failures ? 1 : 0;
}
