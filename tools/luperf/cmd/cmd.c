// SPDX-License-Identifier: GPL-2.0-only
/* What the subcommands of luperf have in common. */
#include "lib/fault.h"
#include "luperf/cmd/cmd.h"

static const struct argp_option options[] = {
	{ "db", 'd', "FILE|URI", 0, "The history: a file, or postgresql://...; else "
	  "$XDG_DATA_HOME/lutrace/history.db", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **db = state->input;

	if (key != 'd')
		return ARGP_ERR_UNKNOWN;
	if (!*arg)
		argp_error(state, "--db takes a file, or postgresql://...");
	*db = arg;
	return 0;
}

const struct argp db_argp = { .options = options, .parser = parse };

struct store *cmd__open(const char *where, enum db_open how)
{
	struct fault fault;
	struct store *store = store__open(where, how, &fault);

	if (!store)
		complain("%s", fault.text);
	return store;
}
