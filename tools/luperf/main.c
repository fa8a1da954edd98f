// SPDX-License-Identifier: GPL-2.0-only
/* luperf: the table of its commands, --help and --version. */
#include <stdio.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"
#include "lib/version.h"
#include "luperf/cmd/cmd.h"

const char *argp_program_version = "luperf " LUTRACE_VERSION;

static const struct cmd *const cmds[] = {
	&cmd_add, &cmd_alarms, &cmd_annotate, &cmd_bisect, &cmd_compare, &cmd_export_json, &cmd_gate, &cmd_history,
	&cmd_import_json,
	&cmd_list, &cmd_metrics, &cmd_prune, &cmd_remove, &cmd_run, &cmd_show,
};

static void main__help(FILE *f)
{
	size_t i;

	fputs("Usage: luperf COMMAND [OPTION...]\n"
	      "Keeps a history of live updates, compares builds, and says which is slower.\n\n", f);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		fprintf(f, "  %-12s %s\n", cmds[i]->name, cmds[i]->summary);
	fputs("\n`luperf COMMAND --help` tells the options of a command.\n"
	      "Exit status: 0 no regression, 1 error, 2 regression, 3 cannot tell.\n", f);
}

static int main__version(int argc, char **argv)
{
	if (argc) {
		complain("\"%s\" is too much: --version takes nothing", argv[0]);
		return STATUS_ERROR;
	}
	puts(argp_program_version);
	return STATUS_CLEAN;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct cmd *cmd = cmd__find(cmds, ARRAY_SIZE(cmds), name);

	complain__as("luperf");
	outfile__init();
	if (cmd)
		return cmd->run(argc - 1, argv + 1);
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return main__version(argc - 2, argv + 2);
	if (!strcmp(name, "--help") || !strcmp(name, "-?") || !strcmp(name, "help")) {
		main__help(stdout);
		return STATUS_CLEAN;
	}
	if (*name)
		complain("there is no command \"%s\"", name);
	main__help(stderr);
	return STATUS_ERROR;
}
