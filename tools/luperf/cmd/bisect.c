// SPDX-License-Identifier: GPL-2.0-only
/* luperf bisect: which build made a metric worse, by measuring builds in between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/forms.h"
#include "luperf/cmd/side.h"
#include "luperf/run/options.h"
#include "luperf/run/shell.h"

struct opts {
	const char *db, *metric, *limits;
	char *between;
	struct run_options run;
};

/* Options without a letter */
enum { OPT_BETWEEN = 0x100 };

static const struct argp_option options[] = {
	{ "limits", 'l', "FILE", 0, "What counts as a change: as luperf metrics prints it", 0 },
	{ "between", OPT_BETWEEN, "BUILDS", 0, "The builds between --base and --new, with commas; of --vm "
	  "else the commits of the tree that was laid out", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &run_argp, 0, NULL, 0 }, { &db_argp, 0, NULL, 0 }, { 0 },
};

static error_t cmd_bisect__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->run;
		state->child_inputs[1] = &opts->db;
		return 0;
	case 'l':
		opts->limits = arg;
		return 0;
	case OPT_BETWEEN:
		opts->between = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->metric)
			argp_error(state, "\"%s\" is too much: one metric is looked at", arg);
		opts->metric = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->metric)
			argp_error(state, "name a metric: luperf metrics prints all");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = cmd_bisect__parse,
	.children = children,
	.args_doc = "METRIC",
	.doc = "Finds the build that made a metric worse, between one that is good and one that is bad\v"
	       "First --new is measured against --base: it must be worse. Then the build in the middle is, and the "
	       "half that has the change is looked at, until one build is left. Each is measured in turns with the "
	       "base; all goes into the history, and what was interrupted goes on.\n\n"
	       "Exit status: 0 found, 1 error, 3 cannot tell: a build is neither worse nor as good.\n\n"
	       "  luperf bisect preserve.p50 --base base --new lutrace --vm ~/lutrace --icount\n"
	       "  luperf bisect gap --base r1 --new r9 --between r2,r5,r8 --command ./in-the-lab",
};

/* The builds in order, base and new among them */
struct builds {
	char **items;
	size_t nr, room;
};

static void builds__add(struct builds *b, const char *build)
{
	b->items = grow(b->items, b->nr, &b->room, sizeof(*b->items));
	b->items[b->nr++] = xstrdup(build);
}

static void builds__free(struct builds *b)
{
	while (b->nr)
		free(b->items[--b->nr]);
	free(b->items);
}

static void builds__add_all(struct builds *b, char *text, const char *separators)
{
	char *build, *save;

	for (build = strtok_r(text, separators, &save); build; build = strtok_r(NULL, separators, &save))
		builds__add(b, build);
}

/* What the checkout says is between the two. */
static int ask_vm(struct builds *b, const struct opts *opts, const char *folder, struct fault *fault)
{
	char *command = xasprintf("'%s/scripts/measure' between", opts->run.vm);
	char *list = xasprintf("%s/between", folder);
	struct fault why;
	char *text = NULL;
	int err = shell__run(command, (struct shell_variable[]){
		{ "LUPERF_BUILD", opts->run.new }, { "LUPERF_BASE", opts->run.base }, { 0 },
	}, list, &why);

	if (err)
		fault__set(fault, "what is between %s and %s is not known: %s", opts->run.base,
			   opts->run.new, why.text);
	else
		text = read_file(list, NULL, fault);
	if (text)
		builds__add_all(b, text, "\n");
	free(text);
	free(command);
	free(list);
	return text ? 0 : -1;
}

static int find_builds(struct builds *b, const struct opts *opts, const char *folder, struct fault *fault)
{
	builds__add(b, opts->run.base);
	if (opts->between)
		builds__add_all(b, opts->between, ",");
	else if (opts->run.vm && ask_vm(b, opts, folder, fault))
		return -1;
	builds__add(b, opts->run.new);
	return 0;
}

/* One build against the base */

/* Of the metric alone: a violation does not make it worse, but then figures say nothing. */
static enum answer judge(const struct side arms[2], const struct metrics *metrics)
{
	struct compare_options how = { .q = COMPARE_Q, .metrics = metrics };
	struct comparison c;
	enum answer answer;
	char *figures;
	size_t i;

	comparison__make(&c, arms[0].samples, arms[0].nr, arms[1].samples, arms[1].nr, &how);
	answer = c.new_violations ? ANSWER_UNKNOWN : c.answer;
	if (c.new_violations)
		printf("  lutrace found violations in %zu live updates\n", c.new_violations);
	for (i = 0; i < c.nr_rows; i++) {
		if (c.rows[i].verdict >= ROW_ONE_SIDE)
			continue;
		figures = row__figures(&c.rows[i]);
		printf("  %s: %s\n", answer__name(answer), figures);
		free(figures);
	}
	comparison__free(&c);
	return answer;
}

/* @at: its place among the builds, which the name of its run ends in. */
static int try_build(const struct opts *opts, struct store *store, const struct metrics *metrics,
		     const struct builds *b, size_t at, enum answer *answer, struct fault *fault)
{
	struct run_options probe = opts->run;
	char *name = xasprintf("%s.%zu", opts->run.run.name, at);
	struct side arms[2] = { 0 };
	size_t measured;
	int err;

	probe.name = name;
	probe.new = b->items[at];
	probe.nr_owned = 0;
	probe.no_control = true;
	err = run_options__start(&probe, fault) || run__measure(&probe.run, store, &measured, fault) ||
	      side__load_arm(&arms[ARM_BASE], store, &probe.run, ARM_BASE, fault) ||
	      side__load_arm(&arms[ARM_NEW], store, &probe.run, ARM_NEW, fault);
	if (!err) {
		printf("%s\n", b->items[at]);
		*answer = judge(arms, metrics);
		fflush(stdout);
	}
	side__free(&arms[0]);
	side__free(&arms[1]);
	/* Facts and labels are those of @opts */
	probe.facts = probe.labels = (struct pairs){ 0 };
	run_options__free(&probe);
	free(name);
	return err ? -1 : 0;
}

/* Returns a status, or -1 with @fault. */
static int cannot_tell(const char *build)
{
	complain("%s: it cannot be told whether it is worse; more live updates (-n) may help", build);
	return STATUS_INCOMPLETE;
}

static int search(const struct opts *opts, struct store *store, const struct metrics *metrics,
		  const struct builds *b, struct fault *fault)
{
	size_t good = 0, bad = b->nr - 1, middle;
	enum answer answer;

	if (try_build(opts, store, metrics, b, bad, &answer, fault))
		return -1;
	if (answer == ANSWER_UNKNOWN)
		return cannot_tell(b->items[bad]);
	if (answer == ANSWER_NONE)
		return fault__set(fault, "%s of %s is not worse than that of %s: there is nothing to find",
				  opts->metric, b->items[bad], b->items[good]);
	while (bad - good > 1) {
		middle = good + (bad - good) / 2;
		complain("%zu builds are left", bad - good);
		if (try_build(opts, store, metrics, b, middle, &answer, fault))
			return -1;
		if (answer == ANSWER_UNKNOWN)
			return cannot_tell(b->items[middle]);
		if (answer == ANSWER_REGRESSION)
			bad = middle;
		else
			good = middle;
	}
	printf("%s is worse since %s; it was not yet in %s\n", opts->metric, b->items[bad], b->items[good]);
	return STATUS_CLEAN;
}

/* Only the metric that is asked for. */
static int choose_metric(struct metrics *m, const struct opts *opts, struct fault *fault)
{
	bool found = false;
	size_t i;

	metrics__make(m);
	if (opts->limits && metrics__read(m, opts->limits, fault))
		return -1;
	for (i = 0; i < m->nr; i++) {
		m->items[i].off = strcmp(m->items[i].name, opts->metric);
		found |= !m->items[i].off;
	}
	return found ? 0 : fault__set(fault, "there is no metric \"%s\": luperf metrics prints all",
				      opts->metric);
}

static int bisect(struct opts *opts, struct store *store, struct fault *fault)
{
	struct builds builds = { 0 };
	struct metrics metrics;
	int status = -1;

	if (!choose_metric(&metrics, opts, fault) && !run_options__prepare(&opts->run, fault) &&
	    !find_builds(&builds, opts, opts->run.run.folder, fault))
		status = search(opts, store, &metrics, &builds, fault);
	builds__free(&builds);
	metrics__free(&metrics);
	return status;
}

static int cmd_bisect__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct store *store;
	struct fault fault;
	int status = -1;

	cmd__parse(&cmd_bisect, &argp, argc, argv, &opts);
	store = cmd__open(opts.db, DB_MAY_CREATE);
	if (store)
		status = bisect(&opts, store, &fault);
	if (store && status < 0)
		complain("%s", fault.text);
	store__close(store);
	run_options__free(&opts.run);
	return status < 0 ? STATUS_ERROR : status;
}

const struct cmd cmd_bisect = {
	.name = "bisect",
	.summary = "find the build that made a metric worse, by measuring",
	.run = cmd_bisect__run,
};
