/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of iommufd share. Source: drivers/iommu/iommufd of Linux 6.6 and 6.12 */

#include <fakevfio/iommufd-abi.h>

#include "machine-private.h"

enum {
	FV_OBJECTS_MAX = 1024, /* of an iommufd; the kernel has its caller's memory limit instead */
	FV_ALLOWED_MAX = 4096, /* ranges of an IOAS, likewise */
};

/** An I/O address space: what devices that are attached to it may reach. */
struct fv_ioas {
	struct fv_dma *dma;
	unsigned int devices; /* that are attached */
	bool small_pages; /* nothing larger than a page is mapped as one */
	struct fv_iova_range *allowed; /* where it may place a mapping by itself, ascending */
	size_t allowed_len; /* 0: anywhere */
};

/** What an id stands for. */
struct fv_object {
	struct fv_object *next; /* of the next higher id */
	uint32_t id;
	struct fv_ioas *ioas; /* NULL: a device */
};

/** An open /dev/iommu. References: its handle, groups that have it, devices bound to it. */
struct fv_iommufd {
	struct fv_machine *machine;
	atomic_uint refs;
	int backing;
	pthread_mutex_t lock; /* guards what follows */
	struct fv_object *objects;
	unsigned int objects_len;
	struct fv_ioas *vfio; /* the one of who speaks VFIO to it, or NULL */
};

/** The lock is held by who calls these. */
struct fv_ioas *fv_ioas_find(struct fv_iommufd *iommufd, uint32_t id);
uint32_t fv_ioas_id(struct fv_iommufd *iommufd, const struct fv_ioas *ioas);
int fv_ioas_create(struct fv_iommufd *iommufd, uint32_t *id, struct fv_ioas **out);
/** What addresses and lengths are to be a multiple of. */
uint64_t fv_ioas_alignment(const struct fv_ioas *ioas);
/** 0, or -EADDRINUSE if a mapping is not aligned to a page. */
int fv_ioas_use_small_pages(struct fv_ioas *ioas);
/** Maps memory of the caller's at @iova. 0 or a negative errno. */
int fv_ioas_map(struct fv_ioas *ioas, void *client, uint64_t iova, uint64_t vaddr, uint64_t len,
		uint32_t prot);
/** Unmaps all of it; 0 too if there was nothing. */
int fv_ioas_unmap_all(struct fv_ioas *ioas, uint64_t *unmapped);
int fv_ioas_unmap(struct fv_ioas *ioas, uint64_t iova, uint64_t len, uint64_t *unmapped);
