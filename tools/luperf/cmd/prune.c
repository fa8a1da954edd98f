// SPDX-License-Identifier: GPL-2.0-only
/* luperf prune: keeps the newest live updates of each build and lets the others go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/number.h"
#include "luperf/cmd/cmd.h"

struct opts {
	const char *db;
	uint64_t keep;
	char **conditions;
	int nr;
	bool dry_run;
};

static const struct argp_option options[] = {
	{ "keep", 'k', "N", 0, "How many of each build are kept, the newest; must be given", 0 },
	{ "dry-run", 'n', NULL, 0, "Only say how many would go", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_prune__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'k':
		if (!number__parse(arg, INT64_MAX, &opts->keep) || !opts->keep)
			argp_error(state, "--keep: \"%s\" is no number from 1 on", arg);
		return 0;
	case 'n':
		opts->dry_run = true;
		return 0;
	case ARGP_KEY_ARGS:
		opts->conditions = state->argv + state->next;
		opts->nr = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (!opts->keep)
			argp_error(state, "say with --keep how many of each build are kept");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_prune__parse,
	.children = children,
	.args_doc = "[NAME=VALUE...]",
	.doc = "Removes all but the newest live updates of each build from the history\v"
	       "A build is a commit on a branch with the same labels and facts. Conditions choose what is "
	       "looked at, as for luperf list; all else stays.\n\n"
	       "  luperf prune --keep 20 branch=main",
};

/* One that was loaded, by what makes its build and when it happened */
struct entry {
	int64_t id, happened_ns;
	char *build;
};

static void write_pairs(const struct pairs *pairs, FILE *f)
{
	size_t i;

	for (i = 0; i < pairs->nr; i++)
		fprintf(f, "%s=%s\n", pairs->items[i].name, pairs->items[i].value);
	fputs("\n", f);
}

static char *build_of(const struct sample *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%s\n%s\n", s->commit, s->branch);
	write_pairs(&s->labels, f);
	write_pairs(&s->facts, f);
	fclose(f);
	return text;
}

/* By build, the newest first */
static int compare_entries(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int order = strcmp(a->build, b->build);

	if (order)
		return order;
	if (a->happened_ns != b->happened_ns)
		return a->happened_ns > b->happened_ns ? -1 : 1;
	return a->id > b->id ? -1 : a->id < b->id;
}

static int load_entries(struct store *store, const struct ids *ids, struct entry *entries,
			struct fault *fault)
{
	struct sample s;
	size_t i;

	for (i = 0; i < ids->nr; i++) {
		if (store__load(store, ids->items[i], LOAD_HEAD, &s, fault))
			return -1;
		entries[i] = (struct entry){ ids->items[i], s.happened_ns, build_of(&s) };
		sample__free(&s);
	}
	return 0;
}

/* Leaves in @ids those that go. */
static void choose_those_that_go(struct ids *ids, struct entry *entries, uint64_t keep)
{
	size_t i, nr = 0, of_build = 0;

	qsort(entries, ids->nr, sizeof(*entries), compare_entries);
	for (i = 0; i < ids->nr; i++) {
		of_build = i && !strcmp(entries[i].build, entries[i - 1].build) ? of_build + 1 : 1;
		if (of_build > keep)
			ids->items[nr++] = entries[i].id;
	}
	ids->nr = nr;
}

static int find_those_that_go(struct store *store, const struct opts *opts, struct ids *ids,
			      struct fault *fault)
{
	struct entry *entries;
	size_t i, nr;
	int err;

	if (store__find(store, opts->conditions, opts->nr, ids, fault))
		return -1;
	nr = ids->nr;
	entries = xcalloc(nr + 1, sizeof(*entries));
	err = load_entries(store, ids, entries, fault);
	if (!err)
		choose_those_that_go(ids, entries, opts->keep);
	for (i = 0; i < nr; i++)
		free(entries[i].build);
	free(entries);
	return err;
}

static int prune(struct store *store, const struct opts *opts, struct fault *fault)
{
	struct ids ids = { 0 };
	size_t nr = 0;
	int err;

	if (store__begin(store, fault))
		return -1;
	err = find_those_that_go(store, opts, &ids, fault);
	if (!err && !opts->dry_run)
		err = store__remove(store, &ids, &nr, fault);
	if (err || opts->dry_run)
		store__rollback(store);
	else
		err = store__commit(store, fault);
	if (!err)
		printf("%zu live updates %s\n", opts->dry_run ? ids.nr : nr,
		       opts->dry_run ? "would be removed" : "removed");
	ids__free(&ids);
	return err;
}

static int cmd_prune__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_prune, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_MUST_EXIST);
	if (store && prune(store, &opts, &fault))
		complain("%s", fault.text);
	else if (store)
		status = STATUS_CLEAN;
	store__close(store);
	return status;
}

const struct cmd cmd_prune = {
	.name = "prune",
	.summary = "remove all but the newest live updates of each build",
	.run = cmd_prune__run,
};
