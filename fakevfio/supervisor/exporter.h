/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Makes genuine DMA-BUFs, which other drivers can import. By the first way that this machine has:
 * vgem's dumb buffers (which Mesa's software renderer can import), udmabuf, any card's dumb buffers.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FV_BUFFERS_MAX = 256 };

struct fv_exporter;
struct fv_exporter_impl;

struct fv_buffer {
	int fd; /* the DMA-BUF; -1: free */
	void *memory;
	size_t len;
	long references; /* of it when nobody but us had it */
};

struct fv_exporter {
	pthread_mutex_t lock;
	bool tried;
	const struct fv_exporter_impl *impl; /* NULL: there is no way */
	int device;
	struct fv_buffer buffers[FV_BUFFERS_MAX]; /* by id - 1 */
};

void fv_exporter_init(struct fv_exporter *exporter);
void fv_exporter_finish(struct fv_exporter *exporter);

/** As in struct fv_machine_ops. */
bool fv_exporter_can_export(struct fv_exporter *exporter);
int fv_exporter_create(struct fv_exporter *exporter, uint64_t len, void **memory);
bool fv_exporter_used(struct fv_exporter *exporter, int buffer);
/* a descriptor, to be closed */
int fv_exporter_hold(struct fv_exporter *exporter, int buffer);
void fv_exporter_destroy_buffer(struct fv_exporter *exporter, int buffer);
