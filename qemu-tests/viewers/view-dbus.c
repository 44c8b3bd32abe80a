/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view-dbus FD TIMEOUT_MS: what QEMU's D-Bus display shows, as PPM on standard output. FD is one
 * end of a socket pair whose other end QEMU got by add_client "@dbus-display".
 * Source: QEMU ui/dbus-display1.xml, interfaces org.qemu.Display1.Console and .Listener
 */
#include "picture.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A frozen picture of a display that announces only what changes gives no second one. */
#define QUIET_MS 400
/* The picture sent on registration may be older than the registration; the next is not. */
#define PICTURES 2
/* QEMU asks the device for its plane before each. */
#define UPDATES	 3
#define CONSOLE	 "/org/qemu/Display1/Console_0"
#define LISTENER "/org/qemu/Display1/Listener"

/* As pixman has them. Source: pixman.h, PIXMAN_FORMAT() */
enum { FORMAT_X8R8G8B8 = 0x20020888, FORMAT_A8R8G8B8 = 0x20028888, FORMAT_X8B8G8R8 = 0x20030888 };

static const char interface_xml[] =
	"<node><interface name='org.qemu.Display1.Listener'>"
	"<method name='Scanout'><arg type='u'/><arg type='u'/><arg type='u'/><arg type='u'/>"
	"<arg type='ay'/></method>"
	"<method name='Update'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/>"
	"<arg type='u'/><arg type='u'/><arg type='ay'/></method>"
	"<method name='ScanoutDMABUF'><arg type='h'/><arg type='u'/><arg type='u'/><arg type='u'/>"
	"<arg type='u'/><arg type='t'/><arg type='b'/></method>"
	"<method name='UpdateDMABUF'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/>"
	"</method>"
	"<method name='Disable'/>"
	"<method name='MouseSet'><arg type='i'/><arg type='i'/><arg type='i'/></method>"
	"<method name='CursorDefine'><arg type='i'/><arg type='i'/><arg type='i'/><arg type='i'/>"
	"<arg type='ay'/></method>"
	"<property name='Interfaces' type='as' access='read'/>"
	"</interface></node>";

struct view {
	GMainLoop *loop;
	struct viewer_picture picture;
	GUnixFDList *fds; /* of the call that is being answered; may be NULL */
	struct viewer_dmabuf dmabuf; /* the scan-out, if its descriptor is not -1 */
	unsigned int updates; /* of it */
	unsigned int pictures; /* complete ones */
	guint quiet_timer;
	bool ended;
	char trouble[200];
};

static void stop(struct view *view, const char *trouble)
{
	if (trouble)
		g_strlcpy(view->trouble, trouble, sizeof(view->trouble));
	view->ended = true;
	g_main_loop_quit(view->loop);
}

static gboolean on_quiet(gpointer data)
{
	struct view *view = data;

	view->quiet_timer = 0;
	stop(view, NULL);
	return G_SOURCE_REMOVE;
}

static void count_picture(struct view *view, bool complete)
{
	view->pictures += complete;
	if (view->quiet_timer)
		g_source_remove(view->quiet_timer);
	view->quiet_timer = 0;
	if (view->pictures >= PICTURES)
		stop(view, NULL);
	else if (view->pictures)
		view->quiet_timer = g_timeout_add(QUIET_MS, on_quiet, view);
}

static void lay(struct view *view, const uint32_t box_px[4], guint32 stride, guint32 format,
		GVariant *pixels)
{
	enum viewer_order order = format == FORMAT_X8B8G8R8 ? VIEWER_XBGR : VIEWER_XRGB;
	g_autofree char *trouble = NULL;
	gsize len;
	const void *data = g_variant_get_fixed_array(pixels, &len, 1);

	if (format != FORMAT_X8R8G8B8 && format != FORMAT_A8R8G8B8 && format != FORMAT_X8B8G8R8)
		trouble = g_strdup_printf("pixels in pixman's format %#x", format);
	else if (!viewer_picture_lay(&view->picture, box_px[0], box_px[1], box_px[2], box_px[3],
				     data, len, stride, order))
		trouble = g_strdup_printf("an update of %ux%u px at %u,%u does not fit %ux%u",
					  box_px[2], box_px[3], box_px[0], box_px[1],
					  view->picture.width_px, view->picture.height_px);
	if (trouble) {
		stop(view, trouble);
		return;
	}
	count_picture(view,
		      box_px[2] == view->picture.width_px && box_px[3] == view->picture.height_px);
}

static void on_scanout(struct view *view, GVariant *arguments)
{
	g_autoptr(GVariant) pixels = NULL;
	guint32 box_px[4] = { 0 }, stride, format;

	g_variant_get(arguments, "(uuuu@ay)", &box_px[2], &box_px[3], &stride, &format, &pixels);
	if (view->picture.width_px != box_px[2] || view->picture.height_px != box_px[3]) {
		view->pictures = 0;
		if (!viewer_picture_resize(&view->picture, box_px[2], box_px[3])) {
			stop(view, "a scan-out of an impossible size");
			return;
		}
	}
	lay(view, box_px, stride, format, pixels);
}

static void on_update(struct view *view, GVariant *arguments)
{
	g_autoptr(GVariant) pixels = NULL;
	guint32 box_px[4], stride, format;

	g_variant_get(arguments, "(iiiiuu@ay)", &box_px[0], &box_px[1], &box_px[2], &box_px[3],
		      &stride, &format, &pixels);
	lay(view, box_px, stride, format, pixels);
}

static void drop_dmabuf(struct view *view)
{
	if (view->dmabuf.fd >= 0)
		close(view->dmabuf.fd);
	view->dmabuf.fd = -1;
	view->updates = 0;
}

static void on_dmabuf(struct view *view, GVariant *arguments)
{
	struct viewer_dmabuf *dmabuf = &view->dmabuf;
	gboolean y0_top;
	gint32 index;

	drop_dmabuf(view);
	view->pictures = 0;
	g_variant_get(arguments, "(huuuutb)", &index, &dmabuf->width_px, &dmabuf->height_px,
		      &dmabuf->stride_bytes, &dmabuf->fourcc, &dmabuf->modifier, &y0_top);
	dmabuf->y0_top = y0_top;
	if (view->fds)
		dmabuf->fd = g_unix_fd_list_get(view->fds, index, NULL);
	if (dmabuf->fd < 0)
		stop(view, "a scan-out without its DMA-BUF");
}

/* The first update may tell of what was shown before we looked. */
static void on_update_dmabuf(struct view *view, GVariant *arguments)
{
	if (view->dmabuf.fd >= 0 && ++view->updates >= UPDATES)
		stop(view, viewer_picture_take_dmabuf(&view->picture, &view->dmabuf));
}

static void on_disable(struct view *view, GVariant *arguments)
{
	drop_dmabuf(view);
	view->pictures = 0;
}

static const struct method {
	const char *name;
	void (*run)(struct view *view, GVariant *arguments);
} methods[] = {
	{ "Scanout", on_scanout },	{ "Update", on_update },
	{ "ScanoutDMABUF", on_dmabuf }, { "UpdateDMABUF", on_update_dmabuf },
	{ "Disable", on_disable },
};

/* What is not in the table is answered and means nothing here. */
static void on_call(GDBusConnection *connection, const char *sender, const char *path,
		    const char *interface, const char *name, GVariant *arguments,
		    GDBusMethodInvocation *invocation, gpointer data)
{
	struct view *view = data;

	view->fds =
		g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(invocation));
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
		if (!strcmp(methods[i].name, name) && !view->ended)
			methods[i].run(view, arguments);
	g_dbus_method_invocation_return_value(invocation, NULL);
}

/* No further interfaces. */
static GVariant *on_get(GDBusConnection *connection, const char *sender, const char *path,
			const char *interface, const char *property, GError **error, gpointer data)
{
	return g_variant_new_strv(NULL, 0);
}

/* The connection's calls wait until the listener is there to take them. */
static GDBusConnection *connect_fd(int fd, GDBusConnectionFlags flags, GError **error)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, error);
	g_autoptr(GSocketConnection) stream = NULL;

	if (!socket)
		return NULL;
	stream = g_socket_connection_factory_create_connection(socket);
	return g_dbus_connection_new_sync(G_IO_STREAM(stream), NULL,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | flags,
					  NULL, NULL, error);
}

/* Gives QEMU the other end of a new connection, on which it will call us. */
static GDBusConnection *make_listener(struct view *view, GDBusConnection *console, int timeout_ms,
				      GError **error)
{
	static const GDBusInterfaceVTable table = { .method_call = on_call,
						    .get_property = on_get };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(interface_xml, NULL);
	g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
	g_autoptr(GVariant) answer = NULL;
	GDBusConnection *listener;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return NULL;
	g_unix_fd_list_append(fds, pair[1], NULL);
	close(pair[1]);
	answer = g_dbus_connection_call_with_unix_fd_list_sync(
		console, NULL, CONSOLE, "org.qemu.Display1.Console", "RegisterListener",
		g_variant_new("(h)", 0), NULL, G_DBUS_CALL_FLAGS_NONE, timeout_ms, fds, NULL, NULL,
		error);
	if (!answer) {
		close(pair[0]);
		return NULL;
	}
	listener = connect_fd(pair[0], G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, error);
	if (!listener)
		return NULL;
	if (!g_dbus_connection_register_object(listener, LISTENER, node->interfaces[0], &table,
					       view, NULL, error)) {
		g_object_unref(listener);
		return NULL;
	}
	g_dbus_connection_start_message_processing(listener);
	return listener;
}

static gboolean on_timeout(gpointer data)
{
	stop(data, "no complete picture in time");
	return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
	struct view view = { .loop = g_main_loop_new(NULL, FALSE), .dmabuf = { .fd = -1 } };
	g_autoptr(GDBusConnection) console = NULL, listener = NULL;
	g_autoptr(GError) error = NULL;
	int timeout_ms = argc == 3 ? atoi(argv[2]) : 0;

	if (timeout_ms <= 0)
		return viewer_fail("usage: view-dbus FD TIMEOUT_MS");
	console = connect_fd(atoi(argv[1]), 0, &error);
	if (!console)
		return viewer_fail("no D-Bus conversation with QEMU: %s", error->message);
	listener = make_listener(&view, console, timeout_ms, &error);
	if (!listener)
		return viewer_fail("QEMU takes no listener: %s",
				   error ? error->message : g_strerror(errno));
	g_timeout_add((guint)timeout_ms, on_timeout, &view);
	g_main_loop_run(view.loop);
	if (*view.trouble)
		return viewer_fail("%s", view.trouble);
	if (!viewer_picture_write(&view.picture))
		return viewer_fail("cannot write the picture");
	viewer_picture_finish(&view.picture);
	g_main_loop_unref(view.loop);
	return EXIT_SUCCESS;
}
