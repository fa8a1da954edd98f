// SPDX-License-Identifier: GPL-2.0-only
/* luperf run: measures two builds in turns, into the history. */
#include <stdio.h>
#include "lib/fault.h"
#include "luperf/cmd/cmd.h"
#include "luperf/run/options.h"

struct opts {
	const char *db;
	struct run_options run;
};

static const struct argp_child children[] = {
	{ &run_argp, 0, NULL, 0 }, { &db_argp, 0, NULL, 0 }, { 0 },
};

static error_t cmd_run__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->run;
		state->child_inputs[1] = &opts->db;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: builds are named with --base and --new", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_run__parse,
	.children = children,
	.doc = "Measures live updates of two builds in turns, and puts them into the history\v"
	       "The builds take turns, base new control control new base, where the control is the base once "
	       "more. What was interrupted goes on when the same command is given again. luperf compare "
	       "run=NAME,arm=base run=NAME,arm=new compares them, luperf gate does all of it.\n\n"
	       "Exit status: 0 all is measured, 1 error.\n\n"
	       "  luperf run --base old.bzImage --new new.bzImage -n 10 --vm ~/lutrace --icount\n"
	       "  luperf run --base 7.3.4 --new 7.3.5 --command ./live-update-in-the-lab",
};

static int cmd_run__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct fault fault;
	int status = STATUS_ERROR;
	size_t measured;

	cmd__parse(&cmd_run, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_MAY_CREATE);
	if (store && (run_options__start(&opts.run, &fault) ||
		      run__measure(&opts.run.run, store, &measured, &fault))) {
		complain("%s", fault.text);
	} else if (store) {
		printf("run \"%s\": %zu live updates of each build are in %s\n", opts.run.run.name,
		       opts.run.run.n, store__name(store));
		status = STATUS_CLEAN;
	}
	store__close(store);
	run_options__free(&opts.run);
	return status;
}

const struct cmd cmd_run = {
	.name = "run",
	.summary = "measure two builds in turns, into the history",
	.run = cmd_run__run,
};
