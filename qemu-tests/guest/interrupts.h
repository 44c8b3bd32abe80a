/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the guest's kernel counts of a device's interrupts.
 */

#include "reply.h"

/** How often interrupt @irq came, on all processors together; 0 if nobody has asked for it. */
unsigned long long guest_interrupts_sum(int irq);

/** Tells "interrupts=N" of driver @name, and "chip=" what brings them. 0 or -ENOENT. */
int guest_interrupts_count(const char *name, struct guest_reply *reply);
