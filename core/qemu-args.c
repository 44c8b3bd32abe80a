/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/qemu-args.h>

#define VNC_FIRST_PORT 5900u

/* One argument under construction: its value grows part by part, each with its reason. */
struct building {
	struct vgpu_qemu_arg *arg;
	FILE *stream;
	size_t value_len;
};

static int begin(struct building *b, struct vgpu_qemu_args *args, const char *option,
		 const char *first, const char *why)
{
	b->arg = &args->items[args->len++];
	b->arg->option = option;
	b->stream = open_memstream(&b->arg->value, &b->value_len);
	if (!b->stream)
		return -ENOMEM;
	fputs(first, b->stream);
	if (why)
		b->arg->reasons[b->arg->reasons_len++] = (struct vgpu_qemu_reason){ first, why };
	return 0;
}

/* @part is a literal, complete or ending in "=" with @text as its value, whose commas are doubled. */
static void part(struct building *b, const char *part, const char *text, const char *why)
{
	fprintf(b->stream, ",%s", part);
	for (; text && *text; text++) {
		if (*text == ',')
			fputc(',', b->stream);
		fputc(*text, b->stream);
	}
	if (why)
		b->arg->reasons[b->arg->reasons_len++] = (struct vgpu_qemu_reason){ part, why };
}

__attribute__((format(printf, 2, 3))) static void plain(struct building *b, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fputc(',', b->stream);
	vfprintf(b->stream, format, list);
	va_end(list);
}

static int end(struct building *b)
{
	int failed = ferror(b->stream);

	return fclose(b->stream) || failed ? -ENOMEM : 0;
}

static int simple(struct vgpu_qemu_args *args, const char *option, const char *value,
		  const char *why)
{
	struct building b = { 0 };

	return begin(&b, args, option, value, why) ?: end(&b);
}

static const char rendernode_why[] = "the GPU that the vGPU is cut from draws its screen";
static const char no_window[] = "no window: the viewer connects from outside";

static int add_vnc(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	struct building b = { 0 };
	unsigned int number = request->port ? request->port - VNC_FIRST_PORT : 0;
	char address[32];
	int ret;

	snprintf(address, sizeof(address), "127.0.0.1:%u", number);
	ret = begin(&b, args, "-vnc", address, NULL);
	if (ret)
		return ret;
	if (args->path.viewer->id == VGPU_VIEWER_VNC)
		part(&b, "display=", VGPU_QEMU_DEVICE_ID,
		     "shows the vGPU's console, even if the VM has others");
	return end(&b);
}

static int add_egl_headless(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	struct building b = { 0 };
	int ret = begin(&b, args, "-display", "egl-headless",
			"imports the DMA-BUF and reads its pixels back for the viewer");

	if (ret)
		return ret;
	if (request->rendernode)
		part(&b, "rendernode=", request->rendernode, rendernode_why);
	return end(&b);
}

static int add_spice(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	bool gl = args->path.viewer->id == VGPU_VIEWER_SPICE_GL;
	struct building b = { 0 };
	char socket[64], first[32];
	int ret;

	snprintf(socket, sizeof(socket), "vgpu-%s.spice", request->uuid.text);
	snprintf(first, sizeof(first), "port=%u", request->port ? request->port : VNC_FIRST_PORT);
	ret = begin(&b, args, "-spice", gl && !request->port ? "unix=on" : first, NULL);
	if (ret)
		return ret;
	if (gl && !request->port)
		part(&b, "addr=", request->socket ? request->socket : socket,
		     "a Unix socket, over which the DMA-BUF itself reaches the viewer");
	else
		plain(&b, "addr=127.0.0.1");
	plain(&b, "disable-ticketing=on");
	if (gl)
		part(&b, "gl=on", NULL, "SPICE takes the DMA-BUF as it is");
	else
		plain(&b, "gl=off");
	if (gl && request->rendernode)
		part(&b, "rendernode=", request->rendernode, rendernode_why);
	return end(&b);
}

static int vnc(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	return simple(args, "-display", "none", no_window) ?: add_vnc(request, args);
}

static int vnc_egl_headless(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	return add_egl_headless(request, args) ?: add_vnc(request, args);
}

static int spice(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	return simple(args, "-display", "none", no_window) ?: add_spice(request, args);
}

static int spice_egl_headless(const struct vgpu_display_request *request,
			      struct vgpu_qemu_args *args)
{
	return add_egl_headless(request, args) ?: add_spice(request, args);
}

static int dbus(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	struct building b = { 0 };
	int ret = begin(&b, args, "-display", "dbus", NULL);

	if (ret)
		return ret;
	part(&b, "p2p=yes", NULL, "no bus: the client brings a socket");
	if (args->path.contents->plane == VGPU_PLANE_DMABUF)
		part(&b, "gl=on", NULL, "the listener gets the DMA-BUF as it is");
	if (request->rendernode)
		part(&b, "rendernode=", request->rendernode, rendernode_why);
	return end(&b);
}

static int gtk(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	struct building b = { 0 };
	int ret = begin(&b, args, "-display", "gtk", NULL);

	if (ret)
		return ret;
	if (args->path.contents->plane == VGPU_PLANE_DMABUF)
		part(&b, "gl=on", NULL, "the window draws the DMA-BUF as it is");
	return end(&b);
}

static int sdl(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	return simple(args, "-display", "sdl", NULL);
}

static int nothing(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	return simple(args, "-display", "none", "nobody looks");
}

static int (*const add_viewer[])(const struct vgpu_display_request *, struct vgpu_qemu_args *) = {
	[VGPU_VIEWER_NONE] = nothing,
	[VGPU_VIEWER_VNC] = vnc,
	[VGPU_VIEWER_SPICE_GL] = spice,
	[VGPU_VIEWER_VNC_EGL_HEADLESS] = vnc_egl_headless,
	[VGPU_VIEWER_SPICE_EGL_HEADLESS] = spice_egl_headless,
	[VGPU_VIEWER_SPICE] = spice,
	[VGPU_VIEWER_DBUS] = dbus,
	[VGPU_VIEWER_GTK] = gtk,
	[VGPU_VIEWER_SDL] = sdl,
	[VGPU_VIEWER_SCREENDUMP] = nothing,
};

static void add_device_properties(struct building *b, const struct vgpu_display_request *request,
				  const struct vgpu_display_contents *contents)
{
	if (contents->plane == VGPU_PLANE_NONE)
		part(b, "display=off", NULL, "the vGPU gets no console");
	else
		part(b, "display=on", NULL, "the vGPU's screen becomes a console of the VM");
	if (contents->ramfb)
		part(b, "ramfb=on", NULL, "shows what firmware and boot loader draw");
	if (contents->opregion)
		part(b, "x-igd-opregion=on", NULL,
		     "tells the guest's driver which outputs there are (the default since 10.1)");
	if (contents->rom)
		part(b, "romfile=", request->romfile, "OVMF's graphics driver for the vGPU");
	else
		part(b, "rombar=0", NULL, "a vGPU has no ROM");
	if (request->xres_px)
		plain(b, "xres=%u", request->xres_px);
	if (request->yres_px)
		plain(b, "yres=%u", request->yres_px);
}

static int add_device(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	const struct vgpu_display_contents *contents = args->path.contents;
	struct building b = { 0 };
	int ret;

	if (contents->ramfb)
		ret = begin(&b, args, "-device", "vfio-pci-nohotplug", "the type that has ramfb");
	else
		ret = begin(&b, args, "-device", "vfio-pci", NULL);
	if (ret)
		return ret;
	plain(&b, "id=" VGPU_QEMU_DEVICE_ID);
	plain(&b, "sysfsdev=/sys/bus/mdev/devices/%s", request->uuid.text);
	add_device_properties(&b, request, contents);
	plain(&b, "bus=%s", request->machine == VGPU_MACHINE_Q35 ? "pcie.0" : "pci.0");
	part(&b, "addr=0x2", NULL, "where Intel's drivers look for the GPU");
	return end(&b);
}

static int add_all(const struct vgpu_display_request *request, struct vgpu_qemu_args *args)
{
	struct vgpu_qemu_arg *nodefaults;
	struct building b = { 0 };
	int ret = begin(&b, args, "-machine", request->machine == VGPU_MACHINE_Q35 ? "q35" : "pc",
			NULL);

	if (ret)
		return ret;
	if (args->path.contents->plane != VGPU_PLANE_REGION)
		part(&b, "accel=kvm", NULL, "GVT-g opens no vGPU without KVM");
	ret = end(&b);
	if (ret)
		return ret;
	nodefaults = &args->items[args->len++];
	nodefaults->option = "-nodefaults";
	nodefaults->reasons[nodefaults->reasons_len++] = (struct vgpu_qemu_reason){
		"-nodefaults",
		"no emulated VGA, which would be console 0 in the vGPU's place; slot 2 stays free",
	};
	return add_viewer[args->path.viewer ? args->path.viewer->id : VGPU_VIEWER_NONE](request,
											args)
		       ?: add_device(request, args);
}

int vgpu_qemu_args_create(const struct vgpu_display_request *request, struct vgpu_qemu_args **out,
			  struct vgpu_error *err)
{
	_destroy_(vgpu_qemu_args) struct vgpu_qemu_args *args = calloc(1, sizeof(*args));
	int ret = args ? 0 : -ENOMEM;

	if (ret == 0) {
		ret = vgpu_display_decide(request, &args->path, err);
		if (ret)
			return ret;
		ret = add_all(request, args);
	}
	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "out of memory");
	*out = steal(args);
	return 0;
}

void vgpu_qemu_args_destroy(struct vgpu_qemu_args *args)
{
	if (!args)
		return;
	for (size_t i = 0; i < args->len; i++)
		free(args->items[i].value);
	free(args);
}
