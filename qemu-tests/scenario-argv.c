/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-argv.h"

#include "launch.h"
#include "paths.h"
#include "refusals.h"
#include "repeat.h"
#include "scenario-libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* What a system of somebody's may need to start. */
#define IMAGE_MEMORY_MIB 2048

/* A vGPU that nobody has made: mdev names are random UUIDs, and this one is no such. */
#define ABSENT_UUID "00000000-0000-0000-0000-000000000000"

/* A domain in the place of a command line; libvirt's QEMU runs elsewhere, maybe as somebody else. */
static int build_domain(struct qt_scenario_state *run, const struct qt_qemu_argv *qemu, bool absent,
			struct vgpu_error *err)
{
	_autofree_ char *append = qt_kernel_arguments(qemu->append);
	char directory[PATH_MAX], name[128];
	struct qt_domain_request request = {
		.name = name,
		.path = run->path->libvirt,
		.device = run->device,
		.uuid = absent ? ABSENT_UUID : run->result->uuid,
		.directory = qt_directory_path(run->dir_fd, directory, sizeof(directory)),
		.append = append,
		.boot_menu = run->path->boot_menu,
		.qemu = qemu,
	};

	snprintf(name, sizeof(name), "vgpulab-%d-%s", getpid(), run->result->scenario->name);
	if (!append || fchmod(run->dir_fd, 01777))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "%s: %s", directory,
				      strerror(errno));
	return qt_domain_write(&request, run->dir_fd, &run->result->argv, err);
}

/* cli; again: hlt; jmp again, where a processor begins: 16 bytes below the end. */
static int write_halted_bios(int dir_fd, struct vgpu_error *err)
{
	static const uint8_t code[] = { 0xfa, 0xf4, 0xeb, 0xfd };
	enum { BIOS_LEN = 65536, RESET = BIOS_LEN - 16 };
	_autoclose_ int fd =
		openat(dir_fd, QT_HALTED_BIOS, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || ftruncate(fd, BIOS_LEN) || pwrite(fd, code, sizeof(code), RESET) < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s",
				      QT_HALTED_BIOS, strerror(errno));
	return 0;
}

int qt_scenario_argv(struct qt_scenario_state *run, struct vgpu_error *err)
{
	const struct qt_scenario *scenario = run->result->scenario;
	bool absent = scenario->refused && qt_refusal_find(scenario->refused)->absent;
	bool packed = scenario->packed_kernel || run->path->firmware;
	char sysfsdev[128], initrd[64], append[64], node[64], why[200];
	struct qt_qemu_argv options = {
		.qemu = run->runner->needs.qemu,
		.accel = run->runner->accel,
		.machine = run->runner->options->machine ? run->runner->options->machine : "pc",
		.remote = scenario->remote,
		.memory_mib = 512,
		.cpus = scenario->cpus,
		.firmware = run->path->firmware,
		.kernel = packed && run->runner->packed_kernel ? run->runner->packed_kernel
							       : run->runner->needs.kernel,
		.initrd = initrd,
		.append = run->driver ? append : NULL,
		.boot_menu = run->path->boot_menu,
		.front_end = run->path->front_end,
		.render_node =
			qt_drm_render_node(node, sizeof(node), why, sizeof(why)) ? node : NULL,
		.device = run->path->device,
		.properties = run->path->properties,
		.sysfsdev = run->vgpu ? sysfsdev : NULL,
	};

	snprintf(initrd, sizeof(initrd), "../" QT_INITRAMFS_FORMAT, run->driver ? "-" : "",
		 run->driver ? run->driver->name : "");
	if (run->driver)
		snprintf(append, sizeof(append), "qt.output=%s", run->driver->output);
	snprintf(sysfsdev, sizeof(sysfsdev), "/sys/bus/mdev/devices/%s",
		 absent ? ABSENT_UUID : run->result->uuid);
	if (scenario->refused || scenario->remote || run->runner->options->guest_image)
		options.kernel = NULL;
	if (run->runner->options->guest_image) {
		options.disk = run->runner->options->guest_image;
		options.memory_mib = IMAGE_MEMORY_MIB;
		options.cpus = 2;
	}
	snprintf(run->result->accel, sizeof(run->result->accel), "%s",
		 scenario->remote ? "qtest" : options.accel);
	if (scenario->remote && write_halted_bios(run->dir_fd, err))
		return -EIO;
	if (run->runner->options->through_libvirt)
		return build_domain(run, &options, absent, err);
	if (qt_qemu_argv_build(&options, &run->result->argv))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "building QEMU's arguments");
	return qt_repeat_write(run->runner->options, run->result, run->dir_fd, err);
}
