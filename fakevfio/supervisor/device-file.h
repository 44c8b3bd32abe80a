/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Device descriptors: sparse memory files, injected into clients at numbers that the filter knows.
 * A client's mappings of a file are plain memory; when its last descriptor and mapping have gone,
 * inotify says so, and the device is closed.
 */

#include <fakevfio/machine.h>
#include <pthread.h>
#include <sys/types.h>

#include "filter.h"
#include "process.h"

/** A file, made for a device before the client gets it. */
struct fv_backing {
	int fd; /* ours, -1: free; also the name that the machine knows it by */
	int watch;
	dev_t dev;
	ino_t ino;
};

/** A number of the reserved range in use: which device it stands for, and where. */
struct fv_slot {
	int handle; /* 0: free */
	int backing;
	struct fv_process *owner;
};

struct fv_device_files {
	struct fv_machine *machine; /* set by the owner before use */
	int inotify;
	pthread_mutex_t lock; /* of the two tables */
	pthread_mutex_t injecting; /* held while we have a copy of what a client has got already */
	pthread_mutex_t reaping; /* taken before lock; held while the machine closes devices */
	struct fv_backing backings[FV_DEVICE_NUMBERS];
	struct fv_slot slots[FV_DEVICE_NUMBERS];
};

/** 0 or a negative errno. */
int fv_device_files_init(struct fv_device_files *files);
void fv_device_files_finish(struct fv_device_files *files);

/** As in struct fv_machine_ops. */
int fv_device_files_create(struct fv_device_files *files, uint64_t len);
void fv_device_files_destroy(struct fv_device_files *files, int backing);

/**
 * Gives the stopped caller a descriptor of device @handle, which ends its call. On failure the
 * call goes on, the device is not open, and a negative errno is returned.
 */
int fv_device_files_inject(struct fv_device_files *files, int listener,
			   const union fv_notification *notification, struct fv_process *owner,
			   int handle, int backing, bool cloexec);

/**
 * Gives the stopped caller, a process @owner, another number for its descriptor @fd of a device: one of
 * ours, from @first on. That ends its call, but on failure: a negative errno.
 */
int fv_device_files_copy(struct fv_device_files *files, int listener,
			 const union fv_notification *notification, const struct fv_process *owner,
			 int fd, int first, bool cloexec);

/**
 * The device behind descriptor @number of the caller: its handle, with @owner set to a reference;
 * 0 if the number is not in use, or not by this caller's process.
 */
int fv_device_files_find(struct fv_device_files *files, int number, pid_t tid,
			 struct fv_process **owner);
/** The device that @fd, any descriptor of ours, is a file of: its handle, or 0. */
int fv_device_files_identify(struct fv_device_files *files, int fd);

/** Closes the devices whose last descriptor has gone. Call it when the inotify fd is readable. */
void fv_device_files_reap(struct fv_device_files *files);
