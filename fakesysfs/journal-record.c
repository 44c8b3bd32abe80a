/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal-record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { SEAL_LEN = sizeof(" *12345678") - 1 };

/*
 * Checksums.
 */

static uint32_t checksum(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	return (uint32_t)fake_hash_number(hash);
}

/* Adds the checksum and a newline to a text of @len bytes. The new length, or -E2BIG. */
static ssize_t seal(char text[FAKE_RECORD_TEXT_MAX], size_t len)
{
	if (len + SEAL_LEN + 2 > FAKE_RECORD_TEXT_MAX)
		return -E2BIG;
	snprintf(text + len, SEAL_LEN + 2, " *%08x\n", checksum(text, len));
	return (ssize_t)(len + SEAL_LEN + 1);
}

/* The length of a line's text without its checksum, or -EINVAL if that is wrong. */
static ssize_t unseal(const char *line, size_t len)
{
	unsigned int sum;

	if (len < SEAL_LEN || sscanf(line + len - SEAL_LEN, " *%8x", &sum) != 1 ||
	    sum != checksum(line, len - SEAL_LEN))
		return -EINVAL;
	return (ssize_t)(len - SEAL_LEN);
}

/*
 * Kinds. Each formats and reads what stands between its name and the request.
 */

static int format_serial(const struct fake_record *r, char *text, size_t size)
{
	return snprintf(text, size, "serial=%llu", (unsigned long long)r->serial);
}

static bool parse_serial(const char *text, struct fake_record *r)
{
	unsigned long long serial;

	if (sscanf(text, "serial=%llu", &serial) != 1)
		return false;
	r->serial = serial;
	return true;
}

static int format_created(const struct fake_record *r, char *text, size_t size)
{
	const struct fake_saved_vgpu *v = &r->vgpu;
	const struct fake_pool_share *gvt = &v->share.gvt;

	return snprintf(text, size,
			"serial=%llu parent=%zu type=%zu uuid=%s bound=%d group=%u vfio-dev=%u "
			"held=%d units=%u gvt=%d,%u,%u,%u,%u,%u",
			(unsigned long long)v->serial, v->gpu, v->type, v->uuid.text, v->bound,
			v->iommu_group, v->vfio_dev, v->share.held, v->share.units, gvt->id,
			gvt->low_offset_mib, gvt->low_len_mib, gvt->high_offset_mib,
			gvt->high_len_mib, gvt->fences);
}

static bool parse_created(const char *text, struct fake_record *r)
{
	struct fake_saved_vgpu *v = &r->vgpu;
	struct fake_pool_share *gvt = &v->share.gvt;
	unsigned long long serial;
	int bound, held;
	char uuid[37];

	if (sscanf(text,
		   "serial=%llu parent=%zu type=%zu uuid=%36s bound=%d group=%u vfio-dev=%u "
		   "held=%d units=%u gvt=%d,%u,%u,%u,%u,%u",
		   &serial, &v->gpu, &v->type, uuid, &bound, &v->iommu_group, &v->vfio_dev, &held,
		   &v->share.units, &gvt->id, &gvt->low_offset_mib, &gvt->low_len_mib,
		   &gvt->high_offset_mib, &gvt->high_len_mib, &gvt->fences) != 15 ||
	    vgpu_uuid_parse(uuid, &v->uuid))
		return false;
	r->serial = v->serial = serial;
	v->bound = bound;
	v->share.held = held;
	return true;
}

static int format_parent(const struct fake_record *r, char *text, size_t size)
{
	return snprintf(text, size, "parent=%zu", r->gpu);
}

static bool parse_parent(const char *text, struct fake_record *r)
{
	return sscanf(text, "parent=%zu", &r->gpu) == 1;
}

static int format_wrote(const struct fake_record *r, char *text, size_t size)
{
	int len = snprintf(text, size, "node=%llu keep=%d data=", (unsigned long long)r->ino,
			   (int)r->keep);

	if (len + 2 * r->len >= size)
		return (int)size;
	for (size_t i = 0; i < r->len; i++)
		len += snprintf(text + len, size - (size_t)len, "%02x", (unsigned char)r->data[i]);
	return len;
}

static bool parse_hex(const char *text, struct fake_record *r)
{
	size_t digits = strspn(text, "0123456789abcdef");
	unsigned int byte;

	if (digits % 2 || digits / 2 > FAKE_RECORD_DATA_MAX)
		return false;
	r->data = malloc(digits / 2 + 1);
	for (r->len = 0; r->data && r->len < digits / 2; r->len++) {
		sscanf(text + 2 * r->len, "%2x", &byte);
		r->data[r->len] = (char)byte;
	}
	return r->data != NULL;
}

static bool parse_wrote(const char *text, struct fake_record *r)
{
	unsigned long long ino;
	int keep, at = 0;

	if (sscanf(text, "node=%llu keep=%d data=%n", &ino, &keep, &at) != 2 || !at)
		return false;
	r->ino = ino;
	r->keep = keep == FAKE_KEEP_ALL ? FAKE_KEEP_ALL : FAKE_KEEP_LAST;
	return parse_hex(text + at, r);
}

static int format_attributes(const struct fake_record *r, char *text, size_t size)
{
	return snprintf(text, size, "node=%llu mode=%o uid=%u gid=%u", (unsigned long long)r->ino,
			r->mode, r->uid, r->gid);
}

static bool parse_attributes(const char *text, struct fake_record *r)
{
	unsigned long long ino;

	if (sscanf(text, "node=%llu mode=%o uid=%u gid=%u", &ino, &r->mode, &r->uid, &r->gid) != 4)
		return false;
	r->ino = ino;
	return true;
}

static const struct {
	const char *name;
	int (*format)(const struct fake_record *record, char *text, size_t size);
	bool (*parse)(const char *text, struct fake_record *record);
	unsigned int event;
} kinds[FAKE_RECORD_KINDS] = {
	[FAKE_RECORD_SERIAL] = { "next", format_serial, parse_serial },
	[FAKE_RECORD_CREATED] = { "created", format_created, parse_created,
				  1U << FAKE_HOST_VGPU_CREATED },
	[FAKE_RECORD_UNBOUND] = { "unbound", format_serial, parse_serial,
				  1U << FAKE_HOST_VGPU_UNBOUND },
	[FAKE_RECORD_REMOVED] = { "removed", format_serial, parse_serial,
				  1U << FAKE_HOST_VGPU_REMOVED },
	[FAKE_RECORD_UNREGISTERED] = { "unregistered", format_parent, parse_parent,
				       1U << FAKE_HOST_GPU_UNREGISTERED },
	[FAKE_RECORD_REGISTERED] = { "registered", format_parent, parse_parent,
				     1U << FAKE_HOST_GPU_REGISTERED },
	[FAKE_RECORD_UNPLUGGED] = { "unplugged", format_parent, parse_parent,
				    1U << FAKE_HOST_GPU_UNPLUGGED },
	[FAKE_RECORD_PLUGGED] = { "plugged", format_parent, parse_parent,
				  1U << FAKE_HOST_GPU_PLUGGED },
	[FAKE_RECORD_WROTE] = { "wrote", format_wrote, parse_wrote, FAKE_JOURNAL_WROTE },
	[FAKE_RECORD_ATTRIBUTES] = { "attributes", format_attributes, parse_attributes,
				     FAKE_JOURNAL_WROTE },
};

unsigned int fake_record_event(const struct fake_record *record)
{
	return kinds[record->kind].event;
}

ssize_t fake_record_format(const struct fake_record *record, char text[FAKE_RECORD_TEXT_MAX])
{
	size_t len =
		(size_t)snprintf(text, FAKE_RECORD_TEXT_MAX, "%s for=%llu ",
				 kinds[record->kind].name, (unsigned long long)record->request);

	len += (size_t)kinds[record->kind].format(record, text + len, FAKE_RECORD_TEXT_MAX - len);
	return len < FAKE_RECORD_TEXT_MAX ? seal(text, len) : -E2BIG;
}

int fake_record_parse(const char *line, size_t len, struct fake_record *out)
{
	ssize_t text_len = unseal(line, len);
	struct fake_record record = { 0 };
	char text[FAKE_RECORD_TEXT_MAX];
	unsigned long long request;
	char name[16];
	int at = 0;

	if (text_len < 0 || text_len >= (ssize_t)sizeof(text))
		return -EINVAL;
	memcpy(text, line, (size_t)text_len);
	text[text_len] = '\0';
	if (sscanf(text, "%15s for=%llu %n", name, &request, &at) != 2 || !at)
		return -EINVAL;
	record.request = request;
	for (int i = 0; i < FAKE_RECORD_KINDS; i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		record.kind = (enum fake_record_kind)i;
		if (!kinds[i].parse(text + at, &record))
			return -EINVAL;
		*out = record;
		return 0;
	}
	return -EINVAL;
}
