/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * VFIO itself: containers, groups, devices, and the ioctls on them, for all clients of one fake
 * host. Pure: whatever needs a system call is asked of the front end through fv_machine_ops, so
 * tests and fuzzers drive the whole of it in one process without a kernel's help.
 *
 * An open container, group or device is a handle > 0. Thread-safe.
 */

#include <fakesysfs/host.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>

struct fv_device;
struct fv_machine;

/** A piece of a client's memory. */
struct fv_memory_iov {
	uint64_t vaddr;
	void *buffer;
	size_t len;
};

/**
 * What the pure part asks of its front end. @client is the front end's, passed through. None of
 * these may call the machine again: a device's lock may be held. log and deadline may be NULL.
 */
struct fv_machine_ops {
	/* memory of the process that made the call; 0 or -EFAULT */
	int (*read_client)(void *client, uint64_t address, void *buffer, size_t len);
	int (*write_client)(void *client, uint64_t address, const void *buffer, size_t len);
	/* which open container or group the caller's descriptor @fd is: handle, or -EBADF/-EINVAL */
	int (*identify)(void *client, int fd);
	/* keeps the caller's eventfd @fd for fv_machine_ops.signal: an id > 0, or -EBADF */
	int (*take_eventfd)(void *client, int fd);
	void (*drop_eventfd)(void *front_end, int eventfd);
	void (*signal)(void *front_end, int eventfd);

	/*
	 * A name for the caller's address space, to be used after the call is over; > 0, or a
	 * negative errno. Called for each MAP_DMA, up to 65535 times: best the same name, counted.
	 */
	int (*take_memory)(void *client);
	void (*drop_memory)(void *front_end, int memory);
	/* One more reference to an address space, dropped like the first. */
	void (*share_memory)(void *front_end, int memory);
	/*
	 * Copies between guest memory that MAP_DMA named and our buffers; @vaddr is in address
	 * space @memory. Returns 0, or -EFAULT.
	 */
	int (*copy_in)(void *front_end, int memory, const struct fv_memory_iov *iov,
		       size_t iov_len);
	int (*copy_out)(void *front_end, int memory, const struct fv_memory_iov *iov,
			size_t iov_len);

	/*
	 * Memory for a device's regions: a view of @len bytes at @offset of the file that the
	 * client gets as device descriptor. NULL on failure. @backing names the file.
	 */
	int (*create_backing)(void *front_end, uint64_t file_len);
	void *(*map_backing)(void *front_end, int backing, uint64_t offset, size_t len);
	void (*unmap_backing)(void *front_end, void *memory, size_t len);
	void (*destroy_backing)(void *front_end, int backing);
	/* The first @len bytes of a view have been written, and will be again and again. May be NULL. */
	void (*use_often)(void *front_end, void *memory, size_t len);

	/*
	 * DMA-BUFs. can_export: can there be any? create_buffer makes one of @len bytes and maps it:
	 * an id > 0, or a negative errno. buffer_used: does anyone but us have it, a client's
	 * descriptor or a driver that imported it? hold_buffer, for the caller of
	 * VFIO_DEVICE_GET_GFX_DMABUF: a use of it that the front end ends, under a name > 0, or a
	 * negative errno. All may be NULL: none can be made.
	 */
	bool (*can_export)(void *front_end);
	int (*create_buffer)(void *front_end, uint64_t len, void **memory);
	bool (*buffer_used)(void *front_end, int buffer);
	int (*hold_buffer)(void *front_end, int buffer);
	void (*destroy_buffer)(void *front_end, int buffer);

	uint64_t (*now_ns)(void *front_end);
	/*
	 * A device's deadline_ns changed: be sure to call fv_machine_tick() in time. Others may be
	 * due earlier: keep the earliest.
	 */
	void (*deadline)(void *front_end, uint64_t deadline_ns);
	void (*log)(void *front_end, const char *line);
};

/** The machine borrows @host and @ops; @front_end is passed to these. NULL without memory. */
struct fv_machine *fv_machine_create(struct fake_host *host, const struct fv_machine_ops *ops,
				     void *front_end);
void fv_machine_destroy(struct fv_machine *machine);
VGPU_DEFINE_DESTROYP(fv_machine)

/** open(2) of dev/vfio/vfio. A handle. */
int fv_machine_open_container(struct fv_machine *machine);
/** open(2) of dev/vfio/N. A handle; -EBUSY if it is open already, -ENODEV if there is none. */
int fv_machine_open_group(struct fv_machine *machine, unsigned int group);
/** open(2) of dev/iommu. A handle; @backing is the file that its descriptor stands for. */
int fv_machine_open_iommufd(struct fv_machine *machine, int *backing);
/** open(2) of dev/vfio/devices/vfioN. A handle, or -ENODEV; @backing as before. */
int fv_machine_open_cdev(struct fv_machine *machine, unsigned int number, int *backing);
/** The last descriptor of this open has gone. Containers die with their last group, as in Linux. */
void fv_machine_close(struct fv_machine *machine, int handle);

/** What an ioctl came to. */
struct fv_ioctl_result {
	int64_t value; /* what ioctl(2) returns, or a negative errno */
	int device; /* > 0: the caller gets a descriptor for this new device handle */
	int backing; /* with device: the file it stands for */
	int buffer; /* > 0: the caller gets a descriptor of what hold_buffer named so */
	int buffer_flags; /* of that descriptor: O_CLOEXEC or 0 */
};

/** Which character device @handle is an open file of, if any; @vfio_dev is N of vfioN. */
enum fv_node { FV_NODE_NONE, FV_NODE_IOMMUFD, FV_NODE_CDEV };
enum fv_node fv_machine_node(struct fv_machine *machine, int handle, unsigned int *vfio_dev);
/** May KVM be told of @handle: is it an open group or device? */
bool fv_machine_is_for_kvm(struct fv_machine *machine, int handle);

/**
 * Answers one ioctl. Dispatches through one table keyed by (kind of handle, request).
 * Unknown requests give -ENOTTY, as each kind does in Linux.
 */
struct fv_ioctl_result fv_machine_ioctl(struct fv_machine *machine, int handle, void *client,
					uint32_t request, uint64_t argument);

/** pread and pwrite on a device handle; any length and offset. A length or a negative errno. */
ssize_t fv_machine_read(struct fv_machine *machine, int handle, uint64_t offset, void *buffer,
			size_t len);
ssize_t fv_machine_write(struct fv_machine *machine, int handle, uint64_t offset,
			 const void *buffer, size_t len);
/**
 * Tries to answer a pread of @caller, a thread's number, by putting what it reads into the device's
 * file, where the caller's own pread finds it, once it is let go on. False: not so; what the caller
 * wants must be read or written by the functions above. To be told of each read and write (@write),
 * since it must know that what the caller was let go on with is over: one thread at a time may be
 * on its way, so that none finds what is another's, or is half written.
 */
bool fv_machine_stage_read(struct fv_machine *machine, int handle, pid_t caller, bool write,
			   uint64_t offset, size_t len);
/** May the client map this part of the device? 0, or -EINVAL as vfio-pci says. */
int fv_machine_may_mmap(struct fv_machine *machine, int handle, uint64_t offset, uint64_t len,
			int prot, int flags);

/** The host has another monitor for the vGPU: tells its device, if it is open. */
void fv_machine_monitor_changed(struct fv_machine *machine, const struct fake_vgpu_info *vgpu);

/**
 * What the guests of all open devices did that is not emulated, a line "UUID ..." each: at most @size
 * bytes with the final NUL. Returns the length.
 */
size_t fv_machine_report(struct fv_machine *machine, char *text, size_t size);

/** Runs every device whose deadline has come. Returns the next deadline, 0 if none. */
uint64_t fv_machine_tick(struct fv_machine *machine, uint64_t now_ns);
