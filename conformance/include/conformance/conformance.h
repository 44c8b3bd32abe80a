/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One behaviour suite for any sysfs with an mdev parent: a real kernel's, a fake one that is mounted, and
 * one that is no file system at all. What it expects comes from the kernel's documents, source and
 * recordings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * A tree under test: what every client of sysfs does. Paths begin with options.sysfs. All return what
 * the system call does, or a negative errno.
 */
struct conformance_tree {
	/** One write of a file that is opened for it: how many bytes were taken. */
	ssize_t (*put)(void *data, const char *path, const void *bytes, size_t len);
	/** One read of a file that is opened for it. */
	ssize_t (*get)(void *data, const char *path, char *out, size_t size);
	/** A link's text, without a NUL. */
	ssize_t (*link)(void *data, const char *path, char *out, size_t size);
	/** Calls @each for all names but "." and "..", in the tree's order. */
	int (*list)(void *data, const char *path, void (*each)(void *to, const char *name),
		    void *to);
	/** 0 if there is such a name, of a link too. */
	int (*exists)(void *data, const char *path);
	bool file_system; /* the paths are for other system calls, too: descriptors, modes, users */
	void *data;
};

/** The kernel's: system calls. */
extern const struct conformance_tree conformance_kernel_tree;

/** The kinds of parent that a case may be of. */
enum conformance_kind {
	CONFORMANCE_GVTG = 1 << 0,
	CONFORMANCE_MTTY = 1 << 1,
	CONFORMANCE_MDPY = 1 << 2,
	CONFORMANCE_MBOCHS = 1 << 3,
	CONFORMANCE_NVIDIA = 1 << 4,
	CONFORMANCE_CCW = 1 << 5, /* s390 */
	CONFORMANCE_AP = 1 << 6,
};

/** What a case needs besides a parent; one that lacks it does not apply. */
enum conformance_need {
	CONFORMANCE_USERS = 1 << 0, /* root that can become another user */
	CONFORMANCE_VFIO = 1 << 1, /* a device can be opened */
	CONFORMANCE_UEVENTS = 1 << 2, /* the tree is this network namespace's */
	CONFORMANCE_OTHER_PARENT = 1 << 3, /* a second parent */
	CONFORMANCE_ROOT = 1 << 4, /* root of the first user namespace */
	/* what follows needs no word in a row: the script says so */
	CONFORMANCE_FILE_SYSTEM = 1 << 5, /* an operation on descriptors, modes, ... */
	CONFORMANCE_TWO_TYPES = 1 << 6, /* the name of a second type's file */
	CONFORMANCE_SEVERAL = 1 << 7, /* the UUID of a second vGPU */
	CONFORMANCE_FILL = 1 << 8, /* as many vGPUs as fit */
};

/**
 * A case: a row. @script is steps, "OPERATION ARGUMENT... = RESULT; ...", as README.md says. All
 * vGPUs that a case leaves are removed after it.
 */
struct conformance_case {
	const char *name;
	const char *source; /* of the expectation */
	const char *script;
	unsigned int kinds; /* bits of enum conformance_kind; 0: all */
	unsigned int needs; /* bits of enum conformance_need */
	unsigned int aperture_mib; /* of GVT-g; 0: any */
};

/** A table of cases: one file each. */
struct conformance_table {
	const char *title;
	const struct conformance_case *cases;
	size_t cases_len;
};

extern const struct conformance_table *const conformance_tables[];
extern const size_t conformance_tables_len;

#define CONFORMANCE_LINUX(major, minor) ((major)*1000 + (minor))

/** A difference between the fake and the kernel that is known, and why it stays. */
struct conformance_accepted {
	const char *name; /* of the case */
	const char *why;
	unsigned int
		ends; /* the Linux below the fake with which it does, CONFORMANCE_LINUX(); 0: none does */
};
extern const struct conformance_accepted conformance_accepted[];
extern const size_t conformance_accepted_len;

enum conformance_verdict {
	CONFORMANCE_SAME,
	CONFORMANCE_ACCEPTED, /* different, and in the list */
	CONFORMANCE_DIFFERENT, /* or in the list, yet the same */
	CONFORMANCE_NOT_HERE, /* does not apply to this parent or this caller */
	CONFORMANCE_VERDICTS,
};

struct conformance_result {
	const struct conformance_table *table;
	const struct conformance_case *row;
	enum conformance_verdict verdict;
	char why[768]; /* empty if it is the same */
};

struct conformance_options {
	const struct conformance_tree *tree;
	const char *sysfs; /* where the tree is: "/sys" */
	const char *vfio; /* "/dev/vfio", or NULL: devices cannot be opened */
	const char *parent; /* name in class/mdev_bus; NULL: the first */
	const char *only; /* fnmatch(3) pattern of cases' names; NULL: all */
	bool fake; /* the list of accepted differences holds */
	bool uevents; /* the tree's kernel uevents reach this process */
};

/**
 * Runs the cases and tells @each of them. The parent must have no vGPUs, nor has it any afterwards.
 * Returns the number of unexplained differences, or a negative errno with @why saying what is
 * wrong with the tree.
 */
int conformance_run(const struct conformance_options *options,
		    void (*each)(void *data, const struct conformance_result *result), void *data,
		    char *why, size_t why_size);

/** "same", "accepted", "different", "not here". */
const char *conformance_verdict_name(enum conformance_verdict verdict);
