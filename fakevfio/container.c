/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a container answers before it has an IOMMU. Source: drivers/vfio/container.c of Linux 6.1 */

#include "machine-private.h"

#include <errno.h>
#include <linux/vfio.h>

int64_t fv_ioctl_get_api_version(struct fv_call *call)
{
	return VFIO_API_VERSION;
}

/* Source: recorded on Linux 6.1 with mdevs only; UPDATE_VADDR is refused while there are mdevs */
int64_t fv_ioctl_check_extension(struct fv_call *call)
{
	switch (call->argument) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_TYPE1_NESTING_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	default:
		return 0;
	}
}

int64_t fv_ioctl_set_iommu(struct fv_call *call)
{
	struct fv_machine *machine = call->machine;
	struct fv_container *container = call->handle->container;
	struct fv_dma *dma = NULL;
	int64_t result = 0;

	switch (call->argument) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_TYPE1_NESTING_IOMMU:
		dma = fv_dma_create(machine, call->argument);
		result = dma ? 0 : -ENOMEM;
		break;
	case VFIO_UNMAP_ALL: /* an extension, but no type that can be opened */
		result = -EINVAL;
		break;
	default:
		result = -ENODEV;
	}

	pthread_mutex_lock(&machine->lock);
	if (!container->groups || container->dma) {
		result = -EINVAL;
	} else if (!result) {
		container->dma = dma;
		dma = NULL;
	}
	pthread_mutex_unlock(&machine->lock);
	if (dma)
		fv_dma_put(dma);
	return result;
}
