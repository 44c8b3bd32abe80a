/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Source: Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN	((1ull << 55) - 1)

static int find_pages(const void *bytes, uint64_t *pages, size_t pages_len)
{
	off_t at = (off_t)((uintptr_t)bytes / GUEST_PAGE_BYTES * sizeof(*pages));
	ssize_t want = (ssize_t)(pages_len * sizeof(*pages));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, pages, (size_t)want, at);

	if (fd >= 0)
		close(fd);
	if (got != want)
		return -EIO;
	for (size_t i = 0; i < pages_len; i++) {
		if (!(pages[i] & PAGEMAP_PRESENT) || !(pages[i] & PAGEMAP_PFN))
			return -EFAULT;
		pages[i] = (pages[i] & PAGEMAP_PFN) * GUEST_PAGE_BYTES;
	}
	return 0;
}

int guest_memory_reserve(struct guest_memory *memory, size_t len)
{
	size_t pages_len = (len + GUEST_PAGE_BYTES - 1) / GUEST_PAGE_BYTES;
	uint64_t *pages;
	void *bytes;
	int rc;

	if (len <= memory->len)
		return 0;
	pages = calloc(pages_len, sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	bytes = mmap(NULL, pages_len * GUEST_PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED) {
		free(pages);
		return -ENOMEM;
	}
	/* huge pages could be split and moved; locked small ones stay, as compaction is told */
	(void)madvise(bytes, pages_len * GUEST_PAGE_BYTES, MADV_NOHUGEPAGE);
	rc = mlock(bytes, pages_len * GUEST_PAGE_BYTES) < 0 ? -errno
							    : find_pages(bytes, pages, pages_len);
	if (rc < 0) {
		munmap(bytes, pages_len * GUEST_PAGE_BYTES);
		free(pages);
		return rc;
	}
	if (memory->bytes)
		munmap(memory->bytes, memory->len);
	free(memory->pages);
	*memory = (struct guest_memory){ bytes, pages_len * GUEST_PAGE_BYTES, pages };
	return 0;
}

void guest_memory_flush(const struct guest_memory *memory, size_t len)
{
	for (size_t at = 0; at < len; at += 64)
		_mm_clflush(memory->bytes + at);
	_mm_mfence();
}
