/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-record.h"

#include <backends/facts.h>
#include <replay/replay.h>
#include <stdio.h>
#include <stdlib.h>
#include <vgpulab/cleanup.h>

static void facts_closep(struct vgpu_host_facts **facts)
{
	if (*facts)
		(*facts)->impl->destroy(*facts);
}

int cli_fake_record(const struct cli_arguments *args, bool redact)
{
	_cli_backend_ struct vgpu_backend *sysfs = NULL;
	__attribute__((cleanup(facts_closep))) struct vgpu_host_facts *facts = NULL;
	_autofree_ char *text = NULL;
	struct vgpu_error err = { 0 };

	if (args->operands_len != 1)
		return cli_usage_fail(args,
				      "fake record wants no operand: it prints the recording");
	if (cli_backend_open(&args->globals, &sysfs, &err) || vgpu_facts_real_open(&facts, &err) ||
	    replay_record(sysfs, facts, redact, &text, &err))
		return cli_fail(&args->globals, &err);
	puts(text);
	return 0;
}
