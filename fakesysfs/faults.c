/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/faults.h>
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 64, GLOB_SIZE = 256, ERRNO_MAX = 133, DELAY_MAX_MS = 3600 * 1000 };

struct fault {
	enum fake_operation operation;
	char glob[GLOB_SIZE];
	int errnum;
	uint64_t after, seed;
	double probability;
	unsigned int delay_ms;
	uint64_t count; /* operations that matched */
};

struct fake_faults {
	pthread_mutex_t lock; /* of the counts; all else is set before there are threads */
	struct fault all[FAULTS_MAX];
	size_t len;
};

static const struct {
	const char *name;
	enum fake_operation operation;
	const char *glob;
} operations[] = {
	{ "open", FAKE_OPERATION_OPEN, "*" },
	{ "read", FAKE_OPERATION_READ, "*" },
	{ "write", FAKE_OPERATION_WRITE, "*" },
	{ "readlink", FAKE_OPERATION_READLINK, "*" },
	{ "list", FAKE_OPERATION_LIST, "*" },
	{ "create", FAKE_OPERATION_WRITE, "*/create" },
	{ "remove", FAKE_OPERATION_WRITE, "*/remove" },
};

struct fake_faults *fake_faults_create(void)
{
	struct fake_faults *faults = calloc(1, sizeof(*faults));

	if (faults)
		pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

void fake_faults_destroy(struct fake_faults *faults)
{
	if (!faults)
		return;
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

/*
 * Reading what is wanted. Each parser: false if the value is none of its kind.
 */

static bool parse_number(const char *value, unsigned long long max, unsigned long long *out)
{
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	*out = strtoull(value, &end, 0);
	return !errno && !*end && *out <= max;
}

static bool parse_errno(struct fault *fault, const char *value)
{
	unsigned long long number;

	for (int i = 1; i <= ERRNO_MAX; i++) {
		const char *name = strerrorname_np(i);

		if (name && !strcmp(name, value)) {
			fault->errnum = i;
			return true;
		}
	}
	if (!parse_number(value, ERRNO_MAX, &number) || !number)
		return false;
	fault->errnum = (int)number;
	return true;
}

static bool parse_after(struct fault *fault, const char *value)
{
	unsigned long long number;

	if (!parse_number(value, UINT64_MAX, &number))
		return false;
	fault->after = number;
	return true;
}

static bool parse_seed(struct fault *fault, const char *value)
{
	unsigned long long number;

	if (!parse_number(value, UINT64_MAX, &number))
		return false;
	fault->seed = number;
	return true;
}

static bool parse_delay(struct fault *fault, const char *value)
{
	unsigned long long number;

	if (!parse_number(value, DELAY_MAX_MS, &number))
		return false;
	fault->delay_ms = (unsigned int)number;
	return true;
}

static bool parse_probability(struct fault *fault, const char *value)
{
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end || !isfinite(number) || number < 0 || number > 1)
		return false;
	fault->probability = number;
	return true;
}

static const struct {
	const char *name;
	bool (*parse)(struct fault *fault, const char *value);
	const char *wants;
} properties[] = {
	{ "errno", parse_errno, "a name such as EIO, or its number" },
	{ "after", parse_after, "a number" },
	{ "probability", parse_probability, "a number from 0 to 1" },
	{ "seed", parse_seed, "a number" },
	{ "delay", parse_delay, "milliseconds, an hour at most" },
};

static int parse_property(struct fault *fault, char *text, struct vgpu_error *err)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < VGPU_ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].name, text))
			continue;
		if (value && properties[i].parse(fault, value))
			return 0;
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--fault: %s wants %s", text,
				      properties[i].wants);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--fault: unknown property '%s'", text);
	vgpu_error_hint(err, "there are errno=, after=, probability=, seed= and delay=");
	return -EINVAL;
}

/* "OP" or "OP:GLOB" */
static int parse_operation(struct fault *fault, char *text, struct vgpu_error *err)
{
	char *glob = strchr(text, ':');

	if (glob)
		*glob++ = '\0';
	for (size_t i = 0; i < VGPU_ARRAY_LEN(operations); i++) {
		if (strcmp(operations[i].name, text))
			continue;
		if (!glob)
			glob = (char *)operations[i].glob;
		if (strlen(glob) >= sizeof(fault->glob))
			return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
					      "--fault: the pattern is too long");
		fault->operation = operations[i].operation;
		strcpy(fault->glob, glob);
		return 0;
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--fault: unknown operation '%s'", text);
	vgpu_error_hint(err, "there are open, read, write, readlink, list, create and remove");
	return -EINVAL;
}

int fake_faults_add(struct fake_faults *faults, const char *spec, struct vgpu_error *err)
{
	struct fault fault = { .probability = 1 };
	_autofree_ char *copy = strdup(spec);
	char *rest = copy, *part;

	if (!copy || faults->len == FAULTS_MAX)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "--fault: more than %d",
				      FAULTS_MAX);
	if (parse_operation(&fault, strsep(&rest, ","), err))
		return -EINVAL;
	while ((part = strsep(&rest, ",")))
		if (parse_property(&fault, part, err))
			return -EINVAL;
	if (!fault.errnum && !fault.delay_ms)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "--fault: '%s' says neither errno= nor delay=", spec);
	faults->all[faults->len++] = fault;
	return 0;
}

/*
 * Judging.
 */

/*
 * A number from 0 to below 1 for the nth operation: which one fails depends on nothing else.
 * Source: splitmix64, Steele et al., Fast splittable pseudorandom number generators
 */
static double chance(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

static bool fires(const struct fault *fault, uint64_t n)
{
	return n >= fault->after && chance(fault->seed, n) < fault->probability;
}

bool fake_faults_any(const struct fake_faults *faults, enum fake_operation operation)
{
	for (size_t i = 0; faults && i < faults->len; i++)
		if (faults->all[i].operation == operation)
			return true;
	return false;
}

struct fake_fault_verdict fake_faults_ask(struct fake_faults *faults, enum fake_operation operation,
					  const char *path)
{
	struct fake_fault_verdict verdict = { 0 };
	bool decided = false;

	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->len; i++) {
		struct fault *fault = &faults->all[i];

		if (fault->operation != operation || fnmatch(fault->glob, path, 0))
			continue;
		if (fires(fault, fault->count++) && !decided) {
			verdict.errnum = fault->errnum;
			verdict.delay_ms = fault->delay_ms;
			decided = true;
		}
	}
	pthread_mutex_unlock(&faults->lock);
	return verdict;
}
