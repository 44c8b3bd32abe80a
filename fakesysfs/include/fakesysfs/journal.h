/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a fake host has, in a file: a line for each change, written before anybody can see the
 * change. Whoever serves the host may be killed at any moment; the next one reads the file.
 *
 * Each line ends with a checksum. A last line that is not whole counts as not written: the change
 * was not seen, and the request that was to make it has not been answered.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

#include "tree.h"

struct fake_host;
struct fake_journal;

/** Is this request still without an answer? Asked of requests whose process was killed. */
typedef bool (*fake_journal_in_flight)(void *data, uint64_t request);

/**
 * Opens the file, or makes it, for a host of that kernel with these parents (as --gpu has them, in
 * order). It is this process' alone until it is closed. NULL with @err filled: the file is of another
 * host, belongs to another process, or is no journal.
 */
struct fake_journal *fake_journal_open(const char *path, unsigned int kernel,
				       const char *const *parents, size_t parents_len,
				       fake_journal_in_flight in_flight, void *in_flight_data,
				       struct vgpu_error *err);
void fake_journal_destroy(struct fake_journal *journal);
VGPU_DEFINE_DESTROYP(fake_journal)

/**
 * What a journal says of its host, to make the same one: the kernel's version, and calls @each with
 * each parent. 0, -ENOENT if there is no such file yet, or another negative errno with @err filled.
 */
int fake_journal_host(const char *path, unsigned int *kernel,
		      int (*each)(void *data, const char *parent), void *data,
		      struct vgpu_error *err);

/**
 * Follows the host. To be called before anybody else observes it, so that what others see has been
 * put down.
 */
void fake_journal_follow(struct fake_journal *journal, struct fake_host *host);
/**
 * Makes again what the file says: on a host that has its parents and nothing else, and the tree of
 * it. In two steps: first what is settled, then, with @unsettled, what came at the same time as
 * requests in flight and later: of this, clients may not have been told. 0 or a negative errno.
 */
int fake_journal_restore(struct fake_journal *journal, struct fake_host *host,
			 struct fake_tree *tree, bool unsettled, struct vgpu_error *err);

/** From now on, the calling thread works for this request; 0: for none. */
void fake_journal_set_request(uint64_t request);
/** Of fake_journal_done(): a write or a change of attributes has been put down. */
#define FAKE_JOURNAL_WROTE (1U << 31)
/** What a request in flight has done already, as bits by enum fake_host_event. */
unsigned int fake_journal_done(struct fake_journal *journal, uint64_t request);
/** Puts down a write that must be done again, or a node's mode and owner. */
void fake_journal_wrote(struct fake_journal *journal, uint64_t ino, enum fake_keep keep,
			const void *data, size_t len);
void fake_journal_attributes(struct fake_journal *journal, const struct fake_node *node);
/** The first error of writing the file, a positive errno, or 0. */
int fake_journal_error(struct fake_journal *journal);
