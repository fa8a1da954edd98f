// SPDX-License-Identifier: GPL-2.0-only
/* luperf history: since which build a metric is as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/table.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/side.h"
#include "luperf/compare/compare.h"
#include "luperf/history/series.h"
#include "luperf/store/alarms.h"

struct opts {
	const char *db, *limits;
	char **allowed;
	size_t nr_allowed, allowed_room;
	char *metric, **conditions;
	int nr;
};

/* Options without a letter */
enum { OPT_ALLOW = 0x100 };

static const struct argp_option options[] = {
	{ "limits", 'l', "FILE", 0, "What counts as a change, for each metric: as luperf metrics prints it",
	  0 },
	{ "allow", OPT_ALLOW, "FACT", 0, "Look at all although this fact of the machines differs; may be "
	  "repeated", 0 },
	{ 0 }
};

static const struct argp_child children[] = { { &db_argp, 0, NULL, 0 }, { 0 } };

static error_t cmd_history__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->db;
		return 0;
	case 'l':
		opts->limits = arg;
		return 0;
	case OPT_ALLOW:
		opts->allowed = grow(opts->allowed, opts->nr_allowed, &opts->allowed_room,
				     sizeof(*opts->allowed));
		opts->allowed[opts->nr_allowed++] = arg;
		return 0;
	case ARGP_KEY_ARGS:
		opts->metric = state->argv[state->next];
		opts->conditions = state->argv + state->next + 1;
		opts->nr = state->argc - state->next - 1;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "name a metric: luperf metrics prints all");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_history__parse,
	.children = children,
	.args_doc = "METRIC [NAME=VALUE...]",
	.doc = "Tells between which builds a metric has changed, and by how much\v"
	       "Conditions choose live updates, as for luperf list: a branch, say. Changes are looked for between "
	       "builds, none within the first and the last five live updates. This is information: whether a build "
	       "may ship is for luperf gate to say. A change that luperf annotate has accepted begins a new part.\n\n"
	       "Exit status: 0, also if there are changes; 1 error; 3 the machines differ.\n\n"
	       "  luperf history preserve.p50 branch=main",
};

static const struct metric *find_metric(const struct metrics *m, const char *name, struct fault *fault)
{
	const struct metric *metric = metrics__find(m, name);

	if (!metric)
		fault__set(fault, "there is no metric \"%s\": luperf metrics prints all", name);
	return metric;
}

/* The builds whose change of this metric somebody has accepted; to free, each and the array. */
static char **accepted_builds(struct store *store, const char *metric, size_t *nr, struct fault *fault)
{
	struct alarms alarms;
	char **builds;
	size_t i;

	*nr = 0;
	if (alarms__load(store, NULL, &alarms, fault))
		return NULL;
	builds = xcalloc(alarms.nr + 1, sizeof(*builds));
	for (i = 0; i < alarms.nr; i++)
		if (!strcmp(alarms.items[i].opinion, "accepted") && !strcmp(alarms.items[i].metric, metric))
			builds[(*nr)++] = xstrdup(alarms.items[i].new);
	alarms__free(&alarms);
	return builds;
}

/* Printing */

static void put_cell(struct table *t, char *text)
{
	table__put(t, "%s", text);
	free(text);
}

static void put_change(struct table *t, const struct series *s, const struct metric *metric, size_t i)
{
	const struct change *c = &s->changes[i];
	const struct build *after = &s->builds[series__build_of(s, c->at)];
	const struct build *before = &s->builds[series__build_of(s, c->at - 1)];

	table__put(t, "%.20s", before->name);
	table__put(t, "%.20s", after->name);
	put_cell(t, metric__text(metric, c->before, false));
	put_cell(t, metric__text(metric, c->after, false));
	put_cell(t, metric__text(metric, c->shift.estimate, true));
	put_cell(t, percent__text(c->before, c->shift.estimate));
	table__put(t, "%.2g", c->p);
	table__put(t, "%s", c->given ? "accepted" : "");
}

static void print_changes(const struct series *s, const struct metric *metric)
{
	static const struct table_column columns[] = {
		{ "after", 12, true }, { "before or at", 12, true }, { "old median", 10, false },
		{ "new median", 10, false }, { "shift", 10, false }, { "", 7, false }, { "p", 7, false },
		{ "", 0, true },
	};
	struct table *t = table__new(columns, ARRAY_SIZE(columns));
	size_t i;

	for (i = 0; i < s->nr_changes; i++)
		put_change(t, s, metric, i);
	table__print(t, stdout);
}

static void print_series(const struct series *s, const struct metric *metric)
{
	const struct build *last = s->nr_builds ? &s->builds[s->nr_builds - 1] : NULL;
	char *median;

	printf("%s: %s, %zu live updates of %zu builds", metric->name, metric->what, s->nr, s->nr_builds);
	if (s->nr_left_out)
		printf("; %zu were left out: events were lost or not seen, or they have nothing of it",
		       s->nr_left_out);
	putchar('\n');
	if (!s->nr_changes)
		puts("No change was found.");
	else
		print_changes(s, metric);
	if (!last)
		return;
	median = metric__text(metric, last->median, false);
	printf("The last build is %s: %s, %zu live updates.\n", last->name, median, last->nr);
	free(median);
}

/* Whether all are of machines that may be looked at together; if not it says why. */
static bool are_of_one_machine(const struct side *side, const struct opts *opts)
{
	struct compare_options how = { .allowed = opts->allowed, .nr_allowed = opts->nr_allowed };
	struct comparison c = { 0 };
	bool fine = true;
	size_t i;

	comparison__look_at_facts(&c, side->samples, side->nr, side->samples, side->nr, &how);
	for (i = 0; i < c.nr_differences; i++) {
		if (c.differences[i].allowed)
			continue;
		complain("%s differs: %s; choose some by %s=VALUE, or say with --allow %s that it does not "
			 "matter", c.differences[i].name, c.differences[i].old, c.differences[i].name,
			 c.differences[i].name);
		fine = false;
	}
	comparison__free(&c);
	return fine;
}

static int tell_series(struct store *store, const struct opts *opts, const struct metric *metric,
		const struct side *side, struct fault *fault)
{
	struct series series;
	size_t nr, i;
	char **accepted = accepted_builds(store, metric->name, &nr, fault);

	if (!accepted)
		return -1;
	if (!are_of_one_machine(side, opts)) {
		for (i = 0; i < nr; i++)
			free(accepted[i]);
		free(accepted);
		return STATUS_INCOMPLETE;
	}
	series__make(&series, metric, side->samples, side->nr, accepted, nr, COMPARE_Q);
	print_series(&series, metric);
	series__free(&series);
	for (i = 0; i < nr; i++)
		free(accepted[i]);
	free(accepted);
	return STATUS_CLEAN;
}

/* Returns a status, or -1 with @fault. */
static int look(struct store *store, const struct opts *opts, const struct metrics *metrics,
		struct fault *fault)
{
	const struct metric *metric = find_metric(metrics, opts->metric, fault);
	struct side side = { 0 };
	int status = -1;

	if (!metric || store__begin_read(store, fault))
		return -1;
	if (!side__load(&side, store, opts->conditions, opts->nr, fault))
		status = tell_series(store, opts, metric, &side, fault);
	store__end_read(store);
	side__free(&side);
	return status;
}

static int cmd_history__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct metrics metrics;
	struct store *store = NULL;
	struct fault fault;
	int status = -1;

	cmd__parse(&cmd_history, &argp, argc, argv, &opts);
	metrics__make(&metrics);
	if (opts.limits && metrics__read(&metrics, opts.limits, &fault))
		complain("%s", fault.text);
	else
		store = cmd__open(opts.db, DB_READ_ONLY);
	if (store) {
		status = look(store, &opts, &metrics, &fault);
		if (status < 0)
			complain("%s", fault.text);
	}
	store__close(store);
	metrics__free(&metrics);
	free(opts.allowed);
	return status < 0 ? STATUS_ERROR : status;
}

const struct cmd cmd_history = {
	.name = "history",
	.summary = "tell between which builds a metric has changed",
	.run = cmd_history__run,
};
