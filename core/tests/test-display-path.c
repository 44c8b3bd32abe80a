/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/display-path.h>
#include <vgpulab/qemu-args.h>

#define UUID "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5"

static struct vgpu_display_request request_for(const char *path, const char *qemu)
{
	struct vgpu_display_request request = { .uuid = { UUID } };

	assert_int_equal(0, vgpu_display_path_parse(path, &request.path, NULL));
	assert_int_equal(0, vgpu_version_parse(qemu, &request.qemu));
	return request;
}

/* The text of all arguments, one a line. */
static char *render(const struct vgpu_qemu_args *args)
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	for (size_t i = 0; i < args->len; i++)
		fprintf(stream, "%s%s%s\n", args->items[i].option, args->items[i].value ? " " : "",
			args->items[i].value ? args->items[i].value : "");
	fclose(stream);
	return text;
}

/*
 * Which front end shows which kind of vGPU, by QEMU version. @says: the words with which the
 * refusal quotes QEMU or names the version; NULL: works.
 */
static const struct {
	const char *path, *qemu, *says;
} front_ends[] = {
	/* -display none and screendump */
	{ "region,screendump", "7.2", NULL },
	{ "dmabuf,screendump", "7.2", "opengl not available" },
	{ "dmabuf,screendump", "9.0", "opengl not available" },
	/* VNC alone */
	{ "region,vnc", "7.2", NULL },
	{ "region,vnc", "10.0", NULL },
	{ "dmabuf,vnc", "7.2", "opengl not available" },
	{ "dmabuf,vnc", "9.0", "opengl not available" },
	/* VNC beside egl-headless: until VNC binds to its console */
	{ "region,vnc+egl-headless", "7.2", NULL },
	{ "region,vnc+egl-headless", "9.0", NULL },
	{ "dmabuf,vnc+egl-headless", "2.12", NULL },
	{ "dmabuf,vnc+egl-headless", "7.2.22", NULL },
	{ "dmabuf,vnc+egl-headless", "8.2.9", NULL },
	{ "dmabuf,vnc+egl-headless", "9.0", "requires display DMABUF support" },
	{ "dmabuf,vnc+egl-headless", "10.2", "requires display DMABUF support" },
	/* SPICE without GL beside egl-headless: until SPICE bound a listener to each console */
	{ "region,spice+egl-headless", "7.2", NULL },
	{ "dmabuf,spice+egl-headless", "5.2", NULL },
	{ "dmabuf,spice+egl-headless", "6.0", "requires display DMABUF support" },
	{ "dmabuf,spice+egl-headless", "7.2", "requires display DMABUF support" },
	{ "dmabuf,spice+egl-headless", "9.0", "requires display DMABUF support" },
	{ "region,spice", "7.2", NULL },
	{ "dmabuf,spice", "7.2", "opengl not available" },
	/* SPICE with GL on a socket */
	{ "region,spice-gl", "7.2", NULL },
	{ "dmabuf,spice-gl", "2.12", NULL },
	{ "dmabuf,spice-gl", "7.2", NULL },
	{ "dmabuf,spice-gl", "10.2", NULL },
	/* windows */
	{ "region,gtk", "7.2", NULL },
	{ "dmabuf,gtk", "7.2", NULL },
	{ "dmabuf,gtk", "9.1", NULL },
	{ "region,sdl", "7.2", NULL },
	{ "dmabuf,sdl", "7.2", "DMABUF" },
	{ "dmabuf,sdl", "9.0", "DMABUF" },
	/* D-Bus */
	{ "region,dbus", "7.2", NULL },
	{ "dmabuf,dbus", "7.2", NULL },
	{ "dmabuf,dbus", "9.0", NULL },
	{ "dmabuf,dbus", "6.2", "7.0" },
	/* what is older than the display of vGPUs, or than ramfb */
	{ "dmabuf,spice-gl", "2.11", "2.12" },
	{ "region,vnc", "2.11.2", "2.12" },
	{ "none", "2.11", NULL },
	{ "none", "10.2", NULL },
	{ "ramfb,spice-gl", "3.0", "3.1" },
	{ "ramfb,spice-gl", "3.1", NULL },
	{ "dmabuf+ramfb,vnc+egl-headless", "7.2", NULL },
	{ "region+ramfb,vnc", "7.2", NULL },
};

static void each_front_end_is_allowed_or_refused_as_qemu_does(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(front_ends); i++) {
		struct vgpu_display_request request =
			request_for(front_ends[i].path, front_ends[i].qemu);
		struct vgpu_display_path path = { 0 };
		struct vgpu_error err = { 0 };
		int ret = vgpu_display_decide(&request, &path, &err);

		if (!front_ends[i].says && ret)
			fail_msg("%s with %s: %s", front_ends[i].path, front_ends[i].qemu,
				 err.message);
		if (front_ends[i].says &&
		    (ret != -ENOTSUP || !strstr(err.message, front_ends[i].says)))
			fail_msg("%s with %s: %d %s", front_ends[i].path, front_ends[i].qemu, ret,
				 err.message);
		assert_true(!ret == !!path.contents);
		assert_true(!ret == !err.hint[0]); /* a refusal says what works instead */
	}
}

static void without_a_viewer_the_first_that_works_is_taken(void **state)
{
	static const struct {
		const char *contents, *qemu, *viewer;
		uint16_t port;
	} rows[] = {
		{ "dmabuf", "7.2", "spice-gl", 0 },
		{ "dmabuf", "10.0", "spice-gl", 0 },
		{ "dmabuf", "8.2", "vnc+egl-headless", 5901 },
		{ "dmabuf", "10.2", "spice-gl", 5901 },
		{ "region", "7.2", "vnc", 0 },
		{ "region", "10.0", "vnc", 5901 },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct vgpu_display_request request = request_for(rows[i].contents, rows[i].qemu);
		struct vgpu_display_path path;

		request.port = rows[i].port;
		assert_int_equal(0, vgpu_display_decide(&request, &path, NULL));
		assert_string_equal(rows[i].viewer, path.viewer->name);
	}
}

static void remote_viewer_of_a_dmabuf_vgpu_on_qemu_9_is_refused_with_the_reason(void **state)
{
	struct vgpu_display_request request = request_for("dmabuf", "9.1");
	struct vgpu_display_path path = { 0 };
	struct vgpu_error err = { 0 };

	request.port = 5900;
	assert_int_equal(-ENOTSUP, vgpu_display_decide(&request, &path, &err));
	assert_non_null(strstr(err.message, "local-only"));
	assert_null(path.contents);
}

static void ramfb_on_the_pluggable_type_is_refused(void **state)
{
	struct vgpu_display_request request = request_for("ramfb", "7.2");
	struct vgpu_display_path path;
	struct vgpu_error err = { 0 };

	request.pluggable = true;
	assert_int_equal(-EINVAL, vgpu_display_decide(&request, &path, &err));
	assert_non_null(strstr(err.message, "nohotplug"));
}

static void contradictions_are_usage_errors(void **state)
{
	struct vgpu_display_request rom = request_for("dmabuf+rom", "7.2");
	struct vgpu_display_request file = request_for("dmabuf", "7.2");
	struct vgpu_display_request size = request_for("region", "7.2");
	struct vgpu_display_request port = request_for("region,vnc", "7.2");
	struct vgpu_display_request node = request_for("region,vnc", "7.2");
	struct vgpu_display_path path;

	assert_int_equal(-EINVAL, vgpu_display_decide(&rom, &path, NULL));
	rom.romfile = "vbios_gvt_uefi.rom";
	assert_int_equal(-EINVAL, vgpu_display_decide(&rom, &path, NULL));
	rom.firmware = VGPU_FIRMWARE_OVMF;
	assert_int_equal(0, vgpu_display_decide(&rom, &path, NULL));
	file.romfile = "vbios_gvt_uefi.rom";
	assert_int_equal(-EINVAL, vgpu_display_decide(&file, &path, NULL));
	size.xres_px = 1280;
	assert_int_equal(-EINVAL, vgpu_display_decide(&size, &path, NULL));
	port.port = 80;
	assert_int_equal(-EINVAL, vgpu_display_decide(&port, &path, NULL));
	node.rendernode = "/dev/dri/renderD128";
	assert_int_equal(-EINVAL, vgpu_display_decide(&node, &path, NULL));
}

static void every_path_parses_by_its_names_and_nonsense_does_not(void **state)
{
	static const char *const wrong[] = {
		"",	    "dmabuff",	  "dmabuf,", "dmabuf,none",
		"none,vnc", "vnc,dmabuf", ",vnc",    "dmabuf,vnc,vnc"
	};
	char text[64];

	for (size_t i = 0; i < vgpu_display_contents_len; i++)
		for (size_t k = 0; k < vgpu_display_viewers_len; k++) {
			struct vgpu_display_path path = { 0 };

			snprintf(text, sizeof(text), "%s,%s", vgpu_display_contents[i].name,
				 vgpu_display_viewers[k].name);
			if (vgpu_display_contents[i].plane == VGPU_PLANE_NONE)
				continue;
			assert_int_equal(0, vgpu_display_path_parse(text, &path, NULL));
			assert_ptr_equal(&vgpu_display_contents[i], path.contents);
			assert_ptr_equal(&vgpu_display_viewers[k], path.viewer);
		}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(wrong); i++) {
		struct vgpu_display_path path = { 0 };

		assert_int_equal(-EINVAL, vgpu_display_path_parse(wrong[i], &path, NULL));
		assert_null(path.contents);
	}
}

static void versions_are_found_in_what_qemu_and_libvirt_print(void **state)
{
	struct vgpu_version version = { 0 };

	assert_int_equal(0, vgpu_version_parse("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)",
					       &version));
	assert_int_equal(7, version.major);
	assert_int_equal(2, version.minor);
	assert_int_equal(22, version.micro);
	assert_int_equal(0, vgpu_version_parse("10.0", &version));
	assert_int_equal(10, version.major);
	assert_true(vgpu_version_since(version, 9, 2));
	assert_false(vgpu_version_since(version, 10, 1));
	assert_int_equal(-EINVAL, vgpu_version_parse("", &version));
	assert_int_equal(-EINVAL, vgpu_version_parse("7", &version));
	assert_int_equal(-EINVAL, vgpu_version_parse("7.", &version));
	assert_int_equal(-EINVAL, vgpu_version_parse("99999.1", &version));
	assert_int_equal(10, version.major);
}

static const struct {
	const char *path, *qemu, *expected;
	bool pc;
} lines[] = {
	{ "dmabuf+ramfb,vnc+egl-headless", "7.2",
	  "-machine q35,accel=kvm\n-nodefaults\n-display egl-headless\n-vnc 127.0.0.1:0\n"
	  "-device vfio-pci-nohotplug,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/" UUID
	  ",display=on,ramfb=on,x-igd-opregion=on,rombar=0,bus=pcie.0,addr=0x2\n",
	  false },
	{ "region", "7.2",
	  "-machine pc\n-nodefaults\n-display none\n-vnc 127.0.0.1:0,display=hostdev0\n"
	  "-device vfio-pci,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/" UUID
	  ",display=on,rombar=0,bus=pci.0,addr=0x2\n",
	  true },
	{ "none", "7.2",
	  "-machine q35,accel=kvm\n-nodefaults\n-display none\n"
	  "-device vfio-pci,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/" UUID
	  ",display=off,rombar=0,bus=pcie.0,addr=0x2\n",
	  false },
	{ "dbus", "9.0",
	  "-machine q35,accel=kvm\n-nodefaults\n-display dbus,p2p=yes,gl=on\n"
	  "-device vfio-pci,id=hostdev0,sysfsdev=/sys/bus/mdev/devices/" UUID
	  ",display=on,x-igd-opregion=on,rombar=0,bus=pcie.0,addr=0x2\n",
	  false },
};

static void arguments_are_those_of_the_path(void **state)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(lines); i++) {
		_destroy_(vgpu_qemu_args) struct vgpu_qemu_args *args = NULL;
		_autofree_ char *text = NULL;
		struct vgpu_display_request request = request_for(lines[i].path, lines[i].qemu);

		request.machine = lines[i].pc ? VGPU_MACHINE_PC : VGPU_MACHINE_Q35;
		assert_int_equal(0, vgpu_qemu_args_create(&request, &args, NULL));
		text = render(args);
		assert_string_equal(lines[i].expected, text);
	}
}

static void a_vnc_server_beside_a_dmabuf_vgpu_is_never_bound(void **state)
{
	_destroy_(vgpu_qemu_args) struct vgpu_qemu_args *args = NULL;
	_autofree_ char *text = NULL;
	struct vgpu_display_request request = request_for("vnc+egl-headless", "8.2");

	request.port = 5903;
	request.rendernode = "/dev/dri/renderD129";
	assert_int_equal(0, vgpu_qemu_args_create(&request, &args, NULL));
	text = render(args);
	assert_non_null(strstr(text, "-vnc 127.0.0.1:3\n"));
	assert_non_null(strstr(text, "-display egl-headless,rendernode=/dev/dri/renderD129\n"));
}

static void a_comma_in_a_file_name_is_doubled_for_qemu(void **state)
{
	_destroy_(vgpu_qemu_args) struct vgpu_qemu_args *args = NULL;
	_autofree_ char *text = NULL;
	struct vgpu_display_request request = request_for("dmabuf+rom", "7.2");

	request.firmware = VGPU_FIRMWARE_OVMF;
	request.romfile = "/srv/gop,1.rom";
	assert_int_equal(0, vgpu_qemu_args_create(&request, &args, NULL));
	text = render(args);
	assert_non_null(strstr(text, ",romfile=/srv/gop,,1.rom,"));
	assert_null(strstr(text, "rombar"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_front_end_is_allowed_or_refused_as_qemu_does),
		cmocka_unit_test(without_a_viewer_the_first_that_works_is_taken),
		cmocka_unit_test(
			remote_viewer_of_a_dmabuf_vgpu_on_qemu_9_is_refused_with_the_reason),
		cmocka_unit_test(ramfb_on_the_pluggable_type_is_refused),
		cmocka_unit_test(contradictions_are_usage_errors),
		cmocka_unit_test(every_path_parses_by_its_names_and_nonsense_does_not),
		cmocka_unit_test(versions_are_found_in_what_qemu_and_libvirt_print),
		cmocka_unit_test(arguments_are_those_of_the_path),
		cmocka_unit_test(a_vnc_server_beside_a_dmabuf_vgpu_is_never_bound),
		cmocka_unit_test(a_comma_in_a_file_name_is_doubled_for_qemu),
	};

	return cmocka_run_group_tests_name("display-path", tests, NULL, NULL);
}
