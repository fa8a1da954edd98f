// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "cmd/cmd.h"
#include "lib/mem.h"
#include "lib/version.h"

const char *argp_program_version = "lutrace " LUTRACE_VERSION;

void cmd__parse(const struct cmd *cmd, const struct argp *argp, int argc, char **argv, void *opts)
{
	/* argp and getopt print argv[0] in front of their messages. */
	argv[0] = xasprintf("lutrace %s", cmd->name);
	argp_err_exit_status = STATUS_ERROR;
	if (argp_parse(argp, argc, argv, 0, NULL, opts))
		exit(STATUS_ERROR);
}
