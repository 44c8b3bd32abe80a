/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <conformance/conformance.h>

struct vgpu_backend;

/**
 * A backend of the manager as a tree of the suite, which is the caller's as long as the backend is
 * there. Its root is "/sys".
 */
void cli_conformance_backend(struct vgpu_backend *backend, struct conformance_tree *out);
