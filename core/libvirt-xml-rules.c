/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-xml.h>

#define V(viewer) (1U << VGPU_VIEWER_##viewer)

enum wants { SHOWN = 1 << 0, RENDERNODE = 1 << 1, PORT = 1 << 2 };

/* @before all 0: no libvirt can. */
static const struct rule {
	unsigned int viewers; /* 0: any */
	unsigned int with; /* enum wants */
	struct vgpu_version before;
	const char *why, *instead;
} rules[] = {
	{ 0, 0, { 3, 2 }, "libvirt knows mdev devices since 3.2", "take libvirt 3.2 or later" },
	{ 0,
	  SHOWN,
	  { 4, 6 },
	  "libvirt can show a vGPU (display=, video 'none', egl-headless) since 4.6",
	  "take libvirt 4.6 or later, or --path none" },
	{ V(GTK) | V(SDL),
	  0,
	  { 0 },
	  "libvirt runs QEMU without a window of its own",
	  "take spice-gl; virt-viewer is the window" },
	{ V(SCREENDUMP),
	  0,
	  { 0 },
	  "libvirt wants a <graphics> beside display='on'",
	  "take vnc; 'virsh screenshot' works beside it" },
	{ V(SPICE_GL),
	  PORT,
	  { 0 },
	  "libvirt gives SPICE with GL no TCP port: the viewer must run on this host",
	  "leave --port out; for a remote viewer before QEMU 9.0 take vnc+egl-headless" },
	{ V(VNC_EGL_HEADLESS) | V(SPICE_EGL_HEADLESS),
	  RENDERNODE,
	  { 5, 0 },
	  "libvirt passes a render node to egl-headless since 5.0",
	  "leave --rendernode out" },
	{ V(DBUS),
	  0,
	  { 8, 4 },
	  "libvirt has <graphics type='dbus'> since 8.4",
	  "take spice-gl, or libvirt 8.4 or later" },
};

enum vgpu_libvirt_way vgpu_libvirt_way(struct vgpu_version libvirt, struct vgpu_version qemu)
{
	/* 8.2 to 8.4 know qemu:override, but may crash on it */
	if (vgpu_version_since(libvirt, 8, 5))
		return VGPU_LIBVIRT_OVERRIDE;
	if (vgpu_version_since(libvirt, 7, 9) && vgpu_version_since(qemu, 6, 2))
		return VGPU_LIBVIRT_SET_WITHOUT_JSON;
	return VGPU_LIBVIRT_SET;
}

static unsigned int wants(const struct vgpu_display_request *request)
{
	unsigned int set = 0;

	set |= request->path.contents->plane != VGPU_PLANE_NONE ? SHOWN : 0;
	set |= request->rendernode ? RENDERNODE : 0;
	set |= request->port ? PORT : 0;
	return set;
}

static const struct rule *rule_against(const struct vgpu_libvirt_request *request,
				       const struct vgpu_display_path *path)
{
	static const struct vgpu_version never;
	unsigned int viewer = path->viewer ? 1U << path->viewer->id : 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rules); i++) {
		const struct rule *rule = &rules[i];

		if (rule->viewers && !(rule->viewers & viewer))
			continue;
		if ((wants(&request->display) & rule->with) != rule->with)
			continue;
		if (!vgpu_version_compare(rule->before, never) ||
		    vgpu_version_compare(request->libvirt, rule->before) < 0)
			return rule;
	}
	return NULL;
}

static int decide_one(const struct vgpu_libvirt_request *request, struct vgpu_display_path *out,
		      struct vgpu_error *err)
{
	struct vgpu_display_path path;
	const struct rule *rule;
	int ret = vgpu_display_decide(&request->display, &path, err);

	if (ret)
		return ret;
	rule = rule_against(request, &path);
	if (!rule) {
		*out = path;
		return 0;
	}
	vgpu_error_set(err, VGPU_ERROR_NEED, ENOTSUP, "path '%s%s%s', libvirt %u.%u: %s",
		       path.contents->name, path.viewer ? "," : "",
		       path.viewer ? path.viewer->name : "", request->libvirt.major,
		       request->libvirt.minor, rule->why);
	vgpu_error_hint(err, "%s", rule->instead);
	return -ENOTSUP;
}

int vgpu_libvirt_decide(const struct vgpu_libvirt_request *request, struct vgpu_display_path *out,
			struct vgpu_error *err)
{
	struct vgpu_libvirt_request tried = *request;

	if (request->display.path.viewer ||
	    request->display.path.contents->plane == VGPU_PLANE_NONE)
		return decide_one(request, out, err);
	for (size_t i = 0; i < vgpu_display_viewers_len; i++) {
		tried.display.path.viewer = &vgpu_display_viewers[i];
		if (!decide_one(&tried, out, NULL))
			return 0;
	}
	/* say why the viewer that suits best does not do */
	tried = *request;
	if (request->display.path.contents->plane == VGPU_PLANE_DMABUF)
		tried.display.path.viewer = &vgpu_display_viewers[1];
	else
		tried.display.path.viewer = &vgpu_display_viewers[0];
	return decide_one(&tried, out, err);
}
