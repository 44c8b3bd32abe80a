/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <rfb/rfb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../capture.h"
#include "../clock.h"
#include "../image.h"

/* A VNC server in this process. When it looks for its first update it finds @next, as QEMU may. */
struct server {
	rfbScreenInfoPtr screen;
	uint32_t *pixels, *next;
	int next_width_px, next_height_px;
	int presses, releases; /* of keys */
	volatile int stop;
	int fd;
	pthread_t thread;
};

static uint32_t *noise(int pixels, unsigned int seed)
{
	uint32_t *out = malloc((size_t)pixels * sizeof(*out));

	assert_non_null(out);
	srandom(seed);
	for (int i = 0; i < pixels; i++)
		out[i] = (uint32_t)random() & 0xffffff;
	return out;
}

/* Called before each update: once, the display has changed. */
static void look(rfbClientPtr client)
{
	struct server *server = client->screen->screenData;

	if (!server->next)
		return;
	rfbNewFramebuffer(client->screen, (char *)server->next, server->next_width_px,
			  server->next_height_px, 8, 3, 4);
	/* as QEMU's surfaces are: 0x00RRGGBB */
	client->screen->serverFormat.redShift = 16;
	client->screen->serverFormat.blueShift = 0;
	rfbSetTranslateFunction(client);
	free(server->pixels);
	server->pixels = server->next;
	server->next = NULL;
}

static void type(rfbBool down, rfbKeySym key, rfbClientPtr client)
{
	struct server *server = client->screen->screenData;

	*(down ? &server->presses : &server->releases) += 1;
}

static void *serve(void *data)
{
	struct server *server = data;
	rfbClientPtr client = rfbNewClient(server->screen, server->fd);

	(void)client;
	while (!server->stop)
		rfbProcessEvents(server->screen, 10000);
	return NULL;
}

static int start(struct server *server, int width_px, int height_px)
{
	int pair[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	server->screen = rfbGetScreen(NULL, NULL, width_px, height_px, 8, 3, 4);
	assert_non_null(server->screen);
	server->screen->port = server->screen->ipv6port = -1;
	server->screen->autoPort = FALSE;
	server->screen->frameBuffer = (char *)server->pixels;
	server->screen->serverFormat.redShift = 16;
	server->screen->serverFormat.blueShift = 0;
	server->screen->screenData = server;
	server->screen->displayHook = look;
	server->screen->cursor = NULL;
	server->screen->kbdAddEvent = type;
	server->fd = pair[0];
	assert_int_equal(0, pthread_create(&server->thread, NULL, serve, server));
	return pair[1];
}

static void stop(struct server *server)
{
	server->stop = 1;
	pthread_join(server->thread, NULL);
	rfbShutdownServer(server->screen, TRUE);
	rfbScreenCleanup(server->screen);
	free(server->pixels);
	free(server->next);
}

static void picture_is_exact(void **state)
{
	struct server server = { .pixels = noise(200 * 100, 1) };
	_image_ struct qt_image image = { 0 };
	struct vgpu_error err = { 0 };
	int fd = start(&server, 200, 100);

	assert_int_equal(0, qt_vnc_grab(fd, qt_now_ms() + 10000, &image, &err));
	assert_int_equal(200, image.width_px);
	assert_int_equal(100, image.height_px);
	assert_memory_equal(server.pixels, image.xrgb, 200 * 100 * 4);
	stop(&server);
}

/* One with the request, or QEMU would take its time; and nothing that would reach a guest. */
static void pictures_are_hastened_by_a_key_that_nobody_pressed(void **state)
{
	struct server server = { .pixels = noise(64 * 48, 1) };
	_image_ struct qt_image image = { 0 };
	int fd = start(&server, 64, 48);

	assert_int_equal(0, qt_vnc_grab(fd, qt_now_ms() + 10000, &image, NULL));
	stop(&server);
	assert_int_equal(1, server.releases);
	assert_int_equal(0, server.presses);
}

static void change_of_size_on_the_way_is_followed(void **state)
{
	struct server server = { .pixels = noise(64 * 48, 1),
				 .next = noise(160 * 120, 2),
				 .next_width_px = 160,
				 .next_height_px = 120 };
	_image_ struct qt_image image = { 0 };
	struct vgpu_error err = { 0 };
	int fd = start(&server, 64, 48);

	assert_int_equal(0, qt_vnc_grab(fd, qt_now_ms() + 10000, &image, &err));
	assert_null(server.next);
	assert_int_equal(160, image.width_px);
	assert_int_equal(120, image.height_px);
	assert_memory_equal(server.pixels, image.xrgb, 160 * 120 * 4);
	stop(&server);
}

static void server_that_hangs_up_is_an_error(void **state)
{
	_image_ struct qt_image image = { 0 };
	struct vgpu_error err = { 0 };
	int pair[2];

	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	assert_int_equal(12, write(pair[0], "RFB 003.008\n", 12));
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(-EPIPE, qt_vnc_grab(pair[1], qt_now_ms() + 2000, &image, &err));
	assert_true(*err.message);
	assert_null(image.xrgb);
	close(pair[0]);
}

/* QEMU may stop at any moment; the connection stays. */
static void server_that_falls_silent_is_an_error_in_time(void **state)
{
	static const struct {
		size_t len; /* how much is said before */
		const char *said;
	} servers[] = {
		{ 0, "" },
		{ 12, "RFB 003.008\n" },
		{ 18, "RFB 003.008\n\1\1\0\0\0\0" },
		/* 16x16 pixels, and the begin of a name */
		{ 43, "RFB 003.008\n\1\1\0\0\0\0\0\20\0\20\40\30\0\1\0\377\0\377\0\377\20\10\0"
		      "\0\0\0\0\0\0\7Q" },
	};

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		_image_ struct qt_image image = { 0 };
		struct vgpu_error err = { 0 };
		int pair[2];

		assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
		assert_int_equal(servers[i].len, write(pair[0], servers[i].said, servers[i].len));
		alarm(20); /* who waits for ever is killed */
		assert_int_equal(-ETIMEDOUT, qt_vnc_grab(pair[1], qt_now_ms() + 500, &image, &err));
		alarm(0);
		close(pair[0]);
	}
}

/* All that QEMU says to a viewer that wants another size; the byte at STATUS is filled in. */
enum { WISH_LEN = 24, STATUS = 18 + 24 + 1 + 4 + 3 };

static int wish_for_320x200(uint8_t status, uint8_t *wish)
{
	char said[] = "RFB 003.008\n\1\1\0\0\0\0"
		      /* 16x16 pixels, called Q */
		      "\0\20\0\20\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0\0\0\0\1Q"
		      /* one rectangle, and in it one screen */
		      "\0\0\0\1\0\1\0?\0\20\0\20\377\377\376\314"
		      "\1\0\0\0\0\0\0\0\0\0\0\0\0\20\0\20\0\0\0\0";
	struct vgpu_error err = { 0 };
	char heard[200];
	ssize_t len;
	int pair[2], r;

	assert_int_equal('?', said[STATUS]);
	said[STATUS] = (char)status;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	assert_int_equal(sizeof(said) - 1, write(pair[0], said, sizeof(said) - 1));
	r = qt_vnc_resize(pair[1], 320, 200, qt_now_ms() + 10000, &err);
	len = read(pair[0], heard, sizeof(heard));
	assert_in_range(len, WISH_LEN, sizeof(heard));
	memcpy(wish, heard + len - WISH_LEN, WISH_LEN);
	assert_int_equal(r != 0, *err.message != '\0');
	close(pair[0]);
	return r;
}

static void window_that_is_resized_asks_for_its_size(void **state)
{
	static const uint8_t wanted[WISH_LEN] = { 251, 0, 1,	     64,       0,	  200,
						  1,   0, [17] = 64, [16] = 1, [19] = 200 };
	uint8_t wish[WISH_LEN];

	assert_int_equal(0, wish_for_320x200(4, wish)); /* forwarded */
	assert_memory_equal(wanted, wish, WISH_LEN);
	assert_int_equal(0, wish_for_320x200(0, wish));
}

static void display_that_takes_no_size_is_told_from_one_that_does(void **state)
{
	uint8_t wish[WISH_LEN];

	assert_int_equal(-EOPNOTSUPP, wish_for_320x200(3, wish)); /* QEMU's, of a region */
	assert_int_equal(-EOPNOTSUPP, wish_for_320x200(1, wish));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picture_is_exact),
		cmocka_unit_test(pictures_are_hastened_by_a_key_that_nobody_pressed),
		cmocka_unit_test(change_of_size_on_the_way_is_followed),
		cmocka_unit_test(server_that_hangs_up_is_an_error),
		cmocka_unit_test(server_that_falls_silent_is_an_error_in_time),
		cmocka_unit_test(window_that_is_resized_asks_for_its_size),
		cmocka_unit_test(display_that_takes_no_size_is_told_from_one_that_does),
	};

	rfbLogEnable(FALSE);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
