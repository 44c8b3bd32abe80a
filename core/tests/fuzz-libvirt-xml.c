/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any text as a domain: lint, edit and remove never crash; what an edit gives is a domain again,
 * on which the same edit changes nothing, and from which the original comes back.
 */

#include <assert.h>
#include <libxml/xmlerror.h>
#include <stdint.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/libvirt-lint.h>
#include <vgpulab/libvirt-xml.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *path, *qemu, *libvirt;
} requests[] = {
	{ "dmabuf", "7.2", "9.0" }, { "dmabuf+ramfb,vnc+egl-headless", "7.2", "8.0" },
	{ "ramfb", "4.2", "5.0" },  { "region", "7.2", "9.0" },
	{ "dbus", "9.0", "10.0" },  { "none", "7.2", "9.0" },
};

static void ignore(void *data, const struct vgpu_lint_finding *finding)
{
}

static void silent(void *data, const char *format, ...)
{
}

static void edit_and_back(const struct vgpu_libvirt_request *request, const char *text, size_t len)
{
	_autofree_ char *once = NULL, *twice = NULL, *back = NULL;
	size_t once_len, twice_len, back_len;
	int ret;

	if (vgpu_libvirt_edit(request, text, len, &once, &once_len, NULL))
		return;
	ret = vgpu_libvirt_edit(request, once, once_len, &twice, &twice_len, NULL);
	assert(!ret && once_len == twice_len && !memcmp(once, twice, once_len));
	ret = vgpu_libvirt_remove(once, once_len, &back, &back_len, NULL);
	if (memmem(text, len, "urn:vgpulab", 11))
		return; /* it came with a record of its own */
	assert(ret != 1); /* nobody rewrote it */
	if (ret)
		assert(once_len == len && !memcmp(once, text, len));
	else
		assert(back_len == len && !memcmp(back, text, len));
}

/* A record that came with the text may say anything. */
static void remove_alone(const char *text, size_t len)
{
	_autofree_ char *out = NULL;

	vgpu_libvirt_remove(text, len, &out, &len, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vgpu_libvirt_request request = {
		.display = { .uuid = { "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5" },
			     .rendernode = "/dev/dri/renderD128" },
	};
	const char *text = (const char *)data;
	size_t at;

	if (!size)
		return 0;
	xmlSetGenericErrorFunc(NULL, silent);
	at = data[size - 1] % VGPU_ARRAY_LEN(requests); /* the last byte is no text */
	if (at == 3 || at == 5)
		request.display.rendernode = NULL;
	vgpu_version_parse(requests[at].qemu, &request.display.qemu);
	vgpu_version_parse(requests[at].libvirt, &request.libvirt);
	vgpu_display_path_parse(requests[at].path, &request.display.path, NULL);
	vgpu_libvirt_lint(text, size - 1, request.libvirt, request.display.qemu, ignore, NULL,
			  NULL);
	remove_alone(text, size - 1);
	edit_and_back(&request, text, size - 1);
	return 0;
}
