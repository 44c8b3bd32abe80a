/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <vgpulab/number.h>

int vgpu_number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return -EINVAL;
	*out = number;
	return 0;
}
