// SPDX-License-Identifier: GPL-2.0-only
/* luperf add: one live update into the history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/cmd/cmd.h"
#include "luperf/run/options.h"
#include "luperf/sample/recorded.h"

struct opts {
	const char *db, *commit, *branch, *run;
	struct pairs labels, facts;
	char **files;
	int nr;
};

/* Options without a letter */
enum { OPT_FACT = 0x100, OPT_RUN };

static const struct argp_option options[] = {
	{ "commit", 'c', "COMMIT", 0, "What was built, as git names it", 0 },
	{ "branch", 'b', "BRANCH", 0, "The line of commits that it is one of", 0 },
	{ "label", 'l', "NAME=VALUE", 0, "Anything else to find it by; may be repeated", 0 },
	{ "fact", OPT_FACT, "NAME=VALUE", 0, "What the recordings do not know of the machine, as "
	  "qemu=10.1; live updates with other facts are not compared. May be repeated", 0 },
	{ "run", OPT_RUN, "NAME", 0, "Tells apart live updates that are the same in everything, as of an "
	  "emulator that repeats itself", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_add__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'c':
		opts->commit = arg;
		return 0;
	case 'b':
		opts->branch = arg;
		return 0;
	case 'l':
		option__label(&opts->labels, state, arg);
		return 0;
	case OPT_FACT:
		option__pair(&opts->facts, state, "fact", arg);
		return 0;
	case OPT_RUN:
		opts->run = arg;
		return 0;
	case ARGP_KEY_ARGS:
		opts->files = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name the recordings of both kernels of a live update");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_add__parse,
	.children = children,
	.args_doc = "OLD.rec NEW.rec",
	.doc = "Adds a live update to the history, from the recordings of both kernels\v"
	       "Recordings may be files, or folders of a flight recorder; their order does not matter. They "
	       "are judged as by lutrace report, and all that was measured is stored, also of a live update "
	       "that was not clean. One that is in the history is not added again.\n\n"
	       "Exit status: 0 it is in the history, 1 error.\n\n"
	       "  luperf add --commit $(git rev-parse HEAD) --branch main old.rec new.rec",
};

static char *replace(char *old, const char *text)
{
	char *copy = xstrdup(text);

	free(old);
	make_printable(copy);
	return copy;
}

/* A fact that is given says more than a recording. */
static void take_options(struct sample *s, const struct opts *opts)
{
	size_t i;

	if (opts->commit)
		s->commit = replace(s->commit, opts->commit);
	if (opts->branch)
		s->branch = replace(s->branch, opts->branch);
	for (i = 0; i < opts->labels.nr; i++)
		pairs__set(&s->labels, opts->labels.items[i].name, opts->labels.items[i].value);
	for (i = 0; i < opts->facts.nr; i++)
		pairs__set(&s->facts, opts->facts.items[i].name, opts->facts.items[i].value);
}

static int add(struct store *store, struct sample *s)
{
	struct fault fault;
	int64_t id;
	int result = store__add(store, s, &id, &fault);

	if (result < 0) {
		complain("%s", fault.text);
		return STATUS_ERROR;
	}
	printf("live update %lld, %s: %zu operations, %s\n", (long long)id, s->verdict, s->nr_values,
	       result ? "was in the history already, and nothing was changed" : "added");
	return STATUS_CLEAN;
}

static int cmd_add__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct sample s;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_add, &argp, argc, argv, &opts);
	if (sample__of_recordings(&s, opts.files, opts.nr, opts.run, &fault)) {
		complain("%s", fault.text);
		return STATUS_ERROR;
	}
	take_options(&s, &opts);
	store = cmd__open(opts.db, DB_MAY_CREATE);
	if (store)
		status = add(store, &s);
	store__close(store);
	sample__free(&s);
	pairs__free(&opts.labels);
	pairs__free(&opts.facts);
	return status;
}

const struct cmd cmd_add = {
	.name = "add",
	.summary = "add a live update to the history, from its recordings",
	.run = cmd_add__run,
};
