// SPDX-License-Identifier: GPL-2.0-only
/* luperf export-json: the history, or a part of it, as lines of JSON. */
#include <signal.h>
#include <stdlib.h>
#include "lib/fault.h"
#include "lib/outfile.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/schemas.h"
#include "luperf/sample/json.h"

struct opts {
	const char *db, *out;
	char **conditions;
	int nr;
};

/* Options without a letter */
enum { OPT_JSON_SCHEMA = 0x100 };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; else to standard output", 0 },
	{ "json-schema", OPT_JSON_SCHEMA, NULL, 0, "Print the schema of each line, and do no more", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_export__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'o':
		opts->out = arg;
		return 0;
	case OPT_JSON_SCHEMA:
		cmd__print_schema(state, schema_history);
	case ARGP_KEY_ARGS:
		opts->conditions = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_export__parse,
	.children = children,
	.args_doc = "[NAME=VALUE...]\n--json-schema",
	.doc = "Writes live updates of the history as lines of JSON\v"
	       "Conditions choose some, as for luperf list. The first line says what the others are; luperf "
	       "import-json reads them.\n\n"
	       "  luperf export-json -o main.jsonl branch=main",
};

/* Whether it was written is for outfile__commit() to say. -1: it cannot be made JSON. */
static int write_line(json_t *json, FILE *f)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return -1;
	fprintf(f, "%s\n", text);
	free(text);
	return 0;
}

static int write_samples(struct store *store, const struct ids *ids, FILE *f, struct fault *fault)
{
	struct sample s;
	size_t i;
	int err;

	write_line(history__header(), f);
	for (i = 0; i < ids->nr && !ferror(f); i++) {
		if (store__load(store, ids->items[i], LOAD_ALL, &s, fault))
			return -1;
		err = write_line(sample__json(&s), f);
		sample__free(&s);
		if (err)
			return fault__set(fault, "live update %lld in %s has text that is no UTF-8, or is damaged",
					  (long long)ids->items[i], store__name(store));
	}
	return 0;
}

static int export_all(struct store *store, const struct opts *opts, FILE *f, struct fault *fault)
{
	struct ids ids = { 0 };
	int err = store__begin_read(store, fault);

	if (err)
		return err;
	err = store__find(store, opts->conditions, opts->nr, &ids, fault) ||
	      write_samples(store, &ids, f, fault);
	store__end_read(store);
	ids__free(&ids);
	return err ? -1 : 0;
}

static int cmd_export__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct outfile *out;
	struct fault fault;
	int err;

	cmd__parse(&cmd_export_json, &argp, argc, argv, &opts);
	/* A reader that went away is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	store = cmd__open(opts.db, DB_READ_ONLY);
	if (!store)
		return STATUS_ERROR;
	out = outfile__open(opts.out, &fault);
	err = !out || export_all(store, &opts, outfile__stream(out), &fault);
	if (err)
		outfile__discard(out);
	else
		err = outfile__commit(out, &fault);
	if (err)
		complain("%s", fault.text);
	store__close(store);
	return err ? STATUS_ERROR : STATUS_CLEAN;
}

const struct cmd cmd_export_json = {
	.name = "export-json",
	.summary = "write live updates as lines of JSON",
	.run = cmd_export__run,
};
