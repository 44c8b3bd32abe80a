/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/models.h"

#include <fakevfio/device.h>
#include <string.h>
#include <vgpulab/cleanup.h>

const struct fv_model *const fv_models[] = {
	&fv_i915_model,
	&fv_mbochs_model,
	&fv_mdpy_model,
	&fv_mtty_model,
};
const size_t fv_models_len = VGPU_ARRAY_LEN(fv_models);

const struct fv_model *fv_model_find(const char *name)
{
	for (size_t i = 0; i < fv_models_len; i++)
		if (!strcmp(fv_models[i]->name, name))
			return fv_models[i];
	return NULL;
}
