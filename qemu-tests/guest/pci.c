/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices"

enum { CONFIG_COMMAND = 4, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };

static int open_file(const struct guest_pci *pci, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", pci->address, name);
	return open(path, flags | O_CLOEXEC);
}

static bool read_identity(struct guest_pci *pci)
{
	uint8_t config[16];
	int fd = open_file(pci, "config", O_RDONLY);
	bool ok = fd >= 0 && pread(fd, config, sizeof(config), 0) == sizeof(config);

	if (fd >= 0)
		close(fd);
	if (!ok)
		return false;
	pci->vendor_id = (uint16_t)(config[0] | config[1] << 8);
	pci->device_id = (uint16_t)(config[2] | config[3] << 8);
	pci->revision = config[8];
	pci->class_code = (uint32_t)(config[9] | config[10] << 8 | config[11] << 16);
	return true;
}

int guest_pci_find(const char *address, bool (*matches)(const struct guest_pci *pci),
		   struct guest_pci *out)
{
	struct dirent **entries;
	int len = scandir(DEVICES, &entries, NULL, alphasort), rc = -ENODEV;

	for (int i = 0; i < len; i++) {
		struct guest_pci pci = { 0 };

		if (rc != 0 && entries[i]->d_name[0] != '.' &&
		    (!address || strcmp(address, entries[i]->d_name) == 0)) {
			snprintf(pci.address, sizeof(pci.address), "%.31s", entries[i]->d_name);
			if (read_identity(&pci) && matches(&pci)) {
				*out = pci;
				rc = 0;
			}
		}
		free(entries[i]);
	}
	if (len >= 0)
		free(entries);
	return rc;
}

int guest_pci_enable(const struct guest_pci *pci)
{
	int fd = open_file(pci, "config", O_RDWR);
	uint16_t command;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (pread(fd, &command, sizeof(command), CONFIG_COMMAND) != sizeof(command))
		rc = -EIO;
	command |= COMMAND_MEMORY | COMMAND_MASTER;
	if (rc == 0 && pwrite(fd, &command, sizeof(command), CONFIG_COMMAND) != sizeof(command))
		rc = -EIO;
	close(fd);
	return rc;
}

int guest_pci_read_config(const struct guest_pci *pci, int offset, uint32_t *out)
{
	int fd = open_file(pci, "config", O_RDONLY);
	bool ok = fd >= 0 && pread(fd, out, sizeof(*out), offset) == sizeof(*out);

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -EIO;
}

volatile void *guest_pci_map(const struct guest_pci *pci, int bar, size_t *len)
{
	char name[16];
	struct stat st;
	void *memory;
	int fd, error;

	snprintf(name, sizeof(name), "resource%d", bar);
	fd = open_file(pci, name, O_RDWR);
	if (fd < 0)
		return NULL;
	memory = fstat(fd, &st) < 0 ? MAP_FAILED
				    : mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
					   MAP_SHARED, fd, 0);
	error = errno;
	close(fd);
	errno = error;
	if (memory == MAP_FAILED)
		return NULL;
	*len = (size_t)st.st_size;
	return memory;
}
