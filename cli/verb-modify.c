/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "device-request.h"
#include "host.h"
#include "modify.h"

const struct cli_option cli_modify_options[] = {
	{ 'u', "uuid", "UUID", "its UUID" },
	{ 'p', "parent", "PARENT", "needed if it is defined on several" },
	{ 't', "type", "TYPE", "make it this type" },
	{ 'a', "auto", NULL, "start it when its GPU appears" },
	{ 'm', "manual", NULL, "start it only when told to" },
	{ CLI_DEVICE_ADDATTR, "addattr", "NAME",
	  "write --value into this attribute at each start" },
	{ CLI_DEVICE_VALUE, "value", "VALUE", "for --addattr", .may_be_empty = true },
	{ CLI_DEVICE_DELATTR, "delattr", NULL,
	  "take out an attribute, the last or that of --index" },
	{ 'i', "index", "INDEX", "of the attribute, from 0; --addattr goes before it" },
	{ CLI_DEVICE_JSONFILE, "jsonfile", "FILE", "take type, start and attributes from FILE" },
	{ 'l', "live", NULL, "with --jsonfile: change the running vGPU, by a callout script" },
	{ 'd', "defined", NULL, "with --live: change the definition as well" },
	{ 0 },
};

static int fail_live(struct vgpu_error *err, const char *what)
{
	return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "%s of a running vGPU cannot change",
			      what);
}

static int load_live(const struct cli_host *host, const struct cli_device_request *request,
		     struct vgpu_definition *after, struct vgpu_error *err)
{
	struct vgpu_definition running = { .uuid = *request->uuid };
	int ret;

	after->uuid = *request->uuid;
	if (vgpu_definition_from_running(host->host.backend, &running) < 0)
		return vgpu_error_set(err, VGPU_ERROR_NO_VGPU, ENOENT, "no vGPU %s is running",
				      running.uuid.text);
	if (request->parent && strcmp(request->parent, running.parent) != 0)
		return fail_live(err, "'parent'");
	strcpy(after->parent, running.parent);
	ret = cli_definition_load(request->jsonfile, after, err);
	if (ret == 0 && strcmp(after->type, running.type) != 0)
		ret = fail_live(err, "'type'");
	return ret;
}

static int modify_live(const struct cli_host *host, const struct cli_device_request *request,
		       struct vgpu_error *err)
{
	_definition_ struct vgpu_definition before = { 0 }, after = { 0 };
	int ret = load_live(host, request, &after, err);

	if (ret == 0 && request->defined) {
		ret = vgpu_definition_find(&host->host, request->uuid, after.parent, &before, err);
		if (ret == 0 && strcmp(before.type, after.type) != 0)
			ret = vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
					     "it is defined as %s, but runs as %s", before.type,
					     after.type);
	}
	if (ret == 0)
		ret = vgpu_callout_live(host->host.callouts, &after, err);
	if (ret == 0 && request->defined)
		ret = vgpu_modify(&host->host, &before, &after, err);
	return ret;
}

static int check_type(const struct cli_host *host, struct vgpu_definition *definition,
		      struct vgpu_error *err)
{
	struct vgpu_definition checked = *definition; /* what it owns is not touched */
	struct vgpu_error why = { 0 };
	int ret = vgpu_definition_check(host->host.backend, &checked, &why);

	if (ret < 0 && why.kind == VGPU_ERROR_NO_TYPE) {
		*err = why;
		return ret;
	}
	if (ret == 0)
		strcpy(definition->type, checked.type);
	return 0;
}

int cli_modify(const struct cli_host *host, const struct cli_device_request *request, bool checked,
	       struct vgpu_error *err)
{
	_definition_ struct vgpu_definition before = { 0 }, after = { 0 };
	int ret;

	if (request->live)
		return modify_live(host, request, err);
	ret = vgpu_definition_find(&host->host, request->uuid, request->parent, &before, err);
	if (ret == 0 && vgpu_definition_copy(&before, &after))
		ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	if (ret == 0 && request->jsonfile)
		ret = cli_definition_load(request->jsonfile, &after, err);
	if (ret == 0)
		ret = cli_definition_change(request, &after, err);
	if (ret == 0 && request->type && checked)
		ret = check_type(host, &after, err);
	if (ret == 0)
		ret = vgpu_modify(&host->host, &before, &after, err);
	return ret;
}

static const char *find_mistake(const struct cli_device_request *request)
{
	if (!request->uuid)
		return "which vGPU? ('vgpulab list --defined')";
	if (request->automatic && request->manual)
		return "--auto or --manual, not both";
	if (request->addattr && request->delattr)
		return "--addattr or --delattr, not both";
	if (!request->addattr != !request->value)
		return "--addattr and --value go together";
	if (request->index >= 0 && !request->addattr && !request->delattr)
		return "--index goes with --addattr or --delattr";
	if (request->live && (!request->jsonfile || request->type || request->automatic ||
			      request->manual || request->addattr || request->delattr))
		return "--live goes with --jsonfile alone";
	if (request->defined && !request->live)
		return "--defined goes with --live";
	if (!request->type && !request->automatic && !request->manual && !request->addattr &&
	    !request->delattr && !request->jsonfile)
		return "what shall change?";
	return NULL;
}

static int modify(const struct cli_globals *globals, const struct cli_host *host,
		  const struct cli_device_request *request, struct vgpu_error *err)
{
	(void)globals;
	return cli_modify(host, request, true, err);
}

int cli_verb_modify(const struct cli_globals *globals, int argc, char **argv)
{
	static const struct cli_device_verb verb = { find_mistake, modify };

	return cli_device_verb_run(&verb, globals, argc, argv);
}
