/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the supervisor share. */

#include <fakevfio/machine.h>
#include <fakevfio/supervisor.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "clock.h"
#include "copier.h"
#include "device-file.h"
#include "exporter.h"
#include "identity.h"
#include "notification.h"
#include "permission.h"
#include "process.h"

enum { FV_WORKERS_MAX = 16, FV_MEMORIES_MAX = 1024 };

/**
 * The threads that answer. One at a time, the leader, waits for a call; before it does anything
 * that may take long it makes another one the leader, so that no client waits for another's work.
 */
struct fv_workers {
	pthread_t threads[FV_WORKERS_MAX];
	size_t threads_len;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool led; /* some thread is the leader */
	size_t followers;
	size_t ended;
	bool stopping;
};

/** An address space that guest memory lies in, and by how many mappings. */
struct fv_memory {
	struct fv_process *process; /* NULL: free */
	unsigned int users;
};

struct fv_supervisor {
	struct fake_host *host;
	struct fake_tree *tree; /* NULL: character devices are not answered */
	struct fv_machine *machine;
	int listener;
	dev_t nodes_dev;
	struct fv_owners owners; /* who owns these nodes */
	const char *kernel_log; /* what syslog(2) reads; NULL: the machine's own */
	fv_log_function *log;
	void *log_data;
	struct fv_processes processes;
	struct fv_device_files files;
	struct fv_identity identity;
	struct fv_exporter exporter;
	struct fv_clock clock;
	struct fv_copier copier;
	struct fv_workers workers;
	pthread_mutex_t memories_lock;
	struct fv_memory memories[FV_MEMORIES_MAX]; /* by id - 1 */
	pthread_mutex_t nodes_lock;
	pthread_cond_t node_released;
	atomic_bool copy_told; /* once: it is the program's habit */
	uint64_t log_window_ns;
	unsigned int log_lines;
	pthread_mutex_t log_lock;
};

/** The client of the machine's callbacks: one stopped call. */
struct fv_trap {
	struct fv_supervisor *supervisor;
	const union fv_notification *notification;
	struct fv_process *process;
};

extern const struct fv_machine_ops fv_supervisor_machine_ops;

/** Which open node or device the descriptor @fd of the caller is: a handle, or 0: none of ours. */
int fv_trap_identify(struct fv_trap *trap, int fd);

/** Answers one stopped call, in whatever way. */
void fv_supervisor_answer(struct fv_supervisor *supervisor,
			  const union fv_notification *notification);
/** Lets another thread wait for calls while this one is busy. */
void fv_workers_promote(struct fv_supervisor *supervisor);

int fv_workers_start(struct fv_supervisor *supervisor);
void fv_workers_stop(struct fv_supervisor *supervisor);

void fv_supervisor_log(struct fv_supervisor *supervisor, const char *line);
