// SPDX-License-Identifier: GPL-2.0-only
/* luperf remove: takes live updates out of the history. */
#include <stdio.h>
#include "lib/fault.h"
#include "luperf/cmd/cmd.h"

struct opts {
	const char *db;
	char **conditions;
	int nr;
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_remove__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case ARGP_KEY_ARGS:
		opts->conditions = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say which: id=NUMBER, or other conditions as luperf list takes them");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_remove__parse,
	.children = children,
	.args_doc = "NAME=VALUE...",
	.doc = "Removes live updates from the history: those that have all these conditions\v"
	       "The recordings that they came from stay; from them they can be added again. Numbers are not "
	       "given again.\n\n"
	       "  luperf remove id=17\n"
	       "  luperf remove branch=experiment",
};

static int remove_these(struct store *store, const struct opts *opts, struct fault *fault)
{
	struct ids ids;
	size_t nr = 0;
	int err = store__find(store, opts->conditions, opts->nr, &ids, fault);

	if (!err && !ids.nr)
		err = fault__set(fault, "%s has no live update with these conditions: nothing was removed",
				 store__name(store));
	if (!err)
		err = store__remove(store, &ids, &nr, fault);
	if (!err)
		printf("%zu live update%s removed\n", nr, nr == 1 ? "" : "s");
	ids__free(&ids);
	return err;
}

static int cmd_remove__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_remove, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_MUST_EXIST);
	if (store && remove_these(store, &opts, &fault))
		complain("%s", fault.text);
	else if (store)
		status = STATUS_CLEAN;
	store__close(store);
	return status;
}

const struct cmd cmd_remove = {
	.name = "remove",
	.summary = "remove live updates from the history",
	.run = cmd_remove__run,
};
