/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices in use, and what the kernel tells of devices.
 */
#include "cases.h"

#define MADE   "put $C $U = 36; "
#define USED   MADE "group a $D; container b a; device c a $U = 0; "
#define IN_USE "oracle 7"
#define UEVENT "oracle 8"
#define LIST   "add@$PL/$U add@/devices/virtual/vfio/$G add@$PL/$U/vfio-dev/vfio0 bind@$PL/$U"

static const struct conformance_case cases[] = {
	{ "a group opens once", "drivers/vfio/vfio_main.c",
	  MADE "group a $D = 0; group b $D = EBUSY; close a; group b $D = 0",
	  .needs = CONFORMANCE_VFIO },
	{ "no device before the container", "drivers/vfio/vfio_main.c",
	  MADE "group a $D; device c a $U = EINVAL", .needs = CONFORMANCE_VFIO },
	{ "no device of another name", "drivers/vfio/vfio_main.c",
	  MADE "group a $D; container b a; device c a $V = ENODEV; device c a $UU = ENODEV",
	  .needs = CONFORMANCE_VFIO },
	{ "a second descriptor of a device", "drivers/vfio/vfio_main.c", USED "device d a $U = 0",
	  .needs = CONFORMANCE_VFIO },
	{ "removal of a device in use waits", IN_USE,
	  USED
	  "later $R 1; gone $R = yes; outcome 300 = blocked; close c; outcome 60000 = 1; there $D = no",
	  .needs = CONFORMANCE_VFIO },
	{ "removal waits for the last descriptor", IN_USE,
	  USED
	  "device d a $U; later $R 1; gone $R = yes; close c; outcome 300 = blocked; close d; outcome 60000 = 1",
	  .needs = CONFORMANCE_VFIO },
	{ "removal does not wait for the group", IN_USE,
	  MADE "group a $D; container b a; put $R 1 = 1; there $D = no",
	  .needs = CONFORMANCE_VFIO },
	{ "what is left while removal waits", IN_USE,
	  USED "later $R 1; gone $R = yes; outcome 300 = blocked; ls $D = iommu_group vfio-dev;"
	       "there $BUS/devices/$U = no; there $T/devices/$U = no; there $DRV/$U = no;"
	       "close c; outcome 60000 = 1",
	  .needs = CONFORMANCE_VFIO },
	{ "the UUID is taken while removal waits", IN_USE,
	  USED
	  "later $R 1; gone $R = yes; outcome 300 = blocked; put $C $U = EEXIST; close c; outcome 60000 = 1;"
	  "put $C $U = 36",
	  .needs = CONFORMANCE_VFIO },
	{ "others come and go while removal waits", IN_USE,
	  USED
	  "later $R 1; gone $R = yes; put $C $V = 36; put $E/remove 1 = 1; outcome 300 = blocked; close c;"
	  "outcome 60000 = 1",
	  .needs = CONFORMANCE_VFIO },
	{ "a new descriptor while removal waits", IN_USE,
	  USED
	  "later $R 1; gone $R = yes; device d a $U = 0; close c; outcome 300 = blocked; close d; outcome 60000 = 1",
	  .needs = CONFORMANCE_VFIO },
	{ "an open remove while removal waits", IN_USE,
	  MADE
	  "open h $R w; group a $D; container b a; device c a $U; later $R 1; gone $R = yes; try h 1 60000 = ENODEV;"
	  "close c; outcome 60000 = 1",
	  .needs = CONFORMANCE_VFIO },
	{ "unbinding a device in use waits", IN_USE,
	  USED
	  "later $DRV/unbind $U; outcome 300 = blocked; there $R = yes; close c; outcome 60000 = 36; there $D = yes",
	  .needs = CONFORMANCE_VFIO },

	{ "uevents of create", UEVENT, "listen a; put $C $U = 36; heard a = " LIST,
	  .needs = CONFORMANCE_UEVENTS },
	{ "uevents of remove", UEVENT,
	  MADE
	  "listen a; open b $D/iommu_group r,dir; put $R 1 = 1; heard a = ~remove@$PL/$U/vfio-dev/vfio0 "
	  "remove@/devices/virtual/vfio/* unbind@$PL/$U remove@$PL/$U",
	  .needs = CONFORMANCE_UEVENTS },
	{ "uevents of a refusal for room", UEVENT,
	  "fill $C; listen a; put $C $U = $FULL; heard a = add@$PL/$U remove@$PL/$U",
	  .kinds = CONFORMANCE_GVTG | CONFORMANCE_MTTY | CONFORMANCE_MBOCHS,
	  .needs = CONFORMANCE_UEVENTS },
	{ "no uevents with max_instances", UEVENT,
	  "fill $C; listen a; put $C $U = EUSERS; heard a = ", .kinds = CONFORMANCE_MDPY,
	  .needs = CONFORMANCE_UEVENTS },
	{ "no uevents of other refusals", UEVENT,
	  MADE "listen a; put $C $U = EEXIST; put $C junk = EINVAL; put $C = 0; heard a = ",
	  .needs = CONFORMANCE_UEVENTS },
	{ "uevents of unbind", UEVENT,
	  MADE
	  "listen a; put $DRV/unbind $U = 36; heard a = ~remove@$PL/$U/vfio-dev/vfio0 remove@/devices/virtual/vfio/* unbind@$PL/$U",
	  .needs = CONFORMANCE_UEVENTS },
	{ "the bytes of create's uevents", UEVENT,
	  "listen a; put $C $U = 36; heard a whole = add@$PL/$U ACTION=add DEVPATH=$PL/$U SUBSYSTEM=mdev "
	  "add@/devices/virtual/vfio/$G ACTION=add DEVPATH=/devices/virtual/vfio/$G SUBSYSTEM=vfio DEVNAME=vfio/$G "
	  "add@$PL/$U/vfio-dev/vfio0 ACTION=add DEVPATH=$PL/$U/vfio-dev/vfio0 SUBSYSTEM=vfio-dev "
	  "bind@$PL/$U ACTION=bind DEVPATH=$PL/$U SUBSYSTEM=mdev DRIVER=$DN",
	  .needs = CONFORMANCE_UEVENTS },
	{ "a synthetic uevent", UEVENT,
	  MADE
	  "listen a; put $D/uevent change; heard a whole = change@$PL/$U ACTION=change DEVPATH=$PL/$U SUBSYSTEM=mdev "
	  "SYNTH_UUID=0 DRIVER=$DN",
	  .needs = CONFORMANCE_UEVENTS },
	{ "a synthetic uevent with a key", UEVENT,
	  MADE
	  "listen a; put $D/uevent add\\s$U\\sA=1; heard a whole = add@$PL/$U ACTION=add DEVPATH=$PL/$U SUBSYSTEM=mdev "
	  "SYNTH_UUID=$U SYNTH_ARG_A=1 DRIVER=$DN",
	  .needs = CONFORMANCE_UEVENTS },
};

CONFORMANCE_TABLE(conformance_devices, "Devices in use, and uevents", cases);
