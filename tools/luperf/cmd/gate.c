// SPDX-License-Identifier: GPL-2.0-only
/*
 * luperf gate: may this build ship? Measures both builds, compares, measures again what alarms, and tells how often
 * it is wrong itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fault.h"
#include "lib/mem.h"
#include "luperf/cmd/cmd.h"
#include "luperf/cmd/forms.h"
#include "luperf/cmd/side.h"
#include "luperf/run/options.h"
#include "luperf/store/alarms.h"

struct opts {
	const char *db;
	struct run_options run;
	struct forms forms;
};

static const struct argp_child children[] = {
	{ &run_argp, 0, NULL, 0 }, { &forms_argp, 0, NULL, 0 }, { &db_argp, 0, NULL, 0 }, { 0 },
};

static error_t cmd_gate__parse(int key, char *arg, struct argp_state *state)
{
	struct opts *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->run;
		state->child_inputs[1] = &opts->forms;
		state->child_inputs[2] = &opts->db;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\" is too much: builds are named with --base and --new", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.parser = cmd_gate__parse,
	.children = children,
	.args_doc = "\n--json-schema",
	.doc = "Tells whether a build may ship: measures, compares, and measures again what alarms\v"
	       "As luperf run and luperf compare together. What is worse is measured again with as many new live "
	       "updates, and counts only if it is worse again. The base is measured once more as a control: what "
	       "alarms between it and itself is chance, and the gate prints how often that was so. luperf alarms "
	       "lists alarms, luperf annotate records what people think of them.\n\n"
	       "Exit status: 0 no regression, 1 error, 2 regression, 3 cannot tell.\n\n"
	       "  luperf gate --base old.bzImage --new new.bzImage --vm ~/lutrace --icount --junit gate.xml",
};

/* The live updates and the comparisons of one measurement. */
struct measurement {
	struct side arms[NR_ARMS];
	struct comparison builds, control;
	struct metrics metrics;		/* of the second one: those that alarmed */
};

struct gate {
	struct opts *opts;
	struct store *store;
	struct measurement first, second;
	bool confirmed;			/* there was a second measurement */
	size_t measured;		/* live updates, now */
	struct alarm *alarms;		/* those of the first */
	size_t nr_alarms;
};

static void compare_arms(struct gate *g, struct measurement *m, enum arm arm, struct comparison *c,
			 const struct metrics *metrics)
{
	struct compare_options how = forms__how(&g->opts->forms);

	if (metrics)
		how.metrics = metrics;
	comparison__make(c, m->arms[ARM_BASE].samples, m->arms[ARM_BASE].nr, m->arms[arm].samples,
			 m->arms[arm].nr, &how);
}

/* @metrics NULL: those of the user */
static int gate__measure(struct gate *g, struct measurement *m, const struct metrics *metrics,
			 struct fault *fault)
{
	const struct run *run = &g->opts->run.run;
	size_t measured;
	enum arm arm;

	if (run__measure(run, g->store, &measured, fault))
		return -1;
	g->measured += measured;
	for (arm = ARM_BASE; arm < NR_ARMS; arm++)
		if ((arm != ARM_CONTROL || run->control) &&
		    side__load_arm(&m->arms[arm], g->store, run, arm, fault))
			return -1;
	compare_arms(g, m, ARM_NEW, &m->builds, metrics);
	if (run->control)
		compare_arms(g, m, ARM_CONTROL, &m->control, metrics);
	return 0;
}

/* What alarms */

static struct row *find_row(struct comparison *c, const char *metric)
{
	size_t i;

	for (i = 0; i < c->nr_rows; i++)
		if (!strcmp(c->rows[i].metric->name, metric))
			return &c->rows[i];
	return NULL;
}

static struct alarm alarm_of(const struct row *row, const char *state)
{
	return (struct alarm){
		.metric = (char *)row->metric->name, .state = (char *)state,
		.old_median = row->old_median, .new_median = row->new_median,
		.shift = row->shift.estimate, .p = row->test.p,
		.nr_old = row->nr_old, .nr_new = row->nr_new,
	};
}

/* All rows that alarm; to free. */
static struct alarm *alarms_of(const struct comparison *c, const char *state, size_t *nr)
{
	struct alarm *alarms = xcalloc(c->nr_rows + 1, sizeof(*alarms));
	size_t i;

	*nr = 0;
	for (i = 0; i < c->nr_rows; i++)
		if (c->rows[i].verdict == ROW_REGRESSION)
			alarms[(*nr)++] = alarm_of(&c->rows[i], state);
	return alarms;
}

/* The metrics of the second measurement: only what alarmed in the first. */
static void choose_metrics(struct gate *g)
{
	const struct row *row;
	size_t i;

	metrics__make(&g->second.metrics);
	for (i = 0; i < g->second.metrics.nr; i++) {
		row = find_row(&g->first.builds, g->second.metrics.items[i].name);
		if (row)
			g->second.metrics.items[i] = *row->metric;
		g->second.metrics.items[i].off = !row || row->verdict != ROW_REGRESSION;
	}
}

/* What became of one alarm. */
static void confirm(struct gate *g, struct alarm *alarm)
{
	struct row *first = find_row(&g->first.builds, alarm->metric);
	const struct row *second = find_row(&g->second.builds, alarm->metric);

	bool told = second && second->verdict < ROW_ONE_SIDE && second->verdict != ROW_TOO_FEW &&
		    !comparison__machines_differ(&g->second.builds);

	if (told && second->verdict == ROW_REGRESSION) {
		alarm->state = "confirmed";
	} else if (told) {
		alarm->state = "cleared";
		first->verdict = ROW_CLEARED;
	} else {
		alarm->state = "unconfirmed";
		first->verdict = ROW_UNCONFIRMED;
	}
}

static int gate__confirm(struct gate *g, struct fault *fault)
{
	struct run *run = &g->opts->run.run;
	bool control = run->control;
	size_t i;
	int err;

	complain("%zu metrics alarm: they are measured again", g->nr_alarms);
	choose_metrics(g);
	run->stage = 2;
	run->control = false;
	err = gate__measure(g, &g->second, &g->second.metrics, fault);
	run->stage = 1;
	run->control = control;
	if (err)
		return err;
	g->confirmed = true;
	for (i = 0; i < g->nr_alarms; i++)
		confirm(g, &g->alarms[i]);
	/* A violation needs no second one */
	g->first.builds.old_violations += g->second.builds.old_violations;
	g->first.builds.new_violations += g->second.builds.new_violations;
	comparison__conclude(&g->first.builds);
	return 0;
}

/* What is kept of it */

static int record_control(struct gate *g, struct fault *fault)
{
	const struct run *run = &g->opts->run.run;
	struct verdict_record record = {
		.run = run->name, .kind = "control", .old = run->builds[ARM_BASE],
		.new = run->builds[ARM_CONTROL], .answer = answer__name(g->first.control.answer),
	};
	int err;

	record.alarms = alarms_of(&g->first.control, "control", &record.nr_alarms);
	err = alarms__record(g->store, &record, fault);
	free(record.alarms);
	return err;
}

static int gate__record(struct gate *g, struct fault *fault)
{
	const struct run *run = &g->opts->run.run;
	struct verdict_record record = {
		.run = run->name, .kind = "gate", .old = run->builds[ARM_BASE],
		.new = run->builds[ARM_NEW], .answer = answer__name(g->first.builds.answer),
		.alarms = g->alarms, .nr_alarms = g->nr_alarms,
	};

	if (alarms__record(g->store, &record, fault))
		return -1;
	return run->control ? record_control(g, fault) : 0;
}

/* What is printed */

static void print_alarms(const struct gate *g, FILE *f)
{
	size_t i;

	if (!g->measured)
		fprintf(f, "Nothing was measured: run \"%s\" is complete, and this is its answer again. luperf "
			"alarms --run %s has its alarms.\n", g->opts->run.run.name, g->opts->run.run.name);
	for (i = 0; i < g->nr_alarms && g->alarms[i].id; i++)
		fprintf(f, "alarm %lld: %s, %s\n", (long long)g->alarms[i].id, g->alarms[i].metric,
			g->alarms[i].state);
}

static void print_control(const struct gate *g, FILE *f)
{
	size_t nr;

	if (!g->opts->run.run.control) {
		fputs("There was no control: how much of this is chance is not known.\n", f);
		return;
	}
	free(alarms_of(&g->first.control, "control", &nr));
	fprintf(f, "Control: the base against itself, %zu+%zu live updates: %s, %zu metrics alarm.\n",
		g->first.control.nr_old, g->first.control.nr_new, answer__name(g->first.control.answer), nr);
}

static void print_rate(const struct alarm_rate *rate, FILE *f)
{
	fprintf(f, "This history's gates: of %lld controls %lld alarmed; of %lld confirmed alarms people "
		"judged %lld, and %lld as false.\n", (long long)rate->controls,
		(long long)rate->control_alarms, (long long)rate->gate_alarms, (long long)rate->judged,
		(long long)rate->judged_false);
}

static void gate__print(const struct gate *g, const struct sides *sides, const struct alarm_rate *rate,
			FILE *f)
{
	if (g->confirmed) {
		fputs("Measured again, only what alarmed:\n\n", f);
		comparison__print(&g->second.builds, sides, f);
		fputs("\nFirst measured, with what came of it:\n\n", f);
	}
	comparison__print(&g->first.builds, sides, f);
	fputc('\n', f);
	print_alarms(g, f);
	print_control(g, f);
	print_rate(rate, f);
}

/* All together. Returns a status. */

static int gate__judge(struct gate *g, struct fault *fault)
{
	bool recorded;

	if (gate__measure(g, &g->first, NULL, fault))
		return -1;
	g->alarms = alarms_of(&g->first.builds, "unconfirmed", &g->nr_alarms);
	/* Where the machines differ nothing follows, whatever is measured */
	if (g->nr_alarms && g->first.builds.answer == ANSWER_REGRESSION && gate__confirm(g, fault))
		return -1;
	if (alarms__has(g->store, g->opts->run.run.name, &recorded, fault))
		return -1;
	/* What was not measured is the answer that was given before */
	return recorded && !g->measured ? 0 : gate__record(g, fault);
}

static int gate__run(struct gate *g)
{
	const struct run *run = &g->opts->run.run;
	struct alarm_rate rate;
	struct sides sides;
	struct fault fault;

	if (forms__open(&g->opts->forms, &fault) || run_options__start(&g->opts->run, &fault) ||
	    gate__judge(g, &fault) || alarms__rate(g->store, &rate, &fault)) {
		complain("%s", fault.text);
		return STATUS_ERROR;
	}
	sides = (struct sides){ run->builds[ARM_BASE], run->builds[ARM_NEW] };
	if (forms__text(&g->opts->forms))
		gate__print(g, &sides, &rate, forms__text(&g->opts->forms));
	return cmd__worse(answer__status(g->first.builds.answer),
			  forms__write(&g->opts->forms, &g->first.builds, &sides));
}

static void measurement__free(struct measurement *m)
{
	enum arm arm;

	comparison__free(&m->builds);
	comparison__free(&m->control);
	for (arm = ARM_BASE; arm < NR_ARMS; arm++)
		side__free(&m->arms[arm]);
	metrics__free(&m->metrics);
}

static int cmd_gate__run(int argc, char **argv)
{
	struct opts opts = { 0 };
	struct gate gate = { .opts = &opts };
	int status = STATUS_ERROR;

	cmd__parse(&cmd_gate, &argp, argc, argv, &opts);
	gate.store = cmd__open(opts.db, DB_MAY_CREATE);
	if (gate.store)
		status = gate__run(&gate);
	measurement__free(&gate.first);
	measurement__free(&gate.second);
	free(gate.alarms);
	forms__free(&opts.forms);
	run_options__free(&opts.run);
	store__close(gate.store);
	return status;
}

const struct cmd cmd_gate = {
	.name = "gate",
	.summary = "tell whether a build may ship, by measuring it",
	.run = cmd_gate__run,
};
