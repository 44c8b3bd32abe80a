/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parents.h"

#include <errno.h>
#include <fakesysfs/uevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kind {
	const char *subsystem; /* NULL: the profile's driver is a class */
	const char *example; /* of an address; NULL: it has none */
	bool (*parse_address)(struct fake_gpu_config *config, const char *text);
	void (*first_name)(struct fake_gpu_config *config);
	bool (*next_name)(struct fake_gpu_config *config); /* NULL: there is one name alone */
	void (*path)(const struct fake_gpu_config *config, char *path, size_t size);
	ssize_t (*keys)(const struct fake_gpu_config *config, char *text, size_t size);
	bool has_driver;
};

/*
 * PCI functions.
 */

static void pci_name(struct fake_gpu_config *config)
{
	char text[VGPU_PCI_ADDRESS_TEXT_LEN];

	vgpu_pci_address_format(&config->address, text);
	snprintf(config->name, sizeof(config->name), "%s", text);
}

/* Intel's graphics sit at 0000:00:02.0; a card sits behind a bridge, each on a bus of its own. */
static void pci_first_name(struct fake_gpu_config *config)
{
	bool card = !config->profile->graphics_version;

	if (!config->address_given)
		config->address = card ? (struct vgpu_pci_address){ .bus = 7 }
				       : (struct vgpu_pci_address){ .slot = 2 };
	pci_name(config);
}

/* The next bus, or slot; then further domains. */
static bool pci_next_name(struct fake_gpu_config *config)
{
	struct vgpu_pci_address *address = &config->address;

	if (!config->profile->graphics_version) {
		if (++address->bus == 0)
			address->domain++;
	} else if (++address->slot == 32) {
		address->slot = 2;
		address->domain++;
	}
	pci_name(config);
	return true;
}

static bool pci_parse(struct fake_gpu_config *config, const char *text)
{
	return !vgpu_pci_address_parse(text, &config->address);
}

static void pci_path(const struct fake_gpu_config *config, char *path, size_t size)
{
	snprintf(path, size, "/devices/pci%04x:%02x/%s", config->address.domain,
		 config->address.bus, config->name);
}

/* Source: drivers/pci/pci-driver.c, pci_uevent() */
static ssize_t pci_keys(const struct fake_gpu_config *config, char *text, size_t size)
{
	const struct fake_gpu_profile *p = config->profile;
	char modalias[FAKE_MODALIAS_SIZE];

	fake_uevent_modalias(p, modalias);
	return snprintf(text, size,
			"PCI_CLASS=%X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\n"
			"PCI_SLOT_NAME=%s\nMODALIAS=%s\n",
			p->class_code, p->vendor_id, p->device_id, p->subsystem_vendor_id,
			p->subsystem_device_id, config->name, modalias);
}

/*
 * Devices that a module makes for itself, in a class of its own.
 */

static void virtual_first_name(struct fake_gpu_config *config)
{
	snprintf(config->name, sizeof(config->name), "%s", config->profile->driver);
}

static void virtual_path(const struct fake_gpu_config *config, char *path, size_t size)
{
	snprintf(path, size, "/devices/virtual/%s/%s", config->profile->driver, config->name);
}

/*
 * s390: I/O subchannels, named "CSSID.SSID.NUMBER". The first is the one of the kernel's document.
 * Source: Documentation/s390/vfio-ccw.rst; drivers/s390/cio/css.c, css_uevent()
 */

enum { FIRST_SUBCHANNEL = 0x0313 };

static bool css_parse(struct fake_gpu_config *config, const char *text)
{
	unsigned int cssid, ssid, number;
	char end;

	if (strlen(text) != strlen("0.0.0313") ||
	    sscanf(text, "%1x.%1x.%4x%c", &cssid, &ssid, &number, &end) != 3)
		return false;
	snprintf(config->name, sizeof(config->name), "%x.%x.%04x", cssid, ssid, number);
	return true;
}

static void css_first_name(struct fake_gpu_config *config)
{
	if (!config->address_given)
		snprintf(config->name, sizeof(config->name), "0.0.%04x", FIRST_SUBCHANNEL);
}

static bool css_next_name(struct fake_gpu_config *config)
{
	unsigned int number = (unsigned int)strtoul(config->name + strlen("0.0."), NULL, 16);

	snprintf(config->name, sizeof(config->name), "0.0.%04x", (number + 1) & 0xffff);
	return (number & 0xffff) != 0xffff;
}

static void css_path(const struct fake_gpu_config *config, char *path, size_t size)
{
	snprintf(path, size, "/devices/css0/%s", config->name);
}

static ssize_t css_keys(const struct fake_gpu_config *config, char *text, size_t size)
{
	(void)config;
	return snprintf(text, size, "ST=0\nMODALIAS=css:t0\n");
}

/*
 * s390: the matrix. Source: Documentation/s390/vfio-ap.rst; drivers/s390/crypto/vfio_ap_drv.c
 */

static void ap_first_name(struct fake_gpu_config *config)
{
	snprintf(config->name, sizeof(config->name), "matrix");
}

static void ap_path(const struct fake_gpu_config *config, char *path, size_t size)
{
	snprintf(path, size, "/devices/vfio_ap/%s", config->name);
}

static const struct kind kinds[FAKE_PARENT_KINDS] = {
	[FAKE_PARENT_PCI] = { .subsystem = "pci",
			      .example = "0000:00:02.0",
			      .parse_address = pci_parse,
			      .first_name = pci_first_name,
			      .next_name = pci_next_name,
			      .path = pci_path,
			      .keys = pci_keys,
			      .has_driver = true },
	[FAKE_PARENT_VIRTUAL] = { .first_name = virtual_first_name, .path = virtual_path },
	[FAKE_PARENT_CSS] = { .subsystem = "css",
			      .example = "0.0.0313",
			      .parse_address = css_parse,
			      .first_name = css_first_name,
			      .next_name = css_next_name,
			      .path = css_path,
			      .keys = css_keys,
			      .has_driver = true },
	[FAKE_PARENT_AP] = { .subsystem = "matrix",
			     .first_name = ap_first_name,
			     .path = ap_path,
			     .has_driver = true },
};

static const struct kind *kind_of(const struct fake_gpu_config *config)
{
	return &kinds[config->profile->kind];
}

bool fake_parent_first_name(struct fake_gpu_config *config)
{
	kind_of(config)->first_name(config);
	return !config->address_given;
}

bool fake_parent_next_name(struct fake_gpu_config *config)
{
	return kind_of(config)->next_name && kind_of(config)->next_name(config);
}

bool fake_parent_has_address(const struct fake_gpu_profile *profile)
{
	return kinds[profile->kind].example;
}

int fake_parent_parse_address(struct fake_gpu_config *config, const char *text,
			      const char **example)
{
	const struct kind *kind = kind_of(config);

	*example = kind->example;
	if (!kind->parse_address(config, text))
		return -EINVAL;
	config->address_given = 1;
	return 0;
}

void fake_parent_path(const struct fake_gpu_config *config, char *path, size_t size)
{
	kind_of(config)->path(config, path, size);
}

const char *fake_parent_subsystem(const struct fake_gpu_config *config)
{
	const char *subsystem = kind_of(config)->subsystem;

	return subsystem ? subsystem : config->profile->driver;
}

bool fake_parent_has_driver(const struct fake_gpu_config *config)
{
	return kind_of(config)->has_driver;
}

/* Source: drivers/base/core.c, dev_uevent() */
ssize_t fake_parent_keys(const struct fake_gpu_config *config, bool bound, char *text, size_t size)
{
	int len = 0;

	text[0] = '\0';
	if (bound && kind_of(config)->has_driver)
		len = snprintf(text, size, "DRIVER=%s\n", config->profile->driver);
	if (kind_of(config)->keys && (size_t)len < size)
		len += (int)kind_of(config)->keys(config, text + len, size - (size_t)len);
	return len;
}
