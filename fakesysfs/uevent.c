/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uevents as the kernel words them.
 */

#include <ctype.h>
#include <errno.h>
#include <fakesysfs/uevent.h>
#include <stdio.h>
#include <string.h>

#include "parents.h"

enum {
	VFIO_MAJOR = 246,
	PATH_SIZE = 256,
	KEYS_SIZE = 512,
	SEQNUM_ROOM = sizeof("SEQNUM=18446744073709551615"),
};

/* A message that grows. */
struct message {
	char *text;
	size_t len, size, keys;
	bool full;
};

static void append(struct message *message, const char *text, size_t len)
{
	if (message->full || len + 1 > message->size - message->len) {
		message->full = true;
		return;
	}
	memcpy(message->text + message->len, text, len);
	message->len += len;
	message->text[message->len++] = '\0';
}

static void append_key(struct message *message, const char *name, const char *value)
{
	char text[PATH_SIZE * 2];
	int len = snprintf(text, sizeof(text), "%s%s", name, value);

	message->full |= len < 0 || (size_t)len >= sizeof(text);
	message->keys++;
	if (!message->full)
		append(message, text, (size_t)len);
}

static void append_lines(struct message *message, const char *lines, const char *but)
{
	for (const char *end; lines && *lines; lines = *end ? end + 1 : end) {
		end = strchrnul(lines, '\n');
		if (but && !strncmp(lines, but, strlen(but)))
			continue;
		message->keys++;
		append(message, lines, (size_t)(end - lines));
	}
}

ssize_t fake_uevent_format(const struct fake_uevent *event, char *buffer, size_t size)
{
	struct message message = { .text = buffer, .size = size };
	char head[PATH_SIZE * 2];
	int len = snprintf(head, sizeof(head), "%s@%s", event->action, event->devpath);

	if (len < 0 || (size_t)len >= sizeof(head))
		return -ENOMEM;
	append(&message, head, (size_t)len);
	append_key(&message, "ACTION=", event->action);
	append_key(&message, "DEVPATH=", event->devpath);
	append_key(&message, "SUBSYSTEM=", event->subsystem);
	append_lines(&message, event->extra, NULL);
	append_lines(&message, event->keys, strcmp(event->action, "unbind") ? NULL : "MODALIAS=");
	if (message.full || message.keys >= FAKE_UEVENT_KEYS_MAX ||
	    message.len + SEQNUM_ROOM > FAKE_UEVENT_SIZE)
		return -ENOMEM;
	return (ssize_t)message.len;
}

/*
 * Parents.
 */

void fake_uevent_modalias(const struct fake_gpu_profile *profile, char text[FAKE_MODALIAS_SIZE])
{
	snprintf(text, FAKE_MODALIAS_SIZE, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
		 profile->vendor_id, profile->device_id, profile->subsystem_vendor_id,
		 profile->subsystem_device_id, profile->class_code >> 16 & 0xff,
		 profile->class_code >> 8 & 0xff, profile->class_code & 0xff);
}

const char *fake_mdev_driver(unsigned int kernel, const struct fake_gpu_profile *profile)
{
	return fake_kernel_has(kernel, FAKE_FEATURE_VFIO_MDEV) ? "vfio_mdev" : profile->mdev_driver;
}

/*
 * What follows from what: one row a message.
 */

enum subject { VGPU, GROUP, VFIO_DEV, PARENT };
enum { IF_BOUND = 1, WITH_DRIVER = 2, IF_REGISTERED = 4, IF_DRIVEN = 8, IF_MADE = 16 };

static const struct step {
	enum fake_host_event event;
	enum subject subject;
	const char *action;
	unsigned int flags;
	enum fake_feature feature;
	const char *extra;
	enum fake_uevent_part part;
} steps[] = {
	{ FAKE_HOST_VGPU_CREATED, VGPU, "add" },
	{ FAKE_HOST_VGPU_CREATED, GROUP, "add", .part = FAKE_UEVENTS_OF_GROUP },
	{ FAKE_HOST_VGPU_CREATED, VFIO_DEV, "add", 0, FAKE_FEATURE_VFIO_DEV,
	  .part = FAKE_UEVENTS_OF_GROUP },
	{ FAKE_HOST_VGPU_CREATED, VGPU, "bind", WITH_DRIVER, .part = FAKE_UEVENTS_OF_DRIVER },
	{ FAKE_HOST_VGPU_CREATE_FAILED, VGPU, "add", 0, FAKE_FEATURE_CREATE_FAILED_SHOWS },
	{ FAKE_HOST_VGPU_CREATE_FAILED, VGPU, "remove", 0, FAKE_FEATURE_CREATE_FAILED_SHOWS },
	{ FAKE_HOST_VGPU_UNBOUND, VFIO_DEV, "remove", 0, FAKE_FEATURE_VFIO_DEV },
	{ FAKE_HOST_VGPU_UNBOUND, GROUP, "remove" },
	{ FAKE_HOST_VGPU_UNBOUND, VGPU, "unbind" },
	{ FAKE_HOST_VGPU_REMOVED, VFIO_DEV, "remove", IF_BOUND, FAKE_FEATURE_VFIO_DEV },
	{ FAKE_HOST_VGPU_REMOVED, GROUP, "remove", IF_BOUND },
	{ FAKE_HOST_VGPU_REMOVED, VGPU, "unbind", IF_BOUND },
	{ FAKE_HOST_VGPU_REMOVED, VGPU, "remove" },
	{ FAKE_HOST_GPU_UNREGISTERED, PARENT, "change", WITH_DRIVER | IF_REGISTERED,
	  FAKE_FEATURE_MDEV_STATE, "MDEV_STATE=unregistered\n" },
	{ FAKE_HOST_GPU_UNREGISTERED, PARENT, "unbind", IF_DRIVEN },
	/* a device that its module makes comes and goes with it */
	{ FAKE_HOST_GPU_UNREGISTERED, PARENT, "remove", IF_MADE },
	{ FAKE_HOST_GPU_REGISTERED, PARENT, "add", IF_MADE },
	/* registration happens in the driver's probe function: the device is bound after it */
	{ FAKE_HOST_GPU_REGISTERED, PARENT, "change", WITH_DRIVER | IF_REGISTERED,
	  FAKE_FEATURE_MDEV_STATE, "MDEV_STATE=registered\n" },
	{ FAKE_HOST_GPU_REGISTERED, PARENT, "bind", WITH_DRIVER | IF_DRIVEN,
	  .part = FAKE_UEVENTS_OF_DRIVER },
};

static const char *const subsystems[] = {
	[VGPU] = "mdev",
	[GROUP] = "vfio",
	[VFIO_DEV] = "vfio-dev",
};

static void format_path(enum subject subject, const struct fake_vgpu_info *vgpu,
			const struct fake_gpu_config *parent, char path[PATH_SIZE])
{
	size_t len;

	if (subject == GROUP) {
		snprintf(path, PATH_SIZE, "/devices/virtual/vfio/%u", vgpu->iommu_group);
		return;
	}
	fake_parent_path(parent, path, PATH_SIZE);
	len = strlen(path);
	if (subject == VGPU)
		snprintf(path + len, PATH_SIZE - len, "/%s", vgpu->uuid.text);
	else if (subject == VFIO_DEV)
		snprintf(path + len, PATH_SIZE - len, "/%s/vfio-dev/vfio%u", vgpu->uuid.text,
			 vgpu->vfio_dev);
}

static void format_keys(unsigned int kernel, const struct step *step,
			const struct fake_vgpu_info *vgpu, const struct fake_gpu_config *parent,
			char keys[KEYS_SIZE])
{
	bool driver = step->flags & WITH_DRIVER;

	keys[0] = '\0';
	if (step->subject == GROUP)
		snprintf(keys, KEYS_SIZE, "MAJOR=%d\nMINOR=%u\nDEVNAME=vfio/%u\n", VFIO_MAJOR,
			 vgpu->iommu_group, vgpu->iommu_group);
	else if (step->subject == VGPU && driver)
		snprintf(keys, KEYS_SIZE, "DRIVER=%s\n", fake_mdev_driver(kernel, parent->profile));
	else if (step->subject == VFIO_DEV && fake_kernel_has(kernel, FAKE_FEATURE_VFIO_CDEV))
		snprintf(keys, KEYS_SIZE, "MAJOR=%d\nMINOR=%u\nDEVNAME=vfio/devices/vfio%u\n",
			 FAKE_CDEV_MAJOR, vgpu->vfio_dev, vgpu->vfio_dev);
	else if (step->subject == PARENT)
		fake_parent_keys(parent, driver, keys, KEYS_SIZE);
}

/* Does the step belong to what happened? */
static bool applies(const struct step *step, unsigned int kernel, const struct fake_vgpu_info *vgpu,
		    const struct fake_gpu_config *parent)
{
	return fake_kernel_has(kernel, step->feature) &&
	       !(step->flags & IF_BOUND && !vgpu->bound) &&
	       !(step->flags & IF_DRIVEN && !fake_parent_has_driver(parent)) &&
	       !(step->flags & IF_MADE && fake_parent_has_driver(parent)) &&
	       !(step->flags & IF_REGISTERED && parent->gvt != FAKE_GVT_ON);
}

void fake_uevents_of_host(unsigned int kernel, enum fake_host_event event,
			  enum fake_uevent_part part, const struct fake_vgpu_info *vgpu,
			  const struct fake_gpu_config *parent, fake_uevent_sink sink, void *data)
{
	char path[PATH_SIZE], keys[KEYS_SIZE], message[FAKE_UEVENT_SIZE];
	ssize_t len;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(steps); i++) {
		const struct step *step = &steps[i];

		if (step->event != event || step->part != part ||
		    !applies(step, kernel, vgpu, parent))
			continue;
		format_path(step->subject, vgpu, parent, path);
		format_keys(kernel, step, vgpu, parent, keys);
		len = fake_uevent_format(
			&(struct fake_uevent){ .action = step->action,
					       .devpath = path,
					       .subsystem = step->subject == PARENT
								    ? fake_parent_subsystem(parent)
								    : subsystems[step->subject],
					       .extra = step->extra,
					       .keys = keys },
			message, sizeof(message));
		if (len > 0)
			sink(data, message, (size_t)len);
	}
}

/*
 * Synthetic ones.
 */

/* " UUID", then " KEY=VALUE" any number of times, all alphanumeric. */
static bool is_arguments(const char *text)
{
	size_t len;

	for (int i = 0; i < 36; i++, text++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? *text != '-' : !isxdigit((unsigned char)*text))
			return false;
	}
	while (*text == ' ') {
		for (len = 0, text++; isalnum((unsigned char)*text); len++)
			text++;
		if (!len || *text != '=')
			return false;
		for (len = 0, text++; isalnum((unsigned char)*text); len++)
			text++;
		if (!len)
			return false;
	}
	return !*text;
}

static void format_arguments(char *arguments, char *extra, size_t size)
{
	char *rest, *word = strtok_r(arguments, " ", &rest);
	size_t len = (size_t)snprintf(extra, size, "SYNTH_UUID=%s\n", word);

	while ((word = strtok_r(NULL, " ", &rest)) && len < size)
		len += (size_t)snprintf(extra + len, size - len, "SYNTH_ARG_%s\n", word);
}

int fake_uevent_parse_synthetic(const char *text, size_t len, const char **action, char *extra,
				size_t size)
{
	static const char *const actions[] = { "add",	 "remove",  "change", "move",
					       "online", "offline", "bind",   "unbind" };
	char line[FAKE_UEVENT_SIZE * 2 + 1], *arguments;

	if (len >= sizeof(line))
		return -EINVAL;
	memcpy(line, text, len);
	line[len] = '\0';
	if (len && (line[len - 1] == '\n' || !line[len - 1]))
		line[--len] = '\0';
	arguments = strchr(line, ' ');
	if (arguments)
		*arguments++ = '\0';
	if (arguments && !is_arguments(arguments))
		return -EINVAL;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(actions); i++) {
		if (strcmp(actions[i], line))
			continue;
		*action = actions[i];
		format_arguments(arguments ? arguments : (char[]){ "0" }, extra, size);
		return 0;
	}
	return -EINVAL;
}
