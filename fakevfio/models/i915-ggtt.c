// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The global graphics translation table: 8 byte entries in memory that guest and model share.
 * It is read when it is needed; a guest may change it at any moment, so every entry is loaded once
 * and judged after that.
 */

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915.h"

#define PTE_PRESENT 1ull
#define PTE_ADDRESS 0x7ffffff000ull /* bits 38:12. Source: Broadwell PRM vol. 5, GGTT */

bool i915_ggtt_translate(const struct i915 *i915, uint64_t gma, uint64_t *iova)
{
	const uint64_t *entries = fv_device_memory(i915->dev, FV_REGION_BAR0);
	uint64_t index = gma / I915_PAGE_LEN;
	uint64_t pte;

	if (!entries || index >= I915_GSM_LEN / sizeof(*entries))
		return false;
	pte = __atomic_load_n(&entries[index], __ATOMIC_RELAXED);
	if (!(pte & PTE_PRESENT))
		return false;
	*iova = (pte & PTE_ADDRESS) | (gma & (I915_PAGE_LEN - 1));
	return true;
}

void i915_fetch_begin(struct i915_fetch *fetch, struct i915 *i915, uint32_t missing_pattern)
{
	fetch->i915 = i915;
	fetch->missing_pattern = missing_pattern;
	fetch->missing_pages = 0;
	fetch->len = 0;
}

static void fill_missing(struct i915_fetch *fetch, uint64_t address, uint8_t *buffer, size_t len)
{
	/* begun byte by byte, then doubled: a picture may lack all of its pages */
	for (size_t i = 0; i < len && i < 4; i++)
		buffer[i] = (uint8_t)(fetch->missing_pattern >> 8 * ((address + i) % 4));
	for (size_t done = 4; done < len; done *= 2)
		memcpy(buffer + done, buffer, done < len - done ? done : len - done);
	fetch->missing_pages++;
}

/* A piece may span pages that lie side by side; find out which of them is not there. */
static void fetch_page_by_page(struct i915_fetch *fetch, const struct fv_guest_iov *iov)
{
	uint8_t *buffer = iov->buffer;
	size_t done = 0;

	while (done < iov->len) {
		uint64_t iova = iov->iova + done;
		size_t len = I915_PAGE_LEN - iova % I915_PAGE_LEN;

		if (len > iov->len - done)
			len = iov->len - done;
		if (fv_guest_read(fetch->i915->dev, iova, buffer + done, len) < 0)
			fill_missing(fetch, iova, buffer + done, len);
		done += len;
	}
}

static void fetch_flush(struct i915_fetch *fetch)
{
	if (fetch->len && fv_guest_readv(fetch->i915->dev, fetch->iov, fetch->len) > 0) {
		for (size_t i = 0; i < fetch->len; i++)
			fetch_page_by_page(fetch, &fetch->iov[i]);
	}
	fetch->len = 0;
}

static void fetch_piece(struct i915_fetch *fetch, uint64_t iova, uint8_t *buffer, size_t len)
{
	struct fv_guest_iov *last = fetch->len ? &fetch->iov[fetch->len - 1] : NULL;

	if (last && last->iova + last->len == iova &&
	    (uint8_t *)last->buffer + last->len == buffer) {
		last->len += len;
		return;
	}
	if (fetch->len == VGPU_ARRAY_LEN(fetch->iov))
		fetch_flush(fetch);
	fetch->iov[fetch->len++] =
		(struct fv_guest_iov){ .iova = iova, .buffer = buffer, .len = len };
}

void i915_fetch_add(struct i915_fetch *fetch, uint64_t gma, void *buffer, size_t len)
{
	uint8_t *at = buffer;

	while (len > 0) {
		size_t piece = I915_PAGE_LEN - gma % I915_PAGE_LEN;
		uint64_t iova;

		if (piece > len)
			piece = len;
		if (i915_ggtt_translate(fetch->i915, gma, &iova))
			fetch_piece(fetch, iova, at, piece);
		else
			fill_missing(fetch, gma, at, piece);
		gma += piece;
		at += piece;
		len -= piece;
	}
}

uint64_t i915_fetch_end(struct i915_fetch *fetch)
{
	fetch_flush(fetch);
	return fetch->missing_pages;
}
