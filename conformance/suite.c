/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "suite.h"

static bool applies(const struct suite_parent *parent, const struct conformance_case *row,
		    struct conformance_result *result)
{
	static const struct {
		unsigned int need;
		const char *what;
	} needs[] = {
		{ CONFORMANCE_FILE_SYSTEM, "needs a file system" },
		{ CONFORMANCE_USERS, "needs another user" },
		{ CONFORMANCE_VFIO, "needs a VFIO device that opens" },
		{ CONFORMANCE_UEVENTS, "needs the tree's uevents" },
		{ CONFORMANCE_OTHER_PARENT, "needs a second parent" },
		{ CONFORMANCE_ROOT, "needs root of the machine" },
		{ CONFORMANCE_TWO_TYPES, "needs a second type" },
		{ CONFORMANCE_SEVERAL, "needs room for several vGPUs" },
		{ CONFORMANCE_FILL, "needs a parent that a thousand vGPUs fill" },
	};
	unsigned int wanted = row->needs | suite_script_needs(row->script);

	if (row->kinds && !(row->kinds & parent->kind->kind))
		snprintf(result->why, sizeof(result->why), "of another kind of parent");
	else if (row->aperture_mib && row->aperture_mib != parent->aperture_mib)
		snprintf(result->why, sizeof(result->why), "of an aperture of %u MiB",
			 row->aperture_mib);
	for (size_t i = 0; i < ARRAY_LEN(needs) && !result->why[0]; i++)
		if (wanted & needs[i].need & ~parent->needs)
			snprintf(result->why, sizeof(result->why), "%s", needs[i].what);
	return !result->why[0];
}

static void run_script(const struct suite_parent *parent, const struct conformance_case *row,
		       struct conformance_result *result)
{
	struct suite_run run = { .parent = parent };
	char why[sizeof(result->why)];

	for (size_t i = 0; i < HANDLES; i++)
		run.handles[i] = -1;
	for (size_t i = 0; i < ARRAY_LEN(run.background); i++) {
		pthread_mutex_init(&run.background[i].lock, NULL);
		pthread_cond_init(&run.background[i].changed, NULL);
	}
	if (suite_script_run(&run, row->script, why, sizeof(why)))
		snprintf(result->why, sizeof(result->why), "%s", why);
	for (size_t i = 0; i < HANDLES; i++)
		if (run.handles[i] >= 0)
			close(run.handles[i]);
	/* what holds a removal back is closed now */
	for (size_t i = 0; i < ARRAY_LEN(run.background); i++)
		if (run.background[i].started)
			pthread_join(run.background[i].thread, NULL);
	if (!suite_clean(parent) && !result->why[0])
		snprintf(result->why, sizeof(result->why), "a vGPU could not be removed");
}

/* The kernel that carries the fake, as CONFORMANCE_LINUX() has it. */
static unsigned int kernel_below(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname names;

	if (!uname(&names))
		sscanf(names.release, "%u.%u", &major, &minor);
	return CONFORMANCE_LINUX(major, minor);
}

static const struct conformance_accepted *find_accepted(const char *name)
{
	for (size_t i = 0; i < conformance_accepted_len; i++) {
		const struct conformance_accepted *row = &conformance_accepted[i];

		if (!strcmp(row->name, name) && (!row->ends || kernel_below() < row->ends))
			return row;
	}
	return NULL;
}

/* A row of the list that explains nothing has to go, so it counts as a difference. */
static void judge(const struct suite_parent *parent, struct conformance_result *result)
{
	const struct conformance_accepted *accepted =
		parent->options->fake ? find_accepted(result->row->name) : NULL;

	result->verdict = result->why[0] ? CONFORMANCE_DIFFERENT : CONFORMANCE_SAME;
	if (!accepted)
		return;
	if (result->why[0]) {
		result->verdict = CONFORMANCE_ACCEPTED;
		snprintf(result->why, sizeof(result->why), "%s", accepted->why);
		return;
	}
	result->verdict = CONFORMANCE_DIFFERENT;
	snprintf(result->why, sizeof(result->why),
		 "it is the same now: take it out of the accepted differences");
}

/* Every row of the list must name a case. */
static const char *stray_accepted(void)
{
	for (size_t i = 0; i < conformance_accepted_len; i++) {
		bool found = false;

		for (size_t t = 0; t < conformance_tables_len; t++)
			for (size_t c = 0; c < conformance_tables[t]->cases_len; c++)
				found |= !strcmp(conformance_tables[t]->cases[c].name,
						 conformance_accepted[i].name);
		if (!found)
			return conformance_accepted[i].name;
	}
	return NULL;
}

static int run_table(const struct suite_parent *parent, const struct conformance_table *table,
		     void (*each)(void *data, const struct conformance_result *result), void *data)
{
	int different = 0;

	for (size_t i = 0; i < table->cases_len; i++) {
		struct conformance_result result = { .table = table, .row = &table->cases[i] };

		if (parent->options->only && fnmatch(parent->options->only, result.row->name, 0))
			continue;
		if (applies(parent, result.row, &result)) {
			run_script(parent, result.row, &result);
			judge(parent, &result);
		} else {
			result.verdict = CONFORMANCE_NOT_HERE;
		}
		different += result.verdict == CONFORMANCE_DIFFERENT;
		each(data, &result);
	}
	return different;
}

int conformance_run(const struct conformance_options *options,
		    void (*each)(void *data, const struct conformance_result *result), void *data,
		    char *why, size_t why_size)
{
	struct suite_parent parent;
	const char *stray = stray_accepted();
	int different = 0;
	int ret;

	if (stray) {
		snprintf(why, why_size, "accepted difference '%s' is of no case", stray);
		return -EINVAL;
	}
	ret = suite_parent_find(options, &parent, why, why_size);
	if (ret)
		return ret;
	for (size_t i = 0; i < conformance_tables_len; i++)
		different += run_table(&parent, conformance_tables[i], each, data);
	return different;
}

const char *conformance_verdict_name(enum conformance_verdict verdict)
{
	static const char *const names[CONFORMANCE_VERDICTS] = {
		[CONFORMANCE_SAME] = "same",
		[CONFORMANCE_ACCEPTED] = "accepted",
		[CONFORMANCE_DIFFERENT] = "different",
		[CONFORMANCE_NOT_HERE] = "not here",
	};

	return names[verdict];
}
