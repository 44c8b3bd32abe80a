/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-libvirt.h"

#include "clock.h"
#include "guest-files.h"
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-xml.h>

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"
/* Source: unix(7), sockaddr_un.sun_path */
enum { SOCKET_PATH_MAX = 107, START_MS = 120000, LOOK_EVERY_MS = 20 };

/* "QEMU emulator version 7.2.22 (...)", "9.0.0". */
static int ask_version(const char *command, struct vgpu_version *out, struct vgpu_error *err)
{
	char line[128] = "";
	FILE *pipe = popen(command, "re");
	const char *number;

	if (pipe) {
		if (!fgets(line, sizeof(line), pipe))
			line[0] = '\0';
		pclose(pipe);
	}
	line[strcspn(line, "\n")] = '\0';
	number = line + strcspn(line, "0123456789");
	line[(size_t)(number - line) + strspn(number, "0123456789.")] = '\0';
	if (*number && !vgpu_version_parse(number, out))
		return 0;
	return vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT, "`%s` does not tell a version",
			      command);
}

static xmlNode *find(xmlNode *in, const char *name)
{
	for (xmlNode *node = in->children; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name))
			return node;
	return NULL;
}

static xmlNode *add(xmlNode *to, const char *name)
{
	return xmlNewChild(to, NULL, BAD_CAST name, NULL);
}

static void add_text(xmlNode *to, const char *name, const char *text)
{
	xmlNewTextChild(to, NULL, BAD_CAST name, BAD_CAST text);
}

static void set(xmlNode *node, const char *name, const char *value)
{
	xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}

/* Heap; NULL without memory. */
static char *path_of(const struct qt_domain_request *request, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", request->directory, file) < 0 ? NULL : path;
}

static void set_path(xmlNode *node, const char *name, const struct qt_domain_request *request,
		     const char *file)
{
	_autofree_ char *path = path_of(request, file);

	set(node, name, path ? path : "");
}

static void add_path(xmlNode *to, const char *name, const struct qt_domain_request *request,
		     const char *file)
{
	_autofree_ char *path = path_of(request, file);

	add_text(to, name, path ? path : "");
}

/* A processor that KVM has not, and none but QEMU's own clock and end. */
static void set_machine(xmlNode *domain, const struct qt_domain_request *request)
{
	xmlNode *cpu = find(domain, "cpu");

	if (!strcmp(request->qemu->accel, "tcg")) {
		set(domain, "type", "qemu");
		if (cpu)
			set(cpu, "mode", "maximum");
	}
	set(add(add(domain, "pm"), "suspend-to-mem"), "enabled", "yes");
	add_text(domain, "on_reboot", "destroy");
	add_text(domain, "on_crash", "destroy");
}

static void set_boot_menu(xmlNode *domain)
{
	xmlNode *menu = add(find(domain, "os"), "bootmenu");

	set(menu, "enable", "yes");
	set(menu, "timeout", "2500");
}

static void set_kernel(xmlNode *domain, const struct qt_domain_request *request)
{
	xmlNode *os = find(domain, "os");

	add_text(os, "kernel", request->qemu->kernel);
	add_path(os, "initrd", request, request->qemu->initrd);
	add_text(os, "cmdline", request->append);
}

/* The guest's console, and the line that the harness speaks to it over. */
static void add_serials(xmlNode *devices, const struct qt_domain_request *request)
{
	xmlNode *console = find(devices, "console"), *serial = add(devices, "serial"), *source;

	if (console) {
		xmlUnlinkNode(console);
		xmlFreeNode(console);
	}
	set(serial, "type", "file");
	set_path(add(serial, "source"), "path", request, QT_CONSOLE_LOG);
	set(add(serial, "target"), "port", "0");
	serial = add(devices, "serial");
	set(serial, "type", "unix");
	source = add(serial, "source");
	set(source, "mode", "bind");
	set_path(source, "path", request, QT_CONTROL_SOCKET);
	set(add(serial, "target"), "port", "1");
}

static void set_flag(xmlNode *graphics, const char *element, const char *attribute,
		     const char *value)
{
	set(add(graphics, element), attribute, value);
}

/* Viewers connect to a socket in our directory; nothing on the way may change a pixel. */
static void set_graphics(xmlNode *devices, const struct qt_domain_request *request)
{
	xmlNode *graphics = find(devices, "graphics");
	_autofree_ char *type = graphics ? (char *)xmlGetProp(graphics, BAD_CAST "type") : NULL;
	bool spice = type && !strcmp(type, "spice");
	xmlNode *listen;

	if (!type || (!spice && strcmp(type, "vnc")))
		return;
	xmlUnsetProp(graphics, BAD_CAST "autoport");
	listen = find(graphics, "listen");
	if (listen) {
		xmlUnlinkNode(listen);
		xmlFreeNode(listen);
	}
	listen = add(graphics, "listen");
	set(listen, "type", "socket");
	set_path(listen, "socket", request, spice ? QT_SPICE_SOCKET : QT_VNC_SOCKET);
	if (!spice)
		return;
	set_flag(graphics, "image", "compression", "off");
	set_flag(graphics, "jpeg", "compression", "never");
	set_flag(graphics, "zlib", "compression", "never");
	set_flag(graphics, "streaming", "mode", "off");
}

static void add_argument(xmlNode *line, xmlNs *ns, const char *value)
{
	set(xmlNewChild(line, ns, BAD_CAST "arg", NULL), "value", value);
}

/* Paths are relative to our directory, where QEMU does not run. */
static void add_argument_in(xmlNode *line, xmlNs *ns, const struct qt_domain_request *request,
			    const char *before, const char *file, const char *behind)
{
	_autofree_ char *value = NULL;

	if (asprintf(&value, "%s%s/%s%s", before, request->directory, file, behind) < 0)
		value = NULL;
	add_argument(line, ns, value ? value : "");
}

/* No processor but the program at the qtest socket, which has the guest's memory mapped. */
static void add_remote(xmlNode *line, xmlNs *ns, const struct qt_domain_request *request)
{
	char size[64];

	add_argument(line, ns, "-qtest");
	add_argument_in(line, ns, request, "unix:", QT_QTEST_SOCKET, ",server=on,wait=off");
	add_argument(line, ns, "-qtest-log");
	add_argument(line, ns, "none");
	snprintf(size, sizeof(size), ",size=%uM,share=on", request->qemu->memory_mib);
	add_argument(line, ns, "-object");
	add_argument_in(line, ns, request, "memory-backend-file,id=memory,mem-path=", QT_MEMORY,
			size);
	add_argument(line, ns, "-machine");
	add_argument(line, ns, "memory-backend=memory");
}

/* A <disk> would change its owner, and one that is thrown away would leave a file beside it. */
static void add_disk(xmlNode *line, xmlNs *ns, const char *disk)
{
	_autofree_ char *drive = qt_drive(disk);

	add_argument(line, ns, "-drive");
	add_argument(line, ns, drive ? drive : "");
}

/* What libvirt has no word for. A second monitor: the first is libvirt's own. */
static void add_command_line(xmlNode *domain, const struct qt_domain_request *request)
{
	xmlNs *ns = xmlSearchNsByHref(domain->doc, domain, BAD_CAST QEMU_NAMESPACE);
	xmlNode *line;

	if (!ns)
		ns = xmlNewNs(domain, BAD_CAST QEMU_NAMESPACE, BAD_CAST "qemu");
	line = find(domain, "commandline");
	if (!line)
		line = xmlNewChild(domain, ns, BAD_CAST "commandline", NULL);
	add_argument(line, ns, "-chardev");
	add_argument_in(line, ns, request, "socket,id=qmp,path=", QT_QMP_SOCKET,
			",server=on,wait=off");
	add_argument(line, ns, "-mon");
	add_argument(line, ns, "chardev=qmp,mode=control");
	if (request->qemu->remote)
		add_remote(line, ns, request);
	if (request->qemu->disk)
		add_disk(line, ns, request->qemu->disk);
}

/* What the path's row says of its device: "904" of "display=on,xres=904". NULL: nothing. Heap. */
static char *property(const struct qt_qemu_argv *qemu, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = qemu->properties; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, len) && at[len] == '=')
			return strndup(at + len + 1, strcspn(at + len + 1, ","));
	}
	return NULL;
}

static uint32_t property_px(const struct qt_qemu_argv *qemu, const char *name)
{
	_autofree_ char *text = property(qemu, name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static bool names_render_node(const struct qt_qemu_argv *qemu)
{
	for (const char *const *item = qemu->front_end; *item; item++)
		if (strstr(*item, QT_RENDER_NODE))
			return true;
	return false;
}

/* What `vgpulab libvirt-xml --domain` prints. */
static int print_domain(const struct qt_domain_request *request, char **out, struct vgpu_error *err)
{
	const struct qt_qemu_argv *qemu = request->qemu;
	_autofree_ char *romfile = property(qemu, "romfile");
	_autofree_ char *program = qt_argv_quote((char *const[]){ (char *)qemu->qemu, NULL });
	struct vgpu_libvirt_request wish = {
		.display.rendernode = names_render_node(qemu) ? qemu->render_node : NULL,
		.display.romfile = romfile,
		.display.xres_px = property_px(qemu, "xres"),
		.display.yres_px = property_px(qemu, "yres"),
		.display.firmware = qemu->firmware ? VGPU_FIRMWARE_OVMF : VGPU_FIRMWARE_SEABIOS,
	};
	const struct vgpu_libvirt_domain domain = { .name = request->name,
						    .memory_mib = qemu->memory_mib,
						    .vcpus = qemu->cpus ? qemu->cpus : 1 };
	char ask_qemu[512];
	int r;

	snprintf(ask_qemu, sizeof(ask_qemu), "%s --version 2>/dev/null", program ? program : "");
	r = vgpu_display_path_parse(request->path, &wish.display.path, err);
	if (!r && (vgpu_machine_parse(qemu->machine, &wish.display.machine) ||
		   vgpu_uuid_parse(request->uuid, &wish.display.uuid)))
		r = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "libvirt: machine %s, vGPU %s?",
				   qemu->machine, request->uuid);
	if (!r)
		r = ask_version(ask_qemu, &wish.display.qemu, err);
	if (!r)
		r = ask_version("virsh --version 2>/dev/null", &wish.libvirt, err);
	return r ? r : vgpu_libvirt_domain(&wish, &domain, out, err);
}

static int write_file(int dir_fd, const char *text, size_t len, struct vgpu_error *err)
{
	_autoclose_ int fd =
		openat(dir_fd, QT_DOMAIN_XML, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write %s: %s",
				      QT_DOMAIN_XML, strerror(errno));
	return 0;
}

/* libvirt names the first QT_DEVICE_ID if its domain does not, and ours does for what libvirt has no word for. */
static void tell_device(xmlNode *devices, const struct qt_domain_request *request)
{
	xmlNode *hostdev = find(devices, "hostdev"),
		*alias = hostdev ? find(hostdev, "alias") : NULL;
	xmlChar *name = alias ? xmlGetProp(alias, BAD_CAST "name") : NULL;

	snprintf(request->device, QT_DEVICE_ID_LEN, "%s", name ? (char *)name : QT_DEVICE_ID);
	xmlFree(name);
}

static int add_ours(char *text, const struct qt_domain_request *request, int dir_fd,
		    struct vgpu_error *err)
{
	xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	xmlNode *domain = doc ? xmlDocGetRootElement(doc) : NULL;
	xmlNode *devices = domain ? find(domain, "devices") : NULL;
	xmlChar *out = NULL;
	int len = 0, r = -ENOMEM;

	if (devices) {
		tell_device(devices, request);
		set_machine(domain, request);
		/* else libvirt makes one for each domain's name, and keeps it */
		if (request->qemu->firmware)
			add_path(find(domain, "os"), "nvram", request, QT_NVRAM);
		/* libvirt finds one that is a mere name itself */
		if (strchr(request->qemu->qemu, '/'))
			add_text(devices, "emulator", request->qemu->qemu);
		if (request->boot_menu)
			set_boot_menu(domain);
		if (request->qemu->kernel) {
			set_kernel(domain, request);
			add_serials(devices, request);
		}
		set_graphics(devices, request);
		add_command_line(domain, request);
		xmlDocDumpFormatMemory(doc, &out, &len, 1);
	}
	if (out)
		r = write_file(dir_fd, (const char *)out, (size_t)len, err);
	else
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "writing " QT_DOMAIN_XML);
	xmlFree(out);
	xmlFreeDoc(doc);
	return r;
}

int qt_domain_write(const struct qt_domain_request *request, int dir_fd, struct qt_argv *out,
		    struct vgpu_error *err)
{
	_argv_ struct qt_argv argv = { 0 };
	_autofree_ char *text = NULL, *program = qt_guest_program_find("run-domain");
	int r;

	if (strlen(request->directory) + sizeof("/" QT_CONTROL_SOCKET) > SOCKET_PATH_MAX) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, ENAMETOOLONG,
			       "libvirt's QEMU can have no socket in %s: the path is too long",
			       request->directory);
		vgpu_error_hint(err, "give a shorter --out");
		return -ENAMETOOLONG;
	}
	r = print_domain(request, &text, err);
	if (!r)
		r = add_ours(text, request, dir_fd, err);
	if (r)
		return r;
	qt_argv_add(&argv, program ? program : "run-domain");
	qt_argv_add(&argv, QT_DOMAIN_XML);
	qt_argv_add(&argv, request->name);
	qt_argv_add(&argv, QT_DOMAIN_STARTED);
	if (request->qemu->remote)
		qt_argv_add(&argv, "paused");
	if (argv.error)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "starting a domain");
	*out = argv;
	argv = (struct qt_argv){ 0 };
	return 0;
}

int qt_domain_await_start(struct qt_vm *vm, struct vgpu_error *err)
{
	int64_t deadline_ms = qt_deadline_ms(START_MS);

	while (faccessat(qt_vm_dir(vm), QT_DOMAIN_STARTED, F_OK, 0)) {
		if (!qt_vm_wait(vm, qt_now_ms() + LOOK_EVERY_MS, NULL))
			return qt_vm_explain_end(vm, err);
		if (!qt_left_ms(deadline_ms))
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ETIMEDOUT,
					      "libvirt has not told that the domain has started");
	}
	return 0;
}
