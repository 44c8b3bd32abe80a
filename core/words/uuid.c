/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <uuid.h>
#include <vgpulab/uuid.h>

/* The kernel's classification, whatever the locale says. Returns -1 if @c is no hex digit. */
static int lower_hex_digit(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
		return c;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 'a';
	return -1;
}

int vgpu_uuid_parse(const char *text, struct vgpu_uuid *out)
{
	struct vgpu_uuid parsed;

	for (size_t i = 0; i < VGPU_UUID_TEXT_LEN - 1; i++) {
		int c = lower_hex_digit(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23)
			c = text[i] == '-' ? '-' : -1;
		if (c < 0)
			return -EINVAL;
		parsed.text[i] = (char)c;
	}
	if (text[VGPU_UUID_TEXT_LEN - 1])
		return -EINVAL;
	parsed.text[VGPU_UUID_TEXT_LEN - 1] = '\0';
	*out = parsed;
	return 0;
}

void vgpu_uuid_generate(struct vgpu_uuid *out)
{
	uuid_t raw;

	uuid_generate_random(raw);
	uuid_unparse_lower(raw, out->text);
}

void vgpu_uuid_from_name(const char *name, struct vgpu_uuid *out)
{
	static const char own[] = "vgpulab";
	uuid_t name_space, raw;

	uuid_generate_sha1(name_space, *uuid_get_template("dns"), own, strlen(own));
	uuid_generate_sha1(raw, name_space, name, strlen(name));
	uuid_unparse_lower(raw, out->text);
}

bool vgpu_uuid_equal(const struct vgpu_uuid *a, const struct vgpu_uuid *b)
{
	return !memcmp(a->text, b->text, sizeof(a->text));
}
