/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The device models, one a file in this directory. models.c lists them. */

struct fv_model;

extern const struct fv_model fv_i915_model;
extern const struct fv_model fv_mbochs_model;
extern const struct fv_model fv_mdpy_model;
extern const struct fv_model fv_mtty_model;
