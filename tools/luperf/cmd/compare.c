// SPDX-License-Identifier: GPL-2.0-only
/* luperf compare: whether the live update of one build is worse than that of another. */
#include "lib/fault.h"
#include "lib/text.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/forms.h"
#include "luperf/cmd/side.h"

struct opts {
	const char *db;
	struct forms forms;
	char *sides[2];
	int nr;
};

static const struct argp_child children[] = {
	{ &forms_argp, 0, NULL, 0 }, { &db_argp, 0, NULL, 0 }, { 0 },
};

static error_t cmd_compare__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->forms;
		state->child_inputs[1] = &opts->db;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->nr == 2)
			argp_error(state, "\"%s\" is too much: two builds are compared", arg);
		opts->sides[opts->nr++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (opts->nr < 2)
			argp_error(state, "name two builds, the old one first");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_compare__parse,
	.children = children,
	.args_doc = "OLD NEW\n--json-schema",
	.doc = "Tells whether the live updates of build NEW are worse than those of OLD\v"
	       "OLD and NEW are commits, of which the beginning is enough, or conditions as luperf list "
	       "takes them, with commas between.\n\n"
	       "Exit status: 0 no regression, 1 error, 2 regression, 3 cannot tell.\n\n"
	       "  luperf compare 6d1f3a2 9c0b1e7\n"
	       "  luperf compare branch=main,config=big branch=new,config=big",
};

static int compare(const struct side *sides, struct opts *opts)
{
	struct compare_options how = forms__how(&opts->forms);
	struct sides names = { opts->sides[0], opts->sides[1] };
	struct comparison c;
	int status;

	make_printable(opts->sides[0]);
	make_printable(opts->sides[1]);
	comparison__make(&c, sides[0].samples, sides[0].nr, sides[1].samples, sides[1].nr, &how);
	if (forms__text(&opts->forms))
		comparison__print(&c, &names, forms__text(&opts->forms));
	status = cmd__worse(answer__status(c.answer), forms__write(&opts->forms, &c, &names));
	comparison__free(&c);
	return status;
}

static int run(struct store *store, struct opts *opts)
{
	const char *const names[] = { opts->sides[0], opts->sides[1] };
	struct side sides[2] = { 0 };
	int status = STATUS_ERROR;
	struct fault fault;

	if (forms__open(&opts->forms, &fault) || sides__load(sides, store, names, &fault))
		complain("%s", fault.text);
	else
		status = compare(sides, opts);
	side__free(&sides[0]);
	side__free(&sides[1]);
	return status;
}

static int cmd_compare__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_compare, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_READ_ONLY);
	if (store)
		status = run(store, &opts);
	forms__free(&opts.forms);
	store__close(store);
	return status;
}

const struct cmd cmd_compare = {
	.name = "compare",
	.summary = "tell whether one build is worse than another",
	.run = cmd_compare__run,
};
