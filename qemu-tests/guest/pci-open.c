/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In a file of its own because remote.c has the rest of pci.h in its own way. */
#include <string.h>

#include "pci.h"
#include "reply.h"

int guest_pci_open(const char *address, bool (*matches)(const struct guest_pci *pci),
		   const char *name, struct guest_pci *out, struct guest_reply *reply)
{
	int rc = guest_pci_find(address, matches, out);

	if (rc < 0)
		return guest_reply_fail(reply, -rc, "no %s on PCI", name);
	rc = guest_pci_enable(out);
	if (rc < 0)
		return guest_reply_fail(reply, -rc, "cannot enable %s: %s", out->address,
					strerror(-rc));
	return 0;
}
