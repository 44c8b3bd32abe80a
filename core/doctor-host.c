/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor-host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/pci-address.h>

#include "attribute.h"
#include "names.h"

enum { VENDOR_INTEL = 0x8086, CLASS_DISPLAY = 0x03, TEXT_CAP = 4 << 20 };

/* Joins texts of unknown number; a missing one is no error, memory that is missing gives less. */
static void append(char **text, const char *more)
{
	size_t have = *text ? strlen(*text) : 0, len = strlen(more);
	char *longer = have + len < TEXT_CAP ? realloc(*text, have + len + 2) : NULL;

	if (!longer)
		return;
	memcpy(longer + have, more, len);
	memcpy(longer + have + len, "\n", 2);
	*text = longer;
}

static void append_file(const struct doctor_host *host, char **text, const char *path)
{
	_autofree_ char *contents = NULL;

	if (!host->facts->impl->read(host->facts, path, &contents))
		append(text, contents);
}

struct directory {
	const struct doctor_host *host;
	char **text;
	const char *path;
};

static int append_conf(void *data, const char *name)
{
	const struct directory *directory = data;
	size_t len = strlen(name);
	char path[320];

	if (len > 5 && !strcmp(name + len - 5, ".conf") &&
	    snprintf(path, sizeof(path), "%s/%s", directory->path, name) < (int)sizeof(path))
		append_file(directory->host, directory->text, path);
	return 0;
}

static void append_confs(const struct doctor_host *host, char **text, const char *path)
{
	struct directory directory = { host, text, path };

	host->facts->impl->list(host->facts, path, append_conf, &directory);
}

static void read_texts(struct doctor_host *host)
{
	static const char *const boot[] = { "/etc/modules", "/etc/initramfs-tools/modules",
					    "/etc/mkinitcpio.conf", "/etc/dracut.conf" };

	for (int i = 0; i < VGPU_FACTS_LEN; i++) {
		host->text_error[i] = host->facts->impl->text(host->facts, i, &host->text[i]);
		if (host->text_error[i])
			host->text[i] = strdup("");
	}
	append_confs(host, &host->modprobe, "/etc/modprobe.d");
	append_confs(host, &host->modprobe, "/lib/modprobe.d");
	append_confs(host, &host->boot_modules, "/etc/modules-load.d");
	for (size_t i = 0; i < VGPU_ARRAY_LEN(boot); i++)
		append_file(host, &host->boot_modules, boot[i]);
	append_file(host, &host->mounts, "/proc/self/mounts");
	if (!host->modprobe)
		host->modprobe = strdup("");
	if (!host->boot_modules)
		host->boot_modules = strdup("");
	if (!host->mounts)
		host->mounts = strdup("");
	vgpu_version_parse(host->text[VGPU_FACT_KERNEL_RELEASE], &host->kernel);
	vgpu_version_parse(host->text[VGPU_FACT_QEMU_VERSION], &host->qemu);
	vgpu_version_parse(host->text[VGPU_FACT_LIBVIRT_VERSION], &host->libvirt);
}

static bool texts_are_there(const struct doctor_host *host)
{
	for (int i = 0; i < VGPU_FACTS_LEN; i++)
		if (!host->text[i])
			return false;
	return host->modprobe && host->boot_modules && host->mounts;
}

/* Line 3 of "resource" is BAR 2: START END FLAGS. Source: drivers/pci/pci-sysfs.c */
static unsigned int aperture_mib(struct vgpu_backend *sysfs, const char *name)
{
	char text[4096];
	unsigned long long start, end;
	const char *line = text;

	if (vgpu_attribute_read(sysfs, text, sizeof(text), "bus/pci/devices/%s/resource", name) < 0)
		return 0;
	for (int i = 0; line && i < 2; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line || sscanf(line, "%llx %llx", &start, &end) != 2 || end <= start)
		return 0;
	return (unsigned int)((end - start + 1) >> 20);
}

static void add_gpu(struct doctor_host *host, const char *name)
{
	struct doctor_gpu *gpu = &host->gpus[host->gpus_len];
	uint32_t class_code = 0;

	if (host->gpus_len == DOCTOR_GPUS || strlen(name) >= sizeof(gpu->name))
		return;
	vgpu_attribute_read_u32(host->sysfs, &class_code, "bus/pci/devices/%s/class", name);
	if (class_code >> 16 != CLASS_DISPLAY)
		return;
	*gpu = (struct doctor_gpu){ 0 };
	strcpy(gpu->name, name);
	vgpu_attribute_read_u32(host->sysfs, &gpu->vendor_id, "bus/pci/devices/%s/vendor", name);
	vgpu_attribute_read_u32(host->sysfs, &gpu->device_id, "bus/pci/devices/%s/device", name);
	vgpu_attribute_link_name(host->sysfs, gpu->driver, sizeof(gpu->driver),
				 "bus/pci/devices/%s/driver", name);
	gpu->offers_types =
		vgpu_attribute_exists(host->sysfs, "bus/pci/devices/%s/mdev_supported_types", name);
	if (gpu->vendor_id == VENDOR_INTEL) {
		gpu->family = doctor_family_find(gpu->device_id);
		gpu->aperture_mib = aperture_mib(host->sysfs, name);
	}
	host->gpus_len++;
}

static bool takes_gvtg(const struct doctor_gpu *gpu)
{
	return gpu->family && gpu->family->kind == DOCTOR_GPU_GVTG;
}

/* Without a name: an Intel GPU, rather one that GVT-g takes; else what offers types at all. */
static int choose(struct doctor_host *host, const char *wanted, struct vgpu_error *err)
{
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];

	if (wanted)
		wanted = vgpu_pci_address_canonical(wanted, canonical);
	for (size_t i = 0; i < host->gpus_len; i++) {
		const struct doctor_gpu *gpu = &host->gpus[i];

		if (wanted ? !strcmp(gpu->name, wanted)
			   : gpu->vendor_id == VENDOR_INTEL &&
				     (!host->gpu || (takes_gvtg(gpu) && !takes_gvtg(host->gpu))))
			host->gpu = gpu;
	}
	if (wanted)
		host->parent = vgpu_snapshot_find_parent(host->snapshot, wanted);
	else if (host->gpu)
		host->parent = vgpu_snapshot_find_parent(host->snapshot, host->gpu->name);
	else if (host->snapshot->parents_len)
		host->parent = host->snapshot->parents;
	if (wanted && !host->gpu && !host->parent) {
		vgpu_error_set(err, VGPU_ERROR_NO_GPU, ENODEV, "there is no GPU %s", wanted);
		vgpu_error_hint(err, "without --parent the doctor looks for one");
		return -ENODEV;
	}
	snprintf(host->parent_name, sizeof(host->parent_name), "%s",
		 host->gpu	? host->gpu->name
		 : host->parent ? host->parent->name
				: "0000:00:02.0");
	return 0;
}

static void read_parameters(struct doctor_host *host)
{
	ssize_t len = vgpu_attribute_read(host->sysfs, host->enable_gvt, sizeof(host->enable_gvt),
					  "module/i915/parameters/enable_gvt");

	/* mode 0400 */
	if (len == -EACCES || len == -EPERM)
		strcpy(host->enable_gvt, "?");
	else if (len < 0)
		host->enable_gvt[0] = '\0';
	if (vgpu_attribute_read(host->sysfs, host->enable_guc, sizeof(host->enable_guc),
				"module/i915/parameters/enable_guc") < 0)
		host->enable_guc[0] = '\0';
}

/* What is below a parent and has a UUID for a name, but is on no bus: its removal waits. */
static void find_ghosts(struct doctor_host *host)
{
	for (size_t i = 0; i < host->snapshot->parents_len; i++) {
		const struct vgpu_parent *parent = &host->snapshot->parents[i];
		_destroy_(vgpu_names) struct vgpu_names *names = NULL;

		if (vgpu_names_list(host->sysfs, parent->path, &names))
			continue;
		for (size_t k = 0; k < names->len && host->ghosts_len < DOCTOR_GHOSTS; k++) {
			struct doctor_ghost *ghost = &host->ghosts[host->ghosts_len];

			if (vgpu_uuid_parse(names->items[k], &ghost->uuid) ||
			    vgpu_snapshot_find_instance(host->snapshot, &ghost->uuid) ||
			    vgpu_attribute_exists(host->sysfs, "bus/mdev/devices/%s",
						  ghost->uuid.text))
				continue;
			strcpy(ghost->parent, parent->name);
			host->ghosts_len++;
		}
	}
}

int doctor_host_init(struct doctor_host *host, struct vgpu_backend *sysfs,
		     struct vgpu_host_facts *facts, const struct vgpu_doctor_request *request,
		     struct vgpu_error *err)
{
	_destroy_(vgpu_names) struct vgpu_names *devices = NULL;
	int ret;

	*host = (struct doctor_host){ .sysfs = sysfs, .facts = facts, .uuid = request->uuid };
	ret = vgpu_snapshot_take(sysfs, &host->snapshot, err);
	if (ret)
		return ret;
	read_texts(host);
	if (!texts_are_there(host) || doctor_definitions_read(host)) {
		doctor_host_finish(host);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "doctor: %s",
				      strerror(ENOMEM));
	}
	ret = vgpu_names_list(sysfs, "bus/pci/devices", &devices);
	for (size_t i = 0; ret == 0 && i < devices->len; i++)
		add_gpu(host, devices->items[i]);
	ret = choose(host, request->parent, err);
	if (ret) {
		doctor_host_finish(host);
		return ret;
	}
	read_parameters(host);
	find_ghosts(host);
	if (request->uuid)
		host->instance = vgpu_snapshot_find_instance(host->snapshot, request->uuid);
	return 0;
}

void doctor_host_finish(struct doctor_host *host)
{
	for (int i = 0; i < VGPU_FACTS_LEN; i++)
		free(host->text[i]);
	free(host->modprobe);
	free(host->boot_modules);
	free(host->mounts);
	free(host->definitions);
	vgpu_snapshot_destroy(host->snapshot);
}
