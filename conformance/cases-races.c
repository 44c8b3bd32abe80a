/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cases.h"

#define MADE "put $C $U = 36; "

static const struct conformance_case cases[] = {
	{ "8 create one UUID", "oracle 6", "race 8 $C $U = 1 ok, 7 EEXIST; there $D = yes" },
	{ "32 create one UUID", "oracle 6", "race 32 $C $U = 1 ok, 31 EEXIST" },
	{ "16 create one UUID in two types", "oracle 6", "race 16 $C $U $C2 = 1 ok, 15 EEXIST" },
	{ "64 create their own: GVT-g, 512 MiB", "oracle 6",
	  "race-uuids 64 $C = 6 ok, 58 ENOSPC; get $A = 0\\n", .kinds = CONFORMANCE_GVTG,
	  .aperture_mib = 512 },
	{ "64 create their own: GVT-g, 1024 MiB", "oracle 6",
	  "race-uuids 64 $C = 7 ok, 57 ENOSPC; get $A = 0\\n", .kinds = CONFORMANCE_GVTG,
	  .aperture_mib = 1024 },
	{ "40 create their own: mtty", "oracle 6",
	  "race-uuids 40 $C = 24 ok, 16 ENOSPC; get $A = 0\\n", .kinds = CONFORMANCE_MTTY },
	{ "40 create their own: mdpy", "oracle 6",
	  "race-uuids 40 $C = 4 ok, 36 EUSERS; get $A = 0\\n", .kinds = CONFORMANCE_MDPY },
	{ "40 create their own in two types", "oracle 6",
	  "race-uuids 40 $C $C2 = ~* ok, * E*; get $A = ~[01]\\\\n" },
	{ "8 remove one by open descriptors", "oracle 6",
	  MADE "race-open 8 $R 1 = ~[1-8] ok*; there $D = no; get $A = $N\\n" },
	{ "8 remove one by path", "oracle 6",
	  MADE "race 8 $R 1 = ~[1-8] ok*; there $D = no; get $A = $N\\n" },
	{ "64 remove one by open descriptors", "oracle 6",
	  MADE "race-open 64 $R 1 = ~* ok*; there $D = no; put $C $U = 36" },
	{ "200 cycles lose nothing", MDEV_CORE,
	  "cycle 200 $C = 0; get $A = $N\\n; ls $BUS/devices = " },
	{ "8 race at the last place", "oracle 6",
	  MADE "fill $C; put $R 1 = 1; race-uuids 1 $C; race 8 $C $V = ~1 ok, 7 E*" },
};

CONFORMANCE_TABLE(conformance_races, "Races", cases);
