/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <vgpulab/version.h>

/* At most four digits: a longer number is no release of anything. Returns what follows, or NULL. */
static const char *number(const char *text, unsigned int *out)
{
	unsigned int value = 0;
	int digits = 0;

	for (; isdigit((unsigned char)*text); text++) {
		if (++digits > 4)
			return NULL;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	if (!digits)
		return NULL;
	*out = value;
	return text;
}

int vgpu_version_parse(const char *text, struct vgpu_version *out)
{
	for (; *text; text++) {
		struct vgpu_version found = { 0 };
		const char *at = number(text, &found.major);

		if (at && *at == '.')
			at = number(at + 1, &found.minor);
		else
			at = NULL;
		if (at) {
			if (*at == '.')
				number(at + 1, &found.micro);
			*out = found;
			return 0;
		}
		while (isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]))
			text++;
	}
	return -EINVAL;
}

int vgpu_version_compare(struct vgpu_version a, struct vgpu_version b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	if (a.minor != b.minor)
		return a.minor < b.minor ? -1 : 1;
	return a.micro < b.micro ? -1 : a.micro > b.micro;
}

bool vgpu_version_since(struct vgpu_version version, unsigned int major, unsigned int minor)
{
	return vgpu_version_compare(version, (struct vgpu_version){ major, minor, 0 }) >= 0;
}
