/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

static const char *const kind_names[] = {
	[VGPU_ERROR_NONE] = "none",
	[VGPU_ERROR_FAILED] = "failed",
	[VGPU_ERROR_USAGE] = "usage",
	[VGPU_ERROR_NO_GPU] = "no-gpu",
	[VGPU_ERROR_NO_MDEV] = "no-mdev",
	[VGPU_ERROR_NO_TYPE] = "no-type",
	[VGPU_ERROR_NO_ROOM] = "no-room",
	[VGPU_ERROR_EXISTS] = "exists",
	[VGPU_ERROR_NO_VGPU] = "no-vgpu",
	[VGPU_ERROR_BUSY] = "busy",
	[VGPU_ERROR_PERMISSION] = "permission",
	[VGPU_ERROR_UNVERIFIED] = "unverified",
	[VGPU_ERROR_NEED] = "need",
};
_Static_assert(VGPU_ARRAY_LEN(kind_names) == VGPU_ERROR_NEED + 1, "every kind has a word");

int vgpu_error_set(struct vgpu_error *err, enum vgpu_error_kind kind, int errnum,
		   const char *format, ...)
{
	va_list args;

	if (err) {
		/* The arguments may point into @err itself: print first, then replace. */
		struct vgpu_error made = { .kind = kind, .errnum = errnum };

		va_start(args, format);
		vsnprintf(made.message, sizeof(made.message), format, args);
		va_end(args);
		*err = made;
	}
	return errnum ? -errnum : -EIO;
}

void vgpu_error_hint(struct vgpu_error *err, const char *format, ...)
{
	char made[sizeof(err->hint)];
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	vsnprintf(made, sizeof(made), format, args);
	va_end(args);
	memcpy(err->hint, made, sizeof(made));
}

const char *vgpu_error_kind_name(enum vgpu_error_kind kind)
{
	if ((size_t)kind >= VGPU_ARRAY_LEN(kind_names))
		return kind_names[VGPU_ERROR_FAILED];
	return kind_names[kind];
}
