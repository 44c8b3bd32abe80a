/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the parts of the suite share: the parent under test, a running case, operations.
 */

#include <conformance/conformance.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { TEXT_MAX = 6000, ARGS_MAX = 8, HANDLES = 8, PATH_LEN = 512 };

/** What a kind of parent is called, and which errno says that it is full. */
struct suite_kind {
	enum conformance_kind kind;
	const char *driver; /* prefix of the type names */
	const char *mdev_driver;
	const char *types
		[2]; /* endings of the names of the types that cases use; NULL: has one alone */
	const char *api; /* device_api */
	const char *group; /* of attributes in a device; NULL: none */
	const char *full;
	bool fake_opens; /* the fake has a model of its devices */
	const char *module;
};

/** The parent under test. */
struct suite_parent {
	const struct conformance_options *options;
	const struct conformance_tree *tree;
	const struct suite_kind *kind;
	char name[64]; /* "0000:00:02.0" */
	char dir[PATH_LEN]; /* /sys/devices/... */
	char types[2][128]; /* "i915-GVTg_V5_8" */
	char other_create[PATH_LEN]; /* a create file of another parent; "" if there is none */
	char available[2][16]; /* when there are no vGPUs */
	unsigned int aperture_mib; /* 0: not GVT-g */
	unsigned int needs; /* what is here, bits of enum conformance_need */
};

/** A write in the background. */
struct suite_background {
	pthread_t thread;
	const struct suite_parent *parent;
	bool started, done;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char path[PATH_LEN];
	int fd; /* -1: the path is opened */
	char bytes[64];
	ssize_t result;
};

/** A case that runs: its descriptors live until its end. */
struct suite_run {
	const struct suite_parent *parent;
	int handles[HANDLES]; /* named a to h; -1: closed */
	struct suite_background background[2]; /* of `later`, of `try` */
	char out[TEXT_MAX]; /* the result of the last operation */
};

/** Bytes with zeros in them. */
struct suite_bytes {
	char data[16384];
	size_t len;
};

/**
 * An operation: it leaves its result as text in run->out. The table is sorted by use, not by name.
 */
struct suite_op {
	const char *name;
	int args_min;
	void (*run)(struct suite_run *run, int argc, char **argv);
	unsigned int needs; /* bits of enum conformance_need, beside those of its table */
};

/** Those of any tree, and those of one that is a file system. */
extern const struct suite_op suite_tree_ops[], suite_file_ops[], suite_name_ops[], suite_race_ops[],
	suite_device_ops[];
extern const size_t suite_tree_ops_len, suite_file_ops_len, suite_name_ops_len, suite_race_ops_len,
	suite_device_ops_len;
/* result.c: how results are written */
void suite_say(struct suite_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** A count, or with -1 the name of errno. */
void suite_say_count(struct suite_run *run, long long count);
/** A count, or the name of a negative errno. */
void suite_say_result(struct suite_run *run, long long result);
void suite_say_bytes(struct suite_run *run, const char *data, size_t len);
void suite_unescape(const char *text, struct suite_bytes *out);
bool suite_is_errno(const char *text);

/* script.c */
/** Runs a script. NULL if all is as expected, else the first difference, in @why. */
const char *suite_script_run(struct suite_run *run, const char *script, char *why, size_t size);
/** What the operations and names in a script need, bits of enum conformance_need. */
unsigned int suite_script_needs(const char *script);
/** One operation, already expanded: what a case does, done as another user too. */
void suite_step(struct suite_run *run, int argc, char **argv);

/* parent.c */
int suite_parent_find(const struct conformance_options *options, struct suite_parent *parent,
		      char *why, size_t size);
/** The value of a $NAME, or false. */
bool suite_variable(const struct suite_parent *parent, const char *name, size_t len, char *out,
		    size_t size);
/** Removes all vGPUs of the parent. False if one stays. */
bool suite_clean(const struct suite_parent *parent);

/* tree-ops.c */
/** Opens, writes once, closes: the count or a negative errno. */
ssize_t suite_put(const struct suite_parent *parent, const char *path, const void *data,
		  size_t len);
/** The same with one read; a NUL ends it. */
ssize_t suite_get(const struct suite_parent *parent, const char *path, char *out, size_t size);
/** The text of a link, with a NUL. */
ssize_t suite_link(const struct suite_parent *parent, const char *path, char *out, size_t size);
/** Calls @each for each name in a directory; none if there is no such directory. */
void suite_each(const struct suite_parent *parent, const char *path,
		void (*each)(void *to, const char *name), void *to);

/* files.c */
/** The descriptor of a handle, -1 if it is closed. */
int *suite_handle(struct suite_run *run, const char *name);
