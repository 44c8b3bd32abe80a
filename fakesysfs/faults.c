/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/faults.h>
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FAULTS_MAX = 64,
	GLOB_SIZE = 256,
	SPEC_SIZE = 512,
	COUNTS_MAX = 64, /* what a line says besides the spec */
	ERRNO_MAX = 133,
	DELAY_MAX_MS = 3600 * 1000,
};

struct fault {
	unsigned int number;
	char spec[SPEC_SIZE];
	enum fake_operation operation;
	char glob[GLOB_SIZE];
	int errnum;
	uint64_t after, seed;
	double probability;
	unsigned int delay_ms;
	uint64_t count; /* operations that matched */
	uint64_t fired;
};

struct fake_faults {
	atomic_uint of_operation[FAKE_OPERATION_LIST + 1]; /* how many: asked without the lock */
	pthread_mutex_t lock; /* of all else */
	struct fault all[FAULTS_MAX];
	size_t len;
	unsigned int last_number;
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

static int parse_fault(const char *spec, struct fault *fault, struct vgpu_error *err)
{
	char copy[SPEC_SIZE], *rest = copy, *part;

	*fault = (struct fault){ .probability = 1 };
	if (strlen(spec) >= sizeof(copy))
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "--fault: longer than %d characters", SPEC_SIZE - 1);
	strcpy(copy, spec);
	strcpy(fault->spec, spec);
	if (parse_operation(fault, strsep(&rest, ","), err))
		return -EINVAL;
	while ((part = strsep(&rest, ",")))
		if (parse_property(fault, part, err))
			return -EINVAL;
	if (!fault->errnum && !fault->delay_ms)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "--fault: '%s' says neither errno= nor delay=", spec);
	return 0;
}

/* The list of all of them must fit in one attribute. */
static bool has_room(const struct fake_faults *faults, const struct fault *more)
{
	size_t len = COUNTS_MAX + strlen(more->spec);

	for (size_t i = 0; i < faults->len; i++)
		len += COUNTS_MAX + strlen(faults->all[i].spec);
	return faults->len < FAULTS_MAX && len <= FAKE_FAULTS_TEXT_MAX;
}

int fake_faults_add(struct fake_faults *faults, const char *spec, struct vgpu_error *err)
{
	struct fault fault;
	int ret = parse_fault(spec, &fault, err);

	if (ret)
		return ret;
	pthread_mutex_lock(&faults->lock);
	if (has_room(faults, &fault)) {
		fault.number = ++faults->last_number;
		faults->all[faults->len++] = fault;
		atomic_fetch_add(&faults->of_operation[fault.operation], 1);
	} else {
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				     "--fault: too many, there are %zu already", faults->len);
	}
	pthread_mutex_unlock(&faults->lock);
	return ret;
}

/* Takes the fault of that number out, with 0 all of them. */
static int clear(struct fake_faults *faults, unsigned int number)
{
	size_t kept = 0, len;

	pthread_mutex_lock(&faults->lock);
	len = faults->len;
	for (size_t i = 0; i < len; i++) {
		if (!number || faults->all[i].number == number)
			atomic_fetch_sub(&faults->of_operation[faults->all[i].operation], 1);
		else
			faults->all[kept++] = faults->all[i];
	}
	faults->len = kept;
	pthread_mutex_unlock(&faults->lock);
	return number && kept == len ? -ENOENT : 0;
}

ssize_t fake_faults_print(struct fake_faults *faults, char text[FAKE_FAULTS_TEXT_MAX])
{
	char line[COUNTS_MAX + SPEC_SIZE];
	size_t len = 0;

	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->len; i++) {
		const struct fault *fault = &faults->all[i];
		size_t line_len =
			(size_t)snprintf(line, sizeof(line), "%u matched=%llu fired=%llu %s\n",
					 fault->number, (unsigned long long)fault->count,
					 (unsigned long long)fault->fired, fault->spec);

		if (line_len > FAKE_FAULTS_TEXT_MAX - len)
			break;
		memcpy(text + len, line, line_len);
		len += line_len;
	}
	pthread_mutex_unlock(&faults->lock);
	return (ssize_t)len;
}

int fake_faults_command(struct fake_faults *faults, const char *line)
{
	char copy[SPEC_SIZE + 8], *word = copy, *rest;
	unsigned long long number = 0;

	if (strlen(line) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, line);
	copy[strcspn(copy, "\n")] = '\0';
	rest = strchr(copy, ' ');
	if (rest)
		*rest++ = '\0';
	if (!strcmp(word, "add") && rest)
		return fake_faults_add(faults, rest, NULL);
	if (strcmp(word, "clear") ||
	    (rest && (!parse_number(rest, UINT32_MAX, &number) || !number)))
		return -EINVAL;
	return clear(faults, (unsigned int)number);
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
	return faults &&
	       atomic_load_explicit(&faults->of_operation[operation], memory_order_relaxed);
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
			fault->fired++;
			verdict.errnum = fault->errnum;
			verdict.delay_ms = fault->delay_ms;
			decided = true;
		}
	}
	pthread_mutex_unlock(&faults->lock);
	return verdict;
}
