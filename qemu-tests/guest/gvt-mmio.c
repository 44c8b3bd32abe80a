/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvt.h"

uint32_t gvt_read(const struct gvt *gvt, uint32_t offset)
{
	return *(volatile const uint32_t *)(gvt->bar0 + offset);
}

void gvt_write(const struct gvt *gvt, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(gvt->bar0 + offset) = value;
}

void gvt_write64(const struct gvt *gvt, uint32_t offset, uint64_t value)
{
	*(volatile uint64_t *)(gvt->bar0 + offset) = value;
}
