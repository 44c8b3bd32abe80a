/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Scope-bound ownership. A variable marked with one of these releases what it holds when it goes
 * out of scope; steal() hands the value on and leaves NULL behind. Defined here once, for all rooms.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void vgpu_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void vgpu_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void vgpu_cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void vgpu_cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/** The variable is a heap pointer, freed at the end of its scope. NULL is fine. */
#define _autofree_ __attribute__((cleanup(vgpu_cleanup_free)))
/** The variable is a file descriptor, closed at the end of its scope. Negative is fine. */
#define _autoclose_ __attribute__((cleanup(vgpu_cleanup_close)))
/** The variable is a FILE *, closed at the end of its scope. NULL is fine. */
#define _autofclose_ __attribute__((cleanup(vgpu_cleanup_fclose)))
/** The variable is a DIR *, closed at the end of its scope. NULL is fine. */
#define _autoclosedir_ __attribute__((cleanup(vgpu_cleanup_closedir)))
/** The variable is a `struct type *`, given to type_destroy() at the end of its scope. */
#define _destroy_(type) __attribute__((cleanup(type##_destroyp)))
/** Defines what _destroy_(type) needs; type_destroy() must accept NULL. */
#define VGPU_DEFINE_DESTROYP(type)                          \
	static inline void type##_destroyp(struct type **p) \
	{                                                   \
		type##_destroy(*p);                         \
	}

/** Takes the pointer out of a scope-bound variable. */
#define steal(p)                        \
	({                              \
		__typeof__(p) _p = (p); \
		(p) = NULL;             \
		_p;                     \
	})

/** Takes the descriptor out of a scope-bound variable. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define VGPU_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
