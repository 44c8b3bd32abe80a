/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cases.h"

const struct conformance_table *const conformance_tables[] = {
	&conformance_tree,     &conformance_create, &conformance_remove,  &conformance_files,
	&conformance_metadata, &conformance_races,  &conformance_devices, &conformance_gvtg,
};
const size_t conformance_tables_len = ARRAY_LEN(conformance_tables);
