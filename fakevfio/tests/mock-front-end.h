/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A front end without a kernel, for tests and fuzzers of the machine: clients are structs, memory
 * is anonymous, eventfds are counters. It counts what the machine holds, so that leaks are seen.
 */

#include <fakesysfs/host.h>
#include <fakevfio/machine.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/** The client's memory: guest RAM, and a small page for ioctl arguments. Nothing else is mapped. */
#define MOCK_RAM	 UINT64_C(0x7f0000000000)
#define MOCK_RAM_LEN	 ((size_t)4 << 20)
#define MOCK_SCRATCH	 UINT64_C(0x10000)
#define MOCK_SCRATCH_LEN ((size_t)8192)

/** Descriptors of a client: eventfds; below them a descriptor is the handle of that number. */
enum { MOCK_EVENTFD = 100000, MOCK_EVENTFDS = 64, MOCK_BACKING_VIEWS = 256, MOCK_BUFFERS = 160 };

struct mock_view {
	int backing;
	uint64_t offset;
	size_t len;
	void *memory;
};

struct mock {
	struct fv_machine *machine;
	struct fake_host *host;
	uint8_t *ram; /* one address space for all clients */
	atomic_int eventfds, memories, backings, views; /* held by the machine now */
	atomic_uint signals[MOCK_EVENTFDS]; /* by eventfd number - MOCK_EVENTFD */
	atomic_int eventfd_limit; /* take_eventfd() fails beyond it; 0: no limit */
	atomic_int fail_backing, fail_view; /* non-zero: that call fails */
	void (*opening)(
		struct mock *mock); /* called while a device is being opened; NULL: nothing */
	atomic_ulong copies; /* calls of copy_in and copy_out */
	atomic_ullong now_ns, deadline_ns; /* the clock stands still unless a test moves it */
	pthread_mutex_t lock; /* guards views_table */
	struct mock_view view_table[MOCK_BACKING_VIEWS];
	atomic_int next_backing;
	atomic_bool no_exporter;
	atomic_int buffers; /* DMA-BUFs that there are now */
	struct mock_buffer {
		void *memory;
		size_t len;
		int users; /* clients' descriptors of it */
	} buffer_table[MOCK_BUFFERS]; /* by id - 1 */
};

/** A process: what fv_machine_ioctl() gets as client. */
struct mock_client {
	struct mock *mock;
	uint8_t scratch[MOCK_SCRATCH_LEN];
};

/** What a program that uses one vGPU has open. */
struct mock_session {
	int container, group, device;
};

extern const struct fake_gpu_profile mock_probe_profile; /* one type, model "probe" */

extern const struct fake_gpu_profile mock_planes_profile; /* one type, model "planes" */

/** Aborts when memory runs out: tests need no errors. */
struct mock *mock_create(void);
/** Returns how many eventfds, address spaces, backings, views and DMA-BUFs were never given back. */
int mock_destroy(struct mock *mock);

/** Adds a vGPU of type @type, on a parent of its own if a host can have several of them. Returns the IOMMU group's number, or a negative errno. */
int mock_add_vgpu(struct mock *mock, const struct fake_gpu_profile *profile, size_t type,
		  const char *uuid);
struct mock_client *mock_client_create(struct mock *mock);

/** An ioctl whose argument is a number or a client address. */
int64_t mock_ioctl(struct mock_client *client, int handle, uint32_t request, uint64_t argument);
/**
 * An ioctl on @data, which lies at the very end of the client's scratch memory: writing beyond it
 * gives -EFAULT. @data is updated.
 */
int64_t mock_ioctl_data(struct mock_client *client, int handle, uint32_t request, void *data,
			size_t len);
/** VFIO_GROUP_GET_DEVICE_FD: the device's handle, or a negative errno. */
int64_t mock_get_device(struct mock_client *client, int group, const char *uuid);

/** Opens container, group and device as QEMU does. 0, or the negative errno that came up. */
int mock_open(struct mock_client *client, int group, const char *uuid, struct mock_session *out);
void mock_close(struct mock *mock, const struct mock_session *session);
