/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following a host, and making it again.
 */

#include <errno.h>
#include <fakesysfs/host.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal-impl.h"

enum { LINES_SPARED = 4096 }; /* the file is written anew when it has that many useless ones */

static _Thread_local uint64_t current_request;

/*
 * Whose journal it is.
 */

static const char first_line[] = "vgpulab-state 1 kernel=%u.%u\n";

static char *make_header(unsigned int kernel, const char *const *parents, size_t parents_len)
{
	size_t len, size;
	char *text = NULL;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	fprintf(file, first_line, kernel >> 16, kernel & 0xffff);
	for (size_t i = 0; i < parents_len; i++)
		fprintf(file, "parent %s\n", parents[i]);
	fputs("changes:\n", file);
	len = (size_t)ftell(file);
	if (fclose(file) || !len) {
		free(text);
		return NULL;
	}
	return text;
}

int fake_journal_host(const char *path, unsigned int *kernel,
		      int (*each)(void *data, const char *parent), void *data,
		      struct vgpu_error *err)
{
	FILE *file = fopen(path, "re");
	_autofree_ char *line = NULL;
	unsigned int major, minor;
	size_t size = 0;
	int ret = 0;

	if (!file)
		return errno == ENOENT ? -ENOENT
				       : vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
							"cannot read the state '%s': %s", path,
							strerror(errno));
	if (getline(&line, &size, file) < 0) {
		ret = -ENOENT; /* made, but nothing put down */
	} else if (sscanf(line, first_line, &major, &minor) != 2) {
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				     "'%s' is no state of a fake host", path);
		vgpu_error_hint(err, "name a new file, or remove this one");
	} else {
		*kernel = FAKE_KERNEL(major, minor);
		while (!ret && getline(&line, &size, file) > 0 && !strncmp(line, "parent ", 7)) {
			line[strcspn(line, "\n")] = '\0';
			ret = each(data, line + 7);
		}
	}
	fclose(file);
	return ret;
}

/*
 * Opening.
 */

/* Takes what useless lines there are out of the file. The caller holds the lock, or nobody else is here. */
static void rewrite(struct fake_journal *journal, struct fake_records *records)
{
	int fd;

	fake_records_compact(records, journal->in_flight, journal->in_flight_data);
	fd = fake_journal_replace(journal->path, journal->header, records);
	if (fd < 0)
		return;
	close(journal->fd);
	journal->fd = fd;
	journal->lines = journal->settled_lines = records->len;
}

static int load(struct fake_journal *journal, struct vgpu_error *err)
{
	size_t len;
	bool torn;
	int ret = fake_journal_read(journal->fd, journal->path, journal->header, &journal->loaded,
				    &torn, err);

	if (ret)
		return ret;
	len = journal->loaded.len;
	rewrite(journal, &journal->loaded);
	if (torn && journal->settled_lines != journal->loaded.len)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EIO,
				      "cannot write the state '%s' (%zu lines)", journal->path,
				      len);
	for (size_t i = 0; i < journal->loaded.len; i++) {
		struct fake_record record = journal->loaded.all[i];

		if (!record.request || !journal->in_flight(journal->in_flight_data, record.request))
			continue;
		record.data = NULL;
		record.len = 0;
		if (fake_records_add(&journal->done, &record))
			return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	}
	return 0;
}

static bool never_in_flight(void *data, uint64_t request)
{
	(void)data;
	(void)request;
	return false;
}

struct fake_journal *fake_journal_open(const char *path, unsigned int kernel,
				       const char *const *parents, size_t parents_len,
				       fake_journal_in_flight in_flight, void *in_flight_data,
				       struct vgpu_error *err)
{
	_destroy_(fake_journal) struct fake_journal *journal = calloc(1, sizeof(*journal));

	if (journal) {
		pthread_mutex_init(&journal->lock, NULL);
		journal->fd = -1;
		journal->in_flight = in_flight ? in_flight : never_in_flight;
		journal->in_flight_data = in_flight_data;
		journal->path = strdup(path);
		journal->header = make_header(kernel, parents, parents_len);
	}
	if (!journal || !journal->path || !journal->header) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
		return NULL;
	}
	journal->fd = fake_journal_open_file(path, journal->header, err);
	if (journal->fd < 0 || load(journal, err))
		return NULL;
	return steal(journal);
}

/* Called by an observer's owner after the observer has gone with its host. */
void fake_journal_destroy(struct fake_journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	fake_records_finish(&journal->loaded);
	fake_records_finish(&journal->done);
	pthread_mutex_destroy(&journal->lock);
	free(journal->path);
	free(journal->header);
	free(journal);
}

/*
 * Writing.
 */

void fake_journal_set_request(uint64_t request)
{
	current_request = request;
}

/* The caller holds the lock. */
static void rewrite_if_long(struct fake_journal *journal)
{
	struct fake_records records = { 0 };
	bool torn;

	if (journal->lines < journal->settled_lines * 2 + LINES_SPARED)
		return;
	if (!fake_journal_read(journal->fd, journal->path, journal->header, &records, &torn, NULL))
		rewrite(journal, &records);
	fake_records_finish(&records);
}

/* One write(2): whole, or cut short by our end. 0, or a positive errno. */
static int write_line(const struct fake_journal *journal, const char *text, ssize_t len)
{
	ssize_t done = len < 0 ? 0 : write(journal->fd, text, (size_t)len);

	if (len < 0)
		return (int)-len;
	return done < 0 ? errno : done < len ? ENOSPC : 0;
}

static void append(struct fake_journal *journal, struct fake_record *record)
{
	char text[FAKE_RECORD_TEXT_MAX];
	ssize_t len;
	int error;

	record->request = current_request;
	len = fake_record_format(record, text);
	pthread_mutex_lock(&journal->lock);
	error = write_line(journal, text, len);
	if (!journal->error)
		journal->error = error;
	journal->lines++;
	rewrite_if_long(journal);
	pthread_mutex_unlock(&journal->lock);
}

static void follow(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	static const struct {
		enum fake_host_event event;
		enum fake_record_kind kind;
	} rows[] = {
		{ FAKE_HOST_VGPU_CREATED, FAKE_RECORD_CREATED },
		{ FAKE_HOST_VGPU_UNBOUND, FAKE_RECORD_UNBOUND },
		{ FAKE_HOST_VGPU_REMOVED, FAKE_RECORD_REMOVED },
		{ FAKE_HOST_GPU_UNREGISTERED, FAKE_RECORD_UNREGISTERED },
		{ FAKE_HOST_GPU_REGISTERED, FAKE_RECORD_REGISTERED },
		{ FAKE_HOST_GPU_UNPLUGGED, FAKE_RECORD_UNPLUGGED },
		{ FAKE_HOST_GPU_PLUGGED, FAKE_RECORD_PLUGGED },
	};
	struct fake_journal *journal = data;
	struct fake_record record = { .serial = vgpu->serial, .gpu = vgpu->gpu };

	if (atomic_load(&journal->restoring))
		return;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		if (rows[i].event != event)
			continue;
		record.kind = rows[i].kind;
		if (event == FAKE_HOST_VGPU_CREATED)
			fake_host_save_vgpu(journal->host, &vgpu->uuid, &record.vgpu);
		append(journal, &record);
	}
}

void fake_journal_follow(struct fake_journal *journal, struct fake_host *host)
{
	journal->host = host;
	fake_host_observe(host, follow, journal);
}

void fake_journal_wrote(struct fake_journal *journal, uint64_t ino, enum fake_keep keep,
			const void *data, size_t len)
{
	struct fake_record record = {
		.kind = FAKE_RECORD_WROTE,
		.ino = ino,
		.keep = keep,
		.data = (char *)data,
		.len = len < FAKE_RECORD_DATA_MAX ? len : FAKE_RECORD_DATA_MAX,
	};

	append(journal, &record);
}

void fake_journal_attributes(struct fake_journal *journal, const struct fake_node *node)
{
	struct fake_record record = {
		.kind = FAKE_RECORD_ATTRIBUTES,
		.ino = node->ino,
		.mode = node->mode,
		.uid = node->uid,
		.gid = node->gid,
	};

	append(journal, &record);
}

int fake_journal_error(struct fake_journal *journal)
{
	int error;

	pthread_mutex_lock(&journal->lock);
	error = journal->error;
	pthread_mutex_unlock(&journal->lock);
	return error;
}

/*
 * Making it again.
 */

unsigned int fake_journal_done(struct fake_journal *journal, uint64_t request)
{
	unsigned int done = 0;

	for (size_t i = 0; request && i < journal->done.len; i++)
		if (journal->done.all[i].request == request)
			done |= fake_record_event(&journal->done.all[i]);
	return done;
}

/* What happened to a vGPU or parent that is there happens again. */
static int apply(struct fake_host *host, struct fake_tree *tree, const struct fake_record *record)
{
	struct vgpu_uuid uuid;

	switch (record->kind) {
	case FAKE_RECORD_SERIAL:
		fake_host_skip_serials(host, record->serial);
		return 0;
	case FAKE_RECORD_CREATED:
		return fake_host_restore_vgpu(host, &record->vgpu);
	case FAKE_RECORD_UNBOUND:
		return fake_host_uuid_of(host, record->serial, &uuid)
			       ?: fake_host_unbind_vgpu(host, &uuid, NULL, NULL);
	case FAKE_RECORD_REMOVED:
		return fake_host_uuid_of(host, record->serial, &uuid)
			       ?: fake_host_remove_vgpu(host, &uuid, NULL, NULL);
	case FAKE_RECORD_UNREGISTERED:
		return fake_host_unregister_gpu(host, record->gpu, NULL, NULL);
	case FAKE_RECORD_REGISTERED:
		/* it is, if it was plugged in */
		fake_host_register_gpu(host, record->gpu, NULL, NULL);
		return 0;
	case FAKE_RECORD_UNPLUGGED:
		return fake_host_unplug_gpu(host, record->gpu, NULL, NULL);
	case FAKE_RECORD_PLUGGED:
		/* its driver binds in the same step */
		return fake_host_plug_gpu(host, record->gpu, NULL, NULL)
			       ?: (fake_host_register_gpu(host, record->gpu, NULL, NULL), 0);
	case FAKE_RECORD_WROTE:
		/* what is gone by now cannot be written, and need not be */
		fake_tree_write(tree, record->ino, record->data, record->len, NULL, NULL);
		return 0;
	case FAKE_RECORD_ATTRIBUTES:
		fake_tree_setattr(tree, record->ino, record->mode, record->uid, record->gid);
		return 0;
	case FAKE_RECORD_KINDS:
		break;
	}
	return -EINVAL;
}

int fake_journal_restore(struct fake_journal *journal, struct fake_host *host,
			 struct fake_tree *tree, bool unsettled, struct vgpu_error *err)
{
	int ret = 0;

	atomic_store(&journal->restoring, true);
	for (; journal->restored < journal->loaded.len && !ret; journal->restored++) {
		const struct fake_record *record = &journal->loaded.all[journal->restored];

		if (!unsettled && record->request &&
		    journal->in_flight(journal->in_flight_data, record->request))
			break;
		ret = apply(host, tree, record);
	}
	atomic_store(&journal->restoring, false);
	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret,
				      "the state '%s' contradicts itself in change %zu: %s",
				      journal->path, journal->restored, strerror(-ret));
	if (unsettled)
		fake_records_finish(&journal->loaded);
	return 0;
}
