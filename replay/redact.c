/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording that may be shown: the hardware stays, its owner goes. UUIDs become others, the same
 * one everywhere; of the command line stay the words that a driver of ours reads; host names, network
 * addresses and serial numbers become nothing.
 */

#include "redact.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <vgpulab/cleanup.h>

enum { UUID_LEN = 36, SERIAL_CAPABILITY = 0x0003, EXTENDED = 0x100 };

/* Words of the command line that stay: these, or what begins with them. */
static const char *const kept_words[] = { "i915.",
					  "kvm.",
					  "kvm_intel.",
					  "kvmgt.",
					  "vfio",
					  "mdev",
					  "intel_iommu=",
					  "iommu=",
					  "nomodeset",
					  "modprobe.blacklist=",
					  "module_blacklist=",
					  "pci=",
					  "pcie_",
					  "intremap=",
					  "drm.",
					  "efifb:",
					  "video=" };

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static bool is_kept(const char *word, size_t len)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(kept_words); i++)
		if (len >= strlen(kept_words[i]) &&
		    !strncmp(word, kept_words[i], strlen(kept_words[i])))
			return true;
	return false;
}

static void redact_command_line(struct json_object *facts)
{
	struct json_object *value = member(facts, "kernel-command-line");
	const char *text = value ? json_object_get_string(value) : "";
	_autofree_ char *kept = calloc(1, strlen(text) + 2);
	size_t len = 0;

	if (!value || !kept || !json_object_is_type(value, json_type_string))
		return;
	while (*text) {
		size_t word = strcspn(text, " \n");

		if (is_kept(text, word))
			len += (size_t)sprintf(kept + len, "%s%.*s", len ? " " : "", (int)word,
					       text);
		text += word;
		text += strspn(text, " \n");
	}
	json_object_object_add(facts, "kernel-command-line", json_object_new_string(kept));
}

/*
 * Texts, in place.
 */

/* The length of groups of hexadecimal (or decimal) digits with @separator between, at @text; or 0. */
static size_t groups_len(const char *text, int groups, int max_digits, char separator,
			 int (*is_digit)(int))
{
	size_t len = 0;

	for (int i = 0; i < groups; i++) {
		int digits = 0;

		if (i && text[len++] != separator)
			return 0;
		while (digits < max_digits && is_digit((unsigned char)text[len])) {
			digits++;
			len++;
		}
		if (!digits || (separator == ':' && digits != max_digits))
			return 0;
	}
	return is_digit((unsigned char)text[len]) || text[len] == separator ? 0 : len;
}

static void blank(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isalnum((unsigned char)text[i]))
			text[i] = 'x';
}

/* What follows "serial", "S/N" or "hostname" up to the next blank. */
static void blank_named(char *line)
{
	static const char *const names[] = { "serial", "s/n", "hostname", "asset tag" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++) {
		char *at = strcasestr(line, names[i]);

		if (!at)
			continue;
		at += strcspn(at, ":= ");
		at += strspn(at, ":= ");
		blank(at, strcspn(at, " ,;"));
	}
}

static void blank_word(char *line, const char *word)
{
	size_t len = strlen(word);

	for (char *at = line; len && (at = strstr(at, word)); at += len)
		if ((at == line || !isalnum((unsigned char)at[-1])) &&
		    !isalnum((unsigned char)at[len]))
			blank(at, len);
}

static void redact_line(char *line)
{
	struct utsname names;

	if (!uname(&names))
		blank_word(line, names.nodename);
	blank_named(line);
	for (char *at = line; *at; at++) {
		bool first = at == line || !isxdigit((unsigned char)at[-1]);
		size_t len = 0;

		if (first)
			len = groups_len(at, 6, 2, ':', isxdigit);
		if (first && !len)
			len = groups_len(at, 4, 3, '.', isdigit);
		blank(at, len);
	}
}

static struct json_object *redacted_text(struct json_object *text)
{
	const char *line = json_object_get_string(text);
	_autofree_ char *copy = strdup(line ? line : "");

	if (copy)
		redact_line(copy);
	return copy ? json_object_new_string(copy) : NULL;
}

static void redact_log(struct json_object *facts)
{
	struct json_object *log = member(facts, "kernel-log"), *lines;

	if (json_object_is_type(log, json_type_string)) {
		json_object_object_add(facts, "kernel-log", redacted_text(log));
		return;
	}
	if (!json_object_is_type(log, json_type_array))
		return;
	lines = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(log); i++)
		json_object_array_add(lines, redacted_text(json_object_array_get_idx(log, i)));
	json_object_object_add(facts, "kernel-log", lines);
}

/*
 * The tree.
 */

static unsigned int hex_at(const char *digits, size_t byte, size_t bytes)
{
	unsigned int value = 0;

	for (size_t i = bytes; i--;) {
		char text[3] = { digits[2 * (byte + i)], digits[2 * (byte + i) + 1] };

		value = value << 8 | (unsigned int)strtoul(text, NULL, 16);
	}
	return value;
}

/* PCI Express's Device Serial Number. Source: include/uapi/linux/pci_regs.h, PCI_EXT_CAP_ID_DSN */
static void redact_config(struct json_object *config)
{
	const char *digits = json_object_get_string(member(config, "hex"));
	size_t len = strlen(digits) / 2, at = EXTENDED;
	_autofree_ char *copy = strdup(digits);

	for (int i = 0; copy && i < 256 && at >= EXTENDED && at + 12 <= len; i++) {
		unsigned int header = hex_at(copy, at, 4);

		if ((header & 0xffff) == SERIAL_CAPABILITY)
			memset(copy + 2 * (at + 4), '0', 16);
		at = header >> 20;
	}
	if (copy)
		json_object_object_add(config, "hex", json_object_new_string(copy));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static void redact_tree(struct json_object *sysfs)
{
	json_object_object_foreach(sysfs, path, value)
	{
		if (ends_with(path, "/config") &&
		    json_object_is_type(member(value, "hex"), json_type_string))
			redact_config(value);
		if (ends_with(path, "/vm_name"))
			json_object_object_add(sysfs, path, json_object_new_string("\n"));
	}
}

/*
 * UUIDs, in the finished text: paths, links and contents name the same ones.
 */

static bool is_uuid(const char *text)
{
	for (int i = 0; i < UUID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/* UUIDs that were found, each once; the number of one is its place. */
struct uuids {
	char (*known)[UUID_LEN + 1];
	size_t len, max;
};

/* The number of the UUID at @text, from 1 on; 0 without memory. */
static size_t number_of(struct uuids *uuids, const char *text)
{
	for (size_t i = 0; i < uuids->len; i++)
		if (!strncasecmp(uuids->known[i], text, UUID_LEN))
			return i + 1;
	if (uuids->len == uuids->max) {
		size_t max = uuids->max ? 2 * uuids->max : 16;
		void *known = reallocarray(uuids->known, max, sizeof(*uuids->known));

		if (!known)
			return 0;
		uuids->known = known;
		uuids->max = max;
	}
	snprintf(uuids->known[uuids->len], sizeof(*uuids->known), "%.36s", text);
	return ++uuids->len;
}

/* 0, or -1 without memory. */
static int redact_uuids(char *text)
{
	struct uuids uuids = { 0 };
	int ret = 0;

	for (char *at = text; *at && !ret; at++) {
		char other[64];
		size_t number;

		if (!is_uuid(at))
			continue;
		number = number_of(&uuids, at);
		ret = number ? 0 : -1;
		snprintf(other, sizeof(other), "00000000-0000-4000-8000-%012zu", number);
		memcpy(at, other, UUID_LEN);
		at += UUID_LEN - 1;
	}
	free(uuids.known);
	return ret;
}

char *replay_redact(const char *text)
{
	struct json_object *document = json_tokener_parse(text), *facts, *sysfs;
	char *redacted;

	if (!document)
		return NULL;
	facts = member(document, "facts");
	sysfs = member(document, "sysfs");
	if (json_object_is_type(facts, json_type_object)) {
		redact_command_line(facts);
		redact_log(facts);
	}
	if (json_object_is_type(sysfs, json_type_object))
		redact_tree(sysfs);
	redacted = strdup(json_object_to_json_string_ext(
		document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
	if (redacted && redact_uuids(redacted)) {
		free(redacted);
		return NULL;
	}
	return redacted;
}
