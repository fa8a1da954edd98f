// SPDX-License-Identifier: GPL-2.0-only
/* luperf annotate: what a person thinks of an alarm. */
#include <stdio.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/number.h"
#include "lib/text.h"
#include "luperf/cmd/cmd.h"
#include "luperf/store/alarms.h"

struct opts {
	const char *db, *opinion;
	char *note;
	uint64_t alarm;
};

static const struct argp_option options[] = {
	{ "note", 'n', "TEXT", 0, "Why", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static const char *parse_opinion(const struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "true") && strcmp(arg, "false") && strcmp(arg, "accepted"))
		argp_error(state, "\"%s\" is no opinion: it can be true, false or accepted", arg);
	return arg;
}

static error_t cmd_annotate__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'n':
		opts->note = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0) {
			if (!number__parse(arg, INT64_MAX, &opts->alarm) || !opts->alarm)
				argp_error(state, "\"%s\" is no number of an alarm: luperf alarms has them",
					   arg);
		} else if (state->arg_num == 1) {
			opts->opinion = parse_opinion(state, arg);
		} else {
			argp_error(state, "\"%s\" is too much: --note takes a text", arg);
		}
		return 0;
	case ARGP_KEY_END:
		if (!opts->opinion)
			argp_error(state, "name an alarm, and whether it is true, false or accepted");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_annotate__parse,
	.children = children,
	.args_doc = "ALARM true|false|accepted",
	.doc = "Records what a person thinks of an alarm of luperf gate\v"
	       "true: the build is worse. false: it is not, the gate was wrong, which counts in the rate that "
	       "luperf gate prints. accepted: it is worse, and that is wanted. A later opinion replaces an earlier "
	       "one.\n\n"
	       "  luperf annotate 17 accepted --note 'larger records'",
};

static int cmd_annotate__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	char nothing[] = "";
	struct store *store;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_annotate, &argp, argc, argv, &opts);
	if (!opts.note)
		opts.note = nothing;
	make_printable(opts.note);
	store = cmd__open(opts.db, DB_MUST_EXIST);
	if (store && alarms__annotate(store, opts.alarm, opts.opinion, opts.note, &fault)) {
		complain("%s", fault.text);
	} else if (store) {
		printf("alarm %llu: %s\n", (unsigned long long)opts.alarm, opts.opinion);
		status = STATUS_CLEAN;
	}
	store__close(store);
	return status;
}

const struct cmd cmd_annotate = {
	.name = "annotate",
	.summary = "record what a person thinks of an alarm",
	.run = cmd_annotate__run,
};
