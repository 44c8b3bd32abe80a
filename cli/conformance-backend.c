/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conformance suite on the manager's seam, where a tree need not be a file system.
 */

#include "conformance-backend.h"

#include <errno.h>
#include <string.h>
#include <vgpulab/backend-impl.h>

enum { TEXT_MAX = 65536 };

static const char root[] = "/sys";

/* Paths of the seam begin below the root, without a slash. */
static const char *below(const char *path)
{
	const char *at = path + strlen(root);

	return at + strspn(at, "/");
}

static ssize_t copy(char *out, size_t size, const char *text, ssize_t len)
{
	if (len < 0)
		return len;
	memcpy(out, text, (size_t)len < size ? (size_t)len : size);
	return (size_t)len < size ? len : (ssize_t)size;
}

/* The seam calls a write well or not; who wants to know how much was taken must use the kernel. */
static ssize_t backend_put(void *data, const char *path, const void *bytes, size_t len)
{
	struct vgpu_backend *backend = data;
	int ret = backend->impl->write(backend, below(path), bytes, len);

	return ret < 0 ? ret : (ssize_t)len;
}

static ssize_t backend_get(void *data, const char *path, char *out, size_t size)
{
	struct vgpu_backend *backend = data;
	char text[TEXT_MAX];

	return copy(out, size, text, backend->impl->read(backend, below(path), text, sizeof(text)));
}

static ssize_t backend_link(void *data, const char *path, char *out, size_t size)
{
	struct vgpu_backend *backend = data;
	char text[TEXT_MAX];

	return copy(out, size, text,
		    backend->impl->readlink(backend, below(path), text, sizeof(text)));
}

struct listing {
	void (*each)(void *to, const char *name);
	void *to;
};

static int pass_name(void *data, const char *name)
{
	const struct listing *listing = data;

	listing->each(listing->to, name);
	return 0;
}

static int backend_list(void *data, const char *path, void (*each)(void *to, const char *name),
			void *to)
{
	struct vgpu_backend *backend = data;
	struct listing listing = { each, to };

	return backend->impl->list(backend, below(path), pass_name, &listing);
}

static int backend_exists(void *data, const char *path)
{
	struct vgpu_backend *backend = data;

	return backend->impl->exists(backend, below(path));
}

void cli_conformance_backend(struct vgpu_backend *backend, struct conformance_tree *out)
{
	*out = (struct conformance_tree){
		.put = backend_put,
		.get = backend_get,
		.link = backend_link,
		.list = backend_list,
		.exists = backend_exists,
		.data = backend,
	};
}
