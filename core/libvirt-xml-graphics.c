/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libvirt-xml-escape.h"
#include "libvirt-xml-plan.h"

/* The <graphics> of a viewer. */
struct graphics {
	const char *type; /* "spice"; NULL: none at all */
	bool gl; /* with <gl enable='yes'> on a DMA-BUF vGPU */
	bool local; /* for a viewer on this host only: no port */
	bool egl_headless; /* and <graphics type='egl-headless'/> beside it */
};

static const struct graphics table[] = {
	[VGPU_VIEWER_NONE] = { 0 },
	[VGPU_VIEWER_VNC] = { .type = "vnc" },
	[VGPU_VIEWER_SPICE_GL] = { .type = "spice", .gl = true, .local = true },
	[VGPU_VIEWER_VNC_EGL_HEADLESS] = { .type = "vnc", .egl_headless = true },
	[VGPU_VIEWER_SPICE_EGL_HEADLESS] = { .type = "spice", .egl_headless = true },
	[VGPU_VIEWER_SPICE] = { .type = "spice" },
	[VGPU_VIEWER_DBUS] = { .type = "dbus", .gl = true },
};

static const struct graphics *graphics_of(const struct vgpu_plan *plan)
{
	return &table[plan->path.viewer ? plan->path.viewer->id : VGPU_VIEWER_NONE];
}

static bool wants_gl(const struct vgpu_plan *plan)
{
	const struct graphics *graphics = graphics_of(plan);

	return graphics->gl && (graphics->local || plan->path.contents->plane == VGPU_PLANE_DMABUF);
}

/* " rendernode='...'" if one was asked for. Heap. */
static char *rendernode(const struct vgpu_plan *plan)
{
	const char *node = plan->request->display.rendernode;
	_autofree_ char *escaped = node ? vgpu_xml_escape(node) : NULL;
	char *out;

	if (!node)
		return strdup("");
	return escaped && asprintf(&out, " rendernode='%s'", escaped) >= 0 ? out : NULL;
}

static char *gl_fragment(const struct vgpu_plan *plan)
{
	_autofree_ char *node = rendernode(plan);
	char *out;

	return node && asprintf(&out, "<gl enable='yes'%s/>", node) >= 0 ? out : NULL;
}

static char *main_fragment(const struct vgpu_plan *plan)
{
	const struct graphics *graphics = graphics_of(plan);
	unsigned int port = plan->request->display.port;
	_autofree_ char *gl = wants_gl(plan) ? gl_fragment(plan) : strdup("");
	char *out;
	int len = -1;

	if (!gl)
		return NULL;
	if (!strcmp(graphics->type, "dbus"))
		len = asprintf(&out, "<graphics type='dbus' p2p='yes'%s%s%s", *gl ? ">\n\t" : "/>",
			       gl, *gl ? "\n</graphics>" : "");
	else if (graphics->local)
		len = asprintf(&out,
			       "<graphics type='%s'>\n\t<listen type='none'/>\n\t%s\n</graphics>",
			       graphics->type, gl);
	else if (port)
		len = asprintf(&out, "<graphics type='%s' port='%u' autoport='no'/>",
			       graphics->type, port);
	else
		len = asprintf(&out, "<graphics type='%s' autoport='yes'/>", graphics->type);
	return len < 0 ? NULL : out;
}

static char *headless_fragment(const struct vgpu_plan *plan)
{
	_autofree_ char *node = rendernode(plan);
	char *out;
	int len;

	if (!node)
		return NULL;
	if (!*node)
		return strdup("<graphics type='egl-headless'/>");
	len = asprintf(&out, "<graphics type='egl-headless'>\n\t<gl%s/>\n</graphics>", node);
	return len < 0 ? NULL : out;
}

char *vgpu_graphics_fragment(const struct vgpu_plan *plan)
{
	const struct graphics *graphics = graphics_of(plan);
	_autofree_ char *first = graphics->type ? main_fragment(plan) : strdup("");
	_autofree_ char *second = graphics->egl_headless ? headless_fragment(plan) : strdup("");
	char *out;

	if (!first || !second || asprintf(&out, "%s%s%s", first, *second ? "\n" : "", second) < 0)
		return NULL;
	return out;
}

/* A secure channel wants the TLS port that a local viewer has none of. */
static void drop_channels(struct vgpu_plan *plan, xmlNode *graphics)
{
	for (xmlNode *at = vgpu_xml_child(graphics, "channel", NULL); at;
	     at = vgpu_xml_next(at, "channel", NULL))
		vgpu_xml_drop(&plan->changes, at);
}

/* Text that is added to @lines, one fragment a line. */
static void more(struct vgpu_plan *plan, char **lines, char *fragment)
{
	char *joined = NULL;

	if (!fragment ||
	    asprintf(&joined, "%s%s%s", *lines ? *lines : "", *lines ? "\n" : "", fragment) < 0)
		plan->changes.failed = -ENOMEM;
	free(fragment);
	free(*lines);
	*lines = joined;
}

static void make_local(struct vgpu_plan *plan, xmlNode *graphics, char **added)
{
	static const char *const ports[] = { "port",   "tlsPort", "autoport",
					     "listen", "socket",  "defaultMode" };
	xmlNode *listen = vgpu_xml_child(graphics, "listen", NULL);
	bool is_local =
		vgpu_xml_is(listen, "type", "none") || vgpu_xml_is(listen, "type", "socket");

	for (size_t i = 0; i < VGPU_ARRAY_LEN(ports); i++)
		vgpu_xml_unset(&plan->changes, graphics, ports[i]);
	drop_channels(plan, graphics);
	if (!listen)
		more(plan, added, strdup("<listen type='none'/>"));
	else if (!is_local)
		vgpu_xml_exchange(&plan->changes, listen, "<listen type='none'/>");
	for (xmlNode *at = listen ? vgpu_xml_next(listen, "listen", NULL) : NULL; at;
	     at = vgpu_xml_next(at, "listen", NULL))
		vgpu_xml_drop(&plan->changes, at);
}

static void make_remote(struct vgpu_plan *plan, xmlNode *graphics)
{
	unsigned int port = plan->request->display.port;
	xmlNode *gl = vgpu_xml_child(graphics, "gl", NULL);
	xmlNode *listen = vgpu_xml_child(graphics, "listen", NULL);
	char text[16];

	if (vgpu_xml_is(gl, "enable", "yes"))
		vgpu_xml_set(&plan->changes, gl, "enable", "no");
	/* who asks for a port, or had only a local viewer, wants to connect from elsewhere */
	if (listen && (port || vgpu_xml_is(gl, "enable", "yes")) &&
	    (vgpu_xml_is(listen, "type", "none") || vgpu_xml_is(listen, "type", "socket")))
		vgpu_xml_exchange(&plan->changes, listen, "<listen type='address'/>");
	if (!port)
		return;
	snprintf(text, sizeof(text), "%u", port);
	vgpu_xml_set(&plan->changes, graphics, "port", text);
	vgpu_xml_set(&plan->changes, graphics, "autoport", "no");
}

static void set_rendernode(struct vgpu_plan *plan, xmlNode *gl)
{
	if (plan->request->display.rendernode)
		vgpu_xml_set(&plan->changes, gl, "rendernode", plan->request->display.rendernode);
}

static void adapt_main(struct vgpu_plan *plan, xmlNode *graphics)
{
	_autofree_ char *added = NULL;
	xmlNode *gl = vgpu_xml_child(graphics, "gl", NULL);

	if (graphics_of(plan)->local)
		make_local(plan, graphics, &added);
	else if (strcmp(graphics_of(plan)->type, "dbus"))
		make_remote(plan, graphics);
	if (wants_gl(plan) && gl) {
		vgpu_xml_set(&plan->changes, gl, "enable", "yes");
		set_rendernode(plan, gl);
	} else if (wants_gl(plan)) {
		more(plan, &added, gl_fragment(plan));
	}
	if (added)
		vgpu_xml_add_first(&plan->changes, graphics, added);
}

static void adapt_headless(struct vgpu_plan *plan, xmlNode *graphics)
{
	xmlNode *gl = vgpu_xml_child(graphics, "gl", NULL);
	_autofree_ char *node = NULL;
	_autofree_ char *fragment = NULL;

	if (gl) {
		set_rendernode(plan, gl);
	} else if (plan->request->display.rendernode) {
		node = rendernode(plan);
		if (!node || asprintf(&fragment, "<gl%s/>", node) < 0)
			plan->changes.failed = -ENOMEM;
		else
			vgpu_xml_add_first(&plan->changes, graphics, fragment);
	}
}

/* A viewer that this path has no place for. A region vGPU lets others look on. */
static bool is_in_the_way(const struct vgpu_plan *plan, const xmlNode *graphics)
{
	if (plan->path.contents->plane != VGPU_PLANE_REGION)
		return true;
	return graphics_of(plan)->gl && vgpu_xml_is(graphics, "type", "egl-headless");
}

/* The vGPU's console must be the first: no emulated VGA, and none that libvirt adds by itself. */
static void plan_video(struct vgpu_plan *plan)
{
	xmlNode *first = vgpu_xml_child(plan->devices, "video", NULL);
	static const char none[] = "<video>\n\t<model type='none'/>\n</video>";

	if (!first)
		vgpu_plan_add_device(plan, strdup(none));
	else if (!vgpu_xml_is(vgpu_xml_child(first, "model", NULL), "type", "none"))
		vgpu_xml_exchange(&plan->changes, first, none);
	for (xmlNode *at = first ? vgpu_xml_next(first, "video", NULL) : NULL; at;
	     at = vgpu_xml_next(at, "video", NULL))
		vgpu_xml_drop(&plan->changes, at);
}

void vgpu_plan_graphics(struct vgpu_plan *plan)
{
	const struct graphics *graphics = graphics_of(plan);
	bool has_main = !graphics->type, has_headless = !graphics->egl_headless;

	for (xmlNode *at = vgpu_xml_child(plan->devices, "graphics", NULL); at;
	     at = vgpu_xml_next(at, "graphics", NULL)) {
		if (!has_main && vgpu_xml_is(at, "type", graphics->type)) {
			adapt_main(plan, at);
			has_main = true;
		} else if (!has_headless && vgpu_xml_is(at, "type", "egl-headless")) {
			adapt_headless(plan, at);
			has_headless = true;
		} else if (is_in_the_way(plan, at)) {
			vgpu_xml_drop(&plan->changes, at);
		}
	}
	if (!has_main)
		vgpu_plan_add_beside(plan, "graphics", main_fragment(plan));
	if (!has_headless)
		vgpu_plan_add_beside(plan, "graphics", headless_fragment(plan));
	/* libvirt before 4.6 has no video 'none'; there the path 'none' leaves video alone */
	if (vgpu_version_since(plan->request->libvirt, 4, 6))
		plan_video(plan);
}
