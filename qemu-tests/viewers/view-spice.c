/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view-spice SOCKET TIMEOUT_MS: what a SPICE server shows on its first display, as PPM on standard
 * output.
 * Source: the reference of spice-client-glib, SpiceSession and SpiceDisplayChannel
 */
#include "picture.h"

#include <spice-client.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The server sends the whole surface first, then what changes; nothing says "that was all". It
 * looks at the display every 30 ms, so a silence this long is an end.
 * Source: QEMU ui/console.c, GUI_REFRESH_INTERVAL_DEFAULT
 */
#define QUIET_MS 300
/* The first may be of what was shown before we looked; QEMU asks the device before each. */
#define GL_DRAWS 3

struct view {
	GMainLoop *loop;
	struct viewer_picture picture;
	const void *pixels; /* the library's surface */
	int stride;
	enum SpiceSurfaceFmt format;
	guint quiet_timer;
	unsigned int gl_draws; /* of the DMA-BUF that the server has handed over */
	bool taken; /* from there: nothing is to be laid */
	bool marked, drawn; /* the server says that it is fit to be seen; it drew something */
	char trouble[200];
};

static void stop(struct view *view, const char *trouble)
{
	if (trouble)
		g_strlcpy(view->trouble, trouble, sizeof(view->trouble));
	g_main_loop_quit(view->loop);
}

static gboolean on_quiet(gpointer data)
{
	struct view *view = data;

	view->quiet_timer = 0;
	stop(view, NULL);
	return G_SOURCE_REMOVE;
}

static void wait_for_quiet(struct view *view)
{
	if (view->quiet_timer)
		g_source_remove(view->quiet_timer);
	view->quiet_timer = 0;
	if (view->marked && view->drawn && view->pixels)
		view->quiet_timer = g_timeout_add(QUIET_MS, on_quiet, view);
}

static void on_create(SpiceChannel *channel, gint format, gint width_px, gint height_px,
		      gint stride, gint shmid, gpointer pixels, gpointer data)
{
	struct view *view = data;

	if (format != SPICE_SURFACE_FMT_32_xRGB && format != SPICE_SURFACE_FMT_32_ARGB) {
		stop(view, "a surface whose pixels are not 32 bits");
		return;
	}
	if (!viewer_picture_resize(&view->picture, (uint32_t)width_px, (uint32_t)height_px)) {
		stop(view, "a surface of an impossible size");
		return;
	}
	view->pixels = pixels;
	view->stride = stride;
	view->drawn = false;
	wait_for_quiet(view);
}

static void on_destroy(SpiceChannel *channel, gpointer data)
{
	struct view *view = data;

	view->pixels = NULL;
	wait_for_quiet(view);
}

static void on_invalidate(SpiceChannel *channel, gint x_px, gint y_px, gint width_px,
			  gint height_px, gpointer data)
{
	struct view *view = data;

	view->drawn = true;
	wait_for_quiet(view);
}

static void on_mark(SpiceChannel *channel, gint mark, gpointer data)
{
	struct view *view = data;

	view->marked = mark;
	wait_for_quiet(view);
}

static void on_gl(SpiceChannel *channel, GParamSpec *property, gpointer data)
{
	struct view *view = data;

	view->gl_draws = 0;
}

/* The server waits for the answer before it draws again; the picture stands until then. */
static void on_gl_draw(SpiceChannel *channel, guint x_px, guint y_px, guint width_px,
		       guint height_px, gpointer data)
{
	struct view *view = data;
	const SpiceGlScanout *scanout =
		spice_display_channel_get_gl_scanout(SPICE_DISPLAY_CHANNEL(channel));

	if (scanout && ++view->gl_draws >= GL_DRAWS && !view->taken) {
		const struct viewer_dmabuf dmabuf = {
			.fd = scanout->fd,
			.width_px = scanout->width,
			.height_px = scanout->height,
			.stride_bytes = scanout->stride,
			.fourcc = scanout->format,
			.y0_top = scanout->y0top,
		};

		view->taken = true;
		stop(view, viewer_picture_take_dmabuf(&view->picture, &dmabuf));
	}
	spice_display_channel_gl_draw_done(SPICE_DISPLAY_CHANNEL(channel));
}

static void on_event(SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
	if (event != SPICE_CHANNEL_OPENED && event != SPICE_CHANNEL_SWITCHING)
		stop(data, "the connection broke");
}

static void on_channel(SpiceSession *session, SpiceChannel *channel, gpointer data)
{
	gint id;

	g_object_get(channel, "channel-id", &id, NULL);
	if (SPICE_IS_MAIN_CHANNEL(channel)) {
		g_signal_connect(channel, "channel-event", G_CALLBACK(on_event), data);
		return;
	}
	if (!SPICE_IS_DISPLAY_CHANNEL(channel) || id != 0)
		return;
	g_signal_connect(channel, "channel-event", G_CALLBACK(on_event), data);
	g_signal_connect(channel, "display-primary-create", G_CALLBACK(on_create), data);
	g_signal_connect(channel, "display-primary-destroy", G_CALLBACK(on_destroy), data);
	g_signal_connect(channel, "display-invalidate", G_CALLBACK(on_invalidate), data);
	g_signal_connect(channel, "display-mark", G_CALLBACK(on_mark), data);
	g_signal_connect(channel, "notify::gl-scanout", G_CALLBACK(on_gl), data);
	g_signal_connect(channel, "gl-draw", G_CALLBACK(on_gl_draw), data);
	spice_channel_connect(channel);
}

static gboolean on_timeout(gpointer data)
{
	stop(data, "no complete picture in time");
	return G_SOURCE_REMOVE;
}

static int print(struct view *view)
{
	struct viewer_picture *picture = &view->picture;

	if (!*view->trouble && !view->taken &&
	    !viewer_picture_lay(picture, 0, 0, picture->width_px, picture->height_px, view->pixels,
				(size_t)view->stride * picture->height_px, (uint32_t)view->stride,
				VIEWER_XRGB))
		g_strlcpy(view->trouble, "the surface's rows do not fit", sizeof(view->trouble));
	if (*view->trouble)
		return viewer_fail("%s", view->trouble);
	return viewer_picture_write(picture) ? EXIT_SUCCESS
					     : viewer_fail("cannot write the picture");
}

int main(int argc, char **argv)
{
	struct view view = { 0 };
	SpiceSession *session;
	int timeout_ms = argc == 3 ? atoi(argv[2]) : 0;
	int exit_code;

	if (timeout_ms <= 0)
		return viewer_fail("usage: view-spice SOCKET TIMEOUT_MS");
	view.loop = g_main_loop_new(NULL, FALSE);
	session = spice_session_new();
	g_object_set(session, "unix-path", argv[1], "enable-audio", FALSE, "enable-usbredir", FALSE,
		     "enable-smartcard", FALSE, NULL);
	g_signal_connect(session, "channel-new", G_CALLBACK(on_channel), &view);
	if (!spice_session_connect(session))
		return viewer_fail("cannot connect to %s", argv[1]);
	g_timeout_add((guint)timeout_ms, on_timeout, &view);
	g_main_loop_run(view.loop);
	exit_code = print(&view);
	/* what the library still has to say is of no interest; QEMU sees the connections close */
	fflush(stdout);
	_exit(exit_code);
}
