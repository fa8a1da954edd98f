// SPDX-License-Identifier: GPL-2.0-only
/* Subcommands: command lines, schemas, and which status wins. See cmd.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/cmd.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/options.h"
#include "lib/outfile.h"

void cmd__parse(const struct cmd *cmd, const struct argp *argp, int argc, char **argv, void *opts)
{
	/* argp and getopt print argv[0] in front of their messages. */
	argv[0] = xasprintf("%s %s", complain__program(), cmd->name);
	argp_err_exit_status = STATUS_ERROR;
	options__parse(argp, argc, argv, 0, opts);
}

const struct cmd *cmd__find(const struct cmd *const *cmds, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(name, cmds[i]->name))
			return cmds[i];
	return NULL;
}

int cmd__worse(int a, int b)
{
	static const int order[] = { STATUS_VIOLATION, STATUS_ERROR, STATUS_INCOMPLETE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_CLEAN;
}

_Noreturn void cmd__print_schema(const struct argp_state *state, const char *schema)
{
	struct fault fault;
	struct outfile *out;

	if (state->argc > 2) {
		complain("--json-schema prints a schema and does no more: leave out all else");
		exit(STATUS_ERROR);
	}
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	out = outfile__open(NULL, &fault);
	if (out)
		fputs(schema, outfile__stream(out));
	if (out && !outfile__commit(out, &fault))
		exit(STATUS_CLEAN);
	complain("%s", fault.text);
	exit(STATUS_ERROR);
}
