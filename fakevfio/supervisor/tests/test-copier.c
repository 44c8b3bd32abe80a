/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Large copies, which two threads divide, out of our own memory. */

#include "copier.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include <cmocka.h>

enum { LEN = (3 << 20) + 4096, PIECE_LEN = 4096, PIECES = LEN / PIECE_LEN, THREADS = 4 };

struct fixture {
	struct fv_copier copier;
	struct fv_process process;
	uint8_t *source;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fv_copier_init(&fixture->copier);
	assert_int_equal(fv_copier_start(&fixture->copier), 0);
	fixture->process.tgid = getpid();
	fixture->process.pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	fixture->process.memory_fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	fixture->source =
		mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (uint32_t i = 0; i < LEN; i++)
		fixture->source[i] = (uint8_t)(i * 2654435761u >> 24);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	fv_copier_finish(&fixture->copier);
	close(fixture->process.pidfd);
	close(fixture->process.memory_fd);
	munmap(fixture->source, LEN);
	free(fixture);
	return 0;
}

static struct fv_memory_iov piece(const struct fixture *fixture, uint8_t *buffer, size_t at,
				  size_t len)
{
	return (struct fv_memory_iov){ (uintptr_t)fixture->source + at, buffer + at, len };
}

/* Each length of the first piece puts the middle somewhere else. */
static void a_copy_is_whole_wherever_it_is_divided(void **state)
{
	static const size_t firsts[] = { 0, 1, 4096, LEN / 2 - 1, LEN / 2, LEN / 2 + 1, LEN };
	struct fixture *fixture = *state;
	_autofree_ uint8_t *buffer = malloc(LEN);

	for (size_t i = 0; i < VGPU_ARRAY_LEN(firsts); i++) {
		const struct fv_memory_iov iov[] = {
			piece(fixture, buffer, 0, firsts[i]),
			piece(fixture, buffer, firsts[i], LEN - firsts[i]),
		};

		memset(buffer, 0, LEN);
		assert_int_equal(fv_copier_readv(&fixture->copier, &fixture->process, iov, 2), 0);
		assert_memory_equal(buffer, fixture->source, LEN);
	}
}

static int copy_pages(struct fixture *fixture, uint8_t *buffer)
{
	struct fv_memory_iov iov[PIECES];

	memset(buffer, 0, LEN);
	for (size_t i = 0; i < PIECES; i++)
		iov[i] = piece(fixture, buffer, (PIECES - 1 - i) * PIECE_LEN, PIECE_LEN);
	return fv_copier_readv(&fixture->copier, &fixture->process, iov, PIECES);
}

static void pages_that_lie_scattered_come_to_their_places(void **state)
{
	struct fixture *fixture = *state;
	_autofree_ uint8_t *buffer = malloc(LEN);

	assert_int_equal(copy_pages(fixture, buffer), 0);
	assert_memory_equal(buffer, fixture->source, LEN);
}

static void a_page_that_is_not_there_fails_in_either_half(void **state)
{
	static const size_t pages[] = { 0, PIECES / 2 - 1, PIECES / 2, PIECES - 1 };
	struct fixture *fixture = *state;
	_autofree_ uint8_t *buffer = malloc(LEN);

	for (size_t i = 0; i < VGPU_ARRAY_LEN(pages); i++) {
		munmap(fixture->source + pages[i] * PIECE_LEN, PIECE_LEN);
		assert_int_equal(copy_pages(fixture, buffer), -EFAULT);
		assert_ptr_not_equal(mmap(fixture->source + pages[i] * PIECE_LEN, PIECE_LEN,
					  PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				     MAP_FAILED);
	}
	assert_int_equal(copy_pages(fixture, buffer), 0);
}

static void *copy_often(void *data)
{
	struct fixture *fixture = data;
	_autofree_ uint8_t *buffer = malloc(LEN);
	uintptr_t wrong = 0;

	for (int i = 0; i < 20; i++)
		wrong |= copy_pages(fixture, buffer) || memcmp(buffer, fixture->source, LEN) != 0;
	return (void *)wrong;
}

static void many_at_once_get_each_its_own(void **state)
{
	pthread_t threads[THREADS];
	void *wrong;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, copy_often, *state), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_whole_wherever_it_is_divided),
		cmocka_unit_test(pages_that_lie_scattered_come_to_their_places),
		cmocka_unit_test(a_page_that_is_not_there_fails_in_either_half),
		cmocka_unit_test(many_at_once_get_each_its_own),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
