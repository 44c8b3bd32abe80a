/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What --gpu names.
 */

#include <errno.h>
#include <fcntl.h>
#include <replay/replay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/nearest.h>

enum { FILE_MAX = 8 << 20, GPUS_MAX = 4096 };

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static bool is_file(const char *name)
{
	return strchr(name, '/') || ends_with(name, ".json") || ends_with(name, ".umockdev");
}

static int read_file(const char *name, char **out, size_t *out_len, struct vgpu_error *err)
{
	_autoclose_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	_autofree_ char *text = NULL;
	size_t len = 0;
	ssize_t got = 0;

	if (fd >= 0)
		text = malloc(FILE_MAX + 1);
	while (text && len <= FILE_MAX && (got = read(fd, text + len, FILE_MAX + 1 - len)) > 0)
		len += (size_t)got;
	if (fd < 0 || !text || got < 0)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, errno, "--gpu: %s: %s", name,
				      strerror(errno));
	if (len > FILE_MAX)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EFBIG,
				      "--gpu: %s: it is longer than %d MiB", name, FILE_MAX >> 20);
	text[len] = '\0';
	*out = steal(text);
	*out_len = len;
	return 0;
}

/* "vgpus=yes" or "vgpus=no". */
static int parse_options(char *options, bool *vgpus, struct vgpu_error *err)
{
	char *part;

	*vgpus = false;
	while ((part = strsep(&options, ","))) {
		struct vgpu_nearest nearest = { .wanted = part };

		*vgpus = !strcmp(part, "vgpus=yes");
		if (*vgpus || !strcmp(part, "vgpus=no"))
			continue;
		vgpu_nearest_offer(&nearest, "vgpus=yes");
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
			       "--gpu: a recording has no property '%s'", part);
		vgpu_error_hint(err, "%s",
				nearest.name ? "did you mean 'vgpus=yes'?"
					     : "it has vgpus=yes and vgpus=no");
		return -EINVAL;
	}
	return 0;
}

static int add_configs(struct replay_gpus *gpus, const struct fake_gpu_config *configs, size_t len,
		       struct vgpu_error *err)
{
	struct fake_gpu_config *all = gpus->configs;

	if (gpus->len + len > GPUS_MAX)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, E2BIG, "--gpu: %d GPUs at most",
				      GPUS_MAX);
	all = reallocarray(all, gpus->len + len, sizeof(*all));
	if (!all)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	memcpy(all + gpus->len, configs, len * sizeof(*all));
	gpus->configs = all;
	gpus->len += len;
	return 0;
}

static int add_recording(struct replay_gpus *gpus, const char *name, bool vgpus,
			 struct vgpu_error *err)
{
	_destroy_(replay_recording) struct replay_recording *recording = NULL;
	struct replay_recording **all;
	const struct fake_gpu_config *configs;
	_autofree_ char *text = NULL;
	size_t len, first = gpus->len;
	int ret = read_file(name, &text, &len, err);

	if (!ret)
		ret = (ends_with(name, ".umockdev")
			       ? replay_umockdev_parse
			       : replay_recording_parse)(name, text, len, &recording, err);
	if (ret)
		return ret;
	all = reallocarray(gpus->recordings, gpus->recordings_len + 1,
			   sizeof(struct replay_recording *));
	if (!all)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	gpus->recordings = all;
	configs = replay_recording_gpus(recording, &len);
	ret = add_configs(gpus, configs, len, err);
	if (ret)
		return ret;
	for (size_t i = first; i < gpus->len && !vgpus; i++)
		gpus->configs[i].vgpus_len = 0;
	if (replay_recording_kernel(recording))
		gpus->kernel = replay_recording_kernel(recording);
	if (replay_recording_command_line(recording))
		gpus->command_line = replay_recording_command_line(recording);
	if (replay_recording_kernel_log(recording))
		gpus->kernel_log = replay_recording_kernel_log(recording);
	gpus->recordings[gpus->recordings_len++] = steal(recording);
	return 0;
}

int replay_gpus_add(struct replay_gpus *gpus, const char *spec, struct vgpu_error *err)
{
	_autofree_ char *name = strdup(spec);
	struct fake_gpu_config config;
	char *options = name;
	bool vgpus = false;
	int ret;

	if (!name)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	strsep(&options, ",");
	if (is_file(name)) {
		ret = parse_options(options, &vgpus, err);
		return ret ? ret : add_recording(gpus, name, vgpus, err);
	}
	ret = fake_gpu_config_parse(spec, &config, err);
	return ret ? ret : add_configs(gpus, &config, 1, err);
}

void replay_gpus_finish(struct replay_gpus *gpus)
{
	for (size_t i = 0; i < gpus->recordings_len; i++)
		replay_recording_destroy(gpus->recordings[i]);
	free(gpus->recordings);
	free(gpus->configs);
	*gpus = (struct replay_gpus){ 0 };
}
