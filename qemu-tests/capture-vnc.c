/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argv.h"
#include "capture.h"
#include "clock.h"
#include "image.h"
#include "launch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <rfb/rfbclient.h>
#include <stdarg.h>
#include <string.h>

/* For what somebody who only counts updates may wait. */
enum { READ_MS = 5000 };

/* One picture being received. */
struct grab {
	struct qt_image picture;
	uint64_t covered_px; /* of the update that is arriving */
	unsigned int full_updates; /* of this size */
	unsigned int sizes; /* how often the size was set */
	bool refused; /* the server announced a size that we do not believe */
	char said[160]; /* the library's last complaint */
};

/* rfbGetClient() has no other way to hand data to its callbacks than a tag. */
static char grab_tag;

static struct grab *grab_of(rfbClient *client)
{
	return rfbClientGetClientData(client, &grab_tag);
}

/* The library complains without saying for which client. */
static _Thread_local struct grab *complaining;

static void note_complaint(const char *format, ...)
{
	va_list args;

	if (!complaining)
		return;
	va_start(args, format);
	vsnprintf(complaining->said, sizeof(complaining->said), format, args);
	va_end(args);
	complaining->said[strcspn(complaining->said, "\n")] = '\0';
}

static void ignore_message(const char *format, ...)
{
}

/* Also called when the server changes its size (DesktopSize): what came before is void. */
static rfbBool take_size(rfbClient *client)
{
	struct grab *grab = grab_of(client);

	qt_image_finish(&grab->picture);
	grab->covered_px = 0;
	grab->full_updates = 0;
	grab->sizes++;
	if (client->width < 1 || client->height < 1 ||
	    qt_image_init(&grab->picture, (uint32_t)client->width, (uint32_t)client->height)) {
		grab->refused = true;
		client->frameBuffer = NULL;
		return FALSE;
	}
	client->frameBuffer = (uint8_t *)grab->picture.xrgb;
	return TRUE;
}

static void take_rectangle(rfbClient *client, int x, int y, int width, int height)
{
	grab_of(client)->covered_px += (uint64_t)width * (uint64_t)height;
}

static void end_update(rfbClient *client)
{
	struct grab *grab = grab_of(client);

	if (grab->covered_px >= (uint64_t)grab->picture.width_px * grab->picture.height_px)
		grab->full_updates++;
	grab->covered_px = 0;
}

/* The library waits for the rest of a message in a way that ends only if reading does not block. */
static rfbClient *make_client(int fd, struct grab *grab, int64_t deadline_ms)
{
	rfbClient *client = rfbGetClient(8, 3, 4);
	int flags = fcntl(fd, F_GETFL);

	if (!client)
		return NULL;
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	rfbClientSetClientData(client, &grab_tag, grab);
	client->MallocFrameBuffer = take_size;
	client->GotFrameBufferUpdate = take_rectangle;
	client->FinishedFrameBufferUpdate = end_update;
	client->appData.shareDesktop = TRUE;
	client->format.bitsPerPixel = 32;
	client->format.depth = 24;
	client->format.trueColour = 1;
	client->format.bigEndian = 0;
	client->format.redShift = 16;
	client->format.greenShift = 8;
	client->format.blueShift = 0;
	client->format.redMax = client->format.greenMax = client->format.blueMax = 255;
	/* the connection exists: without this the library would make its own */
	client->sock = fd;
	client->listenSpecified = TRUE;
	client->readTimeout = (unsigned int)qt_left_ms(deadline_ms) / 1000 + 1; /* seconds */
	return client;
}

/* Listens to the library's complaints, too, until drop_client(). Takes @fd over. */
static rfbClient *take_client(int fd, struct grab *grab, int64_t deadline_ms)
{
	rfbClient *client = make_client(fd, grab, deadline_ms);

	rfbClientLog = ignore_message;
	rfbClientErr = note_complaint;
	complaining = grab;
	if (!client)
		close(fd);
	return client;
}

static void drop_client(rfbClient *client)
{
	complaining = NULL;
	if (!client)
		return;
	client->frameBuffer = NULL; /* the picture's, not the library's */
	rfbClientCleanup(client);
}

/* Asks for our pixels, raw: what arrives is what the server has, bit for bit. */
static bool negotiate(rfbClient *client)
{
	rfbSetPixelFormatMsg format = { .type = rfbSetPixelFormat, .format = client->format };
	rfbSetEncodingsMsg encodings = { .type = rfbSetEncodings, .nEncodings = htons(2) };
	const uint32_t wanted[] = { htonl(rfbEncodingRaw), htonl(rfbEncodingNewFBSize) };

	format.format.redMax = htons(client->format.redMax);
	format.format.greenMax = htons(client->format.greenMax);
	format.format.blueMax = htons(client->format.blueMax);
	return WriteToRFBServer(client, (const char *)&format, sz_rfbSetPixelFormatMsg) &&
	       WriteToRFBServer(client, (const char *)&encodings, sz_rfbSetEncodingsMsg) &&
	       WriteToRFBServer(client, (const char *)wanted, sizeof(wanted));
}

/*
 * What the library's own rfbInitClient() does, but for the encodings: it offers both ways of telling
 * a new size, and does not understand the newer one from QEMU, whose screen has the number 0. QEMU
 * begins with a width that is rounded up to a multiple of 16, and tells the true one as a new size.
 * Source: QEMU 7.2, ui/vnc.c, vnc_desktop_resize(); libvncclient 0.9.14, rfbclient.c
 */
static bool connect_client(rfbClient *client)
{
	if (!InitialiseRFBConnection(client))
		return false;
	client->width = client->si.framebufferWidth;
	client->height = client->si.framebufferHeight;
	return client->MallocFrameBuffer(client) && negotiate(client) &&
	       SendFramebufferUpdateRequest(client, 0, 0, client->width, client->height, FALSE);
}

/* Receives until there are @updates full updates, or the size is no longer the @sizes-th. */
static int receive_updates(rfbClient *client, struct grab *grab, unsigned int updates,
			   unsigned int sizes, int64_t deadline_ms)
{
	while (grab->full_updates < updates && grab->sizes == sizes) {
		int left_ms = qt_left_ms(deadline_ms);
		int r;

		if (left_ms == 0)
			return -ETIMEDOUT;
		r = WaitForMessage(client, (unsigned int)left_ms * 1000u);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 || (r > 0 && !HandleRFBServerMessage(client)))
			return grab->refused ? -EPROTO : -EPIPE;
	}
	return 0;
}

/*
 * QEMU looks at its display every 30 ms, and 50 ms later each time it finds nothing new, unless somebody types.
 * The release of a key that nobody pressed reaches no guest.
 * Source: QEMU 7.2, ui/vnc.c, vnc_refresh(), protocol_client_msg(); ui/kbd-state.c, qkbd_state_key_event()
 */
static bool hasten(rfbClient *client)
{
	return SendKeyEvent(client, XK_Shift_L, FALSE);
}

/*
 * QEMU sends nothing before it is asked, and then looks at the display first: one full update is of what the display
 * shows now. The library itself asks again after each change of size, which begins it all anew.
 * Source: QEMU 7.2, ui/vnc.c, vnc_refresh()
 */
static int talk(rfbClient *client, struct grab *grab, int64_t deadline_ms)
{
	int r = 0;

	while (!r && !grab->full_updates)
		r = hasten(client) ? receive_updates(client, grab, 1, grab->sizes, deadline_ms)
				   : -EPIPE;
	return r;
}

int qt_vnc_grab(int fd, int64_t deadline_ms, struct qt_image *out, struct vgpu_error *err)
{
	struct grab grab = { 0 };
	rfbClient *client = take_client(fd, &grab, deadline_ms);
	int r = -ENOMEM;

	if (client && !connect_client(client))
		r = grab.refused ? -EPROTO : qt_left_ms(deadline_ms) ? -EPIPE : -ETIMEDOUT;
	else if (client)
		r = talk(client, &grab, deadline_ms);
	drop_client(client);
	if (r) {
		qt_image_finish(&grab.picture);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "VNC: %s%s%s",
				      r == -ETIMEDOUT ? "no full update in time"
				      : r == -EPROTO  ? "the server claims an impossible size"
						      : "the connection broke",
				      *grab.said ? ": " : "", grab.said);
	}
	for (size_t i = 0; i < (size_t)grab.picture.width_px * grab.picture.height_px; i++)
		grab.picture.xrgb[i] &= 0xffffff;
	*out = grab.picture;
	return 0;
}

/*
 * QEMU looks less and less often at a display that does not change, and comes back to its pace with
 * the first changes. Source: ui/vnc.c, vnc_refresh()
 */
enum { UPDATES_BEFORE_PACE = 10 };

/* A client asks for what has changed whenever it has got the last changes. */
int qt_vnc_count(int fd, const atomic_bool *stop, unsigned int *updates, double *rate_hz,
		 struct vgpu_error *err)
{
	struct grab grab = { 0 };
	rfbClient *client = take_client(fd, &grab, qt_deadline_ms(READ_MS));
	int r = !client ? -ENOMEM : connect_client(client) ? 0 : -EPIPE;
	int64_t begin_ms = 0, end_ms = 0;

	while (!r && !atomic_load(stop)) {
		r = receive_updates(client, &grab, grab.full_updates + 1, grab.sizes,
				    qt_now_ms() + 50);
		if (!r)
			end_ms = qt_now_ms();
		if (grab.full_updates <= UPDATES_BEFORE_PACE)
			begin_ms = end_ms;
		r = r == -ETIMEDOUT ? 0 : r;
	}
	drop_client(client);
	qt_image_finish(&grab.picture);
	*updates = grab.full_updates;
	*rate_hz = end_ms > begin_ms ? (grab.full_updates - UPDATES_BEFORE_PACE) * 1000.0 /
					       (double)(end_ms - begin_ms)
				     : 0;
	return r ? vgpu_error_set(err, VGPU_ERROR_FAILED, -r, "VNC: the connection broke: %s",
				  grab.said)
		 : 0;
}

/* How a server answers a wish for another size: an update of one rectangle that has no pixels. */
struct size_answer {
	rfbFramebufferUpdateMsg update;
	rfbFramebufferUpdateRectHeader rectangle; /* y is the status, x who wished for it */
	rfbExtDesktopSizeMsg screens; /* as many rfbExtDesktopScreen follow */
};

/* QEMU has told the console's device. Source: QEMU, ui/vnc.c, protocol_client_msg() */
enum { STATUS_FORWARDED = 4 };

/*
 * The library's own SendExtDesktopSize() takes no screen 0, and its reader does not tell the status.
 * Who has announced no encodings and asked for no update is sent nothing but this answer.
 */
static int ask_for_size(rfbClient *client, uint32_t width_px, uint32_t height_px, uint16_t *status)
{
	const rfbSetDesktopSizeMsg wish = { .type = rfbSetDesktopSize,
					    .width = htons((uint16_t)width_px),
					    .height = htons((uint16_t)height_px),
					    .numberOfScreens = 1 };
	const rfbExtDesktopScreen screen = { .width = wish.width, .height = wish.height };
	struct size_answer answer;

	if (!WriteToRFBServer(client, (const char *)&wish, sz_rfbSetDesktopSizeMsg) ||
	    !WriteToRFBServer(client, (const char *)&screen, sz_rfbExtDesktopScreen) ||
	    !ReadFromRFBServer(client, (char *)&answer, sizeof(answer)))
		return -EPIPE;
	if (answer.update.type != rfbFramebufferUpdate || ntohs(answer.update.nRects) != 1 ||
	    ntohl(answer.rectangle.encoding) != rfbEncodingExtDesktopSize)
		return -EPROTO;
	*status = ntohs(answer.rectangle.r.y);
	return 0;
}

int qt_vnc_resize(int fd, uint32_t width_px, uint32_t height_px, int64_t deadline_ms,
		  struct vgpu_error *err)
{
	struct grab grab = { 0 };
	rfbClient *client = take_client(fd, &grab, deadline_ms);
	uint16_t status = 0;
	int r = !client ? -ENOMEM
		: !InitialiseRFBConnection(client)
			? -EPIPE
			: ask_for_size(client, width_px, height_px, &status);

	drop_client(client);
	if (r)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -r,
				      "VNC: a wish for %ux%u was not answered: %s", width_px,
				      height_px, *grab.said ? grab.said : strerror(-r));
	if (status != rfbExtDesktopSize_Success && status != STATUS_FORWARDED)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EOPNOTSUPP,
				      "VNC: a wish for %ux%u was refused with status %u: the "
				      "console's device does not ask for it",
				      width_px, height_px, status);
	return 0;
}

int qt_capture_vnc(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		   struct vgpu_error *err)
{
	int fd = qt_vm_connect(vm, QT_VNC_SOCKET, deadline_ms, err);

	return fd < 0 ? fd : qt_vnc_grab(fd, deadline_ms, out, err);
}
