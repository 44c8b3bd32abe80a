/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is assigned to the mediated devices of vfio_ap: adapters, usage domains, control domains.
 * All adapters and domains are the driver's; a queue, which is an adapter's domain, belongs to one
 * device alone.
 * Source: drivers/s390/crypto/vfio_ap_ops.c of Linux 6.1
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree-impl.h"

enum { IDS = 256 };

struct fake_ap_matrix {
	bool assigned[FAKE_AP_MASKS][IDS];
};

/* Have two devices a queue in common? */
static bool share_queue(const struct fake_ap_matrix *a, const struct fake_ap_matrix *b)
{
	bool adapter = false, domain = false;

	for (size_t i = 0; i < IDS; i++) {
		adapter |= a->assigned[FAKE_AP_ADAPTERS][i] && b->assigned[FAKE_AP_ADAPTERS][i];
		domain |= a->assigned[FAKE_AP_DOMAINS][i] && b->assigned[FAKE_AP_DOMAINS][i];
	}
	return adapter && domain;
}

static bool queue_is_taken(struct fake_tree *tree, const struct fake_vgpu_object *vgpu)
{
	const struct fake_dir *devices =
		fake_dir_find(tree, FAKE_INO(vgpu->type, TYPE_DEVICES_DIR));

	for (const struct fake_entry *entry = devices ? devices->first : NULL; entry;
	     entry = entry->next) {
		const struct fake_vgpu_object *other = fake_vgpu_of(entry->object);

		if (other != vgpu && other->matrix && share_queue(vgpu->matrix, other->matrix))
			return true;
	}
	return false;
}

/* 0, or a negative errno. The caller holds the lock. */
static int assign(struct fake_tree *tree, struct fake_vgpu_object *vgpu, long mask,
		  unsigned long id, bool value)
{
	bool *assigned;

	if (!vgpu->matrix)
		vgpu->matrix = calloc(1, sizeof(*vgpu->matrix));
	if (!vgpu->matrix)
		return -ENOMEM;
	assigned = &vgpu->matrix->assigned[mask][id];
	if (*assigned == value)
		return 0;
	*assigned = value;
	if (value && queue_is_taken(tree, vgpu)) {
		*assigned = false;
		return -EADDRINUSE;
	}
	return 0;
}

static ssize_t write_assignment(const struct fake_access *access, const char *text, size_t len,
				bool value)
{
	unsigned long id;
	int ret = fake_text_number(text, &id);

	if (ret)
		return ret;
	if (id >= IDS)
		return -ENODEV;
	pthread_rwlock_wrlock(&access->tree->lock);
	ret = assign(access->tree, fake_vgpu_of(access->object), access->row->value, id, value);
	fake_tree_unlock(access->tree);
	return ret ? ret : (ssize_t)len;
}

ssize_t fake_write_ap_assign(const struct fake_access *access, const char *text, size_t len)
{
	return write_assignment(access, text, len, true);
}

ssize_t fake_write_ap_unassign(const struct fake_access *access, const char *text, size_t len)
{
	return write_assignment(access, text, len, false);
}

static bool has_any(const bool assigned[IDS])
{
	return memchr(assigned, 1, IDS);
}

/* A line for each queue: "AA.DDDD". Adapters without domains, or the reverse, stand alone. */
ssize_t fake_read_ap_matrix(const struct fake_access *access, char *page)
{
	const struct fake_ap_matrix *matrix = fake_vgpu_of(access->object)->matrix;
	const bool *adapters = matrix ? matrix->assigned[FAKE_AP_ADAPTERS] : NULL;
	const bool *domains = matrix ? matrix->assigned[FAKE_AP_DOMAINS] : NULL;
	bool any_adapter = matrix && has_any(adapters), any_domain = matrix && has_any(domains);
	ssize_t len = 0;

	page[0] = '\0';
	for (size_t a = 0; (any_adapter || any_domain) && a < (any_adapter ? IDS : 1); a++) {
		if (any_adapter && !adapters[a])
			continue;
		for (size_t d = 0; d < (any_domain ? IDS : 1) && len < FAKE_PAGE - 16; d++) {
			if (any_domain && !domains[d])
				continue;
			if (any_adapter && any_domain)
				len += fake_print(page + len, "%02zx.%04zx\n", a, d);
			else if (any_adapter)
				len += fake_print(page + len, "%02zx.\n", a);
			else
				len += fake_print(page + len, ".%04zx\n", d);
		}
	}
	return len;
}

ssize_t fake_read_ap_control_domains(const struct fake_access *access, char *page)
{
	const struct fake_ap_matrix *matrix = fake_vgpu_of(access->object)->matrix;
	ssize_t len = 0;

	for (size_t d = 0; matrix && d < IDS; d++)
		if (matrix->assigned[FAKE_AP_CONTROL_DOMAINS][d])
			len += fake_print(page + len, "%04zx\n", d);
	return len;
}
