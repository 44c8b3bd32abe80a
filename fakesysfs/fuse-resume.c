/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that outlive the process which serves them. Each thread has a slot, whose buffer begins
 * with the header of the request that it works at, or with zeros.
 *
 * A process may be killed before a request is read (the kernel still has it), after it was read (it
 * is in the slot), or after it was answered and before the slot was cleared (a second answer is
 * refused with ENOENT). What must not be done twice leaves its outcome in the slot before it is
 * answered: even an error, for at a second attempt there might be none.
 */

#include <errno.h>
#include <fakesysfs/journal.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuse-impl.h"

enum {
	/* a write of 1 MiB and its headers, in whole pages */
	SLOT_SIZE = (1 << 20) + 65536,
	PREFAULTED =
		16384, /* so that the kernel need not, when we are being killed: -EIO otherwise */
	INIT_MAX = 256,
	HEAD_SIZE = 8192,
	ATTEMPTS_MAX =
		25, /* a request that kills everybody who processes it is answered with EIO */
};

struct fake_fuse_slots {
	struct timespec born;
	atomic_uint init_len;
	char init[INIT_MAX]; /* the kernel's first request, which comes once */
	_Atomic uint64_t processes, answered;
	atomic_uint attempts[FAKE_SLOTS];
	_Atomic int64_t outcomes[FAKE_SLOTS]; /* 0: none yet, or the outcome and OUTCOME */
};

#define OUTCOME (INT64_C(1) << 32)

static _Thread_local struct {
	uint64_t request;
	size_t slot;
	bool again;
} current;

struct fake_fuse_slots *fake_fuse_slots_create(void)
{
	struct fake_fuse_slots *slots =
		mmap(NULL, HEAD_SIZE + (size_t)FAKE_SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	_Static_assert(sizeof(*slots) <= HEAD_SIZE, "slots begin on a page");
	if (slots == MAP_FAILED)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &slots->born);
	return slots;
}

void fake_fuse_slots_destroy(struct fake_fuse_slots *slots)
{
	if (slots)
		munmap(slots, HEAD_SIZE + (size_t)FAKE_SLOTS * SLOT_SIZE);
}

bool fake_fuse_slots_used(const struct fake_fuse_slots *slots)
{
	return atomic_load(&slots->init_len) > 0;
}

uint64_t fake_fuse_slots_answered(const struct fake_fuse_slots *slots)
{
	return atomic_load(&slots->answered);
}

uint64_t fake_slots_enter(struct fake_fuse_slots *slots)
{
	return atomic_fetch_add(&slots->processes, 1) + 1;
}

const struct timespec *fake_slots_born(const struct fake_fuse_slots *slots)
{
	return &slots->born;
}

char *fake_slot_buffer(struct fake_fuse_slots *slots, size_t slot)
{
	return (char *)slots + HEAD_SIZE + slot * SLOT_SIZE;
}

static struct fuse_in_header *header_of(struct fake_fuse_slots *slots, size_t slot)
{
	return (struct fuse_in_header *)fake_slot_buffer(slots, slot);
}

static bool wants_answer(const struct fuse_in_header *header)
{
	return header->unique && header->len >= sizeof(*header) && header->len <= SLOT_SIZE &&
	       header->opcode != FUSE_INIT && header->opcode != FUSE_FORGET &&
	       header->opcode != FUSE_BATCH_FORGET && header->opcode != FUSE_INTERRUPT;
}

size_t fake_slot_pending(struct fake_fuse_slots *slots, size_t slot)
{
	const struct fuse_in_header *header = header_of(slots, slot);

	return wants_answer(header) ? header->len : 0;
}

bool fake_fuse_slots_in_flight(void *data, uint64_t request)
{
	struct fake_fuse_slots *slots = data;

	for (size_t i = 0; i < FAKE_SLOTS; i++)
		if (header_of(slots, i)->unique == request && fake_slot_pending(slots, i))
			return true;
	return false;
}

size_t fake_slot_nth(struct fake_fuse_slots *slots, size_t n)
{
	size_t pending = 0, i;

	for (i = 0; i < FAKE_SLOTS; i++)
		if (fake_slot_pending(slots, i) && pending++ == n)
			return i;
	for (i = 0; i < FAKE_SLOTS; i++)
		if (!fake_slot_pending(slots, i) && pending++ == n)
			return i;
	return FAKE_SLOTS;
}

static void clear(struct fake_fuse_slots *slots, size_t slot)
{
	/* this alone makes it an empty one */
	((volatile struct fuse_in_header *)header_of(slots, slot))->len = 0;
	memset(header_of(slots, slot), 0, sizeof(struct fuse_in_header));
	atomic_store(&slots->attempts[slot], 0);
	atomic_store(&slots->outcomes[slot], 0);
}

void fake_fuse_introduce(struct fake_fuse *fuse)
{
	struct fake_fuse_slots *slots = fuse->options.slots;
	struct fuse_buf buffer = { .size = atomic_load(&slots->init_len), .mem = slots->init };

	if (buffer.size)
		fuse_session_process_buf(fuse->session, &buffer);
}

/* It comes once for a mount; who serves later must know it, too. */
static void keep_init(struct fake_fuse_slots *slots, const struct fuse_buf *buffer)
{
	const struct fuse_in_header *header = buffer->mem;

	if (header->opcode != FUSE_INIT || buffer->size > INIT_MAX)
		return;
	memcpy(slots->init, buffer->mem, buffer->size);
	atomic_store(&slots->init_len, (unsigned int)buffer->size);
}

static void refuse(struct fake_fuse *fuse, const struct fuse_in_header *header)
{
	struct fuse_out_header answer = {
		.len = sizeof(answer),
		.error = -EIO,
		.unique = header->unique,
	};

	if (write(fuse_session_fd(fuse->session), &answer, sizeof(answer)) < 0)
		return; /* it has been answered after all */
}

void fake_fuse_process(struct fake_fuse *fuse, size_t slot, struct fuse_buf *buffer, bool again)
{
	struct fake_fuse_slots *slots = fuse->options.slots;
	const struct fuse_in_header *header = buffer->mem;

	keep_init(slots, buffer);
	current.request = header->unique;
	current.slot = slot;
	current.again = again;
	fake_journal_set_request(header->unique);
	if (again && atomic_fetch_add(&slots->attempts[slot], 1) >= ATTEMPTS_MAX)
		refuse(fuse, header);
	else
		fuse_session_process_buf(fuse->session, buffer);
	fake_journal_set_request(0);
	current.request = 0;
	atomic_fetch_add(&slots->answered, 1);
	clear(slots, slot);
}

unsigned int fake_fuse_done(struct fake_fuse *fuse)
{
	return current.again ? fake_journal_done(fuse->options.journal, current.request) : 0;
}

bool fake_fuse_outcome(struct fake_fuse *fuse, ssize_t *outcome)
{
	int64_t left = atomic_load(&fuse->options.slots->outcomes[current.slot]);

	if (!current.again || !left)
		return false;
	*outcome = (ssize_t)(left - OUTCOME);
	return true;
}

void fake_fuse_set_outcome(struct fake_fuse *fuse, ssize_t outcome)
{
	atomic_store(&fuse->options.slots->outcomes[current.slot], outcome + OUTCOME);
}

void fake_slot_prepare(struct fake_fuse_slots *slots, size_t slot)
{
	char *buffer = fake_slot_buffer(slots, slot);

	clear(slots, slot);
	/* writable pages, whatever is in them */
	for (size_t i = 0; i < PREFAULTED; i += 4096)
		((volatile char *)buffer)[i] = 0;
}
