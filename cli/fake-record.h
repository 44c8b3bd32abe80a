/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

/** fake record: prints what the host shows, for --gpu to play. The exit code. */
int cli_fake_record(const struct cli_arguments *args, bool redact);
