/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options of define, undefine, modify, start and stop: the same whether vgpulab is called by
 * its own name or as mdevctl.
 */

#include <vgpulab/definition.h>
#include <vgpulab/pci-address.h>

#include "host.h"

enum {
	CLI_DEVICE_JSONFILE = 256,
	CLI_DEVICE_ADDATTR,
	CLI_DEVICE_DELATTR,
	CLI_DEVICE_VALUE,
	CLI_DEVICE_DUMPJSON,
	CLI_DEVICE_NAME,
	CLI_DEVICE_ACTIVE,
	CLI_DEVICE_TREE,
};

struct cli_device_request {
	const struct vgpu_uuid *uuid; /* NULL: none given */
	struct vgpu_uuid uuid_given;
	char parent_given[VGPU_PCI_ADDRESS_TEXT_LEN];
	const char *parent, *type, *jsonfile, *addattr, *value, *output;
	long index; /* -1: none given */
	bool automatic, manual, delattr, live, defined, active, force, verbose, dumpjson, tree;
};

/** Takes the option @id of @args. 0, or an exit code if its value is malformed. */
int cli_device_request_take(struct cli_device_request *request, const struct cli_arguments *args,
			    int id);

/** What define, undefine, modify, start or stop is, once its arguments are read. */
struct cli_device_verb {
	/** What is wrong with the request as a whole, or NULL. */
	const char *(*find_mistake)(const struct cli_device_request *request);
	/** Does it, and prints what is to print. 0, or a negative errno with @err filled. */
	int (*act)(const struct cli_globals *globals, const struct cli_host *host,
		   const struct cli_device_request *request, struct vgpu_error *err);
};

/** Such a verb, from its arguments to its exit code. */
int cli_device_verb_run(const struct cli_device_verb *verb, const struct cli_globals *globals,
			int argc, char **argv);

/** Takes a UUID that stands without an option. 0 or an exit code. */
int cli_device_request_take_uuid(struct cli_device_request *request,
				 const struct cli_arguments *args, const char *text);

/**
 * Fills in what a vGPU is: UUID (a new one if none is given), parent, and type or JSON file. What is not
 * said is taken from @running, which may be NULL. 0, or a negative errno with @err filled.
 */
int cli_device_request_describe(const struct cli_device_request *request,
				const struct vgpu_definition *running,
				struct vgpu_definition *definition, struct vgpu_error *err);

/** Takes type, start and settings from a JSON file. 0 or a negative errno. */
int cli_definition_load(const char *jsonfile, struct vgpu_definition *definition,
			struct vgpu_error *err);

/** Makes the changes to a definition that --type, --auto, --manual, --addattr, --delattr ask for. */
int cli_definition_change(const struct cli_device_request *request,
			  struct vgpu_definition *definition, struct vgpu_error *err);
