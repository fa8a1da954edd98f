/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands share: their table in main.c, the exit statuses, parsing of options. */
#ifndef LUTRACE_CMD_H
#define LUTRACE_CMD_H

#include <argp.h>
#include <stdbool.h>
#include "model/selection.h"

/*
 * Exit statuses. Where several apply, a violation wins over an error, such as an output that could not
 * be written, and both win over incomplete: what was seen to be wrong is never hidden by what failed
 * later.
 */
enum {
	STATUS_CLEAN = 0,
	STATUS_ERROR = 1,
	STATUS_VIOLATION = 2,
	STATUS_INCOMPLETE = 3,
};

/* One subcommand: its run() gets argv from its own name on. */
struct cmd {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmd_bundle, cmd_check, cmd_doctor, cmd_latency, cmd_ready, cmd_record,
			cmd_report, cmd_top, cmd_walk;

/* The one of two statuses that wins. */
int cmd__worse(int a, int b);

/* argp_parse() under the name "lutrace NAME"; errors end with status 1. */
void cmd__parse(const struct cmd *cmd, const struct argp *argp, int argc, char **argv, void *opts);
/*
 * STATUS_CLEAN if what @sel asks for was there, by @names and, for a process, @seen; else STATUS_ERROR,
 * after a sentence that names what there is. @where is what was looked at, "what was checked".
 */
int cmd__selected(const struct selection *sel, const struct names *names, bool seen,
		  const char *where);
/*
 * --json-schema, which stands alone: prints @schema and ends the program, with status 1 and a sentence
 * if there is anything else on the command line or it cannot be written.
 */
_Noreturn void cmd__print_schema(const struct argp_state *state, const char *schema);

#endif
