/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The system calls that the filter stops, and what each comes to. One table. */

#include <errno.h>
#include <fakevfio/iommufd-abi.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel-log.h"
#include "node.h"
#include "supervisor-impl.h"

/* The answer "let the kernel carry it out". Not an errno. */
#define CONTINUE INT64_MIN
/* The answer "the call has been ended already". */
#define ANSWERED (INT64_MIN + 1)

enum { CHUNK_LEN = 16 * 1024 };

static uint64_t argument(const struct fv_trap *trap, unsigned int i)
{
	return trap->notification->notif.data.args[i];
}

static int fd_of(const struct fv_trap *trap)
{
	return (int)argument(trap, 0);
}

/* Fills in the process. A failure is the call's answer. */
static int find_process(struct fv_trap *trap)
{
	if (!trap->process)
		trap->process = fv_processes_find(&trap->supervisor->processes,
						  trap->supervisor->listener, trap->notification);
	if (trap->process)
		return 0;
	if (errno == EPERM || errno == EACCES)
		fv_supervisor_log(trap->supervisor,
				  "kernel: keeps us away from a client's memory (an unreadable "
				  "program file, or ptrace is restricted): it gets EPERM");
	return -EPERM;
}

/*
 * An open VFIO node says itself which open it is; but only a file of our own mount may be asked:
 * any other could answer what its owner likes, or never. A mount in the sandbox's user namespace
 * tells a process outside of it nothing but the device number, when asked for nothing.
 * Source: fs/fuse/dir.c, fuse_update_get_attr()
 */
static int identify_node(struct fv_supervisor *supervisor, int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st) ||
	    makedev(st.stx_dev_major, st.stx_dev_minor) != supervisor->nodes_dev)
		return 0;
	return fv_identity_ask(&supervisor->identity, fd);
}

/* A copy of a device's descriptor at a number that the filter does not stop reads of. */
static void tell_of_copy(struct fv_supervisor *supervisor, int fd)
{
	char line[160];

	if ((fd >= FV_DEVICE_NUMBER_FIRST && fd < FV_DEVICE_NUMBER_FIRST + FV_DEVICE_NUMBERS) ||
	    atomic_exchange(&supervisor->copy_told, true))
		return;
	snprintf(
		line, sizeof(line),
		"client: uses a copy of a device's descriptor at number %d: requests are answered, "
		"reads and writes reach plain memory",
		fd);
	fv_supervisor_log(supervisor, line);
}

int fv_trap_identify(struct fv_trap *trap, int fd)
{
	_autoclose_ int copy = fv_process_get_fd(trap->process, fd);
	int handle;

	if (copy < 0)
		return 0;
	handle = fv_device_files_identify(&trap->supervisor->files, copy);
	if (handle)
		tell_of_copy(trap->supervisor, fd);
	return handle ? handle : identify_node(trap->supervisor, copy);
}

/* The handle of the call's descriptor, and its process filled in; 0 if it is none of ours. */
static int find_handle(struct fv_trap *trap, int fd)
{
	int handle = fv_device_files_find(&trap->supervisor->files, fd,
					  trap->notification->notif.pid, &trap->process);

	if (handle)
		return handle;
	if (find_process(trap))
		return 0;
	return fv_trap_identify(trap, fd);
}

/* Requests that make a picture, or make or end a device. */
static bool may_take_long(uint32_t request)
{
	return request == VFIO_DEVICE_QUERY_GFX_PLANE || request == VFIO_DEVICE_GET_GFX_DMABUF ||
	       request == VFIO_DEVICE_RESET || request == VFIO_GROUP_GET_DEVICE_FD ||
	       request == FV_DEVICE_BIND_IOMMUFD;
}

/* Is the caller's descriptor KVM's VFIO device? */
static bool is_kvm_vfio(const struct fv_process *process, int fd)
{
	static const char kvm_vfio[] = "anon_inode:kvm-vfio";
	_autoclose_ int copy = fv_process_get_fd(process, fd);
	char path[64], name[sizeof(kvm_vfio)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	len = copy < 0 ? -1 : readlink(path, name, sizeof(name));
	return len == sizeof(kvm_vfio) - 1 && !memcmp(name, kvm_vfio, len);
}

/*
 * KVM wants to know the groups of a VM. It would say EINVAL to ours, which are no files of VFIO's,
 * and QEMU would warn; it needs to know nothing of them, as they do no DMA past the CPU.
 * Source: virt/kvm/vfio.c, kvm_vfio_set_attr(); Documentation/virt/kvm/devices/vfio.rst
 */
static int64_t answer_kvm(struct fv_trap *trap)
{
	struct kvm_device_attr attr;
	int32_t group;

	if (find_process(trap) || !is_kvm_vfio(trap->process, fd_of(trap)) ||
	    fv_process_read(trap->process, argument(trap, 2), &attr, sizeof(attr)) ||
	    attr.group != KVM_DEV_VFIO_GROUP ||
	    (attr.attr != KVM_DEV_VFIO_GROUP_ADD && attr.attr != KVM_DEV_VFIO_GROUP_DEL) ||
	    fv_process_read(trap->process, attr.addr, &group, sizeof(group)))
		return CONTINUE;
	return fv_machine_is_for_kvm(trap->supervisor->machine, fv_trap_identify(trap, group))
		       ? 0
		       : CONTINUE;
}

static int64_t give_buffer(struct fv_trap *trap, const struct fv_ioctl_result *result)
{
	_autoclose_ int fd = result->buffer;
	int rc = fv_notification_give_any_fd(trap->supervisor->listener, trap->notification, fd,
					     result->buffer_flags);

	return rc ? rc : ANSWERED;
}

static int64_t answer_ioctl(struct fv_trap *trap)
{
	struct fv_supervisor *supervisor = trap->supervisor;
	struct fv_ioctl_result result;
	int handle, rc;

	if ((uint32_t)argument(trap, 1) == KVM_SET_DEVICE_ATTR)
		return answer_kvm(trap);
	if (may_take_long(argument(trap, 1)))
		fv_workers_promote(supervisor);
	handle = find_handle(trap, fd_of(trap));
	if (!handle)
		return CONTINUE;
	if ((uint32_t)argument(trap, 1) ==
	    FV_DEVICE_BIND_IOMMUFD) /* who had it bound may be gone */
		fv_device_files_reap(&supervisor->files);
	result = fv_machine_ioctl(supervisor->machine, handle, trap, argument(trap, 1),
				  argument(trap, 2));
	if (result.buffer > 0)
		return give_buffer(trap, &result);
	if (result.device <= 0)
		return result.value;
	rc = fv_device_files_inject(&supervisor->files, supervisor->listener, trap->notification,
				    trap->process, result.device, result.backing, true);
	if (rc == -EMFILE)
		fv_supervisor_log(supervisor,
				  "client: no number left for a VFIO device descriptor: 960 to "
				  "1023 are in use, or RLIMIT_NOFILE lies below 1024");
	return rc ? rc : ANSWERED;
}

/* One piece of a read or write: [address, address + len) of the client, at @offset of the file. */
static ssize_t transfer_piece(struct fv_trap *trap, int handle, bool writing, uint64_t address,
			      size_t len, uint64_t offset)
{
	struct fv_machine *machine = trap->supervisor->machine;
	char buffer[CHUNK_LEN];
	size_t total = 0;

	while (total < len) {
		size_t want = len - total < sizeof(buffer) ? len - total : sizeof(buffer);
		ssize_t done;

		if (writing && fv_process_read(trap->process, address + total, buffer, want))
			return total ? (ssize_t)total : -EFAULT;
		done = writing ? fv_machine_write(machine, handle, offset + total, buffer, want)
			       : fv_machine_read(machine, handle, offset + total, buffer, want);
		if (done < 0)
			return total ? (ssize_t)total : done;
		if (!writing && fv_process_write(trap->process, address + total, buffer, done))
			return total ? (ssize_t)total : -EFAULT;
		total += done;
		if ((size_t)done < want)
			break;
		if (total < len) /* a long one: others first, and stop when the caller is dead */
			fv_workers_promote(trap->supervisor);
		if (total < len &&
		    !fv_notification_valid(trap->supervisor->listener, trap->notification))
			return -EINTR;
	}
	return total;
}

/* How a call names what it moves; args 3 is the offset. */
struct transfer {
	int nr;
	bool writing;
	bool vectored; /* args 1 and 2 are an iovec array and its length */
};

static ssize_t transfer_vector(struct fv_trap *trap, int handle, const struct transfer *transfer,
			       uint64_t offset)
{
	struct iovec iov[64];
	uint64_t count = argument(trap, 2);
	size_t total = 0;

	if (count > IOV_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		size_t at = i % VGPU_ARRAY_LEN(iov);
		size_t rest = count - i;
		ssize_t done;

		if (!at &&
		    fv_process_read(trap->process, argument(trap, 1) + i * sizeof(iov[0]), iov,
				    sizeof(iov[0]) * (rest < VGPU_ARRAY_LEN(iov)
							      ? rest
							      : VGPU_ARRAY_LEN(iov))))
			return total ? (ssize_t)total : -EFAULT;
		done = transfer_piece(trap, handle, transfer->writing, (uintptr_t)iov[at].iov_base,
				      iov[at].iov_len, offset + total);
		if (done < 0)
			return total ? (ssize_t)total : done;
		total += done;
		if ((size_t)done < iov[at].iov_len)
			break;
	}
	return total;
}

/*
 * The usual call is a pread of a register: the kernel carries it out on the device's file, where the
 * machine has put the register's value. Should the caller have put another file in its descriptor's
 * place meanwhile, then it reads that one, which is what it asked for.
 */
static bool stage(struct fv_trap *trap, int handle, const struct transfer *transfer)
{
	return fv_machine_stage_read(
		trap->supervisor->machine, handle, (pid_t)trap->notification->notif.pid,
		transfer->writing || transfer->vectored, argument(trap, 3), argument(trap, 2));
}

static ssize_t transfer_at(struct fv_trap *trap, int handle, const struct transfer *transfer,
			   uint64_t offset)
{
	if (transfer->vectored)
		return transfer_vector(trap, handle, transfer, offset);
	return transfer_piece(trap, handle, transfer->writing, argument(trap, 1), argument(trap, 2),
			      offset);
}

static const struct transfer transfers[] = {
	{ .nr = __NR_pread64 },
	{ .nr = __NR_pwrite64, .writing = true },
	{ .nr = __NR_preadv, .vectored = true },
	{ .nr = __NR_pwritev, .writing = true, .vectored = true },
	{ .nr = __NR_preadv2, .vectored = true },
	{ .nr = __NR_pwritev2, .writing = true, .vectored = true },
};

static int64_t carry_out(struct fv_trap *trap, int handle)
{
	int nr = trap->notification->notif.data.nr;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(transfers); i++) {
		const struct transfer *transfer = &transfers[i];
		uint64_t offset = argument(trap, 3);

		if (transfer->nr != nr)
			continue;
		/* the kernel's to judge: EINVAL, or to preadv2(2) the file's position, its end */
		if ((int64_t)offset < 0 || stage(trap, handle, transfer))
			return CONTINUE;
		return transfer_at(trap, handle, transfer, offset);
	}
	return CONTINUE;
}

static int64_t answer_transfer(struct fv_trap *trap)
{
	int handle = find_handle(trap, fd_of(trap));
	int64_t result;

	if (!handle)
		return CONTINUE;
	result = carry_out(trap, handle);
	if (result != -EFAULT || fv_process_has_memory(trap->process))
		return result;
	/* The process has called exec(2) since, and kept the descriptor: it has new memory. */
	fv_process_unref(trap->process);
	trap->process = NULL;
	return find_process(trap) ? -EFAULT : carry_out(trap, handle);
}

static int64_t answer_mmap(struct fv_trap *trap)
{
	int prot = (int)argument(trap, 2), flags = (int)argument(trap, 3);
	int handle, rc;

	if (flags & MAP_ANONYMOUS)
		return CONTINUE;
	handle = find_handle(trap, (int)argument(trap, 4));
	if (!handle)
		return CONTINUE;
	rc = fv_machine_may_mmap(trap->supervisor->machine, handle, argument(trap, 5),
				 argument(trap, 1), prot, flags);
	return rc ? rc : CONTINUE;
}

/* Has the process, if it is root, a root's power over limits? As we have, who started it. */
static bool may_raise_limits(const struct fv_process *process)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	struct stat ours, theirs;
	char path[64];

	if (syscall(SYS_capget, &header, caps) || !(caps[0].effective & 1u << CAP_SYS_RESOURCE))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", process->tgid);
	return !stat("/proc/self/ns/user", &ours) && !stat(path, &theirs) &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/*
 * Devices pin memory, so libvirt raises the limit of it, which the kernel allows to none but root
 * outside of all user namespaces. Nothing is pinned here, so no one needs more: raising the limit
 * beyond what the sandbox was given succeeds without effect.
 * Source: kernel/sys.c, do_prlimit()
 */
static int64_t answer_memory_limit(struct fv_trap *trap)
{
	struct rlimit wanted, ours;

	if (!argument(trap, 2) || find_process(trap) ||
	    fv_process_read(trap->process, argument(trap, 2), &wanted, sizeof(wanted)) ||
	    getrlimit(RLIMIT_MEMLOCK, &ours) || wanted.rlim_cur > wanted.rlim_max ||
	    wanted.rlim_max <= ours.rlim_max || may_raise_limits(trap->process))
		return CONTINUE;
	if (argument(trap, 3) &&
	    fv_process_write(trap->process, argument(trap, 3), &ours, sizeof(ours)))
		return -EFAULT;
	return 0;
}

static int64_t answer_log(struct fv_trap *trap)
{
	const char *log = trap->supervisor->kernel_log;

	if (!log || find_process(trap))
		return CONTINUE;
	return fv_kernel_log_answer(trap->process, log, (int)argument(trap, 0), argument(trap, 1),
				    (int)argument(trap, 2));
}

/*
 * A caller that changes the path behind our back opens something else by it, as it might have done
 * at once: nothing is decided here but whether to answer.
 */
static int64_t answer_open(struct fv_trap *trap)
{
	bool at = trap->notification->notif.data.nr == __NR_openat;
	int rc;

	if (find_process(trap))
		return CONTINUE;
	rc = fv_node_open(trap, at ? fd_of(trap) : AT_FDCWD, argument(trap, at),
			  (int)argument(trap, at + 1));
	return rc == FV_NODE_NOT_OURS ? CONTINUE : rc ? rc : ANSWERED;
}

static void to_statx(const struct stat *st, struct statx *out)
{
	*out = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (uint32_t)st->st_blksize,
		.stx_nlink = (uint32_t)st->st_nlink,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_mode = (uint16_t)st->st_mode,
		.stx_ino = st->st_ino,
		.stx_rdev_major = major(st->st_rdev),
		.stx_rdev_minor = minor(st->st_rdev),
		.stx_dev_major = major(st->st_dev),
		.stx_dev_minor = minor(st->st_dev),
	};
}

/* Is the path of a stat(2) empty, so that it means the descriptor itself? */
static bool means_descriptor(const struct fv_trap *trap, uint64_t flags)
{
	char first = 1;

	return flags & AT_EMPTY_PATH &&
	       (!argument(trap, 1) ||
		(!fv_process_read(trap->process, argument(trap, 1), &first, 1) && !first));
}

/* The C library's struct stat is the kernel's on 64-bit machines. */
static int64_t answer_stat(struct fv_trap *trap)
{
	int nr = trap->notification->notif.data.nr;
	int handle = find_handle(trap, fd_of(trap));
	struct statx wide;
	struct stat st;

	if (!handle || !fv_node_stat(trap->supervisor, handle, &st))
		return CONTINUE;
	if (nr == __NR_statx) {
		if (!means_descriptor(trap, argument(trap, 2)))
			return CONTINUE;
		to_statx(&st, &wide);
		return fv_process_write(trap->process, argument(trap, 4), &wide, sizeof(wide));
	}
	if (nr == __NR_newfstatat && !means_descriptor(trap, argument(trap, 3)))
		return CONTINUE;
	return fv_process_write(trap->process, argument(trap, nr == __NR_newfstatat ? 2 : 1), &st,
				sizeof(st));
}

/*
 * The kernel would give a copy the lowest number that is free, where the filter does not stop reads of
 * it. Any other does for a caller who did not choose one.
 */
static int64_t answer_copy(struct fv_trap *trap)
{
	bool is_dup = trap->notification->notif.data.nr == __NR_dup;
	int command = is_dup ? F_DUPFD : (int)argument(trap, 1);
	int first = is_dup ? 0 : (int)argument(trap, 2);

	if ((command != F_DUPFD && command != F_DUPFD_CLOEXEC) || first < 0 ||
	    !find_handle(trap, fd_of(trap)))
		return CONTINUE;
	return fv_device_files_copy(&trap->supervisor->files, trap->supervisor->listener,
				    trap->notification, trap->process, fd_of(trap), first,
				    command == F_DUPFD_CLOEXEC)
		       ? CONTINUE
		       : ANSWERED;
}

static int64_t decide(struct fv_trap *trap)
{
	switch (trap->notification->notif.data.nr) {
	case __NR_ioctl:
		return answer_ioctl(trap);
	case __NR_mmap:
		return answer_mmap(trap);
	case __NR_dup:
	case __NR_fcntl:
		return answer_copy(trap);
	case __NR_prlimit64:
		return answer_memory_limit(trap);
	case __NR_syslog:
		return answer_log(trap);
	case __NR_openat:
#ifdef __NR_open
	case __NR_open:
#endif
		return answer_open(trap);
	case __NR_fstat:
	case __NR_newfstatat:
	case __NR_statx:
		return answer_stat(trap);
	default:
		return answer_transfer(trap);
	}
}

void fv_supervisor_answer(struct fv_supervisor *supervisor,
			  const union fv_notification *notification)
{
	struct fv_trap trap = { .supervisor = supervisor, .notification = notification };
	int64_t result = decide(&trap);

	if (result == CONTINUE)
		fv_notification_continue(supervisor->listener, notification);
	else if (result != ANSWERED)
		fv_notification_answer(supervisor->listener, notification, result);
	fv_process_unref(trap.process);
}
