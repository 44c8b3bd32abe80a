/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sends uevents the kernel's own way: it takes them from who rules a network namespace, gives each
 * a SEQNUM, and broadcasts them to that namespace.
 */

#include <fakesysfs/uevent.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_uevent_netlink;

/** A socket for the caller's network namespace, which may be sent elsewhere. Or a negative errno. */
int fake_uevent_netlink_open(void);

/** Sends over @fd, from fake_uevent_netlink_open(), and takes it over. NULL: no memory. */
struct fake_uevent_netlink *fake_uevent_netlink_create(int fd);
void fake_uevent_netlink_destroy(struct fake_uevent_netlink *netlink);
VGPU_DEFINE_DESTROYP(fake_uevent_netlink)

/**
 * Sends one; a fake_uevent_sink whose data is the struct fake_uevent_netlink. Thread-safe.
 * Source: lib/kobject_uevent.c, uevent_net_rcv_skb()
 */
void fake_uevent_netlink_send(void *netlink, const char *message, size_t len);

/** The errno of the first message that the kernel refused, or 0. */
int fake_uevent_netlink_error(struct fake_uevent_netlink *netlink);
