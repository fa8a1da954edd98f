// SPDX-License-Identifier: GPL-2.0-only
/* luperf list: what is in the history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/table.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/when.h"

struct opts {
	const char *db;
	char **conditions;
	int nr;
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_list__parse(int key, char *arg, struct argp_state *state)
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
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_list__parse,
	.children = children,
	.args_doc = "[NAME=VALUE...]",
	.doc = "Lists the live updates of the history\v"
	       "Conditions choose some of them: commit (its beginning is enough), branch, verdict, id, and "
	       "any label or fact. What has all of them is listed, in the order in which it was added.\n\n"
	       "  luperf list branch=main verdict=clean",
};

static const struct table_column columns[] = {
	{ "id", 4, false }, { "when (UTC)", 19, true }, { "commit", 12, true }, { "branch", 8, true },
	{ "kernels", 14, true }, { "verdict", 10, true }, { "labels", 0, true },
};

static void put_labels(const struct pairs *labels, struct table *t)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	for (i = 0; i < labels->nr; i++)
		fprintf(f, "%s%s=%s", i ? " " : "", labels->items[i].name, labels->items[i].value);
	fclose(f);
	table__put(t, "%s", text);
	free(text);
}

static void put(int64_t id, const struct sample *s, struct table *t)
{
	const char *old = pairs__get(&s->facts, "old.release"), *new = pairs__get(&s->facts, "new.release");

	table__put(t, "%lld", (long long)id);
	table__put(t, "%s", when__of(s->happened_ns / 1000000000).s);
	table__put(t, "%.12s", s->commit);
	table__put(t, "%s", s->branch);
	if (old && new && strcmp(old, new))
		table__put(t, "%s to %s", old, new);
	else
		table__put(t, "%s", new ? new : "?");
	table__put(t, "%s", s->verdict);
	put_labels(&s->labels, t);
}

static int list_all(struct store *store, const struct opts *opts, struct table *t, size_t *nr,
		    struct fault *fault)
{
	struct ids ids;
	struct sample s;
	size_t i;
	int err = store__find(store, opts->conditions, opts->nr, &ids, fault);

	for (i = 0; i < ids.nr && !err; i++) {
		err = store__load(store, ids.items[i], LOAD_HEAD, &s, fault);
		if (!err) {
			put(ids.items[i], &s, t);
			sample__free(&s);
		}
	}
	*nr = ids.nr;
	ids__free(&ids);
	return err;
}

static int list(struct store *store, const struct opts *opts)
{
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	struct fault fault;
	size_t nr;

	if (store__begin_read(store, &fault) || list_all(store, opts, t, &nr, &fault)) {
		complain("%s", fault.text);
		table__free(t);
		return STATUS_ERROR;
	}
	store__end_read(store);
	table__print(t, stdout);
	printf("%zu live update%s in %s%s\n", nr, nr == 1 ? "" : "s", store__name(store),
	       opts->nr ? " with these conditions" : "");
	return STATUS_CLEAN;
}

static int cmd_list__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_list, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_READ_ONLY);
	if (store)
		status = list(store, &opts);
	store__close(store);
	return status;
}

const struct cmd cmd_list = {
	.name = "list",
	.summary = "list the live updates of the history",
	.run = cmd_list__run,
};
