/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "needs.h"
#include "guest-drivers.h"
#include "guest-files.h"
#include "monitor-control.h"

#include "paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* Is @program, a name or a path, something to execute? */
static bool can_execute(const char *program)
{
	_autofree_ char *path = NULL;
	char *rest;

	if (strchr(program, '/'))
		return !access(program, X_OK);
	path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	rest = path;
	for (char *dir; (dir = strsep(&rest, ":"));) {
		char file[512];

		snprintf(file, sizeof(file), "%s/%s", *dir ? dir : ".", program);
		if (!access(file, X_OK))
			return true;
	}
	return false;
}

static bool probe_qemu(const struct qt_needs *needs, char *why, size_t why_size)
{
	if (can_execute(needs->qemu))
		return true;
	snprintf(why, why_size, "%s is not there; install qemu-system-x86, or give --qemu",
		 needs->qemu);
	return false;
}

static bool can_read(const char *path, const char *what, const char *cure, char *why,
		     size_t why_size)
{
	_autoclose_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return true;
	snprintf(why, why_size, "no %s at %s (%s); %s", what, path, strerror(errno), cure);
	return false;
}

static bool probe_guest_kernel(const struct qt_needs *needs, char *why, size_t why_size)
{
	_autofree_ char *found = qt_guest_dir_cure(needs->guest_dir);
	const char *cure = found ? found : "give --kernel";

	if (needs->kernel)
		return can_read(needs->kernel, "guest kernel", cure, why, why_size);
	snprintf(why, why_size, "no guest kernel in %s; %s", needs->guest_dir, cure);
	return false;
}

static bool probe_guest_init(const struct qt_needs *needs, char *why, size_t why_size)
{
	return can_read(needs->init, "guest program", "build it, or give --init", why, why_size);
}

static bool probe_guest_modules(const struct qt_needs *needs, char *why, size_t why_size)
{
	_autofree_ char *cure = qt_guest_dir_cure(needs->guest_dir);
	char path[512];

	snprintf(path, sizeof(path), "%s/lib/modules", needs->guest_dir ? needs->guest_dir : "");
	return can_read(path, "modules of the guest's kernel", cure ? cure : "unpack them", why,
			why_size);
}

static bool probe_vgpu(const struct qt_needs *needs, char *why, size_t why_size)
{
	_autoclosedir_ DIR *dir = opendir("/sys/class/mdev_bus");

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			return true;
	snprintf(why, why_size,
		 "/sys/class/mdev_bus has no device that can be cut into vGPUs; "
		 "give --gpu NAME for one that is not there");
	return false;
}

static bool probe_vfio(const struct qt_needs *needs, char *why, size_t why_size)
{
	_autoclose_ int fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return true;
	snprintf(why, why_size, "cannot open /dev/vfio/vfio: %s%s", strerror(errno),
		 errno == ENOENT   ? "; load the module vfio-pci"
		 : errno == EACCES ? "; give this user access to it"
				   : "");
	return false;
}

/* Is QEMU's module @name where Debian or a build has it? */
static bool has_module(const char *name)
{
	static const char *const patterns[] = { "/usr/lib/*/qemu/%s.so", "/usr/lib/qemu/%s.so",
						"/usr/lib64/qemu/%s.so",
						"/usr/local/lib/*/qemu/%s.so" };
	bool found = false;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(patterns) && !found; i++) {
		char pattern[128];
		glob_t matches;

		snprintf(pattern, sizeof(pattern), patterns[i], name);
		found = !glob(pattern, GLOB_NOSORT, NULL, &matches);
		globfree(&matches);
	}
	return found;
}

static bool can_view(const char *viewer, const char *library, const char *module, char *why,
		     size_t why_size)
{
	_autofree_ char *path = qt_guest_program_find(viewer);

	if (!path || access(path, X_OK))
		snprintf(why, why_size, "%s was not built; install %s and build again", viewer,
			 library);
	else if (!has_module(module))
		snprintf(why, why_size, "QEMU's module %s is not there; install %s", module,
			 "qemu-system-common, qemu-system-gui or qemu-system-modules-spice");
	else
		return true;
	return false;
}

static bool probe_spice(const struct qt_needs *needs, char *why, size_t why_size)
{
	return can_view("view-spice", "libspice-client-glib-2.0-dev", "ui-spice-core", why,
			why_size);
}

static bool probe_dbus(const struct qt_needs *needs, char *why, size_t why_size)
{
	return can_view("view-dbus", "libglib2.0-dev", "ui-dbus", why, why_size);
}

static bool probe_egl(const struct qt_needs *needs, char *why, size_t why_size)
{
	if (has_module("ui-egl-headless"))
		return true;
	snprintf(why, why_size,
		 "QEMU's module ui-egl-headless is not there; install "
		 "qemu-system-gui");
	return false;
}

/* virsh starts the daemon if it is one that starts when it is asked. */
static bool probe_libvirt(const struct qt_needs *needs, char *why, size_t why_size)
{
	_autofree_ char *program = qt_guest_program_find("run-domain");

	if (!program || access(program, X_OK))
		snprintf(why, why_size,
			 "run-domain was not built; install libvirt-dev and build "
			 "again");
	else if (!can_execute("virsh"))
		snprintf(why, why_size, "virsh is not there; install libvirt-clients");
	else if (system("virsh uri >/dev/null 2>&1"))
		snprintf(why, why_size,
			 "no libvirt daemon answers virsh; start one, or give --gpu "
			 "NAME for a fake host with one");
	else
		return true;
	return false;
}

static bool probe_ovmf(const struct qt_needs *needs, char *why, size_t why_size)
{
	return can_read(QT_OVMF, "UEFI firmware", "install ovmf", why, why_size);
}

static bool probe_programs(const char *driver_name, char *why, size_t why_size)
{
	const struct qt_guest_driver *driver = qt_guest_driver_find(driver_name);
	char advice[64];

	snprintf(advice, sizeof(advice), "install %s", driver->packages);
	for (size_t i = 0; driver->programs[i]; i++)
		if (!can_read(driver->programs[i], "program for the guest", advice, why, why_size))
			return false;
	return true;
}

static bool probe_judges(const struct qt_needs *needs, char *why, size_t why_size)
{
	return probe_programs("i915-judges", why, why_size);
}

static bool probe_desktop(const struct qt_needs *needs, char *why, size_t why_size)
{
	return probe_programs("i915-desktop", why, why_size);
}

static bool probe_monitor(const struct qt_needs *needs, char *why, size_t why_size)
{
	if (!access(QT_MONITOR_CONTROL, W_OK))
		return true;
	snprintf(why, why_size,
		 "nobody can plug monitors here, which a fake host lets; give --gpu");
	return false;
}

const struct qt_need qt_need_rows[] = {
	{ "judges", "programs of others that look at a GPU", probe_judges },
	{ "desktop", "a Wayland desktop for the guest", probe_desktop },
	{ "monitor", "a monitor whose plug can be pulled", probe_monitor },
	{ "qemu", "QEMU for x86-64", probe_qemu },
	{ "guest-kernel", "a kernel for the guest", probe_guest_kernel },
	{ "guest-init", "the guest's program", probe_guest_init },
	{ "guest-modules", "drivers for the guest's kernel", probe_guest_modules },
	{ "kvm", "KVM that really runs a guest", qt_probe_kvm },
	{ "vgpu", "a device that can be cut into vGPUs", probe_vgpu },
	{ "vfio", "VFIO", probe_vfio },
	{ "spice", "QEMU with SPICE, and a viewer", probe_spice },
	{ "dbus", "QEMU with its D-Bus display, and a viewer", probe_dbus },
	{ "drm", "a render node, for OpenGL", qt_probe_drm },
	{ "egl-headless", "QEMU with OpenGL without a window", probe_egl },
	{ "libvirt", "a libvirt to start domains with", probe_libvirt },
	{ "ovmf", "UEFI firmware for the guest", probe_ovmf },
};
const size_t qt_need_rows_len = VGPU_ARRAY_LEN(qt_need_rows);
_Static_assert(VGPU_ARRAY_LEN(qt_need_rows) <= QT_NEEDS_MAX, "a state for every row");

bool qt_needs_met(struct qt_needs *needs, const char *name, const char **why)
{
	for (size_t i = 0; i < qt_need_rows_len; i++) {
		if (strcmp(qt_need_rows[i].name, name))
			continue;
		if (!needs->states[i].probed)
			needs->states[i].met = qt_need_rows[i].probe(needs, needs->states[i].why,
								     sizeof(needs->states[i].why));
		needs->states[i].probed = true;
		if (why)
			*why = needs->states[i].why;
		return needs->states[i].met;
	}
	if (why)
		*why = "no such need";
	return false;
}
