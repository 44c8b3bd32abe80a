/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that shall fail or be late: asked for before the tree is.
 */

#include <errno.h>
#include <time.h>

#include "fuse-impl.h"

enum { PATH_SIZE = 512, SLICE_MS = 20 };

/* Waits, while other threads take the requests that follow. -EINTR if the client does not. */
static int wait_ms(struct fake_fuse *fuse, fuse_req_t req, unsigned int delay_ms)
{
	fake_fuse_hand_over(fuse);
	for (unsigned int slice; delay_ms; delay_ms -= slice) {
		slice = delay_ms < SLICE_MS ? delay_ms : SLICE_MS;
		if (atomic_load(&fuse->stopping) || fuse_req_interrupted(req))
			return -EINTR;
		nanosleep(&(struct timespec){ .tv_nsec = (long)slice * 1000000L }, NULL);
	}
	return 0;
}

int fake_fuse_fault(fuse_req_t req, fuse_ino_t ino, enum fake_operation operation)
{
	struct fake_fuse *fuse = fuse_req_userdata(req);
	struct fake_fault_verdict verdict;
	char path[PATH_SIZE];
	int ret = 0;

	/* what is not below /sys has no path: a fault in what takes faults away would stay for ever */
	if (!fake_faults_any(fuse->options.faults, operation) ||
	    fake_tree_path(fuse->options.tree, fake_fuse_to_tree(fuse, ino), path, sizeof(path)))
		return 0;
	verdict = fake_faults_ask(fuse->options.faults, operation, path);
	if (verdict.delay_ms)
		ret = wait_ms(fuse, req, verdict.delay_ms);
	return ret ? ret : -verdict.errnum;
}
