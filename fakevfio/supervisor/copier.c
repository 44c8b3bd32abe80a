/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "copier.h"

/* To wake a thread takes as long as to copy some 100 KiB. */
#define SHARED_MIN_LEN ((size_t)1 << 20)

void fv_copier_init(struct fv_copier *copier)
{
	*copier = (struct fv_copier){ .state = FV_COPIER_FREE, .avoided = -1 };
	pthread_mutex_init(&copier->lock, NULL);
	pthread_cond_init(&copier->changed, NULL);
}

static void carry_out(struct fv_copy *copy)
{
	copy->result = copy->edge.len ? fv_process_readv(copy->process, &copy->edge, 1) : 0;
	if (!copy->result)
		copy->result = fv_process_readv(copy->process, copy->iov, copy->iov_len);
}

static void *run(void *data)
{
	struct fv_copier *copier = data;

	pthread_setname_np(pthread_self(), "vfio-copier");
	pthread_mutex_lock(&copier->lock);
	while (!copier->stopping) {
		struct fv_copy *copy = copier->copy;

		if (copier->state != FV_COPIER_OFFERED) {
			pthread_cond_wait(&copier->changed, &copier->lock);
			continue;
		}
		copier->state = FV_COPIER_TAKEN;
		pthread_mutex_unlock(&copier->lock);
		carry_out(copy);
		pthread_mutex_lock(&copier->lock);
		copier->state = FV_COPIER_DONE;
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

/* Divides a copy into halves by length; a piece that lies across the middle is divided, too. */
static void divide(const struct fv_process *process, const struct fv_memory_iov *iov,
		   size_t iov_len, size_t half, struct fv_copy out[2])
{
	size_t i = 0;

	while (half >= iov[i].len)
		half -= iov[i++].len;
	out[0] = (struct fv_copy){
		.process = process,
		.edge = { iov[i].vaddr, iov[i].buffer, half },
		.iov = iov,
		.iov_len = i,
	};
	out[1] = (struct fv_copy){
		.process = process,
		.edge = { iov[i].vaddr + half, (char *)iov[i].buffer + half, iov[i].len - half },
		.iov = iov + i + 1,
		.iov_len = iov_len - i - 1,
	};
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

static bool offer(struct fv_copier *copier, struct fv_copy *copy)
{
	bool is_free;

	pthread_mutex_lock(&copier->lock);
	is_free = copier->started && copier->state == FV_COPIER_FREE;
	if (is_free) {
		send_elsewhere(copier);
		copier->copy = copy;
		copier->state = FV_COPIER_OFFERED;
		pthread_cond_broadcast(&copier->changed);
	}
	pthread_mutex_unlock(&copier->lock);
	return is_free;
}

/* What has not been begun yet is quicker done than waited for. False: it has been done. */
static bool take_back(struct fv_copier *copier)
{
	bool not_begun;

	pthread_mutex_lock(&copier->lock);
	not_begun = copier->state == FV_COPIER_OFFERED;
	while (!not_begun && copier->state != FV_COPIER_DONE)
		pthread_cond_wait(&copier->changed, &copier->lock);
	copier->state = FV_COPIER_FREE;
	pthread_mutex_unlock(&copier->lock);
	return not_begun;
}

int fv_copier_readv(struct fv_copier *copier, const struct fv_process *process,
		    const struct fv_memory_iov *iov, size_t iov_len)
{
	struct fv_copy halves[2];
	size_t len = 0;

	for (size_t i = 0; i < iov_len; i++)
		len += iov[i].len;
	if (len < SHARED_MIN_LEN)
		return fv_process_readv(process, iov, iov_len);
	divide(process, iov, iov_len, len / 2, halves);
	if (!offer(copier, &halves[1]))
		return fv_process_readv(process, iov, iov_len);
	carry_out(&halves[0]);
	if (take_back(copier))
		carry_out(&halves[1]);
	return halves[0].result ? halves[0].result : halves[1].result;
}
