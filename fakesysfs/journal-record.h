/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One line of a journal.
 */

#include <fakesysfs/journal.h>

#include "host-restore.h"

enum {
	FAKE_RECORD_DATA_MAX = 4096,
	FAKE_RECORD_TEXT_MAX = 2 * FAKE_RECORD_DATA_MAX + 256,
};

enum fake_record_kind {
	FAKE_RECORD_SERIAL, /* serial: the next one */
	FAKE_RECORD_CREATED, /* vgpu, serial */
	FAKE_RECORD_UNBOUND, /* serial */
	FAKE_RECORD_REMOVED, /* serial */
	FAKE_RECORD_UNREGISTERED, /* gpu */
	FAKE_RECORD_REGISTERED, /* gpu */
	FAKE_RECORD_UNPLUGGED, /* gpu */
	FAKE_RECORD_PLUGGED, /* gpu */
	FAKE_RECORD_WROTE, /* ino, keep, data */
	FAKE_RECORD_ATTRIBUTES, /* ino, mode, uid, gid */
	FAKE_RECORD_KINDS,
};

struct fake_record {
	enum fake_record_kind kind;
	uint64_t request; /* that it was done for; 0: none */
	uint64_t serial;
	size_t gpu;
	struct fake_saved_vgpu vgpu;
	uint64_t ino;
	enum fake_keep keep;
	unsigned int mode, uid, gid;
	size_t len;
	char *data; /* WROTE; owned by whoever parsed it */
};

/** The line, with its checksum and newline. Its length, or -E2BIG. */
ssize_t fake_record_format(const struct fake_record *record, char text[FAKE_RECORD_TEXT_MAX]);
/** Reads a line without its newline. 0, -EINVAL, or -ENOMEM. */
int fake_record_parse(const char *line, size_t len, struct fake_record *out);
/** The host event that a record tells of, as a bit; FAKE_JOURNAL_WROTE; or 0. */
unsigned int fake_record_event(const struct fake_record *record);
