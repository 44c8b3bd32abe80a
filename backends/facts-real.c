/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The facts of the machine that this runs on, or of the fake host that it runs in.
 */

#include <backends/facts.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "facts-probe.h"

enum { FILE_CAP = 1 << 20 };

static int copy(const char *text, char **out)
{
	*out = strdup(text);
	return *out ? 0 : -ENOMEM;
}

static int read_whole(const char *path, char **out)
{
	_autofclose_ FILE *file = fopen(path, "re");
	_autofree_ char *text = NULL;
	size_t len = 0, room = 0;

	if (!file)
		return -errno;
	while (!feof(file)) {
		char *longer = room < FILE_CAP ? realloc(text, room + 65536) : NULL;

		if (!longer)
			return room < FILE_CAP ? -ENOMEM : -EFBIG;
		text = longer;
		room += 65536;
		len += fread(text + len, 1, room - 1 - len, file);
		if (ferror(file))
			return errno ? -errno : -EIO;
	}
	text[len] = '\0';
	*out = steal(text);
	return 0;
}

static int kernel_release(char **out)
{
	struct utsname name;

	return uname(&name) ? -errno : copy(name.release, out);
}

/* Parameters that matter: the others are nobody's business, should a bundle be passed on. */
static bool is_of_interest(const char *word)
{
	static const char *const prefixes[] = {
		"i915.", "drm.",   "intel_iommu", "iommu",
		"kvm",	 "vfio",   "modprobe.",	  "module_blacklist",
		"mdev",	 "nomode", "xe.",	  "pci"
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(prefixes); i++)
		if (!strncmp(word, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static int command_line(char **out)
{
	_autofree_ char *text = NULL;
	int ret = read_whole("/proc/cmdline", &text);
	size_t kept = 0;

	if (ret)
		return ret;
	for (char *rest = text, *word; (word = strsep(&rest, " \n"));)
		if (is_of_interest(word)) {
			size_t len = strlen(word);

			/* never beyond where the word itself was, and its separator */
			memmove(text + kept, word, len);
			kept += len;
			text[kept++] = ' ';
		}
	text[kept] = '\0';
	*out = steal(text);
	return 0;
}

/* Lines that may concern a vGPU: a bundle that is passed on shall not tell more. */
static bool concerns(const char *line, size_t len)
{
	static const char *const words[] = { "i915",  "gvt",  "vfio", "mdev", "kvm",
					     "iommu", "DMAR", "drm",  "vmx" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(words); i++)
		if (memmem(line, len, words[i], strlen(words[i])))
			return true;
	return false;
}

static int kernel_log(char **out)
{
	enum { READ_ALL = 3, SIZE_BUFFER = 10 }; /* Source: syslog(2) */
	int size = klogctl(SIZE_BUFFER, NULL, 0), len;
	_autofree_ char *all = size > 0 ? malloc((size_t)size + 1) : NULL;
	_autofree_ char *kept = size > 0 ? malloc((size_t)size + 1) : NULL;
	size_t kept_len = 0;

	if (size <= 0)
		return size < 0 ? -errno : -ENOENT;
	if (!all || !kept)
		return -ENOMEM;
	len = klogctl(READ_ALL, all, size);
	if (len < 0)
		return -errno;
	all[len] = '\0';
	for (const char *line = all; *line;) {
		size_t line_len = strcspn(line, "\n");

		line_len += line[line_len] == '\n';
		if (concerns(line, line_len)) {
			memcpy(kept + kept_len, line, line_len);
			kept_len += line_len;
		}
		line += line_len;
	}
	kept[kept_len] = '\0';
	*out = steal(kept);
	return 0;
}

static int cpu_flags(char **out)
{
	_autofree_ char *text = NULL;
	int ret = read_whole("/proc/cpuinfo", &text);
	char *flags = ret ? NULL : strstr(text, "\nflags");

	if (ret)
		return ret;
	flags = flags ? strchr(flags, ':') : NULL;
	if (!flags)
		return -ENOENT;
	flags[strcspn(flags, "\n")] = '\0';
	return copy(flags + 1 + strspn(flags + 1, " "), out);
}

/* Source: fs/proc/array.c, CapEff; CAP_IPC_LOCK lifts the limit, and vfio honours it */
static bool may_lock_all(void)
{
	_autofree_ char *status = NULL;
	const char *at =
		read_whole("/proc/self/status", &status) ? NULL : strstr(status, "\nCapEff:");

	return at && strtoull(at + 8, NULL, 16) >> CAP_IPC_LOCK & 1;
}

static int memlock(char **out)
{
	struct rlimit limit;
	char text[32];

	if (may_lock_all())
		return copy("exempt", out);
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	if (limit.rlim_max == RLIM_INFINITY)
		return copy("unlimited", out);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit.rlim_max);
	return copy(text, out);
}

static int user(char **out)
{
	const struct passwd *entry = getpwuid(geteuid());
	char text[32];

	if (entry)
		return copy(entry->pw_name, out);
	snprintf(text, sizeof(text), "%u", geteuid());
	return copy(text, out);
}

static void user_of(int proc, const char *pid, FILE *lines)
{
	char path[64], target[64], program[32] = "?";
	_autoclose_ int fd = -1;
	_autoclosedir_ DIR *dir = NULL;
	const struct dirent *entry;
	_autofclose_ FILE *comm = NULL;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	steal_fd(&fd);
	while ((entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		if (strncmp(target, "/dev/vfio/", 10) != 0 || !isdigit((unsigned char)target[10]))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
		if (!comm)
			comm = fopen(path, "re");
		if (comm && fgets(program, sizeof(program), comm))
			program[strcspn(program, "\n")] = '\0';
		fprintf(lines, "%s %s %s\n", target, pid, program);
	}
}

static int vfio_users(char **out)
{
	_autoclosedir_ DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t len;
	FILE *lines;

	if (!proc)
		return -errno;
	/* others' descriptors are root's to see */
	if (geteuid())
		return -EACCES;
	lines = open_memstream(out, &len);
	if (!lines)
		return -ENOMEM;
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			user_of(dirfd(proc), entry->d_name, lines);
	return fclose(lines) ? -ENOMEM : 0;
}

#define COMMAND(name, ...)                                               \
	static int name(char **out)                                      \
	{                                                                \
		static const char *const argv[] = { __VA_ARGS__, NULL }; \
                                                                         \
		return vgpu_probe_command(argv, out);                    \
	}

COMMAND(qemu_version, "qemu-system-x86_64", "--version")
COMMAND(qemu_vfio_pci, "qemu-system-x86_64", "-device", "vfio-pci,help")
COMMAND(qemu_vfio_pci_nohotplug, "qemu-system-x86_64", "-device", "vfio-pci-nohotplug,help")
COMMAND(qemu_displays, "qemu-system-x86_64", "-display", "help")

static int libvirt_version(char **out)
{
	static const char *const programs[] = { "libvirtd", "virtqemud", "/usr/sbin/libvirtd",
						"/usr/sbin/virtqemud" };
	int ret = -ENOENT;

	for (size_t i = 0; ret == -ENOENT && i < VGPU_ARRAY_LEN(programs); i++) {
		const char *argv[] = { programs[i], "--version", NULL };

		ret = vgpu_probe_command(argv, out);
	}
	return ret;
}

static int mdevctl(char **out)
{
	static const char *const places[] = { "/usr/sbin/mdevctl", "/usr/bin/mdevctl",
					      "/usr/local/sbin/mdevctl", "/usr/local/bin/mdevctl" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(places); i++)
		if (!access(places[i], X_OK))
			return copy(places[i], out);
	return -ENOENT;
}

static int verify_sysfs(char **out)
{
	const char *value = getenv("SYSTEMD_DEVICE_VERIFY_SYSFS");

	return value ? copy(value, out) : -ENOENT;
}

static int (*const texts[VGPU_FACTS_LEN])(char **out) = {
	[VGPU_FACT_KERNEL_RELEASE] = kernel_release,
	[VGPU_FACT_KERNEL_COMMAND_LINE] = command_line,
	[VGPU_FACT_KERNEL_LOG] = kernel_log,
	[VGPU_FACT_CPU_FLAGS] = cpu_flags,
	[VGPU_FACT_KVM] = vgpu_probe_kvm,
	[VGPU_FACT_MEMLOCK] = memlock,
	[VGPU_FACT_USER] = user,
	[VGPU_FACT_VFIO_USERS] = vfio_users,
	[VGPU_FACT_QEMU_VERSION] = qemu_version,
	[VGPU_FACT_QEMU_VFIO_PCI] = qemu_vfio_pci,
	[VGPU_FACT_QEMU_VFIO_PCI_NOHOTPLUG] = qemu_vfio_pci_nohotplug,
	[VGPU_FACT_QEMU_DISPLAYS] = qemu_displays,
	[VGPU_FACT_LIBVIRT_VERSION] = libvirt_version,
	[VGPU_FACT_MDEVCTL] = mdevctl,
	[VGPU_FACT_VERIFY_SYSFS] = verify_sysfs,
};

static int real_text(struct vgpu_host_facts *facts, enum vgpu_fact fact, char **out)
{
	struct stat st;

	if (fact == VGPU_FACT_KVM && stat("/dev/kvm", &st))
		return -ENOENT;
	return texts[fact](out);
}

static int real_node(struct vgpu_host_facts *facts, const char *path, struct vgpu_node_fact *out)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	out->kind = S_ISCHR(st.st_mode)	   ? 'c'
		    : S_ISBLK(st.st_mode)  ? 'b'
		    : S_ISDIR(st.st_mode)  ? 'd'
		    : S_ISSOCK(st.st_mode) ? 's'
		    : S_ISFIFO(st.st_mode) ? 'p'
					   : '-';
	out->mode = st.st_mode & 07777;
	out->uid = st.st_uid;
	out->gid = st.st_gid;
	out->readable = !faccessat(AT_FDCWD, path, R_OK, AT_EACCESS);
	out->writable = !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
	return 0;
}

static int real_read(struct vgpu_host_facts *facts, const char *path, char **out)
{
	return read_whole(path, out);
}

static int real_list(struct vgpu_host_facts *facts, const char *path,
		     int (*each)(void *data, const char *name), void *data)
{
	_autoclosedir_ DIR *dir = opendir(path);
	const struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = each(data, entry->d_name);
	return ret;
}

static void real_destroy(struct vgpu_host_facts *facts)
{
	free(facts);
}

static const struct vgpu_host_facts_impl real = {
	.name = "real",
	.summary = "the machine that this runs on",
	.text = real_text,
	.node = real_node,
	.read = real_read,
	.list = real_list,
	.destroy = real_destroy,
};

int vgpu_facts_real_open(struct vgpu_host_facts **out, struct vgpu_error *err)
{
	struct vgpu_host_facts *facts = malloc(sizeof(*facts));

	if (!facts)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "host facts: %s",
				      strerror(ENOMEM));
	facts->impl = &real;
	*out = facts;
	return 0;
}
