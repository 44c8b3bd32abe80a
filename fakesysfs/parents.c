/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parents.h"

#include <fakesysfs/uevent.h>
#include <stdio.h>
#include <string.h>

struct kind {
	const char *subsystem; /* NULL: the profile's driver is a class */
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

/* 0000:00:02.0 is where Intel's graphics sit. */
static void pci_first_name(struct fake_gpu_config *config)
{
	if (!config->address_given)
		config->address = (struct vgpu_pci_address){ .slot = 2 };
	pci_name(config);
}

/* The next slot; then further domains. */
static bool pci_next_name(struct fake_gpu_config *config)
{
	if (++config->address.slot == 32) {
		config->address.slot = 2;
		config->address.domain++;
	}
	pci_name(config);
	return true;
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

static const struct kind kinds[FAKE_PARENT_KINDS] = {
	[FAKE_PARENT_PCI] = { .subsystem = "pci",
			      .first_name = pci_first_name,
			      .next_name = pci_next_name,
			      .path = pci_path,
			      .keys = pci_keys,
			      .has_driver = true },
	[FAKE_PARENT_VIRTUAL] = { .first_name = virtual_first_name, .path = virtual_path },
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
