/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What fuse.c (the session and its threads) and fuse-ops.c (the requests) share.
 */

#define FUSE_USE_VERSION 312

#include <fakesysfs/faults.h>
#include <fakesysfs/fuse.h>
#include <fakesysfs/tree.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "hash.h"

/**
 * What a client has open. The kernel keeps its number, not its address: the process that opened it
 * may have been killed, and another one serves.
 */
struct fake_fuse_handle {
	struct fake_hash_node by_id;
	uint64_t id;
	void (*destroy)(struct fake_fuse *fuse, struct fake_fuse_handle *handle);
};

enum { FAKE_SLOTS = 64 }; /* threads, where requests outlive their process */

struct fake_fuse {
	struct fake_fuse_options options;
	struct fuse_session *session;
	uint64_t root; /* the tree's node that the mount's root shows */
	uint64_t process; /* with slots: which one this is of those that have served, from 1 */
	struct timespec born; /* every node's times */
	bool mounted;

	pthread_mutex_t
		notices_lock; /* held while the kernel is told, where a notifier does that */
	bool notices_deferred; /* the kernel is told before the first answer that depends on it */
	struct fake_notices *notices;
	uint32_t notices_told; /* how often the notifier was asked */

	pthread_mutex_t lock; /* of what follows */
	size_t slot_order[FAKE_SLOTS]; /* those with unanswered requests first */
	size_t slots_taken;
	struct fake_hash handles; /* open files and directories, by id */
	uint64_t last_handle;
	pthread_t *threads;
	size_t threads_len;
	size_t followers; /* threads that wait for the lead, or have been given it just now */
	unsigned int releasing; /* ends of open VFIO nodes that are under way */
	pthread_cond_t released;

	sem_t lead; /* 1 while nobody leads: it wakes one follower and has no lock to be waited for */
	atomic_bool stopping;
	sem_t ended; /* posted when the mount has gone, or by fake_fuse_stop() */
};

/* FUSE's root is number 1; the tree's is, too, but may lie above what is mounted. */
static inline uint64_t fake_fuse_to_tree(const struct fake_fuse *fuse, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? fuse->root : ino;
}

static inline fuse_ino_t fake_fuse_from_tree(const struct fake_fuse *fuse, uint64_t ino)
{
	return ino == fuse->root ? FUSE_ROOT_ID : ino;
}

/** Before a handler does what may block: lets another thread take the requests that follow. */
void fake_fuse_hand_over(struct fake_fuse *fuse);

/** S_IFDIR, S_IFLNK or S_IFREG. */
mode_t fake_fuse_type(const struct fake_node *node);

/** 0, or the negative errno that this request shall end with. May wait first. fuse-faults.c */
int fake_fuse_fault(fuse_req_t req, fuse_ino_t ino, enum fake_operation operation);

/* fuse-handles.c */
/** Gives @handle a number: @id, which a process before us gave, or 0 for a new one. 0, or -ENOMEM. */
int fake_fuse_add_handle(struct fake_fuse *fuse, struct fake_fuse_handle *handle, uint64_t id);
/**
 * The handle of that number, or NULL: a process before us opened the file. It stays until its file is
 * closed.
 */
struct fake_fuse_handle *fake_fuse_find_handle(struct fake_fuse *fuse, uint64_t id);
/** Takes it out and destroys it. */
void fake_fuse_end_handle(struct fake_fuse *fuse, struct fake_fuse_handle *handle);
/** Ends what clients have left open when the mount has gone. */
void fake_fuse_end_handles(struct fake_fuse *fuse);

/* fuse-notices.c: what the kernel must forget */
extern const struct fake_tree_watcher fake_fuse_watcher;
/** From now on they are kept until they are flushed. 0, or -ENOMEM. */
int fake_fuse_defer_notices(struct fake_fuse *fuse);
void fake_fuse_flush_notices(struct fake_fuse *fuse);
void fake_fuse_forget_notices(struct fake_fuse *fuse);

/* fuse-resume.c: requests that outlive their process */
/** A slot's buffer, for libfuse to receive a request in. */
char *fake_slot_buffer(struct fake_fuse_slots *slots, size_t slot);
/** The length of the unanswered request in it, or 0. */
size_t fake_slot_pending(struct fake_fuse_slots *slots, size_t slot);
/** Makes it ready for receiving: empty, its pages there. */
void fake_slot_prepare(struct fake_fuse_slots *slots, size_t slot);
/** The nth slot to be used: those with requests first. */
size_t fake_slot_nth(struct fake_fuse_slots *slots, size_t n);
/** A number for this process, 1 and up. */
uint64_t fake_slots_enter(struct fake_fuse_slots *slots);
const struct timespec *fake_slots_born(const struct fake_fuse_slots *slots);
/** Lets libfuse know what the kernel told the process before us when it mounted. */
void fake_fuse_introduce(struct fake_fuse *fuse);
/** Processes what is in @slot's buffer; @again: a process before us may have begun to. */
void fake_fuse_process(struct fake_fuse *fuse, size_t slot, struct fuse_buf *buffer, bool again);
/** What the request that this thread works at did when it was processed before. */
unsigned int fake_fuse_done(struct fake_fuse *fuse);
/** The outcome that it left when it was processed before, perhaps answered; false if none. */
bool fake_fuse_outcome(struct fake_fuse *fuse, ssize_t *outcome);
/** Leaves it, before it is answered. */
void fake_fuse_set_outcome(struct fake_fuse *fuse, ssize_t outcome);

/* fuse-directories.c */
void fake_fuse_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fake_fuse_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void fake_fuse_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi);
void fake_fuse_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

/* fuse-refusals.c */
void fake_fuse_refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			    dev_t dev);
void fake_fuse_refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
			     struct fuse_file_info *fi);
void fake_fuse_refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void fake_fuse_refuse_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void fake_fuse_refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
			      const char *name);
void fake_fuse_refuse_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void fake_fuse_refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
			     fuse_ino_t new_parent, const char *new_name, unsigned int flags);

extern const struct fuse_lowlevel_ops fake_fuse_ops;
