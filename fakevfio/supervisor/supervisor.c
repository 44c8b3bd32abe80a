/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "supervisor-impl.h"

enum {
	LOG_LINES_PER_WINDOW = 20,
	/* How long a group that seems busy may take to be given back by a client that has gone. */
	RELEASE_GRACE_MS = 100,
};
#define LOG_WINDOW_NS 1000000000ull

static size_t report(void *data, char *text, size_t size)
{
	struct fv_supervisor *supervisor = data;

	return fv_machine_report(supervisor->machine, text, size);
}

static void follow_host(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	struct fv_supervisor *supervisor = data;

	if (event == FAKE_HOST_VGPU_MONITOR)
		fv_machine_monitor_changed(supervisor->machine, vgpu);
}

struct fv_supervisor *fv_supervisor_create(struct fake_host *host, struct vgpu_error *err)
{
	_destroy_(fv_supervisor) struct fv_supervisor *supervisor = calloc(1, sizeof(*supervisor));
	int rc;

	if (!supervisor) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "no memory for the VFIO supervisor");
		return NULL;
	}
	supervisor->host = host;
	supervisor->listener = -1;
	pthread_mutex_init(&supervisor->memories_lock, NULL);
	pthread_mutex_init(&supervisor->nodes_lock, NULL);
	pthread_cond_init(&supervisor->node_released, NULL);
	pthread_mutex_init(&supervisor->log_lock, NULL);
	pthread_mutex_init(&supervisor->workers.lock, NULL);
	pthread_cond_init(&supervisor->workers.changed, NULL);
	fv_processes_init(&supervisor->processes);
	fv_identity_init(&supervisor->identity);
	fv_exporter_init(&supervisor->exporter);
	fv_copier_init(&supervisor->copier);
	rc = fv_device_files_init(&supervisor->files);
	if (fv_clock_init(&supervisor->clock) || rc) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
			       "cannot make the VFIO supervisor's descriptors: %s",
			       strerror(errno));
		return NULL;
	}
	supervisor->machine = fv_machine_create(host, &fv_supervisor_machine_ops, supervisor);
	if (!supervisor->machine) {
		vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "no memory for the VFIO machine");
		return NULL;
	}
	supervisor->files.machine = supervisor->machine;
	fake_host_observe(host, follow_host, supervisor);
	fake_host_set_reporter(host, report, supervisor);
	return steal(supervisor);
}

void fv_supervisor_set_tree(struct fv_supervisor *supervisor, struct fake_tree *tree)
{
	supervisor->tree = tree;
}

void fv_supervisor_set_kernel_log(struct fv_supervisor *supervisor, const char *log)
{
	supervisor->kernel_log = log;
}

void fv_supervisor_set_log(struct fv_supervisor *supervisor, fv_log_function *log, void *data)
{
	supervisor->log = log;
	supervisor->log_data = data;
}

/* A client that does one thing wrong does it a thousand times: a few lines a second will do. */
void fv_supervisor_log(struct fv_supervisor *supervisor, const char *line)
{
	uint64_t now = fv_now_ns();
	bool fits;

	if (!supervisor->log)
		return;
	pthread_mutex_lock(&supervisor->log_lock);
	if (now - supervisor->log_window_ns >= LOG_WINDOW_NS) {
		supervisor->log_window_ns = now;
		supervisor->log_lines = 0;
	}
	fits = supervisor->log_lines++ < LOG_LINES_PER_WINDOW;
	pthread_mutex_unlock(&supervisor->log_lock);
	if (fits)
		supervisor->log(supervisor->log_data, line);
}

int fv_supervisor_start(struct fv_supervisor *supervisor, int listener, dev_t nodes_dev,
			pid_t program, struct vgpu_error *err)
{
	int rc = fv_listener_prepare(listener);

	supervisor->listener = listener;
	supervisor->nodes_dev = nodes_dev;
	if (!rc && fv_owners_read(program, &supervisor->owners))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ESRCH,
				      "the program ended before it began");
	if (rc) {
		vgpu_error_set(err, VGPU_ERROR_NEED, -rc,
			       "the kernel cannot inject descriptors into a stopped system call");
		vgpu_error_hint(err, "Linux 5.14 or later can (SECCOMP_ADDFD_FLAG_SEND)");
		return rc;
	}
	rc = fv_clock_start(supervisor);
	if (!rc)
		rc = fv_identity_start(&supervisor->identity);
	if (!rc)
		rc = fv_copier_start(&supervisor->copier);
	if (!rc)
		rc = fv_workers_start(supervisor);
	if (rc)
		vgpu_error_set(err, VGPU_ERROR_FAILED, -rc,
			       "cannot start the VFIO supervisor's threads: %s", strerror(-rc));
	return rc;
}

void fv_supervisor_destroy(struct fv_supervisor *supervisor)
{
	if (!supervisor)
		return;
	fake_host_set_reporter(supervisor->host, NULL, NULL);
	fake_host_unobserve(supervisor->host, follow_host, supervisor);
	fv_workers_stop(supervisor);
	fv_identity_finish(&supervisor->identity);
	fv_clock_stop(&supervisor->clock);
	fv_machine_destroy(supervisor->machine);
	fv_copier_finish(&supervisor->copier);
	fv_exporter_finish(&supervisor->exporter);
	fv_device_files_finish(&supervisor->files);
	fv_processes_finish(&supervisor->processes);
	if (supervisor->listener >= 0)
		close(supervisor->listener);
	pthread_cond_destroy(&supervisor->workers.changed);
	pthread_mutex_destroy(&supervisor->workers.lock);
	pthread_mutex_destroy(&supervisor->log_lock);
	pthread_cond_destroy(&supervisor->node_released);
	pthread_mutex_destroy(&supervisor->nodes_lock);
	pthread_mutex_destroy(&supervisor->memories_lock);
	free(supervisor);
}

static struct timespec grace_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += RELEASE_GRACE_MS * 1000 * 1000;
	end.tv_sec += end.tv_nsec / (1000 * 1000 * 1000);
	end.tv_nsec %= 1000 * 1000 * 1000;
	return end;
}

/*
 * The kernel tells a FUSE server of a release after the last close(2) or exit(2) has returned. Who
 * waited for a client's end and opens its group then must not find it busy, so a busy group is
 * asked again until the releases that are under way have come.
 */
static int open_group(struct fv_supervisor *supervisor, unsigned int group)
{
	struct timespec end = grace_end();
	int handle, rc = 0;

	fv_device_files_reap(&supervisor->files);
	pthread_mutex_lock(&supervisor->nodes_lock);
	while ((handle = fv_machine_open_group(supervisor->machine, group)) == -EBUSY && !rc)
		rc = pthread_cond_clockwait(&supervisor->node_released, &supervisor->nodes_lock,
					    CLOCK_MONOTONIC, &end);
	pthread_mutex_unlock(&supervisor->nodes_lock);
	return handle;
}

static int open_node(void *data, const struct fake_node *node)
{
	struct fv_supervisor *supervisor = data;

	if (node->kind == FAKE_NODE_VFIO_CONTAINER)
		return fv_machine_open_container(supervisor->machine);
	if (node->kind == FAKE_NODE_VFIO_GROUP)
		return open_group(supervisor, node->group);
	return -ENODEV;
}

static void release_node(void *data, int handle)
{
	struct fv_supervisor *supervisor = data;

	pthread_mutex_lock(&supervisor->nodes_lock);
	fv_machine_close(supervisor->machine, handle);
	pthread_cond_broadcast(&supervisor->node_released);
	pthread_mutex_unlock(&supervisor->nodes_lock);
}

const struct fake_fuse_vfio_ops fv_supervisor_fuse_ops = {
	.open = open_node,
	.release = release_node,
};
