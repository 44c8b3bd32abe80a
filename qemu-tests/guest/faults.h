/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Mistakes that the guest makes on purpose, so that the harness can prove that it notices them and
 * calls them by their names.
 */

#include "../card.h"
#include "output.h"

/** A picture in the making. */
struct guest_faulty {
	struct guest_picture *picture;
	uint32_t *xrgb; /* the picture's pixels: the card, without a cursor */
	const struct qt_card *earlier; /* the card that was on display before */
};

struct guest_fault {
	const char *name;
	void (*apply)(struct guest_faulty *faulty);
};

/** The fault of that name, or NULL. */
const struct guest_fault *guest_fault_find(const char *name);
