/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs with a table of subcommands share: the table's rows, exit statuses, command lines. */
#ifndef LIB_CMD_H
#define LIB_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Exit statuses. Where several apply, a violation wins over an error, such as an output that could not
 * be written, and both win over incomplete: what was seen to be wrong is never hidden by what failed
 * later.
 */
enum {
	STATUS_CLEAN = 0,
	STATUS_ERROR = 1,
	STATUS_VIOLATION = 2,	/* of luperf: a regression */
	STATUS_INCOMPLETE = 3,	/* of luperf: it cannot tell */
};

/* One subcommand: its run() gets argv from its own name on. */
struct cmd {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

/* The one of two statuses that wins. */
int cmd__worse(int a, int b);

/* argp_parse() under the name "PROGRAM NAME", PROGRAM as complain__as() has it; errors end with status 1. */
void cmd__parse(const struct cmd *cmd, const struct argp *argp, int argc, char **argv, void *opts);
/* The command that @name names; NULL if there is none. */
const struct cmd *cmd__find(const struct cmd *const *cmds, size_t nr, const char *name);
/*
 * --json-schema, which stands alone: prints @schema and ends the program, with status 1 and a sentence
 * if there is anything else on the command line or it cannot be written.
 */
_Noreturn void cmd__print_schema(const struct argp_state *state, const char *schema);

#endif
