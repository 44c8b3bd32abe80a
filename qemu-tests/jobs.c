/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jobs.h"

#include "clock.h"
#include "host-watch.h"
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* What a guest and its QEMU take. */
#define JOB_MEMORY_MIB 1024
/* Longer than any step may take: then its process is stuck, or QEMU is in a way it cannot undo. */
#define STUCK_MS 600000
/* How long a process may take to end after SIGKILL; one in the kernel's hands may never. */
#define KILL_MS 10000

enum { JOBS_MAX = 64 };

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

struct job {
	const struct qt_plan_item *item;
	enum job_state state;
	pid_t pid;
	int fd; /* of its reports: a beat for each step, and its results as JSON */
	bool waits; /* now, and leaves its core to others */
	int64_t deadline_ms; /* it is stuck if nothing is heard of it until then */
	char *text; /* the results so far */
	size_t text_len;
	struct qt_result results[2];
	size_t results_len;
};

struct jobs {
	struct qt_runner *runner;
	const struct qt_plan *plan;
	struct job *jobs;
	size_t len, running, done;
	size_t done_before; /* by a run that this one goes on with */
	unsigned int limit; /* how many may work at a time */
	unsigned int most; /* with those that wait meanwhile */
	struct vgpu_error
		stop; /* why nothing new is begun; its kind is 0 as long as that is not so */
	struct qt_host_watch watch; /* of a guarded run */
};

/* How many fit into the memory that is free; at least one. */
static unsigned int fit_into_memory(void)
{
	unsigned long long available_kib = 0;
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned int fit;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu kB", &available_kib) == 1)
			break;
	fit = f ? (unsigned int)(available_kib / 1024 / JOB_MEMORY_MIB) : JOBS_MAX;
	if (f)
		fclose(f);
	return fit < 1 ? 1 : fit > JOBS_MAX ? JOBS_MAX : fit;
}

/*
 * Scenarios wait for a fifth of their time, and yet three at a time take two cores no less long than two do:
 * each needs a fifth more of a processor then.
 */
unsigned int qt_jobs_default(void)
{
	unsigned int cores = qt_cores(), fit = fit_into_memory();

	return cores < fit ? cores : fit;
}

/* One that has another guest beside it fills the GPU, and the cores. */
static bool is_exclusive(const struct job *job)
{
	return job->item->scenario->beside;
}

/* In the process of a scenario: tries it as often as it may be tried. */
static void try(struct qt_runner *runner, const struct qt_plan_item *item,
		struct qt_result *results, size_t len)
{
	unsigned int attempts = qt_expectations_attempts(&runner->expectations, item->scenario);

	for (unsigned int attempt = 1; attempt <= attempts; attempt++) {
		for (size_t i = 0; i < len; i++)
			qt_result_reset(&results[i]);
		qt_scenario_run(runner, &results[0], len > 1 ? &results[1] : NULL);
		results[0].attempts = attempt > 1 ? attempt : 0;
		if (results[0].outcome != QT_FAILED || qt_interrupted())
			break;
	}
	for (size_t i = 0; i < len; i++)
		qt_expectations_judge(&runner->expectations, &results[i]);
}

/* A line for each result. */
static void report(int fd, const struct qt_result *results, size_t len)
{
	FILE *f = fdopen(fd, "w");

	for (size_t i = 0; f && i < len; i++) {
		json_object *object = qt_result_json(&results[i]);

		fprintf(f, "%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
		json_object_put(object);
	}
	if (f)
		fflush(f);
}

static size_t prepare_results(const struct qt_plan_item *item, struct qt_result results[2])
{
	const struct qt_scenario *beside = qt_scenario_find(item->scenario->beside);

	results[0] = (struct qt_result){ .scenario = item->scenario, .round = item->round };
	results[1] = (struct qt_result){ .scenario = beside, .round = item->round };
	return beside ? 2 : 1;
}

static void measure_patience(const struct jobs *jobs)
{
	double set = jobs->runner->options->patience;

	if (set > 0)
		qt_patience_set(set);
	else
		qt_patience_measure(jobs->limit);
}

/* Ends in _exit: what belongs to the parent is not ours to release. */
static void become_job(struct jobs *jobs, struct job *job, int fd, pid_t parent)
{
	size_t len = prepare_results(job->item, job->results);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	jobs->runner->progress.beat_fd = fd;
	/* others may have come to this machine since the run began */
	measure_patience(jobs);
	try(jobs->runner, job->item, job->results, len);
	report(fd, job->results, len);
	_exit(0);
}

static int start(struct jobs *jobs, struct job *job, struct vgpu_error *err)
{
	struct qt_progress *progress = &jobs->runner->progress;
	pid_t parent = getpid();
	int fds[2];

	qt_progress_subject(progress, "[%zu/%zu] %s",
			    jobs->done_before + (size_t)(job - jobs->jobs) + 1,
			    jobs->done_before + jobs->len, job->item->scenario->name);
	/* what is found out once is found out before the processes part */
	qt_scenario_probe_needs(jobs->runner, job->item->scenario);
	if (jobs->runner->options->guarded && !jobs->running)
		qt_host_watch_skip(&jobs->watch);
	if (pipe2(fds, O_CLOEXEC))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "pipe: %s", strerror(errno));
	job->pid = fork();
	if (job->pid == 0) {
		close(fds[0]);
		become_job(jobs, job, fds[1], parent);
	}
	close(fds[1]);
	job->fd = fds[0];
	if (job->pid < 0) {
		close(job->fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "fork: %s", strerror(errno));
	}
	job->deadline_ms = qt_deadline_ms(STUCK_MS);
	job->state = JOB_RUNNING;
	job->waits = false;
	jobs->running++;
	return 0;
}

static bool waits(const void *data, size_t index)
{
	const struct jobs *jobs = data;

	return jobs->jobs[index].state == JOB_WAITING && !is_exclusive(&jobs->jobs[index]);
}

static bool waits_to_be_alone(const void *data, size_t index)
{
	const struct jobs *jobs = data;

	return jobs->jobs[index].state == JOB_WAITING && is_exclusive(&jobs->jobs[index]);
}

/* One that waits for long makes room for another; when it works again it is one more for a while. */
static bool has_room(const struct jobs *jobs)
{
	size_t working = jobs->running;

	for (size_t i = 0; i < jobs->len; i++)
		working -= jobs->jobs[i].state == JOB_RUNNING && jobs->jobs[i].waits;
	return working < jobs->limit && jobs->running < jobs->most;
}

/* The next one that may be begun now, or NULL. Exclusive ones come last, one by one. */
static struct job *next(struct jobs *jobs)
{
	size_t index;

	if (jobs->stop.kind || qt_interrupted() || !has_room(jobs))
		return NULL;
	for (size_t i = 0; i < jobs->len; i++)
		if (jobs->jobs[i].state == JOB_RUNNING && is_exclusive(&jobs->jobs[i]))
			return NULL;
	index = qt_plan_next(jobs->plan, waits, jobs);
	if (index == jobs->len && !jobs->running)
		index = qt_plan_next(jobs->plan, waits_to_be_alone, jobs);
	return index == jobs->len ? NULL : &jobs->jobs[index];
}

static int parse(struct job *job)
{
	char *rest = job->text;

	job->results_len = 0;
	for (char *line; (line = strsep(&rest, QT_BEATS));) {
		json_object *object;
		int r;

		if (!*line || job->results_len == VGPU_ARRAY_LEN(job->results))
			continue;
		object = json_tokener_parse(line);
		r = object ? qt_result_parse(object, &job->results[job->results_len]) : -EBADMSG;
		json_object_put(object);
		if (r)
			return r;
		job->results_len++;
	}
	return job->results_len ? 0 : -ENODATA;
}

/* It left no word: the failure is that of its process. */
static void blame_process(struct job *job, int status)
{
	struct vgpu_error err = { 0 };

	if (WIFSIGNALED(status))
		vgpu_error_set(&err, VGPU_ERROR_FAILED, 0,
			       "its process was killed by signal %d (%s)", WTERMSIG(status),
			       sigabbrev_np(WTERMSIG(status)));
	else
		vgpu_error_set(&err, VGPU_ERROR_FAILED, 0, "its process ended with status %d",
			       WEXITSTATUS(status));
	job->results_len = prepare_results(job->item, job->results);
	for (size_t i = 0; i < job->results_len; i++)
		qt_result_fail(&job->results[i], "harness-ended", &err);
}

static void say(struct qt_runner *runner, const struct qt_result *result)
{
	struct qt_progress *progress = &runner->progress;
	const char *name = result->scenario->name;

	if (result->outcome == QT_PASSED && result->scenario->refused)
		qt_progress_line(progress, "PASS %s: refused as it must be, %.1f s", name,
				 result->total_ms / 1000.0);
	else if (result->outcome == QT_PASSED && runner->options->guest_image)
		qt_progress_line(progress, "PASS %s: %s, %.1f s", name, result->notes,
				 result->total_ms / 1000.0);
	else if (result->outcome == QT_PASSED)
		qt_progress_line(progress, "PASS %s: %zu frames exact, %s%s%.1f s", name,
				 result->frames_len, result->notes, *result->notes ? ", " : "",
				 result->total_ms / 1000.0);
	else
		qt_progress_line(progress, "%s %s: %s%s%s%s%s",
				 *result->known ? "KNOWN" : qt_outcome_name(result->outcome), name,
				 result->fault, *result->fault ? ": " : "", result->reason,
				 *result->hint ? "\n     " : "", result->hint);
}

/* Others had what it wanted: it may try again when one of them has ended. */
static bool is_crowded_out(const struct jobs *jobs, const struct job *job)
{
	return jobs->running > 0 && !qt_interrupted() && job->results[0].outcome == QT_FAILED &&
	       !strcmp(job->results[0].fault, QT_FAULT_NO_ROOM);
}

static void forget(struct job *job)
{
	for (size_t i = 0; i < job->results_len; i++)
		qt_result_finish(&job->results[i]);
	free(job->text);
	job->text = NULL;
	job->text_len = job->results_len = 0;
}

/* On a real host: is its kernel still what it was? Else nothing that follows would be a result. */
static void judge_host(struct jobs *jobs, struct qt_result *result)
{
	_autoclose_ int dir_fd = -1;
	struct vgpu_error err = { 0 };

	if (!jobs->runner->options->guarded)
		return;
	if (*result->dir)
		dir_fd = openat(jobs->runner->out_fd, result->dir,
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!qt_host_watch_take(&jobs->watch, dir_fd, &err))
		return;
	result->outcome = QT_PASSED; /* whatever it was: this is the failure to read */
	*result->known = '\0'; /* and nobody expected it */
	qt_result_fail(result, "host-kernel", &err);
	jobs->stop = err;
	qt_progress_line(&jobs->runner->progress, "STOP: %s", err.message);
}

static int finish(struct jobs *jobs, struct job *job, int status, struct vgpu_error *err)
{
	int r = 0;

	close(job->fd);
	job->state = JOB_DONE;
	jobs->running--;
	if (parse(job))
		blame_process(job, status);
	if (is_crowded_out(jobs, job)) {
		forget(job);
		job->state = JOB_WAITING;
		jobs->most = (unsigned int)jobs->running;
		return 0;
	}
	judge_host(jobs, &job->results[0]);
	/* on a real host whatever follows would meet what it hangs in; a fake one is ours */
	if (!strcmp(job->results[0].fault, QT_FAULT_QEMU_STUCK) && jobs->runner->options->guarded)
		vgpu_error_set(&jobs->stop, VGPU_ERROR_BUSY, EBUSY, "%s", job->results[0].reason);
	for (size_t i = 0; i < job->results_len && !r; i++) {
		say(jobs->runner, &job->results[i]);
		/* what an interruption cut off is to be run again */
		if (!qt_interrupted())
			r = qt_journal_add(jobs->runner->out_fd, &job->results[i], err);
	}
	return r;
}

/* Ends a process that is stuck, unless not even SIGKILL does. */
static int end_stuck(struct jobs *jobs, struct job *job, struct vgpu_error *err)
{
	int64_t deadline_ms = qt_now_ms() + KILL_MS;
	int status = SIGKILL, r = 0;
	struct vgpu_error stuck = { 0 };

	kill(job->pid, SIGKILL);
	while (waitpid(job->pid, &status, WNOHANG) == 0 && qt_now_ms() < deadline_ms)
		poll(NULL, 0, 10);
	close(job->fd);
	job->state = JOB_DONE;
	jobs->running--;
	job->results_len = prepare_results(job->item, job->results);
	vgpu_error_set(&stuck, VGPU_ERROR_FAILED, ETIMEDOUT,
		       "nothing went on for %d s: its process (%d) was killed", STUCK_MS / 1000,
		       job->pid);
	if (jobs->runner->options->guarded)
		jobs->stop = stuck;
	for (size_t i = 0; i < job->results_len && !r; i++) {
		qt_result_fail(&job->results[i], "stuck", &stuck);
		say(jobs->runner, &job->results[i]);
		r = qt_journal_add(jobs->runner->out_fd, &job->results[i], err);
	}
	return r;
}

/* What a job says. It has ended when nobody can say more. */
static int hear(struct jobs *jobs, struct job *job, struct vgpu_error *err)
{
	char buffer[4096], *text;
	ssize_t got = read(job->fd, buffer, sizeof(buffer));
	int status = 0;

	if (got < 0)
		return errno == EINTR ? 0
				      : vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "read: %s",
						       strerror(errno));
	if (got == 0) {
		while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
			;
		return finish(jobs, job, status, err);
	}
	job->deadline_ms = qt_deadline_ms(STUCK_MS);
	job->waits = buffer[got - 1] == QT_BEAT_WAITS;
	text = realloc(job->text, job->text_len + (size_t)got + 1);
	if (!text)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "running scenarios");
	memcpy(text + job->text_len, buffer, (size_t)got);
	job->text = text;
	job->text_len += (size_t)got;
	text[job->text_len] = '\0';
	return 0;
}

static int wait_a_moment(struct jobs *jobs, struct vgpu_error *err)
{
	struct pollfd fds[JOBS_MAX];
	struct job *of[JOBS_MAX];
	nfds_t len = 0;
	int r = 0;

	for (size_t i = 0; i < jobs->len && len < JOBS_MAX; i++)
		if (jobs->jobs[i].state == JOB_RUNNING) {
			of[len] = &jobs->jobs[i];
			fds[len++] = (struct pollfd){ .fd = jobs->jobs[i].fd, .events = POLLIN };
		}
	if (poll(fds, len, 1000) < 0 && errno != EINTR)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "poll: %s", strerror(errno));
	for (nfds_t i = 0; i < len && !r; i++) {
		if (qt_interrupted())
			kill(of[i]->pid, SIGTERM);
		if (fds[i].revents)
			r = hear(jobs, of[i], err);
		else if (qt_now_ms() >= of[i]->deadline_ms)
			r = end_stuck(jobs, of[i], err);
	}
	return r;
}

/* What the run's end has left: a result is missed, a word on it is not. */
static void skip_unbegun(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->len && jobs->stop.kind; i++) {
		struct job *job = &jobs->jobs[i];

		if (job->state != JOB_WAITING)
			continue;
		job->results_len = prepare_results(job->item, job->results);
		for (size_t j = 0; j < job->results_len; j++) {
			job->results[j].outcome = QT_SKIPPED;
			snprintf(job->results[j].reason, sizeof(job->results[j].reason),
				 "not begun: %.300s", jobs->stop.message);
			say(jobs->runner, &job->results[j]);
		}
	}
}

/* Moves the results of what was run, in the plan's order. */
static int collect(struct jobs *jobs, struct qt_verdict *verdict, struct vgpu_error *err)
{
	for (size_t i = 0; i < jobs->len; i++)
		for (size_t j = 0; j < jobs->jobs[i].results_len; j++) {
			struct qt_result *to = qt_verdict_add(verdict, NULL);

			if (!to)
				return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM,
						      "running scenarios");
			*to = jobs->jobs[i].results[j];
			jobs->jobs[i].results[j] = (struct qt_result){ 0 };
		}
	return 0;
}

int qt_jobs_run(struct qt_runner *runner, const struct qt_plan *plan, struct qt_verdict *verdict,
		struct vgpu_error *err)
{
	struct jobs jobs = {
		.runner = runner,
		.plan = plan,
		.jobs = calloc(plan->len ? plan->len : 1, sizeof(*jobs.jobs)),
		.len = plan->len,
		.done_before = verdict->results_len,
		.limit = runner->options->jobs ? runner->options->jobs : qt_jobs_default(),
		.most = runner->options->jobs ? runner->options->jobs : fit_into_memory(),
	};
	int r = 0;

	if (!jobs.jobs)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "running scenarios");
	if (jobs.most > JOBS_MAX)
		jobs.most = JOBS_MAX;
	verdict->jobs = jobs.limit;
	measure_patience(&jobs);
	if (runner->options->guarded) {
		qt_host_watch_init(&jobs.watch, runner->options->kernel_log);
		if (*jobs.watch.trouble)
			qt_progress_line(&runner->progress, "NOTE the host's kernel log: %s",
					 jobs.watch.trouble);
	}
	for (size_t i = 0; i < plan->len; i++)
		jobs.jobs[i].item = &plan->items[i];
	while (!r) {
		struct job *job = next(&jobs);

		if (job)
			r = start(&jobs, job, err);
		else if (jobs.running)
			r = wait_a_moment(&jobs, err);
		else
			break;
	}
	skip_unbegun(&jobs);
	if (!r)
		r = collect(&jobs, verdict, err);
	for (size_t i = 0; i < jobs.len; i++) {
		if (jobs.jobs[i].state == JOB_RUNNING)
			kill(jobs.jobs[i].pid, SIGKILL);
		forget(&jobs.jobs[i]);
	}
	free(jobs.jobs);
	if (runner->options->guarded)
		qt_host_watch_finish(&jobs.watch);
	return r;
}
