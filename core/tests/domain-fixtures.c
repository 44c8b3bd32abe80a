/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/cleanup.h>

#include "domain-fixtures.h"

char *read_domain(const char *name, size_t *len)
{
	_autofclose_ FILE *file = NULL;
	char path[4096];
	char *text = malloc(65536);

	snprintf(path, sizeof(path), "%s/%s", DOMAINS_DIR, name);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(text);
	*len = fread(text, 1, 65535, file);
	text[*len] = '\0';
	return text;
}

static int is_xml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && !strcmp(entry->d_name + len - 4, ".xml");
}

int for_each_domain(void (*each)(const char *name, const char *text, size_t len))
{
	struct dirent **entries;
	int count = scandir(DOMAINS_DIR, &entries, is_xml, alphasort);

	for (int i = 0; i < count; i++) {
		size_t len;
		_autofree_ char *text = read_domain(entries[i]->d_name, &len);

		each(entries[i]->d_name, text, len);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return count;
}
