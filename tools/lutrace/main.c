// SPDX-License-Identifier: GPL-2.0-only
/* lutrace: the table of its commands, --help and --version. */
#include <stdio.h>
#include <string.h>
#include "cmd/cmd.h"
#include "health/doctor.h"
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/outfile.h"

static const struct cmd *const cmds[] = {
	&cmd_bundle, &cmd_check, &cmd_doctor, &cmd_latency, &cmd_ready, &cmd_record, &cmd_report,
	&cmd_top, &cmd_walk,
};

static void main__help(FILE *f)
{
	size_t i;

	fputs("Usage: lutrace COMMAND [OPTION...]\n"
	      "Measures and checks how IOMMU domains come through a live update.\n\n", f);
	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		fprintf(f, "  %-8s %s\n", cmds[i]->name, cmds[i]->summary);
	fputs("\n`lutrace COMMAND --help` tells the options of a command, and\n"
	      "`lutrace --version -v` what this machine has.\n"
	      "Exit status: 0 clean, 1 error, 2 violation, 3 incomplete.\n", f);
}

/* --version, and with -v what a report of a bug should hold. */
static int main__version(int argc, char **argv)
{
	struct findings list = { 0 };

	puts(argp_program_version);
	if (!argc)
		return STATUS_CLEAN;
	if (argc > 1 || (strcmp(argv[0], "-v") && strcmp(argv[0], "--verbose"))) {
		complain("\"%s\" is too much: --version takes -v and nothing else",
			 argv[argc - 1]);
		return STATUS_ERROR;
	}
	doctor__look_here(&list);
	doctor__print(&list, false, stdout);
	findings__free(&list);
	return STATUS_CLEAN;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct cmd *cmd = cmd__find(cmds, ARRAY_SIZE(cmds), name);

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
