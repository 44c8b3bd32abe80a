/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What journal.c (following and making again), journal-file.c and journal-compact.c share.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "journal-record.h"

/** Records that were read from a file. */
struct fake_records {
	struct fake_record *all;
	size_t len, max;
};

struct fake_journal {
	pthread_mutex_t lock; /* of what follows */
	int fd; /* for appending; locked */
	char *path;
	char *header; /* the file's first lines: whose journal it is */
	size_t lines; /* records in the file */
	size_t settled_lines; /* how many there were after the file was last written anew */
	int error;

	fake_journal_in_flight in_flight;
	void *in_flight_data;
	struct fake_records loaded; /* until they are restored */
	size_t restored; /* how many of them */
	struct fake_records done; /* those of requests in flight */
	struct fake_host *host; /* that is followed */
	atomic_bool restoring; /* what happens now has been put down already */
};

/* journal-file.c */
/** Opens and locks the file, makes it if need be. A descriptor, or a negative errno with @err filled. */
int fake_journal_open_file(const char *path, const char *header, struct vgpu_error *err);
/**
 * Reads all of an open file. @torn: the last line was not whole, and is left out. 0, or a negative
 * errno with @err filled.
 */
int fake_journal_read(int fd, const char *path, const char *header, struct fake_records *out,
		      bool *torn, struct vgpu_error *err);
/** Puts another file in its place. The new descriptor, or a negative errno: the old one stays. */
int fake_journal_replace(const char *path, const char *header, const struct fake_records *records);

int fake_records_add(struct fake_records *records, const struct fake_record *record);
void fake_records_finish(struct fake_records *records);

/* journal-compact.c */
/**
 * Takes out what does not matter any more: vGPUs that have gone, writes that others followed. What
 * belongs to a request in flight stays.
 */
void fake_records_compact(struct fake_records *records, fake_journal_in_flight in_flight,
			  void *data);
