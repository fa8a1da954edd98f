// SPDX-License-Identifier: GPL-2.0-only
/* luperf alarms: what gates have said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/table.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/when.h"
#include "luperf/compare/metric.h"
#include "luperf/store/alarms.h"

struct opts {
	const char *db, *run;
};

static const struct argp_option options[] = {
	{ "run", 'r', "NAME", 0, "Only those of this run", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_alarms__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'r':
		opts->run = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: --run names a run", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_alarms__parse,
	.children = children,
	.doc = "Lists the alarms of all gates, the newest first\v"
	       "An alarm of a gate was confirmed by a second measurement, cleared by it, or could not be "
	       "confirmed. One of a control is chance. luperf annotate records what people think of them.",
};

static const struct table_column columns[] = {
	{ "alarm", 5, false }, { "when (UTC)", 19, true }, { "run", 10, true }, { "metric", 16, true },
	{ "old median", 10, false }, { "new median", 10, false }, { "shift", 9, false }, { "p", 7, false },
	{ "n", 5, false }, { "state", 9, true }, { "people", 6, true }, { "note", 0, true },
};

static const struct metric *metric_of(const struct metrics *m, const char *name)
{
	static const struct metric unknown = { .unit = "1" };
	const struct metric *metric = metrics__find(m, name);

	return metric ? metric : &unknown;
}

static void put_text(struct table *t, char *text)
{
	table__put(t, "%s", text);
	free(text);
}

static void put_alarm(struct table *t, const struct alarm *a, const struct metrics *m)
{
	const struct metric *metric = metric_of(m, a->metric);

	table__put(t, "%lld", (long long)a->id);
	table__put(t, "%s", when__of(a->at_s).s);
	table__put(t, "%s", a->run);
	table__put(t, "%s", a->metric);
	put_text(t, metric__text(metric, a->old_median, false));
	put_text(t, metric__text(metric, a->new_median, false));
	put_text(t, metric__text(metric, a->shift, true));
	table__put(t, "%.2g", a->p);
	table__put(t, "%lld+%lld", (long long)a->nr_old, (long long)a->nr_new);
	table__put(t, "%s", a->state);
	table__put(t, "%s", a->opinion);
	table__put(t, "%s", a->note);
}

static void print_alarms_table(const struct alarms *alarms)
{
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	struct metrics m;
	size_t i;

	metrics__make(&m);
	for (i = 0; i < alarms->nr; i++)
		put_alarm(t, &alarms->items[i], &m);
	table__print(t, stdout);
	metrics__free(&m);
}

static int cmd_alarms__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct alarms alarms;
	struct store *store;
	struct fault fault;
	int status = STATUS_ERROR;

	cmd__parse(&cmd_alarms, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_READ_ONLY);
	if (store && alarms__load(store, opts.run, &alarms, &fault)) {
		complain("%s", fault.text);
	} else if (store) {
		print_alarms_table(&alarms);
		printf("%zu alarm%s in %s\n", alarms.nr, alarms.nr == 1 ? "" : "s", store__name(store));
		alarms__free(&alarms);
		status = STATUS_CLEAN;
	}
	store__close(store);
	return status;
}

const struct cmd cmd_alarms = {
	.name = "alarms",
	.summary = "list what gates have said",
	.run = cmd_alarms__run,
};
