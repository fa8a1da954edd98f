// SPDX-License-Identifier: GPL-2.0-only
/* luctl: drives a live update. See luctl(8). */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

#include "cmd/commands.h"
#include "drive/say.h"
#include "lib/fault.h"
#include "lib/options.h"
#include "lib/outfile.h"
#include "lib/version.h"

const char *argp_program_version = "luctl " LUTRACE_VERSION;

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },	  { "resume", cmd_resume }, { "reclaim", cmd_reclaim },
	{ "finish", cmd_finish }, { "status", cmd_status }, { "abort", cmd_abort },
};

static const char main__doc[] =
	"Drive a live update: keep IOMMU domains and memory across a kexec, and check that they "
	"came through.\v"
	"Commands:\n"
	"  run PLAN...      before the kexec: map, probe, mark, preserve, and jump\n"
	"  resume PLAN...   after it: retrieve, reclaim, probe, compare, and finish\n"
	"  reclaim          reclaim one HWPT by its token\n"
	"  finish           give up a session without having its files back\n"
	"  status           say what this kernel has and who holds a session\n"
	"  abort            end a running 'luctl run', which unpreserves everything\n"
	"\n"
	"'luctl COMMAND --help' says more, and luctl(8) describes plans.";

static const struct command *main__find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The command line from the command on */
struct main__rest {
	int argc;
	char **argv;
};

static error_t main__parse(int key, char *arg, struct argp_state *state)
{
	struct main__rest *rest = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_ARGS:
		rest->argv = state->argv + state->next;
		rest->argc = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int main__run(const struct main__rest *rest)
{
	const struct command *command = main__find_command(rest->argv[0]);
	static char name[32];

	if (!command) {
		say__error("there is no command '%s'; 'luctl --help' lists them", rest->argv[0]);
		return EXIT_FAILURE;
	}
	snprintf(name, sizeof(name), "luctl %s", command->name);
	rest->argv[0] = name;
	return command->run(rest->argc, rest->argv);
}

/* What --help and status print goes nowhere: then they have failed */
static void main__close_output(void)
{
	if (!ferror(stdout) && !fflush(stdout))
		return;
	say__error("standard output cannot be written: %s", strerror(errno));
	_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = main__parse,
		.args_doc = "COMMAND [ARG...]",
		.doc = main__doc,
	};
	struct main__rest rest = { 0 };

	complain__as("luctl");
	outfile__init();
	say__init();
	atexit(main__close_output);
	argp_err_exit_status = EXIT_FAILURE;
	options__parse(&argp, argc, argv, ARGP_IN_ORDER, &rest);
	return main__run(&rest);
}
