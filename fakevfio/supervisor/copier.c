/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "copier.h"

#include "clock.h"

/* To wake a thread takes as long as to copy some 100 KiB. */
#define SHARED_MIN_LEN ((size_t)1 << 20)
/* What is taken at a time: large beside the system calls, small beside a picture. */
#define PART_LEN ((size_t)256 << 10)

/* Longer than a part takes. To sleep and to be woken would take as long. */
#define PATIENCE_NS 100000ull

enum { PART_PIECES = 64 };

void fv_copier_init(struct fv_copier *copier)
{
	*copier = (struct fv_copier){ .avoided = -1 };
	pthread_mutex_init(&copier->lock, NULL);
	pthread_cond_init(&copier->changed, NULL);
}

/* The next part that nobody has taken. How many pieces; 0: there is none. */
static size_t take(struct fv_copier *copier, struct fv_copy *copy,
		   struct fv_memory_iov pieces[PART_PIECES])
{
	size_t len = 0, room = PART_LEN;

	pthread_mutex_lock(&copier->lock);
	while (copy->iov_len && len < PART_PIECES && room) {
		size_t rest = copy->iov->len - copy->taken, part = rest < room ? rest : room;

		pieces[len] = (struct fv_memory_iov){
			.vaddr = copy->iov->vaddr + copy->taken,
			.buffer = (char *)copy->iov->buffer + copy->taken,
			.len = part,
		};
		len++;
		room -= part;
		copy->taken += part;
		if (part < rest)
			break;
		copy->iov++;
		copy->iov_len--;
		copy->taken = 0;
	}
	pthread_mutex_unlock(&copier->lock);
	return len;
}

/* Takes parts until none is left. */
static void carry_out(struct fv_copier *copier, struct fv_copy *copy)
{
	struct fv_memory_iov pieces[PART_PIECES];
	size_t len;

	while ((len = take(copier, copy, pieces))) {
		int rc = fv_process_readv(copy->process, pieces, len);

		if (!rc)
			continue;
		pthread_mutex_lock(&copier->lock);
		copy->result = rc;
		copy->iov_len = 0;
		pthread_mutex_unlock(&copier->lock);
	}
}

static void *run(void *data)
{
	struct fv_copier *copier = data;

	pthread_setname_np(pthread_self(), "vfio-copier");
	pthread_mutex_lock(&copier->lock);
	while (!copier->stopping) {
		struct fv_copy *copy = copier->copy;

		if (!copy) {
			pthread_cond_wait(&copier->changed, &copier->lock);
			continue;
		}
		copier->helping = true;
		pthread_mutex_unlock(&copier->lock);
		carry_out(copier, copy);
		pthread_mutex_lock(&copier->lock);
		copier->helping = false;
		copier->copy = NULL;
		pthread_cond_broadcast(&copier->changed);
	}
	pthread_mutex_unlock(&copier->lock);
	return NULL;
}

int fv_copier_start(struct fv_copier *copier)
{
	int rc;

	if (sched_getaffinity(0, sizeof(copier->processors), &copier->processors) ||
	    CPU_COUNT(&copier->processors) < 2)
		return 0;
	rc = pthread_create(&copier->thread, NULL, run, copier);
	copier->started = !rc;
	return -rc;
}

void fv_copier_finish(struct fv_copier *copier)
{
	pthread_mutex_lock(&copier->lock);
	copier->stopping = true;
	pthread_cond_broadcast(&copier->changed);
	pthread_mutex_unlock(&copier->lock);
	if (copier->started)
		pthread_join(copier->thread, NULL);
	pthread_cond_destroy(&copier->changed);
	pthread_mutex_destroy(&copier->lock);
}

/* The kernel likes to wake a thread where its waker runs: there it would wait for us. */
static void send_elsewhere(struct fv_copier *copier)
{
	int here = sched_getcpu();
	cpu_set_t others = copier->processors;

	if (here < 0 || here == copier->avoided)
		return;
	CPU_CLR(here, &others);
	pthread_setaffinity_np(copier->thread, sizeof(others), &others);
	copier->avoided = here;
}

/* Unless it helps somebody already. */
static void ask_for_help(struct fv_copier *copier, struct fv_copy *copy)
{
	pthread_mutex_lock(&copier->lock);
	if (copier->started && !copier->copy) {
		send_elsewhere(copier);
		copier->copy = copy;
		pthread_cond_broadcast(&copier->changed);
	}
	pthread_mutex_unlock(&copier->lock);
}

static bool is_alone(struct fv_copier *copier, const struct fv_copy *copy)
{
	bool alone;

	pthread_mutex_lock(&copier->lock);
	if (copier->copy == copy && !copier->helping)
		copier->copy = NULL;
	alone = copier->copy != copy;
	pthread_mutex_unlock(&copier->lock);
	return alone;
}

/* All parts have been taken; who helps may be at his last one. */
static void wait_for_help(struct fv_copier *copier, const struct fv_copy *copy)
{
	uint64_t end_ns;

	if (is_alone(copier, copy))
		return;
	end_ns = fv_now_ns() + PATIENCE_NS;
	while (copier->copy == copy && fv_now_ns() < end_ns)
		;
	pthread_mutex_lock(&copier->lock);
	while (copier->copy == copy)
		pthread_cond_wait(&copier->changed, &copier->lock);
	pthread_mutex_unlock(&copier->lock);
}

int fv_copier_readv(struct fv_copier *copier, const struct fv_process *process,
		    const struct fv_memory_iov *iov, size_t iov_len)
{
	struct fv_copy copy = { .process = process, .iov = iov, .iov_len = iov_len };
	size_t len = 0;

	for (size_t i = 0; i < iov_len; i++)
		len += iov[i].len;
	if (len < SHARED_MIN_LEN)
		return fv_process_readv(process, iov, iov_len);
	ask_for_help(copier, &copy);
	carry_out(copier, &copy);
	wait_for_help(copier, &copy);
	return copy.result;
}
